import type { InjectOptions } from 'fastify';
import { pino } from 'pino';
import { readSettings } from '../../config/settings.ts';
import { createAuthenticator } from '../../http/auth.ts';
import { createHttpServer } from '../../http/server.ts';
import { sql } from '../../stores/postgres/sql.ts';
import { createIdentity } from '../identity.ts';
import { createPasswords } from '../accounts/passwords.ts';
import { identityRoutes } from '../routes.ts';
import { createTestKeys, seedTwoOrganizations } from '../scenario.ts';
import { openTestPostgres } from '../../stores/test-stores.ts';
import { scimRoutes } from './routes.ts';
import { createScim } from './scim.ts';

// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

export const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const ROLE = 'urn:ietf:params:scim:schemas:extension:langfuse:2.0:User';
export const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

const SITE = 'https://traces.acme.dev';
const secrets = { nextauthSecret: 'a secret of sessions', encryptionKey: '0'.repeat(64) };
const log = pino({ level: 'silent' });

/** For tests of SCIM: its routes over an empty database, two organizations with a key each, `acme` and `other`. */
export async function openScim(env: Record<string, string> = {}) {
  const postgres = await openTestPostgres();
  await seedTwoOrganizations(postgres);
  const settings = readSettings({ role: 'all', env: { NEXTAUTH_URL: SITE, ...env } });
  const { keys, clock } = createTestKeys(postgres);
  const { now } = clock;
  let made = 0;
  // In the order in which they are made, also as text: people of one moment are listed by id.
  const newId = () => `id-${String((made += 1)).padStart(6, '0')}`;
  const identity = createIdentity({
    settings,
    secrets,
    postgres,
    passwords: createPasswords(),
    site: SITE,
    now,
    newId,
    log,
  });
  const { newUsers, sessions, sessionCookie } = identity;
  const server = await createHttpServer({
    routes: [
      ...identityRoutes({ postgres, settings, ...identity }),
      ...scimRoutes({ ...createScim({ postgres, newUsers, now, newId }), url: SITE }),
    ],
    authenticator: createAuthenticator({ postgres, apiKeys: keys, sessions, sessionCookie, url: SITE }),
    log,
  });

  const ask = async (method: InjectOptions['method'], path: string, body: unknown, headers: Record<string, string>) => {
    const answer = await server.inject({
      method: method ?? 'GET',
      url: path,
      headers: { ...(body !== undefined && { 'content-type': 'application/scim+json' }), ...headers },
      ...(body !== undefined && { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const parsed = answer.body === '' ? undefined : (answer.json() as Json);
    return { status: answer.statusCode, headers: answer.headers, body: parsed as Json };
  };

  return {
    postgres,
    clock,
    newUsers,
    sessions,
    ask,
    /** Nobody and nothing but the organizations and their keys. */
    empty: () => postgres.script('DELETE FROM users; DELETE FROM audit_log'),
    /** The SCIM client of an organization; paths are below `/api/public/scim`. */
    async client(organizationId: string) {
      const key = await keys.create({ organizationId });
      const authorization = `Basic ${Buffer.from(`${key.publicKey}:${key.secretKey}`).toString('base64')}`;
      const scim = (method: InjectOptions['method'], path: string, body?: unknown) =>
        ask(method, `/api/public/scim${path}`, body, { authorization });
      return {
        keyId: key.id,
        authorization,
        get: (path: string) => scim('GET', path),
        post: (path: string, body: unknown) => scim('POST', path, body),
        put: (path: string, body: unknown) => scim('PUT', path, body),
        delete: (path: string) => scim('DELETE', path),
        patch: (path: string, ...Operations: unknown[]) => scim('PATCH', path, { schemas: [PATCH_OP], Operations }),
        send: scim,
        /** A new member; answers the id. */
        async member(userName: string, role = 'MEMBER'): Promise<string> {
          return (await scim('POST', '/Users', { userName, roles: [role] })).body.id as string;
        },
        /** Those that a filter finds, by name. */
        async named(filter: string): Promise<string[]> {
          const { body } = await scim('GET', `/Users?filter=${encodeURIComponent(filter)}`);
          return (body.Resources as Json[]).map(({ userName }: Json) => userName as string);
        },
      };
    },
    /** Role by e-mail address. */
    async roles(organizationId = 'acme'): Promise<Record<string, string>> {
      const rows = await postgres.rows<{ email: string; role: string }>(sql`
        SELECT u.email, om.role
        FROM organization_memberships om
        JOIN users u ON u.id = om.user_id
        WHERE om.organization_id = ${organizationId}`);
      return Object.fromEntries(rows.map(({ email, role }) => [email, role]));
    },
    /** Lines of the audit log, the oldest first. */
    audit: (organizationId = 'acme') =>
      postgres.rows<{ action: string; object_type: string; object_id: string; before: Json; after: Json }>(sql`
        SELECT action, object_type, object_id, before, after
        FROM audit_log
        WHERE organization_id = ${organizationId}
        ORDER BY at, id`),
    /** Somebody signed in; answers what asks as them. */
    async signedIn(userId: string) {
      const token = await sessions.start({
        userId,
        method: 'password',
        userAgent: undefined,
        ip: '127.0.0.1',
        replaces: undefined,
      });
      const cookie = sessionCookie.write(token).split(';')[0] ?? '';
      const headers = { cookie, 'sec-fetch-site': 'same-origin' };
      return (path: string, more: Record<string, string> = {}) => ask('GET', path, undefined, { ...headers, ...more });
    },
    async close() {
      await server.close();
      await keys.settled();
      await postgres.close();
    },
  };
}

export type Scim = Awaited<ReturnType<typeof openScim>>;
export type ScimClient = Awaited<ReturnType<Scim['client']>>;
