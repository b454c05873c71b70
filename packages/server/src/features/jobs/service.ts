import type { Job, JobKind } from '@tracehouse/contract/x-jobs';
import { ConflictError, NotFoundError } from '../../http/errors.ts';
import { type Actor, recordAudit } from '../../identity/audit/audit.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import type { JobRow } from '../../stores/queue/jobs-store.ts';
import type { Queue } from '../../stores/queue/queue.ts';
import type { ProjectScope } from '../../stores/scope.ts';

export type Jobs = ReturnType<typeof createJobs>;

/** The jobs of a project, as people see them. */
export function createJobs({
  queue,
  now,
}: {
  queue: Pick<Queue, 'enqueue' | 'get' | 'list' | 'cancel'>;
  now: () => Date;
}) {
  async function get(scope: ProjectScope, id: string): Promise<Job> {
    const job = await queue.get(scope, id);
    if (!job) throw new NotFoundError('No job with this id found.');
    return toJob(job);
  }

  return {
    get,

    async list(
      scope: ProjectScope,
      query: { kind?: string | undefined; subject?: string | undefined; limit: number },
    ): Promise<{ data: Job[] }> {
      return { data: (await queue.list(scope, query)).map(toJob) };
    },

    /** One that has ended stays as it is. @throws NotFoundError */
    async cancel(scope: ProjectScope, actor: Actor, id: string): Promise<Job> {
      const record = (tx: Postgres, { kind, subject }: JobRow): Promise<void> =>
        recordAudit(tx, actor, now(), { ...entryOf(scope, id), action: 'cancel', after: { kind, subject } });
      const job = await queue.cancel(scope, id, record);
      return job ? toJob(job) : get(scope, id);
    },

    /** @throws ConflictError when one of the kind is under way for the subject, or the project has too many */
    async start(
      scope: ProjectScope,
      actor: Actor,
      job: { kind: JobKind; subject: string; payload: unknown },
      what: string,
    ): Promise<Job> {
      const record = (tx: Postgres, { id, kind, subject, payload }: JobRow): Promise<void> =>
        recordAudit(tx, actor, now(), { ...entryOf(scope, id), action: 'start', after: { kind, subject, payload } });
      const started = await queue.enqueue(scope, job, record);
      if (started === 'busy') throw new ConflictError(`${what} is under way: wait for its end, or cancel it`);
      if (started === 'full') throw new ConflictError('The project has too many jobs under way: wait for one to end');
      return toJob(started);
    },
  };
}

const entryOf = (scope: ProjectScope, id: string) => ({ place: scope, objectType: 'job', objectId: id });

const toJob = (row: JobRow): Job => ({
  id: row.id,
  kind: row.kind as JobKind,
  subject: row.subject,
  state: row.state,
  progress: { done: row.progressDone, total: row.progressTotal },
  counts: row.counts,
  isCancelling: row.state === 'running' && row.cancelRequested,
  error: row.error,
  createdAt: row.createdAt.toISOString(),
  startedAt: row.startedAt?.toISOString() ?? null,
  finishedAt: row.finishedAt?.toISOString() ?? null,
});
