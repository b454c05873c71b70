import type { Model, ModelUnit, NewModel, TierCondition } from '@tracehouse/contract/models';
import type * as z from 'zod';
import { parsePrice, priceText, suggestPattern } from './prices.ts';

/** A price as it is typed. `key` keeps the row while its type changes. */
export interface DraftPrice {
  key: number;
  usageType: string;
  text: string;
}

export interface DraftTier {
  key: number;
  name: string;
  conditions: TierCondition[];
  prices: DraftPrice[];
}

/** A model as the form holds it. The first tier is the default one. */
export interface Draft {
  modelName: string;
  /** Null: as it is suggested for the name. */
  matchPattern: string | null;
  /** `2026-11-01`, or empty: since ever. */
  startDate: string;
  unit: ModelUnit;
  /** Prices are for `10^scale` units. */
  scale: 0 | 6;
  tokenizer: 'none' | 'openai' | 'claude';
  tokenizerModel: string;
  tokenizerConfig: Record<string, unknown>;
  tiers: DraftTier[];
}

let lastKey = 0;
const newKey = (): number => (lastKey += 1);

export const newPrice = (usageType = ''): DraftPrice => ({ key: newKey(), usageType, text: '' });

export const newTier = (name: string): DraftTier => ({
  key: newKey(),
  name,
  conditions: [{ usageDetailPattern: '^input', operator: 'gt', value: 200_000, caseSensitive: false }],
  prices: [newPrice('input'), newPrice('output')],
});

/** Of a new model, for a name that calls have. */
export const emptyDraft = (modelName: string): Draft => ({
  modelName,
  matchPattern: null,
  startDate: '',
  unit: 'TOKENS',
  scale: 6,
  tokenizer: 'none',
  tokenizerModel: 'gpt-4o',
  tokenizerConfig: {},
  tiers: [
    {
      key: newKey(),
      name: 'Standard',
      conditions: [],
      prices: ['input', 'output', 'input_cached_tokens'].map(newPrice),
    },
  ],
});

/** Of a model to change, or to begin another from. */
export function draftOf(model: Model): Draft {
  const { tokenizerModel } = model.tokenizerConfig ?? {};
  const scale = model.unit === null || model.unit === 'TOKENS' || model.unit === 'CHARACTERS' ? 6 : 0;
  const byPriority = model.pricingTiers.toSorted((a, b) => a.priority - b.priority);
  return {
    modelName: model.modelName,
    matchPattern: model.matchPattern,
    startDate: model.startDate?.slice(0, 10) ?? '',
    unit: model.unit ?? 'TOKENS',
    scale,
    tokenizer: model.tokenizerId === 'openai' || model.tokenizerId === 'claude' ? model.tokenizerId : 'none',
    tokenizerModel: typeof tokenizerModel === 'string' ? tokenizerModel : 'gpt-4o',
    tokenizerConfig: model.tokenizerConfig ?? {},
    tiers: byPriority.map(({ name, conditions, prices }) => ({
      key: newKey(),
      name,
      conditions,
      prices: Object.entries(prices).map(([usageType, price]) => ({
        key: newKey(),
        usageType,
        text: priceText(price, scale),
      })),
    })),
  };
}

export const patternOf = ({ matchPattern, modelName }: Draft): string =>
  matchPattern ?? suggestPattern(modelName.trim());

/** The same prices for another number of units. */
export const rescaled = (draft: Draft, scale: Draft['scale']): Draft => ({
  ...draft,
  scale,
  tiers: draft.tiers.map((tier) => ({
    ...tier,
    prices: tier.prices.map((price) => {
      const usd = parsePrice(price.text, draft.scale);
      return usd === null ? price : { ...price, text: priceText(usd, scale) };
    }),
  })),
});

/** What to send, or what is wrong with it. Rows without a price are left out. */
export function toNewModel(draft: Draft): { model: z.input<typeof NewModel> } | { problem: string } {
  const modelName = draft.modelName.trim();
  if (modelName === '') return { problem: 'Give the model a name.' };
  const tiers: NonNullable<z.input<typeof NewModel>['pricingTiers']> = [];
  for (const [i, { name, conditions, prices }] of draft.tiers.entries()) {
    const said: Record<string, number> = {};
    for (const { usageType, text } of prices) {
      if (text.trim() === '') continue;
      const type = usageType.trim();
      const price = parsePrice(text, draft.scale);
      if (type === '') return { problem: `Say what the price ${text} is for, such as input.` };
      if (price === null) return { problem: `'${text}' is not a price. Write a number such as 2.50.` };
      if (type in said) return { problem: `${type} has two prices.` };
      said[type] = price;
    }
    if (Object.keys(said).length === 0) {
      return { problem: i === 0 ? 'Give at least one price.' : `Give the tier ${name} at least one price.` };
    }
    tiers.push({ name: name.trim() || 'Standard', isDefault: i === 0, priority: i, conditions, prices: said });
  }
  return {
    model: {
      modelName,
      matchPattern: patternOf(draft),
      startDate: draft.startDate === '' ? null : draft.startDate,
      unit: draft.unit,
      ...(draft.tokenizer === 'none'
        ? { tokenizerId: null, tokenizerConfig: null }
        : {
            tokenizerId: draft.tokenizer,
            tokenizerConfig: { ...draft.tokenizerConfig, tokenizerModel: draft.tokenizerModel },
          }),
      pricingTiers: tiers,
    },
  };
}
