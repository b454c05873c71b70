import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openChdb } from '../../stores/clickhouse/chdb.ts';
import type { ClickHouse } from '../../stores/clickhouse/clickhouse.ts';
import { RowBinaryWriter } from '../../stores/clickhouse/row-binary.ts';
import { ClickHouseSql } from '../../stores/clickhouse/sql.ts';
import { plantStores } from '../../stores/test-stores.ts';
import { projectScope } from '../../stores/scope.ts';
import { encodeObservation, observationTarget } from '../observation-columns.ts';
import { emptyRow, type ObservationRow } from '../observation.ts';
import { p1, receipt, state } from './engine-double.ts';
import type { ObservationKey, ReadEntities } from './kinds.ts';
import { createReadEntities } from './read-entities.ts';
import { fromObservationRow, toObservationRow } from './rows.ts';

const HOUR = 3_600_000_000;
const near = { from: receipt - HOUR, to: receipt + HOUR };
let directory: string;
let db: ClickHouse;
let read: ReadEntities;
const statements: string[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tracehouse-read-'));
  await plantStores(directory, ['clickhouse']);
  db = await openChdb(join(directory, 'clickhouse'));
  read = createReadEntities({
    ...db,
    binary(statement, options) {
      statements.push(statement.text);
      return db.binary(statement, options);
    },
  });
});

afterAll(async () => {
  await db.close();
  await rm(directory, { recursive: true, force: true });
});

async function insert(...rows: ObservationRow[]): Promise<void> {
  const out = new RowBinaryWriter();
  for (const row of rows) encodeObservation(out, row);
  await db.insert(observationTarget, out.bytes());
}

/** A row as the door writes it. */
function ours(id: string, traceId: string, body: Record<string, unknown> = {}): ObservationRow {
  const timestamp = '2026-11-20T12:00:00Z';
  const [said] = state([{ id: `e-${id}`, type: 'generation-create', timestamp, body: { id, traceId, ...body } }]);
  return { ...toObservationRow(said!.entity, 'observation', receipt), rowVersion: receipt };
}

const key = (id: string, kind: ObservationKey['kind'] = 'observation'): ObservationKey => ({ kind, id });

test('what the door wrote is read in few columns and says the same', async () => {
  const row = ours('whole', 't1', {
    name: 'call',
    input: [{ role: 'user', content: 'ä' }],
    output: 'done',
    metadata: { a: { b: 1 } },
    model: 'gpt-4o',
    usageDetails: { input: 3, output: 4 },
    costDetails: { input: 0.5 },
    endTime: '2026-11-20T12:00:01Z',
    promptName: 'p',
    promptVersion: 2,
  });
  await insert(row);
  statements.length = 0;
  const [found] = await read(p1, [key('whole')], near, ['t1']);
  expect(fromObservationRow(found!)).toEqual(fromObservationRow(row));
  expect(statements).toHaveLength(1);
  expect(statements[0]).not.toContain('resource_attributes');
});

test('of another door the whole row is read', async () => {
  const identity = { projectId: 'p1', kind: 'observation', traceId: 't2', startTime: receipt, source: 'otlp' } as const;
  const row: ObservationRow = {
    ...emptyRow({ ...identity, id: 'span' }),
    resourceAttributes: { host: 'a' },
    serviceName: 'shop',
    rowVersion: receipt,
  };
  await insert(row, ours('beside', 't2', { name: 'ours' }));
  const found = await read(p1, [key('span'), key('beside')], near, ['t2']);
  expect(found.find(({ id }) => id === 'span')).toEqual(row);
  expect(found.find(({ id }) => id === 'beside')).toMatchObject({ name: 'ours', source: 'json' });
});

test('questions that come together are one statement, and each gets its own', async () => {
  await insert(...['a', 'b', 'c', 'd'].map((id) => ours(id, `t-${id}`, { name: id })));
  statements.length = 0;
  const answers = await Promise.all(['a', 'b', 'c', 'gone'].map((id) => read(p1, [key(id)], near, [`t-${id}`])));
  expect(answers.map((rows) => rows.map(({ name }) => name))).toEqual([['a'], ['b'], ['c'], []]);
  expect(statements).toHaveLength(1);
  expect(await read(projectScope('p2'), [key('a')], near, ['t-a'])).toEqual([]);
});

test('in the named traces alone; newest versions, deleted ones too', async () => {
  const moved = { ...ours('moved', 'before'), isDeleted: true, rowVersion: receipt + 1 };
  await insert(ours('moved', 'before'), moved, { ...ours('moved', 'after'), rowVersion: receipt + 2 });
  expect(await read(p1, [key('moved')], near, ['before'])).toMatchObject([
    { isDeleted: true, rowVersion: receipt + 1 },
  ]);
  expect(await read(p1, [key('moved')], near, ['after'])).toMatchObject([{ isDeleted: false, traceId: 'after' }]);
  expect(await read(p1, [key('moved')], near)).toMatchObject([{ isDeleted: false, traceId: 'after' }]);
  expect(await read(p1, [key('moved', 'trace')], near, ['after'])).toEqual([]);
});

test('its cost does not grow with the table: the traces are found by the sort key', async () => {
  await insert(...Array.from({ length: 20_000 }, (_, i) => ours(`n${i}`, `trace-${Math.floor(i / 10)}`)));
  statements.length = 0;
  await read(p1, [key('n77')], near, ['trace-7']);
  const estimate = ClickHouseSql.trusted(`EXPLAIN ESTIMATE ${statements[0]!}`);
  const parts = await db.rows<{ rows: number | string }>(estimate);
  const rows = parts.reduce((sum, part) => sum + Number(part.rows), 0);
  expect(rows).toBeGreaterThan(0);
  expect(rows).toBeLessThan(3_000);
});
