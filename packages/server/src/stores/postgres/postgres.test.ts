import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openPglite } from './pglite.ts';
import { describePostgres } from './postgres.contract.ts';
import { sql } from './sql.ts';

describePostgres('PGlite', { open: () => openPglite(undefined) });
// The other driver runs the same suite in test/services/postgres.test.ts.

test('PGlite keeps its small buffers and what was written', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tracehouse-pglite-'));
  const first = await openPglite(join(directory, 'postgres'));
  await first.script("CREATE TABLE kept (id text); INSERT INTO kept VALUES ('x')");
  expect(await first.rows(sql`SHOW shared_buffers`)).toEqual([{ shared_buffers: '16MB' }]);
  await first.close();
  const second = await openPglite(join(directory, 'postgres'));
  expect(await second.rows(sql`SELECT id FROM kept`)).toEqual([{ id: 'x' }]);
  await second.close();
  await rm(directory, { recursive: true });
});
