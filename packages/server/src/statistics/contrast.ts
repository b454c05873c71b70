import { armMoments, type Moments, varianceOf } from './moments.ts';
import type { Reason } from './reasons.ts';

/** Relative (`b / a`) or in the measure's own unit (`b − a`). */
export type Scale = 'ratio' | 'difference';

/** Arm b against arm a. */
export interface Contrast {
  scale: Scale;
  /** Mean of the rows of each arm: Σx / Σn. */
  a: number;
  b: number;
  /** ln(b / a), or b − a. */
  d: number;
  /** Variance of `d`, above 0. */
  v: number;
}

/**
 * Delta method for a ratio of sums, clustered by unit: rows of one unit may depend on each other as they like. It equals the cluster
 * sandwich of a regression on the arm.
 */
export function contrast(scale: Scale, moments: Moments, a: number, b: number): Contrast | Reason {
  const [A, B] = [armMoments(moments, a), armMoments(moments, b)];
  if (!(A.rows > 0)) return { why: 'no-rows', arm: a };
  if (!(B.rows > 0)) return { why: 'no-rows', arm: b };
  const [meanA, meanB] = [A.amount / A.rows, B.amount / B.rows];
  const k = moments.sums.length / 2;
  if (scale === 'ratio') {
    if (!(A.amount > 0)) return { why: 'amount-not-positive', arm: a };
    if (!(B.amount > 0)) return { why: 'amount-not-positive', arm: b };
  }
  const v = varianceOf(
    moments,
    scale === 'ratio'
      ? [
          [a, 1 / A.rows],
          [b, -1 / B.rows],
          [k + a, -1 / A.amount],
          [k + b, 1 / B.amount],
        ]
      : [
          [a, meanA / A.rows],
          [b, -meanB / B.rows],
          [k + a, -1 / A.rows],
          [k + b, 1 / B.rows],
        ],
  );
  if (!(v > 0)) return { why: 'no-variation' };
  return { scale, a: meanA, b: meanB, d: scale === 'ratio' ? Math.log(meanB / meanA) : meanB - meanA, v };
}

/** `d` and bounds of it as people read them: 0.05 is 5 % more, or 0.05 more. */
export const shown = (scale: Scale, d: number): number => (scale === 'ratio' ? Math.expm1(d) : d);

/** The least `d` that matters, of an effect as people say it. */
export const asD = (scale: Scale, effect: number): number => (scale === 'ratio' ? Math.log1p(effect) : effect);
