import type { Micros, StoredObservation } from '../../ingest/observation.ts';
import { compareUtf8, fieldsOf, resolveTrace, type TraceColumn } from '../../ingest/resolve-trace.ts';
import type { ClickHouse, QueryOptions } from '../../stores/clickhouse/clickhouse.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { ClickHouseSql } from '../../stores/clickhouse/sql.ts';
import { isShort } from '../filters/observation-columns.ts';
import { isAround, rowsAround, tracesIn } from '../filters/reach.ts';
import { isIn, type TimeRange } from '../filters/time.ts';
import { type PlainTest, plainTest } from './plain-test.ts';
import { isAllSaid, isInternal, saidInRange, selectionOf, type TraceQuery } from './selection.ts';
import {
  type Found,
  rowsOf,
  selectByBound,
  selectTracePage,
  type TraceOrder,
  type TracePage,
  type TracePosition,
} from './store.ts';

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
    now,
  }: {
    range: TimeRange;
    query: TraceQuery;
    page: TracePage;
    fields: ReadonlySet<keyof StoredObservation>;
    now: Micros;
  },
  options?: QueryOptions,
): Promise<Found[]> {
  const selection = selectionOf(scope, range, query);
  const isBounded = range.from !== null || range.to !== null;
  const read = new Set([...fields, ...fieldsOf(['timestamp', 'environment'])]);
  const amount = page.order.descending ? amounts[page.order.column] : undefined;
  if (amount && query.text.length === 0 && !page.after && page.offset === 0) {
    const { clauses } = query;
    const largest = { range, hidesInternal, amount, limit: page.limit, fields: read };
    const traces = tracesIn(scope, range);
    if (clauses.length === 0) return selectLargest(db, scope, { ...largest, reach: [traces], test: null }, options);
    const test = isAllSaid(clauses) ? plainTest(clauses) : null;
    const said = saidInRange(scope, range, clauses, now);
    const reach = [isShort(range, now) ? rowsAround(range) : traces, ...said];
    if (test) return selectLargest(db, scope, { ...largest, reach, test }, options);
  }
  if (!hidesInternal && !isBounded) return selectTracePage(db, scope, selection, page, options);
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

/** Sorts by what only grows with each row of a trace. */
interface Amount {
  /** At least the value, of rows in whatever version. */
  bound: ClickHouseSql;
  /** Columns of the resolved trace the value follows from. */
  reads: readonly TraceColumn[];
  /** As `traceOrders` has it. */
  of(rows: readonly StoredObservation[]): string;
}

const amounts: Partial<Record<TraceOrder['column'], Amount>> = {
  totalCost: {
    bound: ClickHouseSql.trusted(`ifNull(sumIf(greatest(total_cost, 0), kind = 'observation'), -1)`),
    reads: ['total_cost'],
    of: (rows) => resolveTrace(rows, ['total_cost']).total_cost ?? '-1',
  },
  totalTokens: {
    bound: ClickHouseSql.trusted(`sumIf(toUInt128(total_tokens), kind = 'observation')`),
    reads: ['total_tokens'],
    of: (rows) => String(resolveTrace(rows, ['total_tokens']).total_tokens),
  },
};

/**
 * The first page by an amount, largest first. Which traces can be on it is known without sorting out versions of rows, which is
 * half of what a range costs; of these few the program knows the true amounts from their rows.
 */
async function selectLargest(
  db: ClickHouse,
  scope: ProjectScope,
  {
    range,
    hidesInternal,
    amount,
    reach,
    test,
    limit: count,
    fields,
  }: {
    range: TimeRange;
    hidesInternal: boolean;
    /** Which rows are looked at, and whether their traces meet what is asked. */
    reach: readonly ClickHouseSql[];
    test: PlainTest | null;
    amount: Amount;
    limit: number;
    fields: ReadonlySet<keyof StoredObservation>;
  },
  options?: QueryOptions,
): Promise<Found[]> {
  const read = new Set([...fields, ...fieldsOf(amount.reads), ...(test?.fields ?? [])]);
  for (let limit = count + SPARE; ; limit *= 4) {
    const candidates = await selectByBound(db, scope, { bound: amount.bound, limit, reach }, options);
    const last = candidates.at(-1);
    if (!last) return [];
    const rowsById = await rowsOf(db, scope, candidates, read);
    const largest = candidates
      .flatMap(({ id }): Found[] => {
        const rows = rowsById.get(id);
        if (!rows) return [];
        const { timestamp, environment } = resolveTrace(rows, ['timestamp', 'environment']);
        if (!isIn(range, timestamp) || (hidesInternal && isInternal(environment))) return [];
        // What lies far from the range does not count: a next page would not see it.
        const near = rows.filter(({ startTime }) => isAround(range, startTime));
        return test && !test.holds(near) ? [] : [{ id, value: amount.of(near), rows }];
      })
      .toSorted(largestFirst)
      .slice(0, count);
    const isSettled = largest.length === count && largestFirst(largest.at(-1)!, last) <= 0;
    if (candidates.length < limit || isSettled) return largest;
  }
}
const SPARE = 8;

const largestFirst = (a: TracePosition, b: TracePosition): number => {
  const [x, y] = [scaled(a.value), scaled(b.value)];
  return x === y ? compareUtf8(b.id, a.id) : x < y ? 1 : -1;
};

/** A number with up to 12 decimals. */
function scaled(value: string): bigint {
  const [whole = '', decimals = ''] = value.split('.');
  return BigInt(whole + decimals.padEnd(12, '0'));
}
