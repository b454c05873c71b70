import type { ObservationRow } from '../observation.ts';

/** Digits after the point of a price for one unit: a price for a million tokens may itself have twelve. */
export const UNIT_PRICE_DIGITS = 18;

/** What decides which entry, and which tier of it, prices a call. `startTime` matters because prices change. */
export type PricedCall = Pick<
  ObservationRow,
  'projectId' | 'model' | 'provider' | 'startTime' | 'modelParameters' | 'metadata'
>;

/** A source of prices. The built-in list is one; models a project defines itself are another and are asked first. */
export interface PriceBook {
  /** Null when the model is not known here, which means its cost is unknown, never 0. */
  find(call: PricedCall): PriceEntry | null;
}

export interface PriceEntry {
  /** Stable over releases of the list; what `modelId` on the wire shows. */
  modelId: string;
  /** How to count tokens of a text for this model, where that is known. */
  tokenizer?: Tokenizer;
  /** Chooses the tier that these units fall into and prices them. Units are disjoint buckets by usage type. */
  quote(usage: Readonly<Record<string, number>>): Quote;
}

/** A tokenizer of OpenAI's, by the name of a model that uses it. Null: as that model's chat format has it. */
export interface Tokenizer {
  model: string;
  tokensPerMessage: number | null;
  tokensPerName: number | null;
}

export interface Quote {
  tierId: string;
  tierName: string;
  /** What is charged, at most once a usage type. A usage type without a price is not here. */
  lines: QuoteLine[];
  /** USD a unit by usage type, scaled by `UNIT_PRICE_DIGITS`: those of the lines, and `input` and `output` wherever the tier has them. */
  unitPrices: Record<string, bigint>;
}

export interface QuoteLine {
  usageType: string;
  units: number;
  /** USD scaled by `UNIT_PRICE_DIGITS`. */
  unitPrice: bigint;
}
