import {
  createProjectApiKey,
  deleteProjectApiKey,
  listProjectApiKeys,
  listProjects,
} from '@tracehouse/contract/projects';
import { readSession, signInWithPassword, signOut } from '@tracehouse/contract/session';
import { createApiKey, listApiKeys, revokeApiKey } from '@tracehouse/contract/x-api-keys';
import type { Settings } from '../config/settings.ts';
import { Answer, bind, type BoundRoute } from '../http/bind.ts';
import { NotFoundError } from '../http/errors.ts';
import type { Postgres } from '../stores/postgres/postgres.ts';
import { readAccess } from './access.ts';
import type { ApiKeyFields, ApiKeys } from './api-keys.ts';
import type { SessionCookie } from './cookies.ts';
import { selectProject } from './organizations-store.ts';
import type { Principal } from './principal.ts';
import { refuseOtherSites } from './same-origin.ts';
import { mayCreateOrganizations } from './sign-in-policy.ts';
import type { Sessions } from './sessions.ts';
import type { SignIn } from './sign-in.ts';
import type { SsoLogout } from './sso/logout.ts';

interface IdentityParts {
  postgres: Postgres;
  apiKeys: ApiKeys;
  sessions: Sessions;
  sessionCookie: SessionCookie;
  signIn: SignIn;
  sso: { logout: Pick<SsoLogout, 'farewell'> };
  settings: Pick<Settings, 'signIn' | 'server'>;
}

export const identityRoutes = (parts: IdentityParts): BoundRoute[] => [
  ...signInRoutes(parts),
  ...projectRoutes(parts),
  ...projectKeyRoutes(parts.apiKeys),
  ...organizationKeyRoutes(parts),
];

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

/** A project's keys, as its pages show them. */
const projectKeyRoutes = (apiKeys: ApiKeys): BoundRoute[] => [
  bind(listApiKeys, async ({ scope }) => ({ data: (await apiKeys.list(scope)).map(toWire).toReversed() })),
  bind(createApiKey, async ({ scope, principal, body }) => {
    const createdBy = principal.kind === 'person' ? principal.userId : null;
    const key = await apiKeys.create(scope, { note: body.note === '' ? null : body.note, createdBy });
    return { ...toWire(key), secretKey: key.secretKey };
  }),
  bind(revokeApiKey, async ({ scope, params }) => {
    await apiKeys.revoke(scope, params.id);
    return { success: true as const };
  }),
];

/** The same keys by an organization's key (S9.7). */
function organizationKeyRoutes({ postgres, apiKeys }: IdentityParts): BoundRoute[] {
  const ownedProject = async (principal: Principal, projectId: string): Promise<{ projectId: string }> => {
    const project = await selectProject(postgres, projectId);
    if (principal.kind !== 'organizationKey' || project?.organization_id !== principal.organizationId) {
      throw new NotFoundError("Project not found or you don't have access to it");
    }
    return { projectId };
  };
  return [
    bind(listProjectApiKeys, async ({ principal, params }) => ({
      apiKeys: (await apiKeys.list(await ownedProject(principal, params.projectId))).map(toWire),
    })),
    bind(createProjectApiKey, async ({ principal, params, body: { note, publicKey, secretKey } }) => {
      const owner = await ownedProject(principal, params.projectId);
      const key = await apiKeys.create(owner, {
        note: note ?? null,
        ...(typeof publicKey === 'string' && typeof secretKey === 'string' && { pair: { publicKey, secretKey } }),
      });
      const { id, createdAt, note: kept, publicKey: made, displaySecretKey } = toWire(key);
      return { id, createdAt, note: kept, publicKey: made, secretKey: key.secretKey, displaySecretKey };
    }),
    bind(deleteProjectApiKey, async ({ principal, params }) => {
      await apiKeys.revoke(await ownedProject(principal, params.projectId), params.apiKeyId);
      return { success: true as const };
    }),
  ];
}

const toWire = ({ id, publicKey, displaySecretKey, note, createdAt, lastUsedAt, expiresAt }: ApiKeyFields) => ({
  id,
  createdAt: createdAt.toISOString(),
  expiresAt: expiresAt?.toISOString() ?? null,
  lastUsedAt: lastUsedAt?.toISOString() ?? null,
  note,
  publicKey,
  displaySecretKey,
});
