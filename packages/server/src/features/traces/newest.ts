import type { Micros, StoredObservation } from '../../ingest/observation.ts';
import { compareUtf8, fieldsOf, resolveTrace } from '../../ingest/resolve-trace.ts';
import type { ClickHouse, QueryOptions } from '../../stores/clickhouse/clickhouse.ts';
import type { ClickHouseSql } from '../../stores/clickhouse/sql.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { traceIsOneOf } from '../filters/reach.ts';
import { isIn, type TimeRange } from '../filters/time.ts';
import { selectPage } from './page.ts';
import { isInternal, necessaryOf, selectionOf, type TraceQuery } from './selection.ts';
import {
  type Found,
  selectLatest,
  selectNewestRows,
  selectTraceIds,
  selectTraceRows,
  type TracePosition,
} from './store.ts';

/** More than asked for, since a candidate may turn out to be older than it looks. */
const SPARE = 20;
/** Those that a filter leaves follow each other less closely, and each costs a look at another place. */
const FILTERED_SPARE = 8;

const newestFirst = { column: 'timestamp', descending: true } as const;

/**
 * The newest traces of one range, after a position where there is one. Where few can be among them, by the time of their rows
 * or by what these say, only those are looked at, and what is read of them (`fields`) comes along.
 */
export async function selectNewest(
  db: ClickHouse,
  scope: ProjectScope,
  { range, query, count, after, fields }: NewestQuery,
  options?: QueryOptions,
): Promise<Found[]> {
  const asked = { range, query, count, after, fields: new Set([...fields, ...fieldsOf(['timestamp', 'environment'])]) };
  if (query.clauses.length === 0 && query.text.length === 0) return selectNewestWithRows(db, scope, asked, options);
  const said = query.text.length === 0 ? necessaryOf(scope, range, query.clauses) : [];
  if (said.length > 0) return selectNewestSaying(db, scope, asked, said, options);
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
  asked: NewestQuery,
  options?: QueryOptions,
): Promise<Found[]> {
  const { range, count, fields } = asked;
  for (let limit = count + SPARE; ; limit *= 4) {
    const { traces, candidates } = await selectNewestRows(db, scope, { range, limit, fields }, options);
    const newest = newestOf(traces, asked);
    // A trace that is no candidate is not newer than the last candidate can be.
    let bound = Infinity;
    for (const rows of traces.values())
      bound = Math.min(bound, latest(rows.filter((row) => isIn(range, row.startTime))));
    if (candidates < limit || isSettled(newest, count, bound)) return newest;
  }
}

/** Those whose rows say what is necessary are few: the engine resolves them alone, while their rows are read. */
async function selectNewestSaying(
  db: ClickHouse,
  scope: ProjectScope,
  asked: NewestQuery,
  said: readonly ClickHouseSql[],
  options?: QueryOptions,
): Promise<Found[]> {
  const { range, query, count, fields } = asked;
  for (let limit = count + FILTERED_SPARE; ; limit *= 4) {
    const candidates = await selectLatest(db, scope, { range, limit, where: said }, options);
    const last = candidates.at(-1);
    if (!last) return [];
    const chosen = traceIsOneOf(candidates.map(({ id }) => id));
    const selection = selectionOf(scope, range, { clauses: query.clauses, text: [] }, chosen);
    const [traces, meeting] = await Promise.all([
      selectTraceRows(db, scope, chosen, fields, options),
      selectTraceIds(db, scope, { ...selection, reach: [chosen] }, options),
    ]);
    for (const id of traces.keys()) if (!meeting.has(id)) traces.delete(id);
    const newest = newestOf(traces, asked);
    if (candidates.length < limit || isSettled(newest, count, Number(last.value))) return newest;
  }
}

/** Of traces with their rows, the newest that are shown. */
const newestOf = (
  traces: ReadonlyMap<string, StoredObservation[]>,
  { range, query, count, after }: NewestQuery,
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

/** By its rows of the range, the latest timestamp a trace can have. */
const latest = (rows: readonly StoredObservation[]): Micros =>
  rows.length === 0 ? Infinity : resolveTrace(rows, ['timestamp']).timestamp;

const isAfter = (timestamp: Micros, id: string, after: TracePosition | undefined): boolean =>
  after === undefined ||
  timestamp < Number(after.value) ||
  (timestamp === Number(after.value) && compareUtf8(id, after.id) < 0);
