import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { sql } from '../../stores/postgres/sql.ts';
import { seedTwoOrganizations } from '../scenario.ts';
import { openTestPostgres } from '../../stores/test-stores.ts';
import type { Browser } from './browser.ts';
import { openSsoSite, type SsoSite, URL_OF_SITE } from './site.ts';
import { startStandInProvider, type StandInPerson, type StandInProvider } from './stand-in-provider.ts';

const PASSWORD = 'correct horse battery';
const at = new Date('2026-03-01T00:00:00Z');
const ada: StandInPerson = { sub: 'ada-1', email: 'ada@acme.dev', email_verified: true, name: 'Ada' };
const unproved: StandInPerson = { ...ada, email_verified: false };

let postgres: Postgres;
let provider: StandInProvider;
/** By what is set: linking off, linking on, linking on with addresses trusted, sign-up closed. */
let sites: Record<'strict' | 'linking' | 'trusting' | 'closed', SsoSite>;
let passwordHash: string;

beforeAll(async () => {
  postgres = await openTestPostgres();
  provider = await startStandInProvider();
  const env = provider.env('KEYCLOAK');
  const linking = { ...env, AUTH_KEYCLOAK_ALLOW_ACCOUNT_LINKING: 'true' };
  sites = {
    strict: await openSsoSite(postgres, env),
    linking: await openSsoSite(postgres, linking),
    trusting: await openSsoSite(postgres, { ...linking, TRACEHOUSE_SSO_TRUST_EMAIL: 'keycloak' }),
    closed: await openSsoSite(postgres, { ...env, AUTH_DISABLE_SIGNUP: 'true' }),
  };
  passwordHash = await sites.strict.passwords.hash(PASSWORD);
});
afterAll(async () => {
  await provider.close();
  await postgres.close();
});
beforeEach(async () => {
  provider.straighten();
  await postgres.script('DELETE FROM users; DELETE FROM organizations; DELETE FROM audit_log; DELETE FROM rate_limits');
  await seedTwoOrganizations(postgres);
});

/** Somebody with this address and a password, who has a session. */
async function seedAccount({
  id = 'ada',
  email = 'ada@acme.dev',
  isVerified = false,
  hasPassword = true,
}: { id?: string; email?: string; isVerified?: boolean; hasPassword?: boolean } = {}): Promise<Browser> {
  await postgres.rows(sql`
    INSERT INTO users (id, email, name, password_hash, email_verified_at, created_at, updated_at)
    VALUES (${id}, ${email}, ${id}, ${passwordHash}, ${isVerified ? at : null}, ${at}, ${at})`);
  const browser = sites.strict.browser();
  const { status } = await browser.post('/api/auth/signin/password', { email, password: PASSWORD });
  expect(status).toBe(200);
  if (!hasPassword) await postgres.rows(sql`UPDATE users SET password_hash = NULL WHERE id = ${id}`);
  return browser;
}

const errorOf = (location: string): string | null => new URL(location).searchParams.get('error');
const whoIs = async (browser: Browser): Promise<string | null> =>
  ((await browser.get('/api/auth/session')).body as { user: { id: string } | null }).user?.id ?? null;
const account = async (): Promise<Record<string, unknown>> =>
  (
    await postgres.rows<Record<string, unknown>>(sql`
      SELECT password_hash IS NOT NULL AS "hasPassword", email_verified_at IS NOT NULL AS "isVerified",
        (SELECT count(*)::int FROM identities) AS identities, (SELECT count(*)::int FROM users) AS users
      FROM users WHERE id = 'ada'`)
  )[0]!;
const lines = (action: string) =>
  postgres.rows(sql`
    SELECT action, actor_id, actor_name, object_type, refused_for FROM audit_log WHERE action = ${action} ORDER BY at, id`);

describe('an address that an account has', () => {
  test.each([
    ['verified there, proved here', ada, true],
    ['verified there, not proved here', ada, false],
    ['not verified there, proved here', unproved, true],
    ['not verified there, not proved here', unproved, false],
  ])('without linking, %s: refused with what to do, and nothing changes', async (_, person, isVerified) => {
    const owner = await seedAccount({ isVerified });
    const before = await account();
    const { browser, location } = await sites.strict.signIn(provider, person);
    expect(location).toBe(`${URL_OF_SITE}/auth/error?error=OAuthAccountNotLinked`);
    expect((await browser.get('/api/auth/refusal')).body).toEqual({
      code: 'OAuthAccountNotLinked',
      provider: 'Keycloak',
      email: 'ada@acme.dev',
    });
    expect(await whoIs(browser)).toBeNull();
    expect(await whoIs(owner)).toBe('ada');
    expect(await account()).toEqual({ ...before, identities: 0 });
    expect(await lines('sign-in')).toMatchObject([
      { actor_name: 'ada@acme.dev', refused_for: 'OAuthAccountNotLinked' },
    ]);
  });

  test('verified there, proved here: linked, and what was there goes on', async () => {
    const owner = await seedAccount({ isVerified: true });
    const { browser } = await sites.linking.signIn(provider, ada);
    expect(await whoIs(browser)).toBe('ada');
    expect(await whoIs(owner)).toBe('ada');
    expect(await account()).toEqual({ hasPassword: true, isVerified: true, identities: 1, users: 1 });
  });

  test('verified there, never proved here: linked, and whoever had made the account is out', async () => {
    const stranger = await seedAccount();
    // A stranger may also have linked a sign-in of their own.
    await postgres.rows(sql`
      INSERT INTO identities (issuer, subject, user_id, provider, email, email_verified, created_at, last_login_at)
      VALUES ('https://evil.example', 'eve', 'ada', 'custom', 'ada@acme.dev', false, ${at}, ${at})`);
    const { browser } = await sites.linking.signIn(provider, ada);
    expect(await whoIs(browser)).toBe('ada');
    expect(await whoIs(stranger)).toBeNull();
    expect(await account()).toEqual({ hasPassword: false, isVerified: true, identities: 1, users: 1 });
    const again = await stranger.post('/api/auth/signin/password', { email: 'ada@acme.dev', password: PASSWORD });
    expect(again.status).toBe(401);
  });

  test.each([
    ['proved here', true],
    ['not proved here', false],
  ])('not verified there, %s: the password is asked for, and without it nothing happens', async (_, isVerified) => {
    const owner = await seedAccount({ isVerified });
    const { browser, location } = await sites.linking.signIn(provider, unproved);
    expect(location).toBe(`${URL_OF_SITE}/auth/link`);
    expect(await whoIs(browser)).toBeNull();
    expect((await browser.get('/api/auth/link')).body).toEqual({
      email: 'ada@acme.dev',
      provider: 'Keycloak',
      hasPassword: true,
    });
    expect(await browser.post('/api/auth/link', { password: 'wrong' })).toMatchObject({
      status: 401,
      body: { message: 'This is not the password of the account.' },
    });
    expect(await account()).toEqual({ hasPassword: true, isVerified, identities: 0, users: 1 });
    expect(await whoIs(owner)).toBe('ada');
  });

  test('not verified there, of a trusted provider: as if it were', async () => {
    await seedAccount();
    const { browser } = await sites.trusting.signIn(provider, unproved);
    expect(await whoIs(browser)).toBe('ada');
    expect(await account()).toEqual({ hasPassword: false, isVerified: true, identities: 1, users: 1 });
  });

  test('of a disabled account lets nobody in, by whatever row', async () => {
    await seedAccount({ isVerified: true });
    await sites.linking.signIn(provider, ada);
    await postgres.rows(sql`UPDATE users SET disabled_at = ${at} WHERE id = 'ada'`);
    for (const person of [ada, { ...ada, sub: 'ada-2' }, { ...unproved, sub: 'ada-3' }]) {
      const { browser, location } = await sites.linking.signIn(provider, person);
      expect(errorOf(location)).toBe('UserDisabled');
      expect(await whoIs(browser)).toBeNull();
    }
  });
});

describe('the password that links', () => {
  const wait = async (site = sites.linking) => (await site.signIn(provider, unproved)).browser;

  test('links once, signs in, and goes on where the person wanted to', async () => {
    await seedAccount();
    const browser = await wait();
    const { status, body } = await browser.post('/api/auth/link', { password: PASSWORD });
    expect({ status, body }).toEqual({ status: 200, body: { url: `${URL_OF_SITE}/project/prod/traces?q=x` } });
    expect(await whoIs(browser)).toBe('ada');
    // The address is no more proved than before.
    expect(await account()).toEqual({ hasPassword: true, isVerified: false, identities: 1, users: 1 });
    expect(await browser.post('/api/auth/link', { password: PASSWORD })).toMatchObject({ status: 404 });
    expect(await lines('link')).toMatchObject([{ actor_id: 'ada', object_type: 'identity', refused_for: null }]);

    const { browser: later } = await sites.strict.signIn(provider, unproved);
    expect(await whoIs(later)).toBe('ada');
  });

  test('is asked from the browser that signed in at the provider, in its ten minutes, on a page of this site', async () => {
    await seedAccount();
    const browser = await wait();
    const other = sites.linking.browser();
    expect((await other.get('/api/auth/link')).body).toEqual({ email: null });
    expect(await other.post('/api/auth/link', { password: PASSWORD })).toMatchObject({ status: 404 });
    const elsewhere = await browser.post('/api/auth/link', { password: PASSWORD }, { 'sec-fetch-site': 'cross-site' });
    expect(elsewhere.status).toBe(403);

    const slow = await openSsoSite(postgres, {
      ...provider.env('KEYCLOAK'),
      AUTH_KEYCLOAK_ALLOW_ACCOUNT_LINKING: 'true',
    });
    const late = (await slow.signIn(provider, unproved)).browser;
    slow.advance(11 * 60_000);
    expect(await late.post('/api/auth/link', { password: PASSWORD })).toMatchObject({ status: 404 });
  });

  test('cannot be guessed: the limits of the sign-in count', async () => {
    await seedAccount();
    // The sign-in of the account itself was right, and counts no more.
    const browser = await wait();
    const statuses = [];
    for (let i = 0; i < 6; i += 1) statuses.push((await browser.post('/api/auth/link', { password: 'wrong' })).status);
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
    expect(await browser.post('/api/auth/link', { password: PASSWORD })).toMatchObject({ status: 429 });
  });

  test('counts where passwords are switched off for signing in', async () => {
    await seedAccount();
    const site = await openSsoSite(postgres, {
      ...provider.env('KEYCLOAK'),
      AUTH_KEYCLOAK_ALLOW_ACCOUNT_LINKING: 'true',
      AUTH_DISABLE_USERNAME_PASSWORD: 'true',
    });
    const browser = await wait(site);
    expect(await browser.post('/api/auth/link', { password: PASSWORD })).toMatchObject({ status: 200 });
    expect(await whoIs(browser)).toBe('ada');
  });

  test('of an account without one: the page is told so, and no password is right', async () => {
    await seedAccount({ hasPassword: false });
    const browser = await wait();
    expect((await browser.get('/api/auth/link')).body).toMatchObject({ hasPassword: false });
    expect(await browser.post('/api/auth/link', { password: PASSWORD })).toMatchObject({ status: 401 });
  });

  test('what waits for it is in no table in clear', async () => {
    await seedAccount();
    const browser = await wait();
    const rows = await postgres.rows(sql`SELECT to_jsonb(p) AS row FROM pending_links p`);
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(browser.jar.get('tracehouse.link'));
    expect(JSON.stringify(rows)).not.toMatch(/eyJhbGciOiJSUzI1NiI|ada-1/);
  });
});

describe('somebody new', () => {
  test('without address is told so, and nobody is made', async () => {
    const { browser, location } = await sites.strict.signIn(provider, { ...ada, email: undefined });
    expect(errorOf(location)).toBe('EmailMissing');
    expect(await whoIs(browser)).toBeNull();
    expect((await sites.strict.signIn(provider, { ...ada, email: 'no address' })).location).toContain('EmailMissing');
  });

  test('with an address that is not verified comes in, and it grants nothing', async () => {
    await postgres.rows(sql`
      INSERT INTO invitations (id, organization_id, email, role, token_hash, created_at, expires_at)
      VALUES ('i', 'acme', 'ada@acme.dev', 'ADMIN', '\\x01', ${new Date()}, ${new Date(Date.now() + 60_000)})`);
    const { browser } = await sites.strict.signIn(provider, unproved);
    expect((await browser.get('/api/auth/session')).body).toMatchObject({
      user: { email: 'ada@acme.dev' },
      organizations: [],
    });
    // Verified by then, the address takes what waited for it.
    const { browser: later } = await sites.strict.signIn(provider, ada);
    expect((await later.get('/api/auth/session')).body).toMatchObject({
      organizations: [{ id: 'acme', role: 'ADMIN' }],
    });
  });

  test('is refused where sign-up is closed, unless invited under a verified address', async () => {
    expect((await sites.closed.signIn(provider, ada)).location).toContain('error=SignupDisabled');
    const soon = new Date(Date.now() + 60_000);
    await postgres.rows(sql`
      INSERT INTO invitations (id, organization_id, email, role, token_hash, created_at, expires_at)
      VALUES ('i', 'acme', 'ada@acme.dev', 'VIEWER', '\\x02', ${new Date()}, ${soon})`);
    expect((await sites.closed.signIn(provider, unproved)).location).toContain('error=SignupDisabled');
    const { browser } = await sites.closed.signIn(provider, ada);
    expect((await browser.get('/api/auth/session')).body).toMatchObject({
      organizations: [{ id: 'acme', role: 'VIEWER' }],
    });
    // Who is somebody already comes in as before.
    expect((await sites.closed.signIn(provider, ada)).location).toBe(`${URL_OF_SITE}/project/prod/traces?q=x`);
  });
});

describe('the own account', () => {
  const link = (browser: Browser, body: object) => browser.post('/api/public/x/account/identities/keycloak', body);

  test('is linked by who is signed in and types the password, also without the flag', async () => {
    const owner = await seedAccount();
    const { status, body } = await link(owner, { password: PASSWORD, returnTo: '/account/security' });
    expect(status).toBe(200);
    const before = owner.jar.get('next-auth.session-token');
    const { headers } = await owner.arrive(
      provider.authorize((body as { url: string }).url, { ...ada, email: 'ada@private.example' }),
    );
    expect(headers['location']).toBe(`${URL_OF_SITE}/account/security`);
    expect(owner.jar.get('next-auth.session-token')).not.toBe(before);
    expect(await whoIs(owner)).toBe('ada');
    expect((await owner.get('/api/public/x/account/identities')).body).toMatchObject({
      data: [{ id: 'keycloak', provider: 'Keycloak', email: 'ada@private.example' }],
    });
    expect(await lines('link')).toMatchObject([{ actor_id: 'ada' }]);
  });

  test('is not linked without the password', async () => {
    const owner = await seedAccount();
    expect(await link(owner, {})).toMatchObject({ status: 422 });
    expect(await link(owner, { password: 'wrong' })).toMatchObject({ status: 422 });
  });

  test('without a password is linked by who signed in a moment ago', async () => {
    const { browser } = await sites.strict.signIn(provider, ada);
    expect(await link(browser, {})).toMatchObject({ status: 200 });
    await postgres.rows(sql`UPDATE sessions SET created_at = ${new Date(Date.now() - 11 * 60_000)}`);
    expect(await link(browser, {})).toMatchObject({ status: 409 });
  });

  test('is not linked to what opens another account, nor once its owner signed out', async () => {
    await sites.strict.signIn(provider, { ...ada, email: 'other@acme.dev' });
    const owner = await seedAccount();
    const { body } = await link(owner, { password: PASSWORD });
    const taken = await owner.arrive(provider.authorize((body as { url: string }).url, ada));
    expect(errorOf(String(taken.headers['location']))).toBe('IdentityTaken');
    expect(await lines('link')).toMatchObject([{ refused_for: 'IdentityTaken' }]);

    const second = await link(owner, { password: PASSWORD });
    await owner.post('/api/auth/signout');
    const over = await owner.arrive(provider.authorize((second.body as { url: string }).url, { ...ada, sub: 'ada-9' }));
    expect(errorOf(String(over.headers['location']))).toBe('AttemptExpired');
  });

  test('is unlinked with the other sessions it had, and never from its last way in', async () => {
    const { browser } = await sites.strict.signIn(provider, ada);
    const { browser: elsewhere } = await sites.strict.signIn(provider, ada);
    const path = '/api/public/x/account/identities/keycloak';
    expect(await browser.delete(path)).toMatchObject({ status: 409 });
    await postgres.rows(sql`UPDATE users SET password_hash = ${passwordHash}`);
    expect(await browser.delete(path)).toMatchObject({ status: 200 });
    expect(await whoIs(elsewhere)).toBeNull();
    expect(await whoIs(browser)).not.toBeNull();
    expect(await lines('unlink')).toMatchObject([{ object_type: 'identity' }]);
    expect((await sites.strict.signIn(provider, ada)).location).toContain('OAuthAccountNotLinked');
    // Its end at the provider is no business of ours any more.
    expect((await browser.post('/api/auth/signout')).body).toEqual({ url: null, provider: null });
  });
});
