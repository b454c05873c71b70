import type { ProjectScope } from '../../stores/scope.ts';

/**
 * Spans that were handed to the journal as they are and are not acknowledged yet: a read does not wait for these, so whoever
 * merges with what is stored of one waits here first.
 */
export function createSpansUnderWay() {
  const underWay = new Map<string, Promise<unknown>>();
  const name = ({ projectId }: ProjectScope, id: string): string => `${projectId}\n${id}`;

  return {
    add(scope: ProjectScope, spans: readonly { id: string }[], stored: Promise<unknown>): void {
      const names = spans.map(({ id }) => name(scope, id));
      const gone: Promise<void> = stored
        .catch(() => undefined) // told to the sender
        .then(() => {
          for (const each of names) if (underWay.get(each) === gone) underWay.delete(each);
        });
      for (const each of names) underWay.set(each, gone);
    },
    /** Resolves when one of these is no longer under way; null when none is. */
    waitFor(scope: ProjectScope, ids: Iterable<string>): Promise<unknown> | null {
      for (const id of ids) {
        const waiting = underWay.get(name(scope, id));
        if (waiting) return waiting;
      }
      return null;
    },
  };
}

export type SpansUnderWay = ReturnType<typeof createSpansUnderWay>;
