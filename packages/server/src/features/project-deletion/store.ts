import type { ClickHouse, QueryOptions } from '../../stores/clickhouse/clickhouse.ts';
import { clickhouse, ClickHouseSql, micros, string } from '../../stores/clickhouse/sql.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { sql } from '../../stores/postgres/sql.ts';
import type { ProjectScope } from '../../stores/scope.ts';

/** Tables that hold rows of projects; a test looks whether these are all. */
const tables = ['observations', 'scores', 'score_times', 'score_targets', 'receipts', 'refused_bodies'] as const;

const of = ({ projectId }: ProjectScope): ClickHouseSql => clickhouse`project_id = ${string(projectId)}`;
const { trusted } = ClickHouseSql;

/** Of all tables. */
export async function countRows(db: ClickHouse, scope: ProjectScope, options: QueryOptions): Promise<number> {
  let rows = 0;
  for (const table of tables) rows += await countOf(db, scope, table, options);
  return rows;
}

async function countOf(db: ClickHouse, scope: ProjectScope, table: string, options: QueryOptions): Promise<number> {
  const [row] = await db.rows<{ n: string }>(
    clickhouse`SELECT toString(count()) AS n FROM ${trusted(table)} WHERE ${of(scope)}`,
    options,
  );
  return Number(row?.n ?? 0);
}

/** Observations by hour, the oldest first. `hour` in microseconds. */
export async function selectHours(
  db: ClickHouse,
  scope: ProjectScope,
  options: QueryOptions,
): Promise<{ hour: number; rows: number }[]> {
  const rows = await db.rows<{ hour: string; n: string }>(
    clickhouse`
      SELECT toString(toUnixTimestamp64Micro(toDateTime64(toStartOfHour(start_time), 6, 'UTC'))) AS hour, toString(count()) AS n
      FROM observations
      WHERE ${of(scope)}
      GROUP BY toStartOfHour(start_time)
      ORDER BY toStartOfHour(start_time)`,
    options,
  );
  return rows.map(({ hour, n }) => ({ hour: Number(hour), rows: Number(n) }));
}

/** 2: done on every replica when the statement returns. */
const settings = { lightweight_deletes_sync: 2 };

/** Observations that start before. */
export const deleteObservationsBefore = (
  db: ClickHouse,
  scope: ProjectScope,
  before: number,
  options: QueryOptions,
): Promise<void> =>
  db.run(clickhouse`DELETE FROM observations WHERE ${of(scope)} AND start_time < ${micros(before)}`, {
    ...options,
    settings,
  });

/** All that is left in any table; answers how many rows there were. */
export async function deleteRows(db: ClickHouse, scope: ProjectScope, options: QueryOptions): Promise<number> {
  let deleted = 0;
  for (const table of tables) {
    const rows = await countOf(db, scope, table, options);
    // To ask costs less than a mutation that finds nothing.
    if (rows === 0) continue;
    await db.run(clickhouse`DELETE FROM ${trusted(table)} WHERE ${of(scope)}`, { ...options, settings });
    deleted += rows;
  }
  return deleted;
}

/** Partitions whose files still have rows that were deleted, with the bytes of the largest file to be written anew. */
export const selectMasked = (
  db: ClickHouse,
  options: QueryOptions,
): Promise<{ table: string; partition: string; largest: string; free: string }[]> =>
  db.rows(
    clickhouse`
      SELECT table, partition_id AS partition, toString(max(bytes_on_disk)) AS largest,
        toString((SELECT min(free_space) FROM system.disks)) AS free
      FROM system.parts
      WHERE active AND has_lightweight_delete AND database = currentDatabase()
        AND table IN (${trusted(tables.map((table) => `'${table}'`).join(', '))})
      GROUP BY table, partition_id
      ORDER BY table, partition_id`,
    options,
  );

/** Writes the files of a partition anew, without what was deleted. */
export const rewritePartition = (
  db: ClickHouse,
  { table, partition }: { table: string; partition: string },
  options: QueryOptions,
): Promise<void> =>
  db.run(clickhouse`ALTER TABLE ${trusted(table)} APPLY DELETED MASK IN PARTITION ID ${string(partition)}`, {
    ...options,
    settings: { mutations_sync: 2 },
  });

/** From here on it is gone for everyone. Null when it is not in the organization, or gone already. */
export async function markDeleted(
  tx: Postgres,
  { projectId, organizationId }: { projectId: string; organizationId: string },
  at: Date,
): Promise<{ name: string } | null> {
  const [row] = await tx.rows<{ name: string }>(sql`
    UPDATE projects
    SET deleted_at = ${at}
    WHERE id = ${projectId} AND organization_id = ${organizationId} AND deleted_at IS NULL
    RETURNING name`);
  return row ?? null;
}

export interface DeletedProjectRow {
  id: string;
  organization_id: string;
  name: string;
  deleted_at: Date;
}

/** Whose data is being removed, the last deleted first; of one organization, or of all. */
export const selectDeleted = (db: Postgres, organizationId: string | null): Promise<DeletedProjectRow[]> =>
  db.rows<DeletedProjectRow>(sql`
    SELECT id, organization_id, name, deleted_at
    FROM projects
    WHERE deleted_at IS NOT NULL AND (${organizationId}::text IS NULL OR organization_id = ${organizationId})
    ORDER BY deleted_at DESC, id`);

export const countFiles = async (db: Postgres, { projectId }: ProjectScope): Promise<number> =>
  (await db.rows<{ n: number }>(sql`SELECT count(*)::int AS n FROM media WHERE project_id = ${projectId}`))[0]?.n ?? 0;

export const selectFiles = (
  db: Postgres,
  { projectId }: ProjectScope,
  limit: number,
): Promise<{ id: string; blob_name: string }[]> =>
  db.rows(sql`SELECT id, blob_name FROM media WHERE project_id = ${projectId} LIMIT ${limit}`);

export async function deleteFiles(db: Postgres, { projectId }: ProjectScope, ids: readonly string[]): Promise<void> {
  await db.rows(sql`DELETE FROM media WHERE project_id = ${projectId} AND id = ANY(${ids}::text[])`);
}

/** A batch at a time, so that nothing else waits long. False once there are none left. */
export async function deleteTraceMarks(db: Postgres, { projectId }: ProjectScope, limit: number): Promise<boolean> {
  const rows = await db.rows(sql`
    DELETE FROM deleted_traces
    WHERE project_id = ${projectId}
      AND trace_id IN (SELECT trace_id FROM deleted_traces WHERE project_id = ${projectId} LIMIT ${limit})
    RETURNING trace_id`);
  return rows.length === limit;
}

/** With everything in Postgres that is the project's; null when it is not under deletion. */
export async function deleteProjectRow(tx: Postgres, id: string): Promise<DeletedProjectRow | null> {
  const [row] = await tx.rows<DeletedProjectRow>(sql`
    DELETE FROM projects
    WHERE id = ${id} AND deleted_at IS NOT NULL
    RETURNING id, organization_id, name, deleted_at`);
  return row ?? null;
}
