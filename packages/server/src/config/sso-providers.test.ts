import { describe, expect, test } from 'vitest';
import { readSettings, type SettingsError } from './settings.ts';
import { providerRows, readProviders } from './sso-providers.ts';

const keycloak = {
  AUTH_KEYCLOAK_CLIENT_ID: 'tracehouse',
  AUTH_KEYCLOAK_CLIENT_SECRET: 'hunter2',
  AUTH_KEYCLOAK_ISSUER: 'http://keycloak:8080/realms/acme/',
};
const problems = (env: Record<string, string>): readonly string[] => {
  try {
    readSettings({ role: 'all', env });
    return [];
  } catch (error) {
    return (error as SettingsError).problems;
  }
};

test('without variables there is no provider', () => {
  expect(readSettings({ role: 'all', env: {} }).providers).toEqual([]);
});

test('empty variables are none, as compose files pass them', () => {
  const env = { AUTH_KEYCLOAK_CLIENT_ID: '', AUTH_KEYCLOAK_CLIENT_SECRET: ' ', AUTH_OKTA_ISSUER: '' };
  expect(readProviders(env)).toEqual({ providers: [], problems: [], warnings: [] });
});

test('all of them switch a provider on, with what protects it', () => {
  expect(readSettings({ role: 'all', env: keycloak }).providers).toEqual([
    {
      id: 'keycloak',
      name: 'Keycloak',
      clientId: 'tracehouse',
      clientSecret: 'hunter2',
      clientAuth: 'client_secret_basic',
      scope: 'openid email profile',
      pkce: true,
      nonce: true,
      idTokenAlg: undefined,
      allowLinking: false,
      authority: {
        kind: 'oidc',
        issuer: 'http://keycloak:8080/realms/acme',
        expectedIssuer: undefined,
        byIssuer: false,
        idToken: true,
      },
      parameters: {},
      allowedDomains: [],
    },
  ]);
});

test('some of them refuse the start, each that is missing by name', () => {
  expect(problems({ AUTH_KEYCLOAK_CLIENT_ID: 'tracehouse', AUTH_CUSTOM_NAME: 'Acme' })).toEqual([
    'AUTH_KEYCLOAK_CLIENT_SECRET: is not set; to sign in with Keycloak set AUTH_KEYCLOAK_CLIENT_ID, AUTH_KEYCLOAK_CLIENT_SECRET, AUTH_KEYCLOAK_ISSUER',
    'AUTH_KEYCLOAK_ISSUER: is not set; to sign in with Keycloak set AUTH_KEYCLOAK_CLIENT_ID, AUTH_KEYCLOAK_CLIENT_SECRET, AUTH_KEYCLOAK_ISSUER',
    expect.stringMatching(/^AUTH_CUSTOM_CLIENT_ID: is not set/),
    expect.stringMatching(/^AUTH_CUSTOM_CLIENT_SECRET: is not set/),
    expect.stringMatching(/^AUTH_CUSTOM_ISSUER: is not set/),
  ]);
});

test.each([
  ['AUTH_KEYCLOAK_ISSUER', 'keycloak:8080', /is not an http or https URL/],
  ['AUTH_KEYCLOAK_CLIENT_AUTH_METHOD', 'private_key_jwt', /is not one of client_secret_basic/],
  ['AUTH_KEYCLOAK_CHECKS', 'pkce,everything', /is not a list of pkce, state, nonce/],
  ['AUTH_KEYCLOAK_ID_TOKEN_SIGNED_RESPONSE_ALG', 'HS256', /is not an asymmetric algorithm/],
  ['AUTH_KEYCLOAK_ALLOW_ACCOUNT_LINKING', 'maybe', /is neither true nor false/],
  ['TRACEHOUSE_SSO_TRUST_EMAIL', 'okta', /'okta' is no provider that is set up/],
  ['TRACEHOUSE_SSO_ROLE_MAPPING', '{"admin": "KING"}', /'KING' is not one of OWNER/],
  ['TRACEHOUSE_SSO_ROLE_CLAIM', 'realm_access.roles', /^TRACEHOUSE_SSO_ROLE_MAPPING: is not set/],
])('%s=%s is refused', (name, value, why) => {
  const found = problems({ ...keycloak, [name]: value });
  expect(found).toEqual([expect.stringMatching(why)]);
  expect(found.join()).not.toContain('hunter2');
});

test('a check that is left out is off, with a warning; state stays', () => {
  const settings = readSettings({ role: 'all', env: { ...keycloak, AUTH_KEYCLOAK_CHECKS: 'state' } });
  expect(settings.providers[0]).toMatchObject({ pkce: false, nonce: false });
  expect(settings.warnings).toEqual([
    expect.stringMatching(/^AUTH_KEYCLOAK_CHECKS: switches off PKCE/),
    expect.stringMatching(/^AUTH_KEYCLOAK_CHECKS: switches off the nonce/),
  ]);
});

test('with a provider the password may be switched off, and a closed sign-up is warned of', () => {
  expect(problems({ AUTH_DISABLE_USERNAME_PASSWORD: 'true' })).toHaveLength(1);
  expect(problems({ ...keycloak, AUTH_DISABLE_USERNAME_PASSWORD: 'true' })).toEqual([]);
  const { warnings } = readSettings({ role: 'all', env: { ...keycloak, AUTH_DISABLE_SIGNUP: 'true' } });
  expect(warnings).toEqual([expect.stringMatching(/^AUTH_DISABLE_SIGNUP: nobody new can come in through Keycloak/)]);
});

describe('the table of providers', () => {
  test('has an id and a prefix for each, once', () => {
    expect(new Set(providerRows.map(({ id }) => id)).size).toBe(15);
    expect(new Set(providerRows.map(({ prefix }) => prefix)).size).toBe(15);
  });

  test.each([
    ['google', { GOOGLE_ALLOWED_DOMAINS: 'Acme.dev, acme.com' }, 'https://accounts.google.com'],
    ['gitlab', {}, 'https://gitlab.com'],
    ['gitlab', { GITLAB_URL: 'https://git.acme.dev' }, 'https://git.acme.dev'],
    ['azure-ad', { AZURE_AD_TENANT_ID: 'common' }, 'https://login.microsoftonline.com/common/v2.0'],
    ['auth0', { AUTH0_ISSUER: 'https://acme.auth0.com/' }, 'https://acme.auth0.com'],
    ['github-enterprise', { GITHUB_ENTERPRISE_BASE_URL: 'https://git.acme.dev' }, 'https://git.acme.dev'],
    ['github', {}, 'https://github.com'],
    ['workos', { WORKOS_ORGANIZATION_ID: 'org_1' }, 'https://api.workos.com'],
  ])('%s is reached where it lives', (id, own, issuer) => {
    const { prefix } = providerRows.find((row) => row.id === id)!;
    const env = Object.fromEntries(
      Object.entries({ [`${prefix}_CLIENT_ID`]: 'id', [`${prefix}_CLIENT_SECRET`]: 'secret', ...own }).map(
        ([name, value]) => [`AUTH_${name}`, value],
      ),
    );
    const { providers, problems: found } = readProviders(env);
    expect(found).toEqual([]);
    expect(providers).toMatchObject([{ id, authority: { issuer } }]);
    if (id === 'google') expect(providers[0]?.allowedDomains).toEqual(['acme.dev', 'acme.com']);
    if (id === 'workos') expect(providers[0]?.parameters).toEqual({ organization: 'org_1' });
  });
});
