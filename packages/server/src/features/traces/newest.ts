import type { ClickHouse, QueryOptions } from '../../stores/clickhouse/clickhouse.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { traceIsOneOf } from '../filters/reach.ts';
import { selectNewestCandidates, selectTracePage, type TracePosition, type TraceSelection } from './store.ts';

/** More than asked for, since a candidate may turn out to be older than it looks. */
const SPARE = 20;

const newestFirst = { column: 'timestamp', descending: true } as const;

/** The newest traces of one range, after a position where there is one. */
export async function selectNewest(
  db: ClickHouse,
  scope: ProjectScope,
  selection: TraceSelection,
  { count, after }: { count: number; after?: TracePosition },
  options?: QueryOptions,
): Promise<TracePosition[]> {
  const page = { order: newestFirst, offset: 0, limit: count, ...(after && { after }) };
  if (selection.where.length > 0) return selectTracePage(db, scope, selection, page, options);
  for (let limit = count + SPARE + Math.ceil(count / 2); ; limit *= 4) {
    const candidates = await selectNewestCandidates(db, scope, selection.range, limit);
    if (candidates.length === 0) return [];
    const isAll = candidates.length < limit;
    const reach = [traceIsOneOf(candidates.map(({ id }) => id))];
    const found = await selectTracePage(db, scope, { ...selection, reach }, page, options);
    // A trace that is no candidate is not newer than the last candidate may be.
    const bound = candidates.at(-1)!.latest;
    if (isAll || (found.length === count && Number(found.at(-1)!.value) > bound)) return found;
  }
}
