import type { Histogram, HistogramMeasure, HistogramQuery } from '@tracehouse/contract/x-traces';
import type { ClickHouse } from '../../stores/clickhouse/clickhouse.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { toIso } from '../filters/time.ts';
import { queryOf, rangeOf, wholeSelection } from './asked.ts';
import { type MeasuredRow, selectBuckets, selectTotals, selectTotalsAndBuckets } from './histogram-store.ts';

const MAX_BUCKETS = 100;

/** Counts over time, one measure beside them where it is asked for, and the totals of the selection. */
export const createHistogram =
  ({ clickhouse: db, now }: { clickhouse: ClickHouse; now: () => Date }) =>
  async (scope: ProjectScope, query: HistogramQuery, signal: AbortSignal): Promise<Histogram> => {
    const options = { signal };
    const { measure } = query;
    const range = rangeOf(query);
    const selection = await wholeSelection(db, scope, range, queryOf(query), options);
    const to = range.to ?? Math.max(now().getTime() * 1000, 0);
    // Without a bound the first trace tells how long the buckets are.
    const known = range.from === null ? await selectTotals(db, scope, selection, options) : null;
    const from = range.from ?? known?.first ?? to;
    const bucketMs = bucketFor(Math.max(to - from, 1) / 1000);
    const first = Math.floor(from / 1000 / bucketMs) * bucketMs;
    const asBuckets = { from: first * 1000, bucketMicros: bucketMs * 1000, measure };
    const { totals, counted } =
      known === null
        ? await selectTotalsAndBuckets(db, scope, selection, asBuckets, options)
        : { totals: known, counted: await selectBuckets(db, scope, selection, asBuckets, options) };
    const byBucket = new Map(counted.map((one) => [one.bucket, one]));
    const buckets = Math.max(1, Math.ceil((to / 1000 - first) / bucketMs));
    return {
      bucketMs,
      from: toIso(from),
      to: toIso(to),
      data: Array.from({ length: buckets }, (_, bucket) => {
        const row = byBucket.get(bucket);
        return {
          time: new Date(first + bucket * bucketMs).toISOString(),
          traces: row?.traces ?? 0,
          errors: row?.errors ?? 0,
          ...(measure && measured[measure](row)),
        };
      }),
      totals: {
        traces: Number(totals.traces),
        errors: Number(totals.errors),
        p95LatencyMs: totals.p95_latency === null ? null : totals.p95_latency / 1000,
        p95Cost: totals.p95_cost,
        totalTokens: Number(totals.sum_tokens),
        totalCost: numberOf(totals.sum_cost),
        calls: Number(totals.sum_calls),
        unpricedCalls: Number(totals.sum_unpriced_calls),
      },
    };
  };

const numberOf = (text: string | null | undefined): number | null => (text == null ? null : Number(text));
const millisecondsOf = (micros: number | null | undefined): number | null => (micros == null ? null : micros / 1000);

/** What a bucket says of a measure; without a row there is no trace in it. */
const measured: Record<
  HistogramMeasure,
  (row: Partial<MeasuredRow> | undefined) => Partial<Histogram['data'][number]>
> = {
  latency: (row) => ({
    p50LatencyMs: millisecondsOf(row?.bucket_p50_latency),
    p95LatencyMs: millisecondsOf(row?.bucket_p95_latency),
  }),
  cost: (row) => ({
    totalCost: numberOf(row?.bucket_cost),
    unpricedCalls: Number(row?.bucket_unpriced_calls ?? 0),
  }),
  tokens: (row) => ({
    inputTokens: Number(row?.bucket_input_tokens ?? 0),
    outputTokens: Number(row?.bucket_output_tokens ?? 0),
    totalTokens: Number(row?.bucket_tokens ?? 0),
  }),
};

/** Milliseconds a person reads at once. */
// oxfmt-ignore
const steps = [
  1, 10, 100, 1_000, 5_000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000, 3_600_000, 3 * 3_600_000, 6 * 3_600_000,
  12 * 3_600_000, 86_400_000, 7 * 86_400_000, 30 * 86_400_000,
];

/** So long that the range has at most `MAX_BUCKETS`, one begun on either side included. */
const bucketFor = (rangeMs: number): number =>
  steps.find((step) => rangeMs / step <= MAX_BUCKETS - 2) ?? Math.ceil(rangeMs / (MAX_BUCKETS - 2));
