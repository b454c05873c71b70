import { ROLE_SYNC_USER_AGENT } from '@tracehouse/contract/x-role-sync-runs';
import type { Logger } from 'pino';

/** A request to one of the two servers. */
export interface CallRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: string;
  headers: Record<string, string>;
  body?: string;
}

/** `body` is the JSON of the answer, null when it is none. */
export interface CallAnswer {
  status: number;
  body: unknown;
}

/** The whole run ends; what was not written yet stays as it is. */
export class RunStopped extends Error {
  override name = 'RunStopped';
  /** 1: settings, authentication, or a server that does not answer; 3: the safety brake. */
  readonly exitCode: 1 | 3;
  constructor(message: string, exitCode: 1 | 3 = 1, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** One request failed for good. `status` is null when there was no answer. */
export class RequestFailed extends Error {
  override name = 'RequestFailed';
  readonly status: number | null;
  constructor(message: string, status: number | null, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** Sends a request until it is answered with something else than "later". @throws RequestFailed without an answer */
export type Call = (request: CallRequest) => Promise<CallAnswer>;

const TRIES = 4;
/** So that the last request and then the report end within the 30 seconds between the run's end and the job's. */
const REQUEST_MS = 12_000;

/** What a test puts its own in place of. */
export interface CallNeeds {
  log: Logger;
  /** Fires when the run must end: no further try is made, a request under way is answered first. */
  signal: AbortSignal;
  /** When that is, in the clock of `now`. */
  deadline: Date;
  now(): Date;
  /** Rejects when the signal fires. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** From 0 to 1. */
  random(): number;
  /** Fires when one try has taken too long. */
  tryTimeout?(ms: number): AbortSignal;
}

/**
 * 429 and 503 are tried again after their `Retry-After`, other 5xx and network errors after 0.5, 1 and 2 seconds, more or
 * less. Every request of a run can be sent twice: a role set again is the same, a person made again answers 409.
 */
export function createCall({
  log,
  signal,
  deadline,
  now,
  sleep,
  random,
  tryTimeout = AbortSignal.timeout,
}: CallNeeds): Call {
  return async ({ method, url, headers, body }) => {
    // Without the query, in which addresses of people stand.
    const { origin, pathname: path } = new URL(url);
    for (let attempt = 1; ; attempt += 1) {
      let waitMs = 500 * 2 ** (attempt - 1) * (0.5 + random());
      let failure: RequestFailed;
      signal.throwIfAborted();
      try {
        const answer = await fetch(url, {
          method,
          headers: { accept: 'application/json', 'user-agent': ROLE_SYNC_USER_AGENT, ...headers },
          signal: tryTimeout(REQUEST_MS),
          // What is followed loses its body or its credentials on the way.
          redirect: 'manual',
          ...(body !== undefined && { body }),
        });
        const text = await answer.text();
        if (answer.status >= 300 && answer.status < 400) {
          throw new RunStopped(
            `${method} ${origin}${path} is redirected to ${answer.headers.get('location')?.split('?')[0]}: set the address that answers by itself`,
          );
        }
        if (!isLater(answer.status) || attempt === TRIES) return { status: answer.status, body: readJson(text) };
        failure = new RequestFailed(`${method} ${path} answered ${answer.status}`, answer.status);
        waitMs = readRetryAfter(answer.headers.get('retry-after'), now()) ?? waitMs;
      } catch (error) {
        if (error instanceof RunStopped) throw error;
        failure = new RequestFailed(`${method} ${origin}${path}: ${reason(error)}`, null, {
          cause: error,
        });
        if (attempt === TRIES) throw failure;
      }
      if (now().getTime() + waitMs >= deadline.getTime()) throw failure;
      log.debug({ method, path, attempt, waitMs, why: failure.message }, 'tried again');
      await sleep(waitMs, signal);
    }
  };
}

const isLater = (status: number): boolean => status === 429 || status >= 500;

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Seconds or a date (RFC 9110, 10.2.3), as milliseconds from now. */
function readRetryAfter(value: string | null, now: Date): number | undefined {
  if (value === null) return undefined;
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - now.getTime();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** `fetch` says why in the cause. */
function reason(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: { message?: string; code?: string } };
  return cause?.message || cause?.code || message || String(error);
}

/** As `Promise.all(items.map(map))`, `width` at a time. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  width: number,
  map: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const i = next;
      next += 1;
      results[i] = await map(items[i]!);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  return results;
}
