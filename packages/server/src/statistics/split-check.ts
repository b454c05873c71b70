/**
 * Whether the split that arrived is the split that was configured. If not, rows are lost in one arm, a retry fetches again, or the key
 * is not what was declared: no verdict until the cause is known. Both forms hold at every look.
 */
import { halfWidths } from './always-valid.ts';
import { lnGamma } from './distributions.ts';
import { type Moments, varianceOf } from './moments.ts';

/** A sound test is called a mismatch in at most one of a thousand. */
const ALPHA = 0.001;
/** How much of the prior is the configured split, in units: it looks for shifts of about one in thirty. */
const PRIOR_UNITS = 1_000;

export interface SplitCheck {
  isMismatch: boolean;
  /** Of keyed tests: ln of the e-value against the configured split. */
  lnE: number | null;
}

/**
 * Keyed: units of each arm against the shares, a Dirichlet-multinomial e-process.
 * @param shares as parts of 1
 */
export function checkUnits(counts: readonly number[], shares: readonly number[]): SplitCheck {
  let lnE = lnGamma(PRIOR_UNITS) - lnGamma(PRIOR_UNITS + counts.reduce((sum, n) => sum + n, 0));
  for (const [arm, n] of counts.entries()) {
    const share = shares[arm] ?? 0;
    if (n === 0) continue;
    // A unit in an arm that has no share cannot be.
    if (share === 0) return { lnE: Number.POSITIVE_INFINITY, isMismatch: true };
    const prior = PRIOR_UNITS * share;
    lnE += lnGamma(prior + n) - lnGamma(prior) - n * Math.log(share);
  }
  return { lnE, isMismatch: lnE >= -Math.log(ALPHA) };
}

/**
 * Unkeyed: rows of each arm against its share over time blocks, at α shared among the arms but control.
 * @param moments of any measure that counts every row in n
 */
export function checkRows(moments: Moments, shares: readonly number[]): SplitCheck {
  const arms = moments.sums.length / 2;
  const rows = moments.sums.slice(0, arms).reduce((sum, n) => sum + n, 0);
  if (moments.units < MIN_BLOCKS || rows === 0) return { lnE: null, isMismatch: false };
  const isOff = (arm: number): boolean => {
    const [share, part] = [shares[arm] ?? 0, moments.sums[arm]! / rows];
    if (share === 0 || share === 1) return part !== share;
    // Of each block: (rows of the arm − part · all its rows) / rows.
    const weights = Array.from({ length: arms }, (_, i) => [i, ((i === arm ? 1 : 0) - part) / rows] as const);
    const v = varianceOf(moments, weights);
    const tau = 0.1 * Math.sqrt(share * (1 - share));
    return v > 0 && Math.abs(part - share) > Math.sqrt(v) * halfWidths(tau ** 2 / v, ALPHA / Math.max(1, arms - 1));
  };
  return { lnE: null, isMismatch: Array.from({ length: arms - 1 }, (_, i) => i + 1).some(isOff) };
}

/** Below, the variance over blocks is itself too uncertain. */
const MIN_BLOCKS = 30;
