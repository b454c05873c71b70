import type { Role } from '@tracehouse/contract/roles';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { json, sql } from '../../stores/postgres/sql.ts';

/** Where a role comes from, as the list of members shows it. */
export type RoleSource = 'person' | 'invitation' | 'default' | 'scim' | 'role-sync' | 'claims' | 'init';

/** A project with the organization it belongs to. */
export interface ProjectRow {
  id: string;
  name: string;
  metadata: Record<string, unknown>;
  organization_id: string;
  organization_name: string;
}

/** Null for one that does not exist or is under deletion, and for one of a hidden organization. */
export async function selectProject(db: Postgres, id: string): Promise<ProjectRow | null> {
  const [row] = await db.rows<ProjectRow>(sql`
    SELECT p.id, p.name, p.metadata, p.organization_id, o.name AS organization_name
    FROM projects p
    JOIN organizations o ON o.id = p.organization_id
    WHERE p.id = ${id} AND p.deleted_at IS NULL AND NOT o.is_hidden`);
  return row ?? null;
}

interface Named {
  id: string;
  name: string;
  at: Date;
}

/**
 * An organization that exists stays as it is; answers whether it is new. A hidden one is the program's own: no list, default
 * or look-up in this file knows it.
 */
export async function insertOrganization(
  db: Postgres,
  { id, name, at, isHidden = false }: Named & { isHidden?: boolean },
): Promise<boolean> {
  const rows = await db.rows(sql`
    INSERT INTO organizations (id, name, metadata, is_hidden, created_at, updated_at)
    VALUES (${id}, ${name}, ${json({})}, ${isHidden}, ${at}, ${at})
    ON CONFLICT (id) DO NOTHING
    RETURNING id`);
  return rows.length === 1;
}

/** A project that exists stays as it is, also in which organization; answers whether it is new. */
export async function insertProject(db: Postgres, organizationId: string, { id, name, at }: Named): Promise<boolean> {
  const rows = await db.rows(sql`
    INSERT INTO projects (id, organization_id, name, metadata, created_at, updated_at)
    VALUES (${id}, ${organizationId}, ${name}, ${json({})}, ${at}, ${at})
    ON CONFLICT (id) DO NOTHING
    RETURNING id`);
  return rows.length === 1;
}

export const selectOrganizationIds = async (db: Postgres, limit: number): Promise<string[]> =>
  (
    await db.rows<{ id: string }>(sql`
      SELECT id
      FROM organizations
      WHERE NOT is_hidden
      ORDER BY created_at, id
      LIMIT ${limit}`)
  ).map(({ id }) => id);

export async function organizationExists(db: Postgres, id: string): Promise<boolean> {
  return (await db.rows(sql`SELECT id FROM organizations WHERE id = ${id} AND NOT is_hidden`)).length === 1;
}

/** Also one of a hidden organization; not one that people have deleted, whose data may still be there. */
export async function projectExists(db: Postgres, id: string): Promise<boolean> {
  return (await db.rows(sql`SELECT id FROM projects WHERE id = ${id} AND deleted_at IS NULL`)).length === 1;
}

/** What a person may do in a project by role; `role` is the project's own, else the organization's. */
export interface ProjectRoleRow {
  role: Role;
  project_name: string;
  organization_id: string;
}

/** Null for somebody who is no member, and for a project that does not exist or is under deletion. */
export async function selectProjectRole(
  db: Postgres,
  userId: string,
  projectId: string,
): Promise<ProjectRoleRow | null> {
  const [row] = await db.rows<ProjectRoleRow>(sql`
    SELECT COALESCE(pm.role, om.role) AS role, p.name AS project_name, p.organization_id
    FROM projects p
    JOIN organization_memberships om ON om.organization_id = p.organization_id AND om.user_id = ${userId}
    LEFT JOIN project_memberships pm ON pm.project_id = p.id AND pm.user_id = om.user_id
    WHERE p.id = ${projectId} AND p.deleted_at IS NULL`);
  return row ?? null;
}

/** Names of those who are owners in the project, or their addresses; at most `limit`. */
export const selectProjectOwners = async (db: Postgres, projectId: string, limit: number): Promise<string[]> =>
  (
    await db.rows<{ name: string }>(sql`
      SELECT COALESCE(u.name, u.email) AS name
      FROM projects p
      JOIN organization_memberships om ON om.organization_id = p.organization_id
      LEFT JOIN project_memberships pm ON pm.project_id = p.id AND pm.user_id = om.user_id
      JOIN users u ON u.id = om.user_id
      WHERE p.id = ${projectId} AND COALESCE(pm.role, om.role) = 'OWNER' AND u.disabled_at IS NULL
      ORDER BY om.created_at, u.id
      LIMIT ${limit}`)
  ).map(({ name }) => name);

/** Of all projects there are, asked by the program itself. */
export const selectProjectIds = async (db: Postgres): Promise<string[]> =>
  (await db.rows<{ id: string }>(sql`SELECT id FROM projects`)).map(({ id }) => id);

/** Enough to find one who is there. */
const SHOWN_OWNERS = 5;

/** One row a project of an organization the person belongs to; an organization without projects has one with nulls. */
export interface AccessRow {
  organization_id: string;
  organization_name: string;
  organization_role: Role;
  /** Names, or addresses; none where the person is an owner. */
  organization_owners: string[];
  project_id: string | null;
  project_name: string | null;
  project_role: Role | null;
  project_owners: string[];
}

export const selectAccess = (db: Postgres, userId: string): Promise<AccessRow[]> =>
  db.rows<AccessRow>(sql`
    WITH places AS (
      SELECT o.id, o.name, o.created_at, om.role,
        (SELECT COALESCE(json_agg(name), '[]')
         FROM (
           SELECT COALESCE(u.name, u.email) AS name
           FROM organization_memberships m
           JOIN users u ON u.id = m.user_id
           WHERE om.role <> 'OWNER' AND m.organization_id = o.id AND m.role = 'OWNER' AND u.disabled_at IS NULL
           ORDER BY m.created_at, u.id
           LIMIT ${SHOWN_OWNERS}) AS owners) AS owners
      FROM organization_memberships om
      JOIN organizations o ON o.id = om.organization_id
      WHERE om.user_id = ${userId} AND NOT o.is_hidden)
    SELECT o.id AS organization_id, o.name AS organization_name, o.role AS organization_role, o.owners AS organization_owners,
      p.id AS project_id, p.name AS project_name, COALESCE(pm.role, o.role) AS project_role,
      (SELECT COALESCE(json_agg(name), '[]')
       FROM (
         SELECT COALESCE(u.name, u.email) AS name
         FROM organization_memberships m
         JOIN users u ON u.id = m.user_id
         LEFT JOIN project_memberships own ON own.project_id = p.id AND own.user_id = m.user_id
         WHERE COALESCE(pm.role, o.role) <> 'OWNER' AND m.organization_id = o.id AND COALESCE(own.role, m.role) = 'OWNER'
           AND u.disabled_at IS NULL
         ORDER BY m.created_at, u.id
         LIMIT ${SHOWN_OWNERS}) AS owners) AS project_owners
    FROM places o
    LEFT JOIN projects p ON p.organization_id = o.id AND p.deleted_at IS NULL
    LEFT JOIN project_memberships pm ON pm.project_id = p.id AND pm.user_id = ${userId}
    ORDER BY o.created_at, o.id, p.created_at, p.id`);

/** One process and request at a time changes the members of an organization; held until the transaction ends. */
export async function lockOrganization(tx: Postgres, organizationId: string): Promise<void> {
  await tx.rows(sql`SELECT id FROM organizations WHERE id = ${organizationId} FOR UPDATE`);
}

/** What a person may do in an organization by role. */
export interface OrganizationRoleRow {
  role: Role;
  organization_name: string;
}

/** Null for somebody who is no member, for an organization that does not exist, and for a hidden one. */
export async function selectOrganizationRole(
  db: Postgres,
  organizationId: string,
  userId: string,
): Promise<OrganizationRoleRow | null> {
  const [row] = await db.rows<OrganizationRoleRow>(sql`
    SELECT om.role, o.name AS organization_name
    FROM organization_memberships om
    JOIN organizations o ON o.id = om.organization_id
    WHERE om.organization_id = ${organizationId} AND om.user_id = ${userId} AND NOT o.is_hidden`);
  return row ?? null;
}

/** The role given in the project itself; null where the organization's counts. */
export async function selectOwnProjectRole(
  db: Postgres,
  projectId: string,
  userId: string,
): Promise<{ role: Role } | null> {
  const [row] = await db.rows<{ role: Role }>(sql`
    SELECT role FROM project_memberships WHERE project_id = ${projectId} AND user_id = ${userId}`);
  return row ?? null;
}

/** Names of the owners of an organization, or their addresses; at most `limit`. */
export const selectOrganizationOwners = async (
  db: Postgres,
  organizationId: string,
  limit: number,
): Promise<string[]> =>
  (
    await db.rows<{ name: string }>(sql`
      SELECT COALESCE(u.name, u.email) AS name
      FROM organization_memberships om
      JOIN users u ON u.id = om.user_id
      WHERE om.organization_id = ${organizationId} AND om.role = 'OWNER' AND u.disabled_at IS NULL
      ORDER BY om.created_at, u.id
      LIMIT ${limit}`)
  ).map(({ name }) => name);

/** Owners who can sign in, without the one named. */
export async function countOwners(db: Postgres, organizationId: string, { but }: { but: string }): Promise<number> {
  const [row] = await db.rows<{ owners: number }>(sql`
    SELECT count(*)::int AS owners
    FROM organization_memberships om
    JOIN users u ON u.id = om.user_id
    WHERE om.organization_id = ${organizationId} AND om.role = 'OWNER' AND om.user_id <> ${but} AND u.disabled_at IS NULL`);
  return row?.owners ?? 0;
}

interface OrganizationMember {
  organizationId: string;
  userId: string;
  role: Role;
  source: RoleSource;
  at: Date;
}
interface ProjectMember extends OrganizationMember {
  projectId: string;
}

/** Gives the role, whatever it was. People's roles change through `members.ts` alone, which keeps an owner. */
export async function upsertOrganizationRole(db: Postgres, member: OrganizationMember): Promise<void> {
  await db.rows(sql`
    INSERT INTO organization_memberships (organization_id, user_id, role, source, created_at, updated_at)
    VALUES (${member.organizationId}, ${member.userId}, ${member.role}, ${member.source}, ${member.at}, ${member.at})
    ON CONFLICT (organization_id, user_id)
    DO UPDATE SET role = excluded.role, source = excluded.source, updated_at = excluded.updated_at
    WHERE organization_memberships.role <> excluded.role`);
}

/** Nothing happens to somebody who is a member already; answers whether it was added. */
export async function insertOrganizationRole(db: Postgres, member: OrganizationMember): Promise<boolean> {
  const rows = await db.rows(sql`
    INSERT INTO organization_memberships (organization_id, user_id, role, source, created_at, updated_at)
    VALUES (${member.organizationId}, ${member.userId}, ${member.role}, ${member.source}, ${member.at}, ${member.at})
    ON CONFLICT (organization_id, user_id) DO NOTHING
    RETURNING user_id`);
  return rows.length === 1;
}

/** With the roles in the organization's projects. */
export async function deleteOrganizationRole(db: Postgres, organizationId: string, userId: string): Promise<void> {
  await db.rows(sql`
    DELETE FROM organization_memberships WHERE organization_id = ${organizationId} AND user_id = ${userId}`);
}

/** Of a member of the project's organization. */
export async function upsertProjectRole(db: Postgres, member: ProjectMember): Promise<void> {
  await db.rows(sql`
    INSERT INTO project_memberships (organization_id, project_id, user_id, role, source, created_at, updated_at)
    VALUES (${member.organizationId}, ${member.projectId}, ${member.userId}, ${member.role}, ${member.source}, ${member.at},
      ${member.at})
    ON CONFLICT (project_id, user_id)
    DO UPDATE SET role = excluded.role, source = excluded.source, updated_at = excluded.updated_at`);
}

/** Of a member of the project's organization; nothing happens where there is a role already. */
export async function insertProjectRole(db: Postgres, member: ProjectMember): Promise<void> {
  await db.rows(sql`
    INSERT INTO project_memberships (organization_id, project_id, user_id, role, source, created_at, updated_at)
    VALUES (${member.organizationId}, ${member.projectId}, ${member.userId}, ${member.role}, ${member.source}, ${member.at},
      ${member.at})
    ON CONFLICT (project_id, user_id) DO NOTHING`);
}

export async function deleteProjectRole(db: Postgres, projectId: string, userId: string): Promise<void> {
  await db.rows(sql`DELETE FROM project_memberships WHERE project_id = ${projectId} AND user_id = ${userId}`);
}
