import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openPglite } from './pglite.ts';
import { describePostgres } from './postgres.contract.ts';
import { openPostgresServer } from './server.ts';
import { sql } from './sql.ts';

describePostgres('PGlite', { open: () => openPglite(undefined) });

// `npm run test:services` starts a server and sets this.
const server = process.env['TRACEHOUSE_TEST_POSTGRES_URL'];
if (server !== undefined) {
  const database = `tracehouse_${randomUUID().replaceAll('-', '')}`;
  const url = new URL(server);
  url.pathname = `/${database}`;
  const openAgain = () => Promise.resolve(openPostgresServer(url.href));
  describePostgres('PostgreSQL server', {
    async open() {
      const admin = openPostgresServer(server);
      await admin.script(`CREATE DATABASE ${database}`);
      await admin.close();
      return openAgain();
    },
    openAgain,
  });
}

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
