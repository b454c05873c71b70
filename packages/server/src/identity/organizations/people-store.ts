import type { Role } from '@tracehouse/contract/roles';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { sql } from '../../stores/postgres/sql.ts';
import type { RoleSource } from '../members/organizations-store.ts';

export interface MemberRow {
  user_id: string;
  email: string;
  name: string | null;
  role: Role;
  source: RoleSource;
  created_at: Date;
  last_sign_in_at: Date | null;
  disabled_at: Date | null;
}

const memberColumns = sql`
  u.id AS user_id, u.email, u.name, om.role, om.source, om.created_at, u.last_sign_in_at, u.disabled_at`;

/** Owners first, then by address. */
export const selectMembers = (db: Postgres, organizationId: string): Promise<MemberRow[]> =>
  db.rows<MemberRow>(sql`
    SELECT ${memberColumns}
    FROM organization_memberships om
    JOIN users u ON u.id = om.user_id
    WHERE om.organization_id = ${organizationId}
    ORDER BY om.role <> 'OWNER', u.email`);

export async function selectMember(db: Postgres, organizationId: string, userId: string): Promise<MemberRow | null> {
  const [row] = await db.rows<MemberRow>(sql`
    SELECT ${memberColumns}
    FROM organization_memberships om
    JOIN users u ON u.id = om.user_id
    WHERE om.organization_id = ${organizationId} AND om.user_id = ${userId}`);
  return row ?? null;
}

export interface OwnRoleRow {
  user_id: string;
  project_id: string;
  project_name: string;
  role: Role;
  source: RoleSource;
}

/** Roles given in projects themselves. */
export const selectOwnRoles = (db: Postgres, organizationId: string): Promise<OwnRoleRow[]> =>
  db.rows<OwnRoleRow>(sql`
    SELECT pm.user_id, pm.project_id, p.name AS project_name, pm.role, pm.source
    FROM project_memberships pm
    JOIN projects p ON p.id = pm.project_id
    WHERE pm.organization_id = ${organizationId} AND p.deleted_at IS NULL
    ORDER BY p.created_at, p.id`);

/** Everyone of the organization as seen from one of its projects. */
export interface ProjectMemberRow {
  user_id: string;
  email: string;
  name: string | null;
  organization_role: Role;
  organization_source: RoleSource;
  project_role: Role | null;
  project_source: RoleSource | null;
  disabled_at: Date | null;
}

/** Owners first, then by address. */
export const selectProjectMembers = (db: Postgres, projectId: string): Promise<ProjectMemberRow[]> =>
  db.rows<ProjectMemberRow>(sql`
    SELECT u.id AS user_id, u.email, u.name, om.role AS organization_role, om.source AS organization_source,
      pm.role AS project_role, pm.source AS project_source, u.disabled_at
    FROM projects p
    JOIN organization_memberships om ON om.organization_id = p.organization_id
    JOIN users u ON u.id = om.user_id
    LEFT JOIN project_memberships pm ON pm.project_id = p.id AND pm.user_id = om.user_id
    WHERE p.id = ${projectId}
    ORDER BY COALESCE(pm.role, om.role) <> 'OWNER', u.email`);
