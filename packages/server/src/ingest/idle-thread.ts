import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * A thread that starts with the first work and ends after some time without any, for what it holds in memory is much. It never
 * keeps the process from ending. `onStart` is called with each that starts, `onGone` when one ended that was not told to.
 */
export function createIdleThread({
  script,
  idleMs,
  options = {},
  onStart = () => undefined,
  onGone = () => undefined,
}: {
  script: URL;
  idleMs: number;
  options?: WorkerOptions;
  onStart?: (started: Worker) => void;
  onGone?: () => void;
}) {
  let worker: Worker | null = null;
  let idle: NodeJS.Timeout | undefined;

  function start(): Worker {
    const started = new Worker(script, options);
    worker = started;
    started.unref();
    const gone = (): void => {
      if (worker !== started) return;
      worker = null;
      onGone();
    };
    started.on('error', gone);
    started.on('exit', gone);
    onStart(started);
    return started;
  }

  function end(): void {
    clearTimeout(idle);
    const ending = worker;
    worker = null;
    void ending?.terminate();
  }

  return {
    /** For work: it does not end before `rest`. */
    wake(): Worker {
      clearTimeout(idle);
      return worker ?? start();
    },
    /** The one that runs, if one does. */
    running: (): Worker | null => worker,
    /** Nothing is left to do. */
    rest(): void {
      clearTimeout(idle);
      idle = setTimeout(end, idleMs).unref();
    },
    end,
  };
}
