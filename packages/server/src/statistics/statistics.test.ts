import { expect, test } from 'vitest';
import { agreementOf, confusionOf } from './agreement.ts';
import { judge, TAU_RATIO } from './always-valid.ts';
import { compare, type Measured } from './compare.ts';
import { contrast } from './contrast.ts';
import { numericAgreement } from './correlation.ts';
import { alphas } from './levels.ts';
import { momentsOf } from './moments.ts';
import { restsOnExtremes } from './outliers.ts';
import { mcnemarP } from './paired-shares.ts';
import { comparePairs, countPairs, type Pair } from './paired.ts';
import { compareQuantiles, levelsAround } from './quantiles.ts';
import { checkRows, checkUnits } from './split-check.ts';

/** `count` units in each of two arms; the i-th has `of(i, arm)` = [rows, amount]. */
function twoArms(count: number, of: (i: number, arm: number) => [number, number]): Measured['moments'] {
  return momentsOf(
    [0, 1].flatMap((arm) =>
      Array.from({ length: count }, (_, i) => {
        const [n, x] = of(i, arm);
        return arm === 0 ? [n, 0, x, 0] : [0, n, 0, x];
      }),
    ),
  );
}
const measured = (moments: Measured['moments'], more: Partial<Measured> = {}): Measured => ({
  kind: 'amount',
  moments,
  counts: { inArm: [moments.units / 2, moments.units / 2] },
  by: 'units',
  ...more,
});
const alpha = 0.05;

test('100 users in each arm are compared, 99 are not', () => {
  const of = (i: number) => [1, 1 + (i % 7)] as [number, number];
  expect(compare(measured(twoArms(99, of)), [0, 1], { alpha })).toEqual({
    why: 'too-few-units',
    arm: 0,
    units: 99,
    needed: 100,
  });
  expect(compare(measured(twoArms(100, of)), [0, 1], { alpha })).toMatchObject({ verdict: 'open', difference: 0 });
});

test('60 blocks with both arms are compared, 59 are not', () => {
  const blocks = (count: number) =>
    measured(momentsOf(Array.from({ length: count }, (_, i) => [10, 9 + (i % 3), 5 + (i % 4), 4 + (i % 3)])), {
      by: 'blocks',
      counts: { inArm: [count, count] },
    });
  expect(compare(blocks(59), [0, 1], { alpha })).toEqual({ why: 'too-few-blocks', arm: 0, blocks: 59, needed: 60 });
  expect(compare(blocks(60), [0, 1], { alpha })).not.toHaveProperty('why');
});

test('one user who makes most of the rows or of the cost of an arm stops the comparison', () => {
  const rows = twoArms(200, (i, arm) => (i === 0 && arm === 1 ? [200, 200] : [1, 1 + (i % 3)]));
  expect(compare(measured(rows), [0, 1], { alpha })).toMatchObject({ why: 'few-units-dominate', arm: 1, of: 'rows' });
  const cost = twoArms(200, (i, arm) => (i === 0 && arm === 0 ? [1, 300] : [1, 1 + (i % 3)]));
  expect(compare(measured(cost), [0, 1], { alpha })).toMatchObject({ why: 'few-units-dominate', arm: 0, of: 'amount' });
});

test('errors are compared from 10 users with and 10 without one in each arm, and say how many there are', () => {
  const moments = twoArms(500, (i) => [2, i < 12 ? 1 : 0]);
  const at = (withEvent: number[], withoutEvent: number[]) =>
    compare(measured(moments, { kind: 'event', counts: { inArm: [500, 500], withEvent, withoutEvent } }), [0, 1], {
      alpha,
    });
  expect(at([12, 9], [490, 490])).toEqual({ why: 'too-few-events', counts: [12, 9], needed: 10 });
  expect(at([12, 12], [9, 490])).toEqual({ why: 'too-few-without-event', counts: [9, 490], needed: 10 });
  expect(at([12, 12], [490, 490])).toMatchObject({ verdict: 'open', scale: 'difference' });
});

test('a numeric score around 0 is compared, and its difference does not depend on where 0 is', () => {
  const at = (shift: number) => {
    const value = (i: number, arm: number) => shift + (i % 5) - 2 + arm * 0.5;
    const moments = twoArms(300, (i, arm) => [1, value(i, arm)]);
    const sumOfSquares = [0, 1].map((arm) =>
      Array.from({ length: 300 }, (_, i) => value(i, arm) ** 2).reduce((a, b) => a + b, 0),
    );
    return compare(measured(moments, { kind: 'value', sumOfSquares, range: [shift - 2, shift + 2.5] }), [0, 1], {
      alpha,
    });
  };
  expect(at(0)).toMatchObject({ difference: 0.5, verdict: 'different' });
  const [here, there] = [at(0), at(10)] as { low: number }[];
  expect(there?.low).toBeCloseTo(here?.low ?? Number.NaN, 9);
});

test.each([300, -300])('a numeric score of one user that is %i stops the comparison, wherever 0 is', (extreme) => {
  for (const shift of [-50, 0, 50]) {
    const moments = twoArms(300, (i, arm) => [1, shift + (i === 7 && arm === 1 ? extreme : i % 5)]);
    const range = [shift + Math.min(0, extreme), shift + Math.max(4, extreme)] as const;
    expect(compare(measured(moments, { kind: 'value', sumOfSquares: [1e9, 1e9], range }), [0, 1], { alpha })).toEqual(
      expect.objectContaining({ why: 'few-units-dominate', arm: 1, of: 'amount' }),
    );
  }
});

test('what cannot be divided or does not vary is said, not computed', () => {
  expect(contrast('ratio', momentsOf([[1, 0, 1, 0]]), 0, 1)).toEqual({ why: 'no-rows', arm: 1 });
  expect(
    contrast(
      'ratio',
      twoArms(100, (_, arm) => [1, arm]),
      0,
      1,
    ),
  ).toEqual({ why: 'amount-not-positive', arm: 0 });
  expect(
    contrast(
      'difference',
      twoArms(100, () => [1, 0.3]),
      0,
      1,
    ),
  ).toEqual({ why: 'no-variation' });
  expect(
    contrast(
      'ratio',
      twoArms(1_000, (i) => [1 + (i % 3), (1 + (i % 3)) * 0.1]),
      0,
      1,
    ),
  ).toEqual({
    why: 'no-variation',
  });
  expect(
    compareQuantiles(
      [0, 1].map(() => ({ rows: 50, q: 1, l: 0, h: 2 })),
      [0, 1],
      { alpha },
    ),
  ).toEqual({ why: 'amount-not-positive', arm: 0 });
});

test('the verdict and the interval never contradict: different excludes 0, equal lies within the smallest effect', () => {
  const at = (d: number, v: number) => judge({ scale: 'ratio', d, v }, { tau: TAU_RATIO, alpha, smallestEffect: 0.05 });
  expect(at(0.2, 0.001)).toMatchObject({ verdict: 'different' });
  expect(at(0.2, 0.001).p).toBeLessThan(0.05);
  expect(at(0.02, 0.01)).toMatchObject({ verdict: 'open' });
  expect(at(0.001, 0.0001)).toMatchObject({ verdict: 'equal', level: 0.95 });
  expect(at(0, 0.01).p).toBe(1);
});

test('α of the primary measure is shared among the arms, of all others among all others', () => {
  expect(alphas({ arms: 2, others: 10 })).toEqual({ primary: 0.05, other: 0.005 });
  expect(alphas({ arms: 5, others: 0 })).toEqual({ primary: 0.0125, other: 0.05 });
});

test('a result that the trimmed mean does not share rests on extreme rows', () => {
  const plain = { difference: -0.09, verdict: 'different' } as const;
  expect(restsOnExtremes(plain, { difference: -0.07, verdict: 'different' })).toBe(false);
  expect(restsOnExtremes(plain, { difference: -0.02, verdict: 'open' })).toBe(true);
  expect(restsOnExtremes(plain, { difference: 0.08, verdict: 'different' })).toBe(true);
});

test('a percentile too near the end of its rows is not compared', () => {
  expect(levelsAround(0.95, 0.02, 1_000)).toEqual({ low: 0.95 - 0.04, high: 0.95 + 0.04 });
  expect(levelsAround(0.95, 0.03, 1_000)).toBeNull();
  expect(levelsAround(0.95, 0.0245, 1_000)).toBeNull();
});

test('percentiles are compared as a ratio', () => {
  const arms = [
    { rows: 5_000, q: 900, l: 880, h: 920 },
    { rows: 5_000, q: 1_200, l: 1_170, h: 1_230 },
  ];
  expect(compareQuantiles(arms, [0, 1], { alpha })).toMatchObject({ a: 900, b: 1_200, verdict: 'different' });
});

test('a unit in an arm without a share is a mismatch; an arm turned off that stays empty is none', () => {
  expect(checkUnits([500, 500, 1], [0.5, 0.5, 0])).toEqual({ lnE: Number.POSITIVE_INFINITY, isMismatch: true });
  expect(checkUnits([500, 500, 0], [0.5, 0.5, 0]).isMismatch).toBe(false);
  expect(checkUnits([0, 0], [0.5, 0.5])).toEqual({ lnE: 0, isMismatch: false });
});

test('without a key, an arm that gets a fifth more rows than its share is a mismatch, also one of three', () => {
  const blocks = (shares: number[], off: number) =>
    momentsOf(
      Array.from({ length: 400 }, (_, i) => [
        ...shares.map((share, arm) => 300 * share * (arm === off ? 1.2 : 1) + ((i * (arm + 3)) % 11) - 5),
        ...shares.map(() => 0),
      ]),
    );
  expect(checkRows(blocks([0.7, 0.3], -1), [0.7, 0.3]).isMismatch).toBe(false);
  expect(checkRows(blocks([0.7, 0.3], 1), [0.7, 0.3]).isMismatch).toBe(true);
  expect(checkRows(blocks([0.5, 0.3, 0.2], 2), [0.5, 0.3, 0.2]).isMismatch).toBe(true);
});

test('from 20 pairs runs are compared; values as good as equal are the same', () => {
  const pairs = Array.from({ length: 20 }, (_, i): Pair => [i % 3, (i % 3) + (i % 2)]);
  expect(comparePairs('difference', pairs, alpha)).toMatchObject({ difference: 0.5, level: 0.95 });
  expect(countPairs([[0.1 + 0.2, 0.3]], 'higher')).toEqual({ better: 0, same: 1, worse: 0 });
});

test('McNemar stays exact from none to very many discordant items', () => {
  expect(mcnemarP({ gained: 0, lost: 0 })).toBe(1);
  expect(mcnemarP({ gained: 5, lost: 5 })).toBe(1);
  expect(mcnemarP({ gained: 10, lost: 0 })).toBeCloseTo(2 / 1024, 15);
  // About 2·Φ(−(200 − 1) / √20,000), with the correction for continuity.
  expect(mcnemarP({ gained: 10_100, lost: 9_900 })).toBeCloseTo(0.1594, 3);
});

test('κ is given from 30 pairs, and only when both sides used two categories', () => {
  expect(agreementOf([[20, 9]].concat([[0, 0]])).kappa).toEqual({ why: 'too-few-pairs', pairs: 29, needed: 30 });
  expect(agreementOf([[20, 10]].concat([[0, 0]]))).toMatchObject({ kappa: { why: 'no-variation' }, mcc: null });
  expect(agreementOf(confusionOf([], ['yes', 'no']))).toMatchObject({ pairs: 0, agreement: null, weightedF1: null });
  expect(
    confusionOf(
      [
        ['yes', 'yes'],
        ['yes', 'no'],
        ['maybe', 'no'],
      ],
      ['yes', 'no'],
    ),
  ).toEqual([
    [1, 1],
    [0, 0],
  ]);
});

test('raters who do not vary have no correlation, and nobody has no error', () => {
  expect(
    numericAgreement([
      [1, 0.1],
      [2, 0.1],
    ]),
  ).toMatchObject({ pearson: null, spearman: null, mae: 1.4 });
  expect(numericAgreement([])).toEqual({ pairs: 0, pearson: null, spearman: null, mae: null, rmse: null });
});
