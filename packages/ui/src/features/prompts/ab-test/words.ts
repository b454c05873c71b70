import {
  abMeasures,
  type AbArm,
  type AbComparison,
  type AbMeasure,
  type AbTest,
  type AbTestState,
  type AbUnit,
} from '@tracehouse/contract/x-ab-tests';
import { formatCost, formatCount, formatDuration, formatPercent, UNKNOWN } from '../../../components/formats.ts';

/** What a test counts as one, in words. */
export const unitWords: Record<AbUnit, { one: string; many: string }> = {
  user: { one: 'user', many: 'users' },
  session: { one: 'session', many: 'sessions' },
  trace: { one: 'trace', many: 'traces' },
  none: { one: 'time block', many: 'time blocks' },
};

export const stateWords: Record<AbTestState, string> = {
  draft: 'Draft',
  scheduled: 'Scheduled',
  running: 'Running',
  paused: 'Paused',
  ended: 'Ended',
};

type Plain = (typeof abMeasures)[number];

interface MeasureWords {
  name: string;
  /** Second line: of what. */
  note: string;
  /** Said of the arm when it is higher, and lower. */
  more: string;
  less: string;
  /** Undefined: neither is better. */
  better?: 'less';
  format: (value: number) => string;
}

const costs = { more: 'is dearer', less: 'is cheaper', better: 'less', format: formatSmallCost } as const;
const tokens = { more: 'uses more', less: 'uses fewer', better: 'less', format: formatMean } as const;
const times = { more: 'is slower', less: 'is faster', better: 'less', format: formatDuration } as const;

const plainWords: Record<Plain, MeasureWords> = {
  cost: { name: 'Cost per generation', note: 'where it is known', ...costs },
  costPerUnit: { name: 'Cost per UNIT', note: 'all calls of a UNIT', ...costs },
  generations: {
    name: 'Generations per UNIT',
    note: 'does it make people ask more?',
    more: 'is called more often',
    less: 'is called less often',
    format: formatMean,
  },
  tokens: { name: 'Tokens', note: 'per generation', ...tokens },
  inputTokens: { name: 'Input tokens', note: 'per generation', ...tokens },
  outputTokens: { name: 'Output tokens', note: 'per generation', ...tokens },
  latency: { name: 'Latency', note: 'mean, to the last token', ...times },
  latencyP50: { name: 'Latency p50', note: 'to the last token', ...times },
  latencyP95: {
    name: 'Latency p95',
    note: 'to the last token',
    ...times,
    more: 'is slower at the tail',
    less: 'is faster at the tail',
  },
  ttft: { name: 'Time to first token', note: 'mean', ...times },
  errors: {
    name: 'Error rate',
    note: 'of generations',
    more: 'fails more often',
    less: 'fails less often',
    better: 'less',
    format: formatPercent,
  },
};

const isPlain = (measure: AbMeasure): measure is Plain => (abMeasures as readonly string[]).includes(measure);

/** How a measure is named and written; a score by its name. */
export function measureWords(measure: AbMeasure, unit: AbUnit): MeasureWords {
  if (!isPlain(measure)) {
    const name = measure.slice('score:'.length);
    return { name, note: 'score', more: 'is higher', less: 'is lower', format: formatScoreMean };
  }
  const words = plainWords[measure];
  const fill = (text: string) => text.replace('UNIT', unitWords[unit].one);
  return { ...words, name: fill(words.name), note: fill(words.note) };
}

/** Three digits that count, above 100 no more than whole: `0.812`, `1,235`. */
const formatScoreMean = (value: number): string =>
  Math.abs(value) < 100 ? value.toPrecision(3) : formatCount(Math.round(value));

/** Three digits that count: means of costs differ in the fourth. */
function formatSmallCost(usd: number): string {
  return usd >= 1e-9 && usd < 0.1 ? `$${toDecimal(usd, 3)}` : formatCost(usd);
}

/** Without an exponent: `0.00210`. */
const toDecimal = (value: number, digits: number): string =>
  value.toFixed(Math.min(12, Math.max(0, digits - 1 - Math.floor(Math.log10(value)))));

function formatMean(value: number): string {
  return value < 100 ? String(Number(value.toFixed(2))) : formatCount(value);
}

export const formatValue = (value: number | null, { format }: MeasureWords): string =>
  value === null ? UNKNOWN : format(value);

/** `−9.3 %` of a ratio or of shares, `−0.012` of scores; always with its sign. */
export function formatDifference(value: number, comparison: Pick<AbComparison, 'scale' | 'measure'>): string {
  const isPercent = comparison.scale === 'ratio' || comparison.measure === 'errors';
  const size = Math.abs(isPercent ? value * 100 : value);
  const text = isPercent ? size.toFixed(1) : size.toFixed(3);
  const sign = Number(text) === 0 ? '' : value < 0 ? '−' : '+';
  return `${sign}${text}${isPercent ? (comparison.scale === 'ratio' ? ' %' : ' pts') : ''}`;
}

/** `−14.2 … −4.1`, the unit is with the difference. */
export const formatInterval = (
  low: number,
  high: number,
  comparison: Pick<AbComparison, 'scale' | 'measure'>,
): string =>
  `${formatDifference(low, comparison)} … ${formatDifference(high, comparison)}`.replaceAll(/ (?:%|pts)/gu, '');

export type Finding = 'better' | 'worse' | 'other' | 'none';

/** What the interval says: that they differ, and whether that is good, or not. */
export function findingOf({ measure, low, high }: AbComparison, unit: AbUnit): Finding {
  if (low === null || high === null || (low <= 0 && high >= 0)) return 'none';
  const { better } = measureWords(measure, unit);
  if (better === undefined) return 'other';
  return high < 0 ? 'better' : 'worse';
}

/** "v5 is cheaper", "No difference shown yet", "No difference that matters". */
export function inWords(comparison: AbComparison, test: Pick<AbTest, 'unit' | 'smallestEffect'>): string {
  const { low, high, measure, arm, isPrimary } = comparison;
  if (low === null || high === null) return '';
  if (low > 0 || high < 0) {
    const { more, less } = measureWords(measure, test.unit);
    return `v${arm} ${low > 0 ? more : less}`;
  }
  // The smallest effect is one of the primary measure: 5 % of its cost is nothing to hold a score or an error rate against.
  const isWithin = isPrimary && low >= -test.smallestEffect && high <= test.smallestEffect;
  return isWithin ? 'No difference that matters' : 'No difference shown yet';
}

/** `70 / 30`, from percent. */
export const formatShares = (shares: readonly number[]): string =>
  shares.map((share) => String(Number(share.toFixed(2)))).join(' / ');

/** `v4 70 %, v5 30 %`. */
export const formatArms = (arms: readonly AbArm[]): string =>
  arms.map(({ version, share }) => `v${version} ${Number(share.toFixed(2))} %`).join(', ');

/** The smallest effect that matters, as it is typed and read: `5 %`, or points of the score. */
export const formatEffect = (effect: number, primary: AbMeasure): string =>
  primary.startsWith('score:')
    ? String(effect)
    : `${Number((effect * 100).toFixed(2))} ${primary === 'errors' ? 'points' : '%'}`;

/** Something that happened to a test. */
export interface Event {
  at: string;
  text: string;
}

/** What happened to a test, the newest first. */
export function eventsOf(test: AbTest): Event[] {
  const events: Event[] = [{ at: test.createdAt, text: `Created by ${test.createdBy}.` }];
  test.phases.forEach((phase, index) => {
    const before = test.phases[index - 1];
    events.push({
      at: phase.from,
      text: before
        ? `Shares changed, ${formatShares(before.shares)} to ${formatShares(phase.shares)}. Counted from then: phase ${phase.number}.`
        : `Started. Unit: ${unitWords[test.unit].one}. Primary: ${measureWords(test.primary, test.unit).name.toLowerCase()}, ${formatEffect(test.smallestEffect, test.primary)} matters.`,
    });
    // A phase may begin and end in a pause.
    for (const { from, to } of phase.stretches) {
      if (from !== phase.from) events.push({ at: from, text: 'Resumed.' });
      if (to !== null && to !== phase.to) events.push({ at: to, text: 'Paused: everybody got control.' });
    }
  });
  if (test.endedAt !== null) events.push({ at: test.endedAt, text: endWords(test) });
  return events.toSorted((one, other) => (one.at < other.at ? 1 : -1));
}

/** How a test ended. */
export function endWords({ endReason, shippedVersion, label, arms }: AbTest): string {
  const control = arms[0]?.version;
  if (endReason === 'label-moved') return `Ended: the label ${label} was moved.`;
  if (endReason === 'version-deleted') return 'Ended: a version of it was deleted.';
  if (shippedVersion !== null && shippedVersion !== control) return `Ended, v${shippedVersion} made ${label}.`;
  return endReason === 'end-time' ? `Ended at its time, v${control} kept.` : `Ended, v${control} kept.`;
}
