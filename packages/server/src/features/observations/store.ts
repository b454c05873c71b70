import type { Micros, ObservationRow } from '../../ingest/observation.ts';
import { observationReader } from '../../ingest/read-rows.ts';
import { type RowIdentity, rowIdentity, rowsInForce } from '../../ingest/resolve-trace.ts';
import type { ClickHouse } from '../../stores/clickhouse/clickhouse.ts';
import { currentRows, finalRows, ofSomeParts, resolvedTraces } from '../../stores/clickhouse/resolved-traces.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { anyOf, type ClickHouseSql, clickhouse, join, micros, string, uint } from '../../stores/clickhouse/sql.ts';
import { byIdAlone, hashOfTrace, type NamedTrace, rowsOfTraces, traceIsOneOf } from '../filters/reach.ts';
import { startsIn, type TimeRange } from '../filters/time.ts';
import { type TraceContext, traceRootId } from './wire-v2.ts';

/** Names a row of a list; `startTime` is that of the version the list saw. */
export interface ObservationKey {
  /** As shown: a client may give an observation the id of its trace, and then `t-` in front tells the trace's own row from it. */
  id: string;
  traceId: string;
  /** Of its trace; see `NamedTrace`. */
  hash?: string;
  startTime: Micros;
}

export interface ObservationSelection {
  range: TimeRange;
  /** Conditions that no later version of a row changes: trace, kind, id. */
  reach: readonly ClickHouseSql[];
  /** Conditions on the columns of `currentRows`. */
  where: readonly ClickHouseSql[];
}

const from = (
  scope: ProjectScope,
  { range, reach, where }: ObservationSelection,
  isShort: boolean = false,
): ClickHouseSql => {
  const conditions = join([...where, clickhouse`true`], ' AND ');
  const used = clickhouse`start_time ${conditions}`;
  const unchanged = join([...reach, clickhouse`true`], ' AND ');
  const rows = isShort
    ? finalRows(scope, { unchanged, where: startsIn(range) }, used)
    : currentRows(scope, join([startsIn(range), unchanged], ' AND '), used);
  return clickhouse`FROM ${rows} WHERE ${conditions}`;
};

export interface ObservationPage {
  ties: 'up' | 'down';
  after?: ObservationKey;
  offset: number;
  limit: number;
  /** Of a short time alone, read as `finalRows` has it: a key may be one of a version that is not in force. */
  isShort?: boolean;
}

/**
 * Keys of a page, newest start first. Ties as recorded: by id upwards on v1's numbered pages, by trace and id downwards where a
 * page continues after another's last key.
 */
export async function selectObservationPage(
  db: ClickHouse,
  scope: ProjectScope,
  selection: ObservationSelection,
  { ties, after, offset, limit, isShort = false }: ObservationPage,
): Promise<ObservationKey[]> {
  const order = ties === 'up' ? clickhouse`shown_id, trace_id` : clickhouse`trace_id DESC, shown_id DESC`;
  const past =
    after === undefined
      ? clickhouse`true`
      : clickhouse`(start_time, trace_id, shown_id) < (${micros(after.startTime)}, ${string(after.traceId)}, ${string(after.id)})`;
  const rows = await db.rows<Omit<ObservationKey, 'id'> & { shown_id: string }>(
    clickhouse`
      SELECT ${shownId} AS shown_id, trace_id AS traceId, ${hashOfTrace},
        toUnixTimestamp64Micro(start_time) AS startTime
      ${from(scope, selection, isShort)} AND ${past}
      ORDER BY start_time DESC, ${order}
      LIMIT ${uint(offset)}, ${uint(limit)}`,
    isShort ? { settings: ofSomeParts } : {},
  );
  return rows.map(({ shown_id: id, ...key }) => ({ id, ...key }));
}

const shownId = clickhouse`if(kind = 'trace', concat(${string(traceRootId(''))}, id), id)`;

export async function countObservations(
  db: ClickHouse,
  scope: ProjectScope,
  selection: ObservationSelection,
): Promise<number> {
  const rows = await db.rows<{ count: string }>(
    clickhouse`SELECT toString(count()) AS count ${from(scope, selection)}`,
  );
  return Number(rows[0]?.count ?? 0);
}

/** Names rows of all time by what no later version changes. */
export interface ObservationIds {
  /** Of any trace without. */
  traces?: readonly NamedTrace[];
  ids: readonly string[];
  /** Whatever their kind without. */
  kind?: ObservationRow['kind'];
}

/** Rows in force with these fields. */
export async function selectObservations<Field extends keyof ObservationRow>(
  db: ClickHouse,
  scope: ProjectScope,
  { traces, ids, kind }: ObservationIds,
  fields: Iterable<Field>,
): Promise<Pick<ObservationRow, Field | RowIdentity>[]> {
  const reader = observationReader.only<Field | RowIdentity>([...fields, ...rowIdentity]);
  const rows = traces
    ? rowsOfTraces(scope, traces)
    : clickhouse`FROM observations WHERE project_id = ${string(scope.projectId)}`;
  const ofKind = kind === undefined ? clickhouse`true` : clickhouse`kind = ${string(kind)}`;
  const answer = await db.binary(clickhouse`SELECT ${reader.select()} ${rows} AND ${ofKind} AND id IN ${anyOf(ids)}`, {
    settings: byIdAlone,
  });
  return [...rowsInForce(reader.parse(answer)).values()].flat();
}

export interface TraceContextRow extends TraceContext {
  timestamp: Micros;
  hasTraceRoot: boolean;
  payloadBlobs: readonly string[];
}

/** What these traces lend to their observations of the JSON door, by id. */
export async function selectTraceContexts(
  db: ClickHouse,
  scope: ProjectScope,
  traceIds: readonly string[],
): Promise<Map<string, TraceContextRow>> {
  if (traceIds.length === 0) return new Map();
  const context = clickhouse`
    name, user_id AS userId, session_id AS sessionId, release, version, tags, public, metadata, payload_blobs AS payloadBlobs,
    toUnixTimestamp64Micro(timestamp) AS timestamp, has_trace_root AS hasTraceRoot`;
  const rows = await db.rows<
    Omit<TraceContextRow, 'public' | 'hasTraceRoot'> & { id: string; public: number; hasTraceRoot: number }
  >(clickhouse`SELECT trace_id AS id, ${context} FROM ${resolvedTraces(scope, traceIsOneOf(traceIds), context)}`);
  return new Map(
    rows.map((row) => [row.id, { ...row, public: row.public === 1, hasTraceRoot: row.hasTraceRoot === 1 }]),
  );
}
