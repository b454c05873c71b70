import type { Micros } from '../../ingest/observation.ts';
import type { ClickHouse } from '../../stores/clickhouse/clickhouse.ts';
import { currentRows } from '../../stores/clickhouse/resolved-traces.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { anyOf, type ClickHouseSql, clickhouse, join, micros, string, uint } from '../../stores/clickhouse/sql.ts';
import type { TimeRange } from '../filters/time.ts';

export interface SessionRow {
  id: string;
  createdAt: Micros;
  environment: string;
}

export interface SessionSelection {
  /** Of the session's creation. */
  range: TimeRange;
  environments?: readonly string[] | undefined;
}

/** Sessions as the rows that name them tell: first heard of, and the first environment said with them. */
function sessions(scope: ProjectScope, where: ClickHouseSql): ClickHouseSql {
  const columns = clickhouse`session_id AS id, min(created_at) AS created,
    if(countIf(environment != 'default') = 0, 'default', argMinIf(environment, (created_at, trace_id), environment != 'default')) AS session_environment`;
  return clickhouse`(SELECT ${columns} FROM ${currentRows(scope, clickhouse`true`, columns)} WHERE ${where} GROUP BY session_id)`;
}

const selected = ({ range, environments }: SessionSelection): ClickHouseSql =>
  join(
    [
      ...(range.from === null ? [] : [clickhouse`created >= ${micros(range.from)}`]),
      ...(range.to === null ? [] : [clickhouse`created < ${micros(range.to)}`]),
      ...(environments === undefined ? [] : [clickhouse`session_environment IN ${anyOf(environments)}`]),
      clickhouse`true`,
    ],
    ' AND ',
  );

/** Newest first. */
export const selectSessions = (
  db: ClickHouse,
  scope: ProjectScope,
  selection: SessionSelection,
  { offset, limit }: { offset: number; limit: number },
): Promise<SessionRow[]> =>
  db.rows(clickhouse`
    SELECT id, toUnixTimestamp64Micro(created) AS createdAt, session_environment AS environment
    FROM ${sessions(scope, clickhouse`session_id != ''`)}
    WHERE ${selected(selection)}
    ORDER BY created DESC, id
    LIMIT ${uint(offset)}, ${uint(limit)}`);

export async function countSessions(db: ClickHouse, scope: ProjectScope, selection: SessionSelection): Promise<number> {
  const rows = await db.rows<{ count: string }>(clickhouse`
    SELECT toString(count()) AS count FROM ${sessions(scope, clickhouse`session_id != ''`)} WHERE ${selected(selection)}`);
  return Number(rows[0]?.count ?? 0);
}

/** Null when no row names it. */
export async function selectSession(db: ClickHouse, scope: ProjectScope, id: string): Promise<SessionRow | null> {
  const [row] = await db.rows<SessionRow>(clickhouse`
    SELECT id, toUnixTimestamp64Micro(created) AS createdAt, session_environment AS environment
    FROM ${sessions(scope, clickhouse`session_id = ${string(id)}`)}`);
  return row ?? null;
}
