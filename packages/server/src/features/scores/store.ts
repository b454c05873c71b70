import { createReadScores } from '../../ingest/json/read-entities.ts';
import type { Micros } from '../../ingest/observation.ts';
import type { ScoreRow } from '../../ingest/score.ts';
import type { ClickHouse } from '../../stores/clickhouse/clickhouse.ts';
import { clickhouse, ClickHouseSql, join, micros, string, uint } from '../../stores/clickhouse/sql.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import type { TimeRange } from '../filters/time.ts';

/** What a list of scores is about. */
export interface ScoreSelection {
  range: TimeRange;
  /** On `id`, where the ids are known or found by what they are about; without, scores are looked for by time. */
  reach: ClickHouseSql | null;
  /** Conditions on the columns of `score_times`. */
  where: readonly ClickHouseSql[];
}

/** Where a page ends. */
export interface ScorePosition {
  id: string;
  time: Micros;
}

const columns = ClickHouseSql.trusted(
  'id, timestamp, name, data_type, value, string_value, source, trace_id, observation_id, session_id, dataset_run_id, config_id, queue_id, author_user_id, environment',
);

/** By the key of `score_times`: hours first, then the time itself. */
const inRange = ({ from, to }: TimeRange): ClickHouseSql =>
  join(
    [
      ...(from === null
        ? []
        : [clickhouse`timestamp >= ${micros(from)} AND toStartOfHour(timestamp) >= toStartOfHour(${micros(from)})`]),
      ...(to === null
        ? []
        : [clickhouse`timestamp < ${micros(to)} AND toStartOfHour(timestamp) <= toStartOfHour(${micros(to)})`]),
      clickhouse`true`,
    ],
    ' AND ',
  );

function fromScores(scope: ProjectScope, { range, reach, where }: ScoreSelection): ClickHouseSql {
  const project = clickhouse`project_id = ${string(scope.projectId)}`;
  const conditions = join([inRange(range), ...where], ' AND ');
  return reach === null
    ? clickhouse`FROM score_times FINAL WHERE ${project} AND ${conditions}`
    : clickhouse`FROM (
        SELECT ${columns}, is_deleted FROM scores
        WHERE ${project} AND ${reach}
        ORDER BY row_version DESC
        LIMIT 1 BY id
      ) WHERE is_deleted = 0 AND ${conditions}`;
}

/** As a table expression: scores of a range that meet a condition, each once, with the columns above. */
export const scoresIn = (scope: ProjectScope, range: TimeRange, where: ClickHouseSql): ClickHouseSql => clickhouse`(
  SELECT ${columns}
  FROM (
    SELECT ${columns}, is_deleted FROM score_times
    WHERE project_id = ${string(scope.projectId)} AND ${inRange(range)}
    ORDER BY row_version DESC
    LIMIT 1 BY id
  )
  WHERE is_deleted = 0 AND ${where}
)`;

/** Newest first. */
export const selectPositions = (
  db: ClickHouse,
  scope: ProjectScope,
  selection: ScoreSelection,
  { offset = 0, limit }: { offset?: number; limit: number },
): Promise<ScorePosition[]> =>
  db.rows<ScorePosition>(clickhouse`
    SELECT id, toUnixTimestamp64Micro(timestamp) AS time
    ${fromScores(scope, selection)}
    ORDER BY timestamp DESC, id DESC
    LIMIT ${uint(offset)}, ${uint(limit)}`);

export async function countScores(db: ClickHouse, scope: ProjectScope, selection: ScoreSelection): Promise<number> {
  const [row] = await db.rows<{ count: string }>(
    clickhouse`SELECT toString(count()) AS count ${fromScores(scope, selection)}`,
  );
  return Number(row?.count ?? 0);
}

/** Whole scores by id, in no order. */
export async function selectScoresById(
  db: ClickHouse,
  scope: ProjectScope,
  ids: readonly string[],
): Promise<ScoreRow[]> {
  if (ids.length === 0) return [];
  const newest = await createReadScores(db)(scope, ids);
  return newest.filter(({ isDeleted }) => !isDeleted);
}
