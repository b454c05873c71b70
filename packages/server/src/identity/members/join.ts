import { isAtLeast } from '@tracehouse/contract/roles';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { type Actor, recordAudit } from '../audit/audit.ts';
import type { TakenInvitation } from './invitations-store.ts';
import { setOrganizationRole } from './members.ts';
import { insertProjectRole, lockOrganization, selectOrganizationRole } from './organizations-store.ts';

/**
 * An invitation becomes a membership. Whoever is a member already, as by LANGFUSE_DEFAULT_ORG_ID a moment ago, gets the higher
 * one of both roles.
 */
export async function joinByInvitation(
  tx: Postgres,
  userId: string,
  invitation: TakenInvitation,
  actor: Actor,
  at: Date,
): Promise<void> {
  const { id, organization_id: organizationId, role, project_id: projectId, project_role: projectRole } = invitation;
  await lockOrganization(tx, organizationId);
  const present = await selectOrganizationRole(tx, organizationId, userId);
  if (!present || !isAtLeast(present.role, role))
    await setOrganizationRole(tx, { organizationId, userId, role }, { actor, source: 'invitation', at });
  if (projectId !== null && projectRole !== null)
    await insertProjectRole(tx, { organizationId, projectId, userId, role: projectRole, source: 'invitation', at });
  await recordAudit(tx, actor, at, {
    place: { organizationId },
    action: 'accept',
    objectType: 'invitation',
    objectId: id,
    after: { userId, role, projectId, projectRole },
  });
}
