/*
 * Text search: the newest traces that have a text. Rows are searched in ranges that widen into the past, each once, by
 * several statements at once, one for each place where text is (so that a hit is read where it was found). A range answers
 * its newest hits, whose traces are read, with what the list shows of them, and checked against the versions in force and
 * the other conditions: the first there are, or enough for a page. Only then payloads are read.
 *
 * A trace is listed by its own time, which is that of its first row: it may lie before the range in which a later row of it
 * has the text. So a trace is shown when all rows from its time on have been searched, and what is known of earlier ones
 * is kept, across pages in the cursor (`late`).
 */
import type { TextSearch } from '@tracehouse/contract/filter-text';
import type { Micros, StoredObservation } from '../../ingest/observation.ts';
import { compareUtf8, fieldsOf, resolveTrace } from '../../ingest/resolve-trace.ts';
import { type ClickHouse, ClickHouseError, engineCodes } from '../../stores/clickhouse/clickhouse.ts';
import { type Part, selectParts } from '../../stores/clickhouse/parts.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { clickhouse, type ClickHouseSql, join, string } from '../../stores/clickhouse/sql.ts';
import { inParallel } from '../../turns.ts';
import { traceIsOneOf } from '../filters/reach.ts';
import { isIn, startOfFew, startsIn, type TimeRange } from '../filters/time.ts';
import {
  firstInForce,
  type FoundRow,
  type Hit,
  type HitTrace,
  NO_LIMIT,
  noteHits,
  saysTraceTimes,
  selectHits,
  selectOldestStart,
} from './search-store.ts';
import { isInternal, selectionOf, textConditions, type TextPlace, type TraceQuery } from './selection.ts';
import { type Found, selectTracePage, selectTraceRows, type TracePosition } from './store.ts';

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
  /** All that is settled was too much for one range. */
  isSlow?: boolean | undefined;
}

export interface SearchResult {
  /** Newest first, with their rows. */
  positions: Found[];
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
  /** What is read of the rows of traces that are found. */
  fields: ReadonlySet<keyof StoredObservation>;
}

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** By which the first hit may start before its trace's stated timestamp. */
const SLACK = MINUTE;
/** The same where none is stated: a trace is as old as its first row. */
const NO_SLACK = 1;
/** Of how many rows of the day the text is read at a time, 3 us of CPU each: few first, then as many as can be told in time. */
const FEW_ROWS = [5_000, 30_000, 180_000];
/** How long after the end of a range the rows of its traces are looked for. */
const LONGEST = DAY;
/** More than asked for, since a candidate may turn out to be none. */
const SPARE = 10;
/** What a trace says, its later observations mostly repeat. */
const HITS_A_TRACE = 6;
/** A search that has looked this long shows the first it has found, and goes on in the next call. */
const FIRST_MS = 20;
/** So many hits are looked for then where they may lie far apart, for it takes time to read traces from many places. */
const FIRST_HITS = 10;
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
  const inTurn = inParallel(CONNECTIONS);

  return async function search(
    scope: ProjectScope,
    request: SearchRequest,
    signal: AbortSignal,
  ): Promise<SearchResult> {
    const { range, query, text, count, after, now } = request;
    const began = performance.now();
    const tookMs = (): number => performance.now() - began;
    const others = { ...query, text: query.text.filter(({ value, not }) => not || value !== text) };
    const { reach } = selectionOf(scope, range, { ...others, text: [] }, clickhouse`true`);
    const candidates = createCandidates(db, scope, { ...request, others }, signal);
    const places = placesOf(text);

    const find = async (looked: Places, part: TimeRange, limit: number, options: FindOptions = {}) => {
      const one = new AbortController();
      const either = AbortSignal.any([signal, one.signal]);
      const where = join([...reach, ...(options.where ? [options.where] : [])], ' AND ');
      const { timeoutMs, isTimeFirst = false } = options;
      const limits = { signal: either, ...(timeoutMs !== undefined && { timeoutMs }) };
      try {
        const answers = await Promise.all(
          looked.map(([, condition]) =>
            inTurn(() => selectHits(db, scope, { range: part, isTimeFirst, text: condition, where, limit }, limits)),
          ),
        );
        for (const [i, rows] of answers.entries()) candidates.note(rows, looked[i]![0]);
        return answers;
      } catch (error) {
        one.abort();
        if (timeoutMs !== undefined && error instanceof ClickHouseError && error.code === engineCodes.time) return null;
        throw error;
      }
    };

    for (const part of lateParts(scope, range, after, now)) {
      await find(places.ofTheDay, part.rows, NO_LIMIT, { where: part.where });
    }

    let rows: TimeRange = { from: null, to: after?.to ?? range.to };
    const pace = { end: Math.min(rows.to ?? now, now), baseMs: UNKNOWN_MS, hourMs: 0, ...after?.pace };
    const lowest = range.from === null ? selectOldestStart(db, scope, { signal }) : range.from - SLACK;
    // Whoever waits for it hears of a failure.
    if (lowest instanceof Promise) lowest.catch(() => undefined);
    const steps = createSteps(pace, lowest, await selectParts(db, { signal }));
    // What a page that was not full left out may begin after what it has searched.
    let slack = after && Number(after.value) > after.to + NO_SLACK ? SLACK : NO_SLACK;
    const enough = (count + SPARE) * HITS_A_TRACE;
    for (let limit: number | null = null; ;) {
      rows = { from: await steps.next(rows), to: rows.to };
      const hours = (pace.end - (rows.from ?? -Infinity)) / HOUR;
      const looked = hours <= 1 ? places.ofTheHour : hours <= 24 ? places.ofTheDay : places.settled;
      const isSettled = looked === places.settled;
      const isShort = looked === places.ofTheHour;
      const most: number = limit ?? (isSettled && !after && candidates.isEmpty() ? FIRST_HITS : enough);
      const partBegan = performance.now();
      const [answers, areTimesSaid] = await Promise.all([
        find(looked, rows, most, {
          ...(isSettled && !pace.isSlow && { timeoutMs: RANGE_MS }),
          isTimeFirst: !isSettled,
        }),
        slack < SLACK && (!isShort || saysTraceTimes(db, scope, rows, { signal })),
      ]);
      if (areTimesSaid) slack = SLACK;
      if (answers === null) {
        pace.isSlow = true;
        rows = { from: null, to: rows.to };
        continue;
      }
      // Of a full answer, rows before its last are not known.
      const bounds = answers.flatMap((hits) => (hits.length < most ? [] : [hits.at(-1)!.start + 1]));
      const isSearched = bounds.length === 0;
      if (isSearched && !steps.isOfFew()) took(pace, rows, performance.now() - partBegan);
      const to = !isSearched ? Math.max(...bounds) : (await steps.isLast(rows)) ? null : rows.from;
      // A call makes some way, or a chain of them would not end.
      const isOnItsWay = to !== null && to < (rows.to ?? Infinity);
      const isLate = isOnItsWay && tookMs() > budgetMs;
      const isFirst = isOnItsWay && !after && tookMs() > FIRST_MS;
      const ready = await candidates.ready({ to, slack, isUrgent: to === null || isLate || isFirst });
      if (to === null || isLate || ready.length > count || (isFirst && ready.length > 0)) {
        return pageOf({ count, ready, left: candidates.but(ready.slice(0, count)), to, slack, after, pace });
      }
      limit = isSearched ? null : Math.max(enough, most * 2);
      rows = { from: isSearched ? null : rows.from, to };
    }
  };
}

interface FindOptions {
  where?: ClickHouseSql;
  /** Before the text is read. */
  isTimeFirst?: boolean;
  /** After which the answer is null. */
  timeoutMs?: number;
}

/** Conditions to look for rows by, side by side, and where one tells that the text is. */
type Places = readonly [TextPlace | null, ClickHouseSql][];

/** By the age of rows: those of the day have no index yet, so that to read each once is what costs least. */
function placesOf(text: string): Record<'ofTheHour' | 'ofTheDay' | 'settled', Places> {
  const { input, output, said, name, id } = textConditions(text);
  return {
    ofTheHour: [[null, clickhouse`(${input} OR ${output} OR ${said} OR ${name} OR ${id})`]],
    ofTheDay: [
      [null, clickhouse`(${input} OR ${output} OR ${said})`],
      [null, clickhouse`(${name} OR ${id})`],
    ],
    // The dearest first.
    settled: Object.entries({ input, output, name, said, id }) as [TextPlace, ClickHouseSql][],
  };
}

/** The traces of which a row has the text: whether they meet all that is asked is found out for the latest first. */
function createCandidates(
  db: ClickHouse,
  scope: ProjectScope,
  { range, query, others, count, after, fields }: SearchRequest & { others: TraceQuery },
  signal: AbortSignal,
) {
  const found = new Map<string, HitTrace>();
  const checked = new Set<string>();
  const matched = new Map<string, Match>();
  const isPlain = others.clauses.length === 0 && others.text.length === 0;
  const read = new Set([...fields, ...fieldsOf(['timestamp', 'environment'])]);

  const unchecked = (): HitTrace[] =>
    [...found.values()].filter(({ id }) => !checked.has(id)).toSorted((a, b) => b.first - a.first);

  /** Asks the engine for other conditions alone; the rest follows from the rows that the page shows. */
  async function check(some: readonly HitTrace[]): Promise<void> {
    const ids = some.map(({ id }) => id);
    const chosen = traceIsOneOf(ids);
    const page = { order: newestFirst, offset: 0, limit: ids.length };
    const [rowsById, meeting] = await Promise.all([
      selectTraceRows(db, scope, some, read),
      isPlain ? null : selectTracePage(db, scope, selectionOf(scope, range, others, chosen), page, { signal }),
    ]);
    const met = meeting && new Set(meeting.map(({ id }) => id));
    for (const { id, hits } of some) {
      checked.add(id);
      const rows = rowsById.get(id);
      const hit = rows && firstInForce(rows, hits);
      if (!hit || (met && !met.has(id))) continue;
      const { timestamp, environment } = resolveTrace(rows, ['timestamp', 'environment']);
      const match = { value: String(timestamp), id, rows, hit };
      if (!isIn(range, timestamp) || (query.hidesInternal && isInternal(environment))) continue;
      if (!after || isNewer(after, match) < 0) matched.set(id, match);
    }
  }

  return {
    isEmpty: (): boolean => found.size === 0,
    note(rows: readonly FoundRow[], place: TextPlace | null): void {
      noteHits(found, rows, place);
      // By another row a trace may have the text after all.
      for (const { traceId } of rows) if (!matched.has(traceId)) checked.delete(traceId);
    },
    /**
     * Those of which no newer one can come, when all rows from `to` on (null: all) have been searched, the newest first; a trace
     * is less than `slack` later than its first row. Unless `isUrgent`, none before there are enough for a page.
     */
    async ready({ to, slack, isUrgent }: { to: Micros | null; slack: Micros; isUrgent: boolean }): Promise<Match[]> {
      for (;;) {
        const left = unchecked();
        // A trace is no later than its first hit.
        const from = Math.max(to ?? -Infinity, left[0]?.first ?? -Infinity) + slack;
        const ready = [...matched.values()].filter(({ value }) => Number(value) >= from).toSorted(isNewer);
        const isEnough = isUrgent || matched.size + left.length > count;
        if (left.length === 0 || ready.length > count || !isEnough) return ready;
        await check(left.slice(0, count + SPARE));
      }
    },
    /** All others that have the text, or may have it. */
    but(shown: readonly Match[]): HitTrace[] {
      const ids = new Set(shown.map(({ id }) => id));
      return [...found.values()].filter(({ id }) => !ids.has(id) && (matched.has(id) || !checked.has(id)));
    },
  };
}

/** A trace that meets all that is asked, and the first row that has the text. */
type Match = Found & { hit: Hit };

const newestFirst = { column: 'timestamp', descending: true } as const;

const isNewer = (a: TracePosition, b: TracePosition): number =>
  Number(b.value) - Number(a.value) || compareUtf8(b.id, a.id);

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
  left,
  to,
  slack,
  after,
  pace,
}: {
  ready: readonly Match[];
  count: number;
  /** Not shown, but may have the text. */
  left: readonly HitTrace[];
  to: Micros | null;
  slack: Micros;
  after: SearchPosition | undefined;
  pace: Pace;
}): SearchResult {
  const positions = ready.slice(0, count);
  const hits = positions.map(({ hit }) => hit);
  const last = positions.at(-1);
  const isFull = ready.length > count && last !== undefined;
  if (!isFull && to === null) return { positions, hits, next: null, searchedTo: null };
  const end = isFull ? last : olderOf(after, { value: String((to ?? 0) + slack), id: '' });
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
 * Where ranges begin: where few rows that have not been read are from, an hour and a day before the end, then the lowest time there
 * is (null: there is nothing), for what is settled has an index. Where it has none and that takes too long, as far back as can be
 * told in time.
 */
function createSteps(pace: Readonly<Pace>, lowest: Micros | Promise<Micros | null>, parts: readonly Part[]) {
  let isFirst = true;
  let looks = 0;
  let few: Micros | null = null;
  const startOfNext = (to: Micros | null): Micros | null => {
    // What reaches over the end was read with what is newer, but for a few rows.
    const unread = to === null ? parts : parts.filter((part) => part.end <= to);
    const rows = FEW_ROWS[looks] ?? FEW_ROWS.at(-1)!;
    looks += 1;
    return startOfFew({ from: null, to }, { parts: unread, rows, after: pace.end - DAY, before: pace.end });
  };
  return {
    /** Null for a project without rows. */
    async next({ from, to }: TimeRange): Promise<Micros | null> {
      if (from !== null) return from;
      const { end, hourMs, isSlow } = pace;
      const before = to ?? end;
      few = before > end - DAY ? startOfNext(to) : null;
      const recent = few ?? [HOUR, DAY].map((back) => end - back).find((start) => start < before);
      const settled = isSlow ? end - 5 * (end - before) : -Infinity;
      const inTime = hourMs > 0 ? Math.floor(before - (RANGE_MS / hourMs) * HOUR) : -Infinity;
      const isPaced = recent !== undefined || isSlow;
      const next = few ?? Math.min(Math.max(recent ?? settled, isPaced ? inTime : -Infinity), before - MINUTE);
      // What is newest is looked at without waiting for what is oldest.
      const bottom = isFirst && recent !== undefined && lowest instanceof Promise ? -Infinity : await lowest;
      isFirst = false;
      return bottom === null ? null : Math.max(next, bottom);
    },
    /** Whether the range was chosen by its rows: it tells nothing about how long an hour takes. */
    isOfFew: (): boolean => few !== null,
    /** Whether nothing is left before these. */
    async isLast({ from }: TimeRange): Promise<boolean> {
      const bottom = await lowest;
      return bottom === null || from === null || from <= bottom;
    },
  };
}

function took(pace: Pace, { from, to }: TimeRange, ms: number): void {
  pace.baseMs = Math.min(pace.baseMs, Math.round(ms));
  const hours = from === null ? Infinity : ((to ?? pace.end) - from) / HOUR;
  pace.hourMs = hours > 0 ? Math.max(0, ms - pace.baseMs) / hours : 0;
}
