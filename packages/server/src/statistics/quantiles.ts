/**
 * Percentiles of rows that come in units (Woodruff's interval with a variance clustered by unit). The store answers in three steps: the
 * quantile q of each arm; how many rows of each unit are at most q; the quantiles at p ± 2σ. Quantiles interpolate linearly (numpy's
 * default, ClickHouse's `quantilesExactInclusive`).
 */
import { judge, type Judged, TAU_RATIO } from './always-valid.ts';
import type { Contrast } from './contrast.ts';
import type { Reason } from './reasons.ts';

/** Sums over the units of one arm; n are a unit's rows, j those of them that are at most q. */
export interface RowsBelow {
  units: number;
  n: number;
  nSquared: number;
  j: number;
  jSquared: number;
  jn: number;
}

/** σ, the standard error of the share of rows at most q. */
export function shareError({ units, n, nSquared, j, jSquared, jn }: RowsBelow): number {
  const p = j / n;
  const sum = jSquared - 2 * p * jn + p ** 2 * nSquared;
  return Math.sqrt((units / (units - 1)) * Math.max(0, sum)) / n;
}

/** The levels of l and h, the quantiles whose distance tells the error of q; null when they lie beyond the rows. */
export function levelsAround(p: number, sigma: number, rows: number): { low: number; high: number } | null {
  const [low, high] = [p - 2 * sigma, p + 2 * sigma];
  return low > 1 / rows && high < 1 - 1 / rows ? { low, high } : null;
}

/** The quantile of an arm, and those at `levelsAround`. */
export interface ArmQuantile {
  q: number;
  l: number;
  h: number;
}

/** Standard error of ln q. */
export const lnQuantileError = ({ l, h }: Pick<ArmQuantile, 'l' | 'h'>): number => (Math.log(h) - Math.log(l)) / 4;

/** Arm b against arm a (control), as a ratio. Whether there are enough units is `missingFor` of kind `amount`. */
export function compareQuantiles(
  arms: readonly (ArmQuantile & { rows: number })[],
  [a, b]: readonly [number, number],
  { alpha, smallestEffect }: { alpha: number; smallestEffect?: number | undefined },
): (Contrast & Judged & { tau: number }) | Reason {
  const of = (arm: number) => arms[arm] ?? { q: 0, l: 0, h: 0, rows: 0 };
  for (const arm of [a, b]) {
    if (of(arm).rows === 0) return { why: 'no-rows', arm };
    if (!(of(arm).l > 0 && of(arm).q > 0)) return { why: 'amount-not-positive', arm };
  }
  const v = lnQuantileError(of(a)) ** 2 + lnQuantileError(of(b)) ** 2;
  if (!(v > 0)) return { why: 'no-variation' };
  const found: Contrast = { scale: 'ratio', a: of(a).q, b: of(b).q, d: Math.log(of(b).q / of(a).q), v };
  return { ...found, tau: TAU_RATIO, ...judge(found, { tau: TAU_RATIO, alpha, smallestEffect }) };
}
