import type { MetricsRow } from '@tracehouse/contract/metrics';
import { bucketStarts, showBucket } from './granularity.ts';
import { type AnswerRow, type Plan, timeField } from './statement.ts';
import type { Dimension } from './view.ts';

/** Rows of the answer as the wire has them, with a row of zeros for each bucket of time that has none. */
export function show(rows: readonly AnswerRow[], plan: Plan, { from, to }: { from: number; to: number }): MetricsRow[] {
  const { bucket } = plan;
  if (bucket === null) return rows.map((row) => shown(row, plan));
  const first = plan.order[0];
  // In another order a gap has no place.
  if (first?.field !== timeField) return rows.map((row) => shown(row, plan));
  const byTime = Map.groupBy(rows, ({ time }) => time!);
  const starts = bucketStarts(bucket, from, to);
  if (first.descending) starts.reverse();
  const all = starts.flatMap((time) => byTime.get(time)?.map((row) => shown(row, plan)) ?? [gap(time, plan)]);
  return all.slice(0, plan.limit);
}

const timeOf = ({ bucket }: Plan, time: number | undefined): MetricsRow =>
  bucket === null || time === undefined ? {} : { [timeField]: showBucket(bucket, time) };

const shown = (row: AnswerRow, plan: Plan): MetricsRow => ({
  ...timeOf(plan, row.time),
  ...Object.fromEntries(
    plan.dimensions.map(({ field, dimension }, i) => [field, valueOf(dimension, row[`d${i}`])] as const),
  ),
  ...Object.fromEntries(plan.metrics.map(({ field }, i) => [field, row[`m${i}`]] as const)),
});

const valueOf = ({ shows }: Dimension, value: unknown): unknown =>
  shows === 'flag' && typeof value === 'number' ? value === 1 : value;

const gap = (time: number, plan: Plan): MetricsRow => ({
  ...timeOf(plan, time),
  ...Object.fromEntries(plan.dimensions.map(({ field }) => [field, null] as const)),
  ...Object.fromEntries(
    plan.metrics.map(({ field, aggregation }) => [field, aggregation === 'histogram' ? [] : 0] as const),
  ),
});
