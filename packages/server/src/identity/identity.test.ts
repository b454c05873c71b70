import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as bcrypt from '@node-rs/bcrypt';
import type { Postgres } from '../stores/postgres/postgres.ts';
import { sql } from '../stores/postgres/sql.ts';
import { createPasswords } from './accounts/passwords.ts';
import { seedTwoOrganizations } from './scenario.ts';
import { openTestPostgres } from '../stores/test-stores.ts';
import { cookieOf, here, openSite, type Site } from './sessions/site.ts';

const PASSWORD = 'correct horse battery';
const at = new Date('2026-03-01T00:00:00Z');

let postgres: Postgres;
let site: Site;
let keys: Site['keys'];
let clock: Site['clock'];

beforeAll(async () => {
  postgres = await openTestPostgres();
  await seedTwoOrganizations(postgres);
  const passwordHash = await createPasswords().hash(PASSWORD);
  for (const [id, email, organization, role] of [
    ['ada', 'ada@acme.dev', 'acme', 'OWNER'],
    ['vic', 'vic@acme.dev', 'acme', 'VIEWER'],
    ['gone', 'gone@acme.dev', 'acme', 'MEMBER'],
  ]) {
    await postgres.rows(sql`
      INSERT INTO users (id, email, name, password_hash, created_at, updated_at)
      VALUES (${id}, ${email}, ${id}, ${passwordHash}, ${at}, ${at})`);
    await postgres.rows(sql`
      INSERT INTO organization_memberships (organization_id, user_id, role, created_at, updated_at)
      VALUES (${organization}, ${id}, ${role}, ${at}, ${at})`);
  }
  await postgres.rows(sql`UPDATE users SET disabled_at = ${at} WHERE id = 'gone'`);
  await postgres.rows(sql`
    INSERT INTO users (id, email, created_at, updated_at) VALUES ('sso', 'sso@acme.dev', ${at}, ${at})`);
  site = await openSite(postgres);
  ({ keys, clock } = site);
});
afterAll(async () => {
  await keys.settled();
  await postgres.close();
});
beforeEach(() => void site.hashed());
afterEach(() => postgres.rows(sql`DELETE FROM rate_limits`));

const ask: Site['ask'] = (...args) => site.ask(...args);
const signInAs = (email: string, password = PASSWORD, headers: Record<string, string> = here, at = site) =>
  at.signIn(email, password, headers);
const basic = ({ publicKey, secretKey }: { publicKey: string; secretKey: string }) => ({
  authorization: `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString('base64')}`,
});

describe('signing in', () => {
  test('a right password opens a session that names organizations, projects and roles', async () => {
    const signedIn = await signInAs(' Ada@Acme.dev ');
    expect(signedIn).toMatchObject({ status: 200, body: { user: { id: 'ada', email: 'ada@acme.dev', name: 'ada' } } });
    const session = await ask('/api/auth/session', { headers: { ...here, cookie: cookieOf(signedIn) } });
    expect(session.body).toEqual({
      user: { id: 'ada', email: 'ada@acme.dev', name: 'ada' },
      organizations: [
        {
          id: 'acme',
          name: 'Acme',
          role: 'OWNER',
          owners: [],
          projects: [
            { id: 'prod', name: 'Production', role: 'OWNER', owners: [] },
            { id: 'staging', name: 'Staging', role: 'OWNER', owners: [] },
          ],
        },
      ],
      canCreateOrganizations: true,
    });
    expect(session.headers['cache-control']).toBe('no-store');
  });

  test('who may not do everything is told whom to ask, in each project those who own it', async () => {
    await postgres.rows(sql`
      INSERT INTO project_memberships (organization_id, project_id, user_id, role, created_at, updated_at)
      VALUES ('acme', 'staging', 'ada', 'ADMIN', ${at}, ${at})`);
    const cookie = cookieOf(await signInAs('vic@acme.dev'));
    const { body } = await ask('/api/auth/session', { headers: { ...here, cookie } });
    await postgres.rows(sql`DELETE FROM project_memberships WHERE project_id = 'staging'`);
    expect(body).toMatchObject({
      organizations: [
        {
          id: 'acme',
          owners: ['ada'],
          projects: [
            { id: 'prod', owners: ['ada'] },
            { id: 'staging', owners: [] },
          ],
        },
      ],
    });
  });

  test('nobody is signed in without a cookie', async () => {
    expect(await ask('/api/auth/session')).toMatchObject({ status: 200, body: { user: null } });
    expect(
      await ask('/api/auth/session', { headers: { ...here, cookie: `next-auth.session-token=${'x'.repeat(43)}` } }),
    ).toMatchObject({
      status: 200,
      body: { user: null },
    });
  });

  test('the cookie is for the server and this site alone', async () => {
    const { setCookie } = await signInAs('ada@acme.dev');
    expect(setCookie).toMatch(/^next-auth\.session-token=[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Lax$/);
  });

  test('on https it is Secure, with suffix and domain as set', async () => {
    const secure = await openSite(postgres, {
      NEXTAUTH_URL: 'https://traces.acme.dev',
      NEXTAUTH_COOKIE_NAME_SUFFIX: '.eu',
      NEXTAUTH_COOKIE_DOMAIN: 'acme.dev',
      AUTH_SESSION_MAX_AGE: '5',
    });
    const { setCookie } = await signInAs('ada@acme.dev', PASSWORD, { origin: 'https://traces.acme.dev' }, secure);
    expect(setCookie).toMatch(
      /^__Secure-next-auth\.session-token\.eu=[\w-]{43}; Max-Age=300; Domain=acme\.dev; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
  });

  test('with NEXTAUTH_URL only its own origin may sign in, whatever host was reached', async () => {
    const named = await openSite(postgres, { NEXTAUTH_URL: 'http://traces.acme.dev:3000' });
    const from = (origin: string) => signInAs('ada@acme.dev', PASSWORD, { origin, host: 'evil.example' }, named);
    expect(await from('http://evil.example')).toMatchObject({ status: 403 });
    expect(await from('http://traces.acme.dev')).toMatchObject({ status: 403 });
    expect(await from('http://traces.acme.dev:3000')).toMatchObject({ status: 200 });
  });

  test.each([
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['a sibling host', { 'sec-fetch-site': 'same-site' }],
    ['another origin', { origin: 'https://evil.example' }],
    ['nowhere', {}],
  ])('a sign-in sent from %s is refused', async (_, headers) => {
    expect(await signInAs('ada@acme.dev', PASSWORD, headers as Record<string, string>)).toMatchObject({
      status: 403,
      setCookie: '',
    });
    expect(site.hashed()).toBe(0);
  });

  test('every failure looks the same and costs one hash', async () => {
    const failures = [];
    for (const [email, password] of [
      ['ada@acme.dev', 'wrong'],
      ['nobody@acme.dev', PASSWORD],
      ['gone@acme.dev', PASSWORD],
      ['sso@acme.dev', PASSWORD],
    ] as const) {
      const { status, body, setCookie } = await signInAs(email, password);
      failures.push({ status, body, setCookie, hashed: site.hashed() });
    }
    expect(failures[0]).toEqual({
      status: 401,
      body: { message: 'E-mail or password is not right.' },
      setCookie: '',
      hashed: 1,
    });
    expect(new Set(failures.map((failure) => JSON.stringify(failure))).size).toBe(1);
  });

  test('after five tries nothing is hashed any more, also not the right password', async () => {
    for (let i = 0; i < 5; i += 1) await signInAs('ada@acme.dev', 'wrong');
    site.hashed();
    const refused = await signInAs('ada@acme.dev');
    expect(refused).toMatchObject({
      status: 429,
      body: { message: expect.stringMatching(/^Too many tries/) as string },
    });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(site.hashed()).toBe(0);
  });

  test('a password of a megabyte is refused unhashed', async () => {
    expect(await signInAs('ada@acme.dev', 'x'.repeat(1_000_000))).toMatchObject({ status: 413 });
    expect(await signInAs('ada@acme.dev', 'x'.repeat(2000))).toMatchObject({ status: 400 });
    expect(site.hashed()).toBe(0);
  });

  test("upstream's bcrypt hash is good, and gives way to ours", async () => {
    const stored = () =>
      postgres.rows<{ password_hash: string }>(sql`SELECT password_hash FROM users WHERE id = 'vic'`);
    await postgres.rows(
      sql`UPDATE users SET password_hash = ${await bcrypt.hash(PASSWORD, { cost: 4 })} WHERE id = 'vic'`,
    );
    expect(await signInAs('vic@acme.dev')).toMatchObject({ status: 200 });
    expect((await stored())[0]?.password_hash).toMatch(/^\$argon2id/);
    expect(await signInAs('vic@acme.dev')).toMatchObject({ status: 200 });
  });

  test('each sign-in has a new token and ends the session it replaces', async () => {
    const first = await signInAs('ada@acme.dev');
    const second = await signInAs('ada@acme.dev', PASSWORD, { ...here, cookie: cookieOf(first) });
    expect(cookieOf(second)).not.toBe(cookieOf(first));
    expect(await ask('/api/auth/session', { headers: { ...here, cookie: cookieOf(first) } })).toMatchObject({
      body: { user: null },
    });
    expect(await ask('/api/auth/session', { headers: { ...here, cookie: cookieOf(second) } })).toMatchObject({
      body: { user: { id: 'ada' } },
    });
  });

  test('signing out ends the session on the server', async () => {
    const cookie = cookieOf(await signInAs('ada@acme.dev'));
    const signedOut = await ask('/api/auth/signout', { method: 'POST', headers: { ...here, cookie } });
    expect(signedOut).toMatchObject({ status: 200 });
    expect(signedOut.setCookie).toMatch(/^next-auth\.session-token=; Max-Age=0;/);
    expect(await ask('/api/auth/session', { headers: { ...here, cookie } })).toMatchObject({ body: { user: null } });
    expect(await ask('/api/auth/signout', { method: 'POST', headers: here })).toMatchObject({ status: 200 });
  });

  test('another site can neither read nor end a session', async () => {
    const cookie = cookieOf(await signInAs('ada@acme.dev'));
    const elsewhere = { 'sec-fetch-site': 'cross-site', cookie };
    expect(await ask('/api/auth/session', { headers: elsewhere })).toMatchObject({ status: 403 });
    expect(await ask('/api/auth/signout', { method: 'POST', headers: elsewhere })).toMatchObject({ status: 403 });
    expect(await ask('/api/auth/session', { headers: { ...here, cookie } })).toMatchObject({
      body: { user: { id: 'ada' } },
    });
  });

  test('a session ends after its time without use, and lives on with it', async () => {
    const brief = await openSite(postgres, { AUTH_SESSION_MAX_AGE: '10' });
    const cookie = cookieOf(await signInAs('ada@acme.dev', PASSWORD, here, brief));
    const look = async () => (await brief.ask('/api/auth/session', { headers: { ...here, cookie } })).body['user'];
    for (let i = 0; i < 3; i += 1) {
      brief.clock.advance(9 * 60_000);
      expect(await look()).toMatchObject({ id: 'ada' });
    }
    brief.clock.advance(10 * 60_000);
    expect(await look()).toBeNull();
  });

  test('the address of a caller is what a trusted proxy says, and nobody else', async () => {
    const behindProxy = await openSite(postgres, { TRACEHOUSE_TRUSTED_PROXIES: '127.0.0.0/8' });
    const forwarded = { ...here, 'x-forwarded-for': '203.0.113.9' };
    const addressOf = async (at: Site) => {
      await postgres.rows(sql`DELETE FROM sessions`);
      await signInAs('ada@acme.dev', PASSWORD, forwarded, at);
      return postgres.rows(sql`SELECT ip FROM sessions`);
    };
    expect(await addressOf(site)).toEqual([{ ip: '127.0.0.1' }]);
    expect(await addressOf(behindProxy)).toEqual([{ ip: '203.0.113.9' }]);
  });

  test('no table holds a cookie', async () => {
    const token = cookieOf(await signInAs('ada@acme.dev')).split('=')[1] ?? '?';
    const rows = await postgres.rows(sql`SELECT to_jsonb(s) AS session FROM sessions s`);
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(token);
  });
});

describe('GET /api/public/projects', () => {
  test("names the key's one project", async () => {
    const key = await keys.create({ projectId: 'prod' });
    expect(await ask('/api/public/projects', { headers: basic(key) })).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: {
        data: [
          { id: 'prod', name: 'Production', organization: { id: 'acme', name: 'Acme' }, metadata: { tier: 'prod' } },
        ],
      },
    });
  });

  test('refuses with message alone, other methods with 405', async () => {
    expect((await ask('/api/public/projects')).body).toEqual({ message: 'No authorization header' });
    expect(await ask('/api/public/projects', { method: 'PATCH', body: {} })).toMatchObject({ status: 405 });
  });
});

describe('API keys of a project', () => {
  const path = '/api/public/x/api-keys';

  test('a person makes one, sees it listed without secret, uses it and revokes it', async () => {
    const session = { ...here, cookie: cookieOf(await signInAs('ada@acme.dev')), 'x-tracehouse-project': 'staging' };
    const made = await ask(path, { method: 'POST', headers: session, body: { note: ' Shop backend ' } });
    expect(made).toMatchObject({ status: 201, body: { note: 'Shop backend', lastUsedAt: null, expiresAt: null } });
    const { secretKey, ...shown } = made.body as { id: string; publicKey: string; secretKey: string };
    expect(
      await ask('/api/public/projects', { headers: basic({ publicKey: shown.publicKey, secretKey }) }),
    ).toMatchObject({ status: 200 });
    await keys.settled();
    expect((await ask(path, { headers: session })).body).toEqual({
      data: [{ ...shown, lastUsedAt: clock.now().toISOString() }],
    });
    expect(await postgres.rows(sql`SELECT created_by FROM api_keys WHERE id = ${shown.id}`)).toEqual([
      { created_by: 'ada' },
    ]);
    expect(await ask(`${path}/${shown.id}`, { method: 'DELETE', headers: session })).toMatchObject({
      status: 200,
      body: { success: true },
    });
    expect(
      await ask('/api/public/projects', { headers: basic({ publicKey: shown.publicKey, secretKey }) }),
    ).toMatchObject({ status: 401 });
    expect(await ask(`${path}/${shown.id}`, { method: 'DELETE', headers: session })).toMatchObject({ status: 404 });
  });

  test('the newest comes first', async () => {
    const { createdAt: _, ...first } = await keys.create({ projectId: 'staging' }, { note: 'first' });
    clock.advance(1000);
    const second = await keys.create({ projectId: 'staging' }, { note: 'second' });
    const { data } = (await ask(path, { headers: basic(second) })).body as { data: { note: string }[] };
    expect(data.map(({ note }) => note)).toEqual(['second', 'first']);
    await keys.revoke({ projectId: 'staging' }, first.id);
    await keys.revoke({ projectId: 'staging' }, second.id);
  });

  test('a project neither sees nor revokes the keys of another', async () => {
    const ours = await keys.create({ projectId: 'prod' });
    const theirs = await keys.create({ projectId: 'theirs' });
    const listed = (await ask(path, { headers: basic(ours) })).body as { data: { id: string }[] };
    expect(listed.data.map(({ id }) => id)).not.toContain(theirs.id);
    expect(await ask(`${path}/${theirs.id}`, { method: 'DELETE', headers: basic(ours) })).toMatchObject({
      status: 404,
    });
    expect(await ask('/api/public/projects', { headers: basic(theirs) })).toMatchObject({ status: 200 });
  });

  test('a viewer may not make one and is told who may', async () => {
    const session = { ...here, cookie: cookieOf(await signInAs('vic@acme.dev')), 'x-tracehouse-project': 'prod' };
    expect(await ask(path, { method: 'POST', headers: session, body: {} })).toMatchObject({
      status: 403,
      body: { message: 'You need the role ADMIN or higher in project Production to do this. Owners: ada.' },
    });
  });
});

describe('API keys by an organization key', () => {
  const path = '/api/public/projects/prod/apiKeys';

  test('lists, makes and revokes keys of its own projects', async () => {
    const organization = basic(await keys.create({ organizationId: 'acme' }));
    const made = await ask(path, { method: 'POST', headers: organization, body: { note: 'ci' } });
    expect(made).toMatchObject({ status: 201, body: { note: 'ci' } });
    expect(Object.keys(made.body).toSorted()).toEqual([
      'createdAt',
      'displaySecretKey',
      'id',
      'note',
      'publicKey',
      'secretKey',
    ]);
    const { apiKeys } = (await ask(path, { headers: organization })).body as { apiKeys: { id: string }[] };
    expect(apiKeys.at(-1)).toEqual({
      id: made.body['id'],
      createdAt: made.body['createdAt'],
      expiresAt: null,
      lastUsedAt: null,
      note: 'ci',
      publicKey: made.body['publicKey'],
      displaySecretKey: made.body['displaySecretKey'],
    });
    const removed = await ask(`${path}/${String(made.body['id'])}`, { method: 'DELETE', headers: organization });
    expect(removed).toMatchObject({ status: 200, body: { success: true } });
    expect(await ask(`${path}/nothing`, { method: 'DELETE', headers: organization })).toMatchObject({
      status: 404,
      body: { message: 'API key not found' },
    });
  });

  test('stores a pair made elsewhere, which needs both keys and their prefixes', async () => {
    const organization = basic(await keys.create({ organizationId: 'acme' }));
    const make = (body: unknown) => ask(path, { method: 'POST', headers: organization, body });
    const pair = { publicKey: 'pk-lf-elsewhere', secretKey: 'sk-lf-elsewhere' };
    expect(await make(pair)).toMatchObject({ status: 201, body: pair });
    expect(await make(pair)).toMatchObject({ status: 409 });
    expect(await make({ publicKey: 'pk-lf-alone' })).toMatchObject({ status: 400 });
    expect(await make({ publicKey: 'mine', secretKey: 'sk-lf-x' })).toMatchObject({ status: 400 });
    expect(await ask('/api/public/projects', { headers: basic(pair) })).toMatchObject({ status: 200 });
  });

  test("another organization's project is not there, and a project key is not enough", async () => {
    const organization = basic(await keys.create({ organizationId: 'other' }));
    expect(await ask(path, { headers: organization })).toMatchObject({ status: 404 });
    expect(await ask(path, { headers: basic(await keys.create({ projectId: 'prod' })) })).toMatchObject({
      status: 403,
      body: { message: 'Invalid API key. Organization-scoped API key required for this operation.' },
    });
    expect(await ask(path)).toMatchObject({ status: 401, body: { message: 'No authorization header' } });
  });
});

test('nothing secret was logged on the way', () => {
  expect(JSON.stringify(site.lines)).not.toMatch(/sk-lf-|correct horse|session-token/);
});
