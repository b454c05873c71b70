import { createEpochCache } from '../../stores/epoch-cache.ts';
import type { Epochs } from '../../stores/epochs.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { sql } from '../../stores/postgres/sql.ts';
import type { ProjectScope } from '../../stores/scope.ts';

/** Whether a project sends GenAI events as log records: then its spans are merged with what is stored of them. */
export interface ReceivesLogs {
  is(scope: ProjectScope): Promise<boolean>;
  /** The same, of what this process knows by now. */
  isKnown(scope: ProjectScope): boolean;
  /** Resolves once every process knows. */
  note(scope: ProjectScope): Promise<void>;
}

/** Kept with the project. Most projects send none, and their spans need not look for anything. */
export function createReceivesLogs({
  postgres,
  epochs,
  settled,
  now,
}: {
  postgres: Postgres;
  epochs: Epochs;
  /** Resolves when the project's rows that are under way now are stored or have failed. */
  settled(projectId: string): Promise<void>;
  now: () => Date;
}): ReceivesLogs {
  const cache = createEpochCache<boolean>({ epochs, now, maxEntries: 10_000 });
  /** It is never taken back. */
  const receiving = new Set<string>();
  const learning = new Map<string, Promise<void>>();
  const subject = (scope: ProjectScope): string => `logs ${scope.projectId}`;

  async function is(scope: ProjectScope): Promise<boolean> {
    if (receiving.has(scope.projectId)) return true;
    const moment = await cache.at(subject(scope));
    const known = moment.get(scope.projectId);
    if (known !== undefined) return known;
    const [row] = await postgres.rows<{ receives_logs: boolean }>(
      sql`SELECT receives_logs FROM projects WHERE id = ${scope.projectId}`,
    );
    const does = row?.receives_logs ?? false;
    if (does) receiving.add(scope.projectId);
    moment.put(scope.projectId, does);
    return does;
  }

  async function learn(scope: ProjectScope): Promise<void> {
    if (await is(scope)) return;
    await postgres.rows(sql`UPDATE projects SET receives_logs = true WHERE id = ${scope.projectId}`);
    receiving.add(scope.projectId);
    await cache.forget(subject(scope));
    // Spans that came before looked for nothing.
    await settled(scope.projectId);
  }

  return {
    is,
    isKnown: ({ projectId }) => receiving.has(projectId),
    note(scope) {
      const { projectId } = scope;
      const learned = learning.get(projectId) ?? learn(scope).finally(() => learning.delete(projectId));
      learning.set(projectId, learned);
      return learned;
    },
  };
}
