import type { ClickHouse } from '../../stores/clickhouse/clickhouse.ts';
import { anyOf, clickhouse, type ClickHouseSql, join, micros, string } from '../../stores/clickhouse/sql.ts';
import { RowBinaryReader } from '../../stores/clickhouse/row-binary.ts';
import type { ObservationRow } from '../observation.ts';
import type { LargeFields } from '../large-fields/large-fields.ts';
import { observationReader, scoreReader } from '../read-rows.ts';
import type { TimeRange } from './entities.ts';
import type { ObservationKey, ReadEntities, ReadScores } from './kinds.ts';
import type { ReadIds } from './stored-ids.ts';

/**
 * The engine's side of the open entities. No FINAL: the newest version of a key is taken here, also when several of its
 * places are still unmerged; and deleted rows are answers too.
 */
export const createReadEntities =
  (db: ClickHouse): ReadEntities =>
  async (scope, keys, range) => {
    const rows = await Promise.all(
      (['observation', 'trace'] as const).map((kind) => {
        const ids = keys.filter((key: ObservationKey) => key.kind === kind).map(({ id }) => id);
        return ids.length === 0 ? [] : readKind(db, scope.projectId, kind, ids, range);
      }),
    );
    return rows.flat();
  };

/** The same, with large fields whole: what is merged is stored anew. */
export const readWhole =
  (read: ReadEntities, largeFields: Pick<LargeFields, 'whole'>): ReadEntities =>
  async (scope, keys, range) => {
    const rows = await read(scope, keys, range);
    const blobs = rows.flatMap(({ payloadBlobs }) => payloadBlobs);
    if (blobs.length === 0) return rows;
    return (await largeFields.whole(scope, rows, blobs)).map((row) => ({ ...row, payloadBlobs: [] }));
  };

async function readKind(
  db: ClickHouse,
  projectId: string,
  kind: ObservationKey['kind'],
  ids: readonly string[],
  range: TimeRange,
): Promise<ObservationRow[]> {
  const answer = await db.binary(clickhouse`
    SELECT ${observationReader.select()}
    FROM observations
    WHERE project_id = ${string(projectId)} AND kind = ${string(kind)} AND id IN ${anyOf(ids)}
      ${within(range)} ${traceHash(kind, ids)}
    ORDER BY row_version DESC
    LIMIT 1 BY id`);
  return observationReader.parse(answer);
}

/** What the filter of stored ids is filled from. */
export const createReadIds =
  (db: ClickHouse): ReadIds =>
  async ({ projectId }, { from, to }) => {
    const answer = await db.binary(clickhouse`
      SELECT toString(kind) AS kind, id
      FROM observations
      WHERE project_id = ${string(projectId)} ${within({ from, ...(to !== undefined && { to: to - 1 }) })}`);
    const reader = new RowBinaryReader(answer);
    const keys: ObservationKey[] = [];
    while (!reader.isAtEnd) keys.push({ kind: reader.string() as ObservationKey['kind'], id: reader.string() });
    return keys;
  };

/** Said with the hour too, which is in the sort key. */
const within = ({ from, to }: TimeRange): ClickHouseSql =>
  join(
    [
      ...(from === undefined
        ? []
        : [
            clickhouse`AND start_time >= ${micros(from)} AND toStartOfHour(start_time) >= toStartOfHour(${micros(from)})`,
          ]),
      ...(to === undefined
        ? []
        : [clickhouse`AND start_time <= ${micros(to)} AND toStartOfHour(start_time) <= toStartOfHour(${micros(to)})`]),
    ],
    ' ',
  );

/** What was said about a trace has the trace's id, so its place in the sort key is known. */
const traceHash = (kind: ObservationKey['kind'], ids: readonly string[]): ClickHouseSql =>
  kind === 'trace'
    ? clickhouse`AND trace_id IN ${anyOf(ids)} AND cityHash64(trace_id) IN (${join(
        ids.map((id) => clickhouse`cityHash64(${string(id)})`),
        ', ',
      )})`
    : clickhouse``;

/** Scores by id, their sort key. */
export const createReadScores =
  (db: ClickHouse): ReadScores =>
  async (scope, ids) => {
    const answer = await db.binary(clickhouse`
      SELECT ${scoreReader.select()}
      FROM scores
      WHERE project_id = ${string(scope.projectId)} AND id IN ${anyOf(ids)}
      ORDER BY row_version DESC
      LIMIT 1 BY id`);
    return scoreReader.parse(answer);
  };
