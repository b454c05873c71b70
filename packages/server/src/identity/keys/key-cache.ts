import { createEpochCache } from '../../stores/epoch-cache.ts';
import type { Epochs } from '../../stores/epochs.ts';
import type { KeyRow } from './api-keys-store.ts';

/** Of epochs: raised by whoever changes keys, before that is acknowledged. */
export const KEYS_SUBJECT = 'api-keys';
const MAX_KEYS = 10_000;
/** Kept apart, so that a flood of wrong keys does not push out the right ones. */
const MAX_UNKNOWN = 10_000;

/**
 * Keys by what they were looked up with; unknown ones too, for a wrong key is sent again and again. One epoch for all keys:
 * they change rarely, and an unknown key belongs to no project.
 */
export function createKeyCache(needs: { epochs: Epochs; now: () => Date }) {
  const known = createEpochCache<KeyRow>({ ...needs, maxEntries: MAX_KEYS });
  const unknown = createEpochCache<null>({ ...needs, maxEntries: MAX_UNKNOWN });
  return {
    /** What `read` answers, from memory when nothing has changed since. */
    async get(id: string, read: () => Promise<KeyRow | null>): Promise<KeyRow | null> {
      const knownNow = await known.at(KEYS_SUBJECT);
      const key = knownNow.get(id);
      if (key !== undefined) return key;
      const unknownNow = await unknown.at(KEYS_SUBJECT);
      if (unknownNow.get(id) === null) return null;
      const found = await read();
      if (found) knownNow.put(id, found);
      else unknownNow.put(id, null);
      return found;
    },
    /** To be called before a change is acknowledged. */
    forget: (): Promise<void> => known.forget(KEYS_SUBJECT),
  };
}
