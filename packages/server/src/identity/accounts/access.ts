import type { SessionOrganization } from '@tracehouse/contract/session';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { selectAccess } from '../members/organizations-store.ts';

/** What a person may open: organizations in the order they were made, each with the projects where the person has a role. */
export async function readAccess(postgres: Postgres, userId: string): Promise<SessionOrganization[]> {
  const organizations = new Map<string, SessionOrganization>();
  for (const row of await selectAccess(postgres, userId)) {
    const organization = organizations.get(row.organization_id) ?? {
      id: row.organization_id,
      name: row.organization_name,
      role: row.organization_role,
      owners: row.organization_owners,
      projects: [],
    };
    organizations.set(row.organization_id, organization);
    if (row.project_id === null || row.project_name === null || row.project_role === null) continue;
    if (row.project_role === 'NONE') continue;
    organization.projects.push({
      id: row.project_id,
      name: row.project_name,
      role: row.project_role,
      owners: row.project_owners,
    });
  }
  return [...organizations.values()];
}
