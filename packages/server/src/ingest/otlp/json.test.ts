import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeJson } from './json.ts';
import { OtlpParseError, rejectionMessage } from './span.ts';

const encode = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
const request = (...spans: unknown[]): Uint8Array =>
  encode({ resourceSpans: [{ resource: { attributes: [] }, scopeSpans: [{ scope: { name: 'scope' }, spans }] }] });
const ids = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const only = (span: object) => decodeJson(request(span)).resources[0]!.scopes[0]!.spans[0]!;

describe('an id', () => {
  test.each([
    ['hex text stays as it is, capitals too', 'B7AD6B7169203331', 'B7AD6B7169203331'],
    ['base64 text stays as it is', 'p61rcWkgMwE=', 'p61rcWkgMwE='],
    ['a byte array becomes lower hex', [0xb7, 0xad], 'b7ad'],
    ['a serialized Buffer becomes lower hex', { type: 'Buffer', data: [0xb7, 0xad] }, 'b7ad'],
    ['wrapped bytes become lower hex', { data: { 0: 0xb7, 1: 0xad } }, 'b7ad'],
  ])('in %s', (_shape, spanId, expected) => {
    expect(only({ ...ids, spanId }).spanId).toBe(expected);
  });
});

describe('a time', () => {
  test.each([
    ['decimal text', '1795172400123456789', 1_795_172_400_123_456],
    ['a number', 1_795_172_400_000_000_000, 1_795_172_400_000_000],
    [
      'low and high words',
      { low: 1_388_314_624, high: 417_970_969 },
      Math.floor((417_970_969 * 2 ** 32 + 1_388_314_624) / 1000),
    ],
    ['zero is unknown', '0', null],
    ['nonsense is unknown', 'yesterday', null],
  ])('as %s', (_shape, startTimeUnixNano, expected) => {
    expect(only({ ...ids, startTimeUnixNano }).startTime).toBe(expected);
  });
});

describe('an attribute', () => {
  test.each([
    ['text', { stringValue: 'x' }, 'x'],
    ['an integer as a number, as JavaScript sends it', { intValue: 3 }, 3],
    ['an integer as text, as the standard has it', { intValue: '3' }, 3],
    ['an integer beyond 2^53, exactly', { intValue: '9223372036854775807' }, '9223372036854775807'],
    ['an integer of two words', { intValue: { low: -2, high: -1 } }, -2],
    ['a double', { doubleValue: 0.5 }, 0.5],
    ['a double as text', { doubleValue: '0.5' }, 0.5],
    ['not a number, as text', { doubleValue: 'NaN' }, 'NaN'],
    ['a flag', { boolValue: false }, false],
    ['a list', { arrayValue: { values: [{ stringValue: 'a' }, { intValue: 1 }] } }, ['a', 1]],
    ['an empty list', { arrayValue: {} }, []],
    ['a kvlist as an object', { kvlistValue: { values: [{ key: 'k', value: { boolValue: true } }] } }, { k: true }],
    ['bytes as base64', { bytesValue: 'AQID' }, 'AQID'],
    ['nothing as null', {}, null],
  ])('carries %s', (_kind, value, expected) => {
    expect(only({ ...ids, attributes: [{ key: 'k', value }] }).attributes.get('k')).toEqual(expected);
  });

  test('that comes twice has its later value', () => {
    const span = only({
      ...ids,
      attributes: [
        { key: 'k', value: { intValue: 1 } },
        { key: 'k', value: { intValue: 2 } },
      ],
    });
    expect([...span.attributes]).toEqual([['k', 2]]);
  });

  test('beyond the 10,000th is counted, not kept', () => {
    const attributes = Array.from({ length: 10_002 }, (_, i) => ({ key: `k${i}`, value: { intValue: i } }));
    expect(only({ ...ids, attributes })).toMatchObject({ droppedAttributes: 2 });
  });
});

describe('a span that cannot be stored', () => {
  let deep: object = { stringValue: 'x' };
  for (let i = 0; i < 101; i += 1) deep = { arrayValue: { values: [deep] } };

  test.each([
    ['has no ids', {}, 'traceId:absent, spanId:absent'],
    ['has an id that is a number', { ...ids, traceId: 7 }, 'traceId:number'],
    ['has an id of zeros', { ...ids, spanId: '0000000000000000' }, 'spanId:all zeros'],
    ['has an id no address can carry', { ...ids, spanId: 'x'.repeat(801) }, 'spanId:longer than 800 characters'],
    ['has a parent that is a flag', { ...ids, parentSpanId: true }, 'parentSpanId:boolean'],
    ['has attributes that are no list', { ...ids, attributes: {} }, 'attributes:not an array'],
    ['has events that are no list', { ...ids, events: 'x' }, 'events:not an array'],
    ['is nested too deep', { ...ids, attributes: [{ key: 'k', value: deep }] }, 'attributes:nested deeper than 100'],
  ])('%s; the one beside it is', (_what, span, reason) => {
    const decoded = decodeJson(request(span, ids));
    expect(decoded.resources[0]!.scopes[0]!.spans).toHaveLength(1);
    expect(rejectionMessage(decoded)).toContain(`1 of 2 span(s) cannot be processed (${reason}).`);
  });

  test('takes its resource with it when that cannot be read', () => {
    const decoded = decodeJson(
      encode({
        resourceSpans: [{ resource: { attributes: 'x' }, scopeSpans: [{ scope: { name: 's' }, spans: [ids, ids] }] }],
      }),
    );
    expect(rejectionMessage(decoded)).toContain('2 of 2 span(s) cannot be processed (attributes:not an array (2)).');
  });
});

test('a text that is an object is no text, whatever its toString says', () => {
  let deep: unknown = 'x';
  for (let i = 0; i < 500; i += 1) deep = [deep];
  const span = only({
    ...ids,
    name: { toString: 1, valueOf: 1 },
    attributes: [{ key: 'k', value: { stringValue: deep } }],
  });
  expect(span).toMatchObject({ name: '', attributes: new Map([['k', '']]) });
});

test('spans beyond the 50,000th are refused unread', () => {
  const decoded = decodeJson(request(...Array.from({ length: 50_003 }, () => ({}))));
  expect(decoded.rejections.reasons.get('spans:more than 50000 in one request')).toBe(3);
});

test.each([
  ['an empty object', '{}'],
  ['an array', '[]'],
  ['no resource spans', '{"resourceSpans":[]}'],
  ['null resource spans', '{"resourceSpans":null}'],
])('%s is an empty export', (_what, body) => {
  expect(decodeJson(Buffer.from(body))).toMatchObject({ resources: [], spanCount: 0 });
});

test.each([
  ['no body', ''],
  ['half an object', '{nope'],
  ['a word', '"spans"'],
])('%s is no export', (_what, body) => {
  expect(() => decodeJson(Buffer.from(body))).toThrow(OtlpParseError);
});

test('any JSON decodes, whatever stands where', () => {
  const anywhere = fc.letrec((tie) => ({
    node: fc.oneof({ depthSize: 'small' }, fc.jsonValue(), tie('object'), fc.array(tie('node'), { maxLength: 3 })),
    object: fc.dictionary(
      fc.constantFrom(
        'traceId',
        'spanId',
        'attributes',
        'key',
        'value',
        'stringValue',
        'intValue',
        'kvlistValue',
        'arrayValue',
        'values',
        'events',
        'data',
        '__proto__',
      ),
      tie('node'),
      { maxKeys: 5 },
    ),
  }));
  fc.assert(
    fc.property(anywhere.node, anywhere.node, (spans, rest) => {
      decodeJson(encode({ resourceSpans: [{ scopeSpans: [{ spans }, rest] }, rest] }));
      decodeJson(request({ ...ids, attributes: [{ key: 'k', value: spans }], events: [rest] }));
    }),
  );
});
