import type { Epochs } from './epochs.ts';

/** Bounds what changes behind our back (SQL by hand, another process without shared epochs). */
const MAX_AGE_MS = 60_000;

/** What is in the cache at one moment. Asked for before the store is read, else a change in between would be lost. */
export interface CacheMoment<Value> {
  /** Undefined when it is not known, or may have changed. */
  get(key: string): Value | undefined;
  put(key: string, value: Value): void;
}

/** Values of a store by key, each with the count of changes of its subject (see `Epochs`); the oldest go first. */
export function createEpochCache<Value>({
  epochs,
  now,
  maxEntries,
}: {
  epochs: Epochs;
  now: () => Date;
  maxEntries: number;
}) {
  const entries = new Map<string, { value: Value; epoch: number; readAtMs: number }>();
  return {
    async at(subject: string): Promise<CacheMoment<Value>> {
      const epoch = await epochs.current(subject);
      const nowMs = now().getTime();
      return {
        get(key) {
          const entry = entries.get(key);
          return entry && entry.epoch === epoch && nowMs - entry.readAtMs < MAX_AGE_MS ? entry.value : undefined;
        },
        put(key, value) {
          entries.delete(key);
          // A map keeps the order of insertion, so the first is the oldest.
          if (entries.size >= maxEntries) entries.delete(entries.keys().next().value!);
          entries.set(key, { value, epoch, readAtMs: nowMs });
        },
      };
    },
    /** To be called before a change is acknowledged. */
    forget: (subject: string): Promise<void> => epochs.raise(subject),
  };
}
