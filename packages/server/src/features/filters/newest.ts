import type { Micros } from '../../ingest/observation.ts';
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
  }: { range: TimeRange; now: Micros; count: number; budgetMs?: number; isFiltered?: boolean },
  select: (range: TimeRange, count: number) => Promise<Item[]>,
): Promise<Newest<Item>> {
  const started = performance.now();
  const items: Item[] = [];
  for (const part of widening(range, now, isFiltered)) {
    items.push(...(await select(part, count - items.length)));
    const isLast = part.from === range.from;
    if (isLast || items.length >= count) return { items, searchedTo: isLast ? null : part.from };
    if (performance.now() - started > budgetMs) return { items, searchedTo: part.from };
  }
  return { items, searchedTo: null };
}
