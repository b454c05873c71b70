import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openChdb } from './chdb.ts';
import { clickHouseContract } from './clickhouse.contract.ts';

clickHouseContract('chDB', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tracehouse-'));
  const db = await openChdb(directory);
  return {
    db,
    async close() {
      await db.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
});
