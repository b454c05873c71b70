import type { AbSnapshot } from '@tracehouse/contract/x-ab-tests';

/** The primary interval at one hour; milliseconds since 1970. */
export interface Point {
  at: number;
  difference: number;
  low: number;
  high: number;
}

/** Of one arm in one phase, in order of time; hours without an interval are left out. */
export const pointsOf = (snapshots: readonly AbSnapshot[], phase: number, arm: number): Point[] =>
  snapshots
    .filter((snapshot) => snapshot.phase === phase)
    .flatMap(({ at, arms }) => {
      const found = arms.find((one) => one.arm === arm);
      if (!found || found.difference === null || found.low === null || found.high === null) return [];
      return [{ at: Date.parse(at), difference: found.difference, low: found.low, high: found.high }];
    })
    .toSorted((one, other) => one.at - other.at);

/** The first hour whose interval did not hold 0. */
export const firstWithoutZero = (points: readonly Point[]): Point | undefined =>
  points.find(({ low, high }) => low > 0 || high < 0);

/** Half the height of the chart: the widest interval, but not that of the first hours, which would flatten the rest. */
export function heightOf(points: readonly Point[]): number {
  const sizes = points
    .map(({ low, high }) => Math.max(Math.abs(low), Math.abs(high)))
    .toSorted((one, other) => one - other);
  const most = sizes.at(-1) ?? 1;
  const usual = sizes[Math.floor(sizes.length * 0.8)] ?? most;
  return Math.min(most, usual * 1.5) * 1.1 || 1;
}

const steps = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];

/** A round value to write on the axis, within its half. */
export const tickOf = (height: number): number => steps.findLast((step) => step <= height * 0.95) ?? height / 2;
