/** Two numeric scores of the same objects. */

export interface NumericAgreement {
  pairs: number;
  /** Null when one side does not vary. */
  pearson: number | null;
  /** Of ranks; equal values share the mean of theirs. */
  spearman: number | null;
  /** Mean absolute and root of the mean squared difference, in the unit of the scores; null without pairs. */
  mae: number | null;
  rmse: number | null;
}

export function numericAgreement(pairs: readonly (readonly [number, number])[]): NumericAgreement {
  const xs = pairs.map(([x]) => x);
  const ys = pairs.map(([, y]) => y);
  const differences = pairs.map(([x, y]) => y - x);
  return {
    pairs: pairs.length,
    pearson: correlation(xs, ys),
    spearman: correlation(ranks(xs), ranks(ys)),
    mae: mean(differences.map(Math.abs)),
    rmse: pairs.length === 0 ? null : Math.sqrt(mean(differences.map((d) => d * d))!),
  };
}

function correlation(xs: readonly number[], ys: readonly number[]): number | null {
  const [meanX, meanY] = [mean(xs), mean(ys)];
  if (meanX === null || meanY === null || isConstant(xs) || isConstant(ys)) return null;
  let [xx, yy, xy] = [0, 0, 0];
  for (const [i, x] of xs.entries()) {
    const [dx, dy] = [x - meanX, ys[i]! - meanY];
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  const spread = Math.sqrt(xx) * Math.sqrt(yy);
  return spread > 0 ? Math.max(-1, Math.min(1, xy / spread)) : null;
}

function ranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).toSorted((i, j) => values[i]! - values[j]!);
  const result = values.map(() => 0);
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to += 1;
    for (const i of order.slice(from, to)) result[i] = (from + 1 + to) / 2;
    from = to;
  }
  return result;
}

const isConstant = (values: readonly number[]): boolean => values.every((value) => value === values[0]);

const mean = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
