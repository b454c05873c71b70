import type { Model, PricingTier } from '@tracehouse/contract/models';
import type { MatchLogic } from '@pydantic/genai-prices';
import { type BuiltInModel, listBuiltInModels } from '../../ingest/price/built-in-prices.ts';
import { formatDecimal } from '../../ingest/price/decimal.ts';
import { UNIT_PRICE_DIGITS } from '../../ingest/price/price-book.ts';

/** When the list that comes with the program was published (@pydantic/genai-prices 0.1.8). */
const PUBLISHED = '2026-09-23T10:11:04.622Z';
const HOUR_MS = 3_600_000;

let lastHour = -1;
let lastModels: Promise<Model[]> = Promise.resolve([]);

/** The built-in list as the wire shows it. Prices may change with the hour. */
export function builtInModels(now: Date): Promise<Model[]> {
  const hour = Math.floor(now.getTime() / HOUR_MS);
  if (hour !== lastHour) {
    lastHour = hour;
    lastModels = listBuiltInModels(now.getTime() * 1000).then((models) => models.map(toWire));
  }
  return lastModels;
}

function toWire({ id, name, match, tokenizer, tiers }: BuiltInModel): Model {
  const pricingTiers = tiers.map(({ id: tierId, name: tierName, above, prices }, i): PricingTier => ({
    id: tierId,
    name: tierName,
    isDefault: i === 0,
    priority: i === 0 ? 0 : tiers.length - i,
    conditions:
      i === 0 ? [] : [{ usageDetailPattern: '^input', operator: 'gt' as const, value: above, caseSensitive: false }],
    prices: Object.fromEntries(
      Object.entries(prices).map(([usageType, price]) => [usageType, Number(formatDecimal(price, UNIT_PRICE_DIGITS))]),
    ),
  }));
  const prices = pricingTiers[0]?.prices ?? {};
  return {
    id,
    createdAt: PUBLISHED,
    modelName: name,
    matchPattern: `(?i)${toPattern(match)}`,
    startDate: null,
    tokenizerId: tokenizer ? 'openai' : null,
    tokenizerConfig: tokenizer ? { tokenizerModel: tokenizer.model, tokensPerMessage: 3, tokensPerName: 1 } : null,
    unit: 'TOKENS',
    inputPrice: prices['input'] ?? null,
    outputPrice: prices['output'] ?? null,
    totalPrice: prices['total'] ?? null,
    prices: Object.fromEntries(Object.entries(prices).map(([usageType, price]) => [usageType, { price }])),
    isLangfuseManaged: true,
    pricingTiers: pricingTiers.toSorted((a, b) => a.priority - b.priority),
  };
}

/** What the list matches, as one expression: to be read, the list has its own way to match. */
function toPattern(match: MatchLogic): string {
  if ('or' in match) return match.or.length === 1 ? toPattern(match.or[0]!) : `(${match.or.map(toPattern).join('|')})`;
  if ('and' in match) return match.and.map((part) => `(?=.*${toPattern(part)})`).join('');
  if ('equals' in match) return `^${escape(match.equals)}$`;
  if ('starts_with' in match) return `^${escape(match.starts_with)}`;
  if ('ends_with' in match) return `${escape(match.ends_with)}$`;
  if ('contains' in match) return escape(match.contains);
  return match.regex;
}

const escape = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
