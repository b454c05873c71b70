import { readdirSync, readFileSync } from 'node:fs';
import { compress, spoilBytes } from './byte-mutations.ts';
import { spoil, write } from './json-mutations.ts';
import { spoilProtobuf, varint } from './protobuf-mutations.ts';
import { createRandom, type Random } from './random.ts';

export type DoorName = 'otlp-protobuf' | 'otlp-json' | 'json' | 'scores' | 'browser';
export const doorNames: readonly DoorName[] = ['otlp-protobuf', 'otlp-json', 'json', 'scores', 'browser'];

/** How a body is brought: at once, without saying how long it is, in pieces with pauses, or not to its end. */
export type Delivery = 'whole' | 'chunked' | 'pieces' | 'aborted';

/** One request to send. `survivor` is the id of a good item in it that must be stored whatever is beside it. */
export interface HostileRequest {
  path: string;
  headers: Record<string, string>;
  body: Buffer;
  survivor: string | undefined;
  delivery: Delivery;
  /** With the public key alone, as browsers do. */
  publicKeyAlone: boolean;
}

/** The name all survivors have. */
export const survivorName = (door: DoorName): string => `survivor-${door}`;

/** The trace of all good scores. */
export const scoredTrace = 'trace-of-survivors';

interface Door {
  /** The first is taken most of the time. */
  paths: readonly string[];
  contentType: string;
  make(random: Random, survivor: string): { body: Buffer; survives: boolean };
  /** Whether it reads `Content-Encoding`. */
  inflates: boolean;
  publicKeyAlone?: boolean;
}

const otlpPaths = ['/api/public/otel/v1/traces', '/v1/traces'];

const recordings = readdirSync(new URL('../../fixtures/', import.meta.url)).map(
  (file) =>
    JSON.parse(readFileSync(new URL(`../../fixtures/${file}`, import.meta.url), 'utf8')) as {
      requests: { signal?: string; body: { json?: { resourceSpans: unknown[] }; base64?: string } }[];
    },
);
const bodies = recordings.flatMap(({ requests }) =>
  requests.filter(({ signal }) => signal === undefined).map(({ body }) => body),
);
const jsonExports = bodies.flatMap(({ json }) => (json ? [json] : []));
const protobufExports = bodies.flatMap(({ base64 }) => (base64 === undefined ? [] : [Buffer.from(base64, 'base64')]));

export const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return false;
    throw error;
  }
};

/** What is spoilt stands before and behind the good one, which no spoiler touches. */
function spoiltList(good: unknown, others: unknown[], around: (list: string) => string, random: Random) {
  if (random.chance(0.2)) {
    const text = around([...others, good].map(write).join(','));
    return { body: spoilBytes(Buffer.from(text), random), survives: false };
  }
  if (random.chance(0.05)) return { body: Buffer.from(write(spoil({ a: others, b: good }, random))), survives: false };
  const spoilt = others.map((other) => spoil(structuredClone(other), random));
  spoilt.splice(random.below(spoilt.length + 1), 0, good);
  const text = around(spoilt.map(write).join(','));
  return { body: Buffer.from(text), survives: isJson(text) };
}

const span = (door: DoorName, traceId: string, spanId: string) => ({
  traceId,
  spanId,
  name: survivorName(door),
  startTimeUnixNano: `${Date.now()}000000`,
  endTimeUnixNano: `${Date.now() + 5}000000`,
});

const length = (number: number, raw: Buffer): Buffer =>
  Buffer.concat([varint(number * 8 + 2), varint(raw.length), raw]);
const time = (number: number): Buffer => {
  const raw = Buffer.alloc(9);
  raw[0] = number * 8 + 1;
  raw.writeBigUInt64LE(BigInt(Date.now()) * 1_000_000n, 1);
  return raw;
};

/** A ResourceSpans of one span, as field 1 of an export: messages of protobuf can be put one behind the other. */
const protobufSpan = (traceId: string, spanId: string): Buffer => {
  const inside = Buffer.concat([
    length(1, Buffer.from(traceId, 'hex')),
    length(2, Buffer.from(spanId, 'hex')),
    length(5, Buffer.from(survivorName('otlp-protobuf'))),
    time(7),
    time(8),
  ]);
  return length(1, length(2, length(2, inside)));
};

const now = (): string => new Date().toISOString();

/** Batches as the SDKs before OpenTelemetry send them. */
function recordedEvents(random: Random): unknown[] {
  const trace = random.hex(32);
  const observation = random.hex(16);
  const event = (type: string, body: unknown) => ({ id: random.hex(32), type, timestamp: now(), body });
  const usage = { input: 10, output: 5, total: 15, unit: 'TOKENS', inputCost: 0.01, outputCost: 0.02, totalCost: 0.03 };
  const generation = {
    id: observation,
    traceId: trace,
    name: 'chat',
    startTime: now(),
    endTime: now(),
    completionStartTime: now(),
    model: 'gpt-4o-mini',
    modelParameters: { temperature: 0.2, stop: ['x'] },
    input: [{ role: 'user', content: 'Where is my refund?' }],
    output: { role: 'assistant', content: 'On its way.' },
    usage,
    usageDetails: { input: 10, output: 5 },
    costDetails: { input: 0.01 },
    metadata: { a: { b: [1, { c: null }] }, tier: 'gold' },
    level: 'DEFAULT',
    version: '1',
    promptName: 'support',
    promptVersion: 3,
    parentObservationId: null,
    environment: 'production',
  };
  return random.pick([
    () => [
      event('trace-create', {
        id: trace,
        timestamp: now(),
        name: 'turn',
        userId: 'ada',
        sessionId: 's-1',
        tags: ['a', 'b'],
        metadata: { k: { d: 1 } },
        public: true,
        input: 'in',
        output: { o: 1 },
        release: 'r',
        version: 'v',
      }),
      event('generation-create', generation),
      event('generation-update', {
        id: observation,
        traceId: trace,
        endTime: now(),
        output: 'more',
        usageDetails: {
          prompt_tokens: 3,
          completion_tokens: 4,
          total_tokens: 7,
          prompt_tokens_details: { cached_tokens: 1 },
        },
      }),
    ],
    () => [
      event('span-create', {
        id: observation,
        traceId: trace,
        name: 'step',
        startTime: now(),
        metadata: 'bare',
        input: 1,
      }),
      event('span-update', {
        id: observation,
        traceId: trace,
        endTime: now(),
        level: 'ERROR',
        statusMessage: 'failed',
      }),
    ],
    () => [
      event('event-create', { id: observation, traceId: trace, name: 'click', startTime: now() }),
      event('score-create', { id: random.hex(8), traceId: trace, name: 'quality', value: 0.5, metadata: { why: 'x' } }),
    ],
    () => [
      event('observation-create', {
        id: observation,
        traceId: trace,
        type: 'GENERATION',
        name: 'old',
        startTime: now(),
      }),
      event('sdk-log', { log: { level: 'error' } }),
    ],
    () => [
      event('tool-create', { ...generation, promptName: null, promptVersion: null }),
      event('trace-create', { id: trace, metadata: [1, 2] }),
    ],
  ])();
}

function recordedScores(random: Random): unknown[] {
  const traceId = random.hex(32);
  return random.pick([
    () => [{ traceId, name: 'quality', value: 0.5 }],
    () => [
      {
        id: random.hex(8),
        traceId,
        observationId: random.hex(16),
        name: 'label',
        value: 'good',
        dataType: 'CATEGORICAL',
        comment: 'c',
        metadata: { a: [1] },
      },
    ],
    () => [
      { sessionId: 's', name: 'ok', value: 1, dataType: 'BOOLEAN' },
      { traceId, name: 'output', value: 'better', dataType: 'CORRECTION' },
    ],
    () => [{ traceId, name: 'text', value: 'words', dataType: 'TEXT', environment: 'production', timestamp: now() }],
  ])();
}

const doors: Record<DoorName, Door> = {
  'otlp-protobuf': {
    paths: otlpPaths,
    contentType: 'application/x-protobuf',
    inflates: true,
    make(random, survivor) {
      const recorded = random.pick(protobufExports);
      const good = protobufSpan(random.hex(32), survivor);
      if (random.chance(0.4)) return { body: spoilBytes(Buffer.concat([recorded, good]), random), survives: false };
      return {
        body: Buffer.concat(
          random.chance(0.5) ? [spoilProtobuf(recorded, random), good] : [good, spoilProtobuf(recorded, random)],
        ),
        survives: true,
      };
    },
  },
  'otlp-json': {
    paths: otlpPaths,
    contentType: 'application/json',
    inflates: true,
    make: (random, survivor) =>
      spoiltList(
        { scopeSpans: [{ spans: [span('otlp-json', random.hex(32), survivor)] }] },
        random.pick(jsonExports).resourceSpans,
        (list) => `{"resourceSpans":[${list}]}`,
        random,
      ),
  },
  json: {
    paths: ['/api/public/ingestion'],
    contentType: 'application/json',
    inflates: false,
    make: (random, survivor) =>
      spoiltList(
        {
          id: random.hex(32),
          type: 'span-create',
          timestamp: now(),
          body: { id: survivor, traceId: random.hex(32), name: survivorName('json'), startTime: now() },
        },
        recordedEvents(random),
        (list) => `{"batch":[${list}],"metadata":{"sdk_version":"2"}}`,
        random,
      ),
  },
  scores: {
    paths: ['/api/public/scores'],
    contentType: 'application/json',
    inflates: false,
    make: (random, survivor) =>
      spoiltList(
        { id: survivor, traceId: scoredTrace, name: survivorName('scores'), value: 1 },
        recordedScores(random),
        (list) => `[${list}]`,
        random,
      ),
  },
  browser: {
    paths: ['/api/public/ingestion'],
    contentType: 'application/json',
    inflates: false,
    publicKeyAlone: true,
    make: (random, survivor) => {
      const event = (id: string, body: unknown) => ({ id, type: 'score-create', timestamp: now(), body });
      return spoiltList(
        event(random.hex(32), { id: survivor, traceId: scoredTrace, name: survivorName('browser'), value: 1 }),
        // A browser may send nothing but scores; the rest must be refused beside them.
        random.chance(0.3)
          ? recordedEvents(random)
          : recordedScores(random).map((score) => event(random.hex(32), score)),
        (list) => `{"batch":[${list}]}`,
        random,
      );
    },
  },
};

const strangeHeaders: readonly Record<string, string>[] = [
  { 'content-type': 'text/plain' },
  { 'content-type': 'application/x-protobuf; charset=utf-8' },
  { 'content-type': `application/json; x=${'y'.repeat(4000)}` },
  { 'x-langfuse-ingestion-version': '99' },
  { 'x-langfuse-ingestion-version': '1e9' },
  { 'x-langfuse-sdk-name': '\u00ff\u0080', 'x-langfuse-sdk-version': "'; --" },
  { 'x-langfuse-sdk-name': 'x'.repeat(8000) },
];

/** Request number `index` of a door under a seed: always the same but for the times in it. */
export function hostileRequest(name: DoorName, seed: string, index: number): HostileRequest {
  const random = createRandom(`${seed} ${name} ${index}`);
  const door = doors[name];
  const survivor = `5${random.hex(15)}`;
  const { body, survives } = door.make(random, survivor);
  const headers: Record<string, string> = { 'content-type': door.contentType };
  const sent =
    door.inflates || random.chance(0.05) ? compress(body, random) : { body, encoding: undefined, right: true };
  if (sent.encoding !== undefined) headers['content-encoding'] = sent.encoding;
  const strange = random.chance(0.02);
  if (strange) Object.assign(headers, random.pick(strangeHeaders));
  const right = sent.right && (door.inflates || sent.body === body);
  return {
    path: random.chance(0.9) ? door.paths[0]! : random.pick(door.paths),
    headers,
    body: sent.body,
    survivor: survives && right && !strange ? survivor : undefined,
    delivery: random.chance(0.9) ? 'whole' : random.pick(['chunked', 'pieces', 'aborted']),
    publicKeyAlone: door.publicKeyAlone ?? false,
  };
}
