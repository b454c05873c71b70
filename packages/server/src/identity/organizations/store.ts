import type { Postgres } from '../../stores/postgres/postgres.ts';
import { json, sql } from '../../stores/postgres/sql.ts';

/** Identity decides who gets an OrganizationScope, so it names organizations plainly; an OrganizationScope fits too. */
export interface InOrganization {
  readonly organizationId: string;
}

export interface OrganizationRow {
  id: string;
  name: string;
  metadata: Record<string, unknown>;
  created_at: Date;
}

/** Null for one that does not exist, and for a hidden one. */
export async function selectOrganization(db: Postgres, id: string): Promise<OrganizationRow | null> {
  const [row] = await db.rows<OrganizationRow>(sql`
    SELECT id, name, metadata, created_at
    FROM organizations
    WHERE id = ${id} AND NOT is_hidden`);
  return row ?? null;
}

/** All but the program's own, oldest first. */
export const selectOrganizations = (db: Postgres): Promise<OrganizationRow[]> =>
  db.rows<OrganizationRow>(sql`
    SELECT id, name, metadata, created_at
    FROM organizations
    WHERE NOT is_hidden
    ORDER BY created_at, id`);

/** What is not given stays. */
export async function updateOrganizationRow(
  db: Postgres,
  id: string,
  { name, metadata }: { name?: string; metadata?: Record<string, unknown> },
  at: Date,
): Promise<void> {
  await db.rows(sql`
    UPDATE organizations
    SET name = COALESCE(${name ?? null}, name),
      metadata = COALESCE(${metadata === undefined ? null : json(metadata)}::jsonb, metadata), updated_at = ${at}
    WHERE id = ${id}`);
}

export async function deleteOrganizationRow(db: Postgres, id: string): Promise<void> {
  await db.rows(sql`DELETE FROM organizations WHERE id = ${id}`);
}

export interface OrganizationProjectRow {
  id: string;
  organization_id: string;
  name: string;
  metadata: Record<string, unknown>;
  created_at: Date;
  updated_at: Date;
}

const projectColumns = sql`p.id, p.organization_id, p.name, p.metadata, p.created_at, p.updated_at`;

/** Oldest first, without those under deletion. */
export const selectProjectsOf = (db: Postgres, organizationId: string): Promise<OrganizationProjectRow[]> =>
  db.rows<OrganizationProjectRow>(sql`
    SELECT ${projectColumns}
    FROM projects p
    WHERE p.organization_id = ${organizationId} AND p.deleted_at IS NULL
    ORDER BY p.created_at, p.id`);

/** The same, of all organizations. */
export const selectAllProjects = (db: Postgres): Promise<OrganizationProjectRow[]> =>
  db.rows<OrganizationProjectRow>(sql`
    SELECT ${projectColumns}
    FROM projects p
    WHERE p.deleted_at IS NULL
    ORDER BY p.created_at, p.id`);

/** Projects in which the person has the role NONE. */
export const selectClosedProjectIds = async (db: Postgres, userId: string): Promise<Set<string>> =>
  new Set(
    (
      await db.rows<{ project_id: string }>(sql`
        SELECT project_id FROM project_memberships WHERE user_id = ${userId} AND role = 'NONE'`)
    ).map(({ project_id }) => project_id),
  );

/** Also those whose data is still being removed. */
export async function countProjects(db: Postgres, organizationId: string): Promise<number> {
  const [row] = await db.rows<{ projects: number }>(sql`
    SELECT count(*)::int AS projects FROM projects WHERE organization_id = ${organizationId}`);
  return row?.projects ?? 0;
}

/** Null for one of another organization, and one under deletion. */
export async function selectProjectIn(
  db: Postgres,
  organizationId: string,
  id: string,
): Promise<OrganizationProjectRow | null> {
  const [row] = await db.rows<OrganizationProjectRow>(sql`
    SELECT ${projectColumns}
    FROM projects p
    WHERE p.id = ${id} AND p.organization_id = ${organizationId} AND p.deleted_at IS NULL`);
  return row ?? null;
}

/** Whether a project but `exceptId` has the name. */
export async function isProjectNameTaken(
  db: Postgres,
  organizationId: string,
  { name, exceptId }: { name: string; exceptId?: string },
): Promise<boolean> {
  const rows = await db.rows(sql`
    SELECT 1
    FROM projects
    WHERE organization_id = ${organizationId} AND name = ${name} AND deleted_at IS NULL
      AND id <> ${exceptId ?? ''}
    LIMIT 1`);
  return rows.length === 1;
}

/** What is not given stays. */
export async function updateProjectRow(
  db: Postgres,
  id: string,
  { name, metadata }: { name?: string; metadata?: Record<string, unknown> },
  at: Date,
): Promise<void> {
  await db.rows(sql`
    UPDATE projects
    SET name = COALESCE(${name ?? null}, name),
      metadata = COALESCE(${metadata === undefined ? null : json(metadata)}::jsonb, metadata), updated_at = ${at}
    WHERE id = ${id}`);
}

/** Roles in it and what invitations say of it belong to the old organization and end. */
export async function updateProjectOrganization(
  tx: Postgres,
  id: string,
  organizationId: string,
  at: Date,
): Promise<void> {
  await tx.rows(sql`DELETE FROM project_memberships WHERE project_id = ${id}`);
  await tx.rows(sql`UPDATE invitations SET project_id = NULL, project_role = NULL WHERE project_id = ${id}`);
  await tx.rows(sql`UPDATE projects SET organization_id = ${organizationId}, updated_at = ${at} WHERE id = ${id}`);
}
