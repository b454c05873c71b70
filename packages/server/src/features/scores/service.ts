import type { Condition } from '@tracehouse/contract/filter';
import type { PageMeta } from '@tracehouse/contract/pagination';
import type {
  ScoresV1Query,
  ScoresV2Query,
  ScoresV3Query,
  ScoreV2,
  ScoreV3,
  TraceOfScore,
} from '@tracehouse/contract/scores';
import type { ScoreV1 } from '@tracehouse/contract/traces';
import * as z from 'zod';
import { InvalidRequestError, NotFoundError } from '../../http/errors.ts';
import { type Actor, recordAudit } from '../../identity/audit/audit.ts';
import type { Journal } from '../../ingest/journal.ts';
import type { Micros } from '../../ingest/observation.ts';
import type { ScoreRow } from '../../ingest/score.ts';
import type { ClickHouse } from '../../stores/clickhouse/clickhouse.ts';
import { anyOf, clickhouse, ClickHouseSql, float, join, micros, string } from '../../stores/clickhouse/sql.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { conditionsSql } from '../filters/column.ts';
import { findNewest } from '../filters/newest.ts';
import { parseFilter } from '../filters/parse-filter.ts';
import { type ScoreTarget, scoreTargets } from '../filters/score-reach.ts';
import { rangeBetween, type TimeRange, toIsoMicros, toMicros } from '../filters/time.ts';
import { toScoreV1, traceExists, traceMeets, type Traces } from '../traces/service.ts';
import { scoreColumns } from './columns.ts';
import { countScores, type ScorePosition, type ScoreSelection, selectPositions, selectScoresById } from './store.ts';
import { toScoreV2, toScoreV3, toTraceOfScore } from './wire.ts';

// What scores are filtered by is what metrics group them by.
export { scoreColumns } from './columns.ts';
export { scoresIn } from './store.ts';

export type ScoreReads = ReturnType<typeof createScoreReads>;

export function createScoreReads({
  clickhouse: db,
  postgres,
  journal,
  traces,
  deleteScores,
  now,
}: {
  clickhouse: ClickHouse;
  postgres: Postgres;
  journal: Journal;
  traces: Pick<Traces, 'about'>;
  deleteScores(scope: ProjectScope, ids: readonly string[], at: Micros): Promise<void>;
  now: () => Date;
}) {
  const nowMicros = (): Micros => now().getTime() * 1000;

  /** Newest first; by time in ranges that grow into the past. */
  async function positionsOf(scope: ProjectScope, selection: ScoreSelection, count: number): Promise<ScorePosition[]> {
    const { range, reach } = selection;
    if (reach !== null) return selectPositions(db, scope, selection, { limit: count });
    const { items } = await findNewest({ range, now: nowMicros(), count }, (part, limit) =>
      selectPositions(db, scope, { ...selection, range: part }, { limit }),
    );
    return items;
  }

  async function rowsOf(scope: ProjectScope, positions: readonly ScorePosition[]): Promise<ScoreRow[]> {
    const ids = positions.map(({ id }) => id);
    const rows = new Map((await selectScoresById(db, scope, ids)).map((row) => [row.id, row]));
    return ids.flatMap((id) => rows.get(id) ?? []);
  }

  async function pageOf(
    scope: ProjectScope,
    selection: ScoreSelection,
    { page, limit }: { page: number; limit: number },
  ) {
    const offset = (page - 1) * limit;
    await journal.barrier({ projectId: scope.projectId });
    const [positions, totalItems] = await Promise.all([
      offset === 0 ? positionsOf(scope, selection, limit) : selectPositions(db, scope, selection, { offset, limit }),
      countScores(db, scope, selection),
    ]);
    const meta: PageMeta = { page, limit, totalItems, totalPages: Math.ceil(totalItems / limit) };
    return { rows: await rowsOf(scope, positions), meta };
  }

  const tracesOf = (scope: ProjectScope, rows: readonly ScoreRow[]) =>
    traces.about(scope, [...new Set(rows.flatMap(({ traceId }) => traceId || []))]);

  async function one(scope: ProjectScope, id: string): Promise<ScoreRow | null> {
    await journal.barrier({ projectId: scope.projectId });
    const [row] = await selectScoresById(db, scope, [id]);
    return row ?? null;
  }

  return {
    /** v1: of traces that are there, without corrections. */
    async listV1(scope: ProjectScope, query: ScoresV1Query) {
      const selection = ofPages(scope, query);
      const where = [...selection.where, ofTraces, traceExists(scope)];
      const { rows, meta } = await pageOf(scope, { ...selection, where }, query);
      const about = await tracesOf(scope, rows);
      const data = rows.flatMap((row): (ScoreV1 & { trace: Omit<TraceOfScore, 'sessionId'> })[] => {
        const score = toScoreV1(row);
        const trace = about.get(row.traceId);
        if (!score || !trace) return [];
        const { sessionId: _, ...shown } = toTraceOfScore(trace);
        return [{ ...score, trace: shown }];
      });
      return { data, meta };
    },

    /** v1. @throws NotFoundError; a score of a session or a run, or a correction, is not there either */
    async getV1(scope: ProjectScope, id: string): Promise<ScoreV1> {
      const row = await one(scope, id);
      const score = row && row.traceId !== '' ? toScoreV1(row) : null;
      if (!score) throw notFound();
      return score;
    },

    /** v2. @throws InvalidRequestError when the score itself is not among the fields */
    async listV2(scope: ProjectScope, query: ScoresV2Query) {
      const { fields = ['score', 'trace'] } = query;
      if (!fields.includes('score')) throw new InvalidRequestError('Scores needs to be selected always.');
      const selection = ofPages(scope, query);
      const withTrace = fields.includes('trace');
      const known = query.traceId === undefined ? undefined : [query.traceId];
      const where = withTrace ? [...selection.where, traceExists(scope, known)] : selection.where;
      const { rows, meta } = await pageOf(scope, { ...selection, where }, query);
      const about = withTrace ? await tracesOf(scope, rows) : new Map<string, never>();
      const data = rows.map((row): ScoreV2 & { trace: TraceOfScore | null } => {
        const trace = about.get(row.traceId);
        return { ...toScoreV2(row), trace: trace ? toTraceOfScore(trace) : null };
      });
      return { data, meta };
    },

    /** v2. @throws NotFoundError */
    async getV2(scope: ProjectScope, id: string): Promise<ScoreV2> {
      const row = await one(scope, id);
      if (!row) throw notFound();
      return toScoreV2(row);
    },

    /** v3. @throws InvalidRequestError when the cursor is none of ours */
    async listV3(
      scope: ProjectScope,
      query: ScoresV3Query,
    ): Promise<{ data: ScoreV3[]; meta: { limit: number; cursor?: string } }> {
      const { limit } = query;
      const selection = after(ofV3(scope, query), query.cursor);
      await journal.barrier({ projectId: scope.projectId });
      const positions = await positionsOf(scope, selection, limit + 1);
      const page = positions.slice(0, limit);
      const last = page.at(-1);
      const rows = await rowsOf(scope, page);
      const groups = new Set(query.fields ?? (['core'] as const));
      return {
        data: rows.map((row) => toScoreV3(row, groups)),
        meta: { limit, ...(last && positions.length > limit && { cursor: cursorOf(last) }) },
      };
    },

    /** Gone from the next read. An unknown id is no error. */
    async delete(scope: ProjectScope, actor: Actor, id: string): Promise<void> {
      const row = await one(scope, id);
      // The two stores have no transaction in common: rather a line whose deletion is still to be tried again than none.
      const entry = { place: scope, action: 'delete', objectType: 'score', objectId: id };
      if (row) await recordAudit(postgres, actor, now(), { ...entry, before: toScoreV2(row) });
      await deleteScores(scope, [id], nowMicros());
    },
  };
}

/** The wire's sentence. */
const notFound = (): NotFoundError => new NotFoundError('Score not found');

const { trusted } = ClickHouseSql;
const ofTraces = clickhouse`trace_id != '' AND data_type != 'CORRECTION'`;

const rangeOf = (query: { fromTimestamp?: string | undefined; toTimestamp?: string | undefined }): TimeRange =>
  rangeBetween(query.fromTimestamp, query.toTimestamp);

/** A column that is one of these; nothing when they are not asked for. */
const isOneOf = (column: string, values: readonly string[] | string | undefined): ClickHouseSql[] =>
  values === undefined ? [] : [clickhouse`${trusted(column)} IN ${anyOf([values].flat())}`];

/** Parameters of v1 and v2. Both are given those of v2: v1's schema leaves them out. */
function ofPages(scope: ProjectScope, query: ScoresV2Query): ScoreSelection {
  const { operator, value, userId, traceTags, scoreIds, traceId, sessionId, datasetRunId } = query;
  const ofTrace: Condition[] = [
    ...(userId === undefined ? [] : [{ type: 'string', column: 'userId', operator: '=', value: userId } as const]),
    ...(traceTags === undefined
      ? []
      : [{ type: 'arrayOptions', column: 'tags', operator: 'all of', value: traceTags } as const]),
  ];
  return {
    range: rangeOf(query),
    reach: reachOf(scope, scoreIds, { trace: traceId, session: sessionId, run: datasetRunId }),
    where: [
      ...isOneOf('id', scoreIds),
      ...isOneOf('name', query.name),
      ...isOneOf('environment', query.environment),
      ...isOneOf('data_type', query.dataType),
      ...isOneOf('source', query.source),
      ...isOneOf('config_id', query.configId),
      ...isOneOf('queue_id', query.queueId),
      ...isOneOf('trace_id', traceId),
      ...isOneOf('observation_id', query.observationId),
      ...isOneOf('session_id', sessionId),
      ...isOneOf('dataset_run_id', datasetRunId),
      // As recorded, a value without an operator is not asked about.
      ...(operator === undefined || value === undefined
        ? []
        : [clickhouse`value ${trusted(operator)} ${float(value)}`]),
      ...(ofTrace.length === 0 ? [] : [traceMeets(scope, ofTrace)]),
      ...conditionsSql(scoreColumns(scope), parseFilter(query.filter)),
    ],
  };
}

function ofV3(scope: ProjectScope, query: ScoresV3Query): ScoreSelection {
  const { id, traceId, sessionId, experimentId, dataType, value, valueMin, valueMax } = query;
  return {
    range: rangeOf(query),
    reach: reachOf(scope, id, { trace: traceId, session: sessionId, run: experimentId }),
    where: [
      ...isOneOf('id', id),
      ...isOneOf('name', query.name),
      ...isOneOf('source', query.source),
      ...isOneOf('data_type', dataType),
      ...isOneOf('environment', query.environment),
      ...isOneOf('config_id', query.configId),
      ...isOneOf('queue_id', query.queueId),
      ...isOneOf('author_user_id', query.authorUserId),
      ...isOneOf('trace_id', traceId),
      ...isOneOf('observation_id', query.observationId),
      ...isOneOf('session_id', sessionId),
      ...isOneOf('dataset_run_id', experimentId),
      ...(value === undefined ? [] : [valueIs(dataType?.[0], value)]),
      ...(valueMin === undefined ? [] : [clickhouse`value >= ${float(valueMin)}`]),
      ...(valueMax === undefined ? [] : [clickhouse`value <= ${float(valueMax)}`]),
    ],
  };
}

/** The schema has checked that the values are of the type. */
function valueIs(dataType: ScoreRow['dataType'] | undefined, values: readonly string[]): ClickHouseSql {
  if (dataType === 'CATEGORICAL') return clickhouse`string_value IN ${anyOf(values)}`;
  const asNumber = (text: string): number => (dataType === 'BOOLEAN' ? Number(/^true$/i.test(text)) : Number(text));
  const options = join(
    values.map((text) => float(asNumber(text))),
    ', ',
  );
  return values.length === 0 ? clickhouse`false` : clickhouse`value IN (${options})`;
}

/** By their ids, else by what they are about; null where neither is said. */
function reachOf(
  scope: ProjectScope,
  ids: readonly string[] | undefined,
  targets: Readonly<Record<ScoreTarget, string | readonly string[] | undefined>>,
): ClickHouseSql | null {
  if (ids) return clickhouse`id IN ${anyOf(ids)}`;
  for (const kind of ['trace', 'session', 'run'] as const) {
    const asked = targets[kind];
    if (asked !== undefined) return scoreTargets(scope, kind, [asked].flat());
  }
  return null;
}

const Cursor = z.object({ v: z.literal(1), lastTimestamp: z.iso.datetime(), lastId: z.string() });

const cursorOf = ({ id, time }: ScorePosition): string =>
  Buffer.from(JSON.stringify({ v: 1, lastTimestamp: toIsoMicros(time), lastId: id })).toString('base64url');

function readCursor(text: string): ScorePosition {
  try {
    const { lastTimestamp, lastId } = Cursor.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
    return { time: toMicros(lastTimestamp), id: lastId };
  } catch (cause) {
    throw new InvalidRequestError('Invalid cursor format', { cause });
  }
}

/** What comes after the cursor. */
function after(selection: ScoreSelection, cursor: string | undefined): ScoreSelection {
  if (cursor === undefined) return selection;
  const { time, id } = readCursor(cursor);
  const { from, to } = selection.range;
  return {
    ...selection,
    range: { from, to: Math.min(time + 1, to ?? Infinity) },
    where: [...selection.where, clickhouse`(timestamp, id) < (${micros(time)}, ${string(id)})`],
  };
}
