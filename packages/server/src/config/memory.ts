import { totalmem } from 'node:os';

const MB = 1_000_000;

/** What the parts of the program may hold, bytes. What they hold while idle (450 MB) comes on top. */
export interface MemoryPlan {
  /** The embedded ClickHouse: what a query, an insert and a merge take, and its caches. */
  engine: number;
  /** Bodies of requests on their way in or being handled, as sent. */
  bodies: number;
}

/** From `TRACEHOUSE_MEMORY_MB`, else from what the machine or the container has. */
export function planMemory(memoryMb: number | undefined): MemoryPlan {
  const all = memoryMb === undefined ? availableBytes() : memoryMb * MB;
  return {
    // More helps nothing; less than the smallest fails inserts of large spans.
    engine: clamp(all / 3, 400 * MB, 2_000 * MB),
    bodies: clamp(all / 16, 64 * MB, 256 * 1024 * 1024),
  };
}

/** The limit of the container (cgroup) counts where there is one. */
function availableBytes(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

const clamp = (value: number, smallest: number, largest: number): number =>
  Math.floor(Math.min(largest, Math.max(smallest, value)));
