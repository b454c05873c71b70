/*
 * Jobs of projects, kept in Postgres (docs/decisions/0006-jobs.md). The life of one:
 *
 *   enqueue   a row; one at a time for each kind and subject of a project
 *   claim     FOR UPDATE SKIP LOCKED: any process may ask, one gets it, for the time of a lease
 *   run       the lease is renewed while it runs; progress and the place where it goes on are written together
 *   end       done, cancelled, failed; or due again: later after an error, at once when the process stops. Of a process that was
 *             killed the lease runs out, and whoever asks next goes on where it had got.
 */
import type { Logger } from 'pino';
import type * as z from 'zod';
import type { Postgres } from '../postgres/postgres.ts';
import { type ProjectScope, projectScope } from '../scope.ts';
import {
  claimJob,
  countUnfinished,
  deleteEnded,
  endAttempt,
  insertJob,
  type JobProgress,
  type JobRow,
  renewLease,
  requestCancel,
  selectJob,
  selectJobs,
} from './jobs-store.ts';

/** What a job is told, and tells. */
export interface JobContext<Checkpoint> {
  scope: ProjectScope;
  log: Pick<Logger, 'info' | 'warn'>;
  /** Fires when it must end: cancelled, the process stops, or the job has gone to another process. */
  signal: AbortSignal;
  /** What an earlier attempt has told; null at the first. */
  earlier: Readonly<Omit<JobProgress, 'checkpoint'>> & { checkpoint: Checkpoint | null };
  /** To be told often: it is written now and then, and at the end. What the checkpoint says is done must be stored before. */
  progress(progress: JobProgress & { checkpoint: Checkpoint | null }): Promise<void>;
}

/** A kind of job. It may be stopped at any moment and be run twice: each step of it stands alone. */
export interface JobDefinition<Needs, Payload extends z.ZodType, Checkpoint extends z.ZodType> {
  name: string;
  payload: Payload;
  checkpoint: Checkpoint;
  /** Attempts without progress, and the pause after the first, which doubles. */
  retry: { attempts: number; backoffMs: number };
  run(needs: Needs, payload: z.output<Payload>, context: JobContext<z.output<Checkpoint>>): Promise<void>;
}

/** Declares a kind of job in a feature's `jobs.ts`. */
export const defineJob = <Needs, Payload extends z.ZodType, Checkpoint extends z.ZodType>(
  definition: JobDefinition<Needs, Payload, Checkpoint>,
): JobDefinition<Needs, Payload, Checkpoint> => definition;

/** A kind of job with what it needs. */
export interface RunnableJob {
  name: string;
  retry: { attempts: number; backoffMs: number };
  run(payload: unknown, context: JobContext<unknown>): Promise<void>;
}

export const runnable = <Needs, Payload extends z.ZodType, Checkpoint extends z.ZodType>(
  { name, retry, payload, checkpoint, run }: JobDefinition<Needs, Payload, Checkpoint>,
  needs: Needs,
): RunnableJob => ({
  name,
  retry,
  run: (given, context) =>
    run(needs, payload.parse(given), {
      ...context,
      earlier: {
        ...context.earlier,
        checkpoint: context.earlier.checkpoint === null ? null : checkpoint.parse(context.earlier.checkpoint),
      },
    }),
});

/** A failure whose message is for the person who asked for the job. */
export class JobError extends Error {}

/** A process that was killed is noticed after so long. */
const LEASE_MS = 15_000;
/** Another process may have enqueued something. */
const POLL_MS = 5_000;
const WRITE_MS = 500;
const KEPT_MS = 30 * 86_400_000;
const MAX_UNFINISHED = 20;

type InTransaction = (tx: Postgres, job: JobRow) => Promise<void>;
const nothing: InTransaction = async () => undefined;

class JobEnded extends Error {
  readonly as: 'stopping' | 'cancelled' | 'lost';
  constructor(as: JobEnded['as']) {
    super(as);
    this.as = as;
  }
}

export type Queue = ReturnType<typeof createQueue>;

/** Runs one job at a time in this process. */
export function createQueue({
  postgres,
  jobs,
  log,
  now,
  newId,
  leaseMs = LEASE_MS,
}: {
  postgres: Postgres;
  jobs: readonly RunnableJob[];
  log: Pick<Logger, 'info' | 'warn' | 'error'>;
  now: () => Date;
  newId: () => string;
  leaseMs?: number;
}) {
  const kinds = new Map(jobs.map((job) => [job.name, job]));
  const later = (ms: number): Date => new Date(now().getTime() + ms);
  let isStarted = false;
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | null = null;
  let working: Promise<void> | null = null;
  let isWanted = false;
  let current: { id: string; end: AbortController } | null = null;

  function wake(): void {
    if (!isStarted || stopping.signal.aborted) return;
    isWanted = true;
    working ??= work().finally(() => {
      working = null;
      if (stopping.signal.aborted) return;
      if (isWanted) wake();
      else timer = setTimeout(wake, POLL_MS).unref();
    });
  }

  async function work(): Promise<void> {
    if (timer) clearTimeout(timer);
    while (isWanted && !stopping.signal.aborted) {
      isWanted = false;
      try {
        const lease = newId();
        const job = await claimJob(postgres, { lease, at: now(), until: later(leaseMs) });
        if (!job) continue;
        isWanted = true;
        await attempt(job, lease);
      } catch (error) {
        // Postgres does not answer: the next look tries again.
        isWanted = false;
        log.warn({ err: error }, 'jobs could not be looked for');
      }
    }
  }

  async function attempt(job: JobRow, lease: string): Promise<void> {
    const held = { id: job.id, lease };
    const end = new AbortController();
    current = { id: job.id, end };
    let progress: JobProgress | null = null;
    let unwritten = false;
    let writtenMs = performance.now();
    let writing: Promise<void> = Promise.resolve();
    let { attempts } = job;

    /** One after the other, so that an older place never follows a newer one. */
    const renew = (): Promise<void> => {
      const before = writing.catch(() => undefined); // told to who asked for it
      writing = before.then(async () => {
        const told = unwritten ? progress : null;
        unwritten = false;
        writtenMs = performance.now();
        const renewed = await renewLease(postgres, held, later(leaseMs), told);
        if (told) attempts = 1;
        if (!renewed) end.abort(new JobEnded('lost'));
        else if (renewed.cancelRequested) end.abort(new JobEnded('cancelled'));
      });
      return writing;
    };
    const heartbeat = setInterval(() => void renew().catch(() => undefined), leaseMs / 4);
    heartbeat.unref();
    if (stopping.signal.aborted) end.abort(new JobEnded('stopping'));
    if (job.cancelRequested) end.abort(new JobEnded('cancelled'));
    const fields = { projectId: job.projectId, jobId: job.id, kind: job.kind };
    try {
      const kind = kinds.get(job.kind);
      if (!kind) throw new JobError(`This version of the program has no jobs of the kind '${job.kind}'`);
      if (job.attempts > kind.retry.attempts) {
        throw new JobError(`The program ended ${kind.retry.attempts} times while it ran`);
      }
      end.signal.throwIfAborted();
      await kind.run(job.payload, {
        scope: projectScope(job.projectId),
        log,
        signal: end.signal,
        earlier: {
          done: job.progressDone,
          total: job.progressTotal,
          counts: job.counts,
          checkpoint: job.checkpoint ?? null,
        },
        async progress(told) {
          progress = told;
          unwritten = true;
          if (performance.now() - writtenMs >= WRITE_MS) await renew();
        },
      });
      await writing.catch(() => undefined);
      await endAttempt(postgres, held, { state: 'done', error: null, at: now() }, progress);
      log.info({ ...fields, counts: (progress as JobProgress | null)?.counts ?? job.counts }, 'job done');
    } catch (error) {
      await writing.catch(() => undefined);
      await endAttempt(postgres, held, endOf({ ...job, attempts }, error, end.signal), progress);
      if (!end.signal.aborted) log.warn({ ...fields, attempts, err: error }, 'job failed');
    } finally {
      clearInterval(heartbeat);
      current = null;
    }
  }

  function endOf(job: JobRow, error: unknown, signal: AbortSignal): Parameters<typeof endAttempt>[2] {
    const reason: unknown = signal.aborted ? signal.reason : null;
    if (reason instanceof JobEnded) {
      return reason.as === 'cancelled'
        ? { state: 'cancelled', error: null, at: now() }
        : { state: 'queued', error: job.error, runAt: now(), isAttempt: false };
    }
    const { attempts, backoffMs } = kinds.get(job.kind)?.retry ?? { attempts: 0, backoffMs: 0 };
    const message =
      error instanceof JobError ? error.message : 'It failed for a reason that the log of the server tells';
    return job.attempts >= attempts
      ? { state: 'failed', error: message, at: now() }
      : { state: 'queued', error: message, runAt: later(backoffMs * 2 ** (job.attempts - 1)), isAttempt: true };
  }

  return {
    /**
     * `busy`: one of the kind is under way for the subject. `full`: the project has too many. What `and` does is done in the
     * transaction that writes the job.
     */
    async enqueue(
      scope: ProjectScope,
      { kind, subject, payload }: { kind: string; subject: string; payload: unknown },
      and: InTransaction = nothing,
    ): Promise<JobRow | 'busy' | 'full'> {
      await deleteEnded(postgres, scope, later(-KEPT_MS));
      if ((await countUnfinished(postgres, scope)) >= MAX_UNFINISHED) return 'full';
      const job = await postgres.transaction(async (tx) => {
        const row = await insertJob(tx, scope, { id: newId(), kind, subject, payload, at: now() });
        if (row) await and(tx, row);
        return row;
      });
      if (job) wake();
      return job ?? 'busy';
    },

    get: (scope: ProjectScope, id: string): Promise<JobRow | null> => selectJob(postgres, scope, id),

    list: (scope: ProjectScope, query: Parameters<typeof selectJobs>[2]): Promise<JobRow[]> =>
      selectJobs(postgres, scope, query),

    /** Null when there is none that has not ended. What `and` does is done in the same transaction. */
    async cancel(scope: ProjectScope, id: string, and: InTransaction = nothing): Promise<JobRow | null> {
      const job = await postgres.transaction(async (tx) => {
        const row = await requestCancel(tx, scope, id, now());
        if (row) await and(tx, row);
        return row;
      });
      if (job && current?.id === id) current.end.abort(new JobEnded('cancelled'));
      return job;
    },

    /** From here on jobs are run. */
    start(): void {
      isStarted = true;
      wake();
    },

    /** The job under way ends at its next step and is due at once, for the next process. */
    async stop(): Promise<void> {
      stopping.abort();
      if (timer) clearTimeout(timer);
      current?.end.abort(new JobEnded('stopping'));
      await working;
    },
  };
}
