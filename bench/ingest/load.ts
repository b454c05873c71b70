// The load, in a process of its own: its work is not the server's, and its CPU is reported beside the server's.
import { writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { createClient, type Client, type Reply } from '../client.ts';
import { cpuSecondsOf } from '../processes.ts';
import { createConversations } from '../traffic/conversations.ts';
import { createRandom } from '../traffic/random.ts';
import { createMixedRequests, EVENTS_PER_REQUEST, type MixedBody } from '../traffic/mixed-events.ts';
import {
  createRequests,
  type Door,
  type RequestBody,
  SPANS_PER_REQUEST,
  spanIdOf,
  stamp,
  type Stamp,
  traceIdOf,
} from '../traffic/requests.ts';
import { createWords } from '../traffic/words.ts';

export interface LoadPlan {
  url: string;
  authorization: string;
  serverPid: number;
  door: Door;
  seconds: number;
  warmupSeconds: number;
  connections: number;
  /** Different bodies; each is sent again with other ids and times. */
  bodies: number;
  /** JSON door: after how many requests an observation that was created is updated. */
  updatedAfter: number;
  seed: number;
  /** Ids follow from the number of a request: where another load has been, begin above it. */
  firstSequence: number;
  /** Of the requests, how many are followed by a read of one of their traces. */
  readShare: number;
  /** Spans, or events of the JSON door, a second, all connections together; 0 is as fast as it goes. */
  rate: number;
  /** Where the ids of the acknowledged spans go, 8 bytes each. */
  acknowledgedFile: string;
}

/** Times are milliseconds. The clock runs from the end of the warm-up. */
export interface LoadResult {
  acknowledgedSpans: number;
  /** The spans, or the events of the JSON door. */
  acknowledgedItems: number;
  /** With those of the warm-up. */
  allAcknowledgedSpans: number;
  allAcknowledgedItems: number;
  clockSeconds: number;
  /** Until everything was readable. */
  sustainedSeconds: number;
  serverCpuSeconds: number;
  loadCpuSeconds: number;
  ackMs: number[];
  visibleMs: number[];
  /** Reads right after an ack that did not see what was acknowledged. */
  misses: number;
  /** Answers 429 or 503; their requests were sent again. */
  refusals: number;
  samplesChecked: number;
  bodyBytesPerSpan: number;
  gzipBytesPerSpan: number;
}

/** A request that was answered with success. */
interface Acknowledged {
  readonly body: RequestBody;
  readonly sequence: number;
  /** Whether what it began was ended by a later one; undefined where each request is whole. */
  isEnded?: boolean;
}

const SAMPLES = 100;
const VISIBLE_TIMEOUT_MS = 60_000;

async function run(plan: LoadPlan): Promise<LoadResult> {
  const random = createRandom(plan.seed);
  const next = createConversations(random, createWords(plan.seed));
  const { first, round: bodies } =
    plan.door === 'json'
      ? createMixedRequests(next, Math.max(plan.bodies, 2 * plan.updatedAfter), plan.updatedAfter)
      : { first: [], round: createRequests(plan.door, next, plan.bodies) };
  const clients = Array.from({ length: plan.connections }, () => createClient(plan));
  const sender = createSender(plan, first, bodies);

  await drive(sender, clients, { ...plan, seconds: plan.warmupSeconds });
  const warm = sender.take();

  const cpuBefore = cpuSecondsOf(plan.serverPid);
  const ownBefore = process.cpuUsage();
  const started = performance.now();
  await drive(sender, clients, plan);
  const clockMs = sender.lastAckAt() - started;
  const own = process.cpuUsage(ownBefore);
  const timed = sender.take();
  await applied(clients, timed.acknowledged);
  const sustainedMs = performance.now() - started;
  const serverCpuSeconds = cpuSecondsOf(plan.serverPid) - cpuBefore;

  const all = [...warm.acknowledged, ...timed.acknowledged];
  const samplesChecked = await checkSamples(clients[0]!, random, all);
  for (const client of clients) client.close();
  await writeFile(plan.acknowledgedFile, idsOf(all));
  const packed = bodies.slice(0, 40).map(({ bytes }) => gzipSync(bytes, { level: 6 }).length);
  return {
    acknowledgedSpans: spansOf(timed.acknowledged),
    acknowledgedItems: timed.acknowledged.length * itemsPerRequest(plan.door),
    allAcknowledgedSpans: spansOf(all),
    allAcknowledgedItems: all.length * itemsPerRequest(plan.door),
    clockSeconds: clockMs / 1000,
    sustainedSeconds: sustainedMs / 1000,
    serverCpuSeconds,
    loadCpuSeconds: (own.user + own.system) / 1e6,
    ackMs: timed.ackMs,
    visibleMs: timed.visibleMs,
    misses: timed.misses + warm.misses,
    refusals: timed.refusals,
    samplesChecked,
    bodyBytesPerSpan: mean(bodies.map(({ bytes }) => bytes.length)) / bodies[0]!.spans.length,
    gzipBytesPerSpan: mean(packed) / bodies[0]!.spans.length,
  };
}

const spansOf = (acknowledged: readonly Acknowledged[]): number =>
  acknowledged.reduce((sum, { body }) => sum + body.spans.length, 0);
const itemsPerRequest = (door: Door): number => (door === 'json' ? EVENTS_PER_REQUEST : SPANS_PER_REQUEST);

/** What a body of the JSON door has begun, last time it was sent. */
interface Begun {
  stamp: Stamp;
  acknowledged: Promise<Acknowledged>;
}

function createSender(
  { readShare, seed, firstSequence }: LoadPlan,
  first: readonly MixedBody[],
  round: readonly RequestBody[],
) {
  const random = createRandom(seed + 1);
  const free: (RequestBody & Partial<MixedBody>)[] = [...first, ...round];
  const onlyOnce = new Set<RequestBody>(first);
  const begun = new Map<number, Begun>();
  const empty = () => ({
    acknowledged: [] as Acknowledged[],
    ackMs: [] as number[],
    visibleMs: [] as number[],
    misses: 0,
    refusals: 0,
  });
  let seen = empty();
  let sequence = firstSequence;
  let lastAck = 0;
  return {
    /** Sends one request until it is acknowledged, and perhaps reads one of its traces. */
    async send(client: Client): Promise<void> {
      const body = free.shift();
      if (!body) throw new Error('There are fewer bodies than connections');
      const own: Stamp = { sequence: (sequence += 1), endMs: Date.now() };
      const done = Promise.withResolvers<Acknowledged>();
      const { begins, ends } = body;
      const earlier = begun.get(ends ?? -1);
      if (begins !== undefined) begun.set(begins, { stamp: own, acknowledged: done.promise });
      // Taken before, so that nobody waits for one that waits for it.
      const ended = await earlier?.acknowledged;
      const before = ended && earlier ? { body: ended.body, stamp: earlier.stamp } : undefined;
      stamp(body, own.sequence, own.endMs, before);
      const began = performance.now();
      for (let reply = await client.post(body.path, body.contentType, body.bytes); !isSuccess(reply);) {
        if (reply.status !== 429 && reply.status !== 503) throw new Error(`Answered ${reply.status}: ${reply.text}`);
        seen.refusals += 1;
        await sleep(Math.max(50, reply.retryAfterMs));
        reply = await client.post(body.path, body.contentType, body.bytes);
      }
      lastAck = performance.now();
      seen.ackMs.push(lastAck - began);
      const acknowledged: Acknowledged = {
        body,
        sequence: own.sequence,
        ...(begins !== undefined && { isEnded: false }),
      };
      seen.acknowledged.push(acknowledged);
      if (ended) ended.isEnded = true;
      done.resolve(acknowledged);
      if (random.chance(readShare)) {
        const acked = performance.now();
        const which = ended && random.chance(0.5) ? ended : acknowledged;
        const trace = random.between(0, which.body.traces.length - 1);
        seen.misses += await readUntilVisible(client, which, trace);
        seen.visibleMs.push(performance.now() - acked);
      }
      if (!onlyOnce.has(body)) free.push(body);
    },
    lastAckAt: () => lastAck,
    /** What happened since it was last asked. */
    take() {
      const taken = seen;
      seen = empty();
      return taken;
    },
  };
}

/** A batch of events answers 207 whatever became of them; an export may be taken in part. */
function isSuccess({ status, text }: Reply): boolean {
  if (status === 207) {
    const { errors } = JSON.parse(text) as { errors: unknown[] };
    if (errors.length > 0) throw new Error(`Events were refused: ${text.slice(0, 500)}`);
    return true;
  }
  if (status !== 200) return false;
  // An ExportTraceServiceResponse without a partial success is empty, in either encoding.
  if (text !== '' && text !== '{}') throw new Error(`Spans were refused: ${text.slice(0, 500)}`);
  return true;
}

/** Reads by id; answers how often the trace was not there as acknowledged. */
async function readUntilVisible(
  client: Client,
  { body, sequence, isEnded }: Acknowledged,
  trace: number,
): Promise<number> {
  const path = `/api/public/traces/${traceIdOf(sequence, trace)}`;
  const deadline = performance.now() + VISIBLE_TIMEOUT_MS;
  for (let misses = 0; ; misses += 1) {
    const { status, text } = await client.get(path, { fields: 'core,observations' });
    if (status === 200) {
      const { observations } = JSON.parse(text) as { observations: { endTime: string | null }[] };
      const isWhole = observations.length === body.traces[trace]!.steps.length;
      if (isWhole && (isEnded !== true || observations.every(({ endTime }) => endTime !== null))) return misses;
    }
    if (status !== 200 && status !== 404 && status !== 503) throw new Error(`A read answered ${status}: ${text}`);
    if (performance.now() > deadline) throw new Error(`${path} was acknowledged and is not visible: ${status} ${text}`);
    await sleep(20);
  }
}

/** Each connection sends one request after the other, or at its share of the rate. */
async function drive(
  sender: ReturnType<typeof createSender>,
  clients: readonly Client[],
  { seconds, rate, door }: Pick<LoadPlan, 'seconds' | 'rate' | 'door'>,
): Promise<void> {
  const end = performance.now() + seconds * 1000;
  const gapMs = rate > 0 ? (itemsPerRequest(door) * clients.length * 1000) / rate : 0;
  await Promise.all(
    clients.map(async (client, i) => {
      let due = performance.now() + (gapMs * i) / clients.length;
      while (performance.now() < end) {
        if (due > performance.now()) await sleep(due - performance.now());
        due += gapMs;
        await sender.send(client);
      }
    }),
  );
}

/** Rows are applied in the order of their acks, and a read of a trace waits for its rows: so the last ones tell. */
async function applied(clients: readonly Client[], acknowledged: readonly Acknowledged[]): Promise<void> {
  const last = acknowledged.slice(-clients.length);
  await Promise.all(last.map((each, i) => readUntilVisible(clients[i]!, each, each.body.traces.length - 1)));
}

/** Payloads of some observations, read by id. @throws when one is not what was sent */
async function checkSamples(
  client: Client,
  random: ReturnType<typeof createRandom>,
  acknowledged: readonly Acknowledged[],
): Promise<number> {
  const count = Math.min(SAMPLES, acknowledged.length);
  for (let i = 0; i < count; i += 1) {
    const { body, sequence, isEnded = true } = random.pick(acknowledged);
    const index = random.between(0, body.spans.length - 1);
    const { trace, step } = body.spans[index]!;
    const id = spanIdOf(sequence, index);
    const { status, text } = await client.get(`/api/public/x/observations/${id}`, {
      traceId: traceIdOf(sequence, trace),
    });
    if (status !== 200) throw new Error(`Observation ${id} was acknowledged; reading it answers ${status}: ${text}`);
    const { input, output, name } = JSON.parse(text) as { input: string; output: string | null; name: string };
    const isOutputRight = isEnded ? isSame(output ?? '', step.output) : (output ?? '') === '';
    if (!isSame(input, step.input) || !isOutputRight || name !== step.name) {
      throw new Error(`Observation ${id} is not what was sent: ${text}`);
    }
  }
  return count;
}

/** As text, or as the JSON values that the texts stand for. */
const isSame = (read: string, sent: string): boolean =>
  read === sent || (/^[[{]/.test(sent) && JSON.stringify(JSON.parse(read)) === JSON.stringify(JSON.parse(sent)));

const idsOf = (acknowledged: readonly Acknowledged[]): Buffer =>
  Buffer.concat(
    acknowledged.flatMap(({ body, sequence }) =>
      body.spans.map((_, index) => Buffer.from(spanIdOf(sequence, index), 'hex')),
    ),
  );

const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

process.stdout.write(JSON.stringify(await run(JSON.parse(process.argv[2]!) as LoadPlan)));
