import { judge, type Judged, TAU_RATIO, tauOfDifference } from './always-valid.ts';
import { contrast, type Contrast, type Scale } from './contrast.ts';
import { type Kind, missingFor, missingForValues, type UnitCounts } from './enough.ts';
import { armMoments, type Moments } from './moments.ts';
import type { Reason } from './reasons.ts';

/** One measure over all arms, as it is read from the store. */
export interface Measured {
  kind: Kind;
  moments: Moments;
  counts: UnitCounts;
  /** Of kind `value`: the sum of the squares of the rows' values, by arm. */
  sumOfSquares?: readonly number[] | undefined;
  /** Of kind `value`: the least and the greatest value of a row, in all arms. */
  range?: readonly [least: number, greatest: number] | undefined;
  /** What a unit is: what the key names, or a block of time. */
  by: 'units' | 'blocks';
}

export type Compared = Contrast & Judged & { tau: number };

/** Amounts are compared by their ratio, events and values by their difference. */
const scaleOf = (kind: Kind): Scale => (kind === 'amount' ? 'ratio' : 'difference');

/** Arm b against arm a (control), or why not. @param alpha of `alphas` */
export function compare(
  measured: Measured,
  [a, b]: readonly [number, number],
  { alpha, smallestEffect }: { alpha: number; smallestEffect?: number | undefined },
): Compared | Reason {
  const { kind, moments, counts, by } = measured;
  const missing =
    missingFor(kind, moments, counts, [a, b], by) ??
    (kind === 'value' && measured.range ? missingForValues(moments, [a, b], measured.range) : null);
  if (missing) return missing;
  const found = contrast(scaleOf(kind), moments, a, b);
  if ('why' in found) return found;
  const tau = kind === 'amount' ? TAU_RATIO : tauBetween(measured, a, b);
  if (!(tau > 0)) return { why: 'no-variation' };
  return { ...found, tau, ...judge(found, { tau, alpha, smallestEffect }) };
}

function tauBetween({ moments, kind, sumOfSquares }: Measured, a: number, b: number): number {
  const [A, B] = [armMoments(moments, a), armMoments(moments, b)];
  const sum = A.amount + B.amount;
  const squares = (arm: number) => sumOfSquares?.[arm] ?? 0;
  return tauOfDifference({
    rows: A.rows + B.rows,
    sum,
    sumOfSquares: kind === 'event' ? sum : squares(a) + squares(b),
  });
}
