import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { armOf, assign, bucketOf, slotBuckets, type Split } from './assign.ts';
import { isKey, keyOf, parseKeyedLabel } from './key.ts';
import { firstSegments } from './shares.ts';

const never = () => {
  throw new Error('drew though there is a key');
};
const split = (shares: number[], salt = 't-1'): Split => ({ salt, segments: firstSegments(shares) });

test.each([
  ['t-1', 'user-1', 7798],
  ['t-1', 'user-2', 215],
  ['t-2', 'user-1', 957],
  ['t-1', 'é', 1733],
  ['t-1', 'a:b', 4302],
  ['01jdq6x', '3f2a9c1b', 5468],
])('the bucket of salt %s and key %s is %i, today as ever', (salt, key, bucket) => {
  expect(bucketOf(salt, key)).toBe(bucket);
});

test('20,000 keys of a 70/30 split fall 13,949 to 6,051', () => {
  const { salt, segments } = split([70, 30]);
  const counts = [0, 0];
  for (let i = 0; i < 20_000; i += 1) counts[armOf(segments, bucketOf(salt, `user-${i}`))]! += 1;
  expect(counts).toEqual([13_949, 6_051]);
});

test('slots are placed by rank, so that 1,000 of them give the split exactly', () => {
  const buckets = slotBuckets('t-1');
  expect([0, 1, 524, 999].map((slot) => buckets[slot]! / 10)).toEqual([153, 406, 242, 896]);
  expect(buckets.filter((bucket) => bucket < 7000)).toHaveLength(700);
  expect(crc32('user-1') % 1000).toBe(524);
  expect(assign(split([70, 30]), 'slot:524', never)).toEqual({ bucket: 2420, arm: 0, by: 'slot' });
});

test('a key that only looks like a slot is hashed like any other', () => {
  for (const key of ['slot:1000', 'slot:007', 'slot:', 'slot:-1', 'slot:1 ', 'slot:1\n', 'Slot:1'])
    expect(assign(split([70, 30]), key, never)).toMatchObject({ by: 'key', bucket: bucketOf('t-1', key) });
});

test('without a key the arm is drawn', () => {
  expect(assign(split([70, 30]), null, () => 0)).toEqual({ bucket: 0, arm: 0, by: 'draw' });
  expect(assign(split([70, 30]), null, () => 0.7)).toEqual({ bucket: 7000, arm: 1, by: 'draw' });
  expect(assign(split([70, 30]), null, () => 1 - Number.EPSILON)).toEqual({ bucket: 9999, arm: 1, by: 'draw' });
});

test.each(['', 'None', 'null', 'undefined', 'NaN', '[object Object]', 'x'.repeat(1001), 'é'.repeat(501)])(
  '%s is no key',
  (text) => {
    expect(isKey(text)).toBe(false);
  },
);

test.each([' ', 'none', '0', 'x'.repeat(1000), 'é'.repeat(500), 'a@b', ' None'])('%s is a key as it is', (text) => {
  expect(isKey(text)).toBe(true);
});

test.each([
  ['production', { label: 'production', key: null }],
  ['production@user-1', { label: 'production', key: 'user-1' }],
  ['production@ada@example.org', { label: 'production', key: 'ada@example.org' }],
  ['production@', { label: 'production', key: null }],
  ['production@None', { label: 'production', key: null }],
  ['@user-1', { label: '', key: 'user-1' }],
])('the label %s is read as %o', (text, parsed) => {
  expect(parseKeyedLabel(text)).toEqual(parsed);
});

test('the key is the first that names somebody of query, header and label', () => {
  expect(keyOf({ query: 'q', header: 'h', behindLabel: 'l' })).toBe('q');
  expect(keyOf({ query: 'None', header: 'h', behindLabel: 'l' })).toBe('h');
  expect(keyOf({ query: '', header: 'undefined', behindLabel: 'l' })).toBe('l');
  expect(keyOf({ behindLabel: null })).toBeNull();
});

test('a header is read as UTF-8, so that it gives the arm that the same key in the query gives', () => {
  expect(keyOf({ header: Buffer.from('é😀').toString('latin1'), behindLabel: null })).toBe('é😀');
});
