import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeProtobuf, encodeExportResponse } from './protobuf.ts';
import { OtlpParseError, rejectionMessage } from './span.ts';

// A writer of the wire format, enough to build any request field by field.
const varint = (value: bigint | number): number[] => {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
};
const tag = (field: number, wire: number): number[] => varint((field << 3) | wire);
const bytes = (field: number, ...parts: (number[] | Uint8Array)[]): number[] => {
  const body = parts.flatMap((part) => [...part]);
  return [...tag(field, 2), ...varint(body.length), ...body];
};
const text = (field: number, value: string): number[] => bytes(field, Buffer.from(value));
const fixed64 = (field: number, value: bigint): number[] => {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(value);
  return [...tag(field, 1), ...buffer];
};
const double = (field: number, value: number): number[] => {
  const buffer = Buffer.alloc(8);
  buffer.writeDoubleLE(value);
  return [...tag(field, 1), ...buffer];
};
const keyValue = (field: number, key: string, value: number[]): number[] => bytes(field, text(1, key), bytes(2, value));
const ids = [
  ...bytes(1, Buffer.from('0af7651916cd43dd8448eb211c80319c', 'hex')),
  ...bytes(2, Buffer.from('b7ad6b7169203331', 'hex')),
];
const request = (...spans: number[][]): Uint8Array =>
  Uint8Array.from(
    bytes(
      1,
      bytes(1, keyValue(1, 'service.name', text(1, 'svc'))),
      bytes(2, bytes(1, text(1, 'scope'), text(2, '2.0')), ...spans.map((span) => bytes(2, span))),
    ),
  );
const only = (body: Uint8Array) => decodeProtobuf(body).resources[0]!.scopes[0]!.spans[0]!;

describe('a span in protobuf', () => {
  test('is read with resource, scope, ids in lower hex and times in whole microseconds', () => {
    const decoded = decodeProtobuf(
      request([
        ...ids,
        ...bytes(4, Buffer.from('00f067aa0ba902b7', 'hex')),
        ...text(5, 'chat ✓'),
        ...tag(6, 0),
        3,
        ...fixed64(7, 1_795_172_400_123_456_789n),
        ...fixed64(8, 1_795_172_401_000_000_999n),
        ...bytes(15, text(2, 'boom'), [...tag(3, 0), 2]),
      ]),
    );
    expect(decoded.resources[0]).toMatchObject({
      attributes: new Map([['service.name', 'svc']]),
      scopes: [{ name: 'scope', version: '2.0' }],
    });
    expect(decoded.resources[0]!.scopes[0]!.spans[0]).toMatchObject({
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      parentSpanId: '00f067aa0ba902b7',
      name: 'chat ✓',
      kind: 3,
      startTime: 1_795_172_400_123_456,
      endTime: 1_795_172_401_000_000,
      statusCode: 2,
      statusMessage: 'boom',
    });
  });

  test.each([
    ['text', text(1, 'x'), 'x'],
    ['an empty text', text(1, ''), ''],
    ['a flag', [...tag(2, 0), 1], true],
    ['an integer', [...tag(3, 0), ...varint(42)], 42],
    ['a negative integer', [...tag(3, 0), ...varint(-7)], -7],
    ['an integer beyond 2^53, exactly', [...tag(3, 0), ...varint(9_223_372_036_854_775_807n)], '9223372036854775807'],
    ['a double', double(4, 0.5), 0.5],
    ['a list', bytes(5, bytes(1, text(1, 'a')), bytes(1, [...tag(3, 0), 2])), ['a', 2]],
    ['a kvlist as an object', bytes(6, keyValue(1, 'k', text(1, 'v'))), { k: 'v' }],
    ['bytes as base64', bytes(7, [1, 2, 3]), 'AQID'],
    ['nothing as null', [], null],
  ])('carries %s', (_kind, value, expected) => {
    expect(only(request([...ids, ...keyValue(9, 'key', value)])).attributes.get('key')).toEqual(expected);
  });

  test('takes the later of two equal keys', () => {
    const span = only(request([...ids, ...keyValue(9, 'k', text(1, 'first')), ...keyValue(9, 'k', text(1, 'second'))]));
    expect([...span.attributes]).toEqual([['k', 'second']]);
  });

  test('with a kvlist key `__proto__` leaves every other object alone', () => {
    const span = only(
      request([
        ...ids,
        ...keyValue(9, 'k', bytes(6, keyValue(1, '__proto__', bytes(6, keyValue(1, 'polluted', text(1, 'yes')))))),
      ]),
    );
    expect(JSON.stringify(span.attributes.get('k'))).toBe('{"__proto__":{"polluted":"yes"}}');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test('keeps 10,000 attributes and counts the rest', () => {
    const many = Array.from({ length: 10_003 }, (_, i) => keyValue(9, `k${i}`, text(1, ''))).flat();
    expect(only(request([...ids, ...many]))).toMatchObject({ droppedAttributes: 3 });
  });

  test('without an id, with an id of zeros or nested too deep is refused alone, with its reason', () => {
    let deep = text(1, 'x');
    for (let i = 0; i < 101; i += 1) deep = bytes(5, bytes(1, deep));
    const zeros = [...bytes(1, Buffer.alloc(16)), ...bytes(2, Buffer.alloc(8, 1))];
    const decoded = decodeProtobuf(request(text(5, 'no ids'), ids, zeros, [...ids, ...keyValue(9, 'k', deep)]));
    expect(decoded.resources[0]!.scopes[0]!.spans).toHaveLength(1);
    expect(rejectionMessage(decoded)).toMatch(
      /^Invalid OTLP trace export: 3 of 4 span\(s\) cannot be processed \(traceId:absent, spanId:absent, traceId:all zeros, attributes:nested deeper than 100\)\. .* The other 1 span\(s\) were ingested\. Instrumentation scopes: scope\./,
    );
  });

  test('may hold fields of a later version of the protocol', () => {
    expect(only(request([...ids, ...text(99, 'new'), ...tag(98, 0), 1, ...tag(97, 5), 1, 2, 3, 4])).spanId).toBe(
      'b7ad6b7169203331',
    );
  });
});

test('no bytes are an empty export', () => {
  expect(decodeProtobuf(new Uint8Array(0))).toMatchObject({ resources: [], spanCount: 0 });
});

test.each([
  ['garbage', [255, 255, 255, 1, 2, 3]],
  ['a length beyond the end', [0x0a, 200, 1]],
  ['a varint without an end', [128, 128]],
  ['field number 0', [0x02, 0]],
])('%s is no export', (_what, body) => {
  expect(() => decodeProtobuf(Uint8Array.from(body))).toThrow(OtlpParseError);
});

test('any bytes decode or are refused with OtlpParseError, nothing else', () => {
  const valid = request([...ids, ...text(5, 'n'), ...keyValue(9, 'k', bytes(6, keyValue(1, 'a', double(4, 1))))]);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 6 }),
      fc.nat(valid.length),
      (changes, length) => {
        const body = Uint8Array.from(valid);
        for (const [at, value] of changes) body[at] = value;
        try {
          decodeProtobuf(body.subarray(0, length));
        } catch (error) {
          expect(error).toBeInstanceOf(OtlpParseError);
        }
      },
    ),
    { numRuns: 2000 },
  );
});

test('the answer is empty when all went well, else an ExportTracePartialSuccess', () => {
  expect(encodeExportResponse({ rejectedSpans: 0, errorMessage: '' })).toHaveLength(0);
  expect([...encodeExportResponse({ rejectedSpans: 300, errorMessage: 'no' })]).toEqual([
    ...bytes(1, [...tag(1, 0), ...varint(300)], text(2, 'no')),
  ]);
});

describe('what is spoilt costs only what is in it', () => {
  const resourceOf = (...scopes: number[][]): number[] => bytes(1, ...scopes.map((scope) => bytes(2, scope)));
  const good = bytes(2, ids);
  const deep = (levels: number): number[] => {
    let value = text(1, 'x');
    for (let i = 0; i < levels; i += 1) value = bytes(5, bytes(1, value));
    return value;
  };
  const count = ({ resources }: ReturnType<typeof decodeProtobuf>): number =>
    resources.flatMap(({ scopes }) => scopes.flatMap(({ spans }) => spans)).length;

  test.each([
    ['a span that is cut', [resourceOf([...bytes(2, [...ids, 0x2a, 0x50]), ...good])], 1, 'span:malformed'],
    ['a scope that is cut', [resourceOf([0x12, 0x7f], good)], 1, 'span:malformed'],
    ['a group that is cut', [bytes(1, [0x12, 0x7f]), resourceOf(good)], 1, 'span:malformed'],
    [
      'an attribute of the scope that is nested too deep',
      [resourceOf([...bytes(1, text(1, 's'), keyValue(3, 'k', deep(101))), ...good, ...good], good)],
      1,
      'attributes:nested deeper than 100 (2)',
    ],
    [
      'an attribute of the resource that is nested too deep',
      [bytes(1, bytes(2, good), bytes(1, keyValue(1, 'k', deep(101)))), resourceOf(good)],
      1,
      'attributes:nested deeper than 100',
    ],
  ])('%s', (_what, groups, spans, reason) => {
    const decoded = decodeProtobuf(Uint8Array.from(groups.flat()));
    expect(count(decoded)).toBe(spans);
    expect(rejectionMessage(decoded)).toContain(`(${reason})`);
  });

  test('a body in which nothing can be read is no export', () => {
    expect(() => decodeProtobuf(Uint8Array.from(bytes(1, [0x12, 0x7f])))).toThrow(OtlpParseError);
  });

  test('spans beyond the 50,000th are refused unread', () => {
    const decoded = decodeProtobuf(Uint8Array.from(resourceOf(Array<number[]>(50_003).fill(bytes(2)).flat())));
    expect(decoded.rejections).toMatchObject({ count: 50_003 });
    expect(decoded.rejections.reasons.get('spans:more than 50000 in one request')).toBe(3);
  });
});
