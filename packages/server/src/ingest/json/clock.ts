import type { Micros } from '../observation.ts';

/**
 * When a statement was made: the event's time, create (0) before update (1), then the event's id. Two different events never
 * compare equal, so which of two statements is newer does not depend on the order they arrived in.
 */
export type Clock = readonly [time: Micros, rank: 0 | 1, eventId: string];

/** Older than any event: what a row says that did not come through this door. */
export const ZERO: Clock = [0, 0, ''];

/** Negative when `a` is older. */
export const compareClocks = (a: Clock, b: Clock): number =>
  a === b ? 0 : a[0] - b[0] || a[1] - b[1] || (a[2] < b[2] ? -1 : a[2] > b[2] ? 1 : 0);

export function newest(a: Clock | undefined, b: Clock | undefined): Clock | undefined {
  if (!a || !b) return a ?? b;
  return compareClocks(a, b) < 0 ? b : a;
}

/** The clocks of one row, each written once; everything else refers to them by position. */
export class ClockTable {
  readonly clocks: Clock[] = [];
  readonly #positions = new Map<string, number>();
  /** Fields of one event follow each other and share its clock. */
  #last: readonly [Clock, number] | null = null;

  /** Position of a clock, added when it is new. */
  position(clock: Clock): number {
    if (this.#last?.[0] === clock) return this.#last[1];
    const position = this.#find(clock);
    this.#last = [clock, position];
    return position;
  }

  #find(clock: Clock): number {
    const key = `${clock[0]} ${clock[1]} ${clock[2]}`;
    const known = this.#positions.get(key);
    if (known !== undefined) return known;
    this.#positions.set(key, this.clocks.length);
    return this.clocks.push(clock) - 1;
  }
}
