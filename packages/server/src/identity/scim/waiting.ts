import type { Postgres } from '../../stores/postgres/postgres.ts';
import { systemActor } from '../audit/audit.ts';
import { setOrganizationRole } from '../members/members.ts';
import { selectOrganizationRole } from '../members/organizations-store.ts';
import { takeWaitingRoles } from './store.ts';

/**
 * The roles that identity providers gave to an address which nobody had proved: a stranger could have signed up with it. Called
 * once it is proved.
 */
export async function grantWaitingRoles(tx: Postgres, userId: string, at: Date): Promise<void> {
  for (const { organization_id: organizationId, role } of await takeWaitingRoles(tx, userId, at)) {
    // Somebody may have made them a member meanwhile.
    if (await selectOrganizationRole(tx, organizationId, userId)) continue;
    await setOrganizationRole(tx, { organizationId, userId, role }, { actor: systemActor('SCIM'), source: 'scim', at });
  }
}
