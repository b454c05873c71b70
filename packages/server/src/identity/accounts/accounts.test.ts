import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { sql } from '../../stores/postgres/sql.ts';
import { openMailbox } from './mailbox.ts';
import { createPasswords } from './passwords.ts';
import { openTestPostgres } from '../../stores/test-stores.ts';
import { cookieOf, here, openSite, type Site } from '../sessions/site.ts';

const OLD = 'another horse 9';
const NEW = 'a better horse 8';
const ACCOUNT = '/api/public/x/account';
const at = new Date('2026-03-01T00:00:00Z');

let postgres: Postgres;
let mailbox: Awaited<ReturnType<typeof openMailbox>>;
let passwordHash: string;
let site: Site;

beforeAll(async () => {
  postgres = await openTestPostgres();
  mailbox = await openMailbox();
  passwordHash = await createPasswords().hash(OLD);
});
beforeEach(async () => {
  mailbox.mails.length = 0;
  await postgres.script('TRUNCATE users, rate_limits, login_codes CASCADE');
  for (const [id, hash] of [
    ['lin', passwordHash],
    ['ada', passwordHash],
  ] as const)
    await postgres.rows(sql`
      INSERT INTO users (id, email, name, password_hash, created_at, updated_at)
      VALUES (${id}, ${`${id}@acme.dev`}, ${id}, ${hash}, ${at}, ${at})`);
  site = await openSite(postgres, mailbox.env);
});
afterEach(async () => {
  vi.useRealTimers();
  await site.mailer.close();
  await site.server.close();
});
afterAll(async () => {
  await mailbox.close();
  await postgres.close();
});

const enter = async (email = 'lin@acme.dev', headers: Record<string, string> = here, at = site) =>
  cookieOf(await at.signIn(email, OLD, headers));
const as = (cookie: string) => ({ headers: { ...here, cookie } });
const isIn = async (cookie: string) => (await site.ask(ACCOUNT, as(cookie))).status === 200;
const change = (cookie: string, current: string, password = NEW, at = site) =>
  at.ask(`${ACCOUNT}/password`, { method: 'PUT', ...as(cookie), body: { current, password } });

describe('the own account', () => {
  test('is shown to its person and to nobody else', async () => {
    expect(await site.ask(ACCOUNT, as(await enter()))).toMatchObject({
      status: 200,
      body: {
        id: 'lin',
        email: 'lin@acme.dev',
        name: 'lin',
        isEmailVerified: false,
        hasPassword: true,
        mayUsePassword: true,
        sendsMail: true,
        createdAt: '2026-03-01T00:00:00.000Z',
      },
    });
    expect(await site.ask(ACCOUNT)).toMatchObject({ status: 401 });
    const { cookie } = as(await enter()).headers;
    expect(await site.ask(ACCOUNT, { headers: { cookie, 'sec-fetch-site': 'cross-site' } })).toMatchObject({
      status: 403,
    });
  });

  test('has a name that follows the rules of signing up', async () => {
    const cookie = await enter();
    const rename = (name: string) => site.ask(ACCOUNT, { method: 'PATCH', ...as(cookie), body: { name } });
    expect(await rename(' Lin Yu ')).toMatchObject({ status: 200, body: { name: 'Lin Yu' } });
    expect(await rename('<img>')).toMatchObject({ status: 400 });
    expect((await site.ask('/api/auth/session', as(cookie))).body).toMatchObject({ user: { name: 'Lin Yu' } });
    expect(await postgres.rows(sql`SELECT name FROM users WHERE id = 'ada'`)).toEqual([{ name: 'ada' }]);
  });
});

describe('a new password', () => {
  test('ends every other session and goes on under a new cookie', async () => {
    const [here_, there, others] = [await enter(), await enter(), await enter('ada@acme.dev')];
    const done = await change(here_, OLD);
    expect(done).toMatchObject({ status: 200, body: { success: true } });
    expect(cookieOf(done)).not.toBe(here_);
    expect(await Promise.all([here_, there, others, cookieOf(done)].map(isIn))).toEqual([false, false, true, true]);
    expect(await site.signIn('lin@acme.dev', OLD)).toMatchObject({ status: 401 });
    expect(await site.signIn('lin@acme.dev', NEW)).toMatchObject({ status: 200 });
  });

  test('needs the current one, and guessing it is limited as at the sign-in', async () => {
    vi.useFakeTimers({ toFake: ['Date'] }); // limits count minutes of the machine's clock
    const cookie = await enter();
    for (let i = 0; i < 5; i += 1)
      expect(await change(cookie, 'wrong')).toMatchObject({
        status: 422,
        body: { message: 'The current password is not right.' },
        setCookie: '',
      });
    site.hashed();
    expect(await change(cookie, OLD)).toMatchObject({ status: 429 });
    expect(site.hashed()).toBe(0);
    expect(await isIn(cookie)).toBe(true);
  });

  test('follows the rules, and is not for who signs in by SSO', async () => {
    const cookie = await enter();
    expect(await change(cookie, OLD, 'short')).toMatchObject({ status: 400 });
    const sso = await openSite(postgres, { AUTH_DOMAINS_WITH_SSO_ENFORCEMENT: 'acme.dev' });
    expect(await change(cookie, OLD, NEW, sso)).toMatchObject({ status: 403 });
    await postgres.rows(sql`UPDATE users SET password_hash = NULL WHERE id = 'lin'`);
    expect(await change(cookie, OLD)).toMatchObject({ status: 409 });
  });
});

describe('sessions', () => {
  const list = async (cookie: string) =>
    (await site.ask(`${ACCOUNT}/sessions`, as(cookie))).body['data'] as { id: string; isCurrent: boolean }[];

  test('are listed with where and since when, the own one marked, those of others never', async () => {
    await enter('ada@acme.dev');
    await enter('lin@acme.dev', { ...here, 'user-agent': 'Firefox' });
    site.clock.advance(1000);
    const listed = await list(await enter('lin@acme.dev', { ...here, 'user-agent': 'Chromium' }));
    expect(listed).toMatchObject([
      { method: 'password', userAgent: 'Chromium', ip: '127.0.0.1', isCurrent: true },
      { userAgent: 'Firefox', isCurrent: false, createdAt: '2026-03-01T12:00:00.000Z' },
    ]);
    expect(JSON.stringify(listed)).not.toContain('token');
  });

  test('one is ended and its next request refused; those of others cannot be', async () => {
    const [mine, there, others] = [await enter(), await enter(), await enter('ada@acme.dev')];
    const [foreign] = await list(others);
    const other = (await list(mine)).find(({ isCurrent }) => !isCurrent);
    const end = (id = '') => site.ask(`${ACCOUNT}/sessions/${id}`, { method: 'DELETE', ...as(mine) });
    expect(await end(other?.id)).toMatchObject({ status: 200, body: { success: true } });
    expect(await end(foreign?.id)).toMatchObject({ status: 404 });
    expect(await Promise.all([mine, there, others].map(isIn))).toEqual([true, false, true]);
  });

  test('all of them end, or all others', async () => {
    const [mine, there, third] = [await enter(), await enter(), await enter('ada@acme.dev')];
    const end = (query: string) => site.ask(`${ACCOUNT}/sessions${query}`, { method: 'DELETE', ...as(mine) });
    expect(await end('?others=true')).toMatchObject({ status: 200, setCookie: '' });
    expect(await Promise.all([mine, there, third].map(isIn))).toEqual([true, false, true]);
    expect((await end('')).setCookie).toMatch(/=; Max-Age=0/);
    expect(await Promise.all([mine, third].map(isIn))).toEqual([false, true]);
  });
});

describe('the address', () => {
  const verify = (cookie: string, code: string) => site.post(`${ACCOUNT}/email/verify`, { code }, as(cookie).headers);

  test('is verified by a code sent to it, and the session goes on', async () => {
    const cookie = await enter();
    expect(await site.post(`${ACCOUNT}/email/code`, undefined, as(cookie).headers)).toMatchObject({ status: 200 });
    await site.mailer.settled();
    expect(await verify(cookie, mailbox.codeFor('lin@acme.dev'))).toMatchObject({
      status: 200,
      body: { isEmailVerified: true, hasPassword: true },
    });
    expect(await isIn(cookie)).toBe(true);
    expect(await site.post(`${ACCOUNT}/email/code`, undefined, as(cookie).headers)).toMatchObject({ status: 409 });
  });

  test('is not verified by the code of another', async () => {
    const [lin, ada] = [await enter(), await enter('ada@acme.dev')];
    await site.post(`${ACCOUNT}/email/code`, undefined, as(ada).headers);
    await site.mailer.settled();
    expect(await verify(lin, mailbox.codeFor('ada@acme.dev'))).toMatchObject({ status: 422 });
    expect((await site.ask(ACCOUNT, as(lin))).body).toMatchObject({ isEmailVerified: false });
  });
});

test('the audit log tells what was done to an account, from where, and what was refused, without a secret', async () => {
  await postgres.rows(sql`DELETE FROM audit_log`);
  const [mine] = [await enter(), await enter('lin@acme.dev', { ...here, 'user-agent': 'Firefox' })];
  await site.signIn('lin@acme.dev', 'wrong');
  await site.signIn('my-secret-in-the-wrong-field', 'wrong');
  await site.ask(`${ACCOUNT}/sessions?others=true`, { method: 'DELETE', ...as(mine) });
  await site.ask(ACCOUNT, { method: 'PATCH', ...as(mine), body: { name: 'Lin Yu' } });
  await change(mine, OLD);
  await site.post('/api/auth/password/code', { email: 'lin@acme.dev' });
  await site.mailer.settled();
  const code = mailbox.codeFor('lin@acme.dev');
  await site.post('/api/auth/password/reset', { email: 'lin@acme.dev', code, password: OLD });
  const lines = await postgres.rows<Record<string, unknown>>(
    sql`SELECT actor_id, actor_name, ip, action, object_type, refused_for FROM audit_log`,
  );
  const line = (action: string, objectType: string, refusedFor: string | null = null) => ({
    actor_id: 'lin',
    actor_name: 'lin@acme.dev',
    ip: '127.0.0.1',
    action,
    object_type: objectType,
    refused_for: refusedFor,
  });
  expect(lines).toHaveLength(7);
  for (const expected of [
    line('sign-in', 'session', 'wrong password'),
    { ...line('sign-in', 'session', 'wrong password'), actor_id: null, actor_name: null },
    line('revoke', 'session'),
    line('update', 'user'),
    line('update', 'password'),
    line('verify', 'user'),
    line('reset', 'password'),
  ])
    expect(lines).toContainEqual(expected);
  const everything = JSON.stringify(await postgres.rows(sql`SELECT to_jsonb(a) AS line FROM audit_log a`));
  expect(everything).not.toMatch(new RegExp(`my-secret|horse|${code}`));
});

test('a key opens no account', async () => {
  await postgres.rows(sql`
    INSERT INTO organizations (id, name, created_at, updated_at) VALUES ('acme', 'Acme', ${at}, ${at})`);
  await postgres.rows(sql`
    INSERT INTO projects (id, organization_id, name, created_at, updated_at) VALUES ('prod', 'acme', 'P', ${at}, ${at})`);
  for (const owner of [{ projectId: 'prod' }, { organizationId: 'acme' }]) {
    const { publicKey, secretKey } = await site.keys.create(owner);
    const authorization = `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString('base64')}`;
    expect(await site.ask(ACCOUNT, { headers: { authorization } })).toMatchObject({ status: 403 });
  }
  await site.keys.settled();
  await postgres.rows(sql`DELETE FROM organizations`);
});
