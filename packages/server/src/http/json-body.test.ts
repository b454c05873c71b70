import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { JsonBodyError, parseJson, parseJsonInTurns } from './json-body.ts';

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

/** What came of it, whole: the value, or that it is not JSON. */
async function outcomeOf(parse: () => unknown): Promise<unknown> {
  try {
    return { value: await parse() };
  } catch (error) {
    return (error as Error).message;
  }
}

test('in turns the same comes out as at once, whatever the text, in pieces of any size', async () => {
  const spoilt = fc
    .tuple(fc.json(), fc.nat(), fc.constantFrom('', ',', ' ', '[', ']', '{', '}', ':', '"', '\\', '1', ',,'), fc.nat(2))
    .map(([text, at, put, left]) => {
      const from = at % (text.length + 1);
      return text.slice(0, from) + put + text.slice(from + left);
    });
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.json(), spoilt), fc.integer({ min: 0, max: 12 }), async (text, pieceBytes) => {
      const inTurns = await outcomeOf(() => parseJsonInTurns(bytes(text), pieceBytes));
      expect(inTurns).toEqual(await outcomeOf(() => parseJson(bytes(text))));
    }),
    { numRuns: 3_000 },
  );
});

test.each([
  '[ ]',
  '{ }',
  '[1 , 2, [ ] ]',
  '{"a":1,"a":{"b":[1,2,3,4,5]},"a":[1,2,3,4,5,6]}',
  '{"__proto__":{"x":1},"y":[1,2,3]}',
  '[1,,2]',
  '[1,2,]',
  '[,1]',
  '{"a":1,}',
  '{"a" "b":[1,2,3,4]}',
  '{a:[1,2,3,4]}',
  '[1,2}',
  '[1,2]]',
  '[[1,2,3],[4,5,6]',
  '["日本語","🙂","naïve",{"ä":[1]}]',
])('in turns %s comes out as at once', async (text) => {
  for (let size = 0; size < 8; size += 1) {
    const inTurns = await outcomeOf(() => parseJsonInTurns(bytes(text), size));
    expect(inTurns).toStrictEqual(await outcomeOf(() => parseJson(bytes(text))));
  }
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
])('a body of %s is parsed', async (_what, text) => {
  expect(parseJson(bytes(text))).toEqual(JSON.parse(text));
  expect(await parseJsonInTurns(bytes(text))).toEqual(JSON.parse(text));
});

test.each([
  ['empty lists', `[${Array(MEGABYTE).fill('[]').join(',')}]`],
  ['empty objects', `{"resourceSpans":[${Array(MEGABYTE).fill('{}').join(',')}]}`],
  ['lists in lists', '['.repeat(MEGABYTE) + ']'.repeat(MEGABYTE)],
  ['one string and then brackets', `["${'x'.repeat(10_000)}",${Array(MEGABYTE).fill('[]').join(',')}]`],
])('a body that is nothing but %s is refused before it is parsed', async (_what, text) => {
  const refusal = new JsonBodyError('The body is nothing but brackets and commas');
  expect(() => parseJson(bytes(text))).toThrow(refusal);
  await expect(parseJsonInTurns(bytes(text))).rejects.toThrow(refusal);
});

test('what is not JSON is said so, at any size', async () => {
  for (const text of ['', '{', `"${'x'.repeat(MEGABYTE)}`, `{"a":${'1'.repeat(MEGABYTE)}`]) {
    expect(() => parseJson(bytes(text))).toThrow(new JsonBodyError('Invalid JSON'));
    await expect(parseJsonInTurns(bytes(text))).rejects.toThrow(new JsonBodyError('Invalid JSON'));
  }
});
