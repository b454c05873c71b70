import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { sql } from '../../stores/postgres/sql.ts';
import { openMailbox } from './mailbox.ts';
import { createPasswords } from './passwords.ts';
import { openTestPostgres } from '../../stores/test-stores.ts';
import { cookieOf, here, openSite, type Site } from '../sessions/site.ts';

const OLD = 'another horse 9';
const NEW = 'a better horse 8';
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
  for (const [id, hash, disabledAt] of [
    ['lin', passwordHash, null],
    ['sso', null, null],
    ['gone', passwordHash, at],
  ] as const)
    await postgres.rows(sql`
      INSERT INTO users (id, email, name, password_hash, disabled_at, created_at, updated_at)
      VALUES (${id}, ${`${id}@acme.dev`}, ${id}, ${hash}, ${disabledAt}, ${at}, ${at})`);
  site = await openSite(postgres, mailbox.env);
});
afterEach(async () => {
  await site.mailer.close();
  await site.server.close();
});
afterAll(async () => {
  await mailbox.close();
  await postgres.close();
});

const requestCode = (email: string, headers: Record<string, string> = here, to = site) =>
  to.post('/api/auth/password/code', { email }, headers);
const reset = (email: string, code: string, password = NEW, headers: Record<string, string> = here) =>
  site.post('/api/auth/password/reset', { email, code, password }, headers);
async function codeFor(email: string): Promise<string> {
  expect(await requestCode(email)).toMatchObject({ status: 200, body: { sent: true } });
  await site.mailer.settled();
  return mailbox.codeFor(email);
}
const sessionOf = async (cookie: string) =>
  (await site.ask('/api/auth/session', { headers: { ...here, cookie } })).body;

test('a code sets a new password, ends every session, signs in, and verifies the address', async () => {
  const before = cookieOf(await site.signIn('lin@acme.dev', OLD));
  const code = await codeFor('lin@acme.dev');
  const done = await reset(' Lin@acme.dev', code);
  expect(done).toMatchObject({ status: 200, body: { user: { id: 'lin', email: 'lin@acme.dev' } } });
  expect(await sessionOf(before)).toEqual({ user: null });
  expect(await sessionOf(cookieOf(done))).toMatchObject({ user: { id: 'lin' } });
  expect(await site.signIn('lin@acme.dev', OLD)).toMatchObject({ status: 401 });
  expect(await site.signIn('lin@acme.dev', NEW)).toMatchObject({ status: 200 });
  expect(await postgres.rows(sql`SELECT email_verified_at IS NULL AS open FROM users WHERE id = 'lin'`)).toEqual([
    { open: false },
  ]);
  expect(await reset('lin@acme.dev', code)).toMatchObject({ status: 422 });
});

test('who came by SSO gets a first password by the same code', async () => {
  expect(await reset('sso@acme.dev', await codeFor('sso@acme.dev'))).toMatchObject({ status: 200 });
  expect(await site.signIn('sso@acme.dev', NEW)).toMatchObject({ status: 200 });
});

test('known, unknown and disabled addresses get the same answers after the same hashes; only the known one gets a mail', async () => {
  const answers = [];
  for (const email of ['lin@acme.dev', 'nobody@acme.dev', 'gone@acme.dev']) {
    const asked = await requestCode(email);
    const duringTheAnswer = mailbox.mails.length;
    await site.mailer.settled();
    site.hashed();
    const tried = await reset(email, '000000');
    answers.push(JSON.stringify([asked.status, asked.body, tried.status, tried.body, site.hashed()]));
    expect(duringTheAnswer).toBe(mailbox.mails.length - (email.startsWith('lin') ? 1 : 0));
  }
  expect(new Set(answers).size).toBe(1);
  expect(mailbox.mails.map(({ to }) => to)).toEqual([['lin@acme.dev']]);
});

test('a code for one thing is not good for another, nor for another address', async () => {
  const code = await codeFor('lin@acme.dev');
  expect(await reset('sso@acme.dev', code)).toMatchObject({ status: 422 });
  const cookie = cookieOf(await site.signIn('lin@acme.dev', OLD));
  expect(await site.post('/api/public/x/account/email/verify', { code }, { ...here, cookie })).toMatchObject({
    status: 422,
  });
});

test('five tries at the same moment count as five', async () => {
  const code = await codeFor('lin@acme.dev');
  const wrong = code === '123456' ? '123457' : '123456';
  await Promise.all(Array.from({ length: 5 }, () => reset('lin@acme.dev', wrong)));
  expect(await reset('lin@acme.dev', code)).toMatchObject({ status: 422 });
});

test('the right code at the same moment is good once', async () => {
  const code = await codeFor('lin@acme.dev');
  const both = await Promise.all([reset('lin@acme.dev', code), reset('lin@acme.dev', code)]);
  expect(both.map(({ status }) => status).toSorted()).toEqual([200, 422]);
});

test('a password that breaks the rules uses up no code', async () => {
  const code = await codeFor('lin@acme.dev');
  expect(await reset('lin@acme.dev', code, 'short')).toMatchObject({ status: 400 });
  expect(await reset('lin@acme.dev', code)).toMatchObject({ status: 200 });
});

test('pages of other sites can neither ask for a mail nor set a password', async () => {
  const elsewhere = { 'sec-fetch-site': 'cross-site' };
  expect(await requestCode('lin@acme.dev', elsewhere)).toMatchObject({ status: 403 });
  expect(await reset('lin@acme.dev', '123456', NEW, elsewhere)).toMatchObject({ status: 403, setCookie: '' });
});

test('without mail, and for a domain with SSO, it says that there is no such way', async () => {
  const silent = await openSite(postgres);
  expect(await requestCode('lin@acme.dev', here, silent)).toMatchObject({
    status: 403,
    body: { message: 'This installation sends no mail (SMTP_CONNECTION_URL).' },
  });
  const sso = await openSite(postgres, { ...mailbox.env, AUTH_DOMAINS_WITH_SSO_ENFORCEMENT: 'acme.dev' });
  expect(await requestCode('lin@acme.dev', here, sso)).toMatchObject({ status: 403 });
  await sso.mailer.close();
});
