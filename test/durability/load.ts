import { type Client, createClient, type Reply } from '../../bench/client.ts';
import { createConversations, type Step } from '../../bench/traffic/conversations.ts';
import { createRandom } from '../../bench/traffic/random.ts';
import {
  createRequests,
  type Door,
  doors,
  type RequestBody,
  spanIdOf,
  stamp,
  traceIdOf,
} from '../../bench/traffic/requests.ts';
import { createWords } from '../../bench/traffic/words.ts';

/** What was acknowledged, and so must be there exactly once as said here. */
export interface Expected {
  /** By id. */
  readonly observations: Map<string, ExpectedObservation>;
  /** By id; what the JSON door says about a trace by itself. */
  readonly traces: Map<string, { name: string; late: boolean }>;
  readonly scores: Map<string, { traceId: string; value: number }>;
  readonly deletedTraces: Set<string>;
  /** Traces that somebody wanted to delete and was not told that it is done: gone or not. */
  readonly doubtfulTraces: Set<string>;
}

export interface ExpectedObservation {
  readonly traceId: string;
  readonly step: Step;
  /** What a later update said; undefined when there was none. */
  seen?: string;
}

/** One request as bytes, and what it says once it is acknowledged. */
interface Sent {
  readonly method: 'POST' | 'DELETE';
  readonly path: string;
  readonly contentType: string;
  readonly bytes: Buffer;
  note(): void;
}

/** Bodies a door; two are on their way at once at the most. */
const BODIES = 12;
const UPDATED = 20;

export type Load = ReturnType<typeof createLoad>;

/** Traffic as SDKs send it, through every door, for many lives of a server. What a life left unacknowledged is sent again in the next. */
export function createLoad(seed: number) {
  const random = createRandom(seed);
  const next = createConversations(random, createWords(seed));
  const bodies = Object.fromEntries(doors.map((door) => [door, createRequests(door, next, BODIES)])) as Record<
    Door,
    RequestBody[]
  >;
  const expected: Expected = {
    observations: new Map(),
    traces: new Map(),
    scores: new Map(),
    deletedTraces: new Set(),
    doubtfulTraces: new Set(),
  };
  let sequence = 0;
  let unacknowledged: Sent[] = [];
  const figures = { requests: 0, refusals: 0, resent: 0, lastTraces: [] as string[] };
  /** Traces that may be scored, and those that may be deleted: never the same. */
  const scorable: string[] = [];
  const deletable: string[] = [];

  /** Stamps a free body and answers it as a request, the updates that may follow it, and what gives the body back. */
  function request(door: Door): { sent: Sent; update: Sent | null; giveBack(): void } {
    const body = bodies[door].shift()!;
    const mine = (sequence += 1);
    const endMs = Date.now();
    stamp(body, mine, endMs);
    const traceIds = body.traces.map((_, i) => traceIdOf(mine, i));
    const note = (): void => {
      body.spans.forEach(({ trace, step }, i) =>
        expected.observations.set(spanIdOf(mine, i), { traceId: traceIds[trace]!, step }),
      );
      if (door === 'json') {
        body.traces.forEach(({ name }, i) => expected.traces.set(traceIds[i]!, { name, late: false }));
      }
      figures.lastTraces = traceIds;
      deletable.push(traceIds[0]!);
      scorable.push(...traceIds.slice(1));
    };
    const { path, contentType } = body;
    // A copy: what is not acknowledged is sent again when the body has long been another request.
    const sent: Sent = { method: 'POST', path, contentType, bytes: Buffer.from(body.bytes), note };
    return {
      sent,
      update: door === 'json' ? updateOf(body, mine, endMs, traceIds) : null,
      giveBack: () => void bodies[door].push(body),
    };
  }

  function updateOf(body: RequestBody, mine: number, endMs: number, traceIds: readonly string[]): Sent {
    const timestamp = new Date(endMs + 1000).toISOString();
    const seen = `seen ${mine}`;
    // Not those of the first trace, which may be deleted.
    const updated = body.spans.flatMap(({ trace }, i) => (trace === 0 ? [] : [i])).slice(0, UPDATED);
    const batch = [
      ...updated.map((i) => ({
        id: `update-${spanIdOf(mine, i)}`,
        timestamp,
        type: body.spans[i]!.step.model === '' ? 'span-update' : 'generation-update',
        body: { id: spanIdOf(mine, i), traceId: traceIds[body.spans[i]!.trace], statusMessage: seen },
      })),
      {
        id: `late-${mine}`,
        timestamp,
        type: 'trace-create',
        body: { id: traceIds[1], tags: ['late'] },
      },
      {
        id: `event-score-${mine}`,
        timestamp,
        type: 'score-create',
        body: { id: `json-${mine}`, traceId: traceIds[1], name: 'json', value: mine },
      },
    ];
    return {
      method: 'POST',
      path: '/api/public/ingestion',
      contentType: 'application/json',
      bytes: Buffer.from(JSON.stringify({ batch })),
      note() {
        for (const i of updated) expected.observations.get(spanIdOf(mine, i))!.seen = seen;
        expected.traces.get(traceIds[1]!)!.late = true;
        expected.scores.set(`json-${mine}`, { traceId: traceIds[1]!, value: mine });
      },
    };
  }

  /** A new score, or another value of one that there is. */
  function score(): Sent | null {
    if (scorable.length === 0) return null;
    const known = [...expected.scores.keys()].filter((id) => id.startsWith('score-'));
    const id = known.length > 0 && random.chance(0.3) ? random.pick(known.slice(-50)) : `score-${(sequence += 1)}`;
    const traceId = expected.scores.get(id)?.traceId ?? random.pick(scorable.slice(-100));
    const value = random.between(1, 1_000_000);
    return {
      method: 'POST',
      path: '/api/public/scores',
      contentType: 'application/json',
      bytes: Buffer.from(JSON.stringify({ id, traceId, name: 'quality', value, comment: `is ${value}` })),
      note: () => void expected.scores.set(id, { traceId, value }),
    };
  }

  function deletion(): Sent | null {
    const traceId = deletable.shift();
    if (traceId === undefined) return null;
    expected.doubtfulTraces.add(traceId);
    return {
      method: 'DELETE',
      path: `/api/public/traces/${traceId}`,
      contentType: 'application/json',
      bytes: Buffer.alloc(0),
      note() {
        expected.doubtfulTraces.delete(traceId);
        expected.deletedTraces.add(traceId);
      },
    };
  }

  /** Sends until it is acknowledged. @throws when the server is gone: then it is kept for its next life */
  async function deliver(client: Client, sent: Sent): Promise<void> {
    for (;;) {
      let reply: Reply;
      try {
        reply =
          sent.method === 'DELETE'
            ? await client.delete(sent.path)
            : await client.post(sent.path, sent.contentType, sent.bytes);
      } catch (error) {
        unacknowledged.push(sent);
        throw error;
      }
      if (isTaken(reply)) break;
      if (reply.status !== 503 && reply.status !== 429) {
        throw new Wrong(`${sent.method} ${sent.path} answered ${reply.status}: ${reply.text.slice(0, 500)}`);
      }
      if (reply.retryAfterMs === 0) throw new Wrong(`${reply.status} without Retry-After: ${reply.text}`);
      figures.refusals += 1;
      await sleep(Math.min(500, reply.retryAfterMs));
    }
    figures.requests += 1;
    sent.note();
  }

  const senders: ((client: Client) => Promise<void>)[] = [
    ...doors.flatMap((door) => {
      const send = async (client: Client): Promise<void> => {
        const { sent, update, giveBack } = request(door);
        giveBack();
        await deliver(client, sent);
        if (update) await deliver(client, update);
      };
      return [send, send];
    }),
    async (client) => {
      const sent = score();
      if (sent) await deliver(client, sent);
      else await sleep(10);
    },
    async (client) => {
      const sent = deletion();
      if (sent) await deliver(client, sent);
      await sleep(150);
    },
  ];

  return {
    expected,
    figures,
    /** Resolves when so many requests have been acknowledged. */
    async acknowledged(requests: number): Promise<void> {
      while (figures.requests < requests) await sleep(5);
    },
    /** Sends through every door until the server is gone or `end` fires. @throws when an answer is none that exporters may see */
    async run(
      server: { url: string; authorization: string },
      end: AbortSignal = new AbortController().signal,
    ): Promise<void> {
      const again = unacknowledged;
      unacknowledged = [];
      figures.resent += again.length;
      const clients = senders.map(() => createClient(server));
      // Some senders wait for something to send and would not notice.
      const life = new AbortController();
      const over = AbortSignal.any([end, life.signal]);
      const outcomes = await Promise.allSettled(
        senders.map(async (send, i) => {
          const client = clients[i]!;
          try {
            for (let sent = again.shift(); sent; sent = again.shift()) await deliver(client, sent);
            while (!over.aborted) await send(client);
          } catch (error) {
            life.abort();
            if (error instanceof Wrong) throw error;
          }
        }),
      );
      unacknowledged.push(...again);
      for (const client of clients) client.close();
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    },
    /** Sends only what is left. */
    async settle(server: { url: string; authorization: string }): Promise<void> {
      await this.run(server, AbortSignal.abort());
      if (unacknowledged.length > 0) throw new Wrong(`${unacknowledged.length} requests could not be delivered`);
    },
  };
}

class Wrong extends Error {}

/** All of it: a batch of events answers 207 whatever became of them, an export may be taken in part. */
function isTaken({ status, text }: Reply): boolean {
  if (status === 207) {
    const { errors } = JSON.parse(text) as { errors: unknown[] };
    if (errors.length > 0) throw new Wrong(`Events were refused: ${text.slice(0, 500)}`);
  } else if (status === 200 && text.includes('partialSuccess'))
    throw new Wrong(`Spans were refused: ${text.slice(0, 500)}`);
  return status === 200 || status === 207;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
