import { flag, type Kind, list, webAddress, word } from './variable.ts';

/** How a provider says who somebody is. */
export type Authority =
  | {
      kind: 'oidc';
      /** Where discovery is asked; tokens carry the issuer which the document states. */
      issuer: string;
      /** What the document must state. */
      expectedIssuer: string | undefined;
      /** Microsoft's document for all tenants states a pattern, which only a look-up by issuer fills in. */
      byIssuer: boolean;
      /** False: OAuth 2 with userinfo alone. */
      idToken: boolean;
    }
  | {
      kind: 'oauth';
      /** Names the provider in our tables; nothing is asked there. */
      issuer: string;
      authorizationEndpoint: string;
      tokenEndpoint: string;
      /** Answers who an access token is of, each provider in words of its own. */
      profileEndpoint: string;
    };

/** One provider that is switched on, as the environment describes it. */
export interface ProviderSettings {
  /** Stands in the path of its callback. */
  readonly id: string;
  /** On its button. */
  readonly name: string;
  readonly clientId: string;
  /** Undefined where the provider knows us as a public client. */
  readonly clientSecret: string | undefined;
  readonly clientAuth: ClientAuth;
  readonly scope: string;
  readonly pkce: boolean;
  readonly nonce: boolean;
  /** What ID tokens must be signed with; undefined: any asymmetric algorithm that the document lists. */
  readonly idTokenAlg: string | undefined;
  /** Whether an identity joins the account that has its e-mail address. */
  readonly allowLinking: boolean;
  readonly authority: Authority;
  /** Further parameters of the address where people sign in. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Google's `hd`; empty: all. */
  readonly allowedDomains: readonly string[];
}

const CLIENT_AUTH = ['client_secret_basic', 'client_secret_post', 'none'] as const;
type ClientAuth = (typeof CLIENT_AUTH)[number];

type Environment = Readonly<Record<string, string | undefined>>;
/** Of the provider's own variables, by suffix. */
type Values = Readonly<Record<string, string | undefined>>;

interface ProviderRow {
  id: string;
  /** Of its variables: `AUTH_<prefix>_…`. */
  prefix: string;
  name: string;
  /** Variables beside those of all providers, by suffix; a required one must be set for the provider to be on. */
  own: Readonly<Record<string, { kind: Kind<unknown>; required?: true; sentence: string }>>;
  authority(values: Values): Authority;
  scope?: string;
  clientAuth?: ClientAuth;
  parameters?(values: Values): Record<string, string>;
  remark?: string;
  /** Whether a test signs in at the real provider. */
  tried?: true;
}

const oidc = (issuer: string, more: { byIssuer?: boolean } = {}): Authority => ({
  kind: 'oidc',
  issuer: issuer.replace(/\/+$/, ''),
  expectedIssuer: undefined,
  byIssuer: false,
  idToken: true,
  ...more,
});
const ISSUER = {
  kind: webAddress,
  required: true,
  sentence: 'where its discovery document is asked',
} as const;
const byIssuer = (id: string, prefix: string, name: string, remark?: string): ProviderRow => ({
  id,
  prefix,
  name,
  own: { ISSUER },
  authority: ({ ISSUER: issuer = '' }) => oidc(issuer),
  ...(remark !== undefined && { remark }),
});

/** Every provider there is. Names of variables are Langfuse's. */
export const providerRows: readonly ProviderRow[] = [
  {
    ...byIssuer('keycloak', 'KEYCLOAK', 'Keycloak', 'issuer `…/realms/<realm>`; its internal address will do'),
    tried: true,
  },
  {
    ...byIssuer('custom', 'CUSTOM', 'SSO', 'any OpenID Connect provider'),
    tried: true,
    own: {
      ISSUER,
      NAME: { kind: word, required: true, sentence: 'label of its button' },
      ID_TOKEN: { kind: flag, sentence: '`false`: plain OAuth 2, the userinfo endpoint says who it is' },
    },
    authority: ({ ISSUER: issuer = '', ID_TOKEN: idToken }) => ({
      ...(oidc(issuer) as Authority & { kind: 'oidc' }),
      idToken: idToken === undefined || isOn(idToken),
    }),
  },
  {
    id: 'google',
    prefix: 'GOOGLE',
    name: 'Google',
    own: { ALLOWED_DOMAINS: { kind: list, sentence: 'Workspace domains (claim `hd`) whose people may sign in' } },
    authority: () => oidc('https://accounts.google.com'),
  },
  {
    id: 'github',
    prefix: 'GITHUB',
    name: 'GitHub',
    own: {},
    scope: 'read:user user:email',
    authority: () => github('https://github.com', 'https://api.github.com'),
  },
  {
    id: 'github-enterprise',
    prefix: 'GITHUB_ENTERPRISE',
    name: 'GitHub Enterprise',
    own: { BASE_URL: { kind: webAddress, required: true, sentence: 'address of the server' } },
    scope: 'read:user user:email',
    authority: ({ BASE_URL: base = '' }) => github(base, `${base}/api/v3`),
  },
  {
    id: 'gitlab',
    prefix: 'GITLAB',
    name: 'GitLab',
    own: {
      ISSUER: { kind: webAddress, sentence: 'where its discovery document is asked' },
      URL: { kind: webAddress, sentence: 'the same; default `https://gitlab.com`' },
    },
    authority: ({ ISSUER: issuer, URL: url }) => oidc(issuer ?? url ?? 'https://gitlab.com'),
  },
  {
    id: 'azure-ad',
    prefix: 'AZURE_AD',
    name: 'Microsoft',
    own: { TENANT_ID: { kind: word, required: true, sentence: 'tenant, or `common` or `organizations`' } },
    authority: ({ TENANT_ID: tenant = '' }) =>
      oidc(`https://login.microsoftonline.com/${tenant}/v2.0`, { byIssuer: true }),
    remark: 'an address counts as verified with the claim `xms_edov` alone',
  },
  byIssuer('okta', 'OKTA', 'Okta'),
  byIssuer(
    'authentik',
    'AUTHENTIK',
    'authentik',
    'issuer `…/application/o/<slug>/`; says of no address that it is verified, unless set up to',
  ),
  byIssuer('onelogin', 'ONELOGIN', 'OneLogin'),
  byIssuer('auth0', 'AUTH0', 'Auth0'),
  byIssuer('cognito', 'COGNITO', 'Cognito', 'its own session is not ended at sign-out'),
  byIssuer('jumpcloud', 'JUMPCLOUD', 'JumpCloud'),
  {
    id: 'workos',
    prefix: 'WORKOS',
    name: 'WorkOS',
    own: {
      ORGANIZATION_ID: { kind: word, sentence: 'WorkOS organization whose people sign in' },
      CONNECTION_ID: { kind: word, sentence: 'WorkOS connection they use instead' },
    },
    scope: '',
    clientAuth: 'client_secret_post',
    authority: () => ({
      kind: 'oauth',
      issuer: 'https://api.workos.com',
      authorizationEndpoint: 'https://api.workos.com/sso/authorize',
      tokenEndpoint: 'https://api.workos.com/sso/token',
      profileEndpoint: 'https://api.workos.com/sso/profile',
    }),
    parameters: ({ ORGANIZATION_ID: organization, CONNECTION_ID: connection }) => ({
      ...(organization !== undefined && { organization }),
      ...(connection !== undefined && { connection }),
    }),
  },
  {
    id: 'wordpress',
    prefix: 'WORDPRESS',
    name: 'WordPress',
    own: {},
    scope: 'auth',
    clientAuth: 'client_secret_post',
    authority: () => ({
      kind: 'oauth',
      issuer: 'https://public-api.wordpress.com',
      authorizationEndpoint: 'https://public-api.wordpress.com/oauth2/authorize',
      tokenEndpoint: 'https://public-api.wordpress.com/oauth2/token',
      profileEndpoint: 'https://public-api.wordpress.com/rest/v1/me',
    }),
  },
];

function github(site: string, api: string): Authority {
  return {
    kind: 'oauth',
    issuer: site,
    authorizationEndpoint: `${site}/login/oauth/authorize`,
    tokenEndpoint: `${site}/login/oauth/access_token`,
    profileEndpoint: `${api}/user`,
  };
}

const isOn = (value: string): boolean => /^(true|1)$/i.test(value);

/** What each provider has besides its own variables, `<P>` its prefix; `required` ones switch it on. */
export const commonVariables: Readonly<Record<string, { kind: Kind<unknown>; default: string; sentence: string }>> = {
  CLIENT_ID: {
    kind: word,
    default: '–',
    sentence: 'With the secret and what the provider needs besides: on. Only some of them: the start is refused.',
  },
  CLIENT_SECRET: { kind: word, default: '–', sentence: 'Not needed with `AUTH_<P>_CLIENT_AUTH_METHOD=none`.' },
  NAME: { kind: word, default: "the provider's", sentence: 'Label of its button.' },
  ALLOW_ACCOUNT_LINKING: {
    kind: flag,
    default: '`false`',
    sentence:
      'Whoever signs in with an address that an account has is given that account: at once when the provider has verified the address, else after its password was typed once.',
  },
  SCOPE: { kind: word, default: '`openid email profile`', sentence: 'What is asked of the provider.' },
  CLIENT_AUTH_METHOD: {
    kind: word,
    default: '`client_secret_basic`',
    sentence: '`client_secret_basic`, `client_secret_post` or `none`.',
  },
  CHECKS: {
    kind: list,
    default: '`pkce,state,nonce`',
    sentence: 'A list that leaves out `pkce` or `nonce` switches it off, with a warning; `state` is always checked.',
  },
  ID_TOKEN_SIGNED_RESPONSE_ALG: {
    kind: word,
    default: 'any asymmetric one the provider lists',
    sentence: 'The only algorithm that ID tokens may be signed with; `HS…` is refused.',
  },
};

/** Providers the environment switches on, with what is wrong with them and what is odd. */
export function readProviders(env: Environment): {
  providers: ProviderSettings[];
  problems: string[];
  warnings: string[];
} {
  const found = providerRows.map((row) => readProvider(row, env));
  return {
    providers: found.flatMap(({ provider }) => (provider ? [provider] : [])),
    problems: found.flatMap(({ problems }) => problems),
    warnings: found.flatMap(({ warnings }) => warnings),
  };
}

interface Found {
  provider: ProviderSettings | null;
  problems: string[];
  warnings: string[];
}

function readProvider(row: ProviderRow, env: Environment): Found {
  const { values, problems } = readValues(row, env);
  const nameOf = (suffix: string): string => `AUTH_${row.prefix}_${suffix}`;
  if (problems.length > 0) return { provider: null, problems, warnings: [] };

  const clientAuth = (values['CLIENT_AUTH_METHOD'] ?? row.clientAuth ?? 'client_secret_basic') as ClientAuth;
  const required = [
    'CLIENT_ID',
    ...(clientAuth === 'none' ? [] : ['CLIENT_SECRET']),
    ...Object.keys(row.own).filter((suffix) => row.own[suffix]?.required),
  ];
  if (required.every((suffix) => values[suffix] === undefined)) return { provider: null, problems: [], warnings: [] };
  const missing = required.filter((suffix) => values[suffix] === undefined);
  if (missing.length > 0) {
    const all = required.map(nameOf).join(', ');
    const problems = missing.map((suffix) => `${nameOf(suffix)}: is not set; to sign in with ${row.name} set ${all}`);
    return { provider: null, problems, warnings: [] };
  }

  const authority = row.authority(values);
  const isOidc = authority.kind === 'oidc';
  const checks = values['CHECKS']?.toLowerCase();
  const provider: ProviderSettings = {
    id: row.id,
    name: values['NAME'] ?? row.name,
    clientId: values['CLIENT_ID']!,
    clientSecret: values['CLIENT_SECRET'],
    clientAuth,
    scope: values['SCOPE'] ?? row.scope ?? 'openid email profile',
    pkce: checks === undefined || checks.includes('pkce'),
    nonce: isOidc && authority.idToken && (checks === undefined || checks.includes('nonce')),
    idTokenAlg: values['ID_TOKEN_SIGNED_RESPONSE_ALG'],
    allowLinking: isOn(values['ALLOW_ACCOUNT_LINKING'] ?? ''),
    authority: isOidc
      ? { ...authority, expectedIssuer: env[`TRACEHOUSE_SSO_${row.prefix}_EXPECTED_ISSUER`]?.trim() || undefined }
      : authority,
    parameters: row.parameters?.(values) ?? {},
    allowedDomains: (values['ALLOWED_DOMAINS'] ?? '')
      .split(',')
      .map((domain) => domain.trim().toLowerCase())
      .filter((domain) => domain !== ''),
  };
  const off = [
    ...(provider.pkce ? [] : ['PKCE']),
    ...(isOidc && authority.idToken && !provider.nonce ? ['the nonce'] : []),
  ];
  return {
    provider,
    problems: [],
    warnings: off.map(
      (check) => `${nameOf('CHECKS')}: switches off ${check}, which protects sign-ins with ${row.name}`,
    ),
  };
}

function readValues(row: ProviderRow, env: Environment): { values: Values; problems: string[] } {
  const values: Record<string, string | undefined> = {};
  const problems: string[] = [];
  const kinds = { ...mapKinds(commonVariables), ...mapKinds(row.own) };
  for (const [suffix, kind] of Object.entries(kinds)) {
    const raw = env[`AUTH_${row.prefix}_${suffix}`]?.trim();
    if (raw === undefined || raw === '') continue;
    const result = kind.schema.safeParse(raw);
    const why = result.success ? narrower[suffix]?.(raw) : (result.error.issues[0]?.message ?? 'is not valid');
    if (why !== undefined)
      problems.push(`AUTH_${row.prefix}_${suffix}: ${suffix === 'CLIENT_SECRET' ? 'the value' : `'${raw}'`} ${why}`);
    else values[suffix] = result.success && typeof result.data === 'string' ? result.data : raw;
  }
  return { values, problems };
}

const mapKinds = (of: Readonly<Record<string, { kind: Kind<unknown> }>>): Record<string, Kind<unknown>> =>
  Object.fromEntries(Object.entries(of).map(([suffix, { kind }]) => [suffix, kind]));

/** What is wrong with a value that is of its kind; undefined: nothing. */
const narrower: Readonly<Record<string, (value: string) => string | undefined>> = {
  CLIENT_AUTH_METHOD: (value) =>
    (CLIENT_AUTH as readonly string[]).includes(value) ? undefined : `is not one of ${CLIENT_AUTH.join(', ')}`,
  CHECKS: (value) =>
    value.split(',').every((check) => ['pkce', 'state', 'nonce', 'none'].includes(check.trim().toLowerCase()))
      ? undefined
      : 'is not a list of pkce, state, nonce',
  ID_TOKEN_SIGNED_RESPONSE_ALG: (value) =>
    /^(RS|PS|ES)(256|384|512)$|^(EdDSA|Ed25519)$/.test(value)
      ? undefined
      : 'is not an asymmetric algorithm such as RS256; a token signed with a shared secret proves nothing',
};
