import type { Role } from '@tracehouse/contract/roles';
import type { Postgres } from '../stores/postgres/postgres.ts';
import { sql } from '../stores/postgres/sql.ts';

/** An invitation that is no more: taken, or too old. */
export interface TakenInvitation {
  id: string;
  organization_id: string;
  role: Role;
  project_id: string | null;
  project_role: Role | null;
  expires_at: Date;
}

/** All of an address, in lower case; answers them. */
export const deleteInvitationsOf = (db: Postgres, email: string): Promise<TakenInvitation[]> =>
  db.rows<TakenInvitation>(sql`
    DELETE FROM invitations
    WHERE email = ${email}
    RETURNING id, organization_id, role, project_id, project_role, expires_at`);
