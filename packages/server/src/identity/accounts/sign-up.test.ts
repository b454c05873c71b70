import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { sql } from '../../stores/postgres/sql.ts';
import { openMailbox } from './mailbox.ts';
import { createPasswords } from './passwords.ts';
import { seedTwoOrganizations } from '../scenario.ts';
import { openTestPostgres } from '../../stores/test-stores.ts';
import { cookieOf, here, openSite, type Site } from '../sessions/site.ts';

const ADA = { name: 'Ada', email: 'ada@acme.dev', password: 'correct horse 9' };
const at = new Date('2026-03-01T00:00:00Z');

let postgres: Postgres;
let mailbox: Awaited<ReturnType<typeof openMailbox>>;
let passwordHash: string;
const sites: Site[] = [];
const siteWith = async (env: Record<string, string> = {}): Promise<Site> => {
  const site = await openSite(postgres, env);
  sites.push(site);
  return site;
};
/** Where the address is verified before the account exists. */
const strictSite = (): Promise<Site> => siteWith({ ...mailbox.env, AUTH_EMAIL_VERIFICATION_REQUIRED: 'true' });

beforeAll(async () => {
  postgres = await openTestPostgres();
  await seedTwoOrganizations(postgres);
  mailbox = await openMailbox();
  passwordHash = await createPasswords().hash('another horse 9');
});
beforeEach(async () => {
  mailbox.mails.length = 0;
  await postgres.script('TRUNCATE users, rate_limits, login_codes CASCADE');
  await postgres.rows(sql`
    INSERT INTO users (id, email, name, password_hash, created_at, updated_at)
    VALUES ('lin', 'lin@acme.dev', 'Lin', ${passwordHash}, ${at}, ${at})`);
});
/** Limits count minutes of the machine's clock. */
const stopTheClock = () => vi.useFakeTimers({ toFake: ['Date'] });
afterEach(async () => {
  vi.useRealTimers();
  for (const site of sites.splice(0)) {
    await site.mailer.close();
    await site.server.close();
  }
});
afterAll(async () => {
  await mailbox.close();
  await postgres.close();
});

const signUp = (site: Site, body: object = ADA, headers: Record<string, string> = here) =>
  site.post('/api/auth/signup', body, headers);
const people = () =>
  postgres.rows(
    sql`SELECT email, name, email_verified_at IS NOT NULL AS verified FROM users ORDER BY created_at, email`,
  );
const sessionOf = async (site: Site, cookie: string) =>
  (await site.ask('/api/auth/session', { headers: { ...here, cookie } })).body;

describe('signing up', () => {
  test("makes an account in upstream's words, and signs in who asked from a page", async () => {
    const site = await siteWith();
    const done = await signUp(site, { ...ADA, email: ' Ada@Acme.dev', referralSource: 'a friend' });
    expect(done).toMatchObject({ status: 200, body: { message: 'User created' } });
    expect(await sessionOf(site, cookieOf(done))).toMatchObject({
      user: { email: 'ada@acme.dev', name: 'Ada' },
      organizations: [],
    });
    expect(await people()).toContainEqual({ email: 'ada@acme.dev', name: 'Ada', verified: false });
    expect(await site.signIn(ADA.email, ADA.password)).toMatchObject({ status: 200 });
  });

  test('a script makes an account without a session, a page of another site makes none', async () => {
    const site = await siteWith();
    expect(await signUp(site, ADA, {})).toMatchObject({ status: 200, setCookie: '' });
    for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.example' }])
      expect(await signUp(site, { ...ADA, email: 'eve@acme.dev' }, headers as Record<string, string>)).toMatchObject({
        status: 403,
        setCookie: '',
      });
    expect(await people()).toHaveLength(2);
  });

  test('another method is 405', async () => {
    expect(await (await siteWith()).ask('/api/auth/signup')).toMatchObject({ status: 405 });
  });

  test.each([
    [{ password: 'short 9' }, 'Password needs: at least 8 characters'],
    [{ password: 'correcthorse' }, 'Password needs: a digit, a special character'],
    [{ password: '12345678' }, 'Password needs: a letter, a special character'],
    [{ password: 'a'.repeat(1001) }, 'Password has more than 1000 characters'],
    [{ password: undefined }, 'Password is missing'],
    [{ email: 'ada' }, 'This is not an e-mail address'],
    [{ email: 'ada@acme.dev\r\nBcc: eve@evil.example' }, 'This is not an e-mail address'],
    [{ name: '' }, 'Name is missing'],
    [{ name: '<b>Ada</b>' }, "Name begins with a letter and has letters, digits, blanks, dots, ' and - alone"],
    [{ name: 'Win at evil.example' }, 'Name must not look like a web address'],
    [{ name: 'a'.repeat(101) }, 'Name has more than 100 characters'],
  ])('%j is answered 422: %s', async (wrong, message) => {
    const site = await siteWith();
    expect(await signUp(site, { ...ADA, ...wrong })).toMatchObject({ status: 422, body: { message } });
    expect(site.hashed()).toBe(0);
    expect(await people()).toHaveLength(1);
  });

  test.each(['Zoë O’Neil', "D'Arcy St. John-Smith 3", 'J.R.R. Tolkien', '李小龙'])('%s is a name', async (name) => {
    expect(await signUp(await siteWith(), { ...ADA, name })).toMatchObject({ status: 200 });
  });

  test('a taken address is told in upstream’s words, after one hash as for a new one', async () => {
    const site = await siteWith();
    await signUp(site);
    const forNew = site.hashed();
    const taken = await signUp(site, { ...ADA, email: 'LIN@acme.dev' });
    expect(taken).toMatchObject({
      status: 422,
      body: { message: 'Signup: Error creating user: User with email already exists. Please sign in.' },
      setCookie: '',
    });
    expect(site.hashed()).toBe(forNew);
    expect(await site.signIn('lin@acme.dev', ADA.password)).toMatchObject({ status: 401 });
  });

  test('one network can ask for twenty addresses a minute and no more', async () => {
    stopTheClock();
    const site = await siteWith();
    for (let i = 0; i < 20; i += 1) await signUp(site, { ...ADA, email: `${i}@acme.dev` });
    site.hashed();
    expect(await signUp(site)).toMatchObject({ status: 429 });
    expect(site.hashed()).toBe(0);
  });

  test.each(['AUTH_DISABLE_SIGNUP', 'NEXT_PUBLIC_SIGN_UP_DISABLED'])(
    '%s keeps new people out and says so',
    async (name) => {
      const site = await siteWith({ [name]: 'true' });
      const refused = await signUp(site);
      expect(refused).toMatchObject({
        status: 422,
        body: {
          message: expect.stringMatching(/^Signup: Error creating user: New accounts are switched off/) as string,
        },
      });
      // Whether the address is known makes no difference.
      expect((await signUp(site, { ...ADA, email: 'lin@acme.dev' })).body).toEqual(refused.body);
      expect(await site.signIn('lin@acme.dev', 'another horse 9')).toMatchObject({ status: 200 });
    },
  );

  test('a domain with SSO has neither sign-up nor password, others have', async () => {
    const site = await siteWith({ AUTH_DOMAINS_WITH_SSO_ENFORCEMENT: 'acme.dev' });
    expect(await signUp(site)).toMatchObject({
      status: 422,
      body: { message: expect.stringContaining('People of acme.dev sign in by single sign-on') as string },
    });
    expect(await site.signIn('LIN@ACME.DEV', 'another horse 9')).toMatchObject({ status: 403 });
    expect(await site.signIn('nobody@acme.dev', 'another horse 9')).toMatchObject({ status: 403 });
    expect(site.hashed()).toBe(0);
    expect(await signUp(site, { ...ADA, email: 'ada@sub.acme.dev' })).toMatchObject({ status: 200 });
  });
});

describe('where the address has to be verified first', () => {
  const requestCode = (site: Site, email: string, headers: Record<string, string> = here) =>
    site.post('/api/auth/signup/code', { email }, headers);

  test('there is no account without the code', async () => {
    const site = await strictSite();
    expect(await signUp(site)).toMatchObject({ status: 403 });
    expect(await requestCode(site, ' Ada@Acme.dev ')).toMatchObject({ status: 200, body: { sent: true } });
    await site.mailer.settled();
    const code = mailbox.codeFor('ada@acme.dev');
    expect(code).toMatch(/^\d{6}$/);
    expect(await signUp(site, { ...ADA, code: ` ${code.slice(0, 3)} ${code.slice(3)}\n` })).toMatchObject({
      status: 200,
    });
    expect(await people()).toContainEqual({ email: 'ada@acme.dev', name: 'Ada', verified: true });
  });

  test('a code is good once, and for its own address', async () => {
    const site = await strictSite();
    await requestCode(site, 'ada@acme.dev');
    await site.mailer.settled();
    const code = mailbox.codeFor('ada@acme.dev');
    expect(await signUp(site, { ...ADA, email: 'eve@acme.dev', code })).toMatchObject({ status: 422 });
    expect(await signUp(site, { ...ADA, code })).toMatchObject({ status: 200 });
    await postgres.rows(sql`DELETE FROM users WHERE email = 'ada@acme.dev'`);
    expect(await signUp(site, { ...ADA, code })).toMatchObject({ status: 422 });
  });

  test('known and unknown addresses get the same answers, and the known one a mail that says so', async () => {
    const site = await strictSite();
    const answers = [];
    for (const email of ['lin@acme.dev', 'ada@acme.dev']) {
      const asked = await requestCode(site, email);
      await site.mailer.settled();
      site.hashed();
      const tried = await signUp(site, { ...ADA, email, code: '000000' });
      answers.push([asked.status, asked.body, tried.status, tried.body, site.hashed()]);
    }
    expect(answers[0]).toEqual(answers[1]);
    expect(mailbox.mails.map(({ to, head }) => [to[0], /^Subject: (.*)$/m.exec(head)?.[1]])).toEqual([
      ['lin@acme.dev', 'You have an account already'],
      ['ada@acme.dev', 'Code for your e-mail address'],
    ]);
    expect(mailbox.codeFor('lin@acme.dev')).toBe('');
  });

  test('after five wrong tries the right code is no longer good', async () => {
    const site = await strictSite();
    await requestCode(site, 'ada@acme.dev');
    await site.mailer.settled();
    const code = mailbox.codeFor('ada@acme.dev');
    const wrong = code === '123456' ? '123457' : '123456';
    for (let i = 0; i < 5; i += 1) expect(await signUp(site, { ...ADA, code: wrong })).toMatchObject({ status: 422 });
    expect(await signUp(site, { ...ADA, code })).toMatchObject({
      status: 422,
      body: { message: 'The code is not right or no longer good. Ask for a new one.' },
    });
  });

  test('after three minutes it is not, and a newer one takes its place before', async () => {
    const site = await strictSite();
    const fresh = async () => {
      await requestCode(site, 'ada@acme.dev');
      await site.mailer.settled();
      return mailbox.codeFor('ada@acme.dev');
    };
    const old = await fresh();
    let code = await fresh();
    while (code === old) code = await fresh();
    expect(await signUp(site, { ...ADA, code: old })).toMatchObject({ status: 422 });
    site.clock.advance(3 * 60_000);
    expect(await signUp(site, { ...ADA, code })).toMatchObject({ status: 422 });
  });

  test('a mailbox is not flooded, from however many networks', async () => {
    stopTheClock();
    const site = await strictSite();
    const ask = (from: string) =>
      site.ask('/api/auth/signup/code', { method: 'POST', headers: here, body: { email: 'ada@acme.dev' }, from });
    for (let i = 0; i < 3; i += 1) expect(await ask('203.0.113.1')).toMatchObject({ status: 200 });
    expect(await ask('203.0.113.1')).toMatchObject({ status: 429 });
    for (let i = 0; i < 7; i += 1) expect(await ask(`198.51.100.${i}`)).toMatchObject({ status: 200 });
    expect(await ask('198.51.100.200')).toMatchObject({ status: 429 });
  });

  test('pages of other sites ask for no mail, and an installation without mail sends none', async () => {
    expect(await requestCode(await strictSite(), ADA.email, { 'sec-fetch-site': 'cross-site' })).toMatchObject({
      status: 403,
    });
    expect(await requestCode(await siteWith(), ADA.email)).toMatchObject({ status: 403 });
  });

  test('no table and no log holds a code, a mail or an address that failed', async () => {
    const site = await strictSite();
    await requestCode(site, 'ada@acme.dev');
    await site.mailer.settled();
    const rows = await postgres.rows(sql`
      SELECT (SELECT jsonb_agg(c) FROM login_codes c) AS codes, (SELECT jsonb_agg(l) FROM rate_limits l) AS limits`);
    expect(JSON.stringify(rows)).toContain('argon2id');
    expect(JSON.stringify(rows)).not.toContain(`"${mailbox.codeFor('ada@acme.dev')}"`);
    expect(JSON.stringify(site.lines)).not.toMatch(/ada@acme|\d{6}"/);
  });
});

describe('which ways in are open', () => {
  const options = async (env: Record<string, string>, query = '') =>
    (await (await siteWith(env)).ask(`/api/auth/options${query}`)).body;
  const usual = {
    password: true,
    emailFirst: false,
    signUp: true,
    emailVerification: false,
    reset: false,
    providers: [],
  };

  test.each([
    ['nothing', {}, usual],
    ['sign-up switched off', { AUTH_DISABLE_SIGNUP: 'true' }, { ...usual, signUp: false }],
    ['SSO for a domain', { AUTH_DOMAINS_WITH_SSO_ENFORCEMENT: 'acme.dev' }, { ...usual, emailFirst: true }],
  ])('with %s', async (_, env, expected) => {
    expect(await options(env)).toEqual(expected);
  });

  test('with mail a password can be reset, and an address verified', async () => {
    expect(await options({ ...mailbox.env, AUTH_EMAIL_VERIFICATION_REQUIRED: 'true' })).toEqual({
      ...usual,
      emailVerification: true,
      reset: true,
    });
  });

  test('a domain with SSO is told when it is asked for, and the list of them is not', async () => {
    const env = { ...mailbox.env, AUTH_DOMAINS_WITH_SSO_ENFORCEMENT: 'acme.dev' };
    expect(await options(env, '?domain=Acme.dev')).toMatchObject({ password: false, signUp: false, reset: false });
    expect(await options(env, '?domain=other.dev')).toMatchObject({ password: true, signUp: true, reset: true });
    expect(JSON.stringify(await options(env))).not.toContain('acme.dev');
  });
});

describe('who may make organizations', () => {
  test.each([
    ['everyone where nobody is named', {}, true],
    ['not who is not named', { LANGFUSE_ALLOWED_ORGANIZATION_CREATORS: 'lin@acme.dev' }, false],
    ['not who is named and not verified', { LANGFUSE_ALLOWED_ORGANIZATION_CREATORS: 'ada@acme.dev' }, false],
  ])('%s', async (_, env, expected) => {
    const site = await siteWith(env);
    expect(await sessionOf(site, cookieOf(await signUp(site)))).toMatchObject({ canCreateOrganizations: expected });
  });

  test('who is named, once the address is verified', async () => {
    const site = await siteWith({ LANGFUSE_ALLOWED_ORGANIZATION_CREATORS: 'Ada@acme.dev' });
    const cookie = cookieOf(await signUp(site));
    await postgres.rows(sql`UPDATE users SET email_verified_at = ${at} WHERE email = 'ada@acme.dev'`);
    expect(await sessionOf(site, cookie)).toMatchObject({ canCreateOrganizations: true });
  });
});
