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

test('the oldest make room for what is large, and what is larger than all room is not kept', async () => {
  const room = { maxEntries: 10, maxBytes: 10, sizeOf: (_: string, value: string) => value.length };
  const cache = createEpochCache<string>({ epochs: createEpochs(), now: () => new Date(0), ...room });
  const at = await cache.at('s');
  for (const [key, value] of Object.entries({ a: 'four', b: 'four', c: 'four', d: 'larger than all' }))
    at.put(key, value);
  expect(['a', 'b', 'c', 'd'].map((key) => at.get(key))).toEqual([undefined, 'four', 'four', undefined]);
  at.put('b', 'eight ch');
  expect(['b', 'c'].map((key) => at.get(key))).toEqual(['eight ch', undefined]);
});

test('who asks while it is being read waits for the same, unless there was a change meanwhile', async () => {
  const { cache, get } = open();
  const reads: ((value: string) => void)[] = [];
  const load = async () => (await cache.at('s')).load('a', () => new Promise((resolve) => reads.push(resolve)));
  const before = [load(), load()];
  await expect.poll(() => reads.length).toBe(1);
  await cache.forget('s');
  const after = load();
  await expect.poll(() => reads.length).toBe(2);
  reads[1]!('new');
  expect(await after).toBe('new');
  reads[0]!('old');
  expect(await Promise.all(before)).toEqual(['old', 'old']);
  // It may be asked for again, but it is never what was before the change.
  expect(await get('a')).not.toBe('old');
});

test('a read that failed is tried again', async () => {
  const { cache } = open();
  const load = async (read: () => Promise<string>) => (await cache.at('s')).load('a', read);
  await expect(load(() => Promise.reject(new Error('away')))).rejects.toThrow('away');
  expect(await load(async () => 'A')).toBe('A');
});
