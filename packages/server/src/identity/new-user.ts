import type { Settings } from '../config/settings.ts';
import type { Postgres } from '../stores/postgres/postgres.ts';
import {
  insertOrganizationRole,
  insertProjectRole,
  organizationExists,
  selectOrganizationIds,
  selectProject,
} from './organizations-store.ts';

/**
 * The memberships every new user gets (S9.3). Existing ones stay, unknown ids are passed over. `initialOrganizationId` is
 * headless initialization's: it takes a role that names no organization (S9.4, Ours (e)), else the only one there is does.
 */
export async function grantDefaultMemberships(
  db: Postgres,
  {
    userId,
    newUsers,
    initialOrganizationId,
    at,
  }: {
    userId: string;
    newUsers: Settings['newUsers'];
    initialOrganizationId: string | undefined;
    at: Date;
  },
): Promise<void> {
  const organizationIds = newUsers.organizationIds ?? (await impliedOrganization(db, newUsers, initialOrganizationId));
  for (const organizationId of organizationIds) {
    if (!(await organizationExists(db, organizationId))) continue;
    await insertOrganizationRole(db, { organizationId, userId, role: newUsers.organizationRole ?? 'VIEWER', at });
  }
  for (const projectId of newUsers.projectIds ?? []) {
    const project = await selectProject(db, projectId);
    if (!project) continue;
    const organizationId = project.organization_id;
    const role = newUsers.projectRole;
    // Outside the default organizations the project's role becomes the organization's.
    if (organizationIds.includes(organizationId))
      await insertProjectRole(db, { organizationId, projectId, userId, role, at });
    else await insertOrganizationRole(db, { organizationId, userId, role, at });
  }
}

async function impliedOrganization(
  db: Postgres,
  { organizationRole }: Settings['newUsers'],
  initialOrganizationId: string | undefined,
): Promise<string[]> {
  if (organizationRole === undefined) return [];
  if (initialOrganizationId !== undefined) return [initialOrganizationId];
  const ids = await selectOrganizationIds(db, 2);
  return ids.length === 1 ? ids : [];
}
