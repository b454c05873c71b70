import type { ClickHouse } from './clickhouse.ts';
import { clickhouse, micros } from './sql.ts';

const RECENT_MS = 3 * 60_000;

/** Whether any row, of any project, was received in the last three minutes: for the operator's health check alone (S10.1). */
export async function hasRecentRows(db: ClickHouse, now: Date): Promise<boolean> {
  const since = micros((now.getTime() - RECENT_MS) * 1000);
  const rows = await db.rows<{ recent: number }>(clickhouse`
    SELECT 1 AS recent
    FROM observations
    WHERE start_time >= ${since} OR updated_at >= ${since}
    LIMIT 1`);
  return rows.length > 0;
}
