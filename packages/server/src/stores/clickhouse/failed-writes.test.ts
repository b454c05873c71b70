import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { openChdb } from './chdb.ts';
import type { ClickHouse, ClickHouseError } from './clickhouse.ts';
import { clickhouse, uint } from './sql.ts';

/** No file of this process may grow beyond: what is longer is cut short, as on a disk that has no room. */
const FILE_BYTES = 1_000_000;
const setFileLimit = (bytes: number | 'unlimited'): void =>
  void execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:`]);

let directory: string;
let db: ClickHouse;
const nothing = (): void => undefined;
beforeAll(async () => {
  // Without a handler the first write beyond the limit ends the process.
  process.on('SIGXFSZ', nothing);
  directory = await mkdtemp(join(tmpdir(), 'tracehouse-failed-writes-'));
  db = await openChdb(directory);
});
afterAll(async () => {
  await db.close();
  process.off('SIGXFSZ', nothing);
  await rm(directory, { recursive: true, force: true });
});
beforeEach(async () => {
  await db.run(clickhouse`CREATE TABLE t (id UInt32, payload String) ENGINE = ReplacingMergeTree ORDER BY id
    SETTINGS old_parts_lifetime = 60, min_bytes_for_wide_part = 0`);
  await insert(0);
  await insert(1);
});
afterEach(async () => {
  setFileLimit('unlimited');
  await db.run(clickhouse`DROP TABLE t SYNC`);
});

const ROWS = 400;
/** 400 rows, 800 kB that cannot be compressed. */
const insert = (batch: number, rows = ROWS): Promise<void> =>
  db.run(
    clickhouse`INSERT INTO t SELECT number + ${uint(batch * ROWS)}, randomString(2000) FROM numbers(${uint(rows)})`,
  );

const content = async (): Promise<unknown> => {
  const [row] = await db.rows(clickhouse`
    SELECT toUInt32(count()) AS rows, toString(sum(cityHash64(id, payload))) AS hash FROM t FINAL`);
  return row;
};
const failure = { code: 75 } satisfies Partial<ClickHouseError>;

// First, since after the others merges rest for some seconds.
test('a directory that a failed merge left behind does not keep a DELETE from being done', async () => {
  await db.run(clickhouse`SYSTEM STOP MERGES t`);
  for (let batch = 2; batch < 8; batch += 1) await insert(batch, 1);
  const [part] = await db.rows<{ path: string }>(clickhouse`
    SELECT path FROM system.parts WHERE database = currentDatabase() AND table = 't' LIMIT 1`);
  // Which of them it merges first is the engine's matter.
  for (let from = 1; from < 8; from += 1) {
    for (let to = from + 1; to <= 8; to += 1) await mkdir(join(part!.path, '..', `tmp_merge_all_${from}_${to}_1`));
  }
  await db.run(clickhouse`SYSTEM START MERGES t`);
  await db.run(clickhouse`DELETE FROM t WHERE id = 1 SETTINGS lightweight_deletes_sync = 2`);
  expect(await content()).toMatchObject({ rows: 2 * ROWS + 5 });
});

test('an INSERT whose rows could not be written fails, leaves nothing, and can be made again', async () => {
  const before = await content();
  setFileLimit(FILE_BYTES);
  await expect(insert(2, 1000)).rejects.toMatchObject(failure);
  expect(await content()).toEqual(before);
  setFileLimit('unlimited');
  await insert(2, 1000);
  expect(await content()).toMatchObject({ rows: 1800 });
});

test.each([
  ['a merge', clickhouse`OPTIMIZE TABLE t FINAL`],
  ['a mutation', clickhouse`ALTER TABLE t UPDATE payload = payload WHERE 1 SETTINGS mutations_sync = 2`],
])('%s that could not be written loses none of the rows it was made of', async (_what, statement) => {
  await db.run(clickhouse`OPTIMIZE TABLE t FINAL`).catch(nothing);
  await insert(2);
  const before = await content();
  setFileLimit(FILE_BYTES);
  await expect(db.run(statement)).rejects.toMatchObject(failure);
  expect(await content()).toEqual(before);
  setFileLimit('unlimited');
  expect(await content()).toEqual(before);
});

test('merges in the background that could not be written lose no row', async () => {
  const sender = async (batch: number): Promise<void> => {
    for (let attempt = 0; attempt < 5; attempt += 1) {
      try {
        return await insert(batch);
      } catch (error) {
        expect(error).toMatchObject(failure);
      }
    }
  };
  setFileLimit(FILE_BYTES);
  for (let batch = 2; batch < 12; batch += 1) await sender(batch);
  setFileLimit('unlimited');
  await sender(12);
  expect(await content()).toMatchObject({ rows: 13 * ROWS });
});
