import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { readSettings } from '../../config/settings.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { sql } from '../../stores/postgres/sql.ts';
import { createNewUsers } from './new-user.ts';
import { createClock, createIds, emptyTables, seedTwoOrganizations } from '../scenario.ts';
import { openTestPostgres } from '../../stores/test-stores.ts';
import { createSessions } from '../sessions/sessions.ts';

let postgres: Postgres;
const { now } = createClock();
const newId = createIds('user');
beforeAll(async () => {
  postgres = await openTestPostgres();
});
beforeEach(async () => {
  await emptyTables(postgres);
  await seedTwoOrganizations(postgres);
});
afterAll(() => postgres.close());

const newUsersOf = (env: Record<string, string> = {}) =>
  createNewUsers({ settings: readSettings({ role: 'all', env }), now, newId });
const ada = { email: ' Ada@Acme.dev', name: 'Ada', passwordHash: 'a hash', isVerified: false };
const create = (person: typeof ada, env?: Record<string, string>) =>
  postgres.transaction((tx) => newUsersOf(env).create(tx, person));
const prove = (userId: string, through: 'session' | 'mailbox') =>
  postgres.transaction((tx) => newUsersOf().prove(tx, { userId, through }));
const users = () =>
  postgres.rows(sql`SELECT email, name, password_hash, email_verified_at IS NOT NULL AS verified FROM users`);

test('a new person has the address in lower case and no role anywhere', async () => {
  expect(await create(ada)).toEqual({ userId: expect.any(String) as string });
  expect(await users()).toEqual([{ email: 'ada@acme.dev', name: 'Ada', password_hash: 'a hash', verified: false }]);
  expect(await postgres.rows(sql`SELECT role FROM organization_memberships`)).toEqual([]);
});

test('default memberships go to everyone, whether the address is verified or not', async () => {
  const env = { LANGFUSE_DEFAULT_ORG_ID: 'acme', LANGFUSE_DEFAULT_ORG_ROLE: 'MEMBER' };
  await create(ada, env);
  await create({ ...ada, email: 'lin@acme.dev', isVerified: true }, env);
  expect(await postgres.rows(sql`SELECT organization_id, role FROM organization_memberships`)).toEqual([
    { organization_id: 'acme', role: 'MEMBER' },
    { organization_id: 'acme', role: 'MEMBER' },
  ]);
});

test.each([
  ['the initial organization', { LANGFUSE_INIT_ORG_ID: 'other' }, ['other']],
  ['no organization where there are two', {}, []],
])('a default role alone is for %s', async (_, env, expected) => {
  await create(ada, { ...env, LANGFUSE_DEFAULT_ORG_ROLE: 'MEMBER' });
  const rows = await postgres.rows(sql`SELECT organization_id FROM organization_memberships`);
  expect(rows).toEqual(expected.map((id) => ({ organization_id: id })));
});

test('a taken address gives null and changes nothing, also for two at the same moment', async () => {
  const both = await Promise.all([create(ada), create({ ...ada, name: 'Other', email: 'ADA@acme.dev' })]);
  expect(both.filter((created) => created === null)).toHaveLength(1);
  expect(await users()).toHaveLength(1);
});

test.each([
  'ada',
  'ada@',
  'ada@acme.dev\r\nBcc: x@y',
  'ada@acme.dev, lin@acme.dev',
  '"a"@acme.dev',
  `${'a'.repeat(260)}@b`,
])('%j is no address for a person', async (email) => {
  await expect(create({ ...ada, email })).rejects.toThrow(RangeError);
  expect(await users()).toEqual([]);
});

test('an address proved from elsewhere ends the password and the sessions of whoever typed it first', async () => {
  const { userId } = (await create(ada))!;
  const sessions = createSessions({ postgres, maxAgeMinutes: 10, now, newId });
  const start = { userId, method: 'password', userAgent: undefined, ip: '127.0.0.1', replaces: undefined };
  const token = await sessions.start(start);
  await prove(userId, 'mailbox');
  expect(await users()).toMatchObject([{ password_hash: null, verified: true }]);
  expect(await sessions.find(token)).toBeNull();
});

test('an address proved from its own session, or proved before, changes nothing else', async () => {
  const { userId } = (await create(ada))!;
  await prove(userId, 'session');
  await prove(userId, 'mailbox');
  expect(await users()).toMatchObject([{ password_hash: 'a hash', verified: true }]);
});

test('invitations of an address become memberships once it is proved, those that are too old do not', async () => {
  const later = new Date(now().getTime() + 1);
  for (const [id, organizationId, projectId, projectRole, expiresAt] of [
    ['1', 'acme', 'prod', 'ADMIN', later],
    ['2', 'other', null, null, now()],
  ] as const)
    await postgres.rows(sql`
      INSERT INTO invitations (id, organization_id, project_id, email, role, project_role, token_hash, created_at, expires_at)
      VALUES (${id}, ${organizationId}, ${projectId}, 'ada@acme.dev', 'VIEWER', ${projectRole}, ${Buffer.from(id)}, ${now()},
        ${expiresAt})`);
  const { userId } = (await create(ada))!;
  const roles = () => postgres.rows(sql`SELECT organization_id, role, source FROM organization_memberships`);
  expect(await roles()).toEqual([]);
  await prove(userId, 'session');
  expect(await roles()).toEqual([{ organization_id: 'acme', role: 'VIEWER', source: 'invitation' }]);
  expect(await postgres.rows(sql`SELECT project_id, role FROM project_memberships`)).toEqual([
    { project_id: 'prod', role: 'ADMIN' },
  ]);
  expect(await postgres.rows(sql`SELECT id FROM invitations`)).toEqual([]);
});

test('the audit log tells who made whom', async () => {
  const { userId } = (await create({ ...ada, isVerified: true }))!;
  expect(
    await postgres.rows(
      sql`SELECT actor_kind, actor_id, actor_name, action, object_type, object_id, after FROM audit_log`,
    ),
  ).toEqual([
    {
      actor_kind: 'person',
      actor_id: userId,
      actor_name: 'ada@acme.dev',
      action: 'create',
      object_type: 'user',
      object_id: userId,
      after: { email: 'ada@acme.dev', name: 'Ada', isVerified: true },
    },
  ]);
});
