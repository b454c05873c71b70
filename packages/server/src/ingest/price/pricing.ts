import type { ObservationRow } from '../observation.ts';
import { createBuiltInPrices } from './built-in-prices.ts';
import { formatDecimal, parseDecimal, rescale, USD_DIGITS } from './decimal.ts';
import { isFromLiteLlm, isPriceUnknownToLiteLlm } from './litellm.ts';
import { UNIT_PRICE_DIGITS } from './price-book.ts';
import type { PriceBook, Quote, Tokenizer } from './price-book.ts';
import { lacksUsage, type TokenCounts } from './token-counts.ts';

/** Fractions of a unit that count (seconds of audio come as 0.25). */
const UNIT_DIGITS = 6;
const UNIT = 10n ** BigInt(UNIT_DIGITS);

/** The most that `Decimal(18, 12)` holds: a "cost" above it is a mistake in the sender's units. */
const MAX_USD = 10n ** BigInt(18 - USD_DIGITS) * 10n ** BigInt(USD_DIGITS) - 1n;

export type Pricing = ReturnType<typeof createPricing>;

/** Asks the books in their order, so that what a project defines itself can come before the built-in list. */
export function createPricing({
  books = [createBuiltInPrices()],
  counts,
}: { books?: readonly PriceBook[]; counts?: Pick<TokenCounts, 'known'> } = {}) {
  return {
    /** How to count the tokens of a call that nobody counted; null when there is no need, or no way. */
    tokenizerOf(row: ObservationRow): Tokenizer | null {
      return lacksUsage(row) ? (firstFound(books, (book) => book.find(row))?.tokenizer ?? null) : null;
    },

    /**
     * Completes usage and cost of a row from what its sender provided (`providedUsage`, `providedCost`; `usage` where the former
     * is empty). Derived afresh each time, so a row that merged a later statement is simply priced again.
     *
     * Precedence (S3.5): any cost the client states stands and nothing is calculated; else units × price for each usage type;
     * a model without a price has no cost, which is not 0. `modelId`, tier and `prices` say what the list knows in all cases.
     */
    priceRow(row: ObservationRow): ObservationRow {
      const entry = row.model ? firstFound(books, (book) => book.find(row)) : null;
      const counted = entry?.tokenizer && counts && lacksUsage(row) ? counts.known(row, entry.tokenizer) : null;
      const usage = withTotal(counted ?? (Object.keys(row.providedUsage).length > 0 ? row.providedUsage : row.usage));
      const hasUsage = Object.keys(usage).length > 0;
      const quote = entry?.quote(priceableUsage(row, usage)) ?? null;
      const stated = isPriceUnknownToLiteLlm({ ...row, providedUsage: usage }) ? null : statedCost(row.providedCost);
      const cost = stated ?? (quote && hasUsage ? calculatedCost(quote) : null);
      return {
        ...row,
        usage,
        cost: mapValues(cost ?? {}, toUsd),
        totalCost: cost ? toUsd(cost['total'] ?? 0n) : null,
        costSource: stated ? 'client' : cost ? 'prices' : '',
        modelId: entry?.modelId ?? '',
        pricingTierId: quote && hasUsage ? quote.tierId : '',
        pricingTierName: quote && hasUsage ? quote.tierName : '',
        prices: mapValues(quote?.unitPrices ?? {}, unitPriceText),
      };
    },
  };
}

/** S3.1: a total that nobody sent is the sum of all buckets. */
function withTotal(usage: Readonly<Record<string, number>>): Record<string, number> {
  const units = Object.values(usage);
  return units.length === 0 || 'total' in usage
    ? { ...usage }
    : { ...usage, total: units.reduce((sum, part) => sum + part, 0) };
}

/** LiteLLM takes cache reads out of `input` but leaves cache writes in (clients.md 2.4); charged once, they are taken out. */
function priceableUsage(row: ObservationRow, usage: Record<string, number>): Record<string, number> {
  const { input, cache_creation_input_tokens: created } = usage;
  if (!input || !created || !isFromLiteLlm(row)) return usage;
  return { ...usage, input: Math.max(0, input - created) };
}

type Cost = Record<string, bigint>;

/** Null when the client stated none that can be stored. */
function statedCost(provided: Readonly<Record<string, string>>): Cost | null {
  const parts = Object.entries(provided).flatMap(([usageType, text]): [string, bigint][] => {
    const usd = parseDecimal(text, USD_DIGITS);
    return usd === null || usd < 0n || usd > MAX_USD ? [] : [[usageType, usd]];
  });
  return parts.length === 0 ? null : withTotalCost(parts);
}

/** Null when the entry has a price for none of the units. */
function calculatedCost({ lines }: Quote): Cost | null {
  const parts = lines.map(({ usageType, units, unitPrice }): [string, bigint] => {
    const scaledUnits = Number.isSafeInteger(units)
      ? BigInt(units) * UNIT
      : (parseDecimal(String(units), UNIT_DIGITS) ?? 0n);
    return [usageType, rescale(scaledUnits * unitPrice, UNIT_DIGITS + UNIT_PRICE_DIGITS, USD_DIGITS)];
  });
  return parts.length === 0 ? null : withTotalCost(parts);
}

function withTotalCost(parts: [string, bigint][]): Cost | null {
  const cost: Cost = Object.fromEntries(parts);
  cost['total'] ??= parts.reduce((sum, [, usd]) => sum + usd, 0n);
  return cost['total'] > MAX_USD ? null : cost;
}

const toUsd = (scaled: bigint): string => formatDecimal(scaled, USD_DIGITS);

/** A list has a few hundred different prices; those of a project's own models are bounded by this. */
const unitPriceTexts = new Map<bigint, string>();
const REMEMBERED_PRICES = 10_000;

function unitPriceText(price: bigint): string {
  const known = unitPriceTexts.get(price);
  if (known !== undefined) return known;
  if (unitPriceTexts.size >= REMEMBERED_PRICES) unitPriceTexts.clear();
  const text = toUsd(rescale(price, UNIT_PRICE_DIGITS, USD_DIGITS));
  unitPriceTexts.set(price, text);
  return text;
}

function mapValues<From, To>(record: Readonly<Record<string, From>>, change: (value: From) => To): Record<string, To> {
  const changed = Object.create(null) as Record<string, To>; // a usage type may be called __proto__
  for (const key in record) changed[key] = change(record[key]!);
  return changed;
}

function firstFound<From, To>(candidates: readonly From[], find: (candidate: From) => To | null): To | null {
  for (const candidate of candidates) {
    const found = find(candidate);
    if (found !== null) return found;
  }
  return null;
}
