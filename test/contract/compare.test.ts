import { expect, test } from 'vitest';
import { compare } from './compare.ts';

const paths = (expected: Parameters<typeof compare>[0], got: Parameters<typeof compare>[1]): string[] =>
  compare(expected, got).map(({ path }) => path);

test('a missing, a renamed and a changed field are each a difference', () => {
  expect(paths({ a: 1, b: 2, c: null }, { a: 1, b: 3, d: null })).toEqual(['b', 'c']);
});

test('a field more is allowed, except inside what the client sent', () => {
  expect(paths({ a: 1 }, { a: 1, extra: 2 })).toEqual([]);
  expect(paths({ metadata: { a: 1 } }, { metadata: { a: 1, extra: 2 } })).toEqual(['metadata.extra']);
  expect(paths({ data: [{ id: 'x', input: { a: 1 } }] }, { data: [{ id: 'x', input: { a: 1, b: 2 } }] })).toEqual([
    'data[x].input.b',
  ]);
});

test('items of equal time may come in any order, of different times not', () => {
  const a = { id: 'a', startTime: '2026-11-20T11:00:01.000Z' };
  const b = { id: 'b', startTime: '2026-11-20T11:00:01.000Z' };
  const c = { id: 'c', startTime: '2026-11-20T11:00:00.000Z' };
  expect(paths({ data: [a, b, c] }, { data: [b, a, c] })).toEqual([]);
  expect(paths({ data: [a, b, c] }, { data: [c, a, b] })).toEqual(['data[]']);
  expect(paths({ data: [a, b] }, { data: [a, c] })).toEqual(['data[b]', 'data[c]']);
  const d = { ...b, id: 'd' };
  expect(paths({ data: [a, b] }, { data: [d, a] })).toEqual([]);
  expect(paths({ data: [c, a] }, { data: [c, d] })).toEqual([]);
  expect(paths({ data: [a, c] }, { data: [d, c] })).toEqual(['data[a]', 'data[d]']);
});

test('generated values are compared by form', () => {
  const at = '2026-11-23T19:19:23.561Z';
  expect(
    paths({ createdAt: at, meta: { cursor: 'x' } }, { createdAt: '2026-11-25T04:19:23.000Z', meta: { cursor: 'y' } }),
  ).toEqual([]);
  expect(paths({ createdAt: at, meta: { cursor: 'x' } }, { createdAt: null, meta: {} })).toEqual([
    'createdAt',
    'meta.cursor',
  ]);
  expect(paths({ modelId: 'abc' }, { modelId: 'openai:gpt-4o' })).toEqual([]);
  expect(paths({ modelId: null }, { modelId: 'openai:gpt-4o' })).toEqual(['modelId']);
});

test('an id that the server made is compared by form, one that the client chose is not', () => {
  const [made, ours] = ['23a60af9-757c-4680-9e61-dc12a76b1cde', '0304d546-064c-4f07-831d-b08c5e1a63af'];
  expect(paths({ id: made }, { id: ours })).toEqual([]);
  expect(paths({ id: made }, { id: '' })).toEqual(['id']);
  expect(paths({ id: made, name: 'x' }, { id: ours, name: 'x' })).toEqual(['id']);
  expect(paths({ id: 's1' }, { id: ours })).toEqual(['id']);
});

test('costs agree within a billionth of a dollar', () => {
  expect(paths({ totalCost: 0.000159999999 }, { totalCost: 0.00016 })).toEqual([]);
  expect(paths({ costDetails: { total: 0.00015 } }, { costDetails: { total: 0.00016 } })).toEqual([
    'costDetails.total',
  ]);
  expect(paths({ totalCost: 0 }, { totalCost: null })).toEqual(['totalCost']);
});
