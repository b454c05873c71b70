import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { readSettings } from '../../config/settings.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { sql } from '../../stores/postgres/sql.ts';
import { initializeHeadless } from './headless-init.ts';
import { createNewUsers } from '../accounts/new-user.ts';
import { createPasswords } from '../accounts/passwords.ts';
import {
  createClock,
  createIds,
  createTestKeys,
  createTestLog,
  emptyTables,
  seedTwoOrganizations,
} from '../scenario.ts';
import { openTestPostgres } from '../../stores/test-stores.ts';

let postgres: Postgres;
beforeAll(async () => {
  postgres = await openTestPostgres();
});
beforeEach(() => emptyTables(postgres));
afterAll(() => postgres.close());

const passwords = createPasswords();
const full = {
  LANGFUSE_INIT_ORG_ID: 'acme',
  LANGFUSE_INIT_ORG_NAME: 'Acme Inc.',
  LANGFUSE_INIT_PROJECT_ID: 'bot',
  LANGFUSE_INIT_PROJECT_NAME: 'Bot',
  LANGFUSE_INIT_PROJECT_PUBLIC_KEY: 'pk-lf-init',
  LANGFUSE_INIT_PROJECT_SECRET_KEY: 'sk-lf-init',
  LANGFUSE_INIT_USER_EMAIL: 'Ada@Acme.dev',
  LANGFUSE_INIT_USER_NAME: 'Ada',
  LANGFUSE_INIT_USER_PASSWORD: 'correct horse',
};
const newId = createIds('id');

/** One start with this environment. */
async function start(env: Record<string, string>) {
  const { keys } = createTestKeys(postgres);
  const { log, lines } = createTestLog();
  const settings = readSettings({ role: 'all', env });
  const { now } = createClock();
  const initialized = await initializeHeadless({
    postgres,
    settings,
    apiKeys: keys,
    passwords,
    newUsers: createNewUsers({ settings, now, newId }),
    now,
    log,
  });
  const verify = async (publicKey: string, secretKey: string) => {
    const key = await keys.verifyPair(publicKey, secretKey);
    await keys.settled();
    return key;
  };
  return { initialized, verify, lines };
}

const everything = () =>
  postgres.rows(sql`
    SELECT (SELECT jsonb_agg(o ORDER BY o.id) FROM organizations o) AS organizations,
      (SELECT jsonb_agg(p ORDER BY p.id) FROM projects p) AS projects,
      (SELECT jsonb_agg(u ORDER BY u.id) FROM users u) AS users,
      (SELECT jsonb_agg(m) FROM organization_memberships m) AS memberships,
      (SELECT jsonb_agg(to_jsonb(k) - 'last_used_at' ORDER BY k.id) FROM api_keys k) AS keys`);

const roles = async () =>
  (
    await postgres.rows<{ role: string }>(sql`
      SELECT u.email || ' ' || m.organization_id || ' ' || m.role AS role
      FROM organization_memberships m JOIN users u ON u.id = m.user_id ORDER BY 1`)
  ).map(({ role }) => role);

test('everything the variables describe is there, and a second start changes nothing', async () => {
  const first = await start(full);
  expect(first.initialized).toBe(true);
  expect(await first.verify('pk-lf-init', 'sk-lf-init')).toMatchObject({ projectId: 'bot', organizationId: 'acme' });
  expect(await roles()).toEqual(['ada@acme.dev acme OWNER']);
  const before = await everything();
  await start(full);
  expect(await everything()).toEqual(before);
});

test('names are for creation alone, the password too', async () => {
  await start(full);
  const before = await everything();
  await start({
    ...full,
    LANGFUSE_INIT_ORG_NAME: 'New',
    LANGFUSE_INIT_PROJECT_NAME: 'New',
    LANGFUSE_INIT_USER_NAME: 'New',
    LANGFUSE_INIT_USER_PASSWORD: 'another one',
  });
  expect(await everything()).toEqual(before);
});

test('two processes that start together make one of each', async () => {
  await Promise.all([start(full), start(full)]);
  expect(await postgres.rows(sql`SELECT id FROM api_keys`)).toHaveLength(1);
  expect(await roles()).toEqual(['ada@acme.dev acme OWNER']);
});

test('without any of the variables nothing happens', async () => {
  expect((await start({})).initialized).toBe(false);
  expect(await postgres.rows(sql`SELECT id FROM organizations`)).toEqual([]);
});

test.each([
  ['its name', { LANGFUSE_INIT_ORG_NAME: ' Ärzte & Co. ' }, 'arzte-co', 'Ärzte & Co.'],
  ['nothing', {}, 'default', 'Provisioned Org'],
])('e-mail and password alone make an owner; the organization is called after %s', async (_, env, id, name) => {
  await start({ ...env, LANGFUSE_INIT_USER_EMAIL: 'ada@acme.dev', LANGFUSE_INIT_USER_PASSWORD: 'correct horse' });
  expect(await postgres.rows(sql`SELECT id, name FROM organizations`)).toEqual([{ id, name }]);
  expect(await roles()).toEqual([`ada@acme.dev ${id} OWNER`]);
});

test('a secret that differs is rotated and logged, itself in no log', async () => {
  await start(full);
  const { verify, lines } = await start({ ...full, LANGFUSE_INIT_PROJECT_SECRET_KEY: 'sk-lf-rotated' });
  expect(await verify('pk-lf-init', 'sk-lf-init')).toBeNull();
  expect(await verify('pk-lf-init', 'sk-lf-rotated')).toMatchObject({ projectId: 'bot' });
  expect(lines).toMatchObject([{ projectId: 'bot', done: 'rotated' }]);
  expect(JSON.stringify(lines)).not.toMatch(/sk-lf|correct horse/);
});

test("another project's public key is taken over", async () => {
  await seedTwoOrganizations(postgres);
  const { keys } = createTestKeys(postgres);
  await keys.create({ projectId: 'theirs' }, { pair: { publicKey: 'pk-lf-init', secretKey: 'sk-lf-init' } });
  const { verify } = await start(full);
  expect(await verify('pk-lf-init', 'sk-lf-init')).toMatchObject({ projectId: 'bot' });
});

test('a project that exists stays in its organization', async () => {
  await seedTwoOrganizations(postgres);
  await start({ LANGFUSE_INIT_ORG_ID: 'acme', LANGFUSE_INIT_PROJECT_ID: 'theirs' });
  expect(await postgres.rows(sql`SELECT organization_id, name FROM projects WHERE id = 'theirs'`)).toEqual([
    { organization_id: 'other', name: 'Theirs' },
  ]);
});

test('an organization key of any form can be predefined', async () => {
  const { verify } = await start({
    LANGFUSE_INIT_ORG_ID: 'acme',
    TRACEHOUSE_INIT_ORG_PUBLIC_KEY: 'scim',
    TRACEHOUSE_INIT_ORG_SECRET_KEY: 'scim-secret',
  });
  expect(await verify('scim', 'scim-secret')).toMatchObject({ organizationId: 'acme', projectId: null });
});

test('an owner who was demoted is owner again after a start', async () => {
  await start(full);
  await postgres.rows(sql`UPDATE organization_memberships SET role = 'VIEWER'`);
  await start(full);
  expect(await roles()).toEqual(['ada@acme.dev acme OWNER']);
});

test('the new user gets the default memberships, unknown ids are passed over', async () => {
  await seedTwoOrganizations(postgres);
  await start({
    ...full,
    LANGFUSE_DEFAULT_ORG_ID: 'acme, other, nowhere',
    LANGFUSE_DEFAULT_ORG_ROLE: 'MEMBER',
    LANGFUSE_DEFAULT_PROJECT_ID: 'theirs,nothing',
    LANGFUSE_DEFAULT_PROJECT_ROLE: 'ADMIN',
  });
  expect(await roles()).toEqual(['ada@acme.dev acme OWNER', 'ada@acme.dev other MEMBER']);
  expect(await postgres.rows(sql`SELECT project_id, role FROM project_memberships`)).toEqual([
    { project_id: 'theirs', role: 'ADMIN' },
  ]);
});

test("a default project outside the default organizations gives the organization the project's role", async () => {
  await seedTwoOrganizations(postgres);
  await start({ ...full, LANGFUSE_DEFAULT_PROJECT_ID: 'theirs' });
  expect(await roles()).toEqual(['ada@acme.dev acme OWNER', 'ada@acme.dev other VIEWER']);
});
