/** Shares of arms, and the segments of buckets that give them. */
import { InvalidRequestError } from '../../http/errors.ts';
import { BUCKETS, type Segment } from './assign.ts';

/**
 * Shares in percent as counts of buckets (hundredths of a percent).
 * @throws InvalidRequestError when one is no such number or they do not add to 100.
 */
export function bucketsOfShares(shares: readonly number[]): number[] {
  const counts = shares.map((share) => {
    const count = Math.round(share * 100);
    if (!(share >= 0 && share <= 100) || Math.abs(share * 100 - count) > 1e-6)
      throw new InvalidRequestError(`Share ${share} is not a percentage from 0 to 100 with at most two decimals`);
    return count;
  });
  const sum = counts.reduce((a, b) => a + b, 0);
  if (sum !== BUCKETS) throw new InvalidRequestError(`Shares add to ${sum / 100}, not to 100`);
  return counts;
}

/** The segments of a first phase: arm after arm. @throws InvalidRequestError as `bucketsOfShares`. */
export function firstSegments(shares: readonly number[]): Segment[] {
  let from = 0;
  return bucketsOfShares(shares)
    .map((count, arm) => ({ from, to: (from += count), arm }))
    .filter((segment) => segment.to > segment.from);
}

/**
 * The segments after a change of shares. It moves as few buckets as can be (what the shrinking arms lose), and an arm that grows keeps
 * every bucket it had; cumulative ranges and rendezvous hashing both move more with three arms.
 * @throws InvalidRequestError as `bucketsOfShares`.
 */
export function recut(segments: readonly Segment[], shares: readonly number[]): Segment[] {
  const wanted = bucketsOfShares(shares);
  const had = wanted.map((_, arm) => segments.filter((s) => s.arm === arm).reduce((sum, s) => sum + s.to - s.from, 0));
  const kept = segments.map((segment) => ({ ...segment }));
  const freed: { from: number; to: number }[] = [];
  for (const [arm, want] of wanted.entries()) {
    // From the end of its highest segment downwards.
    let surplus = had[arm]! - want;
    for (const segment of kept.toReversed()) {
      if (surplus <= 0) break;
      if (segment.arm !== arm) continue;
      const given = Math.min(surplus, segment.to - segment.from);
      freed.push({ from: segment.to - given, to: segment.to });
      segment.to -= given;
      surplus -= given;
    }
  }
  const pieces = freed.toSorted((a, b) => a.from - b.from);
  const taken: Segment[] = [];
  for (const [arm, want] of wanted.entries()) {
    for (let missing = want - had[arm]!; missing > 0;) {
      const piece = pieces[0]!;
      const to = Math.min(piece.to, piece.from + missing);
      taken.push({ from: piece.from, to, arm });
      missing -= to - piece.from;
      piece.from = to;
      if (piece.from === piece.to) pieces.shift();
    }
  }
  return merged([...kept, ...taken]);
}

/** Ascending, without empty ones, equal neighbours as one. */
function merged(segments: readonly Segment[]): Segment[] {
  const result: Segment[] = [];
  for (const segment of segments.filter((s) => s.to > s.from).toSorted((a, b) => a.from - b.from)) {
    const last = result.at(-1);
    if (last?.arm === segment.arm) last.to = segment.to;
    else result.push({ ...segment });
  }
  return result;
}
