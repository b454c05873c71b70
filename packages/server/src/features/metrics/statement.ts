/*
 * A query becomes one statement: rows of the view, what is joined to them because somebody asked for it, groups, sums, order.
 * Columns of the answer are `time`, `d0 …` and `m0 …`, like no column of a row: the engine would take one for the other.
 */
import type { Aggregation } from '@tracehouse/contract/metrics';
import type { Condition } from '@tracehouse/contract/filter';
import { clickhouse, ClickHouseSql, float, join, uint } from '../../stores/clickhouse/sql.ts';
import { type Bucket, bucketOf } from './granularity.ts';
import type { Dimension, Measure, Source, View } from './view.ts';

const { trusted } = ClickHouseSql;

/** A query of which every name is known. */
export interface Plan {
  /** By their names on the wire, which rows of the answer have. */
  dimensions: readonly { field: string; dimension: Dimension }[];
  metrics: readonly { field: string; measure: Measure; aggregation: Aggregation }[];
  bucket: Bucket | null;
  conditions: readonly Condition[];
  /** By `time_dimension` or the names above. */
  order: readonly { field: string; descending: boolean }[];
  bins: number;
  limit: number;
  /** What nothing adds up to. */
  emptySum: 0 | null;
}

/** A row of the answer. Numbers are floats: what is beyond 2^53 is rounded. */
export interface AnswerRow {
  time?: number;
  [column: `d${number}` | `m${number}`]: unknown;
}

export const timeField = 'time_dimension';

export function statementOf(view: View, plan: Plan): ClickHouseSql {
  const joins = createJoins(view);
  const time = plan.bucket && clickhouse`${bucketOf(plan.bucket, view.time.value)} AS time`;
  const dimensions = plan.dimensions.map(
    ({ dimension }, i) => clickhouse`${groupedBy(dimension, joins.valueOf(dimension))} AS ${column('d', i)}`,
  );
  const metrics = plan.metrics.map(
    (metric, i) => clickhouse`${aggregated(metric, plan, joins.valueOf)} AS ${column('m', i)}`,
  );
  const selected = join([...(time ? [time] : []), ...dimensions, ...metrics], ', ');
  const groups = [...(time ? [trusted('time')] : []), ...plan.dimensions.map((_, i) => column('d', i))];
  const order = orderOf(plan);
  const { rows, where } = view.from(plan.conditions, selected);
  return clickhouse`
    SELECT ${selected}
    FROM ${rows} AS t ${joins.sql()}
    WHERE ${where}
    ${groups.length === 0 ? clickhouse`` : clickhouse`GROUP BY ${join(groups, ', ')}`}
    ${order.length === 0 ? clickhouse`` : clickhouse`ORDER BY ${join(order, ', ')}`}
    LIMIT ${uint(plan.limit)}`;
}

const column = (letter: 'd' | 'm', i: number): ClickHouseSql => trusted(`${letter}${i}`);

/** What is asked of other rows, each joined once with all that is asked of it. */
function createJoins(view: View) {
  const values = new Map<Source, ClickHouseSql[]>();
  return {
    /** An expression over the rows and what is joined to them. */
    valueOf({ of, value, own }: Pick<Dimension, 'of' | 'value' | 'own'>): ClickHouseSql {
      if (of === 'row') return value;
      const asked = values.get(of) ?? [];
      values.set(of, asked);
      const known = asked.findIndex(({ text }) => text === value.text);
      const i = known === -1 ? asked.push(value) - 1 : known;
      const joined = trusted(`${of}_${i}`);
      return own ? clickhouse`if(${own} != '', ${own}, ${joined})` : joined;
    },
    sql: (): ClickHouseSql =>
      join(
        [...values].map(([of, asked]) => {
          const named = asked.map((value, i) => clickhouse`${value} AS ${trusted(`${of}_${i}`)}`);
          return view.join[of as Exclude<Source, 'row'>]!(join(named, ', '));
        }),
        ' ',
      ),
  };
}

function groupedBy({ shows }: Dimension, value: ClickHouseSql): ClickHouseSql {
  if (shows === 'text') return clickhouse`nullIf(${value}, '')`;
  if (shows === 'items') return clickhouse`arrayJoin(${value})`;
  return value;
}

type Metric = Plan['metrics'][number];

function aggregated(
  { measure, aggregation }: Metric,
  { dimensions, bins, emptySum }: Plan,
  valueOf: (measure: Measure) => ClickHouseSql,
): ClickHouseSql {
  const beside = dimensions.findIndex(({ field }) => field === measure.by?.dimension);
  const value = measure.by && beside !== -1 ? measure.by.value(column('d', beside)) : valueOf(measure);
  if (measure.is === 'distinct') return clickhouse`toFloat64(uniqExact(nullIf(${value}, '')))`;
  if (aggregation === 'uniq') return clickhouse`toFloat64(uniqExact(${value}))`;
  if (aggregation === 'count') return clickhouse`toFloat64(count(${value}))`;
  if (aggregation === 'histogram') return clickhouse`histogram(${uint(bins)})(toFloat64(${value}))`;
  if (aggregation === 'sum') {
    const sum = clickhouse`toFloat64(sum(${value}))`;
    return emptySum === null ? sum : clickhouse`ifNull(${sum}, ${uint(emptySum)})`;
  }
  const share = quantiles[aggregation];
  if (share === undefined) return clickhouse`toFloat64(${trusted(aggregation)}OrNull(${value}))`;
  // Exact: of a sample the last percent would be told by a few dozen values.
  return clickhouse`quantileExactInclusiveOrNull(${float(share)})(toFloat64(${value}))`;
}

const quantiles: Partial<Record<Aggregation, number>> = { p50: 0.5, p75: 0.75, p90: 0.9, p95: 0.95, p99: 0.99 };

/** Ties by the dimensions, so that the same question has the same answer. */
function orderOf({ order, dimensions, metrics, bucket }: Plan): ClickHouseSql[] {
  const columns = new Map<string, ClickHouseSql>([
    ...(bucket ? [[timeField, trusted('time')] as const] : []),
    ...dimensions.map(({ field }, i) => [field, column('d', i)] as const),
    ...metrics.map(({ field }, i) => [field, column('m', i)] as const),
  ]);
  const named = new Set(order.map(({ field }) => field));
  const ties = [...(bucket ? [timeField] : []), ...dimensions.map(({ field }) => field)]
    .filter((field) => !named.has(field))
    .map((field) => ({ field, descending: false }));
  return [...order, ...ties].map(
    ({ field, descending }) => clickhouse`${columns.get(field)!} ${trusted(descending ? 'DESC' : 'ASC')} NULLS LAST`,
  );
}
