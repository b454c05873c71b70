import type { Conversation, Step } from './conversations.ts';
import { textMarks as marks } from './marks.ts';

/**
 * A batch of the SDKs before OpenTelemetry: a trace is created before its observations; a model call is created when it
 * starts and updated when it has ended.
 */
export function encodeEvents(traces: readonly Conversation[]): Buffer {
  let first = 0;
  let events = 0;
  const batch = traces.flatMap((trace, traceIndex) => {
    const from = first;
    first += trace.steps.length;
    const place = (index: number): number => from + trace.steps.findIndex((step) => step.index === index);
    const rootAt = place(0);
    const event = (type: string, timestamp: string, body: object) => ({
      id: marks.eventId((events += 1)),
      type,
      timestamp,
      body,
    });
    const traceId = marks.traceId(traceIndex);
    const observations = trace.steps.flatMap((step, i) => {
      const id = marks.spanId(from + i);
      const created = {
        id,
        traceId,
        ...(step.parent !== null && { parentObservationId: marks.spanId(place(step.parent)) }),
        name: step.name,
        startTime: marks.startIso(from + i),
        input: valueOf(step.input),
        environment: trace.environment,
      };
      const ended = { endTime: marks.endIso(from + i), output: valueOf(step.output), ...failure(step) };
      if (step.model === '') return [event('span-create', marks.endIso(from + i), { ...created, ...ended })];
      const call = { model: step.model, modelParameters: { temperature: 0.2, max_tokens: 1024 } };
      return [
        event('generation-create', marks.startIso(from + i), { ...created, ...call }),
        event('generation-update', marks.endIso(from + i), { id, traceId, ...ended, usageDetails: step.usage }),
      ];
    });
    const root = trace.steps.at(-1)!;
    const said = {
      id: traceId,
      timestamp: marks.startIso(rootAt),
      ...aboutTrace(trace),
      output: valueOf(root.output),
    };
    return [event('trace-create', marks.startIso(rootAt), said), ...observations];
  });
  const metadata = {
    batch_size: batch.length,
    sdk_integration: 'default',
    sdk_name: 'langfuse-js',
    sdk_version: '3.39.2',
  };
  return Buffer.from(JSON.stringify({ batch, metadata }));
}

/** What is said of a trace when it begins, but for its id. */
export const aboutTrace = (trace: Conversation) => ({
  name: trace.name,
  userId: trace.userId,
  sessionId: trace.sessionId,
  environment: trace.environment,
  release: trace.release,
  tags: trace.tags,
  metadata: trace.metadata,
  input: valueOf(trace.steps.at(-1)!.input),
});

export const failure = ({ failed }: Step): object =>
  failed ? { level: 'ERROR', statusMessage: 'upstream timed out' } : {};

/** The SDK sends values, not their JSON marks. */
export const valueOf = (payload: string): unknown => (/^[[{]/.test(payload) ? JSON.parse(payload) : payload);
