import type { Micros } from '../observation.ts';

/** For tests: the id of the span. */
export const spanId = 'c'.repeat(16);

/** For tests: the body of an export of one span of a second, with text attributes, and its content type. */
export function encodedSpan(
  encoding: 'protobuf' | 'json',
  { traceId, at, attributes }: { traceId: string; at: Micros; attributes: Readonly<Record<string, string>> },
): { body: string | Buffer; type: string } {
  const [start, end] = [BigInt(at) * 1000n, BigInt(at + 1_000_000) * 1000n];
  if (encoding === 'json') {
    const span = {
      traceId,
      spanId,
      name: 'span',
      startTimeUnixNano: String(start),
      endTimeUnixNano: String(end),
      attributes: Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } })),
    };
    return {
      body: JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] }),
      type: 'application/json',
    };
  }
  const span = [
    field(1, Buffer.from(traceId, 'hex')),
    field(2, Buffer.from(spanId, 'hex')),
    field(5, Buffer.from('span')),
    fixed64(7, start),
    fixed64(8, end),
    ...Object.entries(attributes).map(([key, text]) =>
      field(9, Buffer.concat([field(1, Buffer.from(key)), field(2, field(1, Buffer.from(text)))])),
    ),
  ];
  return { body: field(1, field(2, field(2, Buffer.concat(span)))), type: 'application/x-protobuf' };
}

/** A length-delimited field. */
const field = (number: number, content: Buffer): Buffer =>
  Buffer.concat([varint(number * 8 + 2), varint(content.length), content]);

function fixed64(number: number, value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return Buffer.concat([varint(number * 8 + 1), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.from([...bytes, rest]);
}
