/**
 * Intervals that hold at every look: the normal mixture (mSPRT; asymptotic confidence sequence), on the scale of information 1 / V and
 * not of the count of units, because users come back. The price is a width of 3.0 to 3.3 standard errors where a single look at a fixed
 * end takes 1.96.
 */
import { shown, type Scale } from './contrast.ts';

/** τ of ratios: what is expected of an effect, on the scale of ln(b / a). Fixed, not a setting: see `halfWidths`. */
export const TAU_RATIO = 0.1;

/**
 * τ of differences: a tenth of the standard deviation of the rows of both arms together.
 * @param sumOfSquares of the values of rows; for 0/1 it is `sum`
 */
export function tauOfDifference({
  rows,
  sum,
  sumOfSquares,
}: {
  rows: number;
  sum: number;
  sumOfSquares: number;
}): number {
  const mean = sum / rows;
  return 0.1 * Math.sqrt(Math.max(0, sumOfSquares / rows - mean * mean));
}

/**
 * c(R, α): half the width of the interval in standard errors, for R = τ² / V. Between 3.0 and 3.3 at α = 0.05 for R from 4 to 100, so τ
 * costs little for effects from half to twice its size.
 */
export const halfWidths = (r: number, alpha: number): number =>
  Math.sqrt((1 + 1 / r) * (2 * Math.log(1 / alpha) + Math.log1p(r)));

/** ln of the e-value against "no difference". |d| = √V·c(τ²/V, α) exactly where e = 1 / α. */
export const lnEValue = (d: number, v: number, tau: number): number =>
  (Math.log(v / (v + tau ** 2)) + (tau ** 2 * d ** 2) / (v * (v + tau ** 2))) / 2;

/** Interval of `d` at level 1 − α, however often one looks. */
export function interval(d: number, v: number, tau: number, alpha: number): { low: number; high: number } {
  const half = Math.sqrt(v) * halfWidths(tau ** 2 / v, alpha);
  return { low: d - half, high: d + half };
}

/** `different`: the interval excludes 0. `equal`: it lies within the smallest effect that matters. Else `open`. */
export type Verdict = 'different' | 'equal' | 'open';

/** An effect as people read it: 0.05 is 5 % more on the scale `ratio`. */
export interface Judged {
  difference: number;
  low: number;
  high: number;
  /** 1 − α. */
  level: number;
  /** Valid at every look. */
  p: number;
  verdict: Verdict;
}

/** @param smallestEffect as people say it; without one nothing is called equal */
export function judge(
  { scale, d, v }: { scale: Scale; d: number; v: number },
  { tau, alpha, smallestEffect }: { tau: number; alpha: number; smallestEffect?: number | undefined },
): Judged {
  const bounds = interval(d, v, tau, alpha);
  const [low, high] = [shown(scale, bounds.low), shown(scale, bounds.high)];
  return {
    difference: shown(scale, d),
    low,
    high,
    level: 1 - alpha,
    p: Math.exp(-Math.max(0, lnEValue(d, v, tau))),
    verdict: verdictOf(low, high, smallestEffect),
  };
}

function verdictOf(low: number, high: number, smallestEffect: number | undefined): Verdict {
  if (low > 0 || high < 0) return 'different';
  return smallestEffect !== undefined && low >= -smallestEffect && high <= smallestEffect ? 'equal' : 'open';
}
