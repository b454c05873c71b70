import type { Role } from '@tracehouse/contract/roles';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { sql } from '../../stores/postgres/sql.ts';

/** An invitation that is no more: taken, or too old. */
export interface TakenInvitation {
  id: string;
  organization_id: string;
  role: Role;
  project_id: string | null;
  project_role: Role | null;
  expires_at: Date;
}

const takenColumns = sql`id, organization_id, role, project_id, project_role, expires_at`;

/** All of an address, in lower case; answers them. */
export const deleteInvitationsOf = (db: Postgres, email: string): Promise<TakenInvitation[]> =>
  db.rows<TakenInvitation>(sql`
    DELETE FROM invitations
    WHERE email = ${email}
    RETURNING ${takenColumns}`);

/** As it is shown; a project under deletion counts as none. */
export interface InvitationRow extends TakenInvitation {
  organization_name: string;
  project_name: string | null;
  email: string;
  is_mailed: boolean;
  /** Name or address. */
  invited_by: string | null;
  created_at: Date;
}

const shown = sql`
  SELECT i.id, i.organization_id, o.name AS organization_name, i.email, i.role, p.id AS project_id, p.name AS project_name,
    CASE WHEN p.id IS NOT NULL THEN i.project_role END AS project_role, i.is_mailed,
    COALESCE(u.name, u.email) AS invited_by, i.created_at, i.expires_at
  FROM invitations i
  JOIN organizations o ON o.id = i.organization_id
  LEFT JOIN projects p ON p.id = i.project_id AND p.deleted_at IS NULL
  LEFT JOIN users u ON u.id = i.invited_by`;

/** Newest first. */
export const selectInvitations = (db: Postgres, organizationId: string): Promise<InvitationRow[]> =>
  db.rows<InvitationRow>(sql`
    ${shown} WHERE i.organization_id = ${organizationId} ORDER BY i.created_at DESC, i.id DESC`);

/** Null for one of another organization; held until the transaction ends. */
export async function selectInvitation(
  tx: Postgres,
  organizationId: string,
  id: string,
): Promise<InvitationRow | null> {
  const [row] = await tx.rows<InvitationRow>(sql`
    ${shown} WHERE i.organization_id = ${organizationId} AND i.id = ${id} FOR UPDATE OF i`);
  return row ?? null;
}

/** Also one that is too old; held until the transaction ends. */
export async function selectInvitationByToken(tx: Postgres, tokenHash: Buffer): Promise<InvitationRow | null> {
  const [row] = await tx.rows<InvitationRow>(sql`${shown} WHERE i.token_hash = ${tokenHash} FOR UPDATE OF i`);
  return row ?? null;
}

export async function selectInvitationOf(
  db: Postgres,
  organizationId: string,
  email: string,
): Promise<{ id: string; expires_at: Date } | null> {
  const [row] = await db.rows<{ id: string; expires_at: Date }>(sql`
    SELECT id, expires_at FROM invitations WHERE organization_id = ${organizationId} AND email = ${email}`);
  return row ?? null;
}

export interface NewInvitationRow {
  id: string;
  organizationId: string;
  email: string;
  role: Role;
  projectId: string | null;
  projectRole: Role | null;
  tokenHash: Buffer;
  isMailed: boolean;
  invitedBy: string | null;
  at: Date;
  expiresAt: Date;
}

export async function insertInvitation(db: Postgres, row: NewInvitationRow): Promise<void> {
  await db.rows(sql`
    INSERT INTO invitations (id, organization_id, project_id, email, role, project_role, token_hash, is_mailed, invited_by,
      created_at, expires_at)
    VALUES (${row.id}, ${row.organizationId}, ${row.projectId}, ${row.email}, ${row.role}, ${row.projectRole},
      ${row.tokenHash}, ${row.isMailed}, ${row.invitedBy}, ${row.at}, ${row.expiresAt})`);
}

/** The link of before ends. */
export async function updateInvitationToken(
  db: Postgres,
  id: string,
  { tokenHash, isMailed, expiresAt }: Pick<NewInvitationRow, 'tokenHash' | 'isMailed' | 'expiresAt'>,
): Promise<void> {
  await db.rows(sql`
    UPDATE invitations SET token_hash = ${tokenHash}, is_mailed = ${isMailed}, expires_at = ${expiresAt} WHERE id = ${id}`);
}

/** Null when it is gone already. */
export async function deleteInvitation(db: Postgres, id: string): Promise<TakenInvitation | null> {
  const [row] = await db.rows<TakenInvitation>(sql`
    DELETE FROM invitations WHERE id = ${id} RETURNING ${takenColumns}`);
  return row ?? null;
}
