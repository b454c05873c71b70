import type { Settings } from '../../config/settings.ts';
import type { BoundRoute } from '../../http/bind.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import type { ApiKeys } from '../keys/api-keys.ts';
import { mayCreateOrganizations } from '../accounts/sign-in-policy.ts';
import { selectUser } from '../accounts/users-store.ts';
import { adminRoutes } from './admin-routes.ts';
import { keyRoutes } from './key-routes.ts';
import { invitationRoutes } from './invitation-routes.ts';
import { createInvitations } from './invitations.ts';
import { createOrganizations } from './organizations.ts';
import { pageRoutes } from './page-routes.ts';
import { createPeople } from './people.ts';
import { createProjects } from './projects.ts';
import { restRoutes } from './rest-routes.ts';

type InvitationNeeds = Pick<Parameters<typeof createInvitations>[0], 'newUsers' | 'passwords' | 'mailer' | 'limits'> &
  Pick<Parameters<typeof invitationRoutes>[0], 'sessions' | 'sessionCookie'>;

/** Organizations, their people, projects and keys: for the pages, for keys of organizations and for the admin key. */
export function organizationRoutes({
  postgres,
  apiKeys,
  now,
  newId,
  settings,
  site,
  ...more
}: {
  postgres: Postgres;
  apiKeys: ApiKeys;
  now: () => Date;
  newId: () => string;
  settings: Pick<Settings, 'signIn' | 'server'>;
  /** Where people reach the product. */
  site: string;
} & InvitationNeeds): BoundRoute[] {
  const needs = { postgres, forgetKeys: apiKeys.forget, now, newId };
  const people = createPeople(needs);
  const parts = {
    organizations: createOrganizations(needs),
    projects: createProjects(needs),
    people,
    apiKeys,
    async mayCreateOrganizations(userId: string): Promise<boolean> {
      const user = await selectUser(postgres, userId);
      return (
        user !== null &&
        mayCreateOrganizations(settings, { email: user.email, isVerified: user.email_verified_at !== null })
      );
    },
  };
  const invitations = createInvitations({ settings, postgres, people, site, now, newId, ...more });
  return [
    ...pageRoutes(parts),
    ...invitationRoutes({ invitations, url: settings.server.url, ...more }),
    ...restRoutes(parts),
    ...keyRoutes(parts),
    ...adminRoutes(parts),
  ];
}
