/*
 * What docs/security.md promises of sign-in as a whole, by the table of its routes: a new one is held to it without a word here.
 * Promises of one subject are tested beside it: limits (rate-limits, identity), codes and mail (sign-up, password-reset, mailer),
 * SSO (sso/), the policy of content (http/server).
 */
import type { Route } from '@tracehouse/contract/route';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { sql } from '../../stores/postgres/sql.ts';
import { openMailbox } from './mailbox.ts';
import { createPasswords } from './passwords.ts';
import { openTestPostgres } from '../../stores/test-stores.ts';
import { cookieOf, here, openSite, type Site } from '../sessions/site.ts';

const PASSWORD = 'another horse 9';
const ACCOUNT = '/api/public/x/account';
const at = new Date('2026-03-01T00:00:00Z');

let postgres: Postgres;
let mailbox: Awaited<ReturnType<typeof openMailbox>>;
let passwordHash: string;
let site: Site;
/** The same on https, where people reach it. */
let secure: Site;

beforeAll(async () => {
  postgres = await openTestPostgres();
  mailbox = await openMailbox();
  passwordHash = await createPasswords().hash(PASSWORD);
  site = await openSite(postgres, mailbox.env);
  secure = await openSite(postgres, { ...mailbox.env, NEXTAUTH_URL: 'https://traces.acme.dev' });
});
beforeEach(async () => {
  mailbox.mails.length = 0;
  await postgres.script('TRUNCATE users, rate_limits, login_codes CASCADE');
  await postgres.rows(sql`
    INSERT INTO users (id, email, name, password_hash, created_at, updated_at)
    VALUES ('lin', 'lin@acme.dev', 'Lin', ${passwordHash}, ${at}, ${at})`);
});
afterAll(async () => {
  for (const { mailer, server } of [site, secure]) {
    await mailer.close();
    await server.close();
  }
  await mailbox.close();
  await postgres.close();
});

type Answer = Awaited<ReturnType<Site['ask']>>;
const NEW = { name: 'Ada', email: 'ada@acme.dev', password: 'correct horse 9' };

/** Every way in which a browser gets a session by password; `cookie` is what it came with. */
const waysIn: [name: string, (cookie: string, on: Site) => Promise<Answer>][] = [
  ['signing in', (cookie, on) => on.signIn('lin@acme.dev', PASSWORD, { ...here, cookie })],
  ['signing up', (cookie, on) => on.post('/api/auth/signup', NEW, { ...here, cookie })],
  [
    'a new password by a code',
    async (cookie, on) => {
      await on.post('/api/auth/password/code', { email: 'lin@acme.dev' });
      await on.mailer.settled();
      const body = { email: 'lin@acme.dev', code: mailbox.codeFor('lin@acme.dev'), password: NEW.password };
      return on.post('/api/auth/password/reset', body, { ...here, cookie });
    },
  ],
  [
    'a new password from the account',
    (cookie, on) =>
      on.ask(`${ACCOUNT}/password`, {
        method: 'PUT',
        headers: { ...here, cookie },
        body: { current: PASSWORD, password: NEW.password },
      }),
  ],
];

describe.each(waysIn)('session fixation: %s', (_, enter) => {
  test('gives a cookie the browser did not come with, and ends the one it came with', async () => {
    const before = cookieOf(await site.signIn('lin@acme.dev', PASSWORD));
    const after = await enter(before, site);
    expect(after.status).toBe(200);
    expect(cookieOf(after)).toMatch(/^next-auth\.session-token=[\w-]{43}$/);
    expect(cookieOf(after)).not.toBe(before);
    expect(await site.ask(ACCOUNT, { headers: { ...here, cookie: before } })).toMatchObject({ status: 401 });
    expect(await site.ask(ACCOUNT, { headers: { ...here, cookie: cookieOf(after) } })).toMatchObject({ status: 200 });
  });

  test('takes no cookie that somebody else has made up', async () => {
    // One way starts from a session; the others from what a stranger planted.
    const planted = `next-auth.session-token=${'a'.repeat(43)}`;
    const answer = await enter(planted, site);
    expect([200, 401]).toContain(answer.status);
    expect(answer.setCookie).not.toContain('a'.repeat(43));
    expect(await site.ask(ACCOUNT, { headers: { ...here, cookie: planted } })).toMatchObject({ status: 401 });
  });

  test('sets a cookie for the server and this site alone, and on https never without it', async () => {
    const [plain, onHttps] = [
      await site.signIn('lin@acme.dev', PASSWORD),
      await secure.signIn('lin@acme.dev', PASSWORD),
    ];
    const flags = ({ setCookie }: Answer): string[] => setCookie.split('; ').slice(1).toSorted();
    expect(flags(await enter(cookieOf(plain), site))).toEqual([
      'HttpOnly',
      'Max-Age=2592000',
      'Path=/',
      'SameSite=Lax',
    ]);
    await postgres.script('TRUNCATE rate_limits, login_codes');
    await postgres.rows(sql`DELETE FROM users WHERE email = ${NEW.email}`);
    await postgres.rows(sql`UPDATE users SET password_hash = ${passwordHash} WHERE id = 'lin'`);
    const again = cookieOf(onHttps);
    const there = await enter(await stillGood(again), secure);
    expect(there.setCookie).toMatch(/^__Secure-next-auth/);
    expect(flags(there)).toEqual(['HttpOnly', 'Max-Age=2592000', 'Path=/', 'SameSite=Lax', 'Secure']);
  });

  /** A reset on the one site has ended the sessions of the other: they have one database. */
  async function stillGood(cookie: string): Promise<string> {
    const { status } = await secure.ask(ACCOUNT, { headers: { ...here, cookie } });
    return status === 200 ? cookie : cookieOf(await secure.signIn('lin@acme.dev', PASSWORD));
  }
});

const filled = (route: Route): string => route.path.replace(/:\w+/g, 'something');
/** What most of them take, so that it is not the body that is refused. */
const body = { ...NEW, code: '123456', current: PASSWORD, token: 'token', returnTo: '/' };
const ask = (route: Route, headers: Record<string, string>): Promise<Answer> =>
  site.ask(filled(route), { method: route.method, headers, ...(route.method !== 'GET' && { body }) });

describe('requests of other sites', () => {
  const elsewhere: [name: string, headers: Record<string, string>][] = [
    ['another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
    ['a sibling host', { 'sec-fetch-site': 'same-site', origin: 'https://other.acme.dev' }],
    ['another origin', { origin: 'https://evil.example' }],
    ['a page without an origin', { origin: 'null' }],
    ['nowhere', {}],
  ];

  test.each(elsewhere)('from %s a cookie opens nothing that needs a session or a role', async (_, headers) => {
    const cookie = cookieOf(await site.signIn('lin@acme.dev', PASSWORD));
    const routes = site.routes.filter(({ scope }) => scope !== 'public' && scope !== 'link' && scope !== 'admin');
    expect(routes.length).toBeGreaterThan(20);
    for (const route of routes) {
      const { status, headers: answered } = await ask(route, { ...headers, cookie });
      expect({ route: `${route.method} ${route.path}`, status }).toEqual({
        route: `${route.method} ${route.path}`,
        status: 403,
      });
      expect(answered['access-control-allow-origin']).toBeUndefined();
    }
    expect(await site.ask(ACCOUNT, { headers: { ...here, cookie } })).toMatchObject({ status: 200 });
  });

  /** What other sites may send: a provider tells of a logout without a browser; scripts make accounts, without a session. */
  const open = new Set(['/api/auth/backchannel-logout/:provider', '/api/auth/signup']);

  const changesNothing = (audit: Route['audit']): boolean =>
    typeof audit === 'object' && audit.none === 'changes nothing';

  test.each(elsewhere)('from %s nothing works that sets a cookie', async (_, headers) => {
    const routes = site.routes.filter(
      ({ scope, method, path, audit }) =>
        scope === 'public' && method !== 'GET' && !open.has(path) && !changesNothing(audit),
    );
    expect(routes.length).toBeGreaterThan(4);
    for (const route of routes) {
      const cookie = cookieOf(await site.signIn('lin@acme.dev', PASSWORD));
      await postgres.script('TRUNCATE rate_limits');
      const { status, setCookie, headers: answered } = await ask(route, { ...headers, cookie });
      // One that wants another body refuses it before it looks at anything else.
      expect({ route: route.path, refused: status === 403 || status === 400 }).toEqual({
        route: route.path,
        refused: true,
      });
      expect(setCookie).toBe('');
      expect(answered['access-control-allow-origin']).toBeUndefined();
      expect(await site.ask(ACCOUNT, { headers: { ...here, cookie } })).toMatchObject({ status: 200 });
    }
  });
});

test('no route of sign-in may be kept by a cache once it has named a person or set a cookie', async () => {
  const signedIn = await site.signIn('lin@acme.dev', PASSWORD);
  const session = await site.ask('/api/auth/session', { headers: { ...here, cookie: cookieOf(signedIn) } });
  for (const { headers } of [signedIn, session]) expect(headers['cache-control']).toBe('no-store');
});

test('no table and no log holds a cookie, a code or a password', async () => {
  const cookies = [];
  for (const [, enter] of waysIn) {
    const before = cookieOf(await site.signIn('lin@acme.dev', PASSWORD));
    cookies.push(before, cookieOf(await enter(before, site)));
    await postgres.script('TRUNCATE rate_limits');
    await postgres.rows(sql`DELETE FROM users WHERE email = ${NEW.email}`);
    await postgres.rows(sql`UPDATE users SET password_hash = ${passwordHash} WHERE id = 'lin'`);
  }
  const tables = await postgres.rows<{ name: string }>(
    sql`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`,
  );
  expect(tables.length).toBeGreaterThan(10);
  const everything = [JSON.stringify(site.lines)];
  for (const { name } of tables)
    everything.push(
      JSON.stringify(await postgres.rows({ text: `SELECT to_jsonb(t) AS row FROM "${name}" t`, values: [] })),
    );
  for (const secret of [...cookies.map((cookie) => cookie.split('=')[1]!), PASSWORD, NEW.password])
    expect(everything.join('\n').includes(secret)).toBe(false);
});
