/** R12 to R32: what independent code computed. Closed forms to 1e-9, what goes through jstat to 1e-6; both relative. */
import { expect, test } from 'vitest';
import { agreementOf } from './agreement.ts';
import { halfWidths, interval, judge, lnEValue, TAU_RATIO, tauOfDifference } from './always-valid.ts';
import { compare } from './compare.ts';
import { asD, contrast, type Contrast } from './contrast.ts';
import { numericAgreement } from './correlation.ts';
import { lnGamma, tQuantile, Z_95 } from './distributions.ts';
import { type Moments, momentsOf } from './moments.ts';
import { bonettPrice, mcnemarP } from './paired-shares.ts';
import { comparePairs, countPairs, type Pair, pairedInterval } from './paired.ts';
import { levelsAround, lnQuantileError, shareError } from './quantiles.ts';
import reference from './reference-values.json' with { type: 'json' };
import { quantileOf } from './simulations.ts';
import { checkUnits } from './split-check.ts';
import { unitsNeeded, varianceNeeded } from './units-needed.ts';

const expectNear = (value: number | null, expected: number, relative: number) =>
  expect(Math.abs((value ?? Number.NaN) - expected), `${value} is ${expected}`).toBeLessThanOrEqual(
    relative * Math.abs(expected),
  );
const closed = (value: number | null, expected: number) => expectNear(value, expected, 1e-9);
const library = (value: number | null, expected: number) => expectNear(value, expected, 1e-6);
const found = <T extends object>(result: T): Exclude<T, { why: string }> => {
  expect(result).not.toHaveProperty('why');
  return result as Exclude<T, { why: string }>;
};
const expectContrast = (result: Contrast, { d, v }: { d: number; v: number }) => {
  closed(result.d, d);
  closed(result.v, v);
};

test.each(reference.R12.rows)('R12: c($r, $alpha) is $c', ({ r, alpha, c }) => closed(halfWidths(r, alpha), c));

test('R13: the e-value is that of quadrature, and 1 / α at the bound of the interval', () => {
  const { d, v, tau, e, halfWidth } = reference.R13;
  closed(Math.exp(lnEValue(d, v, tau)), e);
  closed(interval(0, v, tau, 0.05).high, halfWidth);
  closed(Math.exp(lnEValue(halfWidth, v, tau)), 20);
});

test('R14, R15: units in one arm each, as ratio and as difference', () => {
  const moments = momentsOf(reference.R14.units);
  const ratio = found(contrast('ratio', moments, 0, 1));
  expectContrast(ratio, reference.R14);
  const { low, high } = interval(ratio.d, ratio.v, TAU_RATIO, 0.05);
  closed(low, reference.R14.low);
  closed(high, reference.R14.high);
  expectContrast(found(contrast('difference', moments, 0, 1)), reference.R15);
});

test('R16, R17: blocks that hold both arms, as ratio and as difference', () => {
  const moments = momentsOf(reference.R16.units);
  expectContrast(found(contrast('ratio', moments, 0, 1)), reference.R16);
  expectContrast(found(contrast('difference', moments, 0, 1)), reference.R17);
});

test('R18, R19, R25: from moments, and how many units would show 5 %', () => {
  const { moments, low, high } = reference.R18;
  const ratio = found(contrast('ratio', moments, 0, 1));
  expectContrast(ratio, reference.R18);
  const bounds = interval(ratio.d, ratio.v, TAU_RATIO, 0.05);
  closed(bounds.low, low);
  closed(bounds.high, high);
  const judged = judge(ratio, { tau: TAU_RATIO, alpha: 0.05 });
  expect([judged.low.toFixed(3), judged.high.toFixed(3)]).toEqual(['-0.194', '0.020']);
  expectContrast(found(contrast('difference', moments, 0, 1)), reference.R19);
  const needed = varianceNeeded(asD('ratio', reference.R25.effect), TAU_RATIO, 0.05);
  library(unitsNeeded({ units: moments.units, v: ratio.v }, needed), reference.R25.units);
});

test('R18: the order of the arms is that of the moments, whatever other arms there are', () => {
  const two = reference.R18.moments;
  // Control, an arm of its own, and the arm that is compared.
  const places = [0, 2, 3, 5];
  const products = Array.from({ length: 36 }, () => 0);
  for (const [i, at] of places.entries())
    for (const [j, beside] of places.entries()) products[at * 6 + beside] = two.products[i * 4 + j]!;
  products[1 * 6 + 1] = 500;
  products[4 * 6 + 4] = 3;
  const [nA = 0, nB = 0, xA = 0, xB = 0] = two.sums;
  const three: Moments = { units: two.units, sums: [nA, 90, nB, xA, 7, xB], products };
  expectContrast(found(contrast('ratio', three, 0, 2)), reference.R18);
});

test('R20: errors', () => {
  const { moments, d, v, tau, low, high } = reference.R20;
  const counts = { inArm: [450, 450], withEvent: [30, 60], withoutEvent: [440, 430] };
  const compared = found(compare({ kind: 'event', moments, counts, by: 'units' }, [0, 1], { alpha: 0.05 }));
  expectContrast(compared, { d, v });
  closed(compared.tau, tau);
  closed(tauOfDifference({ rows: 4050, sum: 107, sumOfSquares: 107 }), tau);
  closed(compared.low, low);
  closed(compared.high, high);
  expect(compared.verdict).toBe('open');
});

test('R21: a median of rows that come in units', () => {
  const { units, q, share, sigma, l, h, se } = reference.R21;
  const rows = units.flat().toSorted((a, b) => a - b);
  expect(quantileOf(rows, 0.5)).toBe(q);
  const sums = { units: units.length, n: 0, nSquared: 0, j: 0, jSquared: 0, jn: 0 };
  for (const unit of units) {
    const [n, j] = [unit.length, unit.filter((value) => value <= q).length];
    sums.n += n;
    sums.nSquared += n * n;
    sums.j += j;
    sums.jSquared += j * j;
    sums.jn += j * n;
  }
  closed(sums.j / sums.n, share);
  closed(shareError(sums), sigma);
  const levels = levelsAround(0.5, sigma, rows.length);
  expect(levels).not.toBeNull();
  closed(quantileOf(rows, levels!.low), l);
  closed(quantileOf(rows, levels!.high), h);
  closed(lnQuantileError({ l, h }), se);
});

test.each([...reference.R22.rows, ...reference.R23.rows])(
  'R22, R23: $counts of $shares gives ln e $lnE',
  ({ counts, shares, lnE, isMismatch }) => {
    const check = checkUnits(counts, shares);
    library(check.lnE, lnE);
    expect(check.isMismatch).toBe(isMismatch);
  },
);

test.each(reference.R24.rows)('R24: an effect of $d needs a variance of $v', ({ d, v }) =>
  closed(varianceNeeded(d, reference.R24.tau, 0.05), v),
);

const pairs = reference.R26.pairs.map(([a = 0, b = 0]): Pair => [a, b]);

test('R26: two runs over the same items', () => {
  const { mean, low, high, better, same, worse } = reference.R26;
  const result = found(pairedInterval('difference', pairs, 0.05));
  expectNear(result.d, mean, 1e-11);
  library(result.low, low);
  library(result.high, high);
  expect(countPairs(pairs, 'higher')).toEqual({ better, same, worse });
  expect(countPairs(pairs, 'lower')).toEqual({ better: worse, same, worse: better });
  expect(comparePairs('difference', pairs, 0.05)).toEqual({ why: 'too-few-pairs', pairs: 12, needed: 20 });
});

test('R27: the same as a ratio', () => {
  const { pairs, d, v, low, high } = reference.R27;
  const result = found(
    pairedInterval(
      'ratio',
      pairs.map(([a = 0, b = 0]): Pair => [a, b]),
      0.05,
    ),
  );
  expectContrast(result, { d, v });
  library(Math.log1p(result.low), low);
  library(Math.log1p(result.high), high);
});

test('R28: 0/1 scores of two runs', () => {
  const { p, low, high, ...discordant } = reference.R28;
  closed(mcnemarP(discordant), p);
  const bounds = bonettPrice(discordant, Z_95);
  closed(bounds.low, low);
  closed(bounds.high, high);
});

test.each([reference.R29, reference.R30])(
  'R29, R30: κ, MCC and F1 of $counts',
  ({ counts, kappa, se, low, high, mcc, weightedF1 }) => {
    const result = agreementOf(counts);
    const { value, ...interval } = found(result.kappa);
    closed(value, kappa);
    closed(interval.se, se);
    closed(interval.low, low);
    closed(interval.high, high);
    closed(result.mcc, mcc);
    closed(result.weightedF1, weightedF1);
  },
);

test('R31: numbers of two raters', () => {
  const { pearson, spearman, mae, rmse } = reference.R31;
  const result = numericAgreement(pairs);
  closed(result.pearson, pearson);
  closed(result.spearman, spearman);
  closed(result.mae, mae);
  closed(result.rmse, rmse);
});

test('R32: the library', () => {
  for (const { p, df, value } of reference.R32.t) library(tQuantile(p, df), value);
  for (const { x, value } of reference.R32.lnGamma) library(lnGamma(x), value);
});
