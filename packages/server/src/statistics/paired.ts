/** Two runs over one dataset: the unit is the item, the look is one, so the interval is Student's. */
import { contrast, type Contrast, type Scale, shown } from './contrast.ts';
import { tQuantile } from './distributions.ts';
import { momentsOf } from './moments.ts';
import type { Reason } from './reasons.ts';

/** What the baseline and the candidate got on one item; repetitions averaged first. */
export type Pair = readonly [baseline: number, candidate: number];

const PAIRS = 20;

export interface PairCounts {
  better: number;
  same: number;
  worse: number;
}

/** @param betterIs whether a higher or a lower value is better. Equal within 1e-9 is the same. */
export function countPairs(pairs: readonly Pair[], betterIs: 'higher' | 'lower'): PairCounts {
  const counts = { better: 0, same: 0, worse: 0 };
  for (const [baseline, candidate] of pairs) {
    const gain = betterIs === 'higher' ? candidate - baseline : baseline - candidate;
    counts[Math.abs(gain) <= 1e-9 ? 'same' : gain > 0 ? 'better' : 'worse'] += 1;
  }
  return counts;
}

export type PairedComparison = Contrast & { difference: number; low: number; high: number; level: number };

/**
 * Mean of the candidate against that of the baseline, at level 1 − α; from 20 pairs.
 * @param alpha 0.05 / m over the scores, cost and latency shown
 */
export function comparePairs(scale: Scale, pairs: readonly Pair[], alpha: number): PairedComparison | Reason {
  if (pairs.length < PAIRS) return { why: 'too-few-pairs', pairs: pairs.length, needed: PAIRS };
  return pairedInterval(scale, pairs, alpha);
}

/** As `comparePairs`, for any number of pairs. */
export function pairedInterval(scale: Scale, pairs: readonly Pair[], alpha: number): PairedComparison | Reason {
  const found = contrast(scale, momentsOf(pairs.map(([a, b]) => [1, 1, a, b])), 0, 1);
  if ('why' in found) return found;
  const half = Math.sqrt(found.v) * tQuantile(1 - alpha / 2, pairs.length - 1);
  return {
    ...found,
    difference: shown(scale, found.d),
    low: shown(scale, found.d - half),
    high: shown(scale, found.d + half),
    level: 1 - alpha,
  };
}
