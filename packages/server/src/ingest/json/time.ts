import type { Micros } from '../observation.ts';

const DAY: Micros = 86_400_000_000;
const OLDEST: Micros = 5 * 365.25 * DAY;

/** An ISO 8601 time that the schema has checked; microseconds are kept, what is finer is cut. */
export function toMicros(iso: string): Micros {
  const fraction = /\.(\d+)/.exec(iso)?.[1];
  if (fraction === undefined) return Date.parse(iso) * 1000;
  return Date.parse(iso.replace(/\.\d+/, '')) * 1000 + Number(fraction.slice(0, 6).padEnd(6, '0'));
}

/** The reverse, with microseconds. */
export function toIso(time: Micros): string {
  const second = Math.floor(time / 1_000_000);
  const micros = String(time - second * 1_000_000).padStart(6, '0');
  return new Date(second * 1000).toISOString().replace('.000Z', `.${micros}Z`);
}

/** Reads the times of one event. A time outside [receipt − 5 years, receipt + 1 day] is a broken clock: receipt stands in. */
export class EventClock {
  readonly receivedAt: Micros;
  isAdjusted = false;

  constructor(receivedAt: Micros) {
    this.receivedAt = receivedAt;
  }

  read(iso: string): Micros {
    const time = toMicros(iso);
    if (time >= this.receivedAt - OLDEST && time <= this.receivedAt + DAY) return time;
    this.isAdjusted = true;
    return this.receivedAt;
  }
}
