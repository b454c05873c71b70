import { createEpochCache } from '../../stores/epoch-cache.ts';
import type { Epochs } from '../../stores/epochs.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import type { ScoreConfigRow } from './store.ts';

/** Rows, each of a few hundred bytes; at most 1,000 categories. */
const MAX_ENTRIES = 2_000;

/** Configs by id, so that a score with one asks no store; null for one that there is not. An epoch a project. */
export function createConfigCache(needs: { epochs: Epochs; now: () => Date }) {
  const cache = createEpochCache<ScoreConfigRow | null>({ ...needs, maxEntries: MAX_ENTRIES });
  const subject = ({ projectId }: ProjectScope): string => `score-configs\n${projectId}`;
  const keyOf = ({ projectId }: ProjectScope, id: string): string => `${projectId}\n${id}`;
  return {
    /** Those of the ids that there are; `read` is asked for what is not known. */
    async get(
      scope: ProjectScope,
      ids: readonly string[],
      read: (ids: readonly string[]) => Promise<ScoreConfigRow[]>,
    ): Promise<ScoreConfigRow[]> {
      const cached = await cache.at(subject(scope));
      const rows = new Map(ids.map((id) => [id, cached.get(keyOf(scope, id))]));
      const missing = [...rows].flatMap(([id, row]) => (row === undefined ? [id] : []));
      const found = new Map((missing.length === 0 ? [] : await read(missing)).map((row) => [row.id, row]));
      for (const id of missing) {
        const row = found.get(id) ?? null;
        rows.set(id, row);
        cached.put(keyOf(scope, id), row);
      }
      return [...rows.values()].filter((row) => row !== null && row !== undefined);
    },
    /** To be called before a change is acknowledged. */
    forget: (scope: ProjectScope): Promise<void> => cache.forget(subject(scope)),
  };
}
