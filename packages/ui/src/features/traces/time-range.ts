import { readStored, writeStored } from '../../app/preferences.ts';
import { formatTime } from '../../components/formats.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What the picker offers; `t` in the address is the id. */
export const relativeRanges = [
  { id: '15m', ms: 15 * MINUTE, label: 'Past 15 minutes' },
  { id: '1h', ms: HOUR, label: 'Past hour' },
  { id: '6h', ms: 6 * HOUR, label: 'Past 6 hours' },
  { id: '24h', ms: DAY, label: 'Past 24 hours' },
  { id: '7d', ms: 7 * DAY, label: 'Past 7 days' },
  { id: '30d', ms: 30 * DAY, label: 'Past 30 days' },
  { id: '90d', ms: 90 * DAY, label: 'Past 90 days' },
  { id: 'all', ms: null, label: 'All time' },
] as const;

/** A range as `t` holds it, ready to be asked for: `from` inclusive, `to` exclusive, ISO 8601 UTC. */
export interface TimeRange {
  t: string;
  from?: string;
  to?: string;
}

const units: Record<string, number> = { m: MINUTE, h: HOUR, d: DAY };

/**
 * Reads `t`: `24h`, `90m`, `all`, or `2026-11-25T09:00Z..2026-11-25T10:30Z`. Null when it is neither.
 */
export function readTimeRange(t: string, now: Date): TimeRange | null {
  if (t === 'all') return { t };
  const relative = /^(\d{1,4})([mhd])$/u.exec(t);
  if (relative) {
    const ms = Number(relative[1]) * (units[relative[2] ?? ''] ?? 0);
    return ms > 0 ? { t, from: new Date(now.getTime() - ms).toISOString() } : null;
  }
  const [start = '', end = '', more] = t.split('..');
  const from = new Date(start);
  const to = new Date(end);
  if (more !== undefined || Number.isNaN(from.getTime()) || Number.isNaN(to.getTime()) || from >= to) return null;
  return { t, from: from.toISOString(), to: to.toISOString() };
}

/** `t` of an absolute range, to the second or finer where it is short. */
export function writeTimeRange(from: Date, to: Date): string {
  const exact = to.getTime() - from.getTime() < MINUTE;
  const write = (at: Date) => (exact ? at.toISOString() : at.toISOString().replace(/\.\d{3}Z$/u, 'Z'));
  return `${write(from)}..${write(to)}`;
}

/** In words, as on the button: "Past 24 hours", "Past 90 minutes", "Nov 24 09:00:00 – 10:30:00". */
export function describeTimeRange(t: string, now: Date, zone?: string): string {
  const known = relativeRanges.find(({ id }) => id === t);
  if (known) return known.label;
  const relative = /^(\d+)([mhd])$/u.exec(t);
  if (relative) {
    const words: Record<string, string> = { m: 'minutes', h: 'hours', d: 'days' };
    return `Past ${relative[1]} ${words[relative[2] ?? ''] ?? ''}`;
  }
  const [from = '', to = ''] = t.split('..');
  const write = (text: string) => formatTime(new Date(text), now, zone).replace(/\.000$/u, '');
  return `${write(from)} – ${write(to)}`;
}

/** The smallest of 24 h, 7 d, 30 d, 90 d and all that holds the newest trace: a first visit is never empty. */
export function rangeThatHolds(newest: Date | null, now: Date): string {
  if (newest === null) return '24h';
  const age = now.getTime() - newest.getTime();
  const fitting = relativeRanges.find(
    ({ id, ms }) => ['24h', '7d', '30d', '90d'].includes(id) && ms !== null && age < ms,
  );
  return fitting?.id ?? 'all';
}

const storageKey = (project: string) => `tracehouse.range.${project}`;

/** The last range chosen in a project; null before the first. */
export function lastRange(project: string): string | null {
  const { t } = readStored(storageKey(project));
  return typeof t === 'string' ? t : null;
}

export const rememberRange = (project: string, t: string): void => writeStored(storageKey(project), { t });
