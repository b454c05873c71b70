import type { Micros, StoredObservation } from '../../ingest/observation.ts';
import { resolveTrace } from '../../ingest/resolve-trace.ts';
import type { ClickHouse, QueryOptions } from '../../stores/clickhouse/clickhouse.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import type { TimeRange } from '../filters/time.ts';
import { isInternal, selectionOf, type TraceQuery } from './selection.ts';
import { type Found, rowsOf, selectTracePage, type TracePage } from './store.ts';

/**
 * A page of a list in any order. Whether a trace is of an environment of the product's own is asked of the rows that the page
 * shows, which come along: the engine would have to find out the environment of every trace of the range.
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
  if (!hidesInternal) return selectTracePage(db, scope, selection, page, options);
  const shown: Found[] = [];
  for (let { after, limit } = page; ; limit *= 4) {
    const found = await selectTracePage(db, scope, selection, { ...page, limit, ...(after && { after }) }, options);
    const rowsById = await rowsOf(db, scope, found, fields);
    for (const place of found) {
      const rows = rowsById.get(place.id);
      if (rows && isShown(resolveTrace(rows, ['timestamp', 'environment']), range)) shown.push({ ...place, rows });
    }
    if (shown.length >= page.limit || found.length < limit) return shown.slice(0, page.limit);
    after = found.at(-1);
  }
}

const isShown = (trace: { timestamp: Micros; environment: string }, { from, to }: TimeRange): boolean =>
  trace.timestamp >= (from ?? -Infinity) && trace.timestamp < (to ?? Infinity) && !isInternal(trace.environment);
