import type { Route, RouteScope } from '@tracehouse/contract/route';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readSettings } from '../config/settings.ts';
import { readAuthorization } from '../identity/keys/authorization-header.ts';
import { createSessionCookie } from '../identity/sessions/cookies.ts';
import { createClock, createIds, createTestKeys, seedTwoOrganizations } from '../identity/scenario.ts';
import { openTestPostgres } from '../stores/test-stores.ts';
import { createSessions } from '../identity/sessions/sessions.ts';
import type { Postgres } from '../stores/postgres/postgres.ts';
import { sql } from '../stores/postgres/sql.ts';
import { createAuthenticator } from './auth.ts';

const at = new Date('2026-03-01T00:00:00Z');
const people = ['OWNER', 'ADMIN', 'MEMBER', 'VIEWER', 'NONE'] as const;
const basic = (publicKey: string, secretKey: string): string =>
  `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString('base64')}`;

let postgres: Postgres;
let keys: ReturnType<typeof createTestKeys>['keys'];
let sessions: ReturnType<typeof createSessions>;
let prodKey: string;
let bearer: string;
let organizationKey: string;
const tokens: Record<string, string> = {};

beforeAll(async () => {
  postgres = await openTestPostgres();
  await seedTwoOrganizations(postgres);
  ({ keys } = createTestKeys(postgres));
  sessions = createSessions({ postgres, maxAgeMinutes: 60, now: createClock().now, newId: createIds('session') });
  const project = await keys.create({ projectId: 'prod' });
  prodKey = basic(project.publicKey, project.secretKey);
  bearer = `Bearer ${project.publicKey}`;
  const organization = await keys.create({ organizationId: 'acme' });
  organizationKey = basic(organization.publicKey, organization.secretKey);
  for (const role of people) {
    await postgres.rows(sql`
      INSERT INTO users (id, email, name, created_at, updated_at)
      VALUES (${role}, ${`${role.toLowerCase()}@acme.dev`}, ${`Name of ${role}`}, ${at}, ${at})`);
    await postgres.rows(sql`
      INSERT INTO organization_memberships (organization_id, user_id, role, created_at, updated_at)
      VALUES ('acme', ${role}, ${role}, ${at}, ${at})`);
    tokens[role] = await sessions.start({
      userId: role,
      method: 'password',
      userAgent: 'test',
      ip: '::1',
      replaces: undefined,
    });
  }
});
afterAll(async () => {
  await keys.settled();
  await postgres.close();
});

const ask = (
  scope: RouteScope,
  headers: Record<string, string | undefined>,
  {
    method = 'GET',
    query = {},
    path = '/api/public/anything',
    adminKey,
    takesAdminKey = false,
  }: {
    method?: string;
    query?: Record<string, unknown>;
    path?: string;
    adminKey?: string;
    takesAdminKey?: boolean;
  } = {},
) => {
  const sessionCookie = createSessionCookie(readSettings({ role: 'all', env: {} }));
  const authenticator = createAuthenticator({
    postgres,
    apiKeys: keys,
    sessions,
    sessionCookie,
    adminKey,
    url: undefined,
  });
  const route: Pick<Route, 'scope' | 'path' | 'takesAdminKey'> = { scope, path, takesAdminKey };
  return authenticator.authenticate({ headers, method, query, route });
};

const session = (person: string, more: Record<string, string> = { 'x-tracehouse-project': 'prod' }) => ({
  cookie: `theme=dark; next-auth.session-token=${tokens[person] ?? person}`,
  'sec-fetch-site': 'same-origin',
  ...more,
});

/** Of the refusal, undefined when there is none. */
function statusOf(work: () => unknown): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return (error as { status?: unknown }).status;
  }
}

describe('keys', () => {
  test.each([
    ['no header', undefined, 'No authorization header'],
    ['an empty header', '', 'No authorization header'],
    ['another scheme', 'Digest abc', 'Invalid authorization header'],
    ['no scheme', 'abc', 'Invalid authorization header'],
    ['no base64', 'Basic !!!', "Invalid character. Confirm that you've configured the correct host."],
    [
      'an unknown pair',
      basic('pk-lf-nope', 'sk-lf-nope'),
      "Invalid credentials. Confirm that you've configured the correct host.",
    ],
    ['base64 without a colon', 'Basic YWJj', "Invalid credentials. Confirm that you've configured the correct host."],
    ['nothing in base64', 'Basic ', "Invalid credentials. Confirm that you've configured the correct host."],
    [
      'an unknown public key',
      'Bearer pk-lf-nope',
      "Invalid public key. Confirm that you've configured the correct host.",
    ],
  ])('%s is 401', async (_, authorization, message) => {
    await expect(ask('traces:read', { authorization })).rejects.toMatchObject({ status: 401, message });
  });

  test('a project key opens every project scope of its own project', async () => {
    for (const scope of [
      'project:read',
      'traces:read',
      'traces:create',
      'traces:delete',
      'scores',
      'scores:read',
      'scoreConfigs:CUD',
      'apiKeys:CUD',
      'models:CUD',
    ] as const) {
      expect(await ask(scope, { authorization: prodKey })).toMatchObject({
        kind: 'projectKey',
        organizationId: 'acme',
        scope: { projectId: 'prod' },
      });
    }
  });

  test.each(['project:update', 'project:delete', 'projectMembers:read', 'projectMembers:CUD'] as const)(
    'a project key has no scope %s, which is for people',
    async (scope) => {
      await expect(ask(scope, { authorization: prodKey })).rejects.toMatchObject({ status: 403 });
      expect(await ask(scope, session('OWNER'))).toMatchObject({ kind: 'person' });
    },
  );

  test('a header naming another project does not move a key', async () => {
    expect(await ask('traces:read', { authorization: prodKey, 'x-tracehouse-project': 'theirs' })).toMatchObject({
      scope: { projectId: 'prod' },
    });
  });

  test('a public key alone may only send scores', async () => {
    expect(await ask('scores', { authorization: bearer })).toMatchObject({
      kind: 'browserKey',
      scope: { projectId: 'prod' },
    });
    await expect(ask('traces:read', { authorization: bearer })).rejects.toMatchObject({
      status: 403,
      message: 'Access denied - insufficient permissions for this endpoint',
    });
  });

  test('an organization key opens organization routes, and no project', async () => {
    expect(await ask('organization', { authorization: organizationKey })).toMatchObject({
      kind: 'organizationKey',
      organizationId: 'acme',
    });
    await expect(ask('traces:read', { authorization: organizationKey })).rejects.toMatchObject({
      status: 403,
      message: 'Access denied - insufficient permissions for this endpoint',
    });
    await expect(ask('organization', { authorization: prodKey })).rejects.toMatchObject({
      status: 403,
      message: 'Invalid API key. Organization-scoped API key required for this operation.',
    });
  });

  test.each(['bearer', 'organization'])('GET /projects has its own words for a %s key', async (kind) => {
    const authorization = kind === 'bearer' ? bearer : organizationKey;
    await expect(ask('project:read', { authorization }, { path: '/api/public/projects' })).rejects.toMatchObject({
      status: 403,
      message: 'Invalid API key. Are you using an organization key?',
    });
  });

  test('an organization key needs its secret', async () => {
    const [key] = await keys.list({ organizationId: 'acme' });
    await expect(ask('scores', { authorization: `Bearer ${key?.publicKey}` })).rejects.toMatchObject({ status: 401 });
  });

  test('the key counts where a cookie comes along', async () => {
    expect(await ask('traces:read', { ...session('OWNER'), authorization: prodKey })).toMatchObject({
      kind: 'projectKey',
    });
  });

  test('a public route asks nobody', async () => {
    expect(await ask('public', { authorization: 'Digest nonsense' })).toEqual({ kind: 'public' });
  });

  test('a store that is away is 503, not 401', async () => {
    const broken: Postgres = { ...postgres, rows: () => Promise.reject(new Error('connection refused')) };
    const { keys: brokenKeys } = createTestKeys(broken);
    const authenticator = createAuthenticator({
      postgres: broken,
      apiKeys: brokenKeys,
      sessions,
      sessionCookie: createSessionCookie(readSettings({ role: 'all', env: {} })),
      url: undefined,
    });
    const asked = authenticator.authenticate({
      headers: { authorization: prodKey },
      method: 'GET',
      query: {},
      route: { scope: 'traces:read', path: '/' },
    });
    await expect(asked).rejects.toMatchObject({ status: 503, message: 'Service Unavailable' });
  });

  test('any header is either read or refused', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `Basic ${text}`),
        ),
        (header) => {
          const answer = statusOf(() => readAuthorization(header));
          expect([undefined, 401]).toContain(answer);
        },
      ),
    );
  });

  test('any pair without a colon in it is read as it was written', () => {
    const part = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes(':'));
    fc.assert(
      fc.property(part, part, (publicKey, secretKey) => {
        expect(readAuthorization(basic(publicKey, secretKey))).toEqual({ kind: 'pair', publicKey, secretKey });
      }),
    );
  });
});

describe('the admin key', () => {
  const adminKey = 'of the whole installation';
  const authorization = `Bearer ${adminKey}`;

  test('opens admin routes; 403 where none is set, 401 for any other', async () => {
    expect(await ask('admin', { authorization }, { adminKey })).toEqual({ kind: 'adminKey', scope: null });
    await expect(ask('admin', { authorization })).rejects.toMatchObject({
      status: 403,
      message: 'ADMIN_API_KEY is not set',
    });
    for (const other of [undefined, 'Bearer', 'Bearer of the whole installatio', `Basic ${adminKey}`, organizationKey])
      await expect(ask('admin', { authorization: other }, { adminKey })).rejects.toMatchObject({ status: 401 });
    await expect(ask('admin', session('OWNER'), { adminKey })).rejects.toMatchObject({ status: 401 });
  });

  test('opens a project on routes that take it, named twice and with the project (S9.1)', async () => {
    const options = { adminKey, takesAdminKey: true };
    const headers = { authorization, 'x-langfuse-admin-api-key': adminKey, 'x-langfuse-project-id': 'prod' };
    expect(await ask('models:CUD', headers, options)).toEqual({ kind: 'adminKey', scope: { projectId: 'prod' } });
    for (const wrong of [
      { ...headers, 'x-langfuse-admin-api-key': 'else' },
      { ...headers, authorization: 'Bearer else' },
      { ...headers, authorization: prodKey },
    ])
      await expect(ask('models:CUD', wrong, options)).rejects.toMatchObject({
        status: 401,
        message: 'Invalid admin API key',
      });
    await expect(ask('models:CUD', headers, { takesAdminKey: true })).rejects.toMatchObject({ status: 401 });
    await expect(ask('models:CUD', { ...headers, 'x-langfuse-project-id': '' }, options)).rejects.toMatchObject({
      status: 400,
    });
    await expect(ask('models:CUD', { ...headers, 'x-langfuse-project-id': 'nowhere' }, options)).rejects.toMatchObject({
      status: 404,
      message: 'Project not found',
    });
    await expect(ask('traces:delete', headers, { adminKey })).rejects.toMatchObject({ status: 401 });
  });
});

describe('sessions', () => {
  test.each([
    ['project:read', ['OWNER', 'ADMIN', 'MEMBER', 'VIEWER']],
    ['traces:read', ['OWNER', 'ADMIN', 'MEMBER', 'VIEWER']],
    ['scores:read', ['OWNER', 'ADMIN', 'MEMBER', 'VIEWER']],
    ['scoreConfigs:read', ['OWNER', 'ADMIN', 'MEMBER', 'VIEWER']],
    ['scoreConfigs:CUD', ['OWNER', 'ADMIN', 'MEMBER']],
    ['apiKeys:read', ['OWNER', 'ADMIN', 'MEMBER']],
    ['traces:create', ['OWNER', 'ADMIN', 'MEMBER']],
    ['scores', ['OWNER', 'ADMIN', 'MEMBER']],
    ['traces:delete', ['OWNER', 'ADMIN']],
    ['apiKeys:CUD', ['OWNER', 'ADMIN']],
    ['models:CUD', ['OWNER', 'ADMIN']],
  ] as const)('%s is for %j', async (scope, allowed) => {
    for (const person of people) {
      const answer = await ask(scope, session(person)).catch((error: unknown) => error);
      expect(answer).toMatchObject(
        (allowed as readonly string[]).includes(person)
          ? { kind: 'person', userId: person, scope: { projectId: 'prod' } }
          : { status: 403 },
      );
    }
  });

  test('a refusal names the role it takes and who has it', async () => {
    await expect(ask('apiKeys:CUD', session('VIEWER'))).rejects.toThrow(
      'You need the role ADMIN or higher in project Production to do this. Owners: Name of OWNER.',
    );
  });

  test("the project's own role overrides the organization's, both ways", async () => {
    await postgres.script(`
      INSERT INTO project_memberships (organization_id, project_id, user_id, role, created_at, updated_at)
      VALUES ('acme', 'staging', 'NONE', 'ADMIN', now(), now()), ('acme', 'staging', 'OWNER', 'NONE', now(), now())`);
    const staging = { 'x-tracehouse-project': 'staging' };
    expect(await ask('apiKeys:CUD', session('NONE', staging))).toMatchObject({ scope: { projectId: 'staging' } });
    await expect(ask('traces:read', session('OWNER', staging))).rejects.toMatchObject({ status: 403 });
  });

  test('a foreign project and one that does not exist are refused in the same words', async () => {
    const answers = await Promise.all(
      ['theirs', 'nowhere'].map((project) =>
        ask('traces:read', session('OWNER', { 'x-tracehouse-project': project })).catch((error: unknown) => error),
      ),
    );
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]).toMatchObject({ status: 403 });
  });

  test.each([
    ['organization:read', ['OWNER', 'ADMIN', 'MEMBER', 'VIEWER']],
    ['organizationMembers:read', ['OWNER', 'ADMIN', 'MEMBER']],
    ['organizationMembers:CUD', ['OWNER', 'ADMIN']],
    ['projects:create', ['OWNER', 'ADMIN']],
    ['organization:update', ['OWNER', 'ADMIN']],
    ['organizationAuditLogs:read', ['OWNER', 'ADMIN']],
    ['organization:CRUD_apiKeys', ['OWNER']],
    ['organization:delete', ['OWNER']],
  ] as const)('%s is for %j of the organization, and for its key', async (scope, allowed) => {
    const acme = { 'x-tracehouse-organization': 'acme' };
    for (const person of people) {
      const answer = await ask(scope, session(person, acme)).catch((error: unknown) => error);
      expect(answer).toMatchObject(
        (allowed as readonly string[]).includes(person)
          ? { kind: 'person', userId: person, scope: null, organization: { organizationId: 'acme' } }
          : { status: 403, principal: { userId: person } },
      );
    }
    expect(await ask(scope, { authorization: organizationKey })).toMatchObject({
      organization: { organizationId: 'acme' },
    });
    await expect(ask(scope, { authorization: prodKey })).rejects.toMatchObject({ status: 403 });
    await expect(ask(scope, session('OWNER', {}))).rejects.toMatchObject({ status: 400 });
    const foreign = await Promise.all(
      ['other', 'nowhere'].map((id) =>
        ask(scope, session('OWNER', { 'x-tracehouse-organization': id })).catch((error: unknown) => error),
      ),
    );
    expect(foreign[0]).toEqual(foreign[1]);
    expect(foreign[0]).toMatchObject({ status: 403 });
  });

  test('a request names its project, on GET also by query', async () => {
    await expect(ask('traces:read', session('OWNER', {}))).rejects.toMatchObject({ status: 400 });
    expect(await ask('traces:read', session('OWNER', {}), { query: { project: 'prod' } })).toMatchObject({
      scope: { projectId: 'prod' },
    });
    await expect(
      ask('traces:create', session('OWNER', {}), { method: 'POST', query: { project: 'prod' } }),
    ).rejects.toMatchObject({ status: 400 });
    await expect(
      ask('traces:read', session('OWNER', {}), { query: { project: ['prod', 'theirs'] } }),
    ).rejects.toMatchObject({ status: 400 });
  });

  test('a route about the person needs no project, and no key', async () => {
    expect(await ask('session', session('VIEWER', {}))).toMatchObject({
      kind: 'person',
      userId: 'VIEWER',
      scope: null,
    });
    await expect(ask('session', { authorization: prodKey })).rejects.toMatchObject({ status: 403 });
    await expect(ask('organization', session('OWNER'))).rejects.toMatchObject({ status: 403 });
  });

  test.each([
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['a sibling host', { 'sec-fetch-site': 'same-site' }],
    ['no page at all', { 'sec-fetch-site': 'none' }],
    ['another origin', { origin: 'https://evil.example', host: 'localhost:3000' }],
    ['another port', { origin: 'http://localhost:4000', host: 'localhost:3000' }],
    ['a sandboxed frame', { origin: 'null', host: 'localhost:3000' }],
    ["another site's page, without Origin", { referer: 'https://evil.example/localhost:3000', host: 'localhost:3000' }],
    ['who knows where', { host: 'localhost:3000' }],
    [
      'another site that names ours as origin',
      { 'sec-fetch-site': 'cross-site', origin: 'http://localhost:3000', host: 'localhost:3000' },
    ],
  ])('a cookie sent from %s is refused', async (_, from) => {
    const { cookie } = session('OWNER');
    await expect(ask('traces:read', { cookie, 'x-tracehouse-project': 'prod', ...from })).rejects.toMatchObject({
      status: 403,
    });
  });

  test.each([
    ['Origin', { origin: 'http://192.168.1.5:3000' }],
    ['Referer, on a GET over plain http', { referer: 'http://192.168.1.5:3000/project/prod/traces' }],
  ])('without Sec-Fetch-Site the site is told by %s', async (_, from) => {
    const { cookie } = session('OWNER');
    const headers = { cookie, host: '192.168.1.5:3000', 'x-tracehouse-project': 'prod', ...from };
    expect(await ask('traces:read', headers)).toMatchObject({ kind: 'person' });
  });

  test('a session that is over is 401', async () => {
    await expect(ask('traces:read', session('x'.repeat(43)))).rejects.toMatchObject({ status: 401 });
    await expect(ask('traces:read', session("a cookie of upstream's"))).rejects.toMatchObject({ status: 401 });
  });

  test('a disabled person is out at once', async () => {
    await postgres.rows(sql`UPDATE users SET disabled_at = now() WHERE id = 'ADMIN'`);
    await expect(ask('traces:read', session('ADMIN'))).rejects.toMatchObject({ status: 401 });
    await postgres.rows(sql`UPDATE users SET disabled_at = NULL WHERE id = 'ADMIN'`);
    expect(await ask('traces:read', session('ADMIN'))).toMatchObject({ kind: 'person' });
  });

  test('who leaves the organization loses the project too', async () => {
    const staging = { 'x-tracehouse-project': 'staging' };
    expect(await ask('traces:read', session('NONE', staging))).toMatchObject({ kind: 'person' });
    await postgres.rows(sql`DELETE FROM organization_memberships WHERE user_id = 'NONE'`);
    await expect(ask('traces:read', session('NONE', staging))).rejects.toMatchObject({ status: 403 });
  });
});
