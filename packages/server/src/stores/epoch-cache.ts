import type { Epochs } from './epochs.ts';

/** Bounds what changes behind our back (SQL by hand, another process without shared epochs). */
const MAX_AGE_MS = 60_000;

/** What is in the cache at one moment. Asked for before the store is read, else a change in between would be lost. */
export interface CacheMoment<Value> {
  /** Undefined when it is not known, or may have changed. */
  get(key: string): Value | undefined;
  put(key: string, value: Value): void;
  /** What is known, else what `read` finds; who asks meanwhile waits for the same. */
  load(key: string, read: () => Promise<Value>): Promise<Value>;
}

/**
 * Values of a store by key, each with the count of changes of its subject (see `Epochs`); the oldest go first. `maxBytes` bounds
 * what `sizeOf` says of the values beside their number.
 */
export function createEpochCache<Value>({
  epochs,
  now,
  maxEntries,
  maxBytes = Infinity,
  sizeOf = () => 0,
}: {
  epochs: Epochs;
  now: () => Date;
  maxEntries: number;
  maxBytes?: number;
  sizeOf?(key: string, value: Value): number;
}) {
  const entries = new Map<string, { value: Value; epoch: number; readAtMs: number; size: number }>();
  const underWay = new Map<string, Promise<Value>>();
  let bytes = 0;

  function remove(key: string): void {
    bytes -= entries.get(key)?.size ?? 0;
    entries.delete(key);
  }

  return {
    async at(subject: string): Promise<CacheMoment<Value>> {
      const epoch = await epochs.current(subject);
      const nowMs = now().getTime();
      const moment: CacheMoment<Value> = {
        get(key) {
          const entry = entries.get(key);
          return entry && entry.epoch === epoch && nowMs - entry.readAtMs < MAX_AGE_MS ? entry.value : undefined;
        },
        put(key, value) {
          remove(key);
          const size = sizeOf(key, value);
          if (size > maxBytes) return;
          // A map keeps the order of insertion, so the first is the oldest.
          while (entries.size >= maxEntries || bytes + size > maxBytes) remove(entries.keys().next().value!);
          entries.set(key, { value, epoch, readAtMs: nowMs, size });
          bytes += size;
        },
        async load(key, read) {
          const known = moment.get(key);
          if (known !== undefined) return known;
          const question = `${epoch}\n${key}`;
          const asked = underWay.get(question);
          if (asked) return asked;
          const answer = read().finally(() => underWay.delete(question));
          underWay.set(question, answer);
          const value = await answer;
          moment.put(key, value);
          return value;
        },
      };
      return moment;
    },
    /** To be called before a change is acknowledged. */
    forget: (subject: string): Promise<void> => epochs.raise(subject),
  };
}
