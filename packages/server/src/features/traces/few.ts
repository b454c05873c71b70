import type { Micros, StoredObservation } from '../../ingest/observation.ts';
import { fieldsOf, resolveTrace, rowsInForce } from '../../ingest/resolve-trace.ts';
import type { ClickHouse } from '../../stores/clickhouse/clickhouse.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { isAround, type NamedTrace } from '../filters/reach.ts';
import { isIn, type TimeRange } from '../filters/time.ts';
import { newestOf } from './newest.ts';
import { plainTest } from './plain-test.ts';
import { isAllSaid, rowsThatSay, type TraceQuery } from './selection.ts';
import { type Found, selectTracesOf, selectTraceVersions } from './store.ts';

/** To read what a filter asks of more traces than these takes as long as to let the engine resolve those of the range. */
const FEW = { traces: 200, rows: 10_000 };
/** In the order of what is known of them, some may be newer than they look. */
const SPARE = 8;

/** A page of a list, and how many traces the list has. */
export interface CountedPage {
  items: Found[];
  total: number;
}

/**
 * The newest traces of a range that meet a filter, with their count, where those that can meet it are few: their rows, which the
 * page needs anyway, tell both. To count them the engine would look through the rows of a week. Null for other filters, and where
 * the traces are not few. Of a page some may come without their rows.
 */
export async function findFew(
  db: ClickHouse,
  scope: ProjectScope,
  {
    range,
    query,
    offset,
    limit,
    fields,
    now,
  }: {
    range: TimeRange;
    query: TraceQuery;
    offset: number;
    limit: number;
    fields: ReadonlySet<keyof StoredObservation>;
    now: Micros;
  },
): Promise<CountedPage | null> {
  const { clauses, text } = query;
  const test = text.length === 0 && isAllSaid(clauses) ? plainTest(clauses) : null;
  if (!test) return null;
  const told = new Set([...test.fields, ...fieldsOf(['timestamp', 'environment'])]);
  const shown = new Set([...fields, ...told]);
  const isWhole = new Set<string>();
  const asked = new Set<string>();
  const versions: StoredObservation[] = [];

  async function read(traces: readonly NamedTrace[]): Promise<void> {
    const fresh = traces.filter(({ id }) => !asked.has(id));
    for (const { id } of fresh) asked.add(id);
    const whole = fresh.slice(offset, offset + limit + SPARE);
    for (const { id } of whole) isWhole.add(id);
    const others = fresh.filter(({ id }) => !isWhole.has(id));
    const [a, b] = await Promise.all([
      selectTraceVersions(db, scope, whole, shown),
      selectTraceVersions(db, scope, others, told),
    ]);
    versions.push(...a, ...b);
  }

  // The rows of those that the range names are read while those are looked for that it does not: there are seldom any.
  const places = rowsThatSay(scope, range, clauses, now);
  const areFew = await Promise.all(
    places.map(async (place) => {
      const candidates = await selectTracesOf(db, scope, place, FEW);
      if (candidates) await read(candidates);
      return candidates !== null;
    }),
  );
  if (areFew.includes(false)) return null;
  const traces = rowsInForce(versions);
  for (const [id, rows] of traces) if (!test.holds(rows)) traces.delete(id);
  const items = newestOf(traces, { range, query, count: offset + limit });
  return {
    items: items
      .slice(offset)
      .map(({ rows, ...place }) => (rows && isWhole.has(place.id) ? { ...place, rows } : place)),
    total: countOf(versions, range, test.holds),
  };
}

/** By rows of a week around the range, which is what a count looks at of any filter. */
function countOf(
  versions: readonly StoredObservation[],
  range: TimeRange,
  holds: (rows: readonly StoredObservation[]) => boolean,
): number {
  const near = versions.filter(({ startTime }) => isAround(range, startTime));
  const traces = [...rowsInForce(near).values()];
  return traces.filter((rows) => holds(rows) && isIn(range, resolveTrace(rows, ['timestamp']).timestamp)).length;
}
