import { calcPrice, waitForUpdate } from '@pydantic/genai-prices';
import type { MatchLogic, ModelInfo, ModelPrice } from '@pydantic/genai-prices';
import { parseDecimal } from './decimal.ts';
import { matchModel } from './model-match.ts';
import { UNIT_PRICE_DIGITS } from './price-book.ts';
import type { PriceBook, PricedCall, PriceEntry, Quote, QuoteLine, Tokenizer } from './price-book.ts';
import { allCharges, chargeOf } from './usage-types.ts';
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
    const entry = match && {
      modelId: modelIdOf(match.provider.id, match.model),
      model: match.model,
      tokenizer: tokenizerOf(match.provider.id, match.model.id),
    };
    found.set(key, entry);
    return entry;
  }

  return {
    find(call) {
      if (!call.model) return null;
      const entry = findModel(call);
      return entry && toPriceEntry(entry, pricesAt(entry.model, call.startTime));
    },
  };
}

interface Found {
  modelId: string;
  model: ModelInfo;
  tokenizer: Tokenizer | null;
}

const modelIdOf = (providerId: string, { id }: ModelInfo): string => `${providerId}:${id}`;

/** S3.2: OpenAI's tokenizers are public; of the others' no kept library has one. */
const tokenizerOf = (providerId: string, model: string): Tokenizer | null =>
  providerId === 'openai' || providerId === 'azure' ? { model, tokensPerMessage: null, tokensPerName: null } : null;

/** An entry of the list as a person looks at it. Prices are USD a unit by usage type, scaled by `UNIT_PRICE_DIGITS`. */
export interface BuiltInModel {
  id: string;
  name: string;
  match: MatchLogic;
  tokenizer: Tokenizer | null;
  /** The first holds unless the input is above a later one's `above`. */
  tiers: { id: string; name: string; above: number; prices: Record<string, bigint> }[];
}

/** The whole list, with the prices in force at an instant (µs). */
export async function listBuiltInModels(at: number): Promise<BuiltInModel[]> {
  const providers = (await waitForUpdate()) ?? [];
  return providers.flatMap(({ id: providerId, models }) =>
    models.map((model): BuiltInModel => {
      const id = modelIdOf(providerId, model);
      const prices = lookUpPrices(model, at);
      const thresholds = [0, ...thresholdsOf(prices)];
      return {
        id,
        name: model.id,
        match: model.match,
        tokenizer: tokenizerOf(providerId, model.id),
        tiers: thresholds.map((above) => {
          const { tierId, tierName } = tierAt(id, prices, above + 1);
          return { id: tierId, name: tierName, above, prices: listedPrices(prices, above + 1) };
        }),
      };
    }),
  );
}

/** By the first name of each usage type that the entry has a price of its own for. */
function listedPrices(prices: ModelPrice, inputUnits: number): Record<string, bigint> {
  if (chargesTotal(prices)) return { total: firstPrice(prices, ['input_mtok'], inputUnits)! };
  const listed: Record<string, bigint> = {};
  for (const { usageTypes, prices: keys } of allCharges) {
    const price = firstPrice(prices, keys.slice(0, 1), inputUnits);
    const isListed = usageTypes[0] === undefined || usageTypes[0] in listed;
    if (price !== null && !isListed) listed[usageTypes[0]!] = price;
  }
  return listed;
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

function toPriceEntry({ modelId, tokenizer }: Found, prices: ModelPrice): PriceEntry {
  return {
    modelId,
    ...(tokenizer && { tokenizer }),
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
  const reached = Math.max(0, ...thresholdsOf(prices).filter((start) => inputUnits > start));
  return reached === 0
    ? { tierId: `${modelId}_tier_default`, tierName: 'Standard' }
    : { tierId: `${modelId}_tier_${reached}`, tierName: `More than ${reached} input tokens` };
}

/** Input units above which other prices hold, the lowest first. */
function thresholdsOf(prices: ModelPrice): number[] {
  const starts = Object.values(prices).flatMap((price) =>
    typeof price === 'object' ? price.tiers.map(({ start }) => start) : [],
  );
  return [...new Set(starts)].toSorted((a, b) => a - b);
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
