import { OverloadedError } from '../../http/errors.ts';

/**
 * Runs at most `running` pieces of work at a time and lets at most `waiting` wait: a hash costs 20 MB and a core, so a
 * crowd must not start them all. The function it answers throws OverloadedError when the queue is full.
 */
export function createSlots({ running, waiting }: { running: number; waiting: number }) {
  let free = running;
  const queue: (() => void)[] = [];
  return async function inSlot<Result>(work: () => Promise<Result>): Promise<Result> {
    if (free > 0) free -= 1;
    else {
      if (queue.length >= waiting)
        throw new OverloadedError('Too many credentials to check at once. Try again in a moment.', 1);
      await new Promise<void>((resolve) => queue.push(resolve));
    }
    try {
      return await work();
    } finally {
      const next = queue.shift();
      if (next) next();
      else free += 1;
    }
  };
}
