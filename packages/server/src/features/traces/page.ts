import type { StoredObservation } from '../../ingest/observation.ts';
import { fieldsOf, resolveTrace } from '../../ingest/resolve-trace.ts';
import type { ClickHouse, QueryOptions } from '../../stores/clickhouse/clickhouse.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { isIn, type TimeRange } from '../filters/time.ts';
import { isInternal, selectionOf, type TraceQuery } from './selection.ts';
import { type Found, rowsOf, selectTracePage, type TracePage } from './store.ts';

/**
 * A page of a list in any order. What the selection knows of a trace is what rows around the range say, so its own time is asked
 * of all its rows, which come along: a trace with rows in two parts of a list is in one of them. The same rows say whether it is
 * of an environment of the product's own: the engine would have to find that out for every trace of the range.
 */
export async function selectPage(
  db: ClickHouse,
  scope: ProjectScope,
  {
    range,
    query: { hidesInternal = false, ...query },
    page,
    fields,
  }: { range: TimeRange; query: TraceQuery; page: TracePage; fields: ReadonlySet<keyof StoredObservation> },
  options?: QueryOptions,
): Promise<Found[]> {
  const selection = selectionOf(scope, range, query);
  const isBounded = range.from !== null || range.to !== null;
  if (!hidesInternal && !isBounded) return selectTracePage(db, scope, selection, page, options);
  const read = new Set([...fields, ...fieldsOf(['timestamp', 'environment'])]);
  const shown: Found[] = [];
  for (let { after, limit } = page; ; limit *= 4) {
    const found = await selectTracePage(db, scope, selection, { ...page, limit, ...(after && { after }) }, options);
    const rowsById = await rowsOf(db, scope, found, read);
    for (const place of found) {
      const rows = rowsById.get(place.id);
      if (!rows) continue;
      const { timestamp, environment } = resolveTrace(rows, ['timestamp', 'environment']);
      if (isIn(range, timestamp) && !(hidesInternal && isInternal(environment))) shown.push({ ...place, rows });
    }
    if (shown.length >= page.limit || found.length < limit) return shown.slice(0, page.limit);
    after = found.at(-1);
  }
}
