import type { Principal } from '../identity/principal.ts';
import { TooManyRequestsError } from './errors.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** What a project may send; null is no limit. Windows are minutes and days of UTC. */
export interface IngestionLimitSettings {
  /** Requests a minute with the project's secret keys or by people. */
  requestsPerMinute: number | null;
  /** Requests a minute with the project's public key alone, as browsers send scores: anyone can read that key. */
  browserRequestsPerMinute: number | null;
  /** Spans, events and scores a day, counted when stored. */
  itemsPerDay: number | null;
}

/** What a caller is told of the limit that is nearest to being reached: `X-RateLimit-*`. */
export type LimitHeaders = Record<string, string>;

interface Window {
  startMs: number;
  count: number;
}

/** Counts in this process. Off where a setting is null: then nothing is counted and no header sent. */
export function createIngestionLimits({ settings, now }: { settings: IngestionLimitSettings; now: () => Date }) {
  const windows = new Map<string, Window>();
  const items = new Map<string, Window>();

  /** The window of this moment, in `of`. */
  function current(of: Map<string, Window>, key: string, lengthMs: number): Window {
    const startMs = Math.floor(now().getTime() / lengthMs) * lengthMs;
    const known = of.get(key);
    if (known?.startMs === startMs) return known;
    // Windows that are over belong to projects that have fallen silent.
    if (of.size > 10_000) for (const [each, { startMs: start }] of of) if (start !== startMs) of.delete(each);
    const window = { startMs, count: 0 };
    of.set(key, window);
    return window;
  }

  function check(window: Window, limit: number, lengthMs: number, what: string): LimitHeaders {
    const endMs = window.startMs + lengthMs;
    const headers = {
      'x-ratelimit-limit': String(limit),
      'x-ratelimit-remaining': String(Math.max(0, limit - window.count - 1)),
      'x-ratelimit-reset': String(Math.ceil(endMs / 1000)),
    };
    if (window.count < limit) return headers;
    const retryAfterS = Math.max(1, Math.ceil((endMs - now().getTime()) / 1000));
    throw new TooManyRequestsError(
      `${what} of this project is reached: ${limit}. Try again in ${retryAfterS} s.`,
      retryAfterS,
      {
        ...headers,
        'x-ratelimit-remaining': '0',
      },
    );
  }

  return {
    /** Counts a request for ingestion before its body is read. @throws TooManyRequestsError */
    admit(principal: Principal): LimitHeaders {
      if (!('scope' in principal) || principal.scope === null) return {};
      const { projectId } = principal.scope;
      const isBrowser = principal.kind === 'browserKey';
      const perMinute = isBrowser ? settings.browserRequestsPerMinute : settings.requestsPerMinute;
      let headers: LimitHeaders = {};
      if (settings.itemsPerDay !== null) {
        const { startMs, count } = current(items, projectId, DAY_MS);
        headers = check({ startMs, count }, settings.itemsPerDay, DAY_MS, 'The quota of items a day');
      }
      if (perMinute !== null) {
        const window = current(windows, `${isBrowser ? 'browser' : 'project'} ${projectId}`, MINUTE_MS);
        headers = check(window, perMinute, MINUTE_MS, 'The limit of requests a minute');
        window.count += 1;
      }
      return headers;
    },

    /** Items of a project that were stored: by a door, or earlier today by the process before this one. */
    count(projectId: string, stored: number): void {
      if (settings.itemsPerDay !== null) current(items, projectId, DAY_MS).count += stored;
    },

    /** Since when items must be known that an earlier process stored; null when nothing is counted. */
    countsItemsSince(): Date | null {
      return settings.itemsPerDay === null ? null : new Date(Math.floor(now().getTime() / DAY_MS) * DAY_MS);
    },
  };
}
