import type { Micros } from '../../ingest/observation.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { type ClickHouseSql, anyOf, clickhouse, join, string, strings, uint64 } from '../../stores/clickhouse/sql.ts';
import { around, HOUR, isIn, startsIn, type TimeRange } from './time.ts';

/** The hash is in the table's key, the id is exact. */
export const traceIs = (traceId: string): ClickHouseSql =>
  clickhouse`cityHash64(trace_id) = cityHash64(${string(traceId)}) AND trace_id = ${string(traceId)}`;

/**
 * Settings of a read by ids without a time. By the table's key the engine finds the rows of the project, the largest ranges first,
 * for which so many steps of a part are enough; the index of ids says where to look in these. To go on, hour for hour, would
 * exclude next to nothing: it takes 12 ms for one trace among 10 million rows of the project, 50 for a page.
 */
export const byIdAlone = { merge_tree_generic_exclusion_search_max_steps: 128 } as const;

/** A trace by its id, and by the digits of its hash where they came along. */
export interface NamedTrace {
  id: string;
  hash?: string;
}

/** Where ids are all that is known. */
export const namedTraces = (ids: readonly string[]): NamedTrace[] => ids.map((id) => ({ id }));

/** For `NamedTrace`, of a row or a group of a trace. */
export const hashOfTrace = clickhouse`toString(cityHash64(trace_id)) AS hash`;

/**
 * `FROM … WHERE …` of the rows of these traces, of all time; for statements with `byIdAlone`. The index is wrong about one granule
 * in a thousand for each id, which is a twentieth of all rows for a page: the hashes tell them for a third of what the ids cost.
 */
export function rowsOfTraces(scope: ProjectScope, traces: readonly NamedTrace[]): ClickHouseSql {
  const ids = traces.map(({ id }) => id);
  return clickhouse`
    FROM observations
    PREWHERE trace_hash IN (${hashesOf(traces)})
    WHERE project_id = ${string(scope.projectId)} AND ${traceIsOneOf(ids)}`;
}

function hashesOf(traces: readonly NamedTrace[]): ClickHouseSql {
  const digits = traces.flatMap(({ hash }) => hash ?? []);
  // With a statement in it the engine would not remember, for the next time, where the condition held nowhere.
  if (digits.length === traces.length) return join(digits.map(uint64), ', ');
  if (traces.length === 1) return clickhouse`cityHash64(${string(traces[0]!.id)})`;
  // One function for all of them is less to understand.
  return clickhouse`SELECT cityHash64(arrayJoin(${strings(traces.map(({ id }) => id))}))`;
}

/** By the index of ids alone: the hashes of a page lie in every granule, and cost 0.1 ms each to be understood. */
export const traceIsOneOf = (traceIds: readonly string[]): ClickHouseSql =>
  traceIds.length === 1
    ? traceIs(traceIds[0]!)
    : traceIds.length === 0
      ? clickhouse`false`
      : clickhouse`trace_id IN ${anyOf(traceIds)}`;

const isUnbounded = ({ from, to }: TimeRange): boolean => from === null && to === null;

/**
 * Rows of traces with a row that starts in the range, among them all whose timestamp lies in it: that is the start of a row.
 * Of these traces the rows of a week around the range are looked at, so that a list costs the same however much there is
 * beside; what is shown of a trace is read by its id, without a bound.
 */
export const tracesIn = (scope: ProjectScope, range: TimeRange): ClickHouseSql =>
  isUnbounded(range)
    ? clickhouse`true`
    : clickhouse`${rowsAround(range)} AND trace_hash IN (
        SELECT trace_hash FROM observations WHERE project_id = ${string(scope.projectId)} AND ${startsIn(range)})`;

/** Rows of a week around the range, of whatever traces. */
export const rowsAround = (range: TimeRange): ClickHouseSql => startsIn(weekAround(range));
/** When these start. */
export const weekAround = (range: TimeRange): TimeRange => around(range, WEEK);
const WEEK = 7 * 24 * HOUR;

/** Whether such a row starts then. */
export const isAround = (range: TimeRange, time: Micros): boolean => isIn(around(range, WEEK), time);
