import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { sql } from '../../stores/postgres/sql.ts';
import { systemActor } from '../audit/audit.ts';
import {
  LAST_OWNER,
  removeOrganizationMember,
  removeProjectRole,
  setOrganizationRole,
  setProjectRole,
} from './members.ts';
import { selectProjectRole } from './organizations-store.ts';
import { emptyTables, seedTwoOrganizations } from '../scenario.ts';
import { openTestPostgres } from '../../stores/test-stores.ts';

const at = new Date('2026-03-01T12:00:00Z');
const change = { actor: systemActor('test'), source: 'person', at } as const;
let postgres: Postgres;
beforeAll(async () => {
  postgres = await openTestPostgres();
});
afterAll(() => postgres.close());
beforeEach(async () => {
  await emptyTables(postgres);
  await seedTwoOrganizations(postgres);
  for (const id of ['ada', 'bob']) {
    await postgres.rows(sql`
      INSERT INTO users (id, email, created_at, updated_at) VALUES (${id}, ${`${id}@acme.dev`}, ${at}, ${at})`);
  }
});

const give = (userId: string, role: 'OWNER' | 'ADMIN' | 'MEMBER') =>
  setOrganizationRole(postgres, { organizationId: 'acme', userId, role }, change);
const lines = () =>
  postgres.rows(sql`
    SELECT organization_id, project_id, action, object_type, object_id, before, after FROM audit_log ORDER BY at, id`);

test('a role that is given, changed and taken is in the audit log; one that stays is not', async () => {
  await give('ada', 'OWNER');
  expect(await give('bob', 'MEMBER')).toBe('added');
  expect(await give('bob', 'ADMIN')).toBe('changed');
  expect(await give('bob', 'ADMIN')).toBe('unchanged');
  expect(await removeOrganizationMember(postgres, { organizationId: 'acme', userId: 'bob' }, change)).toBe(true);
  expect(await removeOrganizationMember(postgres, { organizationId: 'acme', userId: 'bob' }, change)).toBe(false);
  const ofBob = (await lines()).filter((line) => (line as { object_id: string }).object_id === 'bob');
  expect(ofBob).toHaveLength(3);
  expect(ofBob).toContainEqual({
    organization_id: 'acme',
    project_id: null,
    action: 'update',
    object_type: 'membership',
    object_id: 'bob',
    before: { role: 'MEMBER' },
    after: { role: 'ADMIN', source: 'person' },
  });
});

test('the last owner can neither leave nor be demoted, and nothing is written', async () => {
  await give('ada', 'OWNER');
  await expect(give('ada', 'ADMIN')).rejects.toMatchObject({ status: 403, message: LAST_OWNER });
  await expect(
    removeOrganizationMember(postgres, { organizationId: 'acme', userId: 'ada' }, change),
  ).rejects.toMatchObject({ status: 403 });
  expect(await lines()).toHaveLength(1);
  await give('bob', 'OWNER');
  expect(await give('ada', 'ADMIN')).toBe('changed');
});

test('an owner who cannot sign in does not count', async () => {
  await give('ada', 'OWNER');
  await give('bob', 'OWNER');
  await postgres.rows(sql`UPDATE users SET disabled_at = ${at} WHERE id = 'bob'`);
  await expect(give('ada', 'MEMBER')).rejects.toMatchObject({ status: 403 });
});

test('two owners who demote each other at the same moment leave one', async () => {
  await give('ada', 'OWNER');
  await give('bob', 'OWNER');
  const done = await Promise.allSettled([give('ada', 'MEMBER'), give('bob', 'MEMBER')]);
  expect(done.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
});

test("a project's own role is for members of its organization, and goes with them", async () => {
  const inProd = { organizationId: 'acme', projectId: 'prod', userId: 'bob' };
  await give('ada', 'OWNER');
  await expect(setProjectRole(postgres, { ...inProd, role: 'ADMIN' }, change)).rejects.toMatchObject({ status: 404 });
  await give('bob', 'MEMBER');
  expect(await setProjectRole(postgres, { ...inProd, role: 'ADMIN' }, change)).toBe('added');
  expect(await selectProjectRole(postgres, 'bob', 'prod')).toMatchObject({ role: 'ADMIN' });
  expect(await removeProjectRole(postgres, inProd, change)).toBe(true);
  expect(await selectProjectRole(postgres, 'bob', 'prod')).toMatchObject({ role: 'MEMBER' });
  await setProjectRole(postgres, { ...inProd, role: 'ADMIN' }, change);
  await removeOrganizationMember(postgres, { organizationId: 'acme', userId: 'bob' }, change);
  expect(await selectProjectRole(postgres, 'bob', 'prod')).toBeNull();
});
