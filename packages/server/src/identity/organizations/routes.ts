import type { Settings } from '../../config/settings.ts';
import type { BoundRoute } from '../../http/bind.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import type { ApiKeys } from '../api-keys.ts';
import { mayCreateOrganizations } from '../sign-in-policy.ts';
import { selectUser } from '../users-store.ts';
import { adminRoutes } from './admin-routes.ts';
import { keyRoutes } from './key-routes.ts';
import { createOrganizations } from './organizations.ts';
import { pageRoutes } from './page-routes.ts';
import { createPeople } from './people.ts';
import { createProjects } from './projects.ts';
import { restRoutes } from './rest-routes.ts';

/** Organizations, their people, projects and keys: for the pages, for keys of organizations and for the admin key. */
export function organizationRoutes({
  postgres,
  apiKeys,
  now,
  newId,
  settings,
}: {
  postgres: Postgres;
  apiKeys: ApiKeys;
  now: () => Date;
  newId: () => string;
  settings: Pick<Settings, 'signIn'>;
}): BoundRoute[] {
  const needs = { postgres, forgetKeys: apiKeys.forget, now, newId };
  const parts = {
    organizations: createOrganizations(needs),
    projects: createProjects(needs),
    people: createPeople(needs),
    apiKeys,
    async mayCreateOrganizations(userId: string): Promise<boolean> {
      const user = await selectUser(postgres, userId);
      return (
        user !== null &&
        mayCreateOrganizations(settings, { email: user.email, isVerified: user.email_verified_at !== null })
      );
    },
  };
  return [...pageRoutes(parts), ...restRoutes(parts), ...keyRoutes(parts), ...adminRoutes(parts)];
}
