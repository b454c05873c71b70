import { type QuickColumns, quickTraces } from '../../stores/clickhouse/quick-traces.ts';
import { ofSomeParts, resolvedTraces } from '../../stores/clickhouse/resolved-traces.ts';
import type { ClickHouse, QueryOptions } from '../../stores/clickhouse/clickhouse.ts';
import { RowBinaryReader } from '../../stores/clickhouse/row-binary.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { anyOf, clickhouse, ClickHouseSql, join, micros, string, uint } from '../../stores/clickhouse/sql.ts';
import type { Micros, StoredObservation, WithPayload } from '../../ingest/observation.ts';
import { scoreReader, storedReader } from '../../ingest/read-rows.ts';
import {
  compareUtf8,
  fieldsOf,
  type ResolvedTrace,
  resolveTrace,
  rowsInForce,
  type TraceColumn,
} from '../../ingest/resolve-trace.ts';
import type { ScoreRow } from '../../ingest/score.ts';
import type { Place } from '../filters/observation-columns.ts';
import { byIdAlone, hashOfTrace, type NamedTrace, rowsOfTraces } from '../filters/reach.ts';
import { isTargetOf, scoreTargets } from '../filters/score-reach.ts';
import { HOUR, startsIn, type TimeRange } from '../filters/time.ts';

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
export function fromTraces(scope: ProjectScope, selection: TraceSelection, usedBy: ClickHouseSql): ClickHouseSql {
  const { rows, where } = tracesOf(scope, selection, usedBy);
  return clickhouse`FROM ${rows} AS t WHERE ${where}`;
}

/** The same in two: a table expression, to be called `t`, and which of its rows count. `merged`: see `resolvedTraces`. */
export function tracesOf(
  scope: ProjectScope,
  { range, reach, where }: TraceSelection,
  usedBy: ClickHouseSql,
  merged?: ClickHouseSql,
): { rows: ClickHouseSql; where: ClickHouseSql } {
  const conditions = join([timestampIn(range), ...where], ' AND ');
  const traces = join([...reach, clickhouse`true`], ' AND ');
  const rows = resolvedTraces(scope, traces, join([conditions, usedBy], ' '), merged);
  return { rows, where: conditions };
}

/**
 * The same as `quickTraces` has it: of traces that it is not sure of, all are there, whatever is asked. `besides` is which rows count,
 * `more` what is read beside the columns of a trace.
 */
export function fromQuickTraces(
  scope: ProjectScope,
  { range, reach, where }: TraceSelection,
  usedBy: ClickHouseSql,
  { besides, more }: { besides: ClickHouseSql; more?: QuickColumns },
): ClickHouseSql {
  const conditions = join([timestampIn(range), ...where], ' AND ');
  const unchanged = join([...reach, clickhouse`true`], ' AND ');
  const rows = quickTraces(scope, { unchanged, where: besides }, join([conditions, usedBy], ' '), more);
  return clickhouse`FROM ${rows} AS t WHERE (is_sure = 0 OR (${conditions}))`;
}

/** From the first start to the last end. */
export const latencyMicros = trusted(`(toUnixTimestamp64Micro(last_end) - toUnixTimestamp64Micro(first_start))`);

/** Of what is long, what a trace may take over: its own rows' and its root's. */
const lent = (column: string, none: string): string =>
  `if(kind = 'trace' OR parent_id = '' OR is_app_root = 1, ${column}, ${none})`;
const lentAlone = {
  input: lent('input', `''`),
  output: lent('output', `''`),
  metadata: lent('metadata', 'map()'),
  attributes: lent('attributes', 'map()'),
  resourceAttributes: lent('resource_attributes', 'map()'),
};

/**
 * The rows of these traces in every version, with these fields; what is long, of rows alone from which a trace may take it. `since`:
 * where it is known that none of them starts earlier.
 */
export async function selectTraceVersions(
  db: ClickHouse,
  scope: ProjectScope,
  traces: readonly NamedTrace[],
  fields: ReadonlySet<keyof StoredObservation>,
  options?: QueryOptions,
  since: Micros | null = null,
): Promise<StoredObservation[]> {
  if (traces.length === 0) return [];
  const reader = storedReader.only(fields);
  return reader.parse(await readTraces(db, scope, traces, reader.select(lentAlone), options, since));
}

/** Those of the rows that are in force. */
export const selectTraceRows = async (
  ...asked: Parameters<typeof selectTraceVersions>
): Promise<Map<string, StoredObservation[]>> => rowsInForce(await selectTraceVersions(...asked));

/** The same of a page: rows that came with it, else read now. */
export async function rowsOf(
  db: ClickHouse,
  scope: ProjectScope,
  page: readonly Found[],
  fields: ReadonlySet<keyof StoredObservation>,
): Promise<Map<string, StoredObservation[]>> {
  const missing = page.filter(({ rows }) => rows === undefined);
  const known = page.flatMap(({ id, rows }) => (rows ? [[id, rows] as const] : []));
  const read = await selectTraceRows(db, scope, missing, fields);
  return new Map([...known, ...read]);
}

/** The rows in force of one trace, with these fields, whole; input and output as bytes. */
export async function selectTraceWhole(
  db: ClickHouse,
  scope: ProjectScope,
  traceId: string,
  fields: ReadonlySet<keyof StoredObservation>,
): Promise<WithPayload<StoredObservation>[]> {
  const reader = storedReader.only(fields).withPayloadBytes();
  const answer = await readTraces(db, scope, [{ id: traceId }], reader.select());
  return rowsInForce(reader.parse(answer)).get(traceId) ?? [];
}

const readTraces = (
  db: ClickHouse,
  scope: ProjectScope,
  traces: readonly NamedTrace[],
  columns: ClickHouseSql,
  options?: QueryOptions,
  since: Micros | null = null,
): Promise<Uint8Array> =>
  db.binary(clickhouse`SELECT ${columns} ${rowsOfTraces(scope, traces)} AND ${startsIn({ from: since, to: null })}`, {
    ...options,
    settings: { ...options?.settings, ...byIdAlone },
  });

/** The named columns of these traces; in no order. */
export async function selectTraces<Column extends TraceColumn>(
  db: ClickHouse,
  scope: ProjectScope,
  traces: readonly NamedTrace[],
  columns: readonly Column[],
): Promise<Pick<ResolvedTrace, Column>[]> {
  const rowsById = await selectTraceRows(db, scope, traces, fieldsOf(columns));
  return [...rowsById.values()].map((rows) => resolveTrace(rows, columns));
}

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

/** A trace of a list: its place in it, and its rows where they were read on the way. */
export type Found = TracePosition & NamedTrace & { rows?: StoredObservation[] };

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
): Promise<Found[]> {
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
  return db.rows<Found>(
    clickhouse`
      SELECT trace_id AS id, ${hashOfTrace}, ${text} AS value
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

/** By its rows of a range, the latest timestamp a trace can have. It is the true one unless a row elsewhere says an earlier. */
const latestTimestamp = clickhouse`if(
  countIf(kind = 'trace' AND source = 'json') > 0, minIf(start_time, kind = 'trace' AND source = 'json'), min(start_time))`;

/**
 * The traces that may be the newest of a range, and what none of the others can be newer than: by the rows in force of the range.
 * One whose newest version starts before the range counts with an older one; its trace is no newer than that says.
 */
export function selectNewestIds(
  db: ClickHouse,
  scope: ProjectScope,
  { range, limit }: { range: TimeRange; limit: number },
  options?: QueryOptions,
): Promise<Found[]> {
  const { from, to } = range;
  // A version that starts at the end of the range or later, in its hour, says that an older one does not count.
  const reach = { from, to: to === null ? null : Math.ceil(to / HOUR) * HOUR };
  const isBefore = to === null ? clickhouse`true` : clickhouse`identity(start_time) < ${micros(to)}`;
  return db.rows(
    clickhouse`
      SELECT trace_id AS id, ${hashOfTrace}, toString(toUnixTimestamp64Micro(${latestTimestamp})) AS value
      FROM observations FINAL
      WHERE project_id = ${string(scope.projectId)} AND ${startsIn(reach)} AND ${isBefore}
      GROUP BY trace_id
      ORDER BY ${latestTimestamp} DESC, trace_id DESC
      LIMIT ${uint(limit)}`,
    { ...options, settings: { ...options?.settings, ...ofSomeParts } },
  );
}

/**
 * Traces of a range that may be its newest which meet conditions on `trace_id`, and what none of the others can be newer than:
 * the last start of their rows, in whatever version.
 */
export const selectLatest = (
  db: ClickHouse,
  scope: ProjectScope,
  { range, limit, where }: { range: TimeRange; limit: number; where: readonly ClickHouseSql[] },
  options?: QueryOptions,
): Promise<Found[]> =>
  db.rows(
    clickhouse`
      SELECT trace_id AS id, ${hashOfTrace}, toString(toUnixTimestamp64Micro(max(start_time))) AS value
      FROM observations
      WHERE project_id = ${string(scope.projectId)} AND ${startsIn(range)} AND ${join(where, ' AND ')}
      GROUP BY trace_id
      ORDER BY max(start_time) DESC, trace_id DESC
      LIMIT ${uint(limit)}`,
    options,
  );

/** Traces with rows of the reach, those of the largest bound first, ties by id: an aggregate over these rows, in every version. */
export const selectByBound = (
  db: ClickHouse,
  scope: ProjectScope,
  { bound, limit, reach }: { bound: ClickHouseSql; limit: number; reach: readonly ClickHouseSql[] },
  options?: QueryOptions,
): Promise<Found[]> =>
  db.rows(
    clickhouse`
      SELECT trace_id AS id, ${hashOfTrace}, toString(${bound}) AS value
      FROM observations
      WHERE project_id = ${string(scope.projectId)}
        AND ${join(reach, ' AND ')}
      GROUP BY trace_id
      ORDER BY ${bound} DESC, trace_id DESC
      LIMIT ${uint(limit)}`,
    options,
  );

/** The traces with rows of a place, in whatever version, those of the latest row first; null when these are more than so many. */
export async function selectTracesOf(
  db: ClickHouse,
  scope: ProjectScope,
  { rows, hashes }: Place,
  most: { rows: number; traces: number },
): Promise<NamedTrace[] | null> {
  // Without a limit on rows the engine would find all of them before it knows that they are of too many traces.
  const traces = await db.rows<NamedTrace & { rows: number }>(clickhouse`
    SELECT trace_id AS id, ${hashOfTrace}, count() AS rows
    FROM (
      SELECT trace_id, start_time FROM observations
      ${hashes ? clickhouse`PREWHERE ${hashes}` : clickhouse``}
      WHERE project_id = ${string(scope.projectId)} AND ${rows}
      LIMIT ${uint(most.rows + 1)}
    )
    GROUP BY trace_id
    ORDER BY max(start_time) DESC
    LIMIT ${uint(most.traces + 1)}`);
  const found = traces.reduce((sum, one) => sum + one.rows, 0);
  return traces.length > most.traces || found > most.rows
    ? null
    : traces.map(({ id, hash }) => ({ id, ...(hash && { hash }) }));
}

/** The traces of the selection. */
export async function selectTraceIds(
  db: ClickHouse,
  scope: ProjectScope,
  selection: TraceSelection,
  options?: QueryOptions,
): Promise<Set<string>> {
  const traces = fromTraces(scope, selection, clickhouse`trace_id`);
  const rows = await db.rows<{ id: string }>(clickhouse`SELECT trace_id AS id ${traces}`, options);
  return new Set(rows.map(({ id }) => id));
}

/** About how many rows, in whatever version, start in a range: by the index of the table alone. */
export async function estimateRows(
  db: ClickHouse,
  scope: ProjectScope,
  range: TimeRange,
  options?: QueryOptions,
): Promise<number> {
  const [row] = await db.rows<{ rows: string }>(
    clickhouse`
      SELECT toString(sum(rows)) AS rows
      FROM (EXPLAIN ESTIMATE SELECT row_version FROM observations WHERE project_id = ${string(scope.projectId)} AND ${startsIn(range)})`,
    options,
  );
  return Number(row?.rows ?? 0);
}

/**
 * The traces with rows in these parts of the table (null: all): `cityHash64` of the id of each, low and high half side by side.
 * `withDeleted`: parts with rows that say that others are gone.
 */
export async function selectTraceHashes(
  db: ClickHouse,
  scope: ProjectScope,
  parts: readonly string[] | null,
): Promise<{ hashes: Uint32Array; withDeleted: string[] }> {
  const answer = await db.binary(clickhouse`
    SELECT DISTINCT if(is_deleted = 1, 0, trace_hash), if(is_deleted = 1, _part, '') FROM observations
    WHERE project_id = ${string(scope.projectId)} AND ${parts === null ? clickhouse`true` : clickhouse`_part IN ${anyOf(parts)}`}`);
  const rows = new RowBinaryReader(answer);
  const hashes = new Uint32Array(2 * Math.ceil(answer.length / 9));
  const withDeleted: string[] = [];
  let length = 0;
  while (!rows.isAtEnd) {
    hashes[length] = rows.uint32();
    hashes[length + 1] = rows.uint32();
    const part = rows.string();
    if (part === '') length += 2;
    else withDeleted.push(part);
  }
  return { hashes: hashes.subarray(0, length), withDeleted };
}

/** How many traces the selection has. */
export async function countTraces(db: ClickHouse, scope: ProjectScope, selection: TraceSelection): Promise<number> {
  // Without conditions no trace need be resolved: 27 ms at a million rows instead of a second.
  const { range } = selection;
  const isAll = range.from === null && range.to === null && selection.where.length === 0;
  const rows = await db.rows<{ count: string }>(
    isAll
      ? clickhouse`SELECT toString(uniqExact(trace_hash)) AS count FROM observations WHERE project_id = ${string(scope.projectId)} AND is_deleted = 0`
      : clickhouse`SELECT toString(count()) AS count ${fromTraces(scope, selection, clickhouse``)}`,
  );
  return Number(rows[0]?.count ?? 0);
}

/** Read of any score. */
const scoreIdentity = ['id', 'traceId', 'timestamp', 'rowVersion', 'isDeleted'] as const satisfies (keyof ScoreRow)[];

/** The scores of these traces with these fields, newest first. */
export async function selectScores<Field extends keyof ScoreRow>(
  db: ClickHouse,
  scope: ProjectScope,
  traceIds: readonly string[],
  fields: readonly Field[],
): Promise<Pick<ScoreRow, Field | (typeof scoreIdentity)[number]>[]> {
  if (traceIds.length === 0) return [];
  // Most traces have none, and to read twenty columns takes the engine 5 ms even then.
  const [some] = await db.rows(clickhouse`
    SELECT 1 FROM score_targets WHERE ${isTargetOf(scope, 'trace', traceIds)} LIMIT 1`);
  if (!some) return [];
  const reader = scoreReader.only<Field | (typeof scoreIdentity)[number]>([...fields, ...scoreIdentity]);
  const versions = reader.parse(
    await db.binary(clickhouse`
      SELECT ${reader.select()} FROM scores
      WHERE project_id = ${string(scope.projectId)} AND ${scoreTargets(scope, 'trace', traceIds)}`),
  );
  const wanted = new Set(traceIds);
  const newest = new Map<string, (typeof versions)[number]>();
  for (const score of versions) {
    const other = newest.get(score.id);
    if (!other || other.rowVersion < score.rowVersion) newest.set(score.id, score);
  }
  return [...newest.values()]
    .filter(({ isDeleted, traceId }) => !isDeleted && wanted.has(traceId))
    .toSorted((a, b) => b.timestamp - a.timestamp || compareUtf8(a.id, b.id));
}
