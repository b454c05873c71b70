/** Work that runs once a day, until the queue has its own clock. */
export interface Nightly {
  /** Stops what runs, and resolves when it has ended. */
  stop(): Promise<void>;
}

/** Runs `work` again and again, so long after the last time has ended. A failure is reported, and no reason to stop. */
export function everyNowAndThen({
  pauseMs,
  work,
  onFailure,
}: {
  pauseMs: number;
  work(signal: AbortSignal): Promise<void>;
  onFailure(error: unknown): void;
}): Nightly {
  const stopping = new AbortController();
  let running: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout;

  function wait(): void {
    timer = setTimeout(begin, pauseMs);
    timer.unref();
  }

  function begin(): void {
    running = work(stopping.signal)
      .catch((error: unknown) => {
        if (!stopping.signal.aborted) onFailure(error);
      })
      .finally(() => {
        if (!stopping.signal.aborted) wait();
      });
  }

  wait();
  return {
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await running;
    },
  };
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * Runs `work` every day when the hour (0 to 23, UTC) begins. What has not ended after `forHours` is told to stop by the
 * signal; the next night goes on. A failure is reported and tried again the next night.
 */
export function everyNight({
  hour,
  forHours,
  now,
  work,
  onFailure,
}: {
  hour: number;
  forHours: number;
  now: () => Date;
  work(signal: AbortSignal): Promise<void>;
  onFailure(error: unknown): void;
}): Nightly {
  const stopping = new AbortController();
  let running: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout;

  function waitForNight(): void {
    const time = now().getTime();
    const today = Math.floor(time / DAY_MS) * DAY_MS + hour * HOUR_MS;
    timer = setTimeout(begin, today > time ? today - time : today + DAY_MS - time);
    timer.unref();
  }

  function begin(): void {
    const night = new AbortController();
    const morning = setTimeout(() => night.abort(), forHours * HOUR_MS);
    running = work(AbortSignal.any([stopping.signal, night.signal]))
      .catch(onFailure)
      .finally(() => {
        clearTimeout(morning);
        if (!stopping.signal.aborted) waitForNight();
      });
  }

  waitForNight();
  return {
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await running;
    },
  };
}
