import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { sql } from '../../stores/postgres/sql.ts';
import { type Browser } from './browser.ts';
import { seedTwoOrganizations } from '../scenario.ts';
import { openTestPostgres } from '../../stores/test-stores.ts';
import { ownPath } from './own-path.ts';
import { openSsoSite, type SsoSite, URL_OF_SITE } from './site.ts';
import { startStandInProvider, type StandInPerson, type StandInProvider } from './stand-in-provider.ts';

const ada: StandInPerson = { sub: 'ada-1', email: 'Ada@Acme.dev', email_verified: true, name: 'Ada' };

let postgres: Postgres;
let provider: StandInProvider;
let site: SsoSite;

beforeAll(async () => {
  postgres = await openTestPostgres();
  provider = await startStandInProvider({ external: 'https://id.acme.example/realms/acme' });
  site = await openSsoSite(postgres, provider.env('KEYCLOAK'));
});
afterAll(async () => {
  await provider.close();
  await postgres.close();
});
beforeEach(async () => {
  provider.straighten();
  await postgres.script('DELETE FROM users; DELETE FROM organizations; DELETE FROM audit_log');
  await seedTwoOrganizations(postgres);
});

const users = () => postgres.rows<{ email: string }>(sql`SELECT email, name FROM users ORDER BY email`);
const whoIs = async (browser: Browser) =>
  (await browser.get('/api/auth/session')).body as { user: { email: string } | null };
const begin = async (browser: Browser, id = 'keycloak'): Promise<string> =>
  ((await browser.post(`/api/auth/signin/${id}`, {})).body as { url: string }).url;
const errorOf = (location: unknown): string | null =>
  new URL(String(location)).pathname === '/auth/error' ? new URL(String(location)).searchParams.get('error') : null;

describe('signing in', () => {
  test('a person is sent where they wanted to go, and is who the provider says', async () => {
    const { browser, location } = await site.signIn(provider, ada);
    expect(location).toBe(`${URL_OF_SITE}/project/prod/traces?q=x`);
    expect(await whoIs(browser)).toMatchObject({ user: { email: 'ada@acme.dev', name: 'Ada' } });
    expect(await postgres.rows(sql`SELECT email_verified_at IS NOT NULL AS verified FROM users`)).toEqual([
      { verified: true },
    ]);
  });

  test('the browser goes to the address the provider states, we to the one we were given', async () => {
    const { browser } = await site.signIn(provider, ada);
    expect(await begin(browser)).toMatch(/^https:\/\/id\.acme\.example\/realms\/acme\/authorize\?/);
    expect(provider.said.map(({ path }) => path)).toContain('/token');
    const [identity] = await postgres.rows(sql`SELECT issuer, subject, provider FROM identities`);
    expect(identity).toEqual({ issuer: 'https://id.acme.example/realms/acme', subject: 'ada-1', provider: 'keycloak' });
  });

  test('asks for PKCE, state and nonce, and comes back to the one address that NEXTAUTH_URL gives', async () => {
    const browser = site.browser();
    const { body } = await browser.post('/api/auth/signin/keycloak', {}, { host: 'evil.example' });
    const asked = Object.fromEntries(new URL((body as { url: string }).url).searchParams);
    expect(asked).toMatchObject({
      response_type: 'code',
      client_id: 'tracehouse',
      scope: 'openid email profile',
      redirect_uri: `${URL_OF_SITE}/api/auth/callback/keycloak`,
      code_challenge_method: 'S256',
    });
    for (const name of ['state', 'nonce', 'code_challenge']) expect(asked[name]).toMatch(/^[\w-]{43}$/);
  });

  test('a second sign-in is the same person, whatever address comes with it', async () => {
    await site.signIn(provider, ada);
    const { browser } = await site.signIn(provider, { ...ada, email: 'ada@elsewhere.dev', email_verified: false });
    expect(await whoIs(browser)).toMatchObject({ user: { email: 'ada@acme.dev' } });
    expect(await users()).toHaveLength(1);
  });

  test('the session keeps what ends it at the provider, sealed, and no table holds a token', async () => {
    const { browser } = await site.signIn(provider, ada);
    const rows = await postgres.rows<{ session: Record<string, string> }>(
      sql`SELECT to_jsonb(s) AS session FROM sessions s`,
    );
    expect(rows[0]?.session).toMatchObject({
      method: 'keycloak',
      issuer: provider.issuer,
      subject: 'ada-1',
      provider_session: 'session of ada-1',
      refresh_token: null,
    });
    const cookie = browser.jar.get('next-auth.session-token') ?? '?';
    const text = JSON.stringify(rows);
    expect(text).not.toContain(cookie);
    // A JWS begins like this; what is sealed is a JWE.
    expect(text).not.toContain('eyJhbGciOiJSUzI1NiI');
    expect(rows[0]?.session['id_token']).toMatch(/^eyJ[\w-]+\.\./);
  });

  test('each sign-in has a new token, and ends the session that the browser came with', async () => {
    const { browser } = await site.signIn(provider, ada);
    const before = browser.jar.get('next-auth.session-token')!;
    await site.signIn(provider, ada, { browser });
    expect(browser.jar.get('next-auth.session-token')).not.toBe(before);
    const old = site.browser();
    old.jar.set('next-auth.session-token', before);
    expect(await whoIs(old)).toEqual({ user: null });
  });

  test('sign-ins are in the audit log, with who, how and from where', async () => {
    await site.signIn(provider, ada);
    const lines = await postgres.rows(
      sql`SELECT action, actor_kind, actor_name, ip, after, refused_for FROM audit_log WHERE action = 'sign-in'`,
    );
    expect(lines).toEqual([
      {
        action: 'sign-in',
        actor_kind: 'person',
        actor_name: 'ada@acme.dev',
        ip: '127.0.0.1',
        after: { method: 'keycloak', account: 'new', emailVerified: true },
        refused_for: null,
      },
    ]);
  });

  test('an unknown provider is 404, one that does not answer 503 in words', async () => {
    const browser = site.browser();
    expect(await browser.post('/api/auth/signin/okta', {})).toMatchObject({ status: 404 });
    const other = await openSsoSite(postgres, {
      ...provider.env('KEYCLOAK'),
      AUTH_KEYCLOAK_ISSUER: 'http://127.0.0.1:9',
    });
    expect(await other.browser().post('/api/auth/signin/keycloak', {})).toMatchObject({
      status: 503,
      body: { message: 'Keycloak does not answer. Try again in a minute.' },
    });
  });

  test('a provider that is asked while it is down is asked again by the next who comes', async () => {
    const fresh = await openSsoSite(postgres, provider.env('KEYCLOAK'));
    provider.bend.isDown = true;
    expect(await fresh.browser().post('/api/auth/signin/keycloak', {})).toMatchObject({ status: 503 });
    provider.bend.isDown = false;
    expect(await fresh.browser().post('/api/auth/signin/keycloak', {})).toMatchObject({ status: 200 });
  });

  test('where the issuer is set as expected, another one is not taken', async () => {
    const env = { ...provider.env('KEYCLOAK'), TRACEHOUSE_SSO_KEYCLOAK_EXPECTED_ISSUER: 'https://other.example' };
    expect(await (await openSsoSite(postgres, env)).browser().post('/api/auth/signin/keycloak', {})).toMatchObject({
      status: 503,
    });
  });

  test('two tabs sign in side by side', async () => {
    const browser = site.browser();
    const [first, second] = [await begin(browser), await begin(browser)];
    for (const address of [second, first]) {
      const { headers } = await browser.arrive(provider.authorize(address, ada));
      expect(headers['location']).toBe(`${URL_OF_SITE}/`);
    }
  });

  test('sign-ins that were begun and left do not fill the header of cookies', async () => {
    const browser = site.browser();
    for (let i = 0; i < 20; i += 1) await begin(browser);
    expect(browser.jar.size).toBeLessThanOrEqual(6);
  });

  test('two first sign-ins of one person at the same moment make one user', async () => {
    const browsers = [site.browser(), site.browser(), site.browser()];
    const back: URL[] = [];
    for (const browser of browsers) back.push(provider.authorize(await begin(browser), ada));
    const answers = await Promise.all(browsers.map((browser, i) => browser.arrive(back[i]!)));
    for (const { headers } of answers) expect(headers['location']).toBe(`${URL_OF_SITE}/`);
    expect(await users()).toHaveLength(1);
  });
});

describe('cookies', () => {
  test('are for the server and this host alone, those of a sign-in for ten minutes', async () => {
    const { cookies } = await site.browser().post('/api/auth/signin/keycloak', {});
    expect(cookies).toEqual([
      expect.stringMatching(/^tracehouse\.login\.[\w-]{16}=[\w.-]+; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/),
    ]);
    const { cookies: after } = await site.signIn(provider, ada);
    for (const cookie of after) expect(cookie).toMatch(/; HttpOnly(; Secure)?; SameSite=Lax$/);
  });

  test('on https they are Secure, and those of a sign-in bound to the host', async () => {
    const secure = await openSsoSite(postgres, {
      ...provider.env('KEYCLOAK'),
      NEXTAUTH_URL: 'https://traces.acme.dev/api/auth',
      NEXTAUTH_COOKIE_DOMAIN: 'acme.dev',
    });
    const browser = secure.browser();
    const { body, cookies } = await browser.post('/api/auth/signin/keycloak', {});
    expect(cookies[0]).toMatch(
      /^__Host-tracehouse\.login\.[\w-]+=[\w.-]+; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
    const address = (body as { url: string }).url;
    expect(address).toContain(encodeURIComponent('https://traces.acme.dev/api/auth/callback/keycloak'));
    const { cookies: after, headers } = await browser.arrive(provider.authorize(address, ada));
    expect(headers['location']).toBe('https://traces.acme.dev/');
    for (const cookie of after) expect(cookie).toContain('; Secure');
  });
});

describe('threats', () => {
  const finish = async () => {
    const { browser, location } = await site.signIn(provider, ada);
    return { error: errorOf(location), who: await whoIs(browser) };
  };
  const nobody = (error: string) => ({ error, who: { user: null } });

  test.each([
    ['signed by another key', () => void (provider.bend.key = 'foreign')],
    ['not signed', () => void (provider.bend.key = 'none')],
    ['signed with the client secret', () => void (provider.bend.key = 'client secret')],
    ['of another issuer', () => void (provider.bend.claims = (claims) => ({ ...claims, iss: 'https://evil.example' }))],
    [
      'of the internal address',
      () => void (provider.bend.claims = (claims) => ({ ...claims, iss: provider.internal })),
    ],
    ['for another client', () => void (provider.bend.claims = (claims) => ({ ...claims, aud: 'other' }))],
    [
      'for several clients, by another',
      () => void (provider.bend.claims = (claims) => ({ ...claims, aud: ['tracehouse', 'other'], azp: 'other' })),
    ],
    ['with another nonce', () => void (provider.bend.claims = (claims) => ({ ...claims, nonce: 'x'.repeat(43) }))],
    ['without nonce', () => void (provider.bend.claims = (claims) => ({ ...claims, nonce: undefined }))],
    ['that has expired', () => void (provider.bend.claims = (claims) => ({ ...claims, exp: claims.iat! - 60 }))],
    ['without expiry', () => void (provider.bend.claims = (claims) => ({ ...claims, exp: undefined }))],
    ['without subject', () => void (provider.bend.claims = (claims) => ({ ...claims, sub: undefined }))],
    ['that is missing', () => void (provider.bend.hasIdToken = false)],
  ])('an ID token %s lets nobody in', async (_, bend) => {
    bend();
    expect(await finish()).toEqual(nobody('OAuthCallback'));
    expect(await users()).toEqual([]);
  });

  test('userinfo of somebody else lets nobody in', async () => {
    provider.bend.userinfo = (claims) => ({ ...claims, sub: 'eve' });
    expect(await finish()).toEqual(nobody('OAuthCallback'));
  });

  test('what is signed wins over userinfo, and its address is not verified by what userinfo says of another', async () => {
    provider.bend.claims = (claims) => ({ ...claims, email_verified: undefined });
    provider.bend.userinfo = (claims) => ({ ...claims, email: 'boss@acme.dev', email_verified: true, name: 'Eve' });
    const { browser } = await site.signIn(provider, ada);
    expect(await whoIs(browser)).toMatchObject({ user: { email: 'ada@acme.dev', name: 'Ada' } });
    expect(await postgres.rows(sql`SELECT email_verified FROM identities`)).toEqual([{ email_verified: false }]);
  });

  test.each([
    ['names another issuer', (back: URL) => back.searchParams.set('iss', 'https://evil.example')],
    ['names none, where the provider promised to', (back: URL) => back.searchParams.delete('iss')],
    ['says its state twice', (back: URL) => back.searchParams.append('state', back.searchParams.get('state')!)],
    ['has a code of somebody else', (back: URL) => back.searchParams.set('code', 'stolen')],
  ])('a callback that %s lets nobody in', async (_, bend) => {
    const browser = site.browser();
    const back = provider.authorize(await begin(browser), ada);
    bend(back);
    const { headers } = await browser.arrive(back);
    expect(errorOf(headers['location'])).toBe('OAuthCallback');
    expect(await whoIs(browser)).toEqual({ user: null });
  });

  test('a callback counts once', async () => {
    const browser = site.browser();
    const back = provider.authorize(await begin(browser), ada);
    expect(errorOf((await browser.arrive(back)).headers['location'])).toBeNull();
    expect(errorOf((await browser.arrive(back)).headers['location'])).toBe('AttemptExpired');
    expect(await whoIs(browser)).toMatchObject({ user: { email: 'ada@acme.dev' } });
  });

  test('a callback in another browser signs nobody in: a sign-in cannot be slipped to somebody', async () => {
    const [eve, victim] = [site.browser(), site.browser()];
    const back = provider.authorize(await begin(eve), { ...ada, sub: 'eve' });
    await begin(victim);
    expect(errorOf((await victim.arrive(back)).headers['location'])).toBe('AttemptExpired');
    expect(await whoIs(victim)).toEqual({ user: null });
  });

  test('a code that was stolen is worth nothing in a sign-in of another browser', async () => {
    const [victim, eve] = [site.browser(), site.browser()];
    const stolen = provider.authorize(await begin(victim), ada).searchParams.get('code')!;
    const back = provider.authorize(await begin(eve), { ...ada, sub: 'eve' });
    back.searchParams.set('code', stolen);
    expect(errorOf((await eve.arrive(back)).headers['location'])).toBe('OAuthCallback');
    expect(await whoIs(eve)).toEqual({ user: null });
  });

  test('a sign-in that took longer than ten minutes is over', async () => {
    const slow = await openSsoSite(postgres, provider.env('KEYCLOAK'));
    const browser = slow.browser();
    const back = provider.authorize(await begin(browser), ada);
    slow.advance(11 * 60_000);
    expect(errorOf((await browser.arrive(back)).headers['location'])).toBe('AttemptExpired');
  });

  test('the callback of one provider does not end a sign-in at another', async () => {
    const other = await startStandInProvider();
    const two = await openSsoSite(postgres, {
      ...provider.env('KEYCLOAK'),
      ...other.env('CUSTOM'),
      AUTH_CUSTOM_NAME: 'Other',
    });
    const browser = two.browser();
    const back = provider.authorize(await begin(browser), ada);
    back.pathname = '/api/auth/callback/custom';
    expect(errorOf((await browser.arrive(back)).headers['location'])).toBe('AttemptExpired');
    expect(other.said).toEqual([]);
    // And an answer that another provider gave is not taken by the one asked.
    const mixed = other.authorize(await begin(browser), ada);
    expect(errorOf((await browser.arrive(mixed)).headers['location'])).toBe('OAuthCallback');
    expect(await users()).toEqual([]);
    await other.close();
  });

  test.each([
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['a sibling host', { 'sec-fetch-site': 'same-site' }],
    ['an address typed', { 'sec-fetch-site': 'none' }],
    ['another origin', { 'sec-fetch-site': '', origin: 'https://evil.example' }],
    ['an origin that is hidden', { 'sec-fetch-site': '', origin: 'null' }],
  ])('a sign-in cannot be begun from %s', async (_, { 'sec-fetch-site': fetchSite, ...headers }) => {
    const answer = await site.server.inject({
      method: 'POST',
      url: '/api/auth/signin/keycloak',
      headers: { ...headers, ...(fetchSite !== '' && { 'sec-fetch-site': fetchSite }) },
    });
    expect(answer.statusCode).toBe(403);
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  });

  test('who says no at the provider is told so', async () => {
    const browser = site.browser();
    const state = new URL(await begin(browser)).searchParams.get('state')!;
    const back = new URL(`${URL_OF_SITE}/api/auth/callback/keycloak`);
    back.search = String(new URLSearchParams({ error: 'access_denied', state, iss: provider.issuer }));
    expect(errorOf((await browser.arrive(back)).headers['location'])).toBe('AccessDenied');
    expect((await browser.get('/api/auth/refusal')).body).toEqual({
      code: 'AccessDenied',
      provider: 'Keycloak',
      email: null,
    });
  });

  test('no token is in the log, also when one was refused', async () => {
    provider.bend.key = 'foreign';
    await site.signIn(provider, ada);
    const text = JSON.stringify(site.lines);
    expect(text).toContain('a sign-in at a provider failed');
    expect(text).not.toMatch(/eyJ[\w-]{10}/);
    expect(text).not.toContain(provider.client.secret);
  });
});

test('a hostile returnTo stays on this site', async () => {
  const hostile = fc.oneof(
    fc.constantFrom(
      '//e',
      '/\\e',
      'https:e',
      '\\\\e',
      '/.//e',
      'https://e',
      'javascript:alert(1)',
      '/\t/e',
      '///e/..//e',
    ),
    fc.string(),
    fc.webUrl(),
    fc.tuple(fc.constantFrom('/', '\\', '//', '/\t', 'https:'), fc.string()).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(hostile, (returnTo) => {
      const path = ownPath(returnTo, URL_OF_SITE);
      expect(path).toMatch(/^\/(?![/\\])/);
      expect(new URL(path, URL_OF_SITE).origin).toBe(URL_OF_SITE);
      expect(new URL(`${URL_OF_SITE}${path}`).origin).toBe(URL_OF_SITE);
    }),
  );
  expect(ownPath('/project/p/traces?q=a%20b#x', URL_OF_SITE)).toBe('/project/p/traces?q=a%20b#x');
  expect(ownPath(`${URL_OF_SITE}/x?y`, URL_OF_SITE)).toBe('/x?y');
  const { location } = await site.signIn(provider, ada, { returnTo: '//evil.example/x' });
  expect(location).toBe(`${URL_OF_SITE}/`);
});
