import { listProjects } from '@tracehouse/contract/projects';
import { readSession, signInWithPassword, signOut } from '@tracehouse/contract/session';
import type { Settings } from '../config/settings.ts';
import { Answer, bind, type BoundRoute } from '../http/bind.ts';
import { NotFoundError } from '../http/errors.ts';
import type { Postgres } from '../stores/postgres/postgres.ts';
import { readAccess } from './accounts/access.ts';
import type { SessionCookie } from './sessions/cookies.ts';
import { selectProject } from './members/organizations-store.ts';
import { refuseOtherSites } from './sessions/same-origin.ts';
import { mayCreateOrganizations } from './accounts/sign-in-policy.ts';
import type { Sessions } from './sessions/sessions.ts';
import type { SignIn } from './accounts/sign-in.ts';
import type { SsoLogout } from './sso/logout.ts';

interface IdentityParts {
  postgres: Postgres;
  sessions: Sessions;
  sessionCookie: SessionCookie;
  signIn: SignIn;
  sso: { logout: Pick<SsoLogout, 'farewell'> };
  settings: Pick<Settings, 'signIn' | 'server'>;
}

export const identityRoutes = (parts: IdentityParts): BoundRoute[] => [...signInRoutes(parts), ...projectRoutes(parts)];

type Headers = Record<string, string | undefined>;

/** These are public, for who signs in is nobody yet; what they do with cookies is for this site's pages alone. */
function signInRoutes({ postgres, sessions, sessionCookie, signIn, sso, settings }: IdentityParts): BoundRoute[] {
  const { url } = settings.server;
  const ownTokenOf = (headers: Headers): string | undefined => {
    const token = sessionCookie.read(headers['cookie']);
    if (token !== undefined) refuseOtherSites(headers, url);
    return token;
  };
  return [
    bind(readSession, async ({ headers }) => {
      const token = ownTokenOf(headers);
      const person = await sessions.find(token);
      if (token === undefined || !person)
        return new Answer({ user: null }, { headers: { 'cache-control': 'no-store' } });
      const { userId: id, email, name } = person;
      // Sent again, so that the browser keeps it as long as the row lives.
      return new Answer(
        {
          user: { id, email, name },
          organizations: await readAccess(postgres, id),
          canCreateOrganizations: mayCreateOrganizations(settings, person),
        },
        { headers: { 'set-cookie': sessionCookie.write(token), 'cache-control': 'no-store' } },
      );
    }),

    bind(signInWithPassword, async ({ headers, body, ip }) => {
      refuseOtherSites(headers, url);
      const { user, token } = await signIn.withPassword({
        ...body,
        ip,
        userAgent: headers['user-agent'],
        replaces: sessionCookie.read(headers['cookie']),
      });
      return new Answer(
        { user },
        { headers: { 'set-cookie': sessionCookie.write(token), 'cache-control': 'no-store' } },
      );
    }),

    bind(signOut, async ({ headers }) => {
      const ended = await sessions.end(ownTokenOf(headers));
      const farewell = ended && (await sso.logout.farewell(ended));
      return new Answer(farewell ?? { url: null, provider: null }, {
        headers: { 'set-cookie': sessionCookie.clear(), 'cache-control': 'no-store' },
      });
    }),
  ];
}

const projectRoutes = ({ postgres }: IdentityParts): BoundRoute[] => [
  bind(listProjects, async ({ scope }) => {
    const project = await selectProject(postgres, scope.projectId);
    if (!project) throw new NotFoundError('Project not found');
    const { id, name, metadata, organization_id, organization_name } = project;
    return { data: [{ id, name, organization: { id: organization_id, name: organization_name }, metadata }] };
  }),
];
