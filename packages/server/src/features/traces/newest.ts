import type { Micros, StoredObservation } from '../../ingest/observation.ts';
import type { RecentTraces } from '../../ingest/recent-traces/recent-traces.ts';
import { compareUtf8, fieldsOf, resolveTrace } from '../../ingest/resolve-trace.ts';
import type { ClickHouse, QueryOptions } from '../../stores/clickhouse/clickhouse.ts';
import { selectParts } from '../../stores/clickhouse/parts.ts';
import type { ClickHouseSql } from '../../stores/clickhouse/sql.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { namedTraces, traceIsOneOf } from '../filters/reach.ts';
import { findNewest, type Newest } from '../filters/newest.ts';
import { HOUR, isIn, type TimeRange, widening } from '../filters/time.ts';
import { selectPage } from './page.ts';
import { plainTest } from './plain-test.ts';
import { isChoosy, isFiltered, isInternal, saidInRange, selectionOf, type TraceQuery } from './selection.ts';
import {
  estimateRows,
  type Found,
  selectLatest,
  selectNewestIds,
  selectTraceIds,
  selectTraceRows,
  type TracePosition,
} from './store.ts';

/** More than asked for, since a candidate may turn out to be older than it looks. */
const SPARE = 20;
/** Of those that came last it is known well when they began. */
const RECENT_SPARE = 6;
/** Those that a filter leaves follow each other less closely, and each costs a look at another place. */
const FILTERED_SPARE = 8;

/** In less time than this most traces that have rows began before it, so that it is no time to look in. */
const SHORTEST = 5_000_000;

const newestFirst = { column: 'timestamp', descending: true } as const;

/** The newest traces of a list, after a position where there is one, in ranges that grow into the past (`findNewest`). */
export async function findNewestTraces(
  db: ClickHouse,
  scope: ProjectScope,
  asked: NewestQuery & {
    now: Micros;
    budgetMs?: number;
    /** Where it is known which traces came last. */
    recent?: Pick<RecentTraces, 'newest'> | undefined;
  },
  options?: QueryOptions,
): Promise<Newest<Found>> {
  const { range, query, fields, now, budgetMs, recent } = asked;
  const read = new Set([...fields, ...fieldsOf(['timestamp', 'environment'])]);
  if (query.clauses.length === 0 && query.text.length === 0) {
    const unfiltered = { ...asked, fields: read };
    const items = recent && (await findRecent(db, scope, { ...unfiltered, recent }, options));
    return items ? { items, searchedTo: null } : findUnfiltered(db, scope, unfiltered, options);
  }
  const rowsIn = isChoosy(query) ? (part: TimeRange) => estimateRows(db, scope, part) : undefined;
  return findNewest(
    { range, now, count: asked.count, ...(budgetMs && { budgetMs }), isFiltered: isFiltered(query), rowsIn },
    (part, count) => selectFiltered(db, scope, { ...asked, range: part, count, fields: read }, options),
  );
}

interface NewestQuery {
  range: TimeRange;
  query: TraceQuery;
  count: number;
  after?: TracePosition | undefined;
  /** What is read of their rows, which come along with the traces found. */
  fields: ReadonlySet<keyof StoredObservation>;
}

/** Those that a list begins with, where what came last suffices for it; undefined where it does not. */
async function findRecent(
  db: ClickHouse,
  scope: ProjectScope,
  asked: NewestQuery & { recent: Pick<RecentTraces, 'newest'> },
  options?: QueryOptions,
): Promise<Found[] | undefined> {
  const { range, count, fields, recent } = asked;
  if (range.to !== null) return undefined;
  const candidates = recent.newest(scope, count + RECENT_SPARE);
  if (!candidates) return undefined;
  const { fresh, since, others, bound } = candidates;
  const [rowsOfFresh, rowsOfOthers] = await Promise.all([
    selectTraceRows(db, scope, namedTraces(fresh), fields, options, since),
    selectTraceRows(db, scope, namedTraces(others), fields, options),
  ]);
  const items = newestOf(new Map([...rowsOfFresh, ...rowsOfOthers]), asked);
  return isSettled(items, count, bound) ? items : undefined;
}

/**
 * Which can be the newest is seen from few columns, in ranges from the end of the list on; rows are read when these are enough.
 * The ids go there and back: the engine takes twice as long when it has to find them within the statement that reads the rows.
 */
async function findUnfiltered(
  db: ClickHouse,
  scope: ProjectScope,
  { now, budgetMs = Infinity, ...asked }: NewestQuery & { now: Micros; budgetMs?: number },
  options?: QueryOptions,
): Promise<Newest<Found>> {
  const { range, count, fields } = asked;
  const started = performance.now();
  const parts = await selectParts(db, options);
  for (const { from } of widening(range, now, { parts, shortest: SHORTEST })) {
    const reached = { from, to: range.to };
    const isLast = from === range.from;
    const reachedMicros = from === null ? Infinity : Math.min(range.to ?? now, now) - from;
    const searchedTo = isLast ? null : from;
    for (let limit = count + SPARE; ; limit *= 4) {
      const candidates = await selectNewestIds(db, scope, { range: reached, limit }, options);
      const isAll = candidates.length < limit;
      const isOver = isLast || performance.now() - started > budgetMs;
      if (isAll && !isOver && candidates.length < count) break;
      const traces = await selectTraceRows(db, scope, candidates, fields, options);
      const items = newestOf(traces, { ...asked, range: reached });
      // A trace that is no candidate is not newer than the last candidate can be.
      const bound = isAll ? -Infinity : Number(candidates.at(-1)!.value);
      if (isSettled(items, count, bound)) return { items, searchedTo };
      if (isAll && isOver) return { items, searchedTo };
      // Of a short time the traces that began before it are the most, and look newer than they are: a longer one tells.
      if (isAll || (reachedMicros < HOUR && !isLast)) break;
    }
  }
  return { items: [], searchedTo: null };
}

/** Those of one range. */
function selectFiltered(
  db: ClickHouse,
  scope: ProjectScope,
  asked: NewestQuery & { now: Micros },
  options?: QueryOptions,
): Promise<Found[]> {
  const { range, query, count, after, fields, now } = asked;
  const said = query.text.length === 0 ? saidInRange(scope, range, query.clauses, now) : [];
  if (said.length > 0) return selectNewestSaying(db, scope, asked, said, options);
  const page = { order: newestFirst, offset: 0, limit: count, ...(after && { after }) };
  return selectPage(db, scope, { range, query, page, fields, now }, options);
}

/**
 * Those whose rows say what is necessary are few: their rows tell whether they meet a plain filter, else the engine resolves them
 * alone, while their rows are read.
 */
async function selectNewestSaying(
  db: ClickHouse,
  scope: ProjectScope,
  asked: NewestQuery,
  said: readonly ClickHouseSql[],
  options?: QueryOptions,
): Promise<Found[]> {
  const { range, query, count } = asked;
  const test = plainTest(query.clauses);
  const fields = new Set([...asked.fields, ...(test?.fields ?? [])]);
  for (let limit = count + FILTERED_SPARE; ; limit *= 4) {
    const candidates = await selectLatest(db, scope, { range, limit, where: said }, options);
    const last = candidates.at(-1);
    if (!last) return [];
    const chosen = traceIsOneOf(candidates.map(({ id }) => id));
    const selection = selectionOf(scope, range, { clauses: query.clauses, text: [] }, chosen);
    const [traces, meeting] = await Promise.all([
      selectTraceRows(db, scope, candidates, fields, options),
      test ? null : selectTraceIds(db, scope, { ...selection, reach: [chosen] }, options),
    ]);
    for (const [id, rows] of traces) {
      const isMet = test ? test.holds(rows) : meeting?.has(id);
      if (!isMet) traces.delete(id);
    }
    const newest = newestOf(traces, asked);
    if (candidates.length < limit || isSettled(newest, count, Number(last.value))) return newest;
  }
}

/** Of traces with their rows, the newest that are shown. */
export const newestOf = (
  traces: ReadonlyMap<string, StoredObservation[]>,
  { range, query, count, after }: Omit<NewestQuery, 'fields'>,
): Found[] =>
  [...traces]
    .flatMap(([id, rows]) => {
      const { timestamp, environment } = resolveTrace(rows, ['timestamp', 'environment']);
      const isShown = isIn(range, timestamp) && !(query.hidesInternal && isInternal(environment));
      return isShown && isAfter(timestamp, id, after) ? [{ id, timestamp, rows }] : [];
    })
    .toSorted((a, b) => b.timestamp - a.timestamp || compareUtf8(b.id, a.id))
    .slice(0, count)
    .map(({ id, timestamp, rows }) => ({ id, value: String(timestamp), rows }));

/** Whether no trace can come before these `count`, when all others are at `bound` or earlier. */
const isSettled = (newest: readonly Found[], count: number, bound: Micros): boolean =>
  newest.length === count && Number(newest.at(-1)!.value) > bound;

const isAfter = (timestamp: Micros, id: string, after: TracePosition | undefined): boolean =>
  after === undefined ||
  timestamp < Number(after.value) ||
  (timestamp === Number(after.value) && compareUtf8(id, after.id) < 0);
