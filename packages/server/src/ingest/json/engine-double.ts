/*
 * Stands in for the engine in tests of the merge: keeps rows as a ReplacingMergeTree would, so that nothing needs chDB. The real
 * one runs in the tests that go through HTTP.
 */
import { projectScope } from '../../stores/scope.ts';
import type { RowBlock } from '../journal.ts';
import type { ObservationRow } from '../observation.ts';
import type { ScoreRow } from '../score.ts';
import { observationKind, type ReadEntities, type ReadScores } from './kinds.ts';

export type EngineDouble = ReturnType<typeof createEngineDouble>;

export function createEngineDouble() {
  const kind = observationKind(
    async () => [],
    (row) => row,
  );
  /** Sort key → newest version; of two equal versions the later insert stays. */
  const observations = new Map<string, ObservationRow>();
  const scores = new Map<string, ScoreRow>();
  let reads = 0;

  function put<Row extends { rowVersion: number }>(table: Map<string, Row>, key: string, row: Row): void {
    const known = table.get(key);
    if (!known || known.rowVersion <= row.rowVersion) table.set(key, structuredClone(row));
  }

  const readEntities: ReadEntities = async (scope, keys, { from = -Infinity, to = Infinity }) => {
    reads += 1;
    const names = new Set(keys.map((key) => kind.nameOf(key)));
    const newest = new Map<string, ObservationRow>();
    for (const row of observations.values()) {
      const name = kind.nameOf(row);
      const isAsked =
        row.projectId === scope.projectId && names.has(name) && row.startTime >= from && row.startTime <= to;
      if (isAsked && row.rowVersion > (newest.get(name)?.rowVersion ?? -1)) newest.set(name, structuredClone(row));
    }
    return [...newest.values()];
  };

  const readScores: ReadScores = async (scope, ids) =>
    ids.flatMap((id) => {
      const row = scores.get(`${scope.projectId}\n${id}`);
      return row ? [structuredClone(row)] : [];
    });

  return {
    insert(block: RowBlock): void {
      for (const row of block.observations) {
        put(observations, `${row.projectId}\n${kind.placeOf(row)}\n${kind.nameOf(row)}`, row);
      }
      for (const row of block.scores) put(scores, `${row.projectId}\n${row.id}`, row);
    },
    readEntities,
    readScores,
    /** What SELECT … FINAL answers, by project, kind and id. */
    observations: (projectId = 'p1'): ObservationRow[] =>
      [...observations.values()]
        .filter((row) => row.projectId === projectId && !row.isDeleted)
        .toSorted((a, b) => (kind.nameOf(a) < kind.nameOf(b) ? -1 : 1)),
    scores: (projectId = 'p1'): ScoreRow[] =>
      [...scores.values()].filter((row) => row.projectId === projectId && !row.isDeleted),
    deleteTrace(traceId: string): void {
      for (const [key, row] of observations) if (row.traceId === traceId) observations.delete(key);
    },
    reads: () => reads,
  };
}

export const p1 = projectScope('p1');
