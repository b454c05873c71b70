import { mix32 } from './random.ts';
import type { Conversation, Step } from './conversations.ts';
import { encodeEvents } from './encode-events.ts';
import { encodeOtlpJson } from './encode-otlp-json.ts';
import { encodeOtlpProtobuf } from './encode-otlp-protobuf.ts';
import { findBinaryMarks, findTextMarks, type Mark } from './marks.ts';

/** The ways in: the OTLP route in its two encodings, and the batch of events of the older SDKs. */
export const doors = ['otlp-protobuf', 'otlp-json', 'json'] as const;
export type Door = (typeof doors)[number];

export const SPANS_PER_REQUEST = 100;

interface DoorFacts {
  readonly path: string;
  readonly contentType: string;
  /** A body of the traces with marks where ids and times go. */
  encode(traces: readonly Conversation[]): Buffer;
}

const facts: Record<Door, DoorFacts> = {
  'otlp-protobuf': {
    path: '/api/public/otel/v1/traces',
    contentType: 'application/x-protobuf',
    encode: encodeOtlpProtobuf,
  },
  'otlp-json': { path: '/api/public/otel/v1/traces', contentType: 'application/json', encode: encodeOtlpJson },
  json: { path: '/api/public/ingestion', contentType: 'application/json', encode: encodeEvents },
};

/**
 * A body encoded beforehand. Before each use it gets ids and times of its own (`stamp`), which costs microseconds, so that
 * a few hundred bodies serve for minutes and no id is ever sent twice.
 */
export interface RequestBody {
  readonly bytes: Buffer;
  readonly path: string;
  readonly contentType: string;
  readonly traces: readonly Conversation[];
  readonly spans: readonly { readonly trace: number; readonly step: Step }[];
  readonly slots: readonly Mark[];
}

/** Fills bodies of exactly 100 spans with whole traces. */
export function createRequests(
  door: Door,
  next: (observations?: number) => Conversation,
  count: number,
): RequestBody[] {
  const { encode, ...rest } = facts[door];
  return Array.from({ length: count }, () => {
    const traces = withSpans(next, SPANS_PER_REQUEST);
    const bytes = encode(traces);
    const spans = traces.flatMap(({ steps }, trace) => steps.map((step) => ({ trace, step })));
    return {
      ...rest,
      bytes,
      traces,
      spans,
      slots: (door === 'otlp-protobuf' ? findBinaryMarks : findTextMarks)(bytes),
    };
  });
}

/** Whole traces of so many spans together. */
export function withSpans(next: (observations?: number) => Conversation, spans: number): Conversation[] {
  const traces: Conversation[] = [];
  for (let left = spans; left > 0;) {
    const trace = left > 12 ? next() : next(left);
    const fits = left - trace.steps.length;
    // No trace of one or two is left over.
    if (fits !== 0 && fits < 3) continue;
    traces.push(trace);
    left = fits;
  }
  return traces;
}

/** Marks from this index on are those of a body that was sent before (mixed-events.ts). */
export const EARLIER = 0x10000;

/** Ids of the `sequence`th request as hex. Unique for 4 million requests. */
export const spanIdOf = (sequence: number, index: number): string => spanIdBytes(sequence, index).toString('hex');
export const traceIdOf = (sequence: number, index: number): string => traceIdBytes(sequence, index).toString('hex');

const spanIdBytes = (sequence: number, index: number): Buffer => idBytes(sequence * 1024 + index, 2);
const traceIdBytes = (sequence: number, index: number): Buffer => idBytes(sequence * 1024 + index + 512, 4);

function idBytes(seed: number, words: number): Buffer {
  const id = Buffer.allocUnsafe(words * 4);
  let word = seed;
  for (let i = 0; i < words; i += 1) {
    word = mix32(word + 1);
    id.writeUInt32BE(word, i * 4);
  }
  return id;
}

/** With what a body was sent. */
export interface Stamp {
  readonly sequence: number;
  readonly endMs: number;
}

/** Its traces end about at the stamp's time. */
function msOf(body: RequestBody, { endMs }: Stamp, index: number, side: 'startMs' | 'endMs'): number {
  const { trace, step } = body.spans[index]!;
  return endMs - body.traces[trace]!.steps.at(-1)!.endMs + step[side];
}

const nanos = (ms: number): bigint => BigInt(ms) * 1_000_000n;
const nanosBytes = (ms: number): Buffer => {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigUInt64LE(nanos(ms));
  return bytes;
};

const writers: Record<Mark['kind'], (body: RequestBody, stamp: Stamp, index: number) => Buffer | string> = {
  traceIdBytes: (_, { sequence }, index) => traceIdBytes(sequence, index),
  spanIdBytes: (_, { sequence }, index) => spanIdBytes(sequence, index),
  startBytes: (body, stamp, index) => nanosBytes(msOf(body, stamp, index, 'startMs')),
  endBytes: (body, stamp, index) => nanosBytes(msOf(body, stamp, index, 'endMs')),
  traceIdHex: (_, { sequence }, index) => traceIdOf(sequence, index),
  spanIdHex: (_, { sequence }, index) => spanIdOf(sequence, index),
  startNanos: (body, stamp, index) => String(nanos(msOf(body, stamp, index, 'startMs'))),
  endNanos: (body, stamp, index) => String(nanos(msOf(body, stamp, index, 'endMs'))),
  startIso: (body, stamp, index) => new Date(msOf(body, stamp, index, 'startMs')).toISOString(),
  endIso: (body, stamp, index) => new Date(msOf(body, stamp, index, 'endMs')).toISOString(),
  eventId: (_, { sequence }, index) => `${spanIdOf(sequence, index)}-${sequence}-${index}`.padEnd(36, '-'),
};

/** Writes the ids of request `sequence` and times that end at `endMs` (Unix milliseconds) into the body. */
export function stamp(
  body: RequestBody,
  sequence: number,
  endMs: number,
  earlier?: { body: RequestBody; stamp: Stamp },
): void {
  const { bytes } = body;
  const own = { body, stamp: { sequence, endMs } };
  for (const { at, kind, index } of body.slots) {
    const of = index < EARLIER || kind === 'eventId' ? own : earlier!;
    const value = writers[kind](of.body, of.stamp, index % EARLIER);
    if (typeof value === 'string') bytes.write(value, at, 'latin1');
    else value.copy(bytes, at);
  }
}
