import type { Condition } from '@tracehouse/contract/filter';
import type { PageMeta } from '@tracehouse/contract/pagination';
import {
  type Trace,
  type TraceFieldGroup,
  traceFieldGroups,
  type TracesQuery,
  type TraceWithDetails,
  type TraceWithFullDetails,
} from '@tracehouse/contract/traces';
import { InvalidRequestError, NotFoundError } from '../../http/errors.ts';
import type { Actor } from '../../identity/audit/audit.ts';
import type { LargeFields } from '../../ingest/large-fields/large-fields.ts';
import type { StoredObservation, WithPayload } from '../../ingest/observation.ts';
import type { ProjectPricing } from '../../ingest/price/project-pricing.ts';
import type { RecentTraces } from '../../ingest/recent-traces/recent-traces.ts';
import { fieldsOf, type ResolvedTrace, resolveTrace } from '../../ingest/resolve-trace.ts';
import { clickhouse, type ClickHouseSql, string } from '../../stores/clickhouse/sql.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { parseFilter } from '../filters/parse-filter.ts';
import { namedTraces, traceIsOneOf, rowsAround } from '../filters/reach.ts';
import { parameterConditions } from '../filters/parameters.ts';
import { rangeBetween, type TimeRange } from '../filters/time.ts';
import { observationsIn, observationV1Fields, promptNamesOf, toObservationV1 } from '../observations/service.ts';
import type { Prompts } from '../prompts/service.ts';
import { createTraceCounts } from './count.ts';
import { type DeletionNeeds, deleteRows } from './deletion.ts';
import { type CountedPage, findFew } from './few.ts';
import { findNewestTraces } from './newest.ts';
import { clausesOf, selectionOf, type TraceQuery } from './selection.ts';
import {
  fromTraces,
  type Found,
  rowsOf,
  selectScores,
  selectTracePage,
  selectTraces,
  selectTraceWhole,
  type TraceOrder,
  traceOrders,
  tracesOf,
} from './store.ts';
import {
  coreColumns,
  htmlPath,
  ioColumns,
  metricColumns,
  scoreV1Fields,
  toMetrics,
  toScoreV1,
  toTrace,
} from './wire.ts';

export type Traces = ReturnType<typeof createTraces>;

export interface TracesNeeds extends DeletionNeeds {
  largeFields: Pick<LargeFields, 'whole' | 'ofTraces'>;
  pricing: Pick<ProjectPricing, 'listed'>;
  prompts: Pick<Prompts, 'idsOf'>;
  /** Where it is known which traces came last. */
  recent: Pick<RecentTraces, 'newest'> | undefined;
  now: () => Date;
}

export function createTraces({ now, ...needs }: TracesNeeds) {
  const { clickhouse: db, journal, largeFields } = needs;
  const count = createTraceCounts(needs);

  async function pageOf(
    scope: ProjectScope,
    query: TracesQuery,
    asked: TraceQuery,
    order: TraceOrder,
    fields: ReadonlySet<keyof StoredObservation>,
  ): Promise<Found[]> {
    const { page, limit } = query;
    const range = rangeOf(query);
    const offset = (page - 1) * limit;
    if (!isNewestFirst(order)) {
      return selectTracePage(db, scope, selectionOf(scope, range, asked), { order, offset, limit });
    }
    const { items } = await findNewestTraces(db, scope, {
      range,
      query: asked,
      count: offset + limit,
      fields: offset === 0 ? fields : nothing,
      now: now().getTime() * 1000,
      recent: needs.recent,
    });
    // Of a later page only the places are known: the rows of all before it would be too much to read.
    return items.slice(offset).map(({ rows, ...place }) => (offset === 0 && rows ? { ...place, rows } : place));
  }

  async function countedPage(
    scope: ProjectScope,
    query: TracesQuery,
    asked: TraceQuery,
    order: TraceOrder,
    fields: ReadonlySet<keyof StoredObservation>,
  ): Promise<CountedPage> {
    const { page, limit } = query;
    const range = rangeOf(query);
    const everything = selectionOf(scope, range, asked);
    if (isNewestFirst(order)) {
      const place = { offset: (page - 1) * limit, limit };
      const few = await findFew(db, scope, { range, query: asked, ...place, fields, now: now().getTime() * 1000 });
      if (few) return few;
    }
    const [items, total] = await Promise.all([pageOf(scope, query, asked, order, fields), count(scope, everything)]);
    return { items, total };
  }

  const wholeTraces = <Row extends Partial<Pick<ResolvedTrace, 'payload_blobs'>>>(
    scope: ProjectScope,
    traces: readonly Row[],
  ): Promise<Row[]> =>
    largeFields.whole(
      scope,
      traces,
      traces.flatMap((trace) => trace.payload_blobs ?? []),
    );

  return {
    /** v1: a page with totals. */
    async list(scope: ProjectScope, query: TracesQuery): Promise<{ data: TraceWithDetails[]; meta: PageMeta }> {
      const order = orderOf(query.orderBy);
      const asked = { clauses: clausesOf([...conditionsOf(query), ...parseFilter(query.filter)]), text: [] };
      const groups = new Set(query.fields ?? traceFieldGroups);
      await journal.barrier({ projectId: scope.projectId });
      const { items: positions, total: totalItems } = await countedPage(
        scope,
        query,
        asked,
        order,
        listedFields(groups),
      );
      const ids = positions.map(({ id }) => id);
      const { environment } = query;
      const [traces, scores] = await Promise.all([
        rowsOf(db, scope, positions, listedFields(groups)),
        groups.has('scores') ? selectScores(db, scope, ids, ['dataType', 'environment']) : [],
      ]);
      const listed = ids.flatMap((id) => {
        const rows = traces.get(id);
        return rows ? [toListed(rows, groups, environment)] : [];
      });
      const data = (await wholeTraces(scope, listed)).map((row) => {
        const id = row.trace_id;
        const ofTrace = scores.filter(
          (score) =>
            score.traceId === id &&
            score.dataType !== 'CORRECTION' &&
            (environment === undefined || environment.includes(score.environment)),
        );
        return {
          ...toTrace(scope, row),
          ...toMetrics(row),
          htmlPath: htmlPath(scope, id),
          observations: row.observation_ids ?? [],
          scores: ofTrace.map((score) => score.id),
        };
      });
      const { page, limit } = query;
      return { data, meta: { page, limit, totalItems, totalPages: Math.ceil(totalItems / limit) } };
    },

    /** v1: a trace with everything in it, or with the groups asked for. @throws NotFoundError */
    async get(
      scope: ProjectScope,
      traceId: string,
      fields: readonly TraceFieldGroup[] = traceFieldGroups,
    ): Promise<TraceWithFullDetails> {
      const groups = new Set(fields);
      await journal.barrier({ projectId: scope.projectId, traceId });
      const read = new Set([...listedFields(groups), ...(groups.has('observations') ? observationV1Fields : [])]);
      const [found, scores, listed] = await Promise.all([
        selectTraceWhole(db, scope, traceId, read),
        groups.has('scores') ? selectScores(db, scope, [traceId], scoreV1Fields) : [],
        needs.pricing.listed(scope),
      ]);
      if (found.length === 0) throw notFound(traceId);
      const blobs = found.flatMap(({ payloadBlobs = [] }: Partial<WithPayload<StoredObservation>>) => payloadBlobs);
      // To put a field back in takes strings.
      const rows = blobs.length === 0 ? found : await largeFields.whole(scope, found.map(withStrings), blobs);
      const row = toListed(rows, groups);
      const observations = groups.has('observations') ? observationsIn(rows) : [];
      const prompts = await needs.prompts.idsOf(scope, promptNamesOf(observations));
      return {
        ...toTrace(scope, row),
        ...toMetrics(row),
        htmlPath: htmlPath(scope, traceId),
        observations: groups.has('observations')
          ? observations.map((observation) => toObservationV1(observation, 'trace', listed, prompts))
          : [],
        scores: scores.map(toScoreV1).filter((score) => score !== null),
      };
    },

    /** What a score shows of its trace, by trace id; those that are not there are left out. */
    async about(scope: ProjectScope, traceIds: readonly string[]): Promise<Map<string, TraceAbout>> {
      if (traceIds.length === 0) return new Map();
      const rows = await selectTraces(db, scope, namedTraces(traceIds), aboutColumns);
      return new Map(rows.map((row) => [row.trace_id, row]));
    },

    /** The traces of a session, newest first, without what is computed from observations. */
    async ofSession(scope: ProjectScope, sessionId: string): Promise<Trace[]> {
      const clauses = clausesOf([{ type: 'string', column: 'sessionId', operator: '=', value: sessionId }]);
      const selection = selectionOf(scope, { from: null, to: null }, { clauses, text: [] });
      const order = { column: 'timestamp', descending: true } as const;
      const positions = await selectTracePage(db, scope, selection, { order, offset: 0, limit: MAX_SESSION_TRACES });
      if (positions.length === 0) return [];
      const columns = [...coreColumns, ...ioColumns];
      const rows = await selectTraces(db, scope, positions, columns);
      const byId = new Map((await wholeTraces(scope, rows)).map((row) => [row.trace_id, row]));
      return positions.flatMap(({ id }) => {
        const row = byId.get(id);
        return row ? [toTrace(scope, row)] : [];
      });
    },

    /** Gone from the next read, with observations and scores; what arrives within 24 h is not stored. Unknown ids are no error. */
    delete: (scope: ProjectScope, actor: Actor, traceIds: readonly string[]): Promise<void> =>
      deleteRows(needs, scope, actor, traceIds),
  };
}

const withStrings = (row: WithPayload<StoredObservation>): StoredObservation => ({
  ...row,
  input: row.input.toString(),
  output: row.output.toString(),
});

const aboutColumns = ['trace_id', 'user_id', 'session_id', 'tags', 'environment'] as const;
export type TraceAbout = Pick<ResolvedTrace, (typeof aboutColumns)[number]>;

/** Holds where `trace_id` is that of a trace of which these conditions hold. */
export function traceMeets(scope: ProjectScope, conditions: readonly Condition[]): ClickHouseSql {
  const selection = selectionOf(scope, { from: null, to: null }, { clauses: clausesOf(conditions), text: [] });
  return clickhouse`trace_id IN (SELECT trace_id ${fromTraces(scope, selection, clickhouse`trace_id`)})`;
}

/**
 * Traces of a range of which these conditions hold, as a table expression to be called `t`, and which of its rows count. Where
 * they are many, `merged` says which rows of a week around the range do not count although the engine keeps them when it merges.
 */
export const tracesThatMeet = (
  scope: ProjectScope,
  range: TimeRange,
  conditions: readonly Condition[],
  usedBy: ClickHouseSql,
  merged?: ClickHouseSql,
): { rows: ClickHouseSql; where: ClickHouseSql } => {
  const query = { clauses: clausesOf(conditions), text: [] };
  return tracesOf(scope, selectionOf(scope, range, query, merged && rowsAround(range)), usedBy, merged);
};

/** Holds where `trace_id` is that of a trace that is there, or of none. `chosen`: the only ids it may be, where they are known. */
export const traceExists = (scope: ProjectScope, chosen?: readonly string[]): ClickHouseSql =>
  clickhouse`(trace_id = '' OR cityHash64(trace_id) IN (
    SELECT trace_hash FROM observations
    WHERE project_id = ${string(scope.projectId)} AND is_deleted = 0 AND ${chosen ? traceIsOneOf(chosen) : clickhouse`true`}))`;

export { toScoreCore, toScoreV1 } from './wire.ts';

const nothing: ReadonlySet<keyof StoredObservation> = new Set();

/** A session answers whole; beyond this many traces the oldest are left out. */
export const MAX_SESSION_TRACES = 10_000;

/** The wire's sentence. */
export const notFound = (traceId: string): NotFoundError =>
  new NotFoundError(`Trace ${traceId} not found within authorized project`);

/** The row of a list: a group that was not asked for is missing. */
type ListedRow = Pick<ResolvedTrace, (typeof coreColumns)[number]> &
  Partial<Pick<ResolvedTrace, (typeof ioColumns | typeof metricColumns)[number] | 'observation_ids'>>;

/** What a trace says of itself, and what follows from its observations. */
const columnsOf = (groups: ReadonlySet<TraceFieldGroup>) => ({
  own: [...coreColumns, ...(groups.has('io') ? ioColumns : [])],
  observed: [
    ...(groups.has('metrics') ? metricColumns : []),
    ...(groups.has('observations') ? (['observation_ids'] as const) : []),
  ],
});

const listedFields = (groups: ReadonlySet<TraceFieldGroup>) => {
  const { own, observed } = columnsOf(groups);
  return fieldsOf([...own, ...observed, 'environment']);
};

/**
 * As recorded: when a list asks for environments, the observations, cost and latency of its traces are those of observations
 * in these environments.
 */
function toListed(
  rows: readonly WithPayload<StoredObservation>[],
  groups: ReadonlySet<TraceFieldGroup>,
  environments?: readonly string[],
): ListedRow {
  const { own, observed } = columnsOf(groups);
  if (!environments) return resolveTrace(rows, [...own, ...observed]);
  const counted = rows.filter(({ environment }) => environments.includes(environment));
  const none = groups.has('metrics') ? { observation_count: 0 } : {};
  return { ...resolveTrace(rows, own), ...(counted.length > 0 ? resolveTrace(counted, observed) : none) };
}

const rangeOf = ({ fromTimestamp, toTimestamp }: TracesQuery): TimeRange => rangeBetween(fromTimestamp, toTimestamp);

function orderOf(orderBy: TracesQuery['orderBy']): TraceOrder {
  if (!orderBy) return { column: 'timestamp', descending: true };
  const { column, order } = orderBy;
  if (!isOrder(column)) throw new InvalidRequestError(`Invalid order by column: ${column}`);
  return { column, descending: order === 'DESC' };
}

const isNewestFirst = ({ column, descending }: TraceOrder): boolean => column === 'timestamp' && descending;
const isOrder = (column: string): column is keyof typeof traceOrders => Object.hasOwn(traceOrders, column);

/** Parameters that are short for a condition. */
const conditionsOf = ({ userId, name, sessionId, version, release, tags, environment }: TracesQuery): Condition[] =>
  parameterConditions({ equal: { userId, name, sessionId, version, release }, tags, environment });
