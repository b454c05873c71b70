import type { Conversation, Step } from './conversations.ts';
import { aboutTrace, failure, valueOf } from './encode-events.ts';
import { findTextMarks, textMarks as marks } from './marks.ts';
import { EARLIER, type RequestBody, withSpans } from './requests.ts';

/** Events of a request by kind; the SDKs' mix: what begins is created, and updated when it ends, in a later request. */
const MIX = { creates: 40, updates: 40, traceUpserts: 20 } as const;
export const EVENTS_PER_REQUEST = MIX.creates + MIX.updates + MIX.traceUpserts;

export interface MixedBody extends RequestBody {
  /** Which conversations it begins; those another body ends. */
  readonly begins: number;
  /** Whose it ends; null for one that is sent before there are any. */
  readonly ends: number | null;
}

/**
 * Bodies to go round, `first` once before them: each begins conversations, and ends those begun `later` requests before.
 */
export function createMixedRequests(
  next: (observations?: number) => Conversation,
  count: number,
  later: number,
): { first: MixedBody[]; round: MixedBody[] } {
  const sets = Array.from({ length: count }, () => {
    // Half of the upserts are for traces that begin, each has one at least.
    for (;;) {
      const traces = withSpans(next, MIX.creates);
      if (traces.length <= MIX.traceUpserts / 2) return traces;
    }
  });
  const body = (begins: number, ends: number | null): MixedBody => {
    const traces = sets[begins]!;
    const bytes = encode(traces, ends === null ? [] : sets[ends]!);
    return {
      path: '/api/public/ingestion',
      contentType: 'application/json',
      bytes,
      traces,
      spans: traces.flatMap(({ steps }, trace) => steps.map((step) => ({ trace, step }))),
      slots: findTextMarks(bytes),
      begins,
      ends,
    };
  };
  return {
    first: Array.from({ length: later }, (_, i) => body(count - later + i, null)),
    round: Array.from({ length: count }, (_, i) => body(i, (i - later + count) % count)),
  };
}

function encode(begun: readonly Conversation[], ended: readonly Conversation[]): Buffer {
  let events = 0;
  const event = (type: string, timestamp: string, body: object) => ({
    id: marks.eventId((events += 1)),
    type,
    timestamp,
    body,
  });
  const batch = [
    ...traceEvents(begun, 0, ({ trace, id, at, round }) =>
      event(
        'trace-create',
        marks.startIso(at),
        round === 0 ? opening(trace, id, at) : { id, metadata: { step: round } },
      ),
    ),
    ...observations(begun, 0).map(({ trace, step, traceId, id, at, parent }) => {
      const isCall = step.model !== '';
      return event(isCall ? 'generation-create' : 'span-create', marks.startIso(at), {
        id,
        traceId,
        ...(parent !== null && { parentObservationId: parent }),
        name: step.name,
        startTime: marks.startIso(at),
        input: valueOf(step.input),
        environment: trace.environment,
        ...(isCall && { model: step.model, modelParameters: { temperature: 0.2, max_tokens: 1024 } }),
      });
    }),
    ...observations(ended, EARLIER).map(({ step, traceId, id, at }) => {
      const isCall = step.model !== '';
      return event(isCall ? 'generation-update' : 'span-update', marks.endIso(at), {
        id,
        traceId,
        endTime: marks.endIso(at),
        output: valueOf(step.output),
        ...(isCall && { usageDetails: step.usage }),
        ...failure(step),
      });
    }),
    ...traceEvents(ended, EARLIER, ({ trace, id, at }) =>
      event('trace-create', marks.endIso(at), { id, output: valueOf(trace.steps.at(-1)!.output) }),
    ),
  ];
  const metadata = { batch_size: batch.length, sdk_name: 'langfuse-js', sdk_version: '3.39.2' };
  return Buffer.from(JSON.stringify({ batch, metadata }));
}

const opening = (trace: Conversation, id: string, at: number): object => ({
  id,
  timestamp: marks.startIso(at),
  ...aboutTrace(trace),
});

/** Half of the upserts, round the traces. `at` is the place of the trace's root. */
function traceEvents<Event>(
  traces: readonly Conversation[],
  offset: number,
  event: (of: { trace: Conversation; id: string; at: number; round: number }) => Event,
): Event[] {
  if (traces.length === 0) return [];
  const roots = traces.map((_, i) => traces.slice(0, i + 1).reduce((sum, { steps }) => sum + steps.length, -1));
  return Array.from({ length: MIX.traceUpserts / 2 }, (_, k) => {
    const i = k % traces.length;
    const round = Math.floor(k / traces.length);
    return event({ trace: traces[i]!, id: marks.traceId(offset + i), at: offset + roots[i]!, round });
  });
}

interface Placed {
  trace: Conversation;
  step: Step;
  traceId: string;
  id: string;
  at: number;
  parent: string | null;
}

function observations(traces: readonly Conversation[], offset: number): Placed[] {
  let first = offset;
  return traces.flatMap((trace, traceIndex) => {
    const from = first;
    first += trace.steps.length;
    const place = (index: number): number => from + trace.steps.findIndex((step) => step.index === index);
    return trace.steps.map((step, i) => ({
      trace,
      step,
      traceId: marks.traceId(offset + traceIndex),
      id: marks.spanId(from + i),
      at: from + i,
      parent: step.parent === null ? null : marks.spanId(place(step.parent)),
    }));
  });
}
