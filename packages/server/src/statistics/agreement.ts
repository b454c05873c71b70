/** Two raters (a judge and a person) of the same objects, by category. */
import { Z_95 } from './distributions.ts';
import type { Reason } from './reasons.ts';

/** Square: `counts[i][j]` objects that the first called category i and the second j. */
export type Confusion = readonly (readonly number[])[];

const PAIRS = 30;

export interface Agreement {
  pairs: number;
  /** Share of objects that both called the same; null without pairs. */
  agreement: number | null;
  /** Beyond chance (Cohen), with its standard error (Fleiss, Cohen and Everitt 1969) and 95 % interval; or why there is none. */
  kappa: { value: number; se: number; low: number; high: number } | Reason;
  /** Matthews' correlation, for any number of categories (Gorodkin 2004); null when a side used one category alone. */
  mcc: number | null;
  /** F1 of each category weighted by how often the first used it; null without pairs. */
  weightedF1: number | null;
}

/** The matrix of pairs; categories in the order given. Pairs of other categories are left out. */
export function confusionOf(pairs: readonly (readonly [string, string])[], categories: readonly string[]): Confusion {
  const counts = categories.map(() => categories.map(() => 0));
  const index = new Map(categories.map((category, i) => [category, i]));
  for (const [first, second] of pairs) {
    const [i, j] = [index.get(first), index.get(second)];
    if (i !== undefined && j !== undefined) counts[i]![j]! += 1;
  }
  return counts;
}

/** @param counts the first rater is who is taken for true */
export function agreementOf(counts: Confusion): Agreement {
  const rows = counts.map(sum);
  const columns = counts.map((_, j) => sum(counts.map((row) => row[j]!)));
  const pairs = sum(rows);
  const same = sum(counts.map((row, i) => row[i]!));
  return {
    pairs,
    agreement: pairs === 0 ? null : same / pairs,
    kappa: kappaOf(counts, rows, columns, pairs),
    mcc: mccOf(rows, columns, same, pairs),
    weightedF1:
      pairs === 0
        ? null
        : sum(counts.map((row, i) => (rows[i]! > 0 ? (rows[i]! * 2 * row[i]!) / (rows[i]! + columns[i]!) : 0))) / pairs,
  };
}

function kappaOf(counts: Confusion, rows: number[], columns: number[], pairs: number): Agreement['kappa'] {
  if (pairs < PAIRS) return { why: 'too-few-pairs', pairs, needed: PAIRS };
  const used = (totals: number[]) => totals.filter((n) => n > 0).length;
  if (used(rows) < 2 || used(columns) < 2) return { why: 'no-variation' };
  const [p, q] = [rows.map((n) => n / pairs), columns.map((n) => n / pairs)];
  const observed = sum(counts.map((row, i) => row[i]!)) / pairs;
  const expected = sum(p.map((share, i) => share * q[i]!));
  const value = (observed - expected) / (1 - expected);
  let spread = -((value - expected * (1 - value)) ** 2);
  for (const [i, row] of counts.entries())
    for (const [j, count] of row.entries())
      spread +=
        (count / pairs) *
        (i === j ? (1 - (p[i]! + q[i]!) * (1 - value)) ** 2 : (1 - value) ** 2 * (q[i]! + p[j]!) ** 2);
  const se = Math.sqrt(Math.max(0, spread) / pairs) / (1 - expected);
  return { value, se, low: value - Z_95 * se, high: value + Z_95 * se };
}

function mccOf(rows: number[], columns: number[], same: number, pairs: number): number | null {
  const both = sum(rows.map((n, i) => n * columns[i]!));
  const spread = (pairs ** 2 - sum(rows.map((n) => n * n))) * (pairs ** 2 - sum(columns.map((n) => n * n)));
  return spread > 0 ? (same * pairs - both) / Math.sqrt(spread) : null;
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
