import type { Verdict } from './always-valid.ts';

interface Outcome {
  difference: number;
  verdict: Verdict;
}

/**
 * The mean as it is decides, for money is money; beside it stands the mean with the values above the pooled 99th percentile set to it.
 * True when the two disagree in sign or verdict: the result rests on a few extreme rows.
 */
export const restsOnExtremes = (plain: Outcome, trimmed: Outcome): boolean =>
  plain.verdict !== trimmed.verdict || Math.sign(plain.difference) !== Math.sign(trimmed.difference);
