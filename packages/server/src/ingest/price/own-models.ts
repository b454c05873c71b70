import type { PricingTier, TierCondition, UsageCondition } from '@tracehouse/contract/models';
import { OverloadedError } from '../../http/errors.ts';
import { parseDecimal } from './decimal.ts';
import { compilePattern, MAX_NAME_LENGTH, type Pattern } from './pattern.ts';
import { UNIT_PRICE_DIGITS } from './price-book.ts';
import type { PriceBook, PricedCall, PriceEntry, Quote } from './price-book.ts';
import type { Tokenizer } from './price-book.ts';

/** A model that a project has defined. */
export interface OwnModel {
  id: string;
  modelName: string;
  matchPattern: string;
  /** Calls that start before it are none of this model's; null: there is no such date. */
  startDate: Date | null;
  tokenizerId: string | null;
  tokenizerConfig: Record<string, unknown> | null;
  pricingTiers: PricingTier[];
  createdAt: Date;
}

/** Names come from clients: how many of them are remembered. */
const REMEMBERED_NAMES = 10_000;

/** Time for matching names not seen before: as much in a second, for a project. */
const MATCHING_MS = 250;

/** The models of one project as a book of prices. Built when they change, so their patterns are compiled once. */
export function createOwnPrices(
  models: readonly OwnModel[],
  { elapsedMs = () => performance.now() }: { elapsedMs?: () => number } = {},
): PriceBook {
  // S3.3: the newest start date first; one that holds since ever is the oldest. Among equals what was made last is meant.
  const entries = models
    .toSorted(
      (a, b) =>
        (b.startDate?.getTime() ?? -Infinity) - (a.startDate?.getTime() ?? -Infinity) ||
        b.createdAt.getTime() - a.createdAt.getTime(),
    )
    .flatMap(toEntry);
  const matching = new Map<string, readonly OwnEntry[]>();
  const budget = createBudget(elapsedMs);

  function matchingName(name: string): readonly OwnEntry[] {
    const known = matching.get(name);
    if (known) return known;
    const found = budget.spend(() => entries.filter(({ pattern }) => pattern.test(name)));
    if (matching.size >= REMEMBERED_NAMES) matching.clear();
    matching.set(name, found);
    return found;
  }

  return {
    find(call) {
      if (!call.model || call.model.length > MAX_NAME_LENGTH) return null;
      const entry = matchingName(call.model).find(({ startsAt }) => startsAt <= call.startTime);
      return entry ? entry.of(call) : null;
    },
  };
}

/**
 * What names no pattern has seen may cost a second. A sender that invents one for every call, to a project with a thousand
 * heavy patterns, is told to come back; the others do not notice.
 */
function createBudget(elapsedMs: () => number) {
  let spentMs = 0;
  let since = elapsedMs();
  return {
    /** @throws OverloadedError */
    spend<Result>(work: () => Result): Result {
      const start = elapsedMs();
      spentMs = Math.max(0, spentMs - ((start - since) / 1000) * MATCHING_MS);
      since = start;
      if (spentMs >= MATCHING_MS) {
        throw new OverloadedError("Too many new model names for the project's own models: send again in a second");
      }
      const result = work();
      spentMs += elapsedMs() - start;
      return result;
    },
  };
}

interface OwnEntry {
  pattern: Pattern;
  /** Microseconds. */
  startsAt: number;
  of(call: PricedCall): PriceEntry;
}

/** None for a model whose patterns do not compile (written past the API): it prices nothing, and stops nothing. */
function toEntry(model: OwnModel): OwnEntry[] {
  try {
    const tiers = model.pricingTiers.map(toTier);
    const standard = tiers.find(({ isDefault }) => isDefault);
    const conditional = tiers.filter(({ isDefault }) => !isDefault).toSorted((a, b) => a.priority - b.priority);
    if (!standard) return [];
    const tokenizer = tokenizerOf(model);
    return [
      {
        pattern: compilePattern(model.matchPattern),
        startsAt: model.startDate === null ? -Infinity : model.startDate.getTime() * 1000,
        of: (call) => ({
          modelId: model.id,
          ...(tokenizer && { tokenizer }),
          quote: (usage) => quoteOf(conditional.find((tier) => tier.holds(call, usage)) ?? standard, usage),
        }),
      },
    ];
  } catch {
    return [];
  }
}

function tokenizerOf({ tokenizerId, tokenizerConfig, modelName }: OwnModel): Tokenizer | null {
  if (tokenizerId !== 'openai') return null;
  const { tokenizerModel, tokensPerMessage, tokensPerName } = tokenizerConfig ?? {};
  const count = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null);
  return {
    model: typeof tokenizerModel === 'string' ? tokenizerModel : modelName,
    tokensPerMessage: count(tokensPerMessage),
    tokensPerName: count(tokensPerName),
  };
}

interface Tier extends Pick<PricingTier, 'id' | 'name' | 'isDefault' | 'priority'> {
  /** USD a unit, scaled by `UNIT_PRICE_DIGITS`. */
  unitPrices: ReadonlyMap<string, bigint>;
  holds(call: PricedCall, usage: Readonly<Record<string, number>>): boolean;
}

function toTier({ id, name, isDefault, priority, conditions, prices }: PricingTier): Tier {
  const checks = conditions.map(toCheck);
  const unitPrices = new Map(
    Object.entries(prices).flatMap(([usageType, price]): [string, bigint][] => {
      const scaled = parseDecimal(String(price), UNIT_PRICE_DIGITS);
      return scaled === null ? [] : [[usageType, scaled]];
    }),
  );
  return { id, name, isDefault, priority, unitPrices, holds: (...of) => checks.every((check) => check(...of)) };
}

/** S3.5: each usage type with an exactly equal price; a priced total stands for all. */
function quoteOf({ id, name, unitPrices }: Tier, usage: Readonly<Record<string, number>>): Quote {
  const lines = Object.entries(usage).flatMap(([usageType, units]) => {
    const unitPrice = unitPrices.get(usageType);
    return unitPrice === undefined ? [] : [{ usageType, units, unitPrice }];
  });
  const shown: Record<string, bigint> = {};
  for (const side of ['input', 'output', 'total']) {
    const price = unitPrices.get(side);
    if (price !== undefined) shown[side] = price;
  }
  for (const { usageType, unitPrice } of lines) shown[usageType] = unitPrice;
  return { tierId: id, tierName: name, lines, unitPrices: shown };
}

type Check = Tier['holds'];

function toCheck(condition: TierCondition): Check {
  if ('usageDetailPattern' in condition) return toUsageCheck(condition);
  const { source, key, values } = condition;
  const accepted = new Set(values);
  return source === 'metadata'
    ? ({ metadata }) => Object.hasOwn(metadata, key) && accepted.has(metadata[key]!)
    : ({ modelParameters }) => {
        const value = parameters(modelParameters)[key];
        return value !== undefined && accepted.has(typeof value === 'string' ? value : JSON.stringify(value));
      };
}

const compared: Record<UsageCondition['operator'], (sum: number, value: number) => boolean> = {
  gt: (sum, value) => sum > value,
  gte: (sum, value) => sum >= value,
  lt: (sum, value) => sum < value,
  lte: (sum, value) => sum <= value,
  eq: (sum, value) => sum === value,
  neq: (sum, value) => sum !== value,
};

/** Usage types are a handful of names; what clients invent is bounded. */
const REMEMBERED_TYPES = 500;

function toUsageCheck({ usageDetailPattern, operator, value, caseSensitive }: UsageCondition): Check {
  const pattern = compilePattern(usageDetailPattern, { ignoreCase: !caseSensitive });
  const known = new Map<string, boolean>();
  const counts = (usageType: string): boolean => {
    const answer = known.get(usageType) ?? (usageType.length <= MAX_NAME_LENGTH && pattern.test(usageType));
    if (known.size >= REMEMBERED_TYPES) known.clear();
    known.set(usageType, answer);
    return answer;
  };
  const compare = compared[operator];
  return (_call, usage) => {
    let sum = 0;
    for (const usageType in usage) if (counts(usageType)) sum += usage[usageType]!;
    return compare(sum, value);
  };
}

function parameters(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
