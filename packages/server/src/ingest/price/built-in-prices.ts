import { calcPrice } from '@pydantic/genai-prices';
import type { ModelInfo, ModelPrice } from '@pydantic/genai-prices';
import { parseDecimal } from './decimal.ts';
import { matchModel } from './model-match.ts';
import { UNIT_PRICE_DIGITS } from './price-book.ts';
import type { PriceBook, PricedCall, PriceEntry, Quote, QuoteLine } from './price-book.ts';
import { chargeOf } from './usage-types.ts';
import type { Charge } from './usage-types.ts';

/** Model names come from clients: what a flood of invented ones may occupy is bounded. */
const REMEMBERED_NAMES = 10_000;

/** Units a price of the list is for, by the ending of its key. */
const unitsPerPrice: readonly (readonly [ending: string, units: bigint])[] = [
  ['_mtok', 1_000_000n],
  ['_kcount', 1_000n],
];

/**
 * The list that `@pydantic/genai-prices` carries with it; nothing is fetched. The library finds the model and the prices of the
 * day; the arithmetic is ours, because its own is in binary floats and sums where we need one exact cost a usage type.
 */
export function createBuiltInPrices(): PriceBook {
  const found = new Map<string, Found | null>();

  function findModel({ model, provider }: PricedCall): Found | null {
    const key = `${provider}\0${model}`;
    const known = found.get(key);
    if (known !== undefined) return known;
    if (found.size >= REMEMBERED_NAMES) found.clear();
    const match = matchModel(model, provider);
    const entry = match && { modelId: `${match.provider.id}:${match.model.id}`, model: match.model };
    found.set(key, entry);
    return entry;
  }

  return {
    find(call) {
      if (!call.model) return null;
      const entry = findModel(call);
      return entry && toPriceEntry(entry.modelId, pricesAt(entry.model, call.startTime));
    },
  };
}

interface Found {
  modelId: string;
  model: ModelInfo;
}

/** The prices in force at an instant (µs): the library knows start dates and hours of the day, none of them between two minutes. */
function pricesAt(model: ModelInfo, startTime: number): ModelPrice {
  if (!Array.isArray(model.prices)) return model.prices;
  const minute = Math.floor(startTime / MINUTE);
  const known = lastPrices.get(model);
  if (known?.minute === minute) return known.prices;
  const prices = lookUpPrices(model, startTime);
  lastPrices.set(model, { minute, prices });
  return prices;
}

const MINUTE = 60_000_000;
/** The spans of a batch began about the same time. */
const lastPrices = new WeakMap<ModelInfo, { minute: number; prices: ModelPrice }>();

function lookUpPrices(model: ModelInfo, startTime: number): ModelPrice {
  const any = { ...model, match: { equals: model.id } };
  const provider = { id: 'any', name: 'any', api_pattern: '', models: [any] };
  const result = calcPrice({}, model.id, { provider, timestamp: new Date(startTime / 1000) });
  if (!result) throw new Error(`The price list does not find its own model '${model.id}'`);
  return result.model_price;
}

function toPriceEntry(modelId: string, prices: ModelPrice): PriceEntry {
  return {
    modelId,
    quote(usage): Quote {
      const charged = chargedUnits(usage, prices);
      const inputUnits = charged.reduce((sum, { charge, units }) => (charge.counts === 'input' ? sum + units : sum), 0);
      const lines = charged.flatMap(({ usageType, charge, units }): QuoteLine[] => {
        const unitPrice = firstPrice(prices, charge.prices, inputUnits);
        return unitPrice === null ? [] : [{ usageType, units, unitPrice }];
      });
      // Perplexity asks a fee for each request on top of its tokens; nobody reports the one request.
      const fee = lines.length > 0 ? firstPrice(prices, ['requests_kcount'], inputUnits) : null;
      if (fee !== null) lines.push({ usageType: 'requests', units: 1, unitPrice: fee });

      const unitPrices: Record<string, bigint> = {};
      const sides = chargesTotal(prices)
        ? ([['total', 'input_mtok']] as const)
        : ([
            ['input', 'input_mtok'],
            ['output', 'output_mtok'],
          ] as const);
      for (const [usageType, key] of sides) {
        const price = firstPrice(prices, [key], inputUnits);
        if (price !== null) unitPrices[usageType] = price;
      }
      for (const { usageType, unitPrice } of lines) unitPrices[usageType] = unitPrice;
      return { ...tierAt(modelId, prices, inputUnits), lines, unitPrices };
    },
  };
}

interface Charged {
  usageType: string;
  charge: Charge;
  units: number;
}

function chargedUnits(usage: Readonly<Record<string, number>>, prices: ModelPrice): Charged[] {
  const charged = Object.entries(usage).flatMap(([usageType, units]): Charged[] => {
    const charge = chargeOf(usageType);
    return charge?.usageTypes.find((name) => name in usage) === usageType ? [{ usageType, charge, units }] : [];
  });
  const total = usage['total'];
  if (total === undefined || !chargesTotal(prices)) return charged;
  return [
    { usageType: 'total', charge: { usageTypes: ['total'], counts: 'input', prices: ['input_mtok'] }, units: total },
  ];
}

/** What only takes input in, an embedding, is charged by the total, as the wire has always shown it (S3.7); some report nothing else. */
function chargesTotal(prices: ModelPrice): boolean {
  return prices['input_mtok'] !== undefined && !Object.keys(prices).some((key) => key.startsWith('output'));
}

/** USD a unit, scaled by `UNIT_PRICE_DIGITS`, of the first key that has a price. */
function firstPrice(prices: ModelPrice, keys: readonly string[], inputUnits: number): bigint | null {
  for (const key of keys) {
    const price = prices[key];
    if (price === undefined) continue;
    const usd = typeof price === 'number' ? price : tierPrice(price, inputUnits);
    return perUnit(key, usd);
  }
  return null;
}

interface Tiered {
  base: number;
  tiers: readonly { start: number; price: number }[];
}

/** A long-context price holds for the whole request, as soon as its input is above the threshold. */
function tierPrice({ base, tiers }: Tiered, inputUnits: number): number {
  return tiers
    .filter(({ start }) => inputUnits > start)
    .reduce((best, tier) => (tier.start >= best.start ? tier : best), { start: 0, price: base }).price;
}

function tierAt(modelId: string, prices: ModelPrice, inputUnits: number): { tierId: string; tierName: string } {
  const starts = Object.values(prices).flatMap((price) =>
    typeof price === 'object' ? price.tiers.map(({ start }) => start) : [],
  );
  const reached = Math.max(0, ...starts.filter((start) => inputUnits > start));
  return reached === 0
    ? { tierId: `${modelId}_tier_default`, tierName: 'Standard' }
    : { tierId: `${modelId}_tier_${reached}`, tierName: `More than ${reached} input tokens` };
}

/** Each distinct price of the list is read once: its few thousand numbers, not one parse a token bucket. */
const scaledPrices = new Map<number, bigint>();

function perUnit(key: string, usd: number): bigint {
  const units = unitsPerPrice.find(([ending]) => key.endsWith(ending))?.[1];
  const scaled = scaledPrices.get(usd) ?? parseDecimal(String(usd), UNIT_PRICE_DIGITS);
  if (units === undefined || scaled === null)
    throw new Error(`The price list has a price we cannot read: ${key} = ${usd}`);
  scaledPrices.set(usd, scaled);
  return scaled / units;
}
