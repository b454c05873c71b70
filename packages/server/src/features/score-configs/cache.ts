import type { Epochs } from '../../stores/epochs.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import type { ScoreConfigRow } from './store.ts';

/** Bounds what changes behind our back (SQL by hand, another process without shared epochs). */
const MAX_AGE_MS = 60_000;
/** Rows, each of a few hundred bytes; at most 1,000 categories. */
const MAX_ENTRIES = 2_000;

interface Entry {
  /** Null for one that there is not. */
  row: ScoreConfigRow | null;
  epoch: number;
  readAtMs: number;
}

/** Configs by id, so that a score with one asks no store. An epoch a project. */
export function createConfigCache({ epochs, now }: { epochs: Epochs; now: () => Date }) {
  const entries = new Map<string, Entry>();
  const subject = ({ projectId }: ProjectScope): string => `score-configs\n${projectId}`;
  const keyOf = ({ projectId }: ProjectScope, id: string): string => `${projectId}\n${id}`;
  return {
    /** Those of the ids that there are; `read` is asked for what is not known. */
    async get(
      scope: ProjectScope,
      ids: readonly string[],
      read: (ids: readonly string[]) => Promise<ScoreConfigRow[]>,
    ): Promise<ScoreConfigRow[]> {
      const epoch = await epochs.current(subject(scope));
      const nowMs = now().getTime();
      const known = new Map<string, ScoreConfigRow | null>();
      for (const id of ids) {
        const entry = entries.get(keyOf(scope, id));
        if (entry && entry.epoch === epoch && nowMs - entry.readAtMs < MAX_AGE_MS) known.set(id, entry.row);
      }
      const missing = ids.filter((id) => !known.has(id));
      const found = new Map((missing.length === 0 ? [] : await read(missing)).map((row) => [row.id, row]));
      for (const id of missing) {
        const row = found.get(id) ?? null;
        known.set(id, row);
        put(keyOf(scope, id), { row, epoch, readAtMs: nowMs });
      }
      return [...known.values()].filter((row) => row !== null);
    },
    /** To be called before a change is acknowledged. */
    forget: (scope: ProjectScope): Promise<void> => epochs.raise(subject(scope)),
  };

  function put(key: string, entry: Entry): void {
    entries.delete(key);
    // A map keeps the order of insertion, so the first is the oldest.
    if (entries.size >= MAX_ENTRIES)
      for (const oldest of entries.keys()) {
        entries.delete(oldest);
        break;
      }
    entries.set(key, entry);
  }
}
