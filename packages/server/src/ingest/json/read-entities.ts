import type { ClickHouse, QueryOptions } from '../../stores/clickhouse/clickhouse.ts';
import { anyOf, clickhouse, type ClickHouseSql, join, micros, string } from '../../stores/clickhouse/sql.ts';
import { RowBinaryReader } from '../../stores/clickhouse/row-binary.ts';
import type { LargeFields } from '../large-fields/large-fields.ts';
import type { Micros, ObservationRow } from '../observation.ts';
import { observationReader, scoreReader } from '../read-rows.ts';
import type { TimeRange } from './entities.ts';
import type { ObservationKey, ReadEntities, ReadScores } from './kinds.ts';
import { areAllStated, statedReader } from './stated-columns.ts';
import type { ReadIds } from './stored-ids.ts';
import { together } from './together.ts';

/**
 * The engine's side of the open entities. No FINAL: the newest version of a key is taken here, also when several of its
 * places are still unmerged; and deleted rows are answers too.
 *
 * Most questions are about traces that are named: their granules follow from the sort key, so what they cost does not grow with the
 * table, and most of it is the statement, not the rows. So one is asked at a time a project, and those that come meanwhile
 * together.
 */
export function createReadEntities(
  db: ClickHouse,
  { onRead = () => undefined }: { onRead?(entities: number): void } = {},
): ReadEntities {
  const readTogether = together<Question, ObservationRow[]>(async (projectId, asked) => {
    const keys = asked.flatMap((question) => question.keys);
    const range = {
      from: Math.min(...asked.map(({ from }) => from)),
      to: Math.max(...asked.map(({ to }) => to)),
    };
    const traceIds = [...new Set(asked.flatMap((question) => question.traceIds))];
    const rows = await read(db, projectId, keys, clickhouse`${within(range)} ${ofTraces(traceIds)}`, {
      // The traces are the key: nothing is left for the others to rule out.
      use_skip_indexes: 0,
    });
    const byName = new Map(rows.map((row) => [nameOf(row), row]));
    return asked.map((question) => question.keys.flatMap((key) => byName.get(nameOf(key)) ?? []));
  });
  return async ({ projectId }, keys, range, traceIds) => {
    const { from, to } = range;
    onRead(keys.length);
    if (traceIds !== undefined && from !== undefined && to !== undefined) {
      return readTogether(projectId, { keys, traceIds, from, to });
    }
    const rows = await Promise.all(
      (['observation', 'trace'] as const).map((kind) => {
        const some = keys.filter((key) => key.kind === kind);
        // What was said about a trace has the trace's id, so its place in the sort key is known.
        const home = kind === 'trace' ? ofTraces(some.map(({ id }) => id)) : clickhouse``;
        return some.length === 0 ? [] : read(db, projectId, some, clickhouse`${within(range)} ${home}`);
      }),
    );
    return rows.flat();
  };
}

/** The same, with large fields whole: what is merged is stored anew. */
export const readWhole =
  (read: ReadEntities, largeFields: Pick<LargeFields, 'whole'>): ReadEntities =>
  async (scope, ...asked) => {
    const rows = await read(scope, ...asked);
    const blobs = rows.flatMap(({ payloadBlobs }) => payloadBlobs);
    if (blobs.length === 0) return rows;
    return (await largeFields.whole(scope, rows, blobs)).map((row) => ({ ...row, payloadBlobs: [] }));
  };

interface Question {
  keys: readonly ObservationKey[];
  traceIds: readonly string[];
  from: Micros;
  to: Micros;
}

const nameOf = ({ kind, id }: ObservationKey): string => `${kind}\n${id}`;

async function read(
  db: ClickHouse,
  projectId: string,
  keys: readonly ObservationKey[],
  where: ClickHouseSql,
  settings: QueryOptions['settings'] = {},
): Promise<ObservationRow[]> {
  const ask = (select: ClickHouseSql, ids: readonly string[]): Promise<Uint8Array> =>
    db.binary(
      clickhouse`
        SELECT ${select}
        FROM observations
        WHERE project_id = ${string(projectId)} AND kind IN ${anyOf([...new Set(keys.map(({ kind }) => kind))])}
          AND id IN ${anyOf(ids)} ${where}
        ORDER BY row_version DESC
        LIMIT 1 BY kind, id`,
      // Others may wait for the same answer: it does not end with who asked first.
      { settings, signal: neverStopped },
    );
  const rows = statedReader.parse(projectId, await ask(statedReader.select(), [...new Set(keys.map(({ id }) => id))]));
  const others = rows.filter((row) => !areAllStated(row)).map(({ id }) => id);
  if (others.length === 0) return rows;
  // Of other doors' rows, all that they say stays.
  const whole = observationReader.parse(await ask(observationReader.select(), others));
  return [...new Map([...whole, ...rows.filter(areAllStated)].map((row) => [nameOf(row), row])).values()];
}

const neverStopped = new AbortController().signal;

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

/** By what they are sorted by. */
const ofTraces = (traceIds: readonly string[]): ClickHouseSql =>
  clickhouse`AND trace_id IN ${anyOf(traceIds)} AND cityHash64(trace_id) IN (${join(
    traceIds.map((id) => clickhouse`cityHash64(${string(id)})`),
    ', ',
  )})`;

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
