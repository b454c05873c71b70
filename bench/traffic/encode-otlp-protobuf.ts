import { attributesOf, resourceAttributes, scope } from './attributes.ts';
import type { Conversation } from './conversations.ts';
import { binaryMarks as marks } from './marks.ts';

/** An ExportTraceServiceRequest in Protobuf (opentelemetry-proto 1.9; the numbers are its field numbers). */
export function encodeOtlpProtobuf(traces: readonly Conversation[]): Buffer {
  let first = 0;
  const spans = traces.flatMap((trace, traceIndex) => {
    const from = first;
    first += trace.steps.length;
    const place = (index: number): number => from + trace.steps.findIndex((step) => step.index === index);
    return trace.steps.map((step, i) =>
      bytes(2, [
        bytes(1, marks.traceId(traceIndex)),
        bytes(2, marks.spanId(from + i)),
        ...(step.parent === null ? [] : [bytes(4, marks.spanId(place(step.parent)))]),
        bytes(5, step.name),
        Buffer.from([6 << 3, 1]), // kind: internal
        fixed64(7, marks.start(from + i)),
        fixed64(8, marks.end(from + i)),
        ...attributesOf(trace, step).map((one) => attribute(9, one)),
        bytes(15, step.failed ? Buffer.from([3 << 3, 2]) : Buffer.alloc(0)),
      ]),
    );
  });
  const resource = bytes(
    1,
    resourceAttributes.map((one) => attribute(1, one)),
  );
  const scopeSpans = bytes(2, [bytes(1, [bytes(1, scope.name), bytes(2, scope.version)]), ...spans]);
  return bytes(1, [resource, scopeSpans]);
}

const attribute = (field: number, [key, value]: [string, string | readonly string[]]): Buffer =>
  bytes(field, [bytes(1, key), bytes(2, anyValue(value))]);

const anyValue = (value: string | readonly string[]): Buffer =>
  typeof value === 'string'
    ? bytes(1, value)
    : bytes(
        5,
        value.map((one) => bytes(1, bytes(1, one))),
      );

function bytes(field: number, content: string | Buffer | readonly Buffer[]): Buffer {
  const body =
    typeof content === 'string' ? Buffer.from(content) : Buffer.isBuffer(content) ? content : Buffer.concat(content);
  return Buffer.concat([varint((field << 3) | 2), varint(body.length), body]);
}

const fixed64 = (field: number, content: Buffer): Buffer => Buffer.concat([varint((field << 3) | 1), content]);

function varint(value: number): Buffer {
  const parts: number[] = [];
  let rest = value;
  while (rest > 127) {
    parts.push((rest & 127) | 128);
    rest >>>= 7;
  }
  parts.push(rest);
  return Buffer.from(parts);
}
