import type { ClickHouse, QueryOptions } from '../../stores/clickhouse/clickhouse.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { traceIsOneOf } from '../filters/reach.ts';
import type { TimeRange } from '../filters/time.ts';
import { rowHasText, selectionOf, textRange, type TraceQuery } from './selection.ts';
import { selectNewestCandidates, selectTracePage, type TracePosition } from './store.ts';

/** More than asked for, since a candidate may turn out to be older than it looks. */
const SPARE = 20;
/** Microseconds by which the first hit of a text may start before its trace's stated timestamp. */
const TEXT_SLACK = 60_000_000;

const newestFirst = { column: 'timestamp', descending: true } as const;

/**
 * The newest traces of one range, after a position where there is one. Without clauses, the few traces that can be newest
 * are found by the time of their rows (or of the rows that have the text), and only these are resolved.
 */
export async function selectNewest(
  db: ClickHouse,
  scope: ProjectScope,
  {
    range,
    query,
    count,
    after,
  }: { range: TimeRange; query: TraceQuery; count: number; after?: TracePosition | undefined },
  options?: QueryOptions,
): Promise<TracePosition[]> {
  const page = { order: newestFirst, offset: 0, limit: count, ...(after && { after }) };
  const text = query.text.find(({ not }) => !not);
  if (!text && (query.clauses.length > 0 || query.text.length > 0)) {
    return selectTracePage(db, scope, selectionOf(scope, range, query), page, options);
  }
  const rows = text ? { range: textRange(range), where: rowHasText(text.value) } : { range };
  for (let limit = count + SPARE + Math.ceil(count / 2); ; limit *= 4) {
    const candidates = await selectNewestCandidates(db, scope, { ...rows, limit }, options);
    if (candidates.length === 0) return [];
    const traces = traceIsOneOf(candidates.map(({ id }) => id));
    const found = await selectTracePage(db, scope, selectionOf(scope, range, query, traces), page, options);
    // A trace that is no candidate is not newer than the last candidate can be.
    const bound = candidates.at(-1)!.latest + (text ? TEXT_SLACK : 0);
    const isAll = candidates.length < limit;
    if (isAll || (found.length === count && Number(found.at(-1)!.value) > bound)) return found;
  }
}
