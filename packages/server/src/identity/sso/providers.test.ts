import { createServer, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ProviderSettings } from '../../config/sso-providers.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { sql } from '../../stores/postgres/sql.ts';
import { createNewUsers } from '../accounts/new-user.ts';
import { createIds } from '../scenario.ts';
import { openTestPostgres } from '../../stores/test-stores.ts';
import { admit } from './admission.ts';
import { toIdentity } from './profile.ts';
import { openSsoSite, URL_OF_SITE } from './site.ts';
import { startStandInProvider, type StandInPerson, type StandInProvider } from './stand-in-provider.ts';

const ada: StandInPerson = { sub: 'ada-1', email: 'ada@acme.dev', email_verified: true, name: 'Ada' };

let postgres: Postgres;
let provider: StandInProvider;

beforeAll(async () => {
  postgres = await openTestPostgres();
  provider = await startStandInProvider();
});
afterAll(async () => {
  await provider.close();
  await postgres.close();
});
beforeEach(async () => {
  provider.straighten();
  await postgres.script('DELETE FROM users');
});

const identities = () => postgres.rows(sql`SELECT issuer, subject, provider, email, email_verified FROM identities`);

describe('a provider without ID tokens', () => {
  const open = () =>
    openSsoSite(postgres, {
      ...provider.env('CUSTOM'),
      AUTH_CUSTOM_NAME: 'Acme login',
      AUTH_CUSTOM_SCOPE: 'email',
      AUTH_CUSTOM_ID_TOKEN: 'false',
      AUTH_CUSTOM_CLIENT_AUTH_METHOD: 'client_secret_post',
    });

  test.each([
    ['sub', (claims: StandInPerson) => claims, 'ada-1'],
    ['a number called id', ({ email, name }: StandInPerson) => ({ id: 42, email, name }), '42'],
  ])('says who it is by userinfo, whose key is %s', async (_, userinfo, subject) => {
    provider.bend.hasIdToken = false;
    provider.bend.userinfo = userinfo;
    const site = await open();
    const { location } = await site.signIn(provider, ada, { id: 'custom' });
    expect(location).toBe(`${URL_OF_SITE}/project/prod/traces?q=x`);
    expect(await identities()).toMatchObject([{ issuer: provider.issuer, subject, provider: 'custom' }]);
    const token = provider.said.find(({ path }) => path === '/token');
    expect(token?.body).toContain('client_secret=');
    expect(token?.authorization).toBeUndefined();
  });

  test('whose userinfo has no key lets nobody in', async () => {
    provider.bend.hasIdToken = false;
    provider.bend.userinfo = ({ email }) => ({ email });
    const { location } = await (await open()).signIn(provider, ada, { id: 'custom' });
    expect(location).toContain('error=OAuthCallback');
  });

  test('is asked without a nonce, with PKCE and state', async () => {
    const { body } = await (await open()).browser().post('/api/auth/signin/custom', {});
    const asked = new URL((body as { url: string }).url).searchParams;
    expect([...asked.keys()].toSorted()).toEqual([
      'client_id',
      'code_challenge',
      'code_challenge_method',
      'redirect_uri',
      'response_type',
      'scope',
      'state',
    ]);
  });
});

describe('GitHub Enterprise', () => {
  const open = () =>
    openSsoSite(postgres, {
      AUTH_GITHUB_ENTERPRISE_CLIENT_ID: provider.client.id,
      AUTH_GITHUB_ENTERPRISE_CLIENT_SECRET: provider.client.secret,
      AUTH_GITHUB_ENTERPRISE_BASE_URL: provider.internal,
    });

  test.each([
    [
      true,
      [
        { email: 'old@acme.dev', primary: false, verified: true },
        { email: 'Ada@acme.dev', primary: true, verified: true },
      ],
    ],
    [false, [{ email: 'ada@acme.dev', primary: true, verified: false }]],
  ])('names its primary address, verified: %s', async (verified, addresses) => {
    provider.bend.userinfo = () => ({ id: 7, login: 'ada', email: 'shown@acme.dev' });
    provider.bend.addresses = addresses;
    const { location } = await (await open()).signIn(provider, ada, { id: 'github-enterprise' });
    expect(location).toBe(`${URL_OF_SITE}/project/prod/traces?q=x`);
    expect(await identities()).toEqual([
      {
        issuer: provider.internal,
        subject: '7',
        provider: 'github-enterprise',
        email: 'ada@acme.dev',
        email_verified: verified,
      },
    ]);
  });
});

describe('an address counts as verified', () => {
  const of = (id: string, claims: object, trustEmail = false) =>
    toIdentity({ id, trustEmail }, 'https://issuer', { sub: 's', email: 'a@acme.dev', ...claims }).emailVerified;

  test.each([
    ['keycloak', { email_verified: true }, true],
    ['keycloak', { email_verified: false }, false],
    ['keycloak', {}, false],
    ['cognito', { email_verified: 'true' }, true],
    ['cognito', { email_verified: 'false' }, false],
    ['azure-ad', { email_verified: true }, false],
    ['azure-ad', { xms_edov: true }, true],
    ['azure-ad', { xms_edov: '1' }, true],
    ['workos', {}, false],
  ])('%s saying %o: %s', (id, claims, verified) => {
    expect(of(id, claims)).toBe(verified);
    expect(of(id, claims, true)).toBe(true);
  });

  test('never when there is none', () => {
    expect(of('keycloak', { email: undefined, email_verified: true }, true)).toBe(false);
  });
});

test.each([
  ['acme.dev', 'in'],
  ['ACME.dev', 'in'],
  ['evil.example', 'refused'],
  [undefined, 'refused'],
  [['acme.dev'], 'refused'],
])('where domains are listed, the Workspace domain %o is %s, whatever the address says', async (hd, kind) => {
  const provider: Pick<ProviderSettings, 'allowLinking' | 'allowedDomains'> = {
    allowLinking: true,
    allowedDomains: ['acme.dev'],
  };
  const identity = toIdentity({ id: 'google', trustEmail: false }, 'https://accounts.google.com', { ...ada, hd });
  const now = () => new Date();
  const newUsers = createNewUsers({
    settings: { init: {}, newUsers: { projectRole: 'VIEWER' } } as never,
    now,
    newId: createIds('user'),
  });
  const visit = { ip: null, userAgent: null };
  const admission = await postgres.transaction((tx) =>
    admit(tx, identity, provider, { newUsers, isSignUpClosed: false, visit, now }),
  );
  expect(admission).toMatchObject(kind === 'in' ? { kind } : { kind, code: 'DomainNotAllowed' });
});

test('calls to a provider go through the proxy of their scheme, and no other call does', async () => {
  const through: string[] = [];
  const proxy = createServer((incoming, answer) => {
    through.push(incoming.url ?? '');
    const on = request(incoming.url ?? '', { method: incoming.method, headers: incoming.headers }, (response) => {
      answer.writeHead(response.statusCode ?? 500, response.headers);
      response.pipe(answer);
    });
    incoming.pipe(on);
  });
  proxy.on('connect', (incoming, socket, head) => {
    through.push(incoming.url ?? '');
    const [host, port] = (incoming.url ?? '').split(':');
    const target = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      target.write(head);
      target.pipe(socket).pipe(target);
    });
    for (const end of [socket, target]) end.on('error', () => target.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;

  const direct = await openSsoSite(postgres, { ...provider.env('KEYCLOAK'), AUTH_HTTPS_PROXY: address });
  expect((await direct.signIn(provider, ada)).location).toBe(`${URL_OF_SITE}/project/prod/traces?q=x`);
  expect(through).toEqual([]);
  const proxied = await openSsoSite(postgres, { ...provider.env('KEYCLOAK'), AUTH_HTTP_PROXY: address });
  expect((await proxied.signIn(provider, ada)).location).toBe(`${URL_OF_SITE}/project/prod/traces?q=x`);
  expect(through).not.toEqual([]);
  const { host } = new URL(provider.internal);
  for (const asked of through) expect(asked).toContain(host);

  proxy.closeAllConnections();
  await new Promise((resolve) => proxy.close(resolve));
});
