import { expect, test } from 'vitest';
import { toJson } from './json-answer.ts';

test('an answer with a long list is the text JSON.stringify makes of it', async () => {
  const items = [
    undefined,
    null,
    Symbol('x'),
    1,
    'é"\n',
    '\ud800',
    '日本 🙂',
    NaN,
    new Date(0),
    { a: undefined, __proto__: null },
    [[]],
  ];
  const list = Array.from({ length: 400 }, (_, i) => items[i % items.length]);
  for (const answer of [
    { data: list, meta: { page: 1 }, none: undefined, 'a "key"': list, call: (): void => undefined },
    { list: [], short: [1] },
    list,
  ]) {
    const written = await toJson(answer);
    expect(typeof written === 'string' ? written : String(Buffer.concat(written))).toBe(JSON.stringify(answer));
  }
});

test('others have their turn while it is written', async () => {
  let others = 0;
  const timer = setInterval(() => (others += 1), 1);
  await toJson({ observations: Array.from({ length: 3_000 }, (_, id) => ({ id, input: 'text '.repeat(4_000) })) });
  clearInterval(timer);
  expect(others).toBeGreaterThan(2);
});
