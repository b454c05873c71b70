// Lists and searches while so many rows come in that they are looked at in slices of the last hour: filled past the doors.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clickhouse, float, micros } from '../../stores/clickhouse/sql.ts';
import { selectParts } from '../../stores/clickhouse/parts.ts';
import { widening } from '../filters/time.ts';
import { at, type Harness, openHarness, type Project, type Sample } from '../harness.ts';

/** The harness's clock stands there. */
const NOW = 3600;
let harness: Harness;
beforeAll(async () => {
  harness = await openHarness();
  // What is merged lies in one place, and is read at once.
  await harness.clickhouse.run(clickhouse`SYSTEM STOP MERGES observations`);
  await fill(20_000, NOW - 20);
  await fill(80_000, NOW - 200);
}, 120_000);
afterAll(() => harness.close());

/** So many rows of another project that start within ten seconds before that time. */
const fill = (rows: number, until: number): Promise<void> =>
  harness.clickhouse.run(clickhouse`
    INSERT INTO observations (project_id, kind, id, trace_id, source, start_time, event_time, row_version)
    SELECT 'busy', 'observation', toString(number), toString(number), 'otlp',
      ${micros(at(until))} - toIntervalMicrosecond(number * 100) AS start, start, 1
    FROM numbers(toUInt64(${float(rows)}))`);

let projects = 0;
const newProject = (): Promise<Project> => harness.project(`busy-${(projects += 1)}`);

test('the first range of a list has few rows, and the ranges together have all', async () => {
  const parts = await selectParts(harness.clickhouse);
  const range = { from: null, to: null };
  const ranges = widening(range, at(NOW), { parts });
  expect(ranges[0]!.from).toBeGreaterThan(at(NOW - 210));
  expect(ranges.map(({ from }) => from)).toEqual([...ranges.slice(1).map(({ to }) => to), range.from]);
});

test('a first range that is to be no shorter than some time is not', async () => {
  const parts = await selectParts(harness.clickhouse);
  const seconds = (count: number): number => count * 1_000_000;
  const firstOf = (shortest: number) => widening({ from: null, to: null }, at(NOW), { parts, shortest })[0]!.from!;
  expect(firstOf(seconds(100))).toBe(firstOf(0));
  expect(firstOf(seconds(250))).toBeLessThanOrEqual(at(NOW - 250));
});

/** A version of an observation: all of them start in the same hour. */
const versions = fc.array(
  fc.record({
    trace: fc.integer({ min: 0, max: 7 }),
    n: fc.integer({ min: 0, max: 3 }),
    secondsAgo: fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 600 })),
    has: fc.boolean(),
    block: fc.integer({ min: 0, max: 2 }),
  }),
  { minLength: 1, maxLength: 40 },
);

test('lists, counts and searches show what is in force, the newest first, each once', async () => {
  await fc.assert(
    fc.asyncProperty(versions, fc.integer({ min: 1, max: 6 }), async (rows, limit) => {
      const project = await newProject();
      const inForce = new Map<string, { id: string; trace: string; start: number; has: boolean }>();
      for (const block of [0, 1, 2]) {
        const samples = rows
          .filter((row) => row.block === block)
          .map(({ trace, n, secondsAgo, has }): Sample & { id: string; traceId: string; at: number } => ({
            id: `o${trace}-${n}`,
            traceId: `t${trace}`,
            at: NOW - secondsAgo,
            input: has ? 'a needle' : 'hay',
          }));
        if (samples.length > 0) await project.store(samples);
        for (const { id, traceId, at: start, input } of samples) {
          inForce.set(id, { id, trace: traceId, start, has: input === 'a needle' });
        }
      }
      const observations = [...inForce.values()].toSorted(
        (a, b) => b.start - a.start || compare(b.trace, a.trace) || compare(b.id, a.id),
      );
      const traces = [...Map.groupBy(observations, ({ trace }) => trace)]
        .map(([id, own]) => ({ id, start: own.at(-1)!.start, has: own.some(({ has }) => has) }))
        .toSorted((a, b) => b.start - a.start || compare(b.id, a.id));
      const ids = (some: { id: string }[]): string[] => some.map(({ id }) => id);

      expect(ids(await project.everyPage(`/x/traces?limit=${limit}`))).toEqual(ids(traces));
      expect(ids(await project.everyPage(`/v2/observations?limit=${limit}`))).toEqual(ids(observations));
      const found = await project.everyPage(`/x/traces?limit=${limit}&q=needle`);
      expect(ids(found)).toEqual(ids(traces.filter(({ has }) => has)));
      const { body } = await project.get(`/traces?limit=${limit}`);
      expect(ids(body.data)).toEqual(ids(traces.slice(0, limit)));
      expect(body.meta.totalItems).toBe(traces.length);
    }),
    { numRuns: 8 },
  );
}, 120_000);

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

test('what the JSON door says about the time of a trace counts in a search', async () => {
  const project = await newProject();
  const said = (traceId: string, secondsAgo: number): Sample => ({
    id: traceId,
    traceId,
    kind: 'trace',
    source: 'json',
    at: NOW - secondsAgo,
  });
  await project.store([
    { id: 'a', traceId: 'early', at: NOW - 230, input: 'needle' },
    { id: 'b', traceId: 'late', at: NOW - 240, input: 'needle' },
    said('late', 195),
    { id: 'c', traceId: 'last', at: NOW - 190, input: 'needle' },
  ]);
  const found = await project.everyPage('/x/traces?limit=1&q=needle');
  expect(found.map(({ id }) => id)).toEqual(['last', 'late', 'early']);
});
