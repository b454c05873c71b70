import fs from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openPglite } from './pglite.ts';
import { describePostgres } from './postgres.contract.ts';
import { PostgresError } from './postgres.ts';
import { sql } from './sql.ts';

describePostgres('PGlite', { open: () => openPglite(undefined) });
// The other driver runs the same suite in test/services/postgres.test.ts.

test('PGlite keeps its small buffers and what was written; what an interrupted first start left is gone', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tracehouse-pglite-'));
  await mkdir(join(directory, 'postgres.new-x', 'base'), { recursive: true });
  const first = await openPglite(join(directory, 'postgres'));
  await first.script("CREATE TABLE kept (id text); INSERT INTO kept VALUES ('x')");
  expect(await first.rows(sql`SHOW shared_buffers`)).toEqual([{ shared_buffers: '16MB' }]);
  await first.close();
  const second = await openPglite(join(directory, 'postgres'));
  expect(await second.rows(sql`SELECT id FROM kept`)).toEqual([{ id: 'x' }]);
  await second.close();
  expect(await readdir(directory)).toEqual(['postgres']);
  await rm(directory, { recursive: true });
}, 60_000);

describe('with flushing', () => {
  test('each commit of PGlite reaches the disk, and so does a new database', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'tracehouse-pglite-'));
    const flushed: string[] = [];
    const { fsyncSync } = fs;
    fs.fsyncSync = (file) => {
      flushed.push(fs.readlinkSync(`/proc/self/fd/${file}`));
      fsyncSync(file);
    };
    syncBuiltinESMExports();
    const db = await openPglite(join(directory, 'postgres'), { fsync: true });
    await db.script('CREATE TABLE kept (id int)');
    flushed.length = 0;
    for (let i = 0; i < 5; i += 1) await db.rows(sql`INSERT INTO kept VALUES (${i})`);
    expect(flushed).toHaveLength(5);
    expect(flushed.every((path) => path.includes('/pg_wal/'))).toBe(true);
    await db.close();
    fs.fsyncSync = fsyncSync;
    syncBuiltinESMExports();
    await rm(directory, { recursive: true });
  }, 60_000);
});

describe.each([
  ['the log can grow by no file', /pg_wal\/(?!000000010000000000000001)/],
  ['the log takes no write at all', /pg_wal\//],
])('when %s', (_, failing) => {
  test('Postgres ends, and is opened again by itself with everything that was committed', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'tracehouse-pglite-'));
    const db = await openPglite(join(directory, 'postgres'));
    await db.script("CREATE TABLE kept (id text); INSERT INTO kept VALUES ('x')");
    const { writeSync } = fs;
    fs.writeSync = ((file: number, ...rest: [NodeJS.ArrayBufferView]) => {
      if (failing.test(fs.readlinkSync(`/proc/self/fd/${file}`)))
        throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', errno: -28 });
      return writeSync(file, ...rest);
    }) as typeof writeSync;
    syncBuiltinESMExports();
    const insert = (id: string): Promise<unknown> => db.rows(sql`INSERT INTO kept VALUES (${id})`);
    await expect(
      (async () => {
        for (;;) await db.rows(sql`SELECT pg_logical_emit_message(true, 'x', repeat('x', 1000000))`);
      })(),
    ).rejects.toBeInstanceOf(PostgresError);
    await expect(insert('y')).rejects.toBeInstanceOf(PostgresError);
    await expect(db.transaction((tx) => tx.rows(sql`INSERT INTO kept VALUES ('z')`))).rejects.toBeInstanceOf(
      PostgresError,
    );
    fs.writeSync = writeSync;
    syncBuiltinESMExports();
    const isBack = (): Promise<boolean> =>
      insert('later')
        .then(() => true)
        .catch(() => false);
    await expect.poll(isBack, { timeout: 60_000 }).toBe(true);
    expect(await db.rows(sql`SELECT id FROM kept ORDER BY id`)).toEqual([{ id: 'later' }, { id: 'x' }]);
    await db.close();
    await rm(directory, { recursive: true });
  }, 60_000);
});
