import type { ProjectDeletion } from '@tracehouse/contract/x-projects';
import { NotFoundError, OverloadedError, UnauthorizedError } from '../../http/errors.ts';
import { deleteKeysOf } from '../../identity/keys/api-keys-store.ts';
import { type Actor, recordAudit } from '../../identity/audit/audit.ts';
import { NO_PROJECT } from '../../identity/organizations/projects.ts';
import { selectProjectIn } from '../../identity/organizations/store.ts';
import { type Journal, withAppend } from '../../ingest/journal.ts';
import type { Epochs } from '../../stores/epochs.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import type { JobRow } from '../../stores/queue/jobs-store.ts';
import type { Queue } from '../../stores/queue/queue.ts';
import { projectScope } from '../../stores/scope.ts';
import { KEYS_SUBJECT } from '../../identity/keys/key-cache.ts';
import { PURGE } from './jobs.ts';
import { type DeletedProjectRow, markDeleted, selectDeleted } from './store.ts';

const MAX_JOBS = 100;

export type ProjectDeletions = ReturnType<typeof createProjectDeletions>;

/**
 * Projects deleted while this process runs: what a request that was let in before still brings is refused. A deletion notes the
 * project and then waits for the journal, so a row is either refused or in the engine before the deletion looks.
 */
export function createGate() {
  const deleted = new Set<string>();
  return {
    close: (projectId: string): void => void deleted.add(projectId),
    /** The journal, for rows of projects that are there. */
    before: (journal: Journal): Journal =>
      withAppend(journal, (block) => {
        // Nothing awaits between looking and handing over.
        if (deleted.has(block.projectId)) return Promise.reject(new UnauthorizedError('The project has been deleted'));
        return journal.append(block);
      }),
  };
}

/** The deletion of projects: at once for everyone, with a job that removes their data. */
export function createProjectDeletions({
  postgres,
  queue,
  epochs,
  gate,
  now,
}: {
  postgres: Postgres;
  queue: Pick<Queue, 'enqueue' | 'list' | 'cancel'>;
  epochs: Epochs;
  gate: Pick<ReturnType<typeof createGate>, 'close'>;
  now: () => Date;
}) {
  const jobOf = async (projectId: string): Promise<JobRow | undefined> =>
    (await queue.list(projectScope(projectId), { kind: PURGE, limit: 1 }))[0];
  const wish = (projectId: string) => ({ kind: PURGE, subject: projectId, payload: {} });

  return {
    /**
     * Keys, readers and pages find nothing from the moment this answers.
     * @throws NotFoundError, OverloadedError
     */
    async delete(
      { organizationId, projectId }: { organizationId: string; projectId: string },
      actor: Actor,
    ): Promise<ProjectDeletion> {
      const scope = projectScope(projectId);
      const at = now();
      let name = '';
      if (!(await selectProjectIn(postgres, organizationId, projectId))) throw new NotFoundError(NO_PROJECT);
      // They would work on what is about to go, and a project may only have so many.
      for (const other of await queue.list(scope, { limit: MAX_JOBS })) await queue.cancel(scope, other.id);
      const job = await queue.enqueue(scope, wish(projectId), async (tx) => {
        const project = await markDeleted(tx, { projectId, organizationId }, at);
        if (!project) throw new NotFoundError(NO_PROJECT);
        name = project.name;
        const keys = await deleteKeysOf(tx, { projectId });
        await recordAudit(tx, actor, at, {
          place: { projectId },
          action: 'delete',
          objectType: 'project',
          objectId: projectId,
          before: { name, keys },
        });
      });
      if (job === 'busy') throw new NotFoundError(NO_PROJECT);
      if (job === 'full') throw new OverloadedError('The project has too many jobs under way: try again', 5);
      gate.close(projectId);
      await epochs.raise(KEYS_SUBJECT);
      return toWire({ id: projectId, organization_id: organizationId, name, deleted_at: at }, job);
    },

    /** Those under way. */
    async list({ organizationId }: { organizationId: string }): Promise<ProjectDeletion[]> {
      const projects = await selectDeleted(postgres, organizationId);
      return Promise.all(projects.map(async (project) => toWire(project, await jobOf(project.id))));
    },

    /** Deletions whose job has failed begin again; at the start of the program. */
    async resume(): Promise<void> {
      for (const { id } of await selectDeleted(postgres, null)) {
        gate.close(id);
        const job = await jobOf(id);
        if (job?.state !== 'queued' && job?.state !== 'running') await queue.enqueue(projectScope(id), wish(id));
      }
    },
  };
}

const toWire = (project: DeletedProjectRow, job: JobRow | undefined): ProjectDeletion => ({
  projectId: project.id,
  projectName: project.name,
  state: job?.state === 'running' ? 'running' : job?.state === 'failed' ? 'failed' : 'queued',
  progress: { done: job?.progressDone ?? 0, total: job?.progressTotal ?? null },
  error: job?.error ?? null,
  startedAt: project.deleted_at.toISOString(),
});
