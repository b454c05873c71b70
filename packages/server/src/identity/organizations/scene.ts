import type { Role } from '@tracehouse/contract/roles';
import { readSettings } from '../../config/settings.ts';
import { createAuthenticator } from '../../http/auth.ts';
import { createHttpServer } from '../../http/server.ts';
import { sql } from '../../stores/postgres/sql.ts';
import { createRefusalAudit } from '../audit/audit.ts';
import { createIdentity } from '../identity.ts';
import { createPasswords } from '../accounts/passwords.ts';
import { createIds, createTestKeys, createTestLog, emptyTables, seedTwoOrganizations } from '../scenario.ts';
import { openTestPostgres } from '../../stores/test-stores.ts';
import { organizationRoutes } from './routes.ts';

const ADMIN_KEY = 'key of the whole installation';
/** Where people reach it. */
export const SITE = 'https://traces.acme.dev';
const at = new Date('2026-03-01T00:00:00Z');

/** An answer's body; matchers say what is expected of it. */
// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;
export interface Answer {
  status: number;
  headers: Record<string, unknown>;
  body: Json;
}
type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
export type Client = (method: Method, path: string, body?: unknown) => Promise<Answer>;

/**
 * For tests through HTTP of what organizations are about: those of `seedTwoOrganizations`, with people `owner`, `admin`, `member`,
 * `viewer` and `none` in acme and `stranger`, an owner, in other.
 */
export async function openScene({
  env = {},
}: {
  env?: Record<string, string>;
} = {}) {
  const postgres = await openTestPostgres();
  const { keys, clock } = createTestKeys(postgres);
  const { now } = clock;
  const newId = createIds('new');
  const { log } = createTestLog();
  const settings = readSettings({ role: 'all', env });
  const identity = createIdentity({
    settings,
    secrets: { nextauthSecret: 'secret of the test', encryptionKey: '9f'.repeat(32) },
    postgres,
    passwords: createPasswords(),
    site: SITE,
    now,
    newId,
    log,
  });
  const { sessions } = identity;
  const server = await createHttpServer({
    routes: [...organizationRoutes({ postgres, apiKeys: keys, now, newId, settings, ...identity })],
    authenticator: createAuthenticator({
      postgres,
      apiKeys: keys,
      ...identity,
      adminKey: ADMIN_KEY,
      url: undefined,
    }),
    onForbidden: createRefusalAudit({ postgres, now, onFailure: (error) => log.error(error) }),
    log,
  });

  const client =
    (headers: Record<string, string>): Client =>
    async (method, path, body) => {
      const answer = await server.inject({
        method,
        url: path,
        headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
        ...(body !== undefined && { payload: JSON.stringify(body) }),
      });
      const parsed: Json = answer.body === '' ? undefined : answer.json();
      return { status: answer.statusCode, headers: answer.headers, body: parsed };
    };

  const addPerson = async (id: string, organizationId: string | null, role: Role = 'MEMBER') => {
    await postgres.rows(sql`
      INSERT INTO users (id, email, name, email_verified_at, created_at, updated_at)
      VALUES (${id}, ${`${id}@${organizationId ?? 'nowhere'}.dev`}, ${`Name of ${id}`}, ${at}, ${at}, ${at})`);
    if (organizationId === null) return;
    await postgres.rows(sql`
      INSERT INTO organization_memberships (organization_id, user_id, role, created_at, updated_at)
      VALUES (${organizationId}, ${id}, ${role}, ${at}, ${at})`);
  };

  /** A signed-in person, who names acme and its project `prod` unless told otherwise. */
  const as = async (
    id: string,
    { organization = 'acme', project = 'prod' }: { organization?: string; project?: string } = {},
  ): Promise<Client> => {
    const token = await sessions.start({
      userId: id,
      method: 'password',
      userAgent: 'test',
      ip: '::1',
      replaces: undefined,
    });
    return client({
      cookie: `next-auth.session-token=${token}`,
      'sec-fetch-site': 'same-origin',
      'x-tracehouse-organization': organization,
      'x-tracehouse-project': project,
    });
  };

  const withKey = async (owner: { projectId: string } | { organizationId: string }): Promise<Client> => {
    const { publicKey, secretKey } = await keys.create(owner);
    return client({ authorization: `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString('base64')}` });
  };

  return {
    postgres,
    keys,
    clock,
    client,
    as,
    addPerson,
    withKey,
    /** Of somebody who is nobody yet, on a page of the site. */
    visitor: client({ 'sec-fetch-site': 'same-origin' }),
    mailer: identity.mailer,
    admin: client({ authorization: `Bearer ${ADMIN_KEY}` }),
    /** The state every test begins with. */
    async reset() {
      await emptyTables(postgres);
      await keys.forget();
      await seedTwoOrganizations(postgres);
      for (const role of ['OWNER', 'ADMIN', 'MEMBER', 'VIEWER', 'NONE'] as const)
        await addPerson(role.toLowerCase(), 'acme', role);
      await addPerson('stranger', 'other', 'OWNER');
    },
    /** What the audit log says of a kind of thing, oldest first. */
    auditOf: (objectType: string) =>
      postgres.rows<{
        organization_id: string | null;
        actor_kind: string;
        actor_id: string | null;
        action: string;
        object_id: string;
        before: Json;
        after: Json;
        refused_for: string | null;
      }>(sql`
        SELECT organization_id, actor_kind, actor_id, action, object_id, before, after, refused_for
        FROM audit_log
        WHERE object_type = ${objectType} AND actor_kind <> 'system'
        ORDER BY at, ctid`),
    async close() {
      await identity.mailer.close();
      await server.close();
      await keys.settled();
      await postgres.close();
    },
  };
}
