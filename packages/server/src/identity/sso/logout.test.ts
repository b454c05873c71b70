import { UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { sql } from '../../stores/postgres/sql.ts';
import { openTestPostgres } from '../../stores/test-stores.ts';
import type { Browser } from './browser.ts';
import { openSsoSite, type SsoSite, URL_OF_SITE } from './site.ts';
import { startStandInProvider, type StandInPerson, type StandInProvider } from './stand-in-provider.ts';

const ada: StandInPerson = { sub: 'ada-1', email: 'ada@acme.dev', email_verified: true };

let postgres: Postgres;
let provider: StandInProvider;
let site: SsoSite;

beforeAll(async () => {
  postgres = await openTestPostgres();
  provider = await startStandInProvider({ external: 'https://id.acme.example' });
  site = await openSsoSite(postgres, provider.env('KEYCLOAK'));
});
afterAll(async () => {
  await provider.close();
  await postgres.close();
});
beforeEach(async () => {
  provider.straighten();
  await postgres.script('DELETE FROM users; DELETE FROM logout_tokens; DELETE FROM audit_log');
});

const isIn = async (browser: Browser): Promise<boolean> =>
  ((await browser.get('/api/auth/session')).body as { user: unknown }).user !== null;

/** As a provider posts it: no cookie, no origin, any host. */
async function tell(token: string, { id = 'keycloak' } = {}) {
  const answer = await site.server.inject({
    method: 'POST',
    url: `/api/auth/backchannel-logout/${id}`,
    headers: { 'content-type': 'application/x-www-form-urlencoded', host: 'tracehouse.internal' },
    payload: new URLSearchParams({ logout_token: token }).toString(),
  });
  return { status: answer.statusCode, cache: answer.headers['cache-control'] };
}

describe('signing out', () => {
  test("ends our session, and sends the browser to end the provider's", async () => {
    const { browser } = await site.signIn(provider, ada);
    const { body } = await browser.post('/api/auth/signout');
    expect(body).toMatchObject({ provider: 'keycloak' });
    const address = new URL((body as { url: string }).url);
    expect(address.origin + address.pathname).toBe('https://id.acme.example/logout');
    expect(Object.fromEntries(address.searchParams)).toEqual({
      post_logout_redirect_uri: `${URL_OF_SITE}/sign-in`,
      client_id: 'tracehouse',
      id_token_hint: expect.stringMatching(/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/),
    });
    expect(await isIn(browser)).toBe(false);
    expect(await postgres.rows(sql`SELECT id FROM sessions`)).toEqual([]);
  });

  test('where the provider has no such address it is ours alone, and says so', async () => {
    const quiet = await openSsoSite(postgres, provider.env('KEYCLOAK'));
    provider.bend.document = (document) => ({ ...document, end_session_endpoint: undefined });
    const { browser } = await quiet.signIn(provider, ada);
    expect((await browser.post('/api/auth/signout')).body).toEqual({ url: null, provider: 'keycloak' });
    expect(await isIn(browser)).toBe(false);
  });

  test('works when the provider is down', async () => {
    const { browser } = await site.signIn(provider, ada);
    const fresh = await openSsoSite(postgres, provider.env('KEYCLOAK'));
    provider.bend.isDown = true;
    const same = fresh.browser();
    for (const [name, value] of browser.jar) same.jar.set(name, value);
    expect(await same.post('/api/auth/signout')).toMatchObject({ status: 200, body: { url: null } });
    expect(await isIn(browser)).toBe(false);
  });
});

describe('told by the provider', () => {
  test('the session ends, in every browser that has it and no other', async () => {
    const { browser } = await site.signIn(provider, ada);
    const { browser: other } = await site.signIn(provider, { ...ada, sub: 'bob-1', email: 'bob@acme.dev' });
    expect(await tell(await provider.logoutToken(ada))).toEqual({ status: 200, cache: 'no-store' });
    expect(await isIn(browser)).toBe(false);
    expect(await isIn(other)).toBe(true);
    expect(
      await postgres.rows(sql`SELECT actor_kind, actor_name, object_type FROM audit_log WHERE action = 'sign-out'`),
    ).toEqual([{ actor_kind: 'system', actor_name: 'Keycloak', object_type: 'session' }]);
  });

  test('without a session all of the person end', async () => {
    const { browser } = await site.signIn(provider, { ...ada, sid: 'one' });
    const { browser: second } = await site.signIn(provider, { ...ada, sid: 'two' });
    expect((await tell(await provider.logoutToken(ada, { sid: undefined }))).status).toBe(200);
    expect(await isIn(browser)).toBe(false);
    expect(await isIn(second)).toBe(false);
  });

  test('the same token again is taken, and ends nothing', async () => {
    const token = await provider.logoutToken(ada, { sid: undefined });
    await site.signIn(provider, ada);
    expect((await tell(token)).status).toBe(200);
    const { browser } = await site.signIn(provider, ada);
    expect((await tell(token)).status).toBe(200);
    expect(await isIn(browser)).toBe(true);
  });

  test('a logout that overtakes the sign-in of its session lets nobody in', async () => {
    expect((await tell(await provider.logoutToken(ada))).status).toBe(200);
    const { browser, location } = await site.signIn(provider, ada);
    expect(new URL(location).searchParams.get('error')).toBe('SignedOut');
    expect(await isIn(browser)).toBe(false);
  });

  test('two at once, and a sign-in between them, leave no session', async () => {
    const browser = site.browser();
    const { body } = await browser.post('/api/auth/signin/keycloak', {});
    const back = provider.authorize((body as { url: string }).url, ada);
    const tokens = [await provider.logoutToken(ada), await provider.logoutToken(ada)];
    await Promise.all([tell(tokens[0]!), browser.arrive(back), tell(tokens[1]!)]);
    expect(await isIn(browser)).toBe(false);
  });

  const iat = (): number => Math.floor(Date.now() / 1000);
  test.each([
    ['of another issuer', () => provider.logoutToken(ada, { iss: 'https://evil.example' })],
    ['for another client', () => provider.logoutToken(ada, { aud: 'other' })],
    ['with a nonce, as an ID token has', () => provider.logoutToken(ada, { nonce: 'n' })],
    ['without the event', () => provider.logoutToken(ada, { events: { other: {} } })],
    ['with events that are text', () => provider.logoutToken(ada, { events: 'http://schemas.openid.net' })],
    ['without events, as an ID token is', () => provider.logoutToken(ada, { events: undefined })],
    ['that names nobody', () => provider.logoutToken(ada, { sub: undefined, sid: undefined })],
    ['without an id', () => provider.logoutToken(ada, { jti: undefined })],
    ['of five minutes ago', () => provider.logoutToken(ada, { iat: iat() - 300 })],
    ['that has expired', () => provider.logoutToken(ada, { exp: iat() - 60 })],
    ['of the future', () => provider.logoutToken(ada, { iat: iat() + 300 })],
    ['that is not signed', async () => new UnsecuredJWT({ sub: ada.sub }).setJti('x').setIssuedAt().encode()],
    ['signed by another key', () => ((provider.bend.key = 'foreign'), provider.logoutToken(ada))],
    ['signed with the client secret', () => ((provider.bend.key = 'client secret'), provider.logoutToken(ada))],
    ['that is no token', async () => 'x'],
    ['that is empty', async () => ''],
  ])('a logout token %s ends nothing', async (_, token) => {
    const { browser } = await site.signIn(provider, ada);
    expect(await tell(await token())).toEqual({ status: 400, cache: 'no-store' });
    expect(await isIn(browser)).toBe(true);
  });

  test('by another provider it ends nothing of this one', async () => {
    const { browser } = await site.signIn(provider, ada);
    expect((await tell(await provider.logoutToken(ada), { id: 'okta' })).status).toBe(404);
    expect(await isIn(browser)).toBe(true);
  });
});

describe('asked again', () => {
  const EVERY = { TRACEHOUSE_SSO_RECHECK_MINUTES: '5' };
  const open = () => openSsoSite(postgres, { ...provider.env('KEYCLOAK'), ...EVERY });
  const asked = (): number => provider.said.filter(({ body }) => body.includes('grant_type=refresh_token')).length;

  test('a session in use asks its provider every so often, each time with the token it got last', async () => {
    const site = await open();
    const { browser } = await site.signIn(provider, ada);
    expect(await isIn(browser)).toBe(true);
    expect(asked()).toBe(0);
    for (const times of [1, 2, 3]) {
      site.advance(6 * 60_000);
      expect(await isIn(browser)).toBe(true);
      expect(await isIn(browser)).toBe(true);
      expect(asked()).toBe(times);
    }
  });

  test('no scope is asked for that is not set: offline_access would leave no session to sign out of', async () => {
    const site = await open();
    const { body } = await site.browser().post('/api/auth/signin/keycloak', {});
    expect(new URL((body as { url: string }).url).searchParams.get('scope')).toBe('openid email profile');
  });

  test('it ends when the provider says that the person may not go on', async () => {
    const site = await open();
    const { browser } = await site.signIn(provider, ada);
    provider.bend.refreshWith = { status: 400, body: { error: 'invalid_grant', error_description: 'User disabled' } };
    expect(await isIn(browser)).toBe(true);
    site.advance(6 * 60_000);
    expect(await isIn(browser)).toBe(false);
    expect(await postgres.rows(sql`SELECT id FROM sessions`)).toEqual([]);
  });

  test.each([
    ['is down', () => void (provider.bend.isDown = true)],
    ['answers nonsense', () => void (provider.bend.refreshWith = { status: 200, body: {} })],
    [
      'knows the client no more',
      () => void (provider.bend.refreshWith = { status: 401, body: { error: 'invalid_client' } }),
    ],
  ])('it goes on when the provider %s', async (_, bend) => {
    const site = await open();
    const { browser } = await site.signIn(provider, ada);
    bend();
    site.advance(6 * 60_000);
    expect(await isIn(browser)).toBe(true);
  });

  test('requests at the same moment ask once', async () => {
    const site = await open();
    const { browser } = await site.signIn(provider, ada);
    site.advance(6 * 60_000);
    expect(await Promise.all([isIn(browser), isIn(browser), isIn(browser)])).toEqual([true, true, true]);
    expect(asked()).toBe(1);
  });

  test('the token is sealed, and is not kept where nobody asks', async () => {
    const site = await open();
    await site.signIn(provider, ada);
    const [row] = await postgres.rows<{ refresh_token: string }>(sql`SELECT refresh_token FROM sessions`);
    expect(row?.refresh_token).toMatch(/^eyJ[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/);
  });
});
