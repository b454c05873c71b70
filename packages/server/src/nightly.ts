/** Work that the process does on its own, until the queue has a clock. */
export interface Nightly {
  /** Stops what runs, and resolves when it has ended. */
  stop(): Promise<void>;
}

interface Repeated {
  work(signal: AbortSignal): Promise<void>;
  onFailure(error: unknown): void;
}

/** Runs `work` again and again, so long after the last time has ended. A failure is reported, and no reason to stop. */
export const everyNowAndThen = ({ pauseMs, ...repeated }: Repeated & { pauseMs: number }): Nightly =>
  repeat({ pauseMs: () => pauseMs, ...repeated });

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * Runs `work` every day when the hour (0 to 23, UTC) begins. What has not ended after `forHours` is told to stop by the
 * signal; the next night goes on. A failure is reported and tried again the next night.
 */
export const everyNight = ({
  hour,
  forHours,
  now,
  work,
  onFailure,
}: Repeated & { hour: number; forHours: number; now: () => Date }): Nightly =>
  repeat({
    pauseMs() {
      const time = now().getTime();
      const today = Math.floor(time / DAY_MS) * DAY_MS + hour * HOUR_MS;
      return today > time ? today - time : today + DAY_MS - time;
    },
    async work(stopping) {
      const night = new AbortController();
      const morning = setTimeout(() => night.abort(), forHours * HOUR_MS);
      try {
        await work(AbortSignal.any([stopping, night.signal]));
      } finally {
        clearTimeout(morning);
      }
    },
    onFailure,
  });

function repeat({ pauseMs, work, onFailure }: Repeated & { pauseMs: () => number }): Nightly {
  const stopping = new AbortController();
  let running: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout;

  function wait(): void {
    timer = setTimeout(begin, pauseMs());
    timer.unref();
  }

  function begin(): void {
    running = work(stopping.signal)
      .catch((error: unknown) => {
        // What is stopped may fail of it.
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
