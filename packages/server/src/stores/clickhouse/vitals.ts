import type { ClickHouse } from './clickhouse.ts';
import { clickhouse, micros, string } from './sql.ts';

const RECENT_MS = 3 * 60_000;

/**
 * Whether any row, of any project but `exceptProjectId` (the program's own), was received in the last three minutes: for the
 * operator's health check alone (S10.1).
 */
export async function hasRecentRows(db: ClickHouse, now: Date, exceptProjectId: string): Promise<boolean> {
  const since = micros((now.getTime() - RECENT_MS) * 1000);
  const rows = await db.rows<{ recent: number }>(clickhouse`
    SELECT 1 AS recent
    FROM observations
    WHERE project_id != ${string(exceptProjectId)} AND (start_time >= ${since} OR updated_at >= ${since})
    LIMIT 1`);
  return rows.length > 0;
}

/** What the engine of this process holds. */
export interface EngineFigures {
  memoryBytes: number;
  /** Active parts, and the most of any partition: the engine slows inserts at 1,000 of them and refuses at 3,000. */
  parts: number;
  mostPartsInPartition: number;
  rows: number;
  diskBytes: number;
  /** Rows that queries and commits have read since the start. */
  readRows: number;
}

/** Of what is in memory alone; a few milliseconds whatever is stored. */
export async function selectEngineFigures(db: ClickHouse, timeoutMs: number): Promise<EngineFigures> {
  const [row] = await db.rows<EngineFigures>(
    clickhouse`
    SELECT
      (SELECT toFloat64(value) FROM system.metrics WHERE metric = 'MemoryTracking') AS memoryBytes,
      (SELECT toFloat64(sum(value)) FROM system.events WHERE event = 'SelectedRows') AS readRows,
      toFloat64(sum(ofPartition)) AS parts,
      toFloat64(max(ofPartition)) AS mostPartsInPartition,
      toFloat64(sum(rowsOfPartition)) AS rows,
      toFloat64(sum(bytesOfPartition)) AS diskBytes
    FROM (
      SELECT count() AS ofPartition, sum(rows) AS rowsOfPartition, sum(bytes_on_disk) AS bytesOfPartition
      FROM system.parts
      WHERE active AND database = currentDatabase()
      GROUP BY table, partition_id
    )`,
    { timeoutMs },
  );
  return row!;
}
