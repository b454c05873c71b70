import type { Micros } from '../../ingest/observation.ts';
import type { ClickHouse, QueryOptions } from '../../stores/clickhouse/clickhouse.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { clickhouse, join, micros, uint } from '../../stores/clickhouse/sql.ts';
import { fromTraces, latencyMicros, type TraceSelection } from './store.ts';

export interface TotalsRow {
  traces: string;
  errors: string;
  /** Microseconds; null when no trace has ended. */
  first: Micros | null;
  p95_latency: number | null;
  p95_cost: number | null;
  sum_tokens: string;
  sum_cost: string | null;
  sum_calls: string;
  sum_unpriced_calls: string;
}

export async function selectTotals(
  db: ClickHouse,
  scope: ProjectScope,
  selection: TraceSelection,
  options?: QueryOptions,
): Promise<TotalsRow> {
  // No result is named like a column that a filter may ask for: the engine would put the sum into WHERE.
  const totals = clickhouse`
    toString(count()) AS traces, toString(countIf(t.error_count > 0)) AS errors,
    if(count() = 0, NULL, toUnixTimestamp64Micro(min(t.timestamp))) AS first,
    if(countIf(t.ended_count > 0) = 0, NULL, quantileIf(0.95)(${latencyMicros}, t.ended_count > 0)) AS p95_latency,
    if(countIf(t.total_cost IS NOT NULL) = 0, NULL,
      quantileIf(0.95)(toFloat64(ifNull(t.total_cost, 0)), t.total_cost IS NOT NULL)) AS p95_cost,
    toString(sum(t.total_tokens)) AS sum_tokens, toString(sum(t.total_cost)) AS sum_cost,
    toString(sum(t.calls)) AS sum_calls, toString(sum(t.unpriced_calls)) AS sum_unpriced_calls`;
  const [row] = await db.rows<TotalsRow>(clickhouse`SELECT ${totals} ${fromTraces(scope, selection, totals)}`, options);
  return row!;
}

/** Buckets that have traces, by their number from `from` on. */
export const selectBuckets = (
  db: ClickHouse,
  scope: ProjectScope,
  selection: TraceSelection,
  { from, bucketMicros }: { from: Micros; bucketMicros: number },
  options?: QueryOptions,
): Promise<{ bucket: number; traces: number; errors: number }[]> => {
  const bucket = clickhouse`intDiv(toUnixTimestamp64Micro(t.timestamp) - toUnixTimestamp64Micro(${micros(from)}), ${uint(bucketMicros)})`;
  const counts = clickhouse`toUInt32(count()) AS traces, toUInt32(countIf(t.error_count > 0)) AS errors`;
  return db.rows(
    clickhouse`SELECT toUInt32(${bucket}) AS bucket, ${counts} ${fromTraces(scope, selection, join([bucket, counts], ' '))} GROUP BY bucket`,
    options,
  );
};
