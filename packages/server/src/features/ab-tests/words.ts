/** What a result says in words: the sentence, reasons and notes (ab-tests.md of the docs says what they mean). */
import type { AbComparison, AbMeasure, AbResult, AbUnit } from '@tracehouse/contract/x-ab-tests';
import type { Reason } from '../../statistics/reasons.ts';
import type { TestRow } from './store.ts';

const unitNames: Record<AbUnit, { one: string; many: string }> = {
  user: { one: 'user', many: 'users' },
  session: { one: 'session', many: 'sessions' },
  trace: { one: 'trace', many: 'traces' },
  none: { one: 'time block', many: 'time blocks' },
};

interface MeasureWords {
  name: string;
  /** Said of an arm whose value is lower, and higher. */
  less: string;
  more: string;
  /** Whether lower is what one wants; null: neither. */
  wants: 'less' | null;
}

const plain: Record<string, MeasureWords> = {
  cost: { name: 'cost per generation', less: 'is cheaper', more: 'is dearer', wants: 'less' },
  costPerUnit: { name: 'cost per UNIT', less: 'is cheaper per UNIT', more: 'is dearer per UNIT', wants: 'less' },
  generations: {
    name: 'generations per UNIT',
    less: 'is asked less often',
    more: 'is asked more often',
    wants: null,
  },
  tokens: { name: 'tokens per generation', less: 'uses fewer tokens', more: 'uses more tokens', wants: 'less' },
  inputTokens: {
    name: 'input tokens per generation',
    less: 'uses fewer input tokens',
    more: 'uses more input tokens',
    wants: 'less',
  },
  outputTokens: {
    name: 'output tokens per generation',
    less: 'uses fewer output tokens',
    more: 'uses more output tokens',
    wants: 'less',
  },
  latency: { name: 'mean latency', less: 'is faster', more: 'is slower', wants: 'less' },
  latencyP50: { name: 'latency p50', less: 'is faster', more: 'is slower', wants: 'less' },
  latencyP95: { name: 'latency p95', less: 'is faster at the tail', more: 'is slower at the tail', wants: 'less' },
  ttft: { name: 'time to first token', less: 'begins to answer sooner', more: 'begins to answer later', wants: 'less' },
  errors: { name: 'error rate', less: 'fails less often', more: 'fails more often', wants: 'less' },
};

function measureWords(measure: AbMeasure, unit: AbUnit): MeasureWords {
  const words = plain[measure];
  if (!words) {
    const name = measure.slice('score:'.length);
    return { name, less: `scores lower on ${name}`, more: `scores higher on ${name}`, wants: null };
  }
  const fill = (text: string): string => text.replace('UNIT', unitNames[unit].one);
  return { name: fill(words.name), less: fill(words.less), more: fill(words.more), wants: words.wants };
}

type Test = Pick<TestRow, 'unit' | 'arms' | 'label' | 'smallest_effect'>;
type Shown = AbComparison & { difference: number; low: number; high: number };

const isShown = (one: AbComparison): one is Shown => one.difference !== null && one.low !== null && one.high !== null;
const isDifferent = ({ low, high }: Shown): boolean => low > 0 || high < 0;
const isEqual = ({ low, high }: Shown, effect: number): boolean => low >= -effect && high <= effect;

/** `9.3 %`; points of a rate; a score as it is. */
function amount(value: number, { scale, measure }: Pick<AbComparison, 'scale' | 'measure'>): string {
  const size = Math.abs(value);
  if (scale === 'ratio') return `${(size * 100).toFixed(1)} %`;
  return measure === 'errors' ? `${(size * 100).toFixed(2)} points` : size.toFixed(3);
}

const sided = (value: number, of: AbComparison): string => `${amount(value, of)} ${value < 0 ? 'lower' : 'higher'}`;

/** `between 19.4 % lower and 2.0 % higher`. */
const between = (one: Shown): string => `between ${sided(one.low, one)} and ${sided(one.high, one)}`;

/** `4.1 … 14.2 %`, from the smaller to the larger difference. */
function range(one: Shown): string {
  const [from, to] = one.difference < 0 ? [one.high, one.low] : [one.low, one.high];
  return `${amount(from, one).replace(/ (%|points)$/, '')} … ${amount(to, one)}`;
}

const count = (n: number): string => Math.round(n).toLocaleString('en-US');

/** Of a verdict that stands: what the primary measure says, of each arm. */
export function sentenceOf(
  test: Test,
  comparisons: readonly AbComparison[],
  { units, needed }: { units: number; needed: ReadonlyMap<number, Needed> },
): string {
  return comparisons
    .filter(({ isPrimary }) => isPrimary)
    .map((one) =>
      isShown(one)
        ? ofArm(test, one, comparisons, { units, needed: needed.get(one.arm) ?? null })
        : `v${one.arm}: ${one.why ?? 'not compared'}.`,
    )
    .join(' ');
}

/** Units in all for the smallest effect, and days until then. */
export interface Needed {
  units: number;
  days: number | null;
  /** Few new units come, so that it may take longer. */
  isAtLeast: boolean;
}

function ofArm(
  test: Test,
  one: Shown,
  all: readonly AbComparison[],
  { units, needed }: { units: number; needed: Needed | null },
): string {
  const words = measureWords(one.measure, test.unit);
  const { many } = unitNames[test.unit];
  if (isDifferent(one)) {
    const others = all.filter((other): other is Shown => other.arm === one.arm && !other.isPrimary && isShown(other));
    const asks = others.find(({ measure }) => measure === 'generations');
    const perUnit = others.find(({ measure }) => measure === 'costPerUnit');
    if (one.measure === 'cost' && one.high < 0 && asks && asks.low > 0 && perUnit && perUnit.high >= 0) {
      const unit = unitNames[test.unit].one;
      return `v${one.arm} is cheaper per generation, but not per ${unit}: ${many} ask ${amount(asks.difference, asks)} more often (${range(asks)}).`;
    }
    const bad = others.filter((other) => isDifferent(other) && isBad(other, test));
    const direction = one.difference < 0 ? 'lower' : 'higher';
    const but = bad
      .slice(0, 2)
      .map(
        (other) =>
          `${measureWords(other.measure, test.unit).name} is ${sided(other.difference, other)} (${range(other)})`,
      );
    return [
      `v${one.arm} ${one.difference < 0 ? words.less : words.more}: ${words.name} ${amount(one.difference, one)} ${direction} (${range(one)}), ${count(units)} ${many}.`,
      ...(but.length > 0 ? [`But ${but.join(', and ')}.`] : []),
    ].join(' ');
  }
  if (isEqual(one, test.smallest_effect)) {
    return `No difference that matters: v${one.arm}'s ${words.name} is ${between(one)}, within your ${amount(test.smallest_effect, one)}.`;
  }
  const said = `No difference shown yet. v${one.arm}'s ${words.name} is ${between(one)}.`;
  if (!needed) return said;
  if (one.needed?.units === 0)
    return `${said} There are ${many} enough by now to see ${amount(test.smallest_effect, one)} in four of five tests.`;
  const about = needed.isAtLeast ? 'at least' : 'about';
  const days =
    needed.days === null
      ? ''
      : `: ${count(Math.max(1, needed.days))} more day${Math.round(needed.days) <= 1 ? '' : 's'} at this rate`;
  return `${said} Seeing ${amount(test.smallest_effect, one)} needs ${about} ${count(needed.units)} ${many}${days}.`;
}

const isBad = (one: Shown, { unit }: Test): boolean => {
  const { wants } = measureWords(one.measure, unit);
  return wants === 'less' ? one.difference > 0 : one.measure.startsWith('score:') && one.difference < 0;
};

/** Why something is not compared. */
export function reasonWords(reason: Reason, test: Pick<TestRow, 'unit' | 'arms'>, measure: AbMeasure): string {
  const version = (arm: number): string => `v${test.arms[arm]?.version ?? '?'}`;
  const { one, many } = unitNames[test.unit];
  const { name } = measureWords(measure, test.unit);
  switch (reason.why) {
    case 'too-few-units':
      return `${count(reason.units)} of ${reason.needed} ${many} in ${version(reason.arm)}`;
    case 'too-few-blocks':
      return `${count(reason.blocks)} of ${reason.needed} time blocks with ${version(reason.arm)}`;
    case 'few-units-dominate': {
      const what = reason.of === 'rows' ? 'generations' : name;
      return `a few ${many} make most of the ${what} of ${version(reason.arm)}: it varies as if there were ${count(reason.effectiveUnits)} ${many}, ${reason.needed} are needed`;
    }
    case 'too-few-events':
      return measure === 'errors'
        ? `too few errors to compare: ${many} with one ${reason.counts.join(' and ')}, ${reason.needed} are needed`
        : `too few ${many} with it to compare: ${reason.counts.join(' and ')}, ${reason.needed} are needed`;
    case 'too-few-without-event':
      return `too few ${many} without it to compare: ${reason.counts.join(' and ')}, ${reason.needed} are needed`;
    case 'too-few-rows-for-percentile':
      return `too few generations of ${version(reason.arm)} for this percentile: ${count(reason.rows)}`;
    case 'no-rows':
      return `nothing of ${version(reason.arm)} has it yet`;
    case 'amount-not-positive':
      return `${name} of ${version(reason.arm)} is not above 0`;
    case 'no-variation':
      return `every ${one} is alike, so nothing tells how far chance goes`;
    case 'too-few-pairs':
      return `${reason.pairs} of ${reason.needed} pairs`;
  }
}

/** What is said while there is nothing to compare. */
export const collecting = (reason: string): string => `Collecting: ${reason}. Nothing is compared before.`;

const shares = (parts: readonly number[]): string => parts.map((part) => Number((part * 100).toFixed(1))).join(' / ');

export const ratioMismatch = (observed: readonly number[], configured: readonly number[]): string =>
  `The split that arrived (${shares(observed)}) is not the split configured (${configured.join(' / ')}). No verdict until the cause is known: rows lost in one arm, a retry that fetches again, a key that is not the id it should be, a label fetched by version.`;

export function keyMismatch(
  unit: Exclude<AbUnit, 'none'>,
  keyCheck: AbResult['keyCheck'],
  { isUnkeyed }: { isUnkeyed: boolean },
): string {
  const { one, many } = unitNames[unit];
  const { agreement, readsAs } = keyCheck;
  const got = `Only ${((agreement ?? 0) * 100).toFixed(0)} % of generations got the arm their ${one} should get.`;
  if (readsAs) return `${got} Is the key the ${one} id? It reads as ${readingWords(readsAs)}: correct it.`;
  if (isUnkeyed)
    return `${many[0]!.toUpperCase()}${many.slice(1)} see both versions: the application sends no key. Send one, or compare by time blocks (unit none).`;
  return `${got} Is the key the ${one} id? Other causes: cached prompts that are older than the cache time, a label fetched by version.`;
}

const readingWords = ({ unit, keyAs }: { unit: AbUnit; keyAs: 'id' | 'slot' }): string =>
  keyAs === 'slot' ? `slots of the ${unitNames[unit].one} id` : `the ${unitNames[unit].one} id`;

export const keyDoubts = (agreement: number, unit: AbUnit): string =>
  `${(agreement * 100).toFixed(0)} % of generations got the arm their ${unitNames[unit].one} should get. The rest dilutes differences but does not bias them: prompts served from an SDK's cache after the shares changed, calls by version, or a part of the application that sends another key.`;

export const withoutUnit = (share: number, unit: AbUnit): string =>
  `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} % of generations carry no ${unitNames[unit].one} id: they are not compared.`;

const day = (at: Date): string => at.toLocaleDateString('en-US', { month: 'short', day: 'numeric', timeZone: 'UTC' });

export const sharesChanged = (at: Date, before: number): string =>
  `Shares changed ${day(at)}: counted from then. Phase ${before} can be read as it ended.`;

export const starts = (at: Date, control: number): string =>
  `Starts ${day(at)}, ${at.toISOString().slice(11, 16)} UTC. Until then everybody gets v${control}.`;

export const notStarted = (control: number): string => `A draft: everybody gets v${control}.`;

export const estimatesOnly = 'Estimates within a filter: no verdict, for one would be found somewhere by chance.';

export const neverBegan = 'It ended before it began: nothing was split.';
