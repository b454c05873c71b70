import fc from 'fast-check';
import { expect, test } from 'vitest';
import { armOf, BUCKETS, type Segment } from './assign.ts';
import { bucketsOfShares, firstSegments, recut } from './shares.ts';

/** `0–7000 A` for people who compare with the design. */
const text = (segments: readonly Segment[]) => segments.map((s) => `${s.from}–${s.to} ${'ABC'[s.arm]}`).join(', ');

test('70/30 to 50/50 and back moves a fifth each time', () => {
  const half = recut(firstSegments([70, 30]), [50, 50]);
  expect(text(half)).toBe('0–5000 A, 5000–10000 B');
  expect(text(recut(half, [70, 30]))).toBe('0–5000 A, 5000–8000 B, 8000–10000 A');
});

test('three arms are cut again with the fewest moves', () => {
  const first = firstSegments([50, 30, 20]);
  const second = recut(first, [20, 30, 50]);
  expect(text(second)).toBe('0–2000 A, 2000–5000 C, 5000–8000 B, 8000–10000 C');
  const third = recut(second, [40, 40, 20]);
  expect(text(third)).toBe('0–2000 A, 2000–4000 C, 4000–5000 A, 5000–8000 B, 8000–9000 A, 9000–10000 B');
  expect([moved(first, second), moved(second, third)]).toEqual([3000, 3000]);
});

test('an arm may be turned off and on again', () => {
  const off = recut(firstSegments([50, 30, 20]), [50, 50, 0]);
  expect(text(off)).toBe('0–5000 A, 5000–10000 B');
  expect(text(recut(off, [50, 30, 20]))).toBe('0–5000 A, 5000–8000 B, 8000–10000 C');
});

test('over 2,000 changes of three arms each moves the minimum, and no arm that grows loses a key', () => {
  const shares = fc
    .tuple(fc.integer({ min: 0, max: BUCKETS }), fc.integer({ min: 0, max: BUCKETS }))
    .map((cuts) => cuts.toSorted((a, b) => a - b))
    .map(([a = 0, b = 0]) => [a, b - a, BUCKETS - b].map((count) => count / 100));
  fc.assert(
    // Chains, because segments get more and smaller with each change.
    fc.property(fc.array(shares, { minLength: 11, maxLength: 11 }), ([start = [], ...changes]) => {
      let [before, had] = [firstSegments(start), bucketsOfShares(start)];
      for (const change of changes) {
        const after = recut(before, change);
        const wants = bucketsOfShares(change);
        expect(covers(after)).toBe(true);
        expect(sizes(after)).toEqual(wants);
        expect(moved(before, after)).toBe(had.reduce((sum, count, arm) => sum + Math.max(0, count - wants[arm]!), 0));
        for (const [arm, want] of wants.entries()) if (want >= had[arm]!) expect(lost(before, after, arm)).toBe(0);
        [before, had] = [after, wants];
      }
    }),
    { numRuns: 200, seed: 7 },
  );
});

test.each([
  [[70, 29.99], 'Shares add to 99.99, not to 100'],
  [[33.333, 66.667], 'Share 33.333 is not a percentage from 0 to 100 with at most two decimals'],
  [[-1, 101], 'Share -1 is not a percentage from 0 to 100 with at most two decimals'],
  [[Number.NaN, 100], 'Share NaN is not a percentage from 0 to 100 with at most two decimals'],
])('shares %o are refused', (shares, message) => {
  expect(() => firstSegments(shares)).toThrow(message);
});

test('every share of two decimals is a whole number of buckets, whatever floating point makes of it', () => {
  for (let count = 0; count <= BUCKETS; count += 1)
    expect(bucketsOfShares([count / 100, (BUCKETS - count) / 100])).toEqual([count, BUCKETS - count]);
});

const sizes = (segments: readonly Segment[]): number[] =>
  [0, 1, 2].map((arm) => segments.filter((s) => s.arm === arm).reduce((sum, s) => sum + s.to - s.from, 0));

/** Sorted, without a gap, nothing empty, neighbours of different arms. */
const covers = (segments: readonly Segment[]): boolean =>
  segments.every((s, i) => s.from === (segments[i - 1]?.to ?? 0) && s.to > s.from && s.arm !== segments[i - 1]?.arm) &&
  segments.at(-1)?.to === BUCKETS;

/** Buckets whose arm is another one, of those that had `arm` where given. */
function moved(before: readonly Segment[], after: readonly Segment[], arm?: number): number {
  const edges = [...before, ...after].map((s) => s.from).toSorted((a, b) => a - b);
  let count = 0;
  for (const [i, from] of edges.entries()) {
    const had = armOf(before, from);
    if (had !== armOf(after, from) && (arm === undefined || had === arm)) count += (edges[i + 1] ?? BUCKETS) - from;
  }
  return count;
}
const lost = moved;
