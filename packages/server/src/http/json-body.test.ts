import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { JsonBodyError, parseJson } from './json-body.ts';

const MEGABYTE = 1024 * 1024;
const bytes = (text: string): Buffer => Buffer.from(text);

test('any JSON value arrives as it was written', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value);
      expect(parseJson(bytes(text))).toEqual(JSON.parse(text));
    }),
  );
});

test.each([
  [
    'long strings full of brackets, commas, quotes and backslashes',
    JSON.stringify(['[,{"\\'.repeat(MEGABYTE / 5), 'x']),
  ],
  [
    'strings that end in backslashes',
    JSON.stringify(Array.from({ length: 30_000 }, (_, i) => `${'x'.repeat(20)}${'\\'.repeat(i % 4)}`)),
  ],
  ['embeddings', JSON.stringify(Array.from({ length: 60_000 }, (_, i) => Math.sin(i)))],
  [
    'small spans',
    JSON.stringify(
      Array.from({ length: 20_000 }, (_, i) => ({
        traceId: '5b8aa5a2d2c872e8321cf37308d69df2',
        spanId: '051581bf3cb55c13',
        name: `n${i}`,
      })),
    ),
  ],
])('a body of %s is parsed', (_what, text) => {
  expect(parseJson(bytes(text))).toEqual(JSON.parse(text));
});

test.each([
  ['empty lists', `[${Array(MEGABYTE).fill('[]').join(',')}]`],
  ['empty objects', `{"resourceSpans":[${Array(MEGABYTE).fill('{}').join(',')}]}`],
  ['lists in lists', '['.repeat(MEGABYTE) + ']'.repeat(MEGABYTE)],
  ['one string and then brackets', `["${'x'.repeat(10_000)}",${Array(MEGABYTE).fill('[]').join(',')}]`],
])('a body that is nothing but %s is refused before it is parsed', (_what, text) => {
  expect(() => parseJson(bytes(text))).toThrow(new JsonBodyError('The body is nothing but brackets and commas'));
});

test('what is not JSON is said so, at any size', () => {
  for (const text of ['', '{', `"${'x'.repeat(MEGABYTE)}`, `{"a":${'1'.repeat(MEGABYTE)}`]) {
    expect(() => parseJson(bytes(text))).toThrow(new JsonBodyError('Invalid JSON'));
  }
});
