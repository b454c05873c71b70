import type { Micros } from '../../ingest/observation.ts';
import type { ClickHouse, QueryOptions } from '../../stores/clickhouse/clickhouse.ts';
import { selectParts } from '../../stores/clickhouse/parts.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { HOUR, startOfFew, type TimeRange } from '../filters/time.ts';
import { estimateRows } from '../traces/store.ts';

/** To come so near is near enough. */
const ATTEMPTS = 4;

/** The newest of a range that has about this many rows at most; `countedFrom` says where that begins when it is not all. */
export async function boundedRange(
  db: ClickHouse,
  scope: ProjectScope,
  { range, now, most }: { range: TimeRange; now: Micros; most: number },
  options?: QueryOptions,
): Promise<{ range: TimeRange; countedFrom: Micros | null }> {
  const all = await estimateRows(db, scope, range, options);
  if (all <= most) return { range, countedFrom: null };
  const end = Math.min(range.to ?? now, now);
  const parts = await selectParts(db, options);
  let from = range.from ?? Math.min(end - HOUR, ...parts.map(({ start }) => start));
  let rows = all;
  for (let attempt = 0; attempt < ATTEMPTS && rows > most && from < end - HOUR; attempt += 1) {
    // As if they were spread evenly; a little less, for an hour is read whole.
    const share = Math.min(0.9, (0.9 * most) / rows);
    from = Math.min(end - HOUR, Math.ceil((end - (end - from) * share) / HOUR) * HOUR);
    rows = await estimateRows(db, scope, { ...range, from }, options);
  }
  if (rows > most && from >= end - HOUR) {
    // Where so many come in an hour, its newest parts have the newest.
    from = startOfFew(range, { parts, rows: most, after: end - HOUR, before: end }) ?? from;
  }
  return { range: { ...range, from }, countedFrom: from === range.from ? null : from };
}
