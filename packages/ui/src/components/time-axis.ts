import { formatMinute, formatShortDay, formatClock } from './formats.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
// oxfmt-ignore
const steps = [
  SECOND, 5 * SECOND, 15 * SECOND, 30 * SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE,
  HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 28 * DAY, 91 * DAY, 364 * DAY,
];

export interface Tick {
  /** Milliseconds since 1970. */
  at: number;
  /** Empty on the small ticks between. */
  label: string;
}

/** Ticks of a clock axis at round local times: at most `most` with a label, some without between them. */
export function timeTicks(from: number, to: number, most: number, zone?: string): Tick[] {
  const step = steps.find((size) => (to - from) / size <= most) ?? DAY * 364;
  const between = between3(step) ? step / 3 : step / 2;
  const offset = zoneOffset(new Date(from), zone);
  const ticks: Tick[] = [];
  for (let local = Math.ceil((from + offset) / between) * between; local - offset <= to; local += between) {
    ticks.push({ at: local - offset, label: local % step === 0 ? labelOf(new Date(local - offset), step, zone) : '' });
  }
  return ticks;
}

const between3 = (step: number) =>
  step === 3 * HOUR || step === 15 * MINUTE || step === 15 * SECOND || step === 30 * MINUTE;

function labelOf(at: Date, step: number, zone?: string): string {
  const clock = formatClock(at, zone);
  if (step >= DAY || (clock === '00:00:00' && step >= HOUR)) return formatShortDay(at, zone);
  return step < MINUTE ? clock : formatMinute(at, zone);
}

/** How far the zone's clock is ahead of UTC then, in milliseconds. */
function zoneOffset(at: Date, zone?: string): number {
  if (zone === undefined) return -at.getTimezoneOffset() * MINUTE;
  const text = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' }).format(at);
  return new Date(`${text.replace(' ', 'T')}Z`).getTime() - Math.floor(at.getTime() / SECOND) * SECOND;
}

/** Round distances from 0 for a duration of `totalMs`: `0`, `2 s`, `4 s` … with one unlabelled tick between two. */
export function durationTicks(totalMs: number, most: number): Tick[] {
  if (totalMs <= 0) return [{ at: 0, label: '0' }];
  const magnitude = 10 ** Math.floor(Math.log10(totalMs / most));
  // Minutes and hours are not decimal: their round steps come from the clock's.
  const decimalStep =
    [1, 2, 5, 10].map((factor) => factor * magnitude).find((size) => totalMs / size <= most) ?? totalMs;
  const step = decimalStep > 30 * SECOND ? (steps.find((size) => totalMs / size <= most) ?? decimalStep) : decimalStep;
  const ticks: Tick[] = [];
  for (let index = 0; (index * step) / 2 <= totalMs; index++) {
    ticks.push({ at: (index * step) / 2, label: index % 2 === 0 ? distance((index * step) / 2, step) : '' });
  }
  return ticks;
}

function distance(ms: number, step: number): string {
  if (ms === 0) return '0';
  const trim = (value: number) => String(Number(value.toFixed(6)));
  if (step < 1) return `${trim(ms * 1000)} µs`;
  if (ms < SECOND) return `${trim(ms)} ms`;
  if (ms < MINUTE) return `${trim(ms / SECOND)} s`;
  if (ms < HOUR)
    return step < MINUTE
      ? `${Math.floor(ms / MINUTE)}m ${String((ms % MINUTE) / SECOND).padStart(2, '0')}s`
      : `${ms / MINUTE}m`;
  return `${Math.floor(ms / HOUR)}h${ms % HOUR === 0 ? '' : ` ${String((ms % HOUR) / MINUTE).padStart(2, '0')}m`}`;
}
