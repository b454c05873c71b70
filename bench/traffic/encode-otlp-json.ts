import { attributesOf, resourceAttributes, scope } from './attributes.ts';
import type { Conversation } from './conversations.ts';
import { textMarks as marks } from './marks.ts';

const attribute = ([key, value]: [string, string | readonly string[]]) => ({
  key,
  value:
    typeof value === 'string'
      ? { stringValue: value }
      : { arrayValue: { values: value.map((stringValue) => ({ stringValue })) } },
});

/** An ExportTraceServiceRequest in JSON, as OpenTelemetry's exporter for JavaScript writes it. */
export function encodeOtlpJson(traces: readonly Conversation[]): Buffer {
  let first = 0;
  const spans = traces.flatMap((trace, traceIndex) => {
    const from = first;
    first += trace.steps.length;
    const place = (index: number): number => from + trace.steps.findIndex((step) => step.index === index);
    return trace.steps.map((step, i) => ({
      traceId: marks.traceId(traceIndex),
      spanId: marks.spanId(from + i),
      ...(step.parent !== null && { parentSpanId: marks.spanId(place(step.parent)) }),
      name: step.name,
      kind: 1,
      startTimeUnixNano: marks.startNanos(from + i),
      endTimeUnixNano: marks.endNanos(from + i),
      attributes: attributesOf(trace, step).map(attribute),
      droppedAttributesCount: 0,
      events: [],
      droppedEventsCount: 0,
      status: { code: step.failed ? 2 : 0 },
      links: [],
      droppedLinksCount: 0,
      flags: 257,
    }));
  });
  const resource = { attributes: resourceAttributes.map(attribute), droppedAttributesCount: 0 };
  return Buffer.from(JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ scope, spans }] }] }));
}
