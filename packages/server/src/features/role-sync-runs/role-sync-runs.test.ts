import { KEPT_RUNS, type RoleSyncReport } from '@tracehouse/contract/x-role-sync-runs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../../stores/postgres/sql.ts';
import { organizationScope } from '../../stores/scope.ts';
import { type Harness, openHarness } from '../harness.ts';
import { createRoleSyncRuns } from './service.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await openHarness();
});
afterAll(() => harness.close());

const counts = {
  seen: 12,
  members: 5,
  matched: 4,
  planned: 2,
  updated: 1,
  unchanged: 2,
  provisioned: 0,
  removed: 0,
  protected: 0,
  missing: 1,
  disabled: 0,
  ambiguous: 0,
  unverified: 0,
  skipped: 0,
  failed: 1,
};
const report = (given: Partial<RoleSyncReport> = {}): RoleSyncReport => ({
  startedAt: '2026-11-20T10:59:00.000Z',
  durationMs: 1234,
  result: 'partial',
  dryRun: false,
  message: null,
  problems: ['ada: Keycloak answered 500'],
  counts,
  ...given,
});
const path = '/x/role-sync-runs';

test('a run is kept as it was told, with the time of its arrival', async () => {
  const acme = await harness.organization('told');
  const { status, body } = await acme.request('POST', path, report());
  expect(status).toBe(201);
  expect((await acme.request('GET', path)).body.data).toEqual([
    { id: body.id, receivedAt: harness.now().toISOString(), ...report() },
  ]);
});

test('the newest come first, and only the last 100 are kept', async () => {
  const acme = await harness.organization('many');
  for (let i = 0; i < KEPT_RUNS + 2; i += 1) {
    harness.wait(60);
    await acme.request('POST', path, report({ durationMs: i }));
  }
  const durations = (await acme.request('GET', `${path}?limit=100`)).body.data.map(
    ({ durationMs }: RoleSyncReport) => durationMs,
  );
  expect(durations).toEqual(Array.from({ length: KEPT_RUNS }, (_, i) => KEPT_RUNS + 1 - i));
  expect((await acme.request('GET', path)).body.data).toHaveLength(20);
});

test.each([
  ['a result that is none', { ...report(), result: 'fine' }],
  ['a count that is missing', { ...report(), counts: { ...counts, failed: undefined } }],
  ['a count below zero', { ...report(), counts: { ...counts, failed: -1 } }],
  ['more problems than a page shows', { ...report(), problems: Array(21).fill('p') }],
  ['a start before all computers', { ...report(), startedAt: '0000-01-01T00:00:00.000Z' }],
  ['no report at all', []],
])('%s is refused', async (what, body) => {
  const acme = await harness.organization(`refused: ${what}`);
  expect((await acme.request('POST', path, body)).status).toBe(400);
  expect((await acme.request('GET', path)).body.data).toEqual([]);
});

test('text that no column can hold does not fail the report', async () => {
  const acme = await harness.organization('odd');
  const odd = report({ result: 'failed', message: 'a\0b \uD800', problems: ['{"x":"\0"}', '"},{"'] });
  expect((await acme.request('POST', path, odd)).status).toBe(201);
  const [run] = (await acme.request('GET', path)).body.data;
  expect(run.message).toContain('a\uFFFDb');
  expect(run.problems[1]).toBe('"},{"');
});

test('only a key of an organization may tell of a run', async () => {
  const project = await harness.project('some-project');
  const { publicKey, secretKey } = await harness.keys.create({ projectId: project.id });
  const authorization = `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString('base64')}`;
  expect((await project.send(path, JSON.stringify(report()), { authorization })).status).toBe(403);
  expect((await project.send(path, JSON.stringify(report()), { authorization: 'Basic eDp5' })).status).toBe(401);
});

// The other runs of this file have failures.
test('the last success is that of the organization which has waited longest, of runs that wrote', async () => {
  const { postgres } = harness;
  let at = new Date('2026-11-01T00:00:00Z');
  const runs = createRoleSyncRuns({ postgres, now: () => at, newId: () => crypto.randomUUID() });
  const told = async (id: string, time: string, given: Partial<RoleSyncReport>): Promise<void> => {
    at = new Date(time);
    await postgres.rows(sql`INSERT INTO organizations (id, name, created_at, updated_at)
      VALUES (${id}, ${id}, ${at}, ${at}) ON CONFLICT DO NOTHING`);
    await runs.keep(organizationScope(id), report(given));
  };
  expect(await runs.lastSuccess()).toBeNull();
  await told('a', '2026-11-02T00:00:00Z', { result: 'success' });
  await told('b', '2026-11-03T00:00:00Z', { result: 'success' });
  await told('a', '2026-11-04T00:00:00Z', { result: 'success' });
  await told('b', '2026-11-05T00:00:00Z', { result: 'success', dryRun: true });
  await told('b', '2026-11-06T00:00:00Z', { result: 'partial' });
  expect(await runs.lastSuccess()).toEqual(new Date('2026-11-03T00:00:00Z'));
  // Who does it no more is forgotten.
  at = new Date('2026-12-03T12:00:00Z');
  expect(await runs.lastSuccess()).toEqual(new Date('2026-11-04T00:00:00Z'));
});
