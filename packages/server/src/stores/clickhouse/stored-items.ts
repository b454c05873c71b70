import type { ClickHouse } from './clickhouse.ts';
import { clickhouse, micros } from './sql.ts';

/** Spans, events and scores that came since then, by project: for quotas, which a new process goes on counting. */
export async function countItemsSince(db: ClickHouse, since: Date): Promise<{ projectId: string; items: number }[]> {
  const from = micros(since.getTime() * 1000);
  const rows = await db.rows<{ project_id: string; items: string }>(clickhouse`
    SELECT project_id, toString(sum(rows)) AS items
    FROM (
      SELECT project_id, count() AS rows
      FROM observations
      WHERE created_at >= ${from}
      GROUP BY project_id
      UNION ALL
      SELECT project_id, count() AS rows
      FROM scores
      WHERE created_at >= ${from}
      GROUP BY project_id
    )
    GROUP BY project_id`);
  return rows.map(({ project_id: projectId, items }) => ({ projectId, items: Number(items) }));
}
