import type { Blobs } from './blobs/blobs.ts';
import { openDiskBlobs } from './blobs/disk.ts';
import { openChdb } from './clickhouse/chdb.ts';
import type { EngineLog } from './clickhouse/failed-writes.ts';
import type { ClickHouse } from './clickhouse/clickhouse.ts';
import { migrateClickHouse } from './clickhouse/migrate.ts';
import { migratePostgres } from './postgres/migrate.ts';
import { openPglite } from './postgres/pglite.ts';
import type { Postgres } from './postgres/postgres.ts';
import { openPostgresServer } from './postgres/server.ts';

export interface Stores {
  postgres: Postgres;
  clickhouse: ClickHouse;
  blobs: Blobs;
  close(): Promise<void>;
}

/** All stores, brought up to this version. Embedded ones live below `inside`, a directory that the caller has locked. */
export async function openStores({
  databaseUrl,
  inside,
  fsync,
  engineMemoryBytes,
  log,
}: {
  databaseUrl: string | undefined;
  /** Whether what people edit survives the loss of power in the embedded Postgres, and blobs on the disk. */
  fsync: boolean;
  /** What the embedded ClickHouse may hold. */
  engineMemoryBytes: number;
  log: EngineLog;
  inside(...parts: string[]): string;
}): Promise<Stores> {
  const [postgres, clickhouse, blobs] = await Promise.all([
    databaseUrl === undefined ? openPglite(inside('postgres'), { fsync }) : openPostgresServer(databaseUrl),
    openChdb(inside('clickhouse'), { memoryBytes: engineMemoryBytes, log }),
    openDiskBlobs(inside('blobs'), { fsync }),
  ]);
  await Promise.all([migratePostgres(postgres), migrateClickHouse(clickhouse)]);
  return {
    postgres,
    clickhouse,
    blobs,
    async close() {
      await clickhouse.close();
      await postgres.close();
    },
  };
}
