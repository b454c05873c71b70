/**
 * A measure of k arms as sums over units. Of each unit it takes the vector (nA, nB, …, xA, xB, …): how many rows it has in each arm,
 * and what they add to. A unit that is in one arm alone has zeros in the others; a time block or a dataset item has all.
 */
export interface Moments {
  /** How many units there are, in any arm. */
  readonly units: number;
  /** S, 2k long: the sum of the vectors. */
  readonly sums: readonly number[];
  /** M by rows, 2k × 2k: the sum of the products of each entry with each. Not centred: weights are orthogonal to S. */
  readonly products: readonly number[];
}

/** @param units vectors of one length, which is even */
export function momentsOf(units: readonly (readonly number[])[]): Moments {
  const width = units[0]?.length ?? 0;
  const sums = Array.from({ length: width }, () => 0);
  const products = Array.from({ length: width * width }, () => 0);
  for (const unit of units)
    for (const [i, value] of unit.entries()) {
      sums[i]! += value;
      for (const [j, other] of unit.entries()) products[i * width + j]! += value * other;
    }
  return { units: units.length, sums, products };
}

/** Rows, amount and their squares and product over units, of one arm. */
export interface ArmMoments {
  rows: number;
  amount: number;
  rowsSquared: number;
  amountSquared: number;
  product: number;
}

export function armMoments({ sums, products }: Moments, arm: number): ArmMoments {
  const width = sums.length;
  const [n, x] = [arm, width / 2 + arm];
  return {
    rows: sums[n]!,
    amount: sums[x]!,
    rowsSquared: products[n * width + n]!,
    amountSquared: products[x * width + x]!,
    product: products[n * width + x]!,
  };
}

/**
 * The variance of a statistic whose change by one unit is `weights` times its vector: U / (U − 1) · wᵀ M w. Zero when it is no more than
 * what rounding leaves; NaN below two units.
 * @param weights by place in the vector; those left out are 0
 */
export function varianceOf(
  { units, sums, products }: Moments,
  weights: readonly (readonly [number, number])[],
): number {
  const width = sums.length;
  let sum = 0;
  let size = 0;
  for (const [i, wi] of weights)
    for (const [j, wj] of weights) {
      const term = wi * wj * products[i * width + j]!;
      sum += term;
      size += Math.abs(term);
    }
  if (units < 2) return Number.NaN;
  return sum > size * ROUNDING ? (units / (units - 1)) * sum : 0;
}

/** Sums of up to a million products err by no more than this part of their size. */
const ROUNDING = 1e-13;
