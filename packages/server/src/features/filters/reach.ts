import type { ProjectScope } from '../../stores/scope.ts';
import { type ClickHouseSql, anyOf, clickhouse, join, string } from '../../stores/clickhouse/sql.ts';
import { startsIn, type TimeRange } from './time.ts';

/** The hash is in the table's key, the id is exact. */
export const traceIs = (traceId: string): ClickHouseSql =>
  clickhouse`cityHash64(trace_id) = cityHash64(${string(traceId)}) AND trace_id = ${string(traceId)}`;

export const traceIsOneOf = (traceIds: readonly string[]): ClickHouseSql =>
  traceIds.length === 0
    ? clickhouse`false`
    : clickhouse`cityHash64(trace_id) IN (${join(
        traceIds.map((id) => clickhouse`cityHash64(${string(id)})`),
        ', ',
      )}) AND trace_id IN ${anyOf(traceIds)}`;

const isUnbounded = ({ from, to }: TimeRange): boolean => from === null && to === null;

/** Traces with a row that starts in the range, among them all whose timestamp lies in it: that is the start of a row. */
export const tracesIn = (scope: ProjectScope, range: TimeRange): ClickHouseSql =>
  isUnbounded(range)
    ? clickhouse`true`
    : clickhouse`cityHash64(trace_id) IN (
        SELECT cityHash64(trace_id) FROM observations WHERE project_id = ${string(scope.projectId)} AND ${startsIn(range)})`;
