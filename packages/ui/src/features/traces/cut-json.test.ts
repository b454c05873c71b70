import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readCutJson } from './cut-json.ts';

test('whole JSON reads as itself', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      // A bare number or word at the very end could go on.
      const wrapped = `[${text}]`;
      expect(readCutJson(wrapped)).toEqual(JSON.parse(wrapped));
    }),
  );
});

test('JSON cut anywhere still reads', () => {
  fc.assert(
    fc.property(fc.json({ stringUnit: 'binary' }), fc.nat(), (text, at) => {
      const cut = `[${text}]`.slice(0, 1 + (at % (text.length + 1)));
      expect(readCutJson(cut)).toBeInstanceOf(Array);
    }),
  );
}, 60_000);

test.each([
  ['[1, 2, 34', [1, 2]],
  ['{"a": "b\\', { a: 'b' }],
  ['{"a": {"b": [true, fal', { a: { b: [true] } }],
  ['{"a": 1, "cut', { a: 1 }],
  ['{"a": 1,', { a: 1 }],
  ['{a: 1}', undefined],
  ['[1] and more', undefined],
  ['[1 2]', undefined],
])('%s', (text, value) => {
  expect(readCutJson(text)).toEqual(value);
});
