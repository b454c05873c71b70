import type { Epochs } from '../stores/epochs.ts';
import type { KeyRow } from './api-keys-store.ts';

const SUBJECT = 'api-keys';
/** Bounds what changes behind our back (SQL by hand, another process without shared epochs). */
const MAX_AGE_MS = 60_000;
const MAX_KEYS = 10_000;
/** Kept apart, so that a flood of wrong keys does not push out the right ones. */
const MAX_UNKNOWN = 10_000;

interface Entry {
  key: KeyRow | null;
  epoch: number;
  readAtMs: number;
}

/**
 * Keys by what they were looked up with; unknown ones too, for a wrong key is sent again and again. One epoch for all keys:
 * they change rarely, and an unknown key belongs to no project.
 */
export function createKeyCache({ epochs, now }: { epochs: Epochs; now: () => Date }) {
  const known = new Map<string, Entry>();
  const unknown = new Map<string, Entry>();
  return {
    /** What `read` answers, from memory when nothing has changed since. */
    async get(id: string, read: () => Promise<KeyRow | null>): Promise<KeyRow | null> {
      const epoch = await epochs.current(SUBJECT);
      const nowMs = now().getTime();
      const entry = known.get(id) ?? unknown.get(id);
      if (entry && entry.epoch === epoch && nowMs - entry.readAtMs < MAX_AGE_MS) return entry.key;
      const key = await read();
      known.delete(id);
      unknown.delete(id);
      if (key) put(known, MAX_KEYS, id, { key, epoch, readAtMs: nowMs });
      else put(unknown, MAX_UNKNOWN, id, { key, epoch, readAtMs: nowMs });
      return key;
    },
    /** To be called before a change is acknowledged. */
    forget: (): Promise<void> => epochs.raise(SUBJECT),
  };
}

function put(entries: Map<string, Entry>, max: number, id: string, entry: Entry): void {
  // A map keeps the order of insertion, so the first is the oldest.
  if (entries.size >= max)
    for (const oldest of entries.keys()) {
      entries.delete(oldest);
      break;
    }
  entries.set(id, entry);
}
