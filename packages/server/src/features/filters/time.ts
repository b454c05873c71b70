import type { Micros } from '../../ingest/observation.ts';
import type { Part } from '../../stores/clickhouse/parts.ts';
import { type ClickHouseSql, clickhouse, join, micros } from '../../stores/clickhouse/sql.ts';

/**
 * What a bound is drawn in to. No row lies outside (the doors store such times at receipt), and the hours of the sort key
 * are 32-bit seconds in the engine: a later bound would wrap around and find nothing.
 */
const EARLIEST: Micros = Date.UTC(1971, 0) * 1000;
const LATEST: Micros = Date.UTC(2100, 0) * 1000;

/** ISO 8601 with up to nanoseconds as microseconds; `Date` alone would drop the last three digits. */
export function toMicros(iso: string): Micros {
  const fraction = /\.(\d+)/.exec(iso)?.[1] ?? '';
  const time = Math.floor(Date.parse(iso) / 1000) * 1_000_000 + Number(fraction.slice(0, 6).padEnd(6, '0'));
  return within(time);
}

/** The nearest time that a row can have. */
export const within = (time: Micros): Micros => Math.min(Math.max(time, EARLIEST), LATEST);

/** ISO 8601, UTC, milliseconds: instants of the wire. */
export function toIso(time: Micros): string {
  const ms = Math.floor(time / 1000);
  const minute = Math.floor(ms / MINUTE_MS);
  // Four times of each of a thousand observations: the same minutes again and again, of which `Date` makes a text in 0.4 µs.
  if (minute !== lastMinute.minute) {
    const text = new Date(ms).toISOString();
    lastMinute = { minute, text: text.slice(0, -'00.000Z'.length) };
  }
  const rest = ms - minute * MINUTE_MS;
  const seconds = Math.floor(rest / 1000);
  return `${lastMinute.text}${digits(seconds, 2)}.${digits(rest - seconds * 1000, 3)}Z`;
}

const MINUTE_MS = 60_000;
let lastMinute = { minute: NaN, text: '' };
const numerals = [2, 3].map((width) => Array.from({ length: 1000 }, (_, n) => String(n).padStart(width, '0')));
const digits = (value: number, width: 2 | 3): string => numerals[width - 2]![value]!;

/** ISO 8601, UTC, microseconds. */
export const toIsoMicros = (time: Micros): string =>
  `${toIso(time).slice(0, -1)}${String(((time % 1000) + 1000) % 1000).padStart(3, '0')}Z`;

/** Seconds between two instants of the wire, so that the difference a client computes is the one it reads. */
export const secondsBetween = (from: Micros, to: Micros): number =>
  (Math.floor(to / 1000) - Math.floor(from / 1000)) / 1000;

/** From `from` (inclusive) to `to` (exclusive); null is without a bound. */
export interface TimeRange {
  from: Micros | null;
  to: Micros | null;
}

/** Between two instants of the wire, each left out where there is no bound. */
export const rangeBetween = (from: string | undefined, to: string | undefined): TimeRange => ({
  from: from === undefined ? null : toMicros(from),
  to: to === undefined ? null : toMicros(to),
});

export const isIn = ({ from, to }: TimeRange, time: Micros): boolean =>
  time >= (from ?? -Infinity) && time < (to ?? Infinity);

/** In microseconds. */
export const HOUR = 3_600_000_000;

/** Rows that start in a range, by the key of the table: hours first, then the time itself. */
export const startsIn = ({ from, to }: TimeRange): ClickHouseSql =>
  join(
    [
      ...(from === null
        ? []
        : [clickhouse`start_time >= ${micros(from)} AND toStartOfHour(start_time) >= toStartOfHour(${micros(from)})`]),
      ...(to === null
        ? []
        : [clickhouse`start_time < ${micros(to)} AND toStartOfHour(start_time) <= toStartOfHour(${micros(to)})`]),
      clickhouse`true`,
    ],
    ' AND ',
  );

/**
 * Where to look for rows that say something about traces of a range: a day more on both sides, for a value may be said by
 * any span of a trace that is longer than the range.
 */
export const sayingRange = (range: TimeRange): TimeRange => around(range, 24 * HOUR);

/** A range with as much more on both sides. */
export const around = ({ from, to }: TimeRange, more: Micros): TimeRange => ({
  from: from === null ? null : Math.max(from - more, EARLIEST),
  to: to === null ? null : Math.min(to + more, LATEST),
});

/** How far back a list looks in its first ranges, in hours. */
const STEPS = [1, 6, 48, 14 * 24];
/** The same where each look costs more than the rows it looks at, and may find little. */
const FILTERED_STEPS = [6, 3 * 24, 30 * 24];

/**
 * Disjoint ranges from the newest to the oldest that together are `range`; the last is the rest. By `parts` it is known when the
 * last row is, from which hours are counted, where nothing is, and how far back few rows are (`startOfFew`), but not less far
 * than `shortest`.
 */
export function widening(
  range: TimeRange,
  now: Micros,
  {
    isFiltered = false,
    parts,
    shortest = 0,
  }: { isFiltered?: boolean; parts?: readonly Part[]; shortest?: Micros } = {},
): TimeRange[] {
  const lastRow = parts && parts.length > 0 ? Math.max(...parts.map((part) => part.end)) : Infinity;
  const end = Math.min(range.to ?? now, now, lastRow);
  const ranges: TimeRange[] = [];
  let to = range.to;
  const look = (from: Micros): void => {
    if (to !== null && from >= to) return;
    if (parts?.every((part) => part.end <= from || part.start >= (to ?? Infinity))) return;
    ranges.push({ from, to });
    to = from;
  };
  for (const rows of parts ? FEW_ROWS : []) {
    const from = startOfFew(range, { parts: parts!, rows, after: end - HOUR, before: end - shortest });
    if (from !== null) look(from);
  }
  for (const hours of isFiltered ? FILTERED_STEPS : STEPS) {
    const from = end - hours * HOUR;
    // What would be left over is not worth a look of its own.
    if (range.from !== null && from - (hours * HOUR) / 4 <= range.from) break;
    look(from);
  }
  if (range.from === null || to === null || range.from < to) ranges.push({ from: range.from, to });
  return ranges;
}

/** How many rows a list looks at first while many come in, then and then: 20,000 take twice as long as none. */
const FEW_ROWS = [20_000, 100_000, 500_000];
/** Parts up to so many rows are read to the end, whenever in the hour their rows start. */
const SMALL_ROWS = 100_000;

/**
 * From when on about so many rows lie in a range, where that is between two times; in these parts. Rows of an hour are sorted by
 * trace, so that its last minute costs as much as the hour, but for parts that have nothing of that minute: at half the most that
 * can come in an hour is 27 million rows, of which a page shows the last second.
 */
export function startOfFew(
  range: TimeRange,
  { parts, rows, after, before }: { parts: readonly Part[]; rows: number; after: Micros; before: Micros },
): Micros | null {
  const newestFirst = parts.filter(({ start }) => start < (range.to ?? Infinity)).toSorted((a, b) => b.end - a.end);
  const large: Part[] = [];
  let smallRows = 0;
  for (const [i, part] of newestFirst.entries()) {
    if (part.rows > SMALL_ROWS) large.push(part);
    else smallRows += part.rows;
    // From there on all rows lie in the parts so far.
    const start = newestFirst[i + 1]?.end ?? -Infinity;
    if (start <= Math.max(after, range.from ?? -Infinity)) return null;
    if (start >= Math.min(before, range.to ?? Infinity) || start === part.end) continue;
    if (large.reduce((sum, one) => sum + one.rows * shareFrom(start, one), smallRows) >= rows) return start;
  }
  return null;
}

/** By whole hours, as if its rows were spread evenly. */
const shareFrom = (from: Micros, { start, end }: Part): number =>
  Math.min(1, (end - from + HOUR) / (end - start + HOUR));
