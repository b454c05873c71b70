import type { Condition } from '@tracehouse/contract/filter';
import type {
  Observation,
  ObservationsQuery,
  ObservationsV2Query,
  ObservationV2,
} from '@tracehouse/contract/observations';
import type { PageMeta } from '@tracehouse/contract/pagination';
import type { ObservationDetail } from '@tracehouse/contract/x-traces';
import * as z from 'zod';
import { InvalidRequestError, NotFoundError, ValidationError } from '../../http/errors.ts';
import type { Journal } from '../../ingest/journal.ts';
import type { LargeFields } from '../../ingest/large-fields/large-fields.ts';
import { emptyRow, type ObservationRow } from '../../ingest/observation.ts';
import type { ProjectPricing } from '../../ingest/price/project-pricing.ts';
import { compareUtf8, type RowIdentity } from '../../ingest/resolve-trace.ts';
import type { ClickHouse } from '../../stores/clickhouse/clickhouse.ts';
import { type Part, selectParts } from '../../stores/clickhouse/parts.ts';
import { clickhouse, type ClickHouseSql, string } from '../../stores/clickhouse/sql.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import type { Prompts } from '../prompts/service.ts';
import { conditionsSql } from '../filters/column.ts';
import { findNewest } from '../filters/newest.ts';
import { observationColumns } from '../filters/observation-columns.ts';
import { parseFilter } from '../filters/parse-filter.ts';
import { traceIs, tracesIn } from '../filters/reach.ts';
import { parameterConditions } from '../filters/parameters.ts';
import { HOUR, rangeBetween, sayingRange, type TimeRange, toIsoMicros, toMicros } from '../filters/time.ts';
import { detailFields, toDetail } from './detail.ts';
import {
  countObservations,
  type ObservationKey,
  type ObservationSelection,
  selectObservationPage,
  selectObservations,
  selectTraceContexts,
} from './store.ts';
import { promptNamesOf, toObservationV1, v1Fields } from './wire-v1.ts';
import { toObservationV2, traceRootId, v2Fields } from './wire-v2.ts';

// What shows an observation of a trace is shared with the feature that reads the whole trace.
export { promptNamesOf, toObservationV1, v1Fields as observationV1Fields } from './wire-v1.ts';

export type Observations = ReturnType<typeof createObservations>;

const parsingIsGone: z.core.$ZodIssue = {
  code: 'custom',
  input: undefined,
  path: ['parseIoAsJson'],
  message:
    'parseIoAsJson=true is no longer supported on the v2 observations endpoint. Input/output fields are always returned as raw strings. Remove the parseIoAsJson parameter or set it to false.',
};

export function createObservations({
  clickhouse: db,
  journal,
  largeFields,
  pricing,
  prompts,
  now,
}: {
  clickhouse: ClickHouse;
  journal: Journal;
  largeFields: Pick<LargeFields, 'whole'>;
  pricing: Pick<ProjectPricing, 'listed'>;
  prompts: Pick<Prompts, 'idsOf'>;
  now: () => Date;
}) {
  /** The rows of these keys; undefined where another version is shown elsewhere. */
  async function hydrate<Field extends keyof ObservationRow>(
    scope: ProjectScope,
    keys: readonly ObservationKey[],
    fields: Iterable<Field>,
  ): Promise<(Pick<ObservationRow, Field | RowIdentity> | undefined)[]> {
    if (keys.length === 0) return [];
    const ids = [...new Set(keys.flatMap(({ id, traceId }) => (id === traceRootId(traceId) ? [id, traceId] : [id])))];
    const traces = [
      ...new Map(keys.map(({ traceId, hash }) => [traceId, { id: traceId, ...(hash && { hash }) }])).values(),
    ];
    const rows = await selectObservations(db, scope, { traces, ids }, fields);
    const shownId = ({ kind, id }: Pick<ObservationRow, 'kind' | 'id'>): string =>
      kind === 'trace' ? traceRootId(id) : id;
    const byKey = new Map(rows.map((row) => [JSON.stringify([row.traceId, shownId(row), row.startTime]), row]));
    return keys.map(({ traceId, id, startTime }) => byKey.get(JSON.stringify([traceId, id, startTime])));
  }

  /** Rows with their large fields whole. */
  const whole = <Row extends object>(scope: ProjectScope, rows: readonly Row[]): Promise<Row[]> =>
    largeFields.whole(
      scope,
      rows,
      rows.flatMap((row) => ('payloadBlobs' in row ? (row.payloadBlobs as readonly string[]) : [])),
    );

  interface Page {
    count: number;
    ties: 'up' | 'down';
    after?: ObservationKey | undefined;
  }

  async function find(
    scope: ProjectScope,
    query: Selection,
    { count, ties, after }: Page,
    parts?: readonly Part[],
  ): Promise<ObservationKey[]> {
    const nowMicros = now().getTime() * 1000;
    const select = async (range: TimeRange, limit: number): Promise<ObservationKey[]> => {
      const isShort = parts !== undefined && Math.min(range.to ?? nowMicros, nowMicros) - (range.from ?? 0) < HOUR;
      const page = { ties, ...(after && { after }), offset: 0, limit, isShort };
      // Apart, for what shows that a trace stands for a root is not to be read of observations.
      const kinds = isShort && query.showsTraceRoots ? (['observation', 'trace'] as const) : [undefined];
      const found = await Promise.all(
        kinds.map((kind) => selectObservationPage(db, scope, selectionOf(scope, query, range, kind), page)),
      );
      return found.length === 1 ? found[0]! : found.flat().toSorted(byKeyDown).slice(0, limit);
    };
    const range = after === undefined ? query.range : { ...query.range, to: after.startTime + 1 };
    // The rows of one trace lie together: there is nothing to widen.
    if (query.traceId !== undefined) return select(range, count);
    return (await findNewest({ range, now: nowMicros, count, parts }, select)).items;
  }

  /** Keys and rows of a page: among few rows first where many come in, unless other rows have to be asked about each. */
  async function findRows<Field extends keyof ObservationRow>(
    scope: ProjectScope,
    query: Selection,
    page: Page,
    fields: Iterable<Field>,
  ) {
    if (query.traceId === undefined && asksRowsAlone(selectionOf(scope, query, query.range))) {
      const keys = await find(scope, query, page, await selectParts(db));
      const rows = await hydrate(scope, keys, fields);
      // One whose newest version starts in another range is no key after all.
      if (!rows.includes(undefined)) return { keys, rows };
    }
    const keys = await find(scope, query, page);
    return { keys, rows: await hydrate(scope, keys, fields) };
  }

  return {
    /** v1: a page with totals. */
    async list(scope: ProjectScope, query: ObservationsQuery): Promise<{ data: Observation[]; meta: PageMeta }> {
      await journal.barrier(reachOf(scope, query.traceId));
      const { page, limit } = query;
      const selection = { ...select(query), conditions: [...conditionsOf(query), ...parseFilter(query.filter)] };
      // Refuses what it does not know before the first query is under way: a promise nobody awaits ends the process.
      const counted = selectionOf(scope, selection, selection.range);
      const [keys, totalItems] = await Promise.all([
        find(scope, selection, { count: page * limit, ties: 'up' }),
        countObservations(db, scope, counted),
      ]);
      const [rows, listed] = await Promise.all([
        hydrate(scope, keys.slice((page - 1) * limit), v1Fields),
        pricing.listed(scope),
      ]);
      const shown = await whole(scope, rows.filter(isThere));
      const ids = await prompts.idsOf(scope, promptNamesOf(shown));
      return {
        data: shown.map((row) => toObservationV1(row, 'list', listed, ids)),
        meta: { page, limit, totalItems, totalPages: Math.ceil(totalItems / limit) },
      };
    },

    /** v1. @throws NotFoundError */
    async get(scope: ProjectScope, id: string): Promise<Observation> {
      await journal.barrier({ projectId: scope.projectId });
      const rows = await selectObservations(db, scope, { kind: 'observation', ids: [id] }, v1Fields);
      // Ids are unique in a trace; where several traces have this one, the newest is meant.
      const row = rows.toSorted((a, b) => b.rowVersion - a.rowVersion)[0];
      if (!row) throw new NotFoundError(`Observation with id ${id} not found`);
      const [shown] = await whole(scope, [row]);
      const [listed, ids] = await Promise.all([pricing.listed(scope), prompts.idsOf(scope, promptNamesOf([row]))]);
      return toObservationV1(shown!, 'alone', listed, ids);
    },

    /** One observation of a trace, whole, for our own screens. @throws NotFoundError */
    async detail(scope: ProjectScope, traceId: string, id: string): Promise<ObservationDetail> {
      await journal.barrier({ projectId: scope.projectId, traceId });
      const named = { kind: 'observation', traces: [{ id: traceId }], ids: [id] } as const;
      const [row] = await selectObservations(db, scope, named, detailFields);
      if (!row) throw new NotFoundError(`Observation with id ${id} not found`);
      return toDetail(row);
    },

    /** v2: a page by cursor. */
    async listV2(
      scope: ProjectScope,
      query: ObservationsV2Query,
    ): Promise<{ data: ObservationV2[]; meta: { cursor?: string } }> {
      const after = query.cursor === undefined ? undefined : decodeCursor(query.cursor);
      if (query.parseIoAsJson === 'true') throw new ValidationError([parsingIsGone]);
      const { limit } = query;
      const conditions = [...conditionsOf(query), ...parseFilter(query.filter, 'events')];
      const selection = { ...select(query), conditions, showsTraceRoots: true };
      // Validates the columns before an empty page is answered.
      selectionOf(scope, selection, selection.range);
      if (limit === 0) return { data: [], meta: {} };
      await journal.barrier(reachOf(scope, query.traceId));
      const groups = new Set([...(query.fields ?? (['basic'] as const)), 'core' as const]);
      const page = { count: limit + 1, ties: 'down', after } as const;
      const { keys: found, rows: hydrated } = await findRows(scope, selection, page, v2Fields(groups));
      const keys = found.slice(0, limit);
      const read = await whole(scope, hydrated.slice(0, limit).filter(isThere));
      // What was not asked for is not read: to say nothing stands for it.
      const rows = read.map((row): ObservationRow => ({ ...emptyRow(row), ...row }));
      const fromJson = [...new Set(rows.filter((row) => row.source === 'json').map((row) => row.traceId))];
      const contexts = await selectTraceContexts(db, scope, fromJson);
      const needed = groups.has('metadata') ? await whole(scope, [...contexts.values()]) : [...contexts.values()];
      const traces = new Map([...contexts.keys()].map((id, i) => [id, needed[i]!]));
      const view = {
        groups,
        expand: new Set(query.expandMetadata?.split(',').map((key) => key.trim())),
      };
      const data = rows.flatMap((row) => {
        const trace = row.source === 'json' ? traces.get(row.traceId) : undefined;
        // Of several statements about a trace, the one that gives it its time stands for it.
        const isShown = row.kind === 'observation' || (trace?.hasTraceRoot && row.startTime === trace.timestamp);
        return isShown
          ? [toObservationV2(row, { ...view, ...(trace && { trace }), hasTraceRoot: trace?.hasTraceRoot ?? false })]
          : [];
      });
      const last = found.length > limit ? keys.at(-1) : undefined;
      return { data, meta: last ? { cursor: encodeCursor(last) } : {} };
    },
  };
}

const reachOf = ({ projectId }: ProjectScope, traceId: string | undefined) => ({
  projectId,
  ...(traceId !== undefined && { traceId }),
});

/** The observations among rows in force of a trace, first start first. */
export const observationsIn = <Row extends Pick<ObservationRow, 'kind' | 'startTime' | 'id'>>(
  rows: readonly Row[],
): Row[] =>
  rows
    .filter(({ kind }) => kind === 'observation')
    .toSorted((a, b) => a.startTime - b.startTime || (a.id < b.id ? -1 : 1));

interface Selection {
  traceId?: string | undefined;
  /** v2 asks by the id of the root that stands for a trace. */
  parentObservationId?: string | undefined;
  range: TimeRange;
  conditions: readonly Condition[];
  showsTraceRoots?: boolean;
}

type Query = ObservationsQuery | ObservationsV2Query;

const select = ({
  traceId,
  parentObservationId,
  fromStartTime,
  toStartTime,
}: Query): Omit<Selection, 'conditions'> => ({
  traceId,
  parentObservationId,
  range: rangeBetween(fromStartTime, toStartTime),
});

/** Parameters that are short for a condition. */
function conditionsOf(query: Query): Condition[] {
  const equal = {
    name: query.name,
    userId: query.userId,
    level: query.level,
    version: query.version,
    type: query.type,
  };
  // v1 has neither.
  const { sessionId, isRootObservation } = query as Partial<ObservationsV2Query>;
  return [
    ...parameterConditions({ equal: { ...equal, sessionId }, environment: query.environment }),
    ...(isRootObservation === undefined
      ? []
      : [
          { type: 'boolean', column: 'isRootObservation', operator: '=', value: isRootObservation === 'true' } as const,
        ]),
  ];
}

/** @throws InvalidRequestError for a column that observations do not have. */
function selectionOf(
  scope: ProjectScope,
  query: Selection,
  range: TimeRange,
  kind?: ObservationRow['kind'],
): ObservationSelection {
  const { traceId, parentObservationId, showsTraceRoots = false } = query;
  const traces = traceId === undefined ? tracesIn(scope, range) : traceIs(traceId);
  const said = traceId === undefined ? sayingRange(range) : { from: null, to: null };
  const columns = observationColumns({ scope, traces, said, rows: range, showsTraceRoots });
  return {
    range,
    reach: [
      ...(kind === undefined && showsTraceRoots ? [] : [clickhouse`kind = ${string(kind ?? 'observation')}`]),
      ...(traceId === undefined ? [] : [traceIs(traceId)]),
    ],
    where: [
      ...(showsTraceRoots && kind !== 'observation' ? [kind === 'trace' ? standsForRoot : isShownInV2] : []),
      ...(parentObservationId === undefined ? [] : [parentIs(parentObservationId, showsTraceRoots)]),
      ...conditionsSql(columns, query.conditions),
    ],
  };
}

/** Whether a row shows by itself that it belongs to the selection. */
const asksRowsAlone = ({ where }: ObservationSelection): boolean => where.every(({ text }) => !text.includes('SELECT'));

const isThere = <Row>(row: Row | undefined): row is Row => row !== undefined;

/** Events of the JSON door about a trace that carry a payload: these may stand for a root (D3). */
const standsForRoot = clickhouse`(source = 'json' AND
  (trace_input != '' OR trace_output != '' OR notEmpty(trace_metadata)))`;
const isShownInV2 = clickhouse`(kind = 'observation' OR ${standsForRoot})`;

/** As `selectObservationPage` has it with ties downwards. */
const byKeyDown = (a: ObservationKey, b: ObservationKey): number =>
  b.startTime - a.startTime || compareUtf8(b.traceId, a.traceId) || compareUtf8(b.id, a.id);

function parentIs(id: string, showsTraceRoots: boolean): ClickHouseSql {
  const parent = clickhouse`parent_id = ${string(id)}`;
  if (!showsTraceRoots || !id.startsWith(traceRootId(''))) return parent;
  const traceId = id.slice(traceRootId('').length);
  return clickhouse`(${parent} OR (kind = 'observation' AND source = 'json' AND parent_id = '' AND trace_id = ${string(traceId)}))`;
}

const Cursor = z.object({ lastStartTimeTo: z.iso.datetime(), lastTraceId: z.string(), lastId: z.string() });

const encodeCursor = ({ startTime, traceId, id }: ObservationKey): string =>
  Buffer.from(
    JSON.stringify({ lastStartTimeTo: toIsoMicros(startTime), lastTraceId: traceId, lastId: id } satisfies z.input<
      typeof Cursor
    >),
  ).toString('base64');

function decodeCursor(text: string): ObservationKey {
  try {
    const { lastStartTimeTo, lastTraceId, lastId } = Cursor.parse(JSON.parse(Buffer.from(text, 'base64').toString()));
    return { startTime: toMicros(lastStartTimeTo), traceId: lastTraceId, id: lastId };
  } catch (cause) {
    throw new InvalidRequestError('Invalid cursor format', { cause });
  }
}
