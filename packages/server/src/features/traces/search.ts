/*
 * Text search: the newest traces that have a text. Rows are searched in ranges that widen into the past, each once, by
 * several statements at once (an index serves one expression). A range answers traces by their hits, which are checked
 * against the versions in force and the other conditions once there are enough for a page. Only then payloads are read.
 *
 * A trace is listed by its own time, which is that of its first row: it may lie before the range in which a later row of it
 * has the text. So a trace is shown when all rows from its time on have been searched, and what is known of earlier ones
 * is kept, across pages in the cursor (`late`).
 */
import type { TextSearch } from '@tracehouse/contract/filter-text';
import type { Micros } from '../../ingest/observation.ts';
import type { ClickHouse } from '../../stores/clickhouse/clickhouse.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { clickhouse, type ClickHouseSql, join, string } from '../../stores/clickhouse/sql.ts';
import { traceIsOneOf } from '../filters/reach.ts';
import { startsIn, type TimeRange } from '../filters/time.ts';
import { type Hit, type HitTrace, selectHitsInForce, selectHitTraces, selectOldestStart } from './search-store.ts';
import { selectionOf, textConditions, type TraceQuery } from './selection.ts';
import { selectTracePage, type TracePosition } from './store.ts';

/** Where a search goes on. */
export interface SearchPosition extends TracePosition {
  /** Rows from here on have been searched, but for … */
  to: Micros;
  /** … those of traces with these hashes of ids, which have the text and have not been shown. */
  late: string[];
  /** Of a search that has not filled its page: how its ranges widen. */
  pace?: Pace | undefined;
}

/** How ranges widen. Any numbers do: they only decide how much is searched at a time. */
export interface Pace {
  /** Where the search began. */
  end: Micros;
  /** What a statement takes, whatever is in its range, and what an hour takes beyond that. */
  baseMs: number;
  hourMs: number;
}

export interface SearchResult {
  /** Newest first. */
  positions: TracePosition[];
  /** Where the text is, for each of them. */
  hits: Hit[];
  /** Null when everything has been searched. */
  next: SearchPosition | null;
  /** How far back was searched, when the page is not full and there is more. */
  searchedTo: Micros | null;
}

export interface SearchRequest {
  range: TimeRange;
  query: TraceQuery;
  /** One of the texts of the query, which is looked for in rows. */
  text: string;
  count: number;
  after: SearchPosition | undefined;
  now: Micros;
}

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** By which the first hit may start before its trace's stated timestamp. */
const SLACK = MINUTE;
/** How long after the end of a range the rows of its traces are looked for. */
const LONGEST = 24 * HOUR;
/** More than asked for, since a candidate may turn out to be none. */
const SPARE = 20;
/** A range is made as small as takes this long, so that its end can be told and it can be stopped. */
const RANGE_MS = 700;
/** Hashes in a cursor: 200 make an address of 6 kB. */
const MOST_LATE = 200;
/** More than any statement takes. */
const UNKNOWN_MS = 1_000_000;
/** Of the connections that read: one is left for the other lists. */
const CONNECTIONS = 3;

/** The text to look for in rows: the longest is the rarest, mostly. Null when none is asked for. */
export const soughtText = (texts: readonly TextSearch[]): string | null =>
  texts
    .filter(({ not }) => !not)
    .map(({ value }) => value)
    .toSorted((a, b) => b.length - a.length)[0] ?? null;

/** A search answers after `budgetMs` at the end of a range, with what it has. */
export function createSearch({ clickhouse: db, budgetMs }: { clickhouse: ClickHouse; budgetMs: number }) {
  const inTurn = createTurns(CONNECTIONS);

  return async function search(
    scope: ProjectScope,
    { range, query, text, count, after, now }: SearchRequest,
    signal: AbortSignal,
  ): Promise<SearchResult> {
    const began = performance.now();
    const conditions = textConditions(text);
    const anyCondition = clickhouse`(${join(conditions, ' OR ')})`;
    const others = { ...query, text: query.text.filter(({ value, not }) => not || value !== text) };
    const { reach } = selectionOf(scope, range, { ...others, text: [] }, clickhouse`true`);
    const found = new Map<string, HitTrace>();
    const unchecked = new Set<string>();
    const matched = new Map<string, TracePosition>();
    const hitOf = new Map<string, Hit>();

    const find = async (where: ClickHouseSql[], part: TimeRange, limit: number): Promise<HitTrace[][]> => {
      const one = new AbortController();
      const either = AbortSignal.any([signal, one.signal]);
      try {
        return await Promise.all(
          where.map((condition) =>
            inTurn(() =>
              selectHitTraces(
                db,
                scope,
                { range: part, where: join([...reach, condition], ' AND '), limit },
                { signal: either },
              ),
            ),
          ),
        );
      } catch (error) {
        one.abort();
        throw error;
      }
    };
    const note = (traces: readonly HitTrace[]): void => {
      for (const trace of traces) {
        const known = found.get(trace.id);
        found.set(
          trace.id,
          known ? { ...known, first: Math.min(known.first, trace.first), hits: [...known.hits, ...trace.hits] } : trace,
        );
        if (!matched.has(trace.id)) unchecked.add(trace.id);
      }
    };
    const check = async (): Promise<void> => {
      if (unchecked.size === 0) return;
      const ids = [...unchecked];
      unchecked.clear();
      const selection = selectionOf(scope, range, others, traceIsOneOf(ids));
      const page = { order: newestFirst, offset: 0, limit: ids.length, ...(after && { after }) };
      const [inForce, positions] = await Promise.all([
        selectHitsInForce(
          db,
          scope,
          ids.flatMap((id) => found.get(id) ?? []),
          { signal },
        ),
        selectTracePage(db, scope, selection, page, { signal }),
      ]);
      for (const hit of inForce) hitOf.set(hit.traceId, hit);
      for (const position of positions) if (hitOf.has(position.id)) matched.set(position.id, position);
    };

    for (const part of lateParts(scope, range, after, now)) {
      const where = clickhouse`${anyCondition} AND ${part.where}`;
      note((await find([where], part.rows, NO_LIMIT)).flat());
    }

    let rows: TimeRange = { from: null, to: after?.to ?? range.to };
    const pace = { end: Math.min(rows.to ?? now, now), baseMs: UNKNOWN_MS, hourMs: 0, ...after?.pace };
    const lowest = range.from === null ? selectOldestStart(db, scope, { signal }) : Promise.resolve(range.from - SLACK);
    // Whoever waits for it hears of a failure.
    lowest.catch(() => undefined);
    const steps = createSteps(pace, lowest);
    for (let limit = count + SPARE; ;) {
      rows = { from: await steps.next(rows), to: rows.to };
      const partBegan = performance.now();
      // Rows of the day have no index yet: one statement reads them once.
      const isRecent = rows.from !== null && rows.from >= pace.end - 24 * HOUR;
      const answers = await find(isRecent ? [anyCondition] : conditions, rows, limit);
      const tookMs = performance.now() - partBegan;
      note(answers.flat());
      // A trace that a full answer leaves out has its first hit where that ends, or before.
      const bounds = answers.flatMap((traces) => (traces.length < limit ? [] : [traces.at(-1)!.first + 1]));
      const isSearched = bounds.length === 0;
      if (isSearched) took(pace, rows, tookMs);
      const isAll = isSearched && steps.isLast();
      const to = isSearched ? rows.from : Math.max(...bounds);
      const isLate = performance.now() - began > budgetMs;
      if (isAll || isLate || matched.size + unchecked.size > count) await check();
      const ready = newest(matched, isAll || to === null ? -Infinity : to + SLACK);
      const known = { count, matched, found, hitOf, after };
      if (isAll || to === null) return pageOf({ ...known, ready, to: null });
      const isFull = ready.length > count;
      // A call makes some way, or a chain of them would not end.
      if (isFull || (isLate && to < (rows.to ?? Infinity))) {
        if (unchecked.size > 0) await check();
        return pageOf({ ...known, ready: newest(matched, to + SLACK), to, pace });
      }
      limit = isSearched ? count + SPARE : limit * 2;
      rows = { from: isSearched ? null : rows.from, to };
    }
  };
}

const newestFirst = { column: 'timestamp', descending: true } as const;
const NO_LIMIT = 100_000;

const isNewer = (a: TracePosition, b: TracePosition): number =>
  Number(b.value) - Number(a.value) || (a.id < b.id ? 1 : -1);

/** Those from a time on. */
const newest = (matched: ReadonlyMap<string, TracePosition>, from: Micros): TracePosition[] =>
  [...matched.values()].filter(({ value }) => Number(value) >= from).toSorted(isNewer);

/** Rows outside of the ranges to search that belong to traces inside. */
function lateParts(
  scope: ProjectScope,
  { to }: TimeRange,
  after: SearchPosition | undefined,
  now: Micros,
): { rows: TimeRange; where: ClickHouseSql }[] {
  if (after) {
    if (after.late.length === 0) return [];
    const hashes = join(
      after.late.map((hash) => clickhouse`toUInt64(${string(hash)})`),
      ', ',
    );
    return [{ rows: { from: after.to, to: null }, where: clickhouse`cityHash64(trace_id) IN (${hashes})` }];
  }
  if (to === null || to > now) return [];
  return [
    {
      rows: { from: to, to: to + LONGEST },
      where: clickhouse`cityHash64(trace_id) IN (
        SELECT cityHash64(trace_id) FROM observations
        WHERE project_id = ${string(scope.projectId)} AND ${startsIn({ from: to - LONGEST, to })})`,
    },
  ];
}

/** What is shown of what is known, and where the next page goes on. `to`: rows before have not been searched; null: none. */
function pageOf({
  ready,
  count,
  matched,
  found,
  hitOf,
  to,
  after,
  pace,
}: {
  ready: TracePosition[];
  count: number;
  matched: ReadonlyMap<string, TracePosition>;
  found: ReadonlyMap<string, HitTrace>;
  hitOf: ReadonlyMap<string, Hit>;
  to: Micros | null;
  after: SearchPosition | undefined;
  pace?: Pace;
}): SearchResult {
  const positions = ready.slice(0, count);
  const hits = positions.flatMap(({ id }) => hitOf.get(id) ?? []);
  const last = positions.at(-1);
  const isFull = ready.length > count && last !== undefined;
  if (!isFull && to === null) return { positions, hits, next: null, searchedTo: null };
  const shown = new Set(positions.map(({ id }) => id));
  const left = [...matched.keys()].flatMap((id) => (shown.has(id) ? [] : (found.get(id) ?? [])));
  const end = isFull ? last : olderOf(after, { value: String((to ?? 0) + SLACK), id: '' });
  // What starts before the end of a full page is found again.
  const again = isFull ? Math.max(to ?? 0, Number(last.value) + 1) : (to ?? 0);
  const late = left.filter(({ first }) => first >= again).toSorted((a, b) => b.first - a.first);
  const next: SearchPosition = {
    value: end.value,
    id: end.id,
    to: late[MOST_LATE] ? late[MOST_LATE].first + 1 : again,
    late: late.slice(0, MOST_LATE).map(({ hash }) => hash),
    ...(!isFull && { pace }),
  };
  return { positions, hits, next, searchedTo: isFull ? null : to };
}

const olderOf = (after: TracePosition | undefined, position: TracePosition): TracePosition =>
  after && Number(after.value) < Number(position.value) ? after : position;

/**
 * Where ranges begin: 1 h, 6 h, 24 h, 7 d before the end, then five times as far back each, down to the lowest time there is
 * (null: there is nothing). Sooner where rows take long to search.
 */
function createSteps(pace: Readonly<Pace>, lowest: Promise<Micros | null>) {
  let isLast = false;
  return {
    /** Null for a project without rows. */
    async next({ from, to }: TimeRange): Promise<Micros | null> {
      if (from !== null) return from;
      const { end, hourMs } = pace;
      const before = to ?? end;
      const hours = [1, 6, 24, 7 * 24].find((hours) => end - hours * HOUR < before);
      const planned = hours === undefined ? end - 5 * (end - before) : end - hours * HOUR;
      const within = hourMs > 0 ? Math.max(planned, Math.floor(before - (RANGE_MS / hourMs) * HOUR)) : planned;
      const next = Math.min(within, before - MINUTE);
      const bottom = await lowest;
      isLast = bottom === null || next <= bottom;
      return isLast ? bottom : next;
    },
    isLast: (): boolean => isLast,
  };
}

function took(pace: Pace, { from, to }: TimeRange, ms: number): void {
  pace.baseMs = Math.min(pace.baseMs, Math.round(ms));
  const hours = from === null ? Infinity : ((to ?? pace.end) - from) / HOUR;
  pace.hourMs = hours > 0 ? Math.max(0, ms - pace.baseMs) / hours : 0;
}

/** Lets so many run at a time, first come first served. */
function createTurns(most: number) {
  let free = most;
  const waiting: (() => void)[] = [];
  return async function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => void waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}
