// Lists that begin with what was just stored: of a project that was listed before, and in which more than a page has come since.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ClickHouse } from '../../stores/clickhouse/clickhouse.ts';
import { type Harness, openHarness, type Project, type Sample } from '../harness.ts';

/** The harness's clock stands there. */
const NOW = 3600;
/** What the engine was asked. */
const asked: string[] = [];
let harness: Harness;
beforeAll(async () => {
  harness = await openHarness({
    through: (stores) => ({ ...stores, clickhouse: overheard(stores.clickhouse) }),
  });
});
afterAll(() => harness.close());

const overheard = (clickhouse: ClickHouse): ClickHouse => ({
  ...clickhouse,
  async rows(statement, options) {
    asked.push(statement.text);
    return clickhouse.rows(statement, options);
  },
  async binary(statement, options) {
    const answer = await clickhouse.binary(statement, options);
    asked.push(statement.text);
    return answer;
  },
});

let projects = 0;
/** A project of which it is known what was stored before: a trace older than what is kept in mind, and one that is not. */
async function listedProject(): Promise<Project> {
  const project = await harness.project(`recent-${(projects += 1)}`);
  await project.store([
    { id: 'first', traceId: 'first', at: NOW - 400 },
    { id: 'second', traceId: 'second', at: NOW - 60 },
  ]);
  asked.length = 0;
  await project.get('/x/traces?limit=1');
  await expect.poll(() => asked.some((text) => text.includes('CRC32')), { timeout: 60_000 }).toBe(true);
  return project;
}

const idsOf = ({ body }: Awaited<ReturnType<Project['get']>>): string[] =>
  (body.data as { id: string }[]).map(({ id }) => id);
/** Whether the engine looked for the newest since. */
const wasSearched = (): boolean => asked.some((text) => text.includes('FROM observations FINAL'));
const many = (count: number, from: number): Sample[] =>
  Array.from({ length: count }, (_, i) => ({
    id: 'root',
    traceId: `t${String(i).padStart(2, '0')}`,
    at: from + i / 100,
  }));

test('a page of what has just come is not searched for, and what reaches further back is', async () => {
  const project = await listedProject();
  await project.store(many(20, NOW - 10));
  asked.length = 0;
  expect(idsOf(await project.get('/x/traces?limit=3'))).toEqual(['t19', 't18', 't17']);
  expect(idsOf(await project.get('/traces?limit=3'))).toEqual(['t19', 't18', 't17']);
  expect(wasSearched()).toBe(false);
  expect(await project.everyPage('/x/traces?limit=5')).toHaveLength(22);
  expect(wasSearched()).toBe(true);
});

test('a trace that goes on is as old as it is, whether its first row came before, just now or lately', async () => {
  const project = await listedProject();
  await project.store([...many(20, NOW - 10), { id: 'more', traceId: 'first', at: NOW - 1 }]);
  await project.store([{ id: 'earlier', traceId: 't19', at: NOW - 50 }]);
  expect(idsOf(await project.get('/x/traces?limit=3'))).toEqual(['t18', 't17', 't16']);
});

test('all of a trace is shown, also what came before it was known what there is', async () => {
  const project = await listedProject();
  const call = (id: string, start: number): Sample => ({
    id,
    traceId: 'first',
    parentId: 'first',
    at: start,
    totalCost: '1',
  });
  // The event says that the trace is new.
  await project.store([...many(20, NOW - 10), call('a', NOW - 30), call('b', NOW - 1)]);
  await project.store([{ id: 'first', traceId: 'first', kind: 'trace', source: 'json', at: NOW - 2 }]);
  asked.length = 0;
  const { body } = await project.get('/x/traces?limit=1');
  expect(body.data).toMatchObject([{ id: 'first', observationCount: 3, totalCost: 2 }]);
  expect(wasSearched()).toBe(false);
});

test('a deleted trace leaves its place to the next', async () => {
  const project = await listedProject();
  await project.store(many(20, NOW - 10));
  await project.delete('/traces/t18');
  expect(idsOf(await project.get('/x/traces?limit=3'))).toEqual(['t19', 't17', 't16']);
});

/** Versions of rows, few of which say the same of when they start. */
const row = fc.record({
  traceId: fc.integer({ min: 0, max: 14 }).map((n) => `t${n}`),
  kind: fc.constantFrom('observation' as const, 'observation' as const, 'observation' as const, 'trace' as const),
  source: fc.constantFrom('otlp' as const, 'json' as const, 'ui' as const),
  id: fc.constantFrom('1', '2', '3'),
  at: fc.oneof(fc.integer({ min: -20, max: 5 }), fc.constantFrom(-70, -400, -3700)).map((seconds) => NOW + seconds),
  environment: fc.constantFrom('default', 'default', 'default', 'langfuse-x'),
  isDeleted: fc.constantFrom(false, false, false, true),
});

test('a list that begins with what has just come shows what the engine would find', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(row, { minLength: 8, maxLength: 25 }), { minLength: 1, maxLength: 4 }),
      async (blocks) => {
        const project = await listedProject();
        await project.store(many(15, NOW - 8).map((one, i) => ({ ...one, traceId: `t${i}` })));
        let version = 1;
        for (const rows of blocks) {
          await project.store(
            rows.map((one) => ({
              ...one,
              id: one.kind === 'trace' ? one.traceId : one.id,
              rowVersion: (version += 1),
            })),
          );
          for (const limit of [1, 3, 6]) {
            const { data } = (await project.get(`/x/traces?limit=${limit}`)).body;
            const searched = (await project.get(`/x/traces?limit=${limit}&to=2040-01-01T00:00:00Z`)).body.data;
            expect(data).toEqual(searched);
          }
        }
      },
    ),
    { numRuns: 15 },
  );
});
