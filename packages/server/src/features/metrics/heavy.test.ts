import { MetricsQueryV1 } from '@tracehouse/contract/metrics';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readFor } from '../../stores/asker.ts';
import type { ClickHouse } from '../../stores/clickhouse/clickhouse.ts';
import { clickhouse } from '../../stores/clickhouse/sql.ts';
import { projectScope } from '../../stores/scope.ts';
import { type Harness, openHarness } from '../harness.ts';
import { createSuperseded } from '../filters/superseded.ts';
import { createMetrics } from './service.ts';

/** Takes as long as it may. */
const endless = clickhouse`SELECT sum(cityHash64(number)) AS hash FROM numbers(200000000000)`;
/** The statement of the metrics themselves is endless, with a limit or without. */
const slow = (db: ClickHouse, timeoutMs?: number): ClickHouse => ({
  ...db,
  rows: (statement, options) =>
    statement.text.includes('AS m0')
      ? db.rows(endless, { ...options, ...(timeoutMs !== undefined && { timeoutMs }) })
      : db.rows(statement, options),
});

/** An answer may have a hundred bytes where it has a bound. */
const brief = (db: ClickHouse): ClickHouse => ({
  ...db,
  rows: (statement, { settings = {}, ...options } = {}) =>
    db.rows(statement, {
      ...options,
      settings: { ...settings, ...(settings['max_result_bytes'] !== undefined && { max_result_bytes: 100 }) },
    }),
});
/** What a project is named after is what its questions meet. */
const byProject = (db: ClickHouse): ClickHouse => ({
  ...db,
  rows: (statement, options) =>
    (statement.text.includes(`'brief'`) ? brief(db) : slow(db, 200)).rows(statement, options),
});

let harness: Harness;
beforeAll(async () => {
  harness = await openHarness({ through: (stores) => ({ ...stores, clickhouse: byProject(stores.clickhouse) }) });
});
afterAll(() => harness.close());

const query = {
  view: 'observations',
  metrics: [{ measure: 'count', aggregation: 'count' }],
  dimensions: [{ field: 'name' }],
  fromTimestamp: '2026-10-20T00:00:00Z',
  toTimestamp: '2026-11-20T00:00:00Z',
};

test('what takes too long answers 422 and says what to narrow', async () => {
  const project = await harness.project('heavy');
  const { status, body } = await project.get(`/metrics?query=${encodeURIComponent(JSON.stringify(query))}`);
  expect([status, body.error]).toEqual([422, 'Request timed out']);
  expect(body.message).toBe(
    `This query is too heavy. It took longer than 20 s. Narrow it by a range shorter than 31 days, a filter, fewer dimensions than name or 'config.row_limit'.`,
  );
});

test('an answer of too many bytes is 422 too', async () => {
  const project = await harness.project('brief');
  await project.store([{ id: 'o', at: -86_400, name: 'x'.repeat(200) }]);
  const { status, body } = await project.get(`/metrics?query=${encodeURIComponent(JSON.stringify(query))}`);
  expect([status, body.message]).toEqual([
    422,
    expect.stringContaining('The answer has more than 64 MB. Narrow it by'),
  ]);
  const short = await project.get(`/metrics?query=${encodeURIComponent(JSON.stringify({ ...query, dimensions: [] }))}`);
  expect([short.status, short.body.data]).toEqual([200, [{ count_count: 1 }]]);
});

test('is ended in the engine when its reader has gone', async () => {
  // So long that on a busy machine its own time is not up first.
  const db = slow(harness.clickhouse, 60_000);
  const metrics = createMetrics({
    clickhouse: db,
    journal: { barrier: async () => undefined },
    superseded: createSuperseded({ clickhouse: db }),
  });
  const reader = new AbortController();
  const answer = readFor(reader.signal, () =>
    metrics.run(projectScope('heavy'), MetricsQueryV1.parse(query), 'v1').catch((error: unknown) => error),
  );
  const underWay = async (): Promise<number> => {
    const rows = await harness.clickhouse.rows(
      clickhouse`SELECT 1 FROM system.processes WHERE query LIKE '%numbers(200000000000)%'`,
    );
    return rows.length - 1; // itself
  };
  await expect.poll(underWay, { timeout: 60_000 }).toBe(1);
  reader.abort();
  expect(await answer).toMatchObject({ code: 394 });
  await expect.poll(underWay, { timeout: 60_000 }).toBe(0);
});
