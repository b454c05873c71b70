import type { Micros, StoredObservation } from '../../ingest/observation.ts';
import { compareUtf8, fieldsOf, resolveTrace } from '../../ingest/resolve-trace.ts';
import type { ClickHouse, QueryOptions } from '../../stores/clickhouse/clickhouse.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { isIn, type TimeRange } from '../filters/time.ts';
import { isInternal, type TraceQuery } from './selection.ts';
import { selectPage } from './page.ts';
import { type Found, selectNewestRows, type TracePosition } from './store.ts';

/** More than asked for, since a candidate may turn out to be older than it looks. */
const SPARE = 20;

const newestFirst = { column: 'timestamp', descending: true } as const;

/**
 * The newest traces of one range, after a position where there is one. Without clauses, the few traces that can be newest
 * are found by the time of their rows, and what is read of them (`fields`) comes along.
 */
export async function selectNewest(
  db: ClickHouse,
  scope: ProjectScope,
  { range, query, count, after, fields }: NewestQuery,
  options?: QueryOptions,
): Promise<Found[]> {
  if (query.clauses.length === 0 && query.text.length === 0) {
    return selectNewestWithRows(db, scope, { range, query, count, after, fields }, options);
  }
  const page = { order: newestFirst, offset: 0, limit: count, ...(after && { after }) };
  return selectPage(db, scope, { range, query, page, fields }, options);
}

interface NewestQuery {
  range: TimeRange;
  query: TraceQuery;
  count: number;
  after?: TracePosition | undefined;
  fields: ReadonlySet<keyof StoredObservation>;
}

async function selectNewestWithRows(
  db: ClickHouse,
  scope: ProjectScope,
  { range, query, count, after, fields }: NewestQuery,
  options?: QueryOptions,
): Promise<Found[]> {
  const read = new Set([...fields, ...fieldsOf(['timestamp', 'environment'])]);
  for (let limit = count + SPARE; ; limit *= 4) {
    const { traces, candidates } = await selectNewestRows(db, scope, { range, limit, fields: read }, options);
    const found = [...traces].flatMap(([id, rows]): (Found & { timestamp: Micros })[] => {
      const { timestamp, environment } = resolveTrace(rows, ['timestamp', 'environment']);
      const isShown = isIn(range, timestamp) && !(query.hidesInternal && isInternal(environment));
      return isShown && isAfter(timestamp, id, after) ? [{ id, value: String(timestamp), timestamp, rows }] : [];
    });
    const newest = found
      .toSorted((a, b) => b.timestamp - a.timestamp || compareUtf8(b.id, a.id))
      .slice(0, count)
      .map(({ id, value, rows }): Found => ({ id, value, ...(rows && { rows }) }));
    // A trace that is no candidate is not newer than the last candidate can be.
    let bound = Infinity;
    for (const rows of traces.values())
      bound = Math.min(bound, latest(rows.filter((row) => isIn(range, row.startTime))));
    const isAll = candidates < limit;
    if (isAll || (newest.length === count && Number(newest.at(-1)!.value) > bound)) return newest;
  }
}

/** By its rows of the range, the latest timestamp a trace can have. */
const latest = (rows: readonly StoredObservation[]): Micros =>
  rows.length === 0 ? Infinity : resolveTrace(rows, ['timestamp']).timestamp;

const isAfter = (timestamp: Micros, id: string, after: TracePosition | undefined): boolean =>
  after === undefined ||
  timestamp < Number(after.value) ||
  (timestamp === Number(after.value) && compareUtf8(id, after.id) < 0);
