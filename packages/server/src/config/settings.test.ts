import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { BEGIN, documentConfiguration, documentRoleSync, END, insertConfiguration } from './document.ts';
import { readSettings, SettingsError, variables } from './settings.ts';
import type { ProcessRole } from './variable.ts';

const read = (env: Record<string, string>, role: ProcessRole = 'all') =>
  readSettings({ role, env, machineName: 'box-1.lan' });
const problems = (env: Record<string, string>, role?: ProcessRole): readonly string[] => {
  try {
    read(env, role);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
};
const ownSecrets = { NEXTAUTH_SECRET: 'q8Zr1', SALT: 'fG7Lw', ENCRYPTION_KEY: '9f'.repeat(32) };

test('an empty environment is the embedded default on 127.0.0.1', () => {
  expect(read({})).toMatchObject({
    role: 'all',
    server: { hostname: '127.0.0.1', port: 3000, workerPort: 3030, otlpPort: 4318, url: undefined, logLevel: 'info' },
    stores: { dataDirectory: './data', databaseUrl: undefined },
    signIn: { sessionMaxAgeMinutes: 43_200, cookieNameSuffix: '', passwordDisabled: false },
    warnings: [],
  });
});

test('empty values count as absent, as compose files pass them', () => {
  expect(read({ PORT: '', LANGFUSE_INIT_USER_EMAIL: ' ', DATABASE_URL: '' })).toEqual(read({}));
});

test('settings cannot be changed', () => {
  expect(Object.isFrozen(read({}))).toBe(true);
  expect(Object.isFrozen(read({}).server)).toBe(true);
});

test('all problems are listed at once, each with its variable, none with a secret', () => {
  const found = problems({
    PORT: '99999',
    NEXTAUTH_URL: 'ftp://x',
    ENCRYPTION_KEY: 'tooshort',
    AUTH_SESSION_MAX_AGE: 'long',
    DATABASE_URL: 'mysql://u:hunter2@h',
  });
  expect(found.map((problem) => problem.split(':')[0])).toEqual(
    expect.arrayContaining(['PORT', 'NEXTAUTH_URL', 'ENCRYPTION_KEY', 'AUTH_SESSION_MAX_AGE', 'DATABASE_URL']),
  );
  expect(found).toHaveLength(5);
  expect(found.join()).not.toMatch(/tooshort|hunter2/);
});

test.each([
  ['an IP address is listened on', { HOSTNAME: '0.0.0.0' }, '0.0.0.0'],
  ['so is one of version 6', { HOSTNAME: '::' }, '::'],
  ['localhost is listened on', { ...ownSecrets, HOSTNAME: 'localhost' }, 'localhost'],
  ["the machine's name, put there by a shell, is ignored", { HOSTNAME: 'box-1' }, '127.0.0.1'],
  ['own secrets open the installation', ownSecrets, '0.0.0.0'],
  ['some of the secrets do not', { SALT: 'fG7Lw' }, '127.0.0.1'],
  ['sample secrets do not', { ...ownSecrets, SALT: 'mysalt' }, '127.0.0.1'],
])('HOSTNAME: %s', (_, env, hostname) => {
  expect(read(env)).toMatchObject({ server: { hostname }, warnings: [] });
});

test('a HOSTNAME that is no address and not this machine is ignored with a warning', () => {
  const settings = read({ HOSTNAME: 'traces.acme.dev' });
  expect(settings.server.hostname).toBe('127.0.0.1');
  expect(settings.warnings).toEqual([expect.stringContaining('HOSTNAME')]);
});

test.each([
  ['open to the network', { HOSTNAME: '0.0.0.0' }],
  ['with a Postgres server', { DATABASE_URL: 'postgres://localhost/db' }],
])('sample secrets are refused %s, each by name', (_, env) => {
  const samples = { NEXTAUTH_SECRET: 'mysecret', SALT: 'mysalt', ENCRYPTION_KEY: '0'.repeat(64) };
  expect(problems({ ...env, ...samples }).map((problem) => problem.split(':')[0])).toEqual(Object.keys(samples));
  expect(problems({ ...env, ...ownSecrets })).toEqual([]);
  expect(problems(samples)).toEqual([]);
});

test('a role other than all names every store and secret it lacks', () => {
  const found = problems({}, 'worker');
  expect(found[0]).toBe("DATABASE_URL is not set: role 'worker' needs a Postgres server");
  expect(found.map((problem) => problem.split(' ')[0])).toEqual([
    'DATABASE_URL',
    'CLICKHOUSE_URL',
    'REDIS_HOST',
    'LANGFUSE_S3_EVENT_UPLOAD_BUCKET',
    'SALT',
    'ENCRYPTION_KEY',
  ]);
  expect(problems({}, 'web').map((problem) => problem.split(' ')[0])).toEqual(
    expect.arrayContaining(['NEXTAUTH_SECRET', 'NEXTAUTH_URL']),
  );
});

test('the worker listens on 3030 unless PORT says otherwise', () => {
  expect(variables.server.port.defaultFor('worker')).toBe('3030');
  expect(variables.server.port.defaultFor('web')).toBe('3000');
});

test('a server that has no driver yet is refused rather than ignored', () => {
  expect(problems({ CLICKHOUSE_URL: 'http://clickhouse:8123' })).toEqual([expect.stringContaining('CLICKHOUSE_URL')]);
});

test('the path of NextAuth and slashes are cut from NEXTAUTH_URL', () => {
  expect(read({ NEXTAUTH_URL: 'https://traces.acme.dev/api/auth/' }).server.url).toBe('https://traces.acme.dev');
  expect(read({ NEXTAUTH_URL: 'https://acme.dev/traces' }).server.url).toBe('https://acme.dev/traces');
});

test.each(['0', 'off'])('TRACEHOUSE_OTLP_PORT=%s switches the second OTLP port off', (value) => {
  expect(read({ TRACEHOUSE_OTLP_PORT: value }).server.otlpPort).toBeNull();
});

test('one port cannot serve two purposes', () => {
  expect(problems({ PORT: '4318' })).toEqual(['TRACEHOUSE_OTLP_PORT: 4318 is also PORT']);
  expect(problems({ TRACEHOUSE_WORKER_PORT: '3000' })).toEqual(['TRACEHOUSE_WORKER_PORT: 3000 is also PORT']);
});

test('nobody can be locked out by switching passwords off', () => {
  expect(problems({ AUTH_DISABLE_USERNAME_PASSWORD: 'true' })).toEqual([
    expect.stringContaining('AUTH_DISABLE_USERNAME_PASSWORD'),
  ]);
});

test('an initial password needs eight characters and no classes of them', () => {
  expect(problems({ LANGFUSE_INIT_USER_EMAIL: 'a@b.c', LANGFUSE_INIT_USER_PASSWORD: 'short' })).toHaveLength(1);
  expect(problems({ LANGFUSE_INIT_USER_EMAIL: 'a@b.c', LANGFUSE_INIT_USER_PASSWORD: 'aaaaaaaa' })).toEqual([]);
});

test('half of a pair warns that it has no effect', () => {
  expect(read({ LANGFUSE_INIT_USER_EMAIL: 'Ada@Acme.dev' })).toMatchObject({
    init: { userEmail: 'ada@acme.dev' },
    warnings: ['LANGFUSE_INIT_USER_EMAIL has no effect without LANGFUSE_INIT_USER_PASSWORD'],
  });
});

test('a domain that only SSO lets in warns while there is no SSO', () => {
  expect(read({ AUTH_DOMAINS_WITH_SSO_ENFORCEMENT: 'acme.dev' }).warnings).toEqual([
    'AUTH_DOMAINS_WITH_SSO_ENFORCEMENT: no provider is set up, so nobody of acme.dev can sign in',
  ]);
});

test('a cookie for a whole domain warns that its other hosts receive it', () => {
  expect(read({ NEXTAUTH_COOKIE_DOMAIN: 'acme.dev' }).warnings).toEqual([
    'NEXTAUTH_COOKIE_DOMAIN: every host under acme.dev receives the session cookie',
  ]);
});

test('required codes need a server for mail and a sender', () => {
  const required = { AUTH_EMAIL_VERIFICATION_REQUIRED: 'true' };
  expect(problems(required)).toEqual([
    'AUTH_EMAIL_VERIFICATION_REQUIRED: the codes need SMTP_CONNECTION_URL and EMAIL_FROM_ADDRESS',
  ]);
  const mail = { SMTP_CONNECTION_URL: 'smtp://mail.acme.dev:587', EMAIL_FROM_ADDRESS: 'traces@acme.dev' };
  expect(read({ ...required, ...mail }).warnings).toEqual([]);
  expect(read({ SMTP_CONNECTION_URL: mail.SMTP_CONNECTION_URL }).warnings).toEqual([
    'SMTP_CONNECTION_URL has no effect without EMAIL_FROM_ADDRESS',
  ]);
});

test.each([
  ['Traces@Acme.dev', { name: '', address: 'traces@acme.dev' }],
  ['Acme Traces <traces@acme.dev>', { name: 'Acme Traces', address: 'traces@acme.dev' }],
  ['"Acme, Inc." <traces@acme.dev>', { name: 'Acme, Inc.', address: 'traces@acme.dev' }],
])('the sender of mail may be %s', (value, expected) => {
  expect(read({ EMAIL_FROM_ADDRESS: value }).mail.from).toEqual(expected);
});

test.each(['traces', 'Traces traces@acme.dev', 'a\nBcc: x <traces@acme.dev>', 'A <a@b> <c@d>'])(
  '%j is no sender of mail',
  (value) => {
    expect(problems({ EMAIL_FROM_ADDRESS: value })).toHaveLength(1);
  },
);

test('domains and addresses are compared in lower case', () => {
  expect(
    read({
      AUTH_DOMAINS_WITH_SSO_ENFORCEMENT: 'Acme.dev, @corp.example',
      LANGFUSE_ALLOWED_ORGANIZATION_CREATORS: 'Ada@Acme.dev',
    }).signIn,
  ).toMatchObject({ ssoDomains: ['acme.dev', 'corp.example'], organizationCreators: ['ada@acme.dev'] });
  expect(problems({ AUTH_DOMAINS_WITH_SSO_ENFORCEMENT: '*.acme.dev' })).toHaveLength(1);
  expect(problems({ LANGFUSE_ALLOWED_ORGANIZATION_CREATORS: 'ada' })).toHaveLength(1);
  expect(problems({ SMTP_CONNECTION_URL: 'mail.acme.dev:25' })).toHaveLength(1);
});

test('proxies are addresses or networks', () => {
  expect(read({ TRACEHOUSE_TRUSTED_PROXIES: '10.0.0.0/8, ::1' }).server.trustedProxies).toEqual(['10.0.0.0/8', '::1']);
  expect(problems({ TRACEHOUSE_TRUSTED_PROXIES: 'nginx' })).toHaveLength(1);
});

test('the configuration table has one row a variable, those of providers aside', () => {
  const rows = documentConfiguration().match(/^\| `(?!AUTH_<P>|TRACEHOUSE_SSO_<P>)[A-Z]/gm) ?? [];
  expect(rows).toHaveLength(Object.values(variables).flatMap((subject) => Object.keys(subject)).length);
});

test('the configuration replaces what stands between the markers', () => {
  const written = insertConfiguration(`# Title\n${BEGIN}\nwhat was here\n${END}\nrest`);
  expect(written).toContain('`TRACEHOUSE_DATA_DIR`');
  expect(written).not.toContain('what was here');
  expect(written).toMatch(/rest$/);
  expect(insertConfiguration(written)).toBe(written);
});

test.each([
  ['README.md', documentConfiguration()],
  ['docs/role-sync.md', documentRoleSync()],
])('%s has the configuration of this version', async (path, tables) => {
  const document = await readFile(new URL(`../../../../${path}`, import.meta.url), 'utf8').catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    },
  );
  expect(insertConfiguration(document, tables)).toBe(document);
});
