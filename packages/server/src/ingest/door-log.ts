import type { DoorRequest } from '@tracehouse/contract/x-door';
import type { ProjectScope } from '../stores/scope.ts';

const KEEP_MS = 10 * 60_000;
const KEEP = 100;

/** What the doors note of each request; `id` and `time` are added. */
export type DoorNote = Omit<DoorRequest, 'id' | 'time' | 'publicKey'> & { publicKey: string };

export type DoorLog = ReturnType<typeof createDoorLog>;

/** The last requests of each project, in memory: a view of what is happening now, not a record. `onNote` is told of each. */
export function createDoorLog({
  now,
  newId,
  onNote,
}: {
  now: () => Date;
  newId: () => string;
  onNote?: ((scope: ProjectScope, note: DoorNote) => void) | undefined;
}) {
  const byProject = new Map<string, DoorRequest[]>();
  const masked = (key: string): string => (key.length <= 10 ? key : `${key.slice(0, 6)}…${key.slice(-4)}`);
  return {
    note(scope: ProjectScope, note: DoorNote): void {
      onNote?.(scope, note);
      const list = byProject.get(scope.projectId) ?? [];
      list.unshift({ ...note, publicKey: masked(note.publicKey), id: newId(), time: now().toISOString() });
      list.length = Math.min(list.length, KEEP);
      byProject.set(scope.projectId, list);
    },
    /** Newest first, of the last 10 minutes. */
    recent(scope: ProjectScope): DoorRequest[] {
      const since = now().getTime() - KEEP_MS;
      return (byProject.get(scope.projectId) ?? []).filter(({ time }) => Date.parse(time) >= since);
    },
  };
}
