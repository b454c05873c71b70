import { resolvedTraces } from '../../stores/clickhouse/resolved-traces.ts';
import type { ClickHouse, QueryOptions } from '../../stores/clickhouse/clickhouse.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { anyOf, clickhouse, ClickHouseSql, join, micros, string, uint } from '../../stores/clickhouse/sql.ts';
import type { Micros } from '../../ingest/observation.ts';
import { scoreReader, selectRows } from '../../ingest/read-rows.ts';
import type { ScoreRow } from '../../ingest/score.ts';
import { startsIn, type TimeRange } from '../filters/time.ts';

const { trusted } = ClickHouseSql;

const timestampIn = ({ from, to }: TimeRange): ClickHouseSql =>
  join(
    [
      ...(from === null ? [] : [clickhouse`t.timestamp >= ${micros(from)}`]),
      ...(to === null ? [] : [clickhouse`t.timestamp < ${micros(to)}`]),
      clickhouse`true`,
    ],
    ' AND ',
  );

/** What a list of traces is about. */
export interface TraceSelection {
  range: TimeRange;
  /** Conditions on `trace_id` and its hash that all traces of the selection satisfy (`tracesIn` …): only these are resolved. */
  reach: readonly ClickHouseSql[];
  /** Conditions on the columns of the resolved trace. */
  where: readonly ClickHouseSql[];
}

/** `FROM … WHERE …` of the resolved traces of the selection, which are `t`; `usedBy` is what the statement reads of them. */
export function fromTraces(
  scope: ProjectScope,
  { range, reach, where }: TraceSelection,
  usedBy: ClickHouseSql,
): ClickHouseSql {
  const conditions = join([timestampIn(range), ...where], ' AND ');
  const traces = resolvedTraces(scope, join([...reach, clickhouse`true`], ' AND '), join([conditions, usedBy], ' '));
  return clickhouse`FROM ${traces} AS t WHERE ${conditions}`;
}

const micro = (column: string): string => `toUnixTimestamp64Micro(${column})`;

/** Columns of a resolved trace as they leave the engine: times in microseconds, money and 64-bit integers as text. */
const readings = {
  trace_id: 'trace_id',
  name: 'name',
  user_id: 'user_id',
  session_id: 'session_id',
  release: 'release',
  version: 'version',
  environment: 'environment',
  tags: 'tags',
  public: 'public',
  bookmarked: 'bookmarked',
  input: 'input',
  output: 'output',
  input_preview: 'input_preview',
  output_preview: 'output_preview',
  metadata: 'metadata',
  root_attributes: 'root_attributes',
  root_resource_attributes: 'root_resource_attributes',
  root_scope: 'root_scope',
  has_otlp_root: 'has_otlp_root',
  timestamp: micro('timestamp'),
  first_start: micro('first_start'),
  last_end: micro('last_end'),
  ended_count: 'toUInt32(ended_count)',
  running: 'running',
  observation_count: 'toUInt32(observation_count)',
  observation_ids: 'observation_ids',
  total_cost: 'toString(total_cost)',
  input_tokens: 'toString(input_tokens)',
  output_tokens: 'toString(output_tokens)',
  total_tokens: 'toString(total_tokens)',
  calls: 'toUInt32(calls)',
  unpriced_calls: 'toUInt32(unpriced_calls)',
  models: 'models',
  error_count: 'toUInt32(error_count)',
  warning_count: 'toUInt32(warning_count)',
  level: 'level',
  error_message: 'error_message',
  created_at: micro('created_at'),
  updated_at: micro('updated_at'),
} as const;

/** A resolved trace as read. `''` is "not said"; flags are 0 or 1; `root_*` is what the root received over OTLP. */
export interface TraceRow {
  trace_id: string;
  name: string;
  user_id: string;
  session_id: string;
  release: string;
  version: string;
  environment: string;
  tags: string[];
  public: number;
  bookmarked: number;
  input: string;
  output: string;
  input_preview: string;
  output_preview: string;
  metadata: Record<string, string>;
  root_attributes: Record<string, string>;
  root_resource_attributes: Record<string, string>;
  /** Name, version, attributes as JSON object text. */
  root_scope: [string, string, string];
  has_otlp_root: number;
  timestamp: Micros;
  /** Of its observations, like `last_end`; meaningless when there are none. */
  first_start: Micros;
  last_end: Micros;
  ended_count: number;
  running: number;
  observation_count: number;
  observation_ids: string[];
  /** USD, decimal text; null when no observation has a known cost. */
  total_cost: string | null;
  input_tokens: string;
  output_tokens: string;
  total_tokens: string;
  calls: number;
  unpriced_calls: number;
  models: string[];
  error_count: number;
  warning_count: number;
  level: 'DEBUG' | 'DEFAULT' | 'WARNING' | 'ERROR';
  error_message: string;
  created_at: Micros;
  updated_at: Micros;
}

/** From the first start to the last end. */
export const latencyMicros = trusted(`(${micro('last_end')} - ${micro('first_start')})`);

const selectList = (columns: readonly (keyof TraceRow)[]): ClickHouseSql =>
  trusted(columns.map((column) => `${readings[column]} AS ${column}`).join(', '));

/** The named columns of traces chosen by id; in no order. */
export const selectTraces = <Column extends keyof TraceRow>(
  db: ClickHouse,
  scope: ProjectScope,
  where: ClickHouseSql,
  columns: readonly Column[],
): Promise<Pick<TraceRow, Column>[]> =>
  db.rows(clickhouse`SELECT ${selectList(columns)} FROM ${resolvedTraces(scope, where, selectList(columns))}`);

/** Columns a list can be sorted by (names of the wire) → their expression over a resolved trace. NULL counts as −1. */
export const traceOrders = {
  timestamp: 'timestamp',
  id: 'trace_id',
  name: 'name',
  traceName: 'name',
  userId: 'user_id',
  sessionId: 'session_id',
  environment: 'environment',
  version: 'version',
  release: 'release',
  bookmarked: 'bookmarked',
  public: 'public',
  latency: `if(ended_count = 0, -1, ${latencyMicros.text})`,
  totalCost: 'ifNull(total_cost, -1)',
  inputTokens: 'input_tokens',
  outputTokens: 'output_tokens',
  totalTokens: 'total_tokens',
  level: 'level',
  errorCount: 'error_count',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
} as const;

export interface TraceOrder {
  column: keyof typeof traceOrders;
  descending: boolean;
}

/** Where a page ends: the value it is sorted by, as text, and the id that breaks ties. */
export interface TracePosition {
  value: string;
  id: string;
}

export interface TracePage {
  order: TraceOrder;
  /** Starts after this one, in the order. */
  after?: TracePosition;
  offset: number;
  limit: number;
}

/** A page of ids in its order, each with its place for the next page. */
export async function selectTracePage(
  db: ClickHouse,
  scope: ProjectScope,
  selection: TraceSelection,
  { order, after, offset, limit }: TracePage,
  options?: QueryOptions,
): Promise<TracePosition[]> {
  const value = trusted(traceOrders[order.column]);
  const direction = trusted(order.descending ? 'DESC' : 'ASC');
  const text =
    order.column === 'timestamp'
      ? clickhouse`toString(toUnixTimestamp64Micro(timestamp))`
      : clickhouse`toString(${value})`;
  const past =
    after === undefined
      ? clickhouse`true`
      : clickhouse`(${value}, trace_id) ${trusted(order.descending ? '<' : '>')} (${valueLike(order, after)}, ${string(after.id)})`;
  return db.rows<TracePosition>(
    clickhouse`
      SELECT trace_id AS id, ${text} AS value
      ${fromTraces(scope, selection, join([text, value], ' '))} AND ${past}
      ORDER BY ${value} ${direction}, trace_id ${direction}
      LIMIT ${uint(offset)}, ${uint(limit)}`,
    options,
  );
}

/** The text of a position in the type of its column. */
function valueLike({ column }: TraceOrder, { value }: TracePosition): ClickHouseSql {
  if (column === 'timestamp') return micros(Number(value));
  if (column === 'totalCost') return clickhouse`toDecimal128(${string(value)}, 12)`;
  if (column === 'latency') return clickhouse`toInt64(${string(value)})`;
  if (column === 'totalTokens') return clickhouse`toUInt64(${string(value)})`;
  return string(value);
}

/**
 * The traces with rows in a range that may be its newest `limit`, each with the latest timestamp it can have, newest first.
 * The true one is the same unless a row elsewhere says an earlier one. With `where`, of rows in whatever version, the
 * traces that have such rows; the first of these is then no earlier than the trace.
 */
export const selectNewestCandidates = (
  db: ClickHouse,
  scope: ProjectScope,
  { range, where, limit }: { range: TimeRange; where?: ClickHouseSql; limit: number },
  options?: QueryOptions,
): Promise<{ id: string; latest: Micros }[]> =>
  db.rows(
    clickhouse`
      SELECT trace_id AS id, toUnixTimestamp64Micro(if(
        countIf(kind = 'trace' AND source = 'json') > 0, minIf(start_time, kind = 'trace' AND source = 'json'), min(start_time)
      )) AS latest
      FROM observations ${where ? clickhouse`` : clickhouse`FINAL`}
      WHERE project_id = ${string(scope.projectId)} AND ${startsIn(range)} AND ${where ?? clickhouse`true`}
      GROUP BY trace_id
      ORDER BY latest DESC, id DESC
      LIMIT ${uint(limit)}`,
    options,
  );

/** How many traces the selection has. */
export async function countTraces(db: ClickHouse, scope: ProjectScope, selection: TraceSelection): Promise<number> {
  // Without conditions no trace need be resolved: 27 ms at a million rows instead of a second.
  const { range } = selection;
  const isAll = range.from === null && range.to === null && selection.where.length === 0;
  const rows = await db.rows<{ count: string }>(
    isAll
      ? clickhouse`SELECT toString(uniqExact(cityHash64(trace_id))) AS count FROM observations WHERE project_id = ${string(scope.projectId)} AND is_deleted = 0`
      : clickhouse`SELECT toString(count()) AS count ${fromTraces(scope, selection, clickhouse``)}`,
  );
  return Number(rows[0]?.count ?? 0);
}

/** The scores of these traces, newest first. */
export async function selectScores(
  db: ClickHouse,
  scope: ProjectScope,
  traceIds: readonly string[],
): Promise<ScoreRow[]> {
  if (traceIds.length === 0) return [];
  const rows = await db.rows<Record<string, unknown>>(
    selectRows(
      scoreReader,
      clickhouse`SELECT ${scoreReader.names} FROM (
      SELECT ${scoreReader.names} FROM scores
      WHERE project_id = ${string(scope.projectId)} AND trace_id IN ${anyOf(traceIds)}
      ORDER BY row_version DESC
      LIMIT 1 BY id
    ) WHERE is_deleted = 0
    ORDER BY timestamp DESC, id`,
    ),
  );
  return rows.map((row) => scoreReader.parse(row));
}
