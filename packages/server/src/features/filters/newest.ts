import type { Micros } from '../../ingest/observation.ts';
import type { Part } from '../../stores/clickhouse/parts.ts';
import { type TimeRange, widening } from './time.ts';

export interface Newest<Item> {
  items: Item[];
  /** How far back was looked; null when nothing older is left. */
  searchedTo: Micros | null;
}

/**
 * The newest `count` items of a range: looked for in ranges that grow into the past until there are enough, for a list
 * without a lower bound reads the whole project (engines.md). `select` answers for one range, newest first. Stops with fewer
 * after `budgetMs`, at the end of a range.
 */
export async function findNewest<Item>(
  {
    range,
    now,
    count,
    budgetMs = Infinity,
    isFiltered = false,
    parts,
    rowsIn,
  }: {
    range: TimeRange;
    now: Micros;
    count: number;
    budgetMs?: number;
    isFiltered?: boolean;
    /** What the table is made of, where each look costs what its rows do. */
    parts?: readonly Part[] | undefined;
    /** About how many rows there are, for a filter that few of them pass: little is found in the first ranges. */
    rowsIn?: ((range: TimeRange) => Promise<number>) | undefined;
  },
  select: (range: TimeRange, count: number) => Promise<Item[]>,
): Promise<Newest<Item>> {
  const started = performance.now();
  const items: Item[] = [];
  const planned = widening(range, now, { isFiltered, ...(parts && { parts }) });
  const ranges = rowsIn ? await atOnce(planned, rowsIn) : planned;
  for (const part of ranges) {
    items.push(...(await select(part, count - items.length)));
    const isLast = part.from === range.from;
    if (isLast || items.length >= count) return { items, searchedTo: isLast ? null : part.from };
    if (performance.now() - started > budgetMs) return { items, searchedTo: part.from };
  }
  return { items, searchedTo: null };
}

/** As many of the first parts as have few rows are looked at together. */
async function atOnce(
  parts: readonly TimeRange[],
  rowsIn: (range: TimeRange) => Promise<number>,
): Promise<readonly TimeRange[]> {
  const to = parts[0]!.to;
  const wider = parts.slice(1).map(({ from }): TimeRange => ({ from, to }));
  const rows = await Promise.all(wider.map(rowsIn));
  const joined = wider.findLastIndex((_, i) => rows[i]! <= FEW_ROWS);
  return joined === -1 ? parts : [wider[joined]!, ...parts.slice(joined + 2)];
}
/** To look at these takes about as long as to understand the statements of a look. */
const FEW_ROWS = 150_000;
