import { expect, test } from 'vitest';
import { flattenJson, pathText } from './json-rows.ts';
import { readPayload, writeJson } from './json.ts';

const rowsOf = (text: string, turned: string[] = []) => {
  const payload = readPayload(text);
  return flattenJson(
    [{ name: 'Input', raw: text, value: payload.kind === 'json' ? payload.value : payload.text }],
    new Set(turned),
  );
};

test('the first levels are open, long lists are not, and each can be turned', () => {
  const text = JSON.stringify({ a: { b: { c: { d: 1 } } }, list: Array.from({ length: 60 }, (_, index) => index) });
  expect(rowsOf(text).map(({ label, isOpen }) => [label, isOpen])).toEqual([
    ['Input', true],
    ['a', true],
    ['b', true],
    ['c', false],
    ['list', false],
  ]);
  expect(rowsOf(text, ['Input/a/b/c']).map(({ label }) => label)).toContain('d');
  expect(rowsOf(text, ['Input/a']).map(({ label }) => label)).toEqual(['Input', 'a', 'list']);
});

test('numbers print as received and pretty text has them too', () => {
  const text = '{"id":9007199254740993,"price":89.00,"n":1e21,"plain":5}';
  const payload = readPayload(text);
  expect(payload.kind === 'json' && writeJson(payload.value, 0)).toBe(text);
});

test('paths can be pasted into code', () => {
  expect(pathText(['messages', 3, 'content', 'a b'])).toBe('$.messages[3].content["a b"]');
});
