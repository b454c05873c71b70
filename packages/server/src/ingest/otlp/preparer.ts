import { isMarkedAsUntransferable, type Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import { OverloadedError } from '../../http/errors.ts';
import { createIdleThread } from '../idle-thread.ts';
import type { PrepareJob, PreparedRows } from './prepare.ts';
import type { PrepareAnswer } from './preparing-thread.ts';
import type { ObservationRow } from '../observation.ts';
import { OtlpParseError } from './span.ts';

/** The largest export there may be takes a few seconds on a busy machine. */
export const JOB_MS = 30_000;
/** The thread holds 40 MB, and starts in 0.3 s. */
const IDLE_MS = 60_000;
const THREAD = new URL('./preparing-thread.ts', import.meta.url);

export type Preparer = ReturnType<typeof createPreparer>;

/**
 * Prepares exports off the main thread, one after the other: while one of 64 MB is decoded, the event loop goes on. The thread
 * starts with the first of them and ends when there was none for a minute.
 */
export function createPreparer({
  log,
  jobMs = JOB_MS,
  idleMs = IDLE_MS,
  thread = THREAD,
}: {
  log: Pick<Logger, 'error'>;
  jobMs?: number;
  idleMs?: number;
  /** For tests of what happens when it fails. */
  thread?: URL;
}) {
  const preparing = createIdleThread({ script: thread, idleMs });
  let last: Promise<unknown> = Promise.resolve();

  async function run(job: PrepareJob): Promise<Exclude<PrepareAnswer, { malformed: string }>> {
    try {
      const answer = await ask(preparing.wake(), job, jobMs);
      if ('malformed' in answer) throw new OtlpParseError(answer.malformed);
      return answer;
    } catch (cause) {
      if (cause instanceof OtlpParseError) throw cause;
      preparing.end();
      log.error({ err: cause }, 'a large export could not be read; the thread for them starts anew');
      throw new OverloadedError('This could not be read for now; send it again, or fewer spans a request', 2, {
        cause,
      });
    } finally {
      preparing.rest();
    }
  }

  function inTurn(job: PrepareJob): ReturnType<typeof run> {
    const answered = last.then(() => run(job));
    last = answered.catch(() => undefined);
    return answered;
  }

  return {
    /**
     * The pieces are gone afterwards.
     * @throws OtlpParseError, OverloadedError when the thread failed or took too long
     */
    prepare: (job: Omit<PrepareJob, 'only'>): Promise<PreparedRows> =>
      inTurn(job).then((answer) => ('prepared' in answer ? answer.prepared : never())),
    /** Rows at these positions, unpriced. The pieces are gone afterwards. */
    rows: (job: PrepareJob, only: readonly number[]): Promise<ObservationRow[]> =>
      inTurn({ ...job, only }).then((answer) => ('rows' in answer ? answer.rows : never())),
  };
}

function never(): never {
  throw new Error('The thread answered another question');
}

async function ask(worker: Worker, job: PrepareJob, withinMs: number): Promise<PrepareAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<PrepareAnswer>();
  const exited = (): void => reject(new Error('The thread has ended'));
  const timer = setTimeout(() => reject(new Error(`It took more than ${withinMs / 1000} s`)), withinMs);
  worker.once('message', resolve);
  worker.once('error', reject);
  worker.once('exit', exited);
  try {
    // Pieces of one inflation may lie in one buffer; short ones lie in one that others use, and are copied.
    const buffers = new Set(job.pieces.map(({ buffer }) => buffer as ArrayBuffer));
    worker.postMessage(
      job,
      [...buffers].filter((buffer) => !isMarkedAsUntransferable(buffer)),
    );
    return await promise;
  } finally {
    clearTimeout(timer);
    worker.off('message', resolve);
    worker.off('error', reject);
    worker.off('exit', exited);
  }
}
