/** 0/1 scores of two runs over the same items. What counts are the items on which they differ. */

export interface Discordant {
  /** Items with 1 in the candidate alone. */
  gained: number;
  /** Items with 1 in the baseline alone. */
  lost: number;
  /** Items in all. */
  pairs: number;
}

/**
 * Interval of the difference of the shares (candidate − baseline) by Bonett and Price (2012).
 * @param z the normal quantile of the level: `Z_95`
 */
export function bonettPrice({ gained, lost, pairs }: Discordant, z: number): { low: number; high: number } {
  const [up, down] = [(gained + 1) / (pairs + 2), (lost + 1) / (pairs + 2)];
  const half = z * Math.sqrt((up + down - (up - down) ** 2) / (pairs + 2));
  return { low: up - down - half, high: up - down + half };
}

/** Two-sided exact p of McNemar: how often a fair coin parts the discordant items as unevenly. */
export function mcnemarP({ gained, lost }: Pick<Discordant, 'gained' | 'lost'>): number {
  const [n, k] = [gained + lost, Math.min(gained, lost)];
  // The sum over 0 … k of n over i, as a multiple of its last and largest term.
  let sum = 0;
  for (let [i, term] = [k, 1]; i >= 0 && term > sum * 1e-18; i -= 1) {
    sum += term;
    term *= i / (n - i + 1);
  }
  let lnLast = -n * Math.LN2;
  for (let i = 1; i <= k; i += 1) lnLast += Math.log((n - k + i) / i);
  return Math.min(1, 2 * sum * Math.exp(lnLast));
}
