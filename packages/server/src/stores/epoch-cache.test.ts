import { expect, test } from 'vitest';
import { createEpochCache } from './epoch-cache.ts';
import { createEpochs } from './epochs.ts';

function open(maxEntries = 10) {
  let time = 0;
  const cache = createEpochCache<string | null>({ epochs: createEpochs(), now: () => new Date(time), maxEntries });
  const get = async (key: string, subject = 's') => (await cache.at(subject)).get(key);
  const put = async (key: string, value: string | null) => (await cache.at('s')).put(key, value);
  return { cache, get, put, wait: (ms: number) => (time += ms) };
}

test('what was put is known until its subject changes, and a change of another subject leaves it', async () => {
  const { cache, get, put } = open();
  await put('a', 'A');
  await put('none', null);
  await cache.forget('other');
  expect([await get('a'), await get('none'), await get('b')]).toEqual(['A', null, undefined]);
  await cache.forget('s');
  expect(await get('a')).toBeUndefined();
});

test('what was read before a change does not count as read after it', async () => {
  const { cache, get } = open();
  const before = await cache.at('s');
  await cache.forget('s');
  before.put('a', 'old');
  expect(await get('a')).toBeUndefined();
});

test('a minute later it is asked for again', async () => {
  const { get, put, wait } = open();
  await put('a', 'A');
  wait(59_999);
  expect(await get('a')).toBe('A');
  wait(1);
  expect(await get('a')).toBeUndefined();
});

test('the oldest make room', async () => {
  const { get, put } = open(2);
  for (const key of ['a', 'b', 'a', 'c']) await put(key, key);
  expect([await get('a'), await get('b'), await get('c')]).toEqual(['a', undefined, 'c']);
});
