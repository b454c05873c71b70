/**
 * Nothing is compared before there is enough of it: the variance is itself an estimate, and with few units or one that makes most of
 * the amount the interval would promise more than it keeps (with 30 units in place of 100, heavy tails: 7.0 % called different).
 */
import { armMoments, type Moments } from './moments.ts';
import type { Reason } from './reasons.ts';

const UNITS = 100;
const BLOCKS = 60;
const EFFECTIVE_UNITS = 30;
const UNITS_WITH_EVENT = 10;

/**
 * - `amount`: never below 0 and without an upper bound (cost, tokens, milliseconds, a count).
 * - `event`: 0 or 1 a row (an error, a boolean score, one category of a score, whether there is a score).
 * - `value`: any number (a numeric score).
 */
export type Kind = 'amount' | 'event' | 'value';

/** How many units there are, by arm. */
export interface UnitCounts {
  /** With a row of this measure. */
  inArm: readonly number[];
  /** Of kind `event`: with a row that has it. */
  withEvent?: readonly number[] | undefined;
  /** Of kind `event`: with a row that does not. */
  withoutEvent?: readonly number[] | undefined;
}

/** Null when arm b may be compared with arm a. @param by what a unit is */
export function missingFor(
  kind: Kind,
  moments: Moments,
  counts: UnitCounts,
  [a, b]: readonly [number, number],
  by: 'units' | 'blocks',
): Reason | null {
  for (const arm of [a, b]) {
    const units = counts.inArm[arm] ?? 0;
    if (by === 'blocks' && units < BLOCKS) return { why: 'too-few-blocks', arm, blocks: units, needed: BLOCKS };
    if (by === 'units' && units < UNITS) return { why: 'too-few-units', arm, units, needed: UNITS };
  }
  for (const arm of [a, b]) {
    const { rows, amount, rowsSquared, amountSquared } = armMoments(moments, arm);
    const rowsOf = effectiveUnits(rows, rowsSquared);
    if (rowsOf < EFFECTIVE_UNITS)
      return { why: 'few-units-dominate', arm, of: 'rows', effectiveUnits: rowsOf, needed: EFFECTIVE_UNITS };
    // Not of values, which may cancel out: `missingForValues`. Not of events, which are counted below.
    if (kind !== 'amount') continue;
    const amountOf = effectiveUnits(amount, amountSquared);
    if (amountOf < EFFECTIVE_UNITS)
      return { why: 'few-units-dominate', arm, of: 'amount', effectiveUnits: amountOf, needed: EFFECTIVE_UNITS };
  }
  if (kind !== 'event') return null;
  const withEvent: [number, number] = [counts.withEvent?.[a] ?? 0, counts.withEvent?.[b] ?? 0];
  if (Math.min(...withEvent) < UNITS_WITH_EVENT)
    return { why: 'too-few-events', counts: withEvent, needed: UNITS_WITH_EVENT };
  const without: [number, number] = [counts.withoutEvent?.[a] ?? 0, counts.withoutEvent?.[b] ?? 0];
  if (Math.min(...without) < UNITS_WITH_EVENT)
    return { why: 'too-few-without-event', counts: without, needed: UNITS_WITH_EVENT };
  return null;
}

/**
 * Null when values may be compared, after `missingFor`. Values may lie around 0, where their sum says nothing; so this asks whether a few
 * units make most of what lies above the least value, or below the greatest. It is the same wherever 0 is. (Scores with heavy tails and
 * arms of 90/10 were called different in 7 % without it.)
 * @param range least and greatest value of a row, in all arms
 */
export function missingForValues(
  moments: Moments,
  [a, b]: readonly [number, number],
  [least, greatest]: readonly [number, number],
): Reason | null {
  if (!(greatest > least)) return { why: 'no-variation' };
  for (const arm of [a, b])
    for (const end of [least, greatest]) {
      const { rows, amount, rowsSquared, amountSquared, product } = armMoments(moments, arm);
      const squares = amountSquared - 2 * end * product + end ** 2 * rowsSquared;
      const units = effectiveUnits(amount - end * rows, squares);
      if (units < EFFECTIVE_UNITS)
        return { why: 'few-units-dominate', arm, of: 'amount', effectiveUnits: units, needed: EFFECTIVE_UNITS };
    }
  return null;
}

/** As many units of one size would vary as these do: (Σx)² / Σ(x²). 0 when all are 0. */
const effectiveUnits = (sum: number, sumOfSquares: number): number => (sumOfSquares > 0 ? sum ** 2 / sumOfSquares : 0);
