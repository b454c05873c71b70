import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isAsWritten, JsonText, stringifyInParts } from './json-text.ts';

const QUOTE = 34;

const rewritten = (text: string): string | undefined => {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return undefined;
  }
};

// oxfmt-ignore
const pieces = ['{', '}', '[', ']', ',', ':', '"', '\\', '\\n', '\\u0041', '\\u000a', '\\ud83d', '\\/', '"a"', '"b"', '"1"', '"__proto__"',
  '{"a":1}', '[1,"x\\n"]', ' ', '\n', '\u0001', '\u2028', '\ud83d', '\u{1f642}', 'é', 'true', 'false', 'null', 'nul', '-', '0', '-0', '1',
  '01', '1.0', '0.5', '1e3', '1e21', '1e+21', '1e-7', '123456789012345678', '0.1234567890123456789', '9007199254740993', '.5', 'NaN'];

test('a text that is taken as it is, is what JSON makes of its value', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 14 }), (parts) => {
      const text = parts.join('');
      if (isAsWritten(text)) expect(rewritten(text)).toBe(text);
    }),
    { numRuns: 20_000 },
  );
});

test('what JSON has written is taken as it is, unless its keys are numbers or it is very deep or wide', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      const text = JSON.stringify(value);
      const hasRareOnes = /\\u|"\d/.test(text);
      expect(isAsWritten(text) || hasRareOnes).toBe(true);
    }),
    { numRuns: 2_000 },
  );
  // oxfmt-ignore
  const changed = ['{"a":1,"a":2}', '{"b":1,"1":2}', '{ "a":1}', '{"a":1} ', '"\\u0041"', '"\\/"', '"\ud83d"', '"\udc00\ud83d"', '1.0', '1e3', '-0', '[1,]', '{,}',
    '{"a"}', '[', '', 'tru', '"a', '"a"b', '"\n"', '9007199254740993', '{"a":{"b":01}}'];
  for (const text of changed) expect([text, isAsWritten(text)]).toEqual([text, false]);
  // Bytes that are no text: half of a character, and half of a pair.
  for (const bytes of [[0xc3], [0xed, 0xa0, 0xbd]]) {
    expect(isAsWritten(Buffer.from([QUOTE, ...bytes, QUOTE]))).toBe(false);
  }
  expect(isAsWritten(`${'['.repeat(5_000)}${']'.repeat(5_000)}`)).toBe(false);
  expect(isAsWritten(`"${'\\n'.repeat(499_000)}"`)).toBe(true);
  expect(isAsWritten(`"${'🙂'.repeat(499_000)}"`)).toBe(true);
  expect(isAsWritten(`"${'x\\"'.repeat(330_000)}`)).toBe(false);
});

test('texts go into what is written where they stand, at any depth', () => {
  const value = {
    input: JsonText.of('{"a":[1,"x"]}'),
    metadata: { list: [JsonText.of('"é"'), { deep: JsonText.of('null') }], 'a"b': 'c' },
    none: undefined,
    output: JsonText.of('[]'),
  };
  const text = '{"input":{"a":[1,"x"]},"metadata":{"list":["é",{"deep":null}],"a\\"b":"c"},"output":[]}';
  expect(stringifyInParts(value)?.join('')).toBe(text);
  expect(JSON.stringify(value)).toBe(text);
  expect(stringifyInParts(JsonText.of('1'))).toEqual(['1']);
  expect(stringifyInParts(undefined)).toBeUndefined();
  expect(stringifyInParts({ a: 1 })).toEqual(['{"a":1}']);
});
