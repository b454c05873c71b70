import type { Granularity } from '@tracehouse/contract/metrics';
import type { Micros } from '../../ingest/observation.ts';
import { clickhouse, type ClickHouseSql } from '../../stores/clickhouse/sql.ts';

export type Bucket = Exclude<Granularity, 'auto'>;

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** By how long a range is, in seconds (S8.8): the first that it is shorter than. */
const chosen: readonly [number, Bucket][] = [
  [2 * HOUR, 'minute'],
  [72 * HOUR, 'hour'],
  [60 * DAY, 'day'],
  [365 * DAY, 'week'],
];

/** What `auto` means for a range. */
export const granularityFor = (from: Micros, to: Micros): Bucket =>
  chosen.find(([seconds]) => (to - from) / 1_000_000 < seconds)?.[1] ?? 'month';

/** Unix seconds of the start of the bucket (UTC; weeks begin on Monday) that a time lies in. */
export const bucketOf = (bucket: Bucket, time: ClickHouseSql): ClickHouseSql =>
  clickhouse`toUnixTimestamp(toDateTime(${starts[bucket](time)}, 'UTC'))`;

const starts: Record<Bucket, (time: ClickHouseSql) => ClickHouseSql> = {
  minute: (time) => clickhouse`toStartOfMinute(${time})`,
  hour: (time) => clickhouse`toStartOfHour(${time})`,
  day: (time) => clickhouse`toDate(${time})`,
  week: (time) => clickhouse`toMonday(${time})`,
  month: (time) => clickhouse`toStartOfMonth(${time})`,
};

const lengths = { minute: MINUTE, hour: HOUR, day: DAY, week: 7 * DAY } as const;
/** The first Monday of Unix time. */
const MONDAY = 4 * DAY;

/** The same of a time in seconds. */
function startOf(bucket: Bucket, seconds: number): number {
  if (bucket === 'month') return monthAfter(seconds, 0);
  const offset = bucket === 'week' ? MONDAY : 0;
  const length = lengths[bucket];
  return Math.floor((seconds - offset) / length) * length + offset;
}

const monthAfter = (seconds: number, months: number): number => {
  const time = new Date(seconds * 1000);
  return Date.UTC(time.getUTCFullYear(), time.getUTCMonth() + months) / 1000;
};

/** About how many buckets a range has. */
export const bucketsIn = (bucket: Bucket, from: Micros, to: Micros): number =>
  (to - from) / 1_000_000 / (bucket === 'month' ? 30 * DAY : lengths[bucket]);

/** The starts of all buckets from the one that `from` lies in to before `to`, in seconds. */
export function bucketStarts(bucket: Bucket, from: Micros, to: Micros): number[] {
  const all: number[] = [];
  for (let at = startOf(bucket, from / 1_000_000); at < to / 1_000_000;) {
    all.push(at);
    at = bucket === 'month' ? monthAfter(at, 1) : at + lengths[bucket];
  }
  return all;
}

/** As the wire shows it: minutes and hours as instants, longer ones by their first day. */
export function showBucket(bucket: Bucket, seconds: number): string {
  const text = new Date(seconds * 1000).toISOString();
  return bucket === 'minute' || bucket === 'hour' ? text.replace('.000', '') : text.slice(0, 10);
}
