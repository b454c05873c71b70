import type { HistogramMeasure } from '@tracehouse/contract/x-traces';
import type { Micros } from '../../ingest/observation.ts';
import type { ClickHouse, QueryOptions } from '../../stores/clickhouse/clickhouse.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { clickhouse, ClickHouseSql, join, micros, uint } from '../../stores/clickhouse/sql.ts';
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

/** What a bucket may say beside its counts, under names that no total has. Latencies in microseconds. */
export interface MeasuredRow {
  bucket_p50_latency: number | null;
  bucket_p95_latency: number | null;
  bucket_input_tokens: string;
  bucket_output_tokens: string;
  bucket_tokens: string;
  bucket_cost: string | null;
  bucket_unpriced_calls: string;
}

interface BucketRow extends Partial<MeasuredRow> {
  bucket: number;
  traces: number;
  errors: number;
}

/** Buckets of a histogram: the start of the first, how long each is, and what is measured in them. */
interface Buckets {
  from: Micros;
  bucketMicros: number;
  measure?: HistogramMeasure | undefined;
}

// No result is named like a column that a filter may ask for: the engine would put the sum into WHERE.
const totals = clickhouse`
  toString(count()) AS traces, toString(countIf(t.error_count > 0)) AS errors,
  if(count() = 0, NULL, toUnixTimestamp64Micro(min(t.timestamp))) AS first,
  if(countIf(t.ended_count > 0) = 0, NULL, quantileIf(0.95)(${latencyMicros}, t.ended_count > 0)) AS p95_latency,
  if(countIf(t.total_cost IS NOT NULL) = 0, NULL,
    quantileIf(0.95)(toFloat64(ifNull(t.total_cost, 0)), t.total_cost IS NOT NULL)) AS p95_cost,
  toString(sum(t.total_tokens)) AS sum_tokens, toString(sum(t.total_cost)) AS sum_cost,
  toString(sum(t.calls)) AS sum_calls, toString(sum(t.unpriced_calls)) AS sum_unpriced_calls`;

const percentile = (level: '0.5' | '0.95'): ClickHouseSql =>
  clickhouse`if(countIf(t.ended_count > 0) = 0, NULL, quantileExactInclusiveIf(${ClickHouseSql.trusted(level)})(${latencyMicros}, t.ended_count > 0))`;

/** Columns of a bucket by measure, exact. */
const measures: Record<HistogramMeasure, ClickHouseSql> = {
  latency: clickhouse`${percentile('0.5')} AS bucket_p50_latency, ${percentile('0.95')} AS bucket_p95_latency`,
  cost: clickhouse`toString(sum(t.total_cost)) AS bucket_cost, toString(sum(t.unpriced_calls)) AS bucket_unpriced_calls`,
  tokens: clickhouse`toString(sum(t.input_tokens)) AS bucket_input_tokens,
    toString(sum(t.output_tokens)) AS bucket_output_tokens, toString(sum(t.total_tokens)) AS bucket_tokens`,
};

const bucketOf = ({ from, bucketMicros }: Buckets): ClickHouseSql =>
  clickhouse`toUInt32(intDiv(toUnixTimestamp64Micro(t.timestamp) - toUnixTimestamp64Micro(${micros(from)}), ${uint(bucketMicros)}))`;

export async function selectTotals(
  db: ClickHouse,
  scope: ProjectScope,
  selection: TraceSelection,
  options?: QueryOptions,
): Promise<TotalsRow> {
  const [row] = await db.rows<TotalsRow>(clickhouse`SELECT ${totals} ${fromTraces(scope, selection, totals)}`, options);
  return row!;
}

/** Buckets that have traces, by their number from `from` on. */
export async function selectBuckets(
  db: ClickHouse,
  scope: ProjectScope,
  selection: TraceSelection,
  buckets: Buckets,
  options?: QueryOptions,
): Promise<BucketRow[]> {
  const counts = clickhouse`toString(count()) AS traces, toString(countIf(t.error_count > 0)) AS errors`;
  const read = join([bucketOf(buckets), counts, ...measuresOf(buckets)], ', ');
  const rows = await db.rows<AnswerRow>(
    clickhouse`SELECT ${bucketOf(buckets)} AS bucket, ${join([counts, ...measuresOf(buckets)], ', ')} ${fromTraces(scope, selection, read)} GROUP BY bucket`,
    options,
  );
  return rows.map(toBucket);
}

/** Both at once: to find out which traces the selection has is what takes time. */
export async function selectTotalsAndBuckets(
  db: ClickHouse,
  scope: ProjectScope,
  selection: TraceSelection,
  buckets: Buckets,
  options?: QueryOptions,
): Promise<{ totals: TotalsRow; counted: BucketRow[] }> {
  const bucket = bucketOf(buckets);
  const columns = join([totals, ...measuresOf(buckets)], ', ');
  const rows = await db.rows<TotalsRow & AnswerRow & { is_total: 0 | 1 }>(
    clickhouse`
      SELECT ${bucket} AS bucket, grouping(bucket) AS is_total, ${columns}
      ${fromTraces(scope, selection, join([bucket, columns], ' '))}
      GROUP BY GROUPING SETS ((), (bucket))`,
    options,
  );
  const counted = rows.filter(({ is_total }) => is_total === 0).map(toBucket);
  return { totals: rows.find(({ is_total }) => is_total === 1) ?? noTraces, counted };
}

const measuresOf = ({ measure }: Buckets): ClickHouseSql[] => (measure ? [measures[measure]] : []);

type AnswerRow = Partial<MeasuredRow> & { bucket: number; traces: string; errors: string };

const toBucket = ({ traces, errors, ...row }: AnswerRow): BucketRow => ({
  ...row,
  traces: Number(traces),
  errors: Number(errors),
});

const noTraces: TotalsRow = {
  traces: '0',
  errors: '0',
  first: null,
  p95_latency: null,
  p95_cost: null,
  sum_tokens: '0',
  sum_cost: null,
  sum_calls: '0',
  sum_unpriced_calls: '0',
};
