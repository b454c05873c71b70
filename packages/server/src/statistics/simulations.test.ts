/** Short forms; 1,000 runs of each, and of more kinds of data, are in test/long/statistics.test.ts. */
import { expect, test } from 'vitest';
import { playKeyed, playSplit, playUnkeyed } from './simulations.ts';

const keyed = { looks: 100, users: 2_000, rows: 10_000 } as const;
const unkeyed = { looks: 100, processes: 8, cacheMinutes: 1, blockMinutes: 10, blocks: 400 } as const;

test('looked at 100 times, arms without a difference are called different in at most 5 % of tests with a key', () => {
  const { runs, different, byPlainIntervals, compared } = playKeyed({ ...keyed, runs: 150, seed: 101 });
  expect(compared).toBe(runs);
  expect(different).toBeLessThanOrEqual(0.05 * runs);
  // The same data deceives whoever looks again and again at intervals for one look.
  expect(byPlainIntervals).toBeGreaterThan(0.1 * runs);
});

test('and of those without a key, where processes keep what they drew for a minute', () => {
  const { runs, different, compared, mismatch } = playUnkeyed({ ...unkeyed, runs: 40, seed: 301 });
  expect({ compared, mismatch }).toEqual({ compared: runs, mismatch: 0 });
  expect(different).toBeLessThanOrEqual(0.05 * runs);
});

test('an arm that is a fifth cheaper is called different', () => {
  const { runs, different } = playKeyed({ ...keyed, rows: 20_000, users: 8_000, runs: 20, seed: 204, factor: 0.8 });
  expect(different).toBeGreaterThan(0.8 * runs);
});

test('the alarm of the split rings in at most 3 of 1,000 sound tests, and for 72/28 in place of 70/30', () => {
  const split = { looks: 200, units: 10_000, configured: 0.3 };
  expect(playSplit({ ...split, runs: 1_000, seed: 601, actual: 0.3 }).mismatch).toBeLessThanOrEqual(3);
  const off = playSplit({ ...split, units: 30_000, runs: 20, seed: 602, actual: 0.28 });
  expect(off.mismatch).toBe(off.runs);
});

test('without a key the alarm rings when rows of one arm are asked again', () => {
  const { runs, mismatch } = playUnkeyed({ ...unkeyed, runs: 8, seed: 302, retried: 0.2 });
  expect(mismatch).toBe(runs);
});
