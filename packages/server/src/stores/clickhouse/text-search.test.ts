import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeObservation, observationTarget } from '../../ingest/observation-columns.ts';
import { emptyRow } from '../../ingest/observation.ts';
import { openChdb } from './chdb.ts';
import type { ClickHouse } from './clickhouse.ts';
import { migrateClickHouse } from './migrate.ts';
import { RowBinaryWriter } from './row-binary.ts';
import { clickhouse, type ClickHouseSql, pattern } from './sql.ts';
import { buildTextIndexes, textIndexGaps } from './text-index.ts';
import { hasText, idsHaveText, textIndexes, textIndexNames, textSearchSettings } from './text-search.ts';

let directory: string;
let db: ClickHouse;
beforeAll(async () => {
  directory = await mkdtemp(joinPath(tmpdir(), 'tracehouse-'));
  db = await openChdb(directory);
  await migrateClickHouse(db);
});
afterAll(async () => {
  await db.close();
  await rm(directory, { recursive: true, force: true });
});

/** Observations `from`, `from + 1`, … with these texts, all at one time. */
async function insert(
  inputs: readonly string[],
  { from = 0, at = Date.UTC(2026, 9, 1), projectId = 'p' }: { from?: number; at?: number; projectId?: string } = {},
) {
  const out = new RowBinaryWriter();
  for (const [i, input] of inputs.entries()) {
    const row = emptyRow({
      projectId,
      kind: 'observation',
      id: String(from + i),
      traceId: String(from + i),
      startTime: at * 1000,
      source: 'otlp',
    });
    encodeObservation(out, { ...row, input, output: input, metadata: { note: input } });
  }
  await db.insert(observationTarget, out.bytes());
}

async function insertIds(ids: readonly string[], { projectId = 'ids', at = Date.UTC(2026, 9, 1) } = {}) {
  const out = new RowBinaryWriter();
  for (const id of ids) {
    const identity = { projectId, kind: 'observation', id, traceId: id, startTime: at * 1000, source: 'otlp' } as const;
    encodeObservation(out, { ...emptyRow(identity), input: 'words', output: 'words', metadata: { note: 'words' } });
  }
  await db.insert(observationTarget, out.bytes());
}

const build = (signal = new AbortController().signal) => buildTextIndexes(db, { signal, fewRows: 0, smallShare: 0 });
const missing = async () => (await textIndexGaps(db)).reduce((sum, gap) => sum + gap.missing, 0);

test('the migration makes the indexes that the program searches by', async () => {
  const migration = await readFile(new URL('migrations/0008_text_indexes.sql', import.meta.url), 'utf8');
  for (const { name, definition } of textIndexes) expect(migration).toContain(`IF NOT EXISTS ${name} ${definition};`);
  expect(migration).toContain(`exclude_materialize_skip_indexes_on_merge = '${textIndexNames}'`);
});

describe('a text that occurs is found, with an index and without', () => {
  /** Letters with and without case, joined and not, in and beyond the basic plane; what LIKE and tokenizers treat apart. */
  const alphabet = [...'ab9AÄäßŁÅéЖжςΣшกิ 支付失败了ー。مرحباअ한🚀👩‍💻e\u0301_%\\\'"-,.', 'İ', 'ı', 'ǆ'];
  const texts = fc.array(fc.string({ unit: fc.constantFrom(...alphabet), maxLength: 12 }), {
    minLength: 30,
    maxLength: 30,
  });

  test('as ILIKE alone finds it', async () => {
    const haystacks = fc.sample(texts, { numRuns: 20, seed: 7 }).flat();
    await insert(haystacks);
    await insert(haystacks, { from: haystacks.length, at: Date.UTC(2026, 10, 1) });
    await build();
    expect(await missing()).toBe(0);
    // The second month has the index, the first gets rows without.
    await insert(haystacks, { from: 2 * haystacks.length });
    expect(await missing()).toBe(3 * haystacks.length);

    const needles = [
      ...fc.sample(fc.string({ unit: fc.constantFrom(...alphabet), minLength: 1, maxLength: 4 }), {
        numRuns: 40,
        seed: 8,
      }),
      ...haystacks.filter((_, i) => i % 40 === 0).map((text) => text.slice(1, 6).toWellFormed().toUpperCase()),
    ].filter((needle) => needle !== '');
    const ids = async (condition: ClickHouseSql, settings = {}) =>
      db.rows(clickhouse`SELECT id FROM observations WHERE ${condition} ORDER BY toUInt32(id)`, { settings });
    for (const needle of needles) {
      const expected = await ids(clickhouse`input ILIKE ${pattern(needle, 'contains')}`, { use_skip_indexes: 0 });
      const found = await Promise.all(
        (['input', 'output', 'said'] as const).map((text) => ids(hasText(text, needle), textSearchSettings)),
      );
      expect({ needle, found }).toEqual({ needle, found: [expected, expected, expected] });
    }
  }, 60_000);
});

describe('text in ids', () => {
  const ids = ['0af7651916cd43dd8448eb211c80319d', 'ABCDEF', 'cm3x-17', '6f1c-0af7', 'Übung', '17', 'k\u212a'];
  beforeAll(() => insertIds(ids));

  test.each(['f7', 'F7', 'cd43', 'abc', 'm3', '-', 'x-1', '7', 'ü', 'k', 'zz', 'K'])('%s is found', async (text) => {
    const found = await db.rows<{ id: string }>(
      clickhouse`SELECT id FROM observations WHERE project_id = 'ids' AND ${idsHaveText(text)} ORDER BY id`,
    );
    const expected = await db.rows<{ id: string }>(
      clickhouse`SELECT id FROM observations WHERE project_id = 'ids' AND (id ILIKE ${pattern(text, 'contains')} OR trace_id ILIKE ${pattern(text, 'contains')}) ORDER BY id`,
      { settings: { use_skip_indexes: 0 } },
    );
    expect(found).toEqual(expected);
  });

  test('where all are hexadecimal numbers, an index tells that other text is not in them', async () => {
    await insertIds(['0af7651916cd43dd'], { projectId: 'hex', at: Date.UTC(2026, 7, 1) });
    const plan = await db.rows<{ explain: string }>(
      clickhouse`EXPLAIN indexes = 1 SELECT id FROM observations WHERE project_id = 'hex' AND ${idsHaveText('xylo')}`,
    );
    expect(plan.map(({ explain }) => explain).join('\n')).toMatch(/Name: m_ids[\s\S]*?Parts: 0\//);
  });
});

describe('the index', () => {
  beforeAll(async () => {
    await insert(
      Array.from({ length: 3000 }, (_, i) => `words of the text, number ${i}, 成功`),
      { from: 40_000, at: Date.UTC(2026, 8, 1), projectId: 'q' },
    );
    await build();
  });

  const explain = async (value: string): Promise<string> =>
    (
      await db.rows<{ explain: string }>(
        clickhouse`EXPLAIN indexes = 1 SELECT id FROM observations WHERE project_id = 'q' AND ${hasText('input', value)}`,
        { settings: textSearchSettings },
      )
    )
      .map((row) => row.explain)
      .join('\n');

  test.each([
    ['part of a word', 'ylophonis'],
    ['two letters', 'qx'],
    ['two words', 'the xylophonist'],
    ['Chinese', '失败'],
    ['Arabic', 'طلبي'],
    ['an emoji before a word', '🦄 word'],
    ['a Cyrillic word', 'Ошибка'],
    ['an accented word', 'Überraschung'],
  ])('tells by itself that %s is nowhere', async (_what, value) => {
    expect(await explain(value)).toMatch(/Name: [tw]_input[\s\S]*?Parts: 0\//);
    expect(await explain('ords of')).not.toMatch(/Name: [tw]_input[\s\S]*?Parts: 0\//);
  });

  test('is not built by inserts, and is dropped by merges until the next night', async () => {
    await build();
    expect(await missing()).toBe(0);
    await insert(['early bird'], { from: 10_000 });
    await insert(['second mouse'], { from: 10_001 });
    expect(await missing()).toBeGreaterThan(0);
    await db.run(clickhouse`OPTIMIZE TABLE observations PARTITION 202610 FINAL`);
    expect(await missing()).toBeGreaterThan(0);
    await build();
    expect(await missing()).toBe(0);
  });

  test('is left as it is where few rows lack it', async () => {
    await build();
    await insert(['one more'], { from: 20_000 });
    const built: string[] = [];
    await buildTextIndexes(db, {
      signal: new AbortController().signal,
      onBuilt: ({ partition }) => built.push(partition),
    });
    expect(built).toEqual([]);
    await build();
  });

  test('whose building is stopped leaves the rows as they were, and the engine free', async () => {
    await insert(
      Array.from({ length: 2000 }, (_, i) => `${'long text '.repeat(200)}${i}`),
      { from: 30_000 },
    );
    const stopping = new AbortController();
    const building = build(stopping.signal);
    stopping.abort();
    await building;
    const left = clickhouse`SELECT count() AS left FROM system.mutations WHERE NOT is_done`;
    await expect.poll(() => db.rows(left)).toEqual([{ left: 0 }]);
    expect(await db.rows(clickhouse`SELECT id FROM observations WHERE ${hasText('input', 'text 1999')}`)).toEqual([
      { id: '31999' },
    ]);
    await build();
    expect(await missing()).toBe(0);
  });

  test('stays, and tells the truth, when a migration alters its column', async () => {
    await build();
    const found = async (settings = {}) =>
      db.rows(clickhouse`SELECT count() AS n FROM observations WHERE ${hasText('input', 'ords of the te')}`, {
        settings: { ...textSearchSettings, ...settings },
      });
    const before = await found({ use_skip_indexes: 0 });
    expect(before).not.toEqual([{ n: 0 }]);
    for (const change of [
      clickhouse`input String CODEC(ZSTD(3))`,
      clickhouse`input LowCardinality(String)`,
      clickhouse`input String CODEC(ZSTD(1))`,
      clickhouse`metadata Map(String, String) CODEC(ZSTD(1))`,
      clickhouse`metadata Map(LowCardinality(String), String) CODEC(ZSTD(1))`,
    ]) {
      await db.run(clickhouse`ALTER TABLE observations MODIFY COLUMN ${change} SETTINGS mutations_sync = 2`);
      expect([change.text, await found()]).toEqual([change.text, before]);
      expect([change.text, await missing()]).toEqual([change.text, 0]);
    }
    expect(await explain('ylophonis')).toMatch(/Name: [tw]_input[\s\S]*?Parts: 0\//);
  });

  test('stays while traces are deleted', async () => {
    await build();
    await db.run(clickhouse`DELETE FROM observations WHERE project_id = 'p' AND trace_id = '31999'`);
    const rows = await db.rows(clickhouse`SELECT id FROM observations WHERE ${hasText('input', 'text 1999')}`);
    expect(rows).toEqual([]);
    expect(await missing()).toBe(0);
  });
});
