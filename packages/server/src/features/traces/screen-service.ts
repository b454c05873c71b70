import type { Readable } from 'node:stream';
import type { TraceList, TraceListQuery, TraceSkeleton, TraceSort } from '@tracehouse/contract/x-traces';
import { NotFoundError } from '../../http/errors.ts';
import type { Journal } from '../../ingest/journal.ts';
import type { LargeFields } from '../../ingest/large-fields/large-fields.ts';
import type { Micros } from '../../ingest/observation.ts';
import type { RecentTraces } from '../../ingest/recent-traces/recent-traces.ts';
import { fieldsOf, resolveTrace } from '../../ingest/resolve-trace.ts';
import type { ClickHouse } from '../../stores/clickhouse/clickhouse.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { toIso } from '../filters/time.ts';
import { observationsIn } from '../observations/service.ts';
import { queryOf, rangeOf } from './asked.ts';
import { decodeCursor, encodeCursor, searchPosition } from './cursor.ts';
import { createHistogram } from './histogram.ts';
import { createHits } from './hits.ts';
import { findNewestTraces } from './newest.ts';
import { selectPage } from './page.ts';
import {
  headerColumns,
  itemColumns,
  scoreDetailFields,
  scoreSummaryFields,
  skeletonFields,
  toHeader,
  toListItem,
  toScoreDetail,
  toSkeleton,
} from './screen-wire.ts';
import { type Hit, selectHitsOf, selectHitTexts } from './search-store.ts';
import { createSearch, type SearchPosition, soughtText } from './search.ts';
import type { TraceQuery } from './selection.ts';
import { notFound } from './service.ts';
import { type Found, rowsOf, selectScores, selectTraceRows, type TraceOrder, type TracePosition } from './store.ts';

/** A list that has looked this long answers with what it has, and says how far back that is. */
const BUDGET_MS = 4_000;
/** A search says sooner how far it is. */
const SEARCH_BUDGET_MS = 1_000;

/** A page of a list: where its traces stand in the order, and what is known beyond. */
interface Page {
  positions: Found[];
  /** Where the next page goes on; null when there is none. */
  next: TracePosition | SearchPosition | null;
  /** How far back a page that is not full has looked. */
  searchedTo: Micros | null;
  /** Where the text is, for each trace, when one is looked for. */
  hits: Hit[];
}

/** What the screens ask of traces. A list does not wait for rows under way: the screens read again. */
export type TraceScreens = ReturnType<typeof createTraceScreens>;

export function createTraceScreens({
  clickhouse: db,
  journal,
  largeFields,
  recent,
  now,
}: {
  clickhouse: ClickHouse;
  journal: Journal;
  largeFields: Pick<LargeFields, 'open'>;
  /** Where it is known which traces came last. */
  recent: Pick<RecentTraces, 'newest'> | undefined;
  now: () => Date;
}) {
  const histogram = createHistogram({ clickhouse: db, now });
  const search = createSearch({ clickhouse: db, budgetMs: SEARCH_BUDGET_MS });

  async function page(
    scope: ProjectScope,
    query: TraceListQuery,
    asked: TraceQuery,
    signal: AbortSignal,
  ): Promise<Page> {
    const order = orders[query.sort];
    const after = query.cursor === undefined ? undefined : decodeCursor(query.cursor);
    const range = rangeOf(query);
    const nowMicros = now().getTime() * 1000;
    const isNewestFirst = order.column === 'timestamp' && order.descending;
    const text = soughtText(asked.text);
    if (isNewestFirst && text !== null) {
      const position = after && searchPosition(after);
      return search(
        scope,
        { range, query: asked, text, count: query.limit, after: position, now: nowMicros, fields: itemReads },
        signal,
      );
    }
    // One more than asked for tells whether there is a next page.
    const count = query.limit + 1;
    if (!isNewestFirst) {
      const place = { order, offset: 0, limit: count, ...(after && { after }) };
      const wanted = { range, query: asked, page: place, fields: itemReads, now: nowMicros };
      const rows = await selectPage(db, scope, wanted, { signal });
      const found = cut(rows, query.limit, null);
      if (text === null) return found;
      const ids = found.positions.map(({ id }) => id);
      return { ...found, hits: await selectHitsOf(db, scope, ids, text, { signal }) };
    }
    const to = after === undefined ? range.to : Number(after.value) + 1;
    const { items, searchedTo } = await findNewestTraces(
      db,
      scope,
      {
        range: { ...range, to },
        query: asked,
        count,
        after,
        fields: itemReads,
        now: nowMicros,
        budgetMs: BUDGET_MS,
        recent,
      },
      { signal },
    );
    return cut(items, query.limit, searchedTo);
  }

  return {
    histogram,
    hits: createHits({ clickhouse: db, journal, search, now }),

    /** A page of traces. @throws InvalidRequestError for filter text with a problem, or a cursor that is none. */
    async list(scope: ProjectScope, query: TraceListQuery, signal: AbortSignal): Promise<TraceList> {
      const asked = queryOf(query);
      const { positions, next, searchedTo, hits: places } = await page(scope, query, asked, signal);
      const ids = positions.map(({ id }) => id);
      const [rows, scores, hits] = await Promise.all([
        rowsOf(db, scope, positions, itemReads),
        selectScores(db, scope, ids, scoreSummaryFields),
        selectHitTexts(db, scope, places, soughtText(asked.text) ?? '', { signal }),
      ]);
      const hitOf = new Map(hits.map((hit) => [hit.traceId, hit]));
      const data = ids.flatMap((id) => {
        const ofTrace = rows.get(id);
        return ofTrace
          ? [
              toListItem(
                resolveTrace(ofTrace, itemColumns),
                scores.filter(({ traceId }) => traceId === id),
                hitOf.get(id),
              ),
            ]
          : [];
      });
      const meta = {
        ...(next && { cursor: encodeCursor(next) }),
        ...(searchedTo !== null && { searchedTo: toIso(searchedTo) }),
      };
      return { data, meta };
    },

    /** A trace as tree and timeline. @throws NotFoundError */
    async skeleton(scope: ProjectScope, traceId: string): Promise<TraceSkeleton> {
      await journal.barrier({ projectId: scope.projectId, traceId });
      const [rows, scores] = await Promise.all([
        selectTraceRows(db, scope, [{ id: traceId }], skeletonReads),
        selectScores(db, scope, [traceId], scoreDetailFields),
      ]);
      const ofTrace = rows.get(traceId);
      if (!ofTrace) throw notFound(traceId);
      return {
        trace: toHeader(resolveTrace(ofTrace, headerColumns)),
        observations: observationsIn(ofTrace).map(toSkeleton),
        scores: scores.map(toScoreDetail),
      };
    },

    /** A field above 1 MB, whole. @throws NotFoundError */
    async payload(scope: ProjectScope, traceId: string, hash: string): Promise<Readable> {
      await journal.barrier({ projectId: scope.projectId, traceId });
      const content = await largeFields.open(scope, traceId, hash);
      if (!content) throw new NotFoundError(`Payload ${hash} not found in trace ${traceId}`);
      return content;
    },
  };
}

const itemReads = fieldsOf(itemColumns);
/** A trace and its observations are read at once: they are the same rows. */
const skeletonReads = new Set([...fieldsOf(headerColumns), ...skeletonFields]);

const orders: Record<TraceSort, TraceOrder> = {
  time: { column: 'timestamp', descending: false },
  '-time': { column: 'timestamp', descending: true },
  name: { column: 'name', descending: false },
  '-name': { column: 'name', descending: true },
  latency: { column: 'latency', descending: false },
  '-latency': { column: 'latency', descending: true },
  tokens: { column: 'totalTokens', descending: false },
  '-tokens': { column: 'totalTokens', descending: true },
  cost: { column: 'totalCost', descending: false },
  '-cost': { column: 'totalCost', descending: true },
};

/** Of what was found, one more than asked for where there is a next page. */
function cut(found: Found[], limit: number, searchedTo: Micros | null): Page {
  const positions = found.slice(0, limit);
  const last = positions.at(-1);
  if (found.length > limit && last) {
    return { positions, next: { value: last.value, id: last.id }, searchedTo: null, hits: [] };
  }
  // What is older than this has not been looked at.
  const next = searchedTo === null ? null : { value: String(searchedTo), id: '' };
  return { positions, next, searchedTo, hits: [] };
}
