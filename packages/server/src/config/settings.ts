import { isIP } from 'node:net';
import { hostname as machineHostname } from 'node:os';
import { type ProviderSettings, readProviders } from './sso-providers.ts';
import {
  byteCount,
  choice,
  domains,
  emailAddress,
  emailAddresses,
  flag,
  hexKey,
  hourOrOff,
  list,
  mailbox,
  networks,
  optional,
  parseVariables,
  port,
  portOrOff,
  positiveInteger,
  postgresUrl,
  smtpUrl,
  roleMapping,
  text,
  variable,
  type Environment,
  type ParsedVariables,
  type ProcessRole,
  type Variable,
  webAddress,
  word,
} from './variable.ts';

/** The roles of `@tracehouse/contract/session`. */
const roleName = choice('OWNER', 'ADMIN', 'MEMBER', 'VIEWER', 'NONE');

/** Every environment variable the program reads, by subject; types, checks and the table in the README follow from it. */
export const variables = {
  server: {
    hostname: optional(
      'HOSTNAME',
      word,
      "Address to listen on: an IP address or `localhost`. Any other value (shells and containers put the machine's name there) is ignored.",
      {
        without: '`127.0.0.1`; `0.0.0.0` once `NEXTAUTH_SECRET`, `SALT` and `ENCRYPTION_KEY` are set',
      },
    ),
    port: variable(
      'PORT',
      port,
      { all: '3000', worker: '3030' },
      'Port of the product (role `worker`: of its health routes and of `/metrics`).',
    ),
    workerPort: variable(
      'TRACEHOUSE_WORKER_PORT',
      port,
      '3030',
      "Port of the worker's health routes and of `/metrics` in role `all`.",
    ),
    otlpPort: variable(
      'TRACEHOUSE_OTLP_PORT',
      portOrOff,
      '4318',
      'Second port for OTLP over HTTP, the default of OpenTelemetry exporters.',
    ),
    url: optional(
      'NEXTAUTH_URL',
      webAddress,
      'Address people and clients use; the only source of links, of the `Secure` flag of cookies and of the origin that sign-in accepts.',
      {
        without: 'the address reached',
      },
    ),
    trustedProxies: optional('TRACEHOUSE_TRUSTED_PROXIES', networks, 'Proxies whose `X-Forwarded-For` is believed.', {
      without: 'none',
    }),
    logLevel: variable(
      'LANGFUSE_LOG_LEVEL',
      choice('trace', 'debug', 'info', 'warn', 'error', 'fatal'),
      'info',
      'Least severe line to log.',
    ),
  },
  stores: {
    dataDirectory: variable(
      'TRACEHOUSE_DATA_DIR',
      word,
      './data',
      'Directory of everything the embedded stores keep, one process at a time.',
    ),
    memoryMb: optional(
      'TRACEHOUSE_MEMORY_MB',
      positiveInteger,
      'Megabytes the program may use, 1024 or more; the limit and the caches of the embedded ClickHouse and the bytes of requests on their way in follow from it.',
      { without: 'what the machine or its container has' },
    ),
    databaseUrl: optional('DATABASE_URL', postgresUrl, 'PostgreSQL server to use.', {
      without: 'embedded',
      secret: true,
    }),
    clickhouseUrl: optional(
      'CLICKHOUSE_URL',
      word,
      'ClickHouse server; not supported by this version, which refuses to start with it.',
      {
        without: 'embedded',
        secret: true,
      },
    ),
    redisHost: optional(
      'REDIS_HOST',
      word,
      'Redis server; not supported by this version, which refuses to start with it.',
      { without: 'embedded' },
    ),
    redisUrl: optional(
      'REDIS_CONNECTION_STRING',
      word,
      'Redis server; not supported by this version, which refuses to start with it.',
      {
        without: 'embedded',
        secret: true,
      },
    ),
    eventBucket: optional(
      'LANGFUSE_S3_EVENT_UPLOAD_BUCKET',
      word,
      'Bucket of an S3 service; not supported by this version, which refuses to start with it.',
      { without: 'embedded' },
    ),
  },
  ingestion: {
    fsync: variable(
      'TRACEHOUSE_FSYNC',
      choice('on', 'off'),
      'on',
      'Whether an acknowledgement waits until the disk has the data, so that it survives the loss of power: what is ingested, and what people edit in the embedded Postgres; `off`: until the operating system has it, so that it survives a crash of the process alone.',
    ),
    journalMaxMb: variable(
      'TRACEHOUSE_JOURNAL_MAX_MB',
      positiveInteger,
      '512',
      'Megabytes of acknowledged data that may wait for the engine, half of it for one project; beyond, ingestion answers 503.',
    ),
    requestsPerMinute: optional(
      'TRACEHOUSE_LIMIT_REQUESTS_PER_MINUTE',
      positiveInteger,
      'Requests for ingestion a project may send in a minute; more are answered 429 with `Retry-After`.',
      { without: 'no limit' },
    ),
    browserRequestsPerMinute: optional(
      'TRACEHOUSE_LIMIT_BROWSER_REQUESTS_PER_MINUTE',
      positiveInteger,
      'The same for requests with a public key alone, as browsers send scores: anyone can read that key.',
      { without: 'no limit' },
    ),
    itemsPerDay: optional(
      'TRACEHOUSE_QUOTA_ITEMS_PER_DAY',
      positiveInteger,
      'Spans, events and scores a project may store in a day of UTC; more are answered 429.',
      { without: 'no quota' },
    ),
  },
  media: {
    maxBytes: variable(
      'LANGFUSE_S3_MEDIA_MAX_CONTENT_LENGTH',
      byteCount,
      '1000000000',
      'Bytes a file may have that a trace refers to.',
    ),
    linkSeconds: variable(
      'LANGFUSE_S3_MEDIA_DOWNLOAD_URL_EXPIRY_SECONDS',
      positiveInteger,
      '3600',
      'Seconds a link to such a file is good, for anyone who has it.',
    ),
    takesFromSpans: variable(
      'LANGFUSE_OTEL_MEDIA_UPLOAD_ENABLED',
      flag,
      'true',
      'Whether files inside OTLP spans and log records (data URIs, base64 in messages) become files of their own: `docs/media.md`.',
    ),
  },
  telemetry: {
    probe: variable(
      'TRACEHOUSE_PROBE',
      choice('on', 'off'),
      'on',
      'Whether a trace is sent and read back once a minute, in a project nobody sees: `docs/operations.md`.',
    ),
    probeIntervalS: variable(
      'TRACEHOUSE_PROBE_INTERVAL_S',
      positiveInteger,
      '60',
      'Seconds between two of them; after twice as many without one read back `health?failIfProbeStale=true` is red.',
    ),
    metricsToken: optional(
      'TRACEHOUSE_METRICS_TOKEN',
      word,
      'Serves `/metrics` on the port of the product too, and asks for this token everywhere (`Authorization: Bearer`).',
      { without: "on the worker's port alone, open", secret: true },
    ),
  },
  search: {
    indexHour: variable(
      'TRACEHOUSE_TEXT_INDEX_HOUR',
      hourOrOff,
      '3',
      'Hour of the day (UTC) in which the text indexes are built, for at most 4 hours. They make the search for what does not occur fast, and take about a third more disk; `off`: all text is scanned.',
    ),
  },
  audit: {
    retentionDays: optional(
      'TRACEHOUSE_AUDIT_RETENTION_DAYS',
      positiveInteger,
      'Days the lines of the audit log are kept; what is older goes at night (4 h UTC).',
      { without: 'for ever' },
    ),
  },
  secrets: {
    nextauthSecret: optional(
      'NEXTAUTH_SECRET',
      text,
      'Seals short-lived sign-in cookies (`openssl rand -base64 32`).',
      {
        without: 'generated, kept in the data directory',
        secret: true,
      },
    ),
    salt: optional(
      'SALT',
      text,
      'Salts the stored hashes of API keys; every key is invalid once it changes (`openssl rand -base64 32`).',
      {
        without: 'generated, kept in the data directory',
        secret: true,
      },
    ),
    encryptionKey: optional('ENCRYPTION_KEY', hexKey, 'Encrypts stored secrets (`openssl rand -hex 32`).', {
      without: 'generated, kept in the data directory',
      secret: true,
    }),
  },
  admin: {
    apiKey: optional(
      'ADMIN_API_KEY',
      text,
      'Opens `/api/admin/*` for all organizations, and routes of models for all projects (`openssl rand -hex 32`).',
      { without: 'those routes answer 403', secret: true },
    ),
  },
  signIn: {
    sessionMaxAgeMinutes: variable(
      'AUTH_SESSION_MAX_AGE',
      positiveInteger,
      '43200',
      'Minutes a session lives after its last use.',
    ),
    cookieDomain: optional(
      'NEXTAUTH_COOKIE_DOMAIN',
      word,
      'Domain of the session cookie; its sibling hosts receive the cookie too.',
      {
        without: 'the host alone',
      },
    ),
    cookieNameSuffix: variable('NEXTAUTH_COOKIE_NAME_SUFFIX', word, '', 'Appended to the name of the session cookie.'),
    passwordDisabled: variable(
      'AUTH_DISABLE_USERNAME_PASSWORD',
      flag,
      'false',
      'No sign-in by password, no sign-up, no new password by mail; refused while no other way to sign in is set up.',
    ),
    signUpDisabled: variable(
      'AUTH_DISABLE_SIGNUP',
      flag,
      'false',
      'No new people by the form or by SSO; invitations, SCIM and headless initialization still make them.',
    ),
    signUpHidden: variable('NEXT_PUBLIC_SIGN_UP_DISABLED', flag, 'false', 'The same as `AUTH_DISABLE_SIGNUP`.'),
    ssoDomains: variable(
      'AUTH_DOMAINS_WITH_SSO_ENFORCEMENT',
      domains,
      '',
      'E-mail domains whose people sign in by SSO alone: no password, no sign-up for them.',
    ),
    emailVerificationRequired: variable(
      'AUTH_EMAIL_VERIFICATION_REQUIRED',
      flag,
      'false',
      'Whoever signs up first types a code sent to the address; needs `SMTP_CONNECTION_URL` and `EMAIL_FROM_ADDRESS`.',
    ),
    organizationCreators: optional(
      'LANGFUSE_ALLOWED_ORGANIZATION_CREATORS',
      emailAddresses,
      'Who may make organizations, once the address is verified.',
      { without: 'everyone' },
    ),
  },
  mail: {
    smtpUrl: optional(
      'SMTP_CONNECTION_URL',
      smtpUrl,
      'Server that sends mail: codes for a new password and for the address, invitations.',
      { without: 'no mail is sent', secret: true },
    ),
    from: optional(
      'EMAIL_FROM_ADDRESS',
      mailbox,
      'Sender of that mail, `traces@acme.dev` or `Traces <traces@acme.dev>`.',
    ),
  },
  sso: {
    trustedEmails: optional(
      'TRACEHOUSE_SSO_TRUST_EMAIL',
      list,
      'Providers (`keycloak`, `custom`, …) whose e-mail addresses count as verified though they do not say so.',
    ),
    recheckMinutes: optional(
      'TRACEHOUSE_SSO_RECHECK_MINUTES',
      positiveInteger,
      'A session in use asks its provider this often whether it still stands, and ends when not: a person disabled there sends no word of it.',
      { without: 'off' },
    ),
    httpProxy: optional('AUTH_HTTP_PROXY', webAddress, 'Proxy for calls to providers whose address is http.'),
    httpsProxy: optional('AUTH_HTTPS_PROXY', webAddress, 'Proxy for calls to providers whose address is https.'),
    roleClaim: optional(
      'TRACEHOUSE_SSO_ROLE_CLAIM',
      word,
      'Claim that lists what a person is at the provider, such as `realm_access.roles`; read at each sign-in from ID token and userinfo.',
      { without: 'off' },
    ),
    roleMapping: optional(
      'TRACEHOUSE_SSO_ROLE_MAPPING',
      roleMapping,
      'Role here for each of them, as `{"admin": "ADMIN"}`; of several the highest. Key `default`: for members who have none of them (`VIEWER`; `null`: left alone). As `SYNC_ROLE_MAPPING`.',
    ),
    roleMaximum: variable(
      'TRACEHOUSE_SSO_ROLE_MAX',
      roleName,
      'ADMIN',
      'The highest role a claim gives. Whoever has a higher one keeps it.',
    ),
    roleOrganizationIds: optional('TRACEHOUSE_SSO_ROLE_ORG_ID', list, 'Organizations where claims give roles.', {
      without: '`LANGFUSE_DEFAULT_ORG_ID`, else the initial organization, else the only one',
    }),
    ignoredFields: optional(
      'AUTH_IGNORE_ACCOUNT_FIELDS',
      list,
      'Accepted, without effect: what a provider sends and we do not know is not stored.',
    ),
  },
  init: {
    organizationId: optional('LANGFUSE_INIT_ORG_ID', word, 'Organization to create at start.', {
      without: 'slug of the name, else `default`, when another `LANGFUSE_INIT_*` is set',
    }),
    organizationName: optional('LANGFUSE_INIT_ORG_NAME', word, 'Its name, used at creation.', {
      without: '`Provisioned Org`',
    }),
    projectId: optional('LANGFUSE_INIT_PROJECT_ID', word, 'Project to create in it.'),
    projectName: optional('LANGFUSE_INIT_PROJECT_NAME', word, 'Its name, used at creation.', {
      without: '`Provisioned Project`',
    }),
    projectPublicKey: optional('LANGFUSE_INIT_PROJECT_PUBLIC_KEY', word, "Public key of the project's API key."),
    projectSecretKey: optional(
      'LANGFUSE_INIT_PROJECT_SECRET_KEY',
      word,
      'Its secret key; a stored one that differs is replaced.',
      { secret: true },
    ),
    organizationPublicKey: optional(
      'TRACEHOUSE_INIT_ORG_PUBLIC_KEY',
      word,
      'Public key of an organization API key (SCIM, role sync).',
    ),
    organizationSecretKey: optional(
      'TRACEHOUSE_INIT_ORG_SECRET_KEY',
      word,
      'Its secret key; a stored one that differs is replaced.',
      { secret: true },
    ),
    userEmail: optional(
      'LANGFUSE_INIT_USER_EMAIL',
      emailAddress,
      'Owner to create; an existing user becomes owner again at every start.',
    ),
    userName: optional('LANGFUSE_INIT_USER_NAME', word, 'Name of that owner, used at creation.', {
      without: '`Provisioned User`',
    }),
    userPassword: optional(
      'LANGFUSE_INIT_USER_PASSWORD',
      text,
      'Password of that owner, at least 8 characters, used at creation.',
      { secret: true },
    ),
  },
  newUsers: {
    organizationIds: optional('LANGFUSE_DEFAULT_ORG_ID', list, 'Organizations every new user joins.', {
      without: 'with `LANGFUSE_DEFAULT_ORG_ROLE`: the initial organization, else the only one',
    }),
    organizationRole: optional('LANGFUSE_DEFAULT_ORG_ROLE', roleName, 'Role of a new user in those organizations.', {
      without: '`VIEWER`',
    }),
    projectIds: optional('LANGFUSE_DEFAULT_PROJECT_ID', list, 'Projects every new user joins.'),
    projectRole: variable('LANGFUSE_DEFAULT_PROJECT_ROLE', roleName, 'VIEWER', 'Role of a new user in those projects.'),
  },
} as const satisfies Record<string, Record<string, Variable<unknown>>>;

type Parsed = ParsedVariables<typeof variables>;

/** The environment, checked. Frozen; made once a process. */
export type Settings = Omit<Parsed, 'server'> & {
  readonly role: ProcessRole;
  /** Other ways to sign in than the password, in the order of their buttons. */
  readonly providers: readonly ProviderSettings[];
  /** `hostname` is the address to listen on. */
  readonly server: Omit<Parsed['server'], 'hostname'> & { readonly hostname: string };
  /** Sentences to log at start: settings that are legal and probably not what was meant. */
  readonly warnings: readonly string[];
};

/** Everything wrong with the environment, one sentence a problem, each beginning with the variable's name. */
export class SettingsError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(
      `The configuration has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n${problems.map((p) => `  ${p}`).join('\n')}`,
    );
    this.name = 'SettingsError';
    this.problems = problems;
  }
}

/**
 * Reads the environment, the only place that does. `machineName` is what shells and containers put into HOSTNAME.
 * @throws SettingsError with all problems at once.
 */
export function readSettings({
  role,
  env = process.env,
  machineName = machineHostname(),
}: {
  role: ProcessRole;
  env?: Environment;
  machineName?: string;
}): Settings {
  const { parsed, problems } = parseVariables(variables, env, role);
  const sso = readProviders(env);
  problems.push(...sso.problems);
  // The rules look at several values, so they are asked only when each is right by itself.
  if (problems.length > 0) throw new SettingsError(problems);
  const { server, ...rest } = parsed;
  const { url } = server;
  const settings: Settings = {
    ...rest,
    role,
    providers: sso.providers,
    server: {
      ...server,
      hostname: listenAddress(parsed),
      // Where upstream's deployments put NextAuth; the product's address is what stands before it.
      url: url?.replace(/\/api\/auth$/, ''),
    },
    warnings: [
      ...warn(parsed, machineName),
      ...sso.warnings,
      ...warnOfClosedSignUp(parsed, sso.providers),
      ...warnOfDomainsWithoutSso(parsed, sso.providers),
    ],
  };
  const broken = rules.flatMap((rule) => rule(settings));
  if (broken.length > 0) throw new SettingsError(broken);
  return deepFreeze(settings);
}

/** Upstream's deployments found out from `OAuthCreateAccount` on the first person's screen. */
function warnOfClosedSignUp({ signIn }: Parsed, providers: readonly ProviderSettings[]): string[] {
  const { signUpDisabled, signUpHidden } = variables.signIn;
  const closed = signIn.signUpDisabled ? signUpDisabled : signIn.signUpHidden ? signUpHidden : undefined;
  if (closed === undefined || providers.length === 0) return [];
  const names = providers.map(({ name }) => name).join(' or ');
  return [`${closed.name}: nobody new can come in through ${names}, only people who were invited or provisioned`];
}

function warnOfDomainsWithoutSso({ signIn }: Parsed, providers: readonly ProviderSettings[]): string[] {
  if (signIn.ssoDomains.length === 0 || providers.length > 0) return [];
  const name = variables.signIn.ssoDomains.name;
  return [`${name}: no provider is set up, so nobody of ${signIn.ssoDomains.join(', ')} can sign in`];
}

const isAddress = (value: string): boolean => isIP(value) !== 0 || value === 'localhost';

/** Everyone may connect only where somebody has decided so: by HOSTNAME, or by giving the installation its secrets. */
function listenAddress({ server: { hostname }, secrets }: Parsed): string {
  if (hostname !== undefined && isAddress(hostname)) return hostname;
  return hasOwnSecrets(secrets) ? '0.0.0.0' : '127.0.0.1';
}

const hasOwnSecrets = (secrets: Parsed['secrets']): boolean =>
  Object.values(secrets).every((secret) => secret !== undefined) && sampleSecrets(secrets).length === 0;

/** What compose files and manuals of the field use as placeholders. */
const SAMPLES = new Set([
  'secret',
  'mysecret',
  'my-secret',
  'salt',
  'mysalt',
  'my-salt',
  'changeme',
  'change-me',
  'password',
]);
const isSample = (value: string): boolean => SAMPLES.has(value.toLowerCase()) || /^(.)\1*$/.test(value);

/** Names of the variables that hold a placeholder. */
const sampleSecrets = (secrets: Parsed['secrets']): string[] =>
  (Object.keys(variables.secrets) as (keyof Parsed['secrets'])[])
    .filter((key) => secrets[key] !== undefined && isSample(secrets[key]))
    .map((key) => variables.secrets[key].name);

const isLoopback = (address: string): boolean =>
  address === 'localhost' || address === '::1' || (isIP(address) === 4 && address.startsWith('127.'));

type Rule = (settings: Settings) => string[];

const noSampleSecrets: Rule = (settings) => {
  const embeddedDefault =
    settings.role === 'all' && settings.stores.databaseUrl === undefined && isLoopback(settings.server.hostname);
  return embeddedDefault
    ? []
    : sampleSecrets(settings.secrets).map(
        (variableName) =>
          `${variableName}: a sample value is accepted only by the embedded default on 127.0.0.1; generate a secret of your own`,
      );
};

interface Need {
  of: Variable<unknown>;
  what: string;
  roles: readonly ProcessRole[];
  value(settings: Settings): unknown;
}
const { stores, secrets, server } = variables;
/** Roles that run beside others share stores that are servers, and secrets that all of them know. */
// oxfmt-ignore
const needs: readonly Need[] = [
  { of: stores.databaseUrl,      roles: ['web', 'worker', 'migrate'], value: (s) => s.stores.databaseUrl,      what: 'a Postgres server' },
  { of: stores.clickhouseUrl,    roles: ['web', 'worker'],            value: (s) => s.stores.clickhouseUrl,    what: 'a ClickHouse server' },
  { of: stores.redisHost,        roles: ['web', 'worker'],            value: (s) => s.stores.redisHost ?? s.stores.redisUrl, what: 'a Redis server' },
  { of: stores.eventBucket,      roles: ['web', 'worker'],            value: (s) => s.stores.eventBucket,      what: 'an S3 bucket' },
  { of: secrets.salt,            roles: ['web', 'worker'],            value: (s) => s.secrets.salt,            what: 'the salt all processes share' },
  { of: secrets.encryptionKey,   roles: ['web', 'worker'],            value: (s) => s.secrets.encryptionKey,   what: 'the key all processes share' },
  { of: secrets.nextauthSecret,  roles: ['web'],                      value: (s) => s.secrets.nextauthSecret,  what: 'the secret all processes share' },
  { of: server.url,              roles: ['web'],                      value: (s) => s.server.url,              what: 'the address people use' },
];

const rolesHaveServers: Rule = (settings) =>
  needs
    .filter(({ roles, value }) => roles.includes(settings.role) && value(settings) === undefined)
    .map(({ of, what }) => `${of.name} is not set: role '${settings.role}' needs ${what}`);

const knownServices: Rule = ({ stores }) =>
  (['clickhouseUrl', 'redisHost', 'redisUrl', 'eventBucket'] as const)
    .filter((key) => stores[key] !== undefined)
    .map(
      (key) =>
        `${variables.stores[key].name}: this version has no driver for it yet; unset it to use the embedded store`,
    );

const someWayToSignIn: Rule = ({ signIn, providers }) =>
  signIn.passwordDisabled && providers.length === 0
    ? [`${variables.signIn.passwordDisabled.name}: nobody could sign in, for no provider is set up (AUTH_KEYCLOAK_…)`]
    : [];

const knownProviders: Rule = ({ sso, providers }) =>
  (sso.trustedEmails ?? [])
    .filter((id) => !providers.some((provider) => provider.id === id))
    .map((id) => `${variables.sso.trustedEmails.name}: '${id}' is no provider that is set up`);

const claimsHaveMapping: Rule = ({ sso }) =>
  sso.roleClaim !== undefined && sso.roleMapping === undefined
    ? [`${variables.sso.roleMapping.name}: is not set; without it ${variables.sso.roleClaim.name} gives no role`]
    : [];

const initialPassword: Rule = ({ init }) =>
  init.userPassword !== undefined && init.userPassword.length < 8
    ? [`${variables.init.userPassword.name}: the password has less than 8 characters`]
    : [];

/** A code that cannot be sent would keep everyone out. */
const codesCanBeSent: Rule = ({ signIn, mail }) => {
  const { smtpUrl: server, from: sender } = variables.mail;
  const missing = [
    ...(mail.smtpUrl === undefined ? [server.name] : []),
    ...(mail.from === undefined ? [sender.name] : []),
  ];
  return signIn.emailVerificationRequired && missing.length > 0
    ? [`${variables.signIn.emailVerificationRequired.name}: the codes need ${missing.join(' and ')}`]
    : [];
};

const portsDiffer: Rule = ({ role, server: { port: product, workerPort, otlpPort } }) => {
  if (role !== 'all') return [];
  const problems: string[] = [];
  if (workerPort === product) problems.push(`TRACEHOUSE_WORKER_PORT: ${workerPort} is also PORT`);
  if (otlpPort !== null && (otlpPort === product || otlpPort === workerPort)) {
    problems.push(
      `TRACEHOUSE_OTLP_PORT: ${otlpPort} is also ${otlpPort === product ? 'PORT' : 'TRACEHOUSE_WORKER_PORT'}`,
    );
  }
  return problems;
};

const rules: readonly Rule[] = [
  noSampleSecrets,
  rolesHaveServers,
  knownServices,
  someWayToSignIn,
  knownProviders,
  claimsHaveMapping,
  initialPassword,
  codesCanBeSent,
  portsDiffer,
];

function warn({ server: { hostname }, signIn, mail, init }: Parsed, machineName: string): string[] {
  const warnings: string[] = [];
  const isMachine = hostname?.split('.')[0]?.toLowerCase() === machineName.split('.')[0]?.toLowerCase();
  if (hostname !== undefined && !isAddress(hostname) && !isMachine) {
    warnings.push(
      `HOSTNAME: '${hostname}' is not an IP address and is ignored; to listen on all addresses set 0.0.0.0`,
    );
  }
  if (signIn.cookieDomain !== undefined) {
    warnings.push(`NEXTAUTH_COOKIE_DOMAIN: every host under ${signIn.cookieDomain} receives the session cookie`);
  }
  if (signIn.organizationCreators !== undefined && mail.smtpUrl === undefined) {
    warnings.push(
      'LANGFUSE_ALLOWED_ORGANIZATION_CREATORS: counts for verified addresses alone, and without SMTP_CONNECTION_URL a code verifies none',
    );
  }
  const pairs = [
    [
      'LANGFUSE_INIT_PROJECT_PUBLIC_KEY',
      init.projectPublicKey,
      'LANGFUSE_INIT_PROJECT_SECRET_KEY',
      init.projectSecretKey,
    ],
    [
      'TRACEHOUSE_INIT_ORG_PUBLIC_KEY',
      init.organizationPublicKey,
      'TRACEHOUSE_INIT_ORG_SECRET_KEY',
      init.organizationSecretKey,
    ],
    ['SMTP_CONNECTION_URL', mail.smtpUrl, 'EMAIL_FROM_ADDRESS', mail.from],
    ['LANGFUSE_INIT_USER_EMAIL', init.userEmail, 'LANGFUSE_INIT_USER_PASSWORD', init.userPassword],
  ] as const;
  for (const [first, firstValue, second, secondValue] of pairs) {
    if ((firstValue === undefined) === (secondValue === undefined)) continue;
    const [there, missing] = firstValue === undefined ? [second, first] : [first, second];
    warnings.push(`${there} has no effect without ${missing}`);
  }
  if (init.projectPublicKey !== undefined && init.projectSecretKey !== undefined && init.projectId === undefined) {
    warnings.push('LANGFUSE_INIT_PROJECT_PUBLIC_KEY has no effect without LANGFUSE_INIT_PROJECT_ID');
  }
  return warnings;
}

/** All the way down. */
export function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) deepFreeze(part as object);
  return Object.freeze(value);
}
