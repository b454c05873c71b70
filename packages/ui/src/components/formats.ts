/** How numbers, times and ids are written, everywhere. Numbers follow the reader's locale; unknown is `–`, never 0. */

export const UNKNOWN = '–';

const formats = new Map<string, Intl.NumberFormat>();

function write(value: number, least: number, most = least): string {
  const key = `${least}-${most}`;
  let format = formats.get(key);
  if (!format) {
    // halfExpand is "half away from zero".
    format = new Intl.NumberFormat(undefined, {
      minimumFractionDigits: least,
      maximumFractionDigits: most,
      roundingMode: 'halfExpand',
    });
    formats.set(key, format);
  }
  return format.format(value);
}

const roundTo = (value: number, digits: number) => Number(value.toFixed(digits));

/** `0.4 ms`, `840 ms`, `3.24 s`, `42.1 s`, `4m 05s`, `1h 12m`; negative with a minus sign. */
export function formatDuration(ms: number | null): string {
  if (ms === null) return UNKNOWN;
  if (ms < 0) return `−${formatDuration(-ms)}`;
  if (ms === 0) return '0 ms';
  if (roundTo(ms, 1) < 10) return `${write(Math.max(ms, 0.1), 0, 1)} ms`;
  if (Math.round(ms) < 1000) return `${write(ms, 0)} ms`;
  const seconds = ms / 1000;
  if (roundTo(seconds, 2) < 10) return `${write(seconds, 2)} s`;
  if (roundTo(seconds, 1) < 60) return `${write(seconds, 1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${String(whole % 60).padStart(2, '0')}s`;
  const minutes = Math.round(seconds / 60);
  return `${write(Math.floor(minutes / 60), 0)}h ${String(minutes % 60).padStart(2, '0')}m`;
}

/** How long something has been going on: `12 s so far`, `4m 05s so far`, `46m so far`. */
export function formatSoFar(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${write(seconds, 0)} s so far`;
  const isMinutes = seconds >= 600 && seconds < 3600;
  return `${isMinutes ? `${Math.floor(seconds / 60)}m` : formatDuration(seconds * 1000)} so far`;
}

/** Grouped, exact: `1,234`. */
export const formatCount = (count: number): string => write(count, 0);

/** Exact to 9,999, then `12.3k`, `1.24M`. */
export function formatTokens(tokens: number | null): string {
  if (tokens === null) return UNKNOWN;
  if (tokens < 10_000) return write(tokens, 0);
  if (roundTo(tokens / 1000, 1) < 1000) return `${write(tokens / 1000, 1)}k`;
  return `${write(tokens / 1e6, 2)}M`;
}

/** Tokens of calls; 0 is what stands there when none were reported, as for a refused call: unknown. */
export const formatTokenSum = (tokens: number): string => formatTokens(tokens === 0 ? null : tokens);

/** USD: `$1,235`, `$12.35`, `$0.035`, `$0.0012`, `<$0.0001`, known zero `$0`, unknown `–`. */
export function formatCost(usd: number | null): string {
  if (usd === null) return UNKNOWN;
  if (usd === 0) return '$0';
  if (usd < 0) return `−${formatCost(-usd)}`;
  if (Math.round(usd) >= 1000) return `$${write(usd, 0)}`;
  if (roundTo(usd, 3) >= 1) return `$${write(usd, 2)}`;
  if (roundTo(usd, 4) >= 0.01) return `$${write(usd, 3)}`;
  return usd >= 0.0001 ? `$${write(usd, 4)}` : `<$${write(0.0001, 4)}`;
}

export interface CostSum {
  totalCost: number | null;
  unpricedCalls: number;
}

/** A sum; `≥` when some calls have no price, `–` when none has. */
export function formatCostSum({ totalCost, unpricedCalls }: CostSum): string {
  if (totalCost === null) return UNKNOWN;
  return unpricedCalls > 0 ? `≥ ${formatLeastCost(totalCost)}` : formatCost(totalCost);
}

/** A bound needs a figure, "at least less than" is none: below `$0.0001` its first digit, `$0.00002`, never above it. */
function formatLeastCost(usd: number): string {
  if (usd <= 0 || usd >= 0.0001) return formatCost(usd);
  const digits = Math.ceil(-Math.log10(usd));
  return digits > 12 ? '$0' : `$${write(Math.floor(usd * 10 ** digits) / 10 ** digits, digits)}`;
}

/** All that is known about a sum, for a tooltip: twelve decimals, and why it may be incomplete. */
export function explainCostSum({ totalCost, unpricedCalls, calls }: CostSum & { calls: number }): string {
  const gap = unpricedCalls > 0 ? `${formatCount(unpricedCalls)} of ${formatCount(calls)} calls have no price` : '';
  if (totalCost === null) return gap || 'No cost is known';
  return [formatCostExact(totalCost), gap].filter(Boolean).join('. ');
}

/** Up to twelve decimals, without trailing zeros: `$0.0007214`. Decimal text stays as it was sent. */
export function formatCostExact(usd: number | string): string {
  const text = typeof usd === 'number' ? usd.toFixed(12) : usd;
  const trimmed = text.includes('.') ? text.replace(/0+$/u, '').replace(/\.$/u, '') : text;
  return `$${trimmed}`;
}

/** Six decimals at least, so that the lines of a receipt share their point: `$0.002240`. */
export function formatCostLine(usd: string): string {
  const [whole = '0', digits = ''] = usd.split('.');
  return `$${whole}.${digits.replace(/0+$/u, '').padEnd(6, '0')}`;
}

/** `4.2 %`, `<0.1 %`, from a fraction. */
export function formatPercent(fraction: number): string {
  const percent = fraction * 100;
  if (percent > 0 && percent < 0.1) return '<0.1 %';
  return `${write(percent, 0, 1)} %`;
}

/** A score, or what lies between scores: two decimals, `0.80`; of small ones two digits, `0.0042`. */
export function formatScore(value: number): string {
  if (value === 0 || Math.abs(value) >= 0.1) return write(value, 2);
  return value.toLocaleString(undefined, { maximumSignificantDigits: 2 });
}

/** `840 B`, `12.3 kB`, `1.2 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${write(bytes, 0)} B`;
  if (bytes < 999_950) return `${write(bytes / 1000, 0, 1)} kB`;
  return `${write(bytes / 1e6, 0, 1)} MB`;
}

/** Up to 20 characters whole, longer ones `3f2a91c4…d07e`. */
export const formatId = (id: string): string => (id.length <= 20 ? id : `${id.slice(0, 8)}…${id.slice(-4)}`);

/** A key with its prefix: `pk-lf-4c1e8a52…9a2f`. */
export const formatKey = (key: string): string => (key.length <= 20 ? key : `${key.slice(0, 14)}…${key.slice(-4)}`);

export type Zone = string | undefined;

const dateFormats = new Map<Zone, Intl.DateTimeFormat>();

function partsOf(at: Date, zone: Zone): Record<string, string> {
  let format = dateFormats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      year: 'numeric',
      month: 'short',
      day: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      fractionalSecondDigits: 3,
      hourCycle: 'h23',
      timeZone: zone,
    });
    dateFormats.set(zone, format);
  }
  return Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
}

/** Today `14:03:22.418`, this year `Nov 24 14:03:22`, else `2025-11-24 14:03`. `zone` undefined is the browser's. */
export function formatTime(at: Date, now: Date, zone?: string): string {
  const part = partsOf(at, zone);
  const today = partsOf(now, zone);
  const clock = `${part['hour']}:${part['minute']}`;
  if (part['year'] !== today['year']) return `${formatDay(at, zone)} ${clock}`;
  if (part['month'] === today['month'] && part['day'] === today['day']) {
    return `${clock}:${part['second']}.${part['fractionalSecond']}`;
  }
  return `${part['month']} ${part['day']} ${clock}:${part['second']}`;
}

/** With date and milliseconds, for a header or a detail: `Nov 25 14:03:22.418`; other years `2025-11-25 14:03:22.418`. */
export function formatTimeFull(at: Date, now: Date, zone?: string): string {
  const part = partsOf(at, zone);
  const clock = `${part['hour']}:${part['minute']}:${part['second']}.${part['fractionalSecond']}`;
  const sameYear = part['year'] === partsOf(now, zone)['year'];
  return sameYear ? `${part['month']} ${part['day']} ${clock}` : `${formatDay(at, zone)} ${clock}`;
}

/** `14:03:22`, for things of the last minutes. */
export function formatClock(at: Date, zone?: string): string {
  const part = partsOf(at, zone);
  return `${part['hour']}:${part['minute']}:${part['second']}`;
}

/** `14:03`. */
export function formatMinute(at: Date, zone?: string): string {
  const part = partsOf(at, zone);
  return `${part['hour']}:${part['minute']}`;
}

/** `Nov 25`. */
export function formatShortDay(at: Date, zone?: string): string {
  const part = partsOf(at, zone);
  return `${part['month']} ${part['day']}`;
}

/** `2025-11-24`. */
function formatDay(at: Date, zone?: string): string {
  // Swedish writes dates as ISO 8601 does.
  return new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short' }).format(at);
}

/** Local with zone, UTC, and how long ago: the tooltip of a time. */
export function explainTime(at: Date, now: Date, zone?: string): string {
  const local = new Intl.DateTimeFormat('en-US', {
    dateStyle: 'medium',
    timeStyle: 'long',
    timeZone: zone,
    hourCycle: 'h23',
  }).format(at);
  return `${local}\n${at.toISOString()}\n${formatAgo(now.getTime() - at.getTime())}`;
}

/** `12 s ago`, `3 min ago`, `2 h ago`, `5 d ago`; `in 3 s` for the future. */
export const formatAgo = (ms: number): string => (ms < 0 ? `in ${formatAge(ms)}` : `${formatAge(ms)} ago`);

/** `12 s`, `3 min`, `2 h`, `5 d`. */
export function formatAge(ms: number): string {
  const past = Math.abs(ms);
  const [amount, unit] =
    past < 60_000
      ? [Math.floor(past / 1000), 's']
      : past < 3_600_000
        ? [Math.floor(past / 60_000), 'min']
        : past < 86_400_000
          ? [Math.floor(past / 3_600_000), 'h']
          : [Math.floor(past / 86_400_000), 'd'];
  return `${write(amount, 0)} ${unit}`;
}

/** Short name of a zone, as the time range button shows it: `UTC`, `GMT+1`. */
export function zoneName(zone: Zone, at: Date): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'short' }).formatToParts(at);
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? 'UTC';
}
