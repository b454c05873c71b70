/** How long one request may keep the event loop from others. */
const TURN_MS = 10;

/** Everything else that waits has its turn. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** For a long loop: `if (isUp()) await pass()` in each round. */
export function createTurns() {
  let startMs = performance.now();
  return {
    isUp: (): boolean => performance.now() - startMs > TURN_MS,
    async pass(): Promise<void> {
      await nextTurn();
      startMs = performance.now();
    },
  };
}

/** As `items.map(map)`. */
export async function inTurns<Item, Result>(
  items: readonly Item[],
  map: (item: Item, i: number) => Result,
): Promise<Result[]> {
  const turns = createTurns();
  const results: Result[] = [];
  for (const item of items) {
    results.push(map(item, results.length));
    if (turns.isUp()) await turns.pass();
  }
  return results;
}

/** Lets so many run at a time, first come first served. */
export function inParallel(most: number) {
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
