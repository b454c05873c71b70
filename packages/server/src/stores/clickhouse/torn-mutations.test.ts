import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { openChdb } from './chdb.ts';
import { clickhouse } from './sql.ts';

let directory = '';
afterEach(() => rm(directory, { recursive: true, force: true }));

test('mutations that a full disk left empty or half written do not keep the engine from opening, and whole ones stay', async () => {
  directory = await mkdtemp(join(tmpdir(), 'tracehouse-torn-'));
  const first = await openChdb(directory);
  await first.run(clickhouse`CREATE TABLE t (a UInt8, b UInt8) ENGINE = MergeTree ORDER BY a`);
  await first.run(clickhouse`INSERT INTO t VALUES (1, 1), (2, 2)`);
  await first.run(clickhouse`DELETE FROM t WHERE a = 1`);
  await first.close();

  const table = join(directory, 'engine', 'data', 'default', 't');
  const mutations = async (): Promise<string[]> =>
    (await readdir(table)).filter((name) => name.includes('mutation')).toSorted();
  const whole = await mutations();
  expect(whole).toHaveLength(1);
  await writeFile(join(table, 'mutation_90.txt'), '');
  await writeFile(
    join(table, 'mutation_91.txt'),
    'format version: 1\ncreate time: 2026-11-30 03:05:41\ncommands: (UPD',
  );

  const second = await openChdb(directory);
  expect(await mutations()).toEqual(whole);
  expect(await second.rows(clickhouse`SELECT a FROM t`)).toEqual([{ a: 2 }]);
  await second.close();
});
