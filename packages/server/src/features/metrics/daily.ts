import type { DailyMetrics, DailyMetricsQuery } from '@tracehouse/contract/metrics';
import type { Condition } from '@tracehouse/contract/filter';
import type { PageMeta } from '@tracehouse/contract/pagination';
import type { ClickHouse, QueryOptions } from '../../stores/clickhouse/clickhouse.ts';
import { finalRows } from '../../stores/clickhouse/resolved-traces.ts';
import { clickhouse, type ClickHouseSql, join } from '../../stores/clickhouse/sql.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { conditionsSql, text } from '../filters/column.ts';
import { parameterConditions } from '../filters/parameters.ts';
import { rangeBetween, startsIn, type TimeRange } from '../filters/time.ts';
import { tracesThatMeet } from '../traces/service.ts';
import type { Asked } from './view.ts';

export const dailyRange = ({ fromTimestamp, toTimestamp }: DailyMetricsQuery): TimeRange =>
  rangeBetween(fromTimestamp, toTimestamp);

/**
 * Days, newest first. All that the parameters say is asked of traces; observations are those of these traces which start in
 * the range themselves. `counting`, `around`: as `Asked` has them.
 */
export async function selectDaily(
  db: ClickHouse,
  scope: ProjectScope,
  query: DailyMetricsQuery,
  { counting = clickhouse`true`, around }: Pick<Asked, 'counting' | 'around'>,
  options: QueryOptions,
): Promise<{ data: DailyMetrics[]; meta: PageMeta }> {
  const range = dailyRange(query);
  const conditions = conditionsOf(query);
  const [traces, usage] = await Promise.all([
    selectTraceDays(db, scope, { range, conditions, around }, options),
    selectUsage(db, scope, { range, conditions, counting, around }, options),
  ]);
  const traceCounts = new Map(traces.map((row) => [row.day, row.count_traces]));
  const byDay = Map.groupBy(usage, ({ day }) => day);
  const days = [...new Set([...traceCounts.keys(), ...byDay.keys()])].toSorted().toReversed();
  const { page, limit } = query;
  const data = days.slice((page - 1) * limit, page * limit).map((date) => {
    const models = byDay.get(date) ?? [];
    return {
      date,
      countTraces: traceCounts.get(date) ?? 0,
      countObservations: models.reduce((sum, row) => sum + row.count_observations, 0),
      totalCost: models.reduce((sum, row) => sum + row.sum_cost, 0),
      usage: models.map(toUsage),
    };
  });
  return { data, meta: { page, limit, totalItems: days.length, totalPages: Math.ceil(days.length / limit) } };
}

interface DailyAsked {
  range: TimeRange;
  conditions: readonly Condition[];
  around: ClickHouseSql | undefined;
}

interface UsageRow {
  day: string;
  called: string;
  sum_input: number;
  sum_output: number;
  sum_total: number;
  sum_cost: number;
  count_observations: number;
  count_traces: number;
}

const toUsage = (row: UsageRow): DailyMetrics['usage'][number] => ({
  model: row.called === '' ? null : row.called,
  inputUsage: row.sum_input,
  outputUsage: row.sum_output,
  totalUsage: row.sum_total,
  totalCost: row.sum_cost,
  countObservations: row.count_observations,
  countTraces: row.count_traces,
});

function selectTraceDays(
  db: ClickHouse,
  scope: ProjectScope,
  { range, conditions, around }: DailyAsked,
  options: QueryOptions,
): Promise<Pick<UsageRow, 'day' | 'count_traces'>[]> {
  const counts = clickhouse`toString(toDate(t.timestamp)) AS day, toFloat64(count()) AS count_traces`;
  const { rows, where } = tracesThatMeet(scope, range, conditions, clickhouse`timestamp`, around);
  return db.rows(clickhouse`SELECT ${counts} FROM ${rows} AS t WHERE ${where} GROUP BY day`, options);
}

/** The dearest model of a day first. */
function selectUsage(
  db: ClickHouse,
  scope: ProjectScope,
  { counting, ...asked }: DailyAsked & { counting: ClickHouseSql },
  options: QueryOptions,
): Promise<UsageRow[]> {
  const { range, conditions } = asked;
  const sums = clickhouse`
    toString(toDate(start_time)) AS day, toString(model) AS called, toFloat64(sum(input_tokens)) AS sum_input,
    toFloat64(sum(output_tokens)) AS sum_output, toFloat64(sum(total_tokens)) AS sum_total,
    toFloat64(ifNull(sum(total_cost), 0)) AS sum_cost, toFloat64(count()) AS count_observations,
    toFloat64(uniqExact(trace_hash)) AS count_traces`;
  const isAll = conditions.length === 0 && range.from === null && range.to === null;
  // As recorded: where environments are named, observations count that are of one themselves.
  const ofEnvironment = conditionsSql(
    { environment: text('environment') },
    conditions.filter(({ column }) => column === 'environment'),
  );
  const ofThese = isAll ? [] : [ofTraces(scope, asked), ...ofEnvironment];
  const where = join([startsIn(range), counting, ...ofThese], ' AND ');
  const rows = finalRows(scope, { unchanged: clickhouse`kind = 'observation'`, where }, sums, { hash: true });
  return db.rows(clickhouse`SELECT ${sums} FROM ${rows} GROUP BY day, called ORDER BY sum_cost DESC, called`, options);
}

function ofTraces(scope: ProjectScope, { range, conditions, around }: DailyAsked): ClickHouseSql {
  const { rows, where } = tracesThatMeet(scope, range, conditions, clickhouse`trace_id`, around);
  return clickhouse`trace_id IN (SELECT t.trace_id FROM ${rows} AS t WHERE ${where})`;
}

const conditionsOf = ({ traceName, userId, tags, environment }: DailyMetricsQuery): Condition[] =>
  parameterConditions({ equal: { traceName, userId }, tags, environment });
