/*
 * The probe: a trace that goes through the door as a client's does and is read back by id, in the list and in a
 * metric, once a minute. It finds what no part can know of itself: that data is accepted and not seen.
 */
import type { Logger } from 'pino';

/** Always the same trace and span, so that what is stored is overwritten and never grows. */
const TRACE_ID = '70726f62652d747261636568f75e0001';
const SPAN_ID = '70726f62652d0001';

/** After so many intervals without a success the probe is stale: one lost trace alone raises no alarm. */
const STALE_INTERVALS = 2;
/** After a failure it is tried again sooner than the interval, by this factor. */
const RETRY_FACTOR = 4;
/** As long as a read waits at the barrier at the most. */
const RUN_TIMEOUT_MS = 30_000;

/** Sends a request to the product as a client does, with a real key. Rejects when there is no answer in time. */
export type Send = (
  method: 'GET' | 'POST',
  path: string,
  options: { body?: unknown; signal: AbortSignal },
) => Promise<{ status: number; body: unknown }>;

/** Over HTTP, as a client does. `origin` has no slash at its end. */
export const sendTo =
  (origin: string, { publicKey, secretKey }: { publicKey: string; secretKey: string }): Send =>
  async (method, path, { body, signal }) => {
    const answer = await fetch(`${origin}${path}`, {
      method,
      headers: {
        authorization: `Basic ${btoa(`${publicKey}:${secretKey}`)}`,
        'content-type': 'application/json',
        'x-langfuse-sdk-name': 'tracehouse-probe',
      },
      signal,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: await answer.json() };
  };

export interface ProbeState {
  /** Milliseconds since the newest trace that was read back was sent; before the first, since the probe started. */
  ageMs: number;
  /** Of the last success, from sending to having read it each way; null before the first. */
  latencyMs: number | null;
  successes: number;
  failures: number;
  /** Why the probe is stale, a sentence; empty while it is not. */
  problem: string;
}

export type Probe = ReturnType<typeof createProbe>;

/** `clockMs` counts milliseconds from any point and never jumps. */
export function createProbe({
  send,
  intervalMs,
  log,
  now,
  newId,
  clockMs = () => performance.now(),
}: {
  send: Send;
  intervalMs: number;
  log: Pick<Logger, 'info' | 'warn'>;
  now: () => Date;
  newId: () => string;
  clockMs?: () => number;
}) {
  let freshMs = clockMs();
  let latencyMs: number | null = null;
  let successes = 0;
  let failures = 0;
  let failure = '';
  let timer: NodeJS.Timeout | null = null;
  const stopped = new AbortController();

  async function run(): Promise<void> {
    const sentMs = clockMs();
    const signal = AbortSignal.any([stopped.signal, AbortSignal.timeout(RUN_TIMEOUT_MS)]);
    try {
      await roundTrip({ send: (method, path, body) => send(method, path, { body, signal }), now, mark: newId() });
      freshMs = sentMs;
      latencyMs = clockMs() - sentMs;
      successes += 1;
      if (failure !== '') log.info({ latencyMs }, 'the probe reads its trace back again');
      failure = '';
    } catch (error) {
      if (stopped.signal.aborted) return;
      failures += 1;
      const message = signal.aborted ? `no answer within ${RUN_TIMEOUT_MS / 1000} s` : messageOf(error);
      if (failure === '') log.warn({ problem: message }, 'the probe did not read its trace back');
      failure = message;
    }
  }

  const loop = async (): Promise<void> => {
    await run();
    if (stopped.signal.aborted) return;
    timer = setTimeout(() => void loop(), failure === '' ? intervalMs : intervalMs / RETRY_FACTOR);
  };

  return {
    start(): void {
      freshMs = clockMs();
      void loop();
    },
    /** One trace there and back, now; a failure is in the state. */
    run,
    state(): ProbeState {
      const ageMs = clockMs() - freshMs;
      const isStale = ageMs > STALE_INTERVALS * intervalMs;
      const what = `No trace of the probe was read back for ${Math.round(ageMs / 1000)} s`;
      const problem = isStale ? `${what}: ${failure || 'the last one is still under way'}` : '';
      return { ageMs, latencyMs, successes, failures, problem };
    },
    stop(): void {
      stopped.abort();
      if (timer !== null) clearTimeout(timer);
    },
  };
}

/** @throws when the trace is not taken, or not read back as it was sent */
async function roundTrip({
  send,
  now,
  mark,
}: {
  send: (method: 'GET' | 'POST', path: string, body?: unknown) => Promise<{ status: number; body: unknown }>;
  now: () => Date;
  /** What tells this trace from the one it overwrites. */
  mark: string;
}): Promise<void> {
  // The sort key holds the hour of the start: one start a month is one row a month, in a partition that is there anyway.
  const at = now();
  const startMs = Date.UTC(at.getUTCFullYear(), at.getUTCMonth());
  const ask = async (method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown> => {
    const answer = await send(method, path, body);
    if (answer.status === 200) return answer.body;
    const { message = '' } = (answer.body ?? {}) as { message?: string };
    throw new Error(`${method} ${path.split('?')[0]} answered ${answer.status} ${message}`.trim());
  };

  await ask('POST', '/api/public/otel/v1/traces', exportOf(startMs, mark));
  // Narrow field groups: half the CPU time of a run is what they leave out.
  const trace = (await ask('GET', `/api/public/traces/${TRACE_ID}?fields=core,io`)) as { output?: unknown };
  if (trace.output !== mark) throw new Error('the trace was accepted, and reading it by id answers an older one');
  const range = `fromStartTime=${iso(startMs)}&toStartTime=${iso(startMs + 1000)}`;
  const list = (await ask('GET', `/api/public/v2/observations?${range}&fields=core,io&limit=1`)) as Listed;
  if (list.data?.[0]?.output !== mark) throw new Error('the trace was accepted and is not in the list');
  const query = encodeURIComponent(JSON.stringify(countByVersion(startMs)));
  const { data: counts = [] } = (await ask('GET', `/api/public/v2/metrics?query=${query}`)) as Counted;
  if (counts.length !== 1 || counts[0]?.version !== mark || Number(counts[0].count_count) !== 1) {
    throw new Error('the trace was accepted, and metrics do not count it once');
  }
}

interface Listed {
  data?: { output?: unknown }[];
}
interface Counted {
  data?: { version?: unknown; count_count?: unknown }[];
}

const countByVersion = (startMs: number) => ({
  view: 'observations',
  dimensions: [{ field: 'version' }],
  metrics: [{ measure: 'count', aggregation: 'count' }],
  filters: [],
  fromTimestamp: iso(startMs),
  toTimestamp: iso(startMs + 1000),
});

const iso = (ms: number): string => new Date(ms).toISOString();

const exportOf = (startMs: number, mark: string) => ({
  resourceSpans: [
    {
      resource: { attributes: [] },
      scopeSpans: [
        {
          scope: { name: 'tracehouse-probe' },
          spans: [
            {
              traceId: TRACE_ID,
              spanId: SPAN_ID,
              name: 'probe',
              kind: 1,
              startTimeUnixNano: `${startMs}000000`,
              endTimeUnixNano: `${startMs + 1}000000`,
              attributes: ['langfuse.observation.output', 'langfuse.version'].map((key) => ({
                key,
                value: { stringValue: mark },
              })),
            },
          ],
        },
      ],
    },
  ],
});

/** `fetch` says why in the cause. */
function messageOf(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: { message?: string } };
  return (cause?.message ?? message ?? String(error)).slice(0, 300);
}
