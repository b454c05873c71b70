import { expect, test } from 'vitest';
import {
  type Keyed,
  playKeyed,
  playSplit,
  playUnkeyed,
  type Unkeyed,
} from '../../packages/server/src/statistics/simulations.ts';

const runs = Number(process.env['SIMULATION_RUNS'] ?? 1_000);
const keyed = { runs, looks: 100, users: 2_000, rows: 10_000 };
const unkeyed = { runs, looks: 100, processes: 8, cacheMinutes: 1, blockMinutes: 10, blocks: 432 };

const percent = (count: number, of: number) => `${((100 * count) / of).toFixed(1)} %`;
const tell = (name: string, { runs, ...counts }: { runs: number; [count: string]: number }) =>
  console.log(
    `${name}: ${Object.entries(counts)
      .map(([what, n]) => `${what} ${percent(n, runs)}`)
      .join(', ')}`,
  );

// oxfmt-ignore
const withoutDifference: [name: string, Keyed][] = [
  ['cost, half and half',                { ...keyed, seed: 101 }],
  ['cost, a panel of 400 users',         { ...keyed, seed: 102, users: 400 }],
  ['cost with heavy tails',              { ...keyed, seed: 103, spread: [0.7, 1.8] }],
  ['cost, 90/10',                        { ...keyed, seed: 104, share: 0.1, users: 4_000, rows: 20_000 }],
  ['errors of 2 %',                      { ...keyed, seed: 401, errorRate: 0.02 }],
  ['errors of 0.5 %, few with any',      { ...keyed, seed: 403, errorRate: 0.005 }],
  ['errors of 2 %, 90/10',               { ...keyed, seed: 404, errorRate: 0.02, share: 0.1 }],
  ['errors of 5 %, most by few users',   { ...keyed, seed: 405, errorRate: 0.05, spread: [2, 1] }],
  ['a score around 0',                   { ...keyed, seed: 701, score: 'around 0' }],
  ['a score with heavy tails',           { ...keyed, seed: 702, score: 'heavy', spread: [0.7, 1.8] }],
  ['a score with heavy tails, 90/10',    { ...keyed, seed: 703, score: 'heavy', spread: [0.7, 1.8], share: 0.1 }],
  ['latency p95',                        { ...keyed, seed: 501, looks: 50, percentile: 0.95 }],
  ['latency p50',                        { ...keyed, seed: 502, looks: 50, percentile: 0.5 }],
];

test.each(withoutDifference)('with a key, %s: at most 5 % are called different', (name, settings) => {
  const outcome = playKeyed(settings);
  tell(name, { ...outcome });
  expect(outcome.different).toBeLessThanOrEqual(0.05 * runs);
  expect(outcome.mismatch).toBeLessThanOrEqual(0.003 * runs);
});

// oxfmt-ignore
const withoutKey: [name: string, Unkeyed][] = [
  ['cache of a minute, blocks of 10',         { ...unkeyed, seed: 301 }],
  ['cache of 5 minutes, blocks of 25',        { ...unkeyed, seed: 302, cacheMinutes: 5, blockMinutes: 25 }],
  ['cache of an hour, blocks of 5 hours',     { ...unkeyed, seed: 304, cacheMinutes: 60, blockMinutes: 300, blocks: 144 }],
  ['70/30, cache of a minute, blocks of 10',  { ...unkeyed, seed: 305, share: 0.3 }],
];

test.each(withoutKey)('without a key, %s: at most 5 % are called different', (name, settings) => {
  const outcome = playUnkeyed(settings);
  tell(name, { ...outcome });
  expect(outcome.different).toBeLessThanOrEqual(0.05 * runs);
  expect(outcome.mismatch).toBeLessThanOrEqual(0.003 * runs);
});

test.each([
  ['a fifth cheaper', { ...keyed, seed: 204, factor: 0.8, users: 8_000, rows: 20_000 }],
  ['a tenth cheaper', { ...keyed, seed: 202, factor: 0.9, users: 16_000, rows: 80_000 }],
] as [string, Keyed][])('%s is found in most tests', (name, settings) => {
  const outcome = playKeyed(settings);
  tell(name, { ...outcome });
  expect(outcome.different).toBeGreaterThan(0.7 * runs);
});

test.each([0.5, 0.3, 0.1])('the alarm of the split rings in at most 3 of 1,000 sound tests with %f in B', (share) => {
  const outcome = playSplit({ runs: 2 * runs, seed: 601, looks: 200, units: 20_000, configured: share, actual: share });
  tell(`sound split, ${share} in B`, { runs: outcome.runs, mismatch: outcome.mismatch });
  expect(outcome.mismatch).toBeLessThanOrEqual(0.003 * outcome.runs);
});
