import * as z from 'zod';
import { PageMeta, PageQuery } from './pagination.ts';
import { defineRoute } from './route.ts';

/*
 * Models: what a unit of usage costs, for the calls whose model name matches a pattern (S3.3 to S3.7). Those of a project come
 * before the built-in ones.
 */

export const ModelUnit = z.enum(['TOKENS', 'CHARACTERS', 'MILLISECONDS', 'SECONDS', 'REQUESTS', 'IMAGES']);
export type ModelUnit = z.output<typeof ModelUnit>;

/** Most a pattern may say: it is run on model names that clients invent. */
export const MAX_PATTERN = 1_000;
const MAX_NAME = 200;
const MAX_TIERS = 50;
const MAX_CONDITIONS = 20;
const MAX_VALUES = 100;
const MAX_PRICES = 100;

/** Holds when the sum of the usage whose type matches the pattern compares so with `value`. */
export const UsageCondition = z.object({
  usageDetailPattern: z.string().min(1).max(200),
  operator: z.enum(['gt', 'gte', 'lt', 'lte', 'eq', 'neq']),
  value: z.number(),
  caseSensitive: z.boolean().default(false),
});
export type UsageCondition = z.output<typeof UsageCondition>;

/** Holds when the call's parameter, or its metadata, has one of the values under the key. */
export const AttributeCondition = z.object({
  source: z.enum(['model_parameters', 'metadata']),
  key: z.string().min(1).max(MAX_NAME),
  operator: z.literal('in'),
  values: z.array(z.string().max(MAX_NAME)).min(1).max(MAX_VALUES),
});
export type AttributeCondition = z.output<typeof AttributeCondition>;

export const TierCondition = z.union([UsageCondition, AttributeCondition]);
export type TierCondition = z.output<typeof TierCondition>;

/** USD for one unit. */
const Price = z.number().min(0).max(1_000_000);

const Prices = z
  .record(z.string().min(1).max(MAX_NAME), Price)
  .refine((prices) => Object.keys(prices).length <= MAX_PRICES, `At most ${MAX_PRICES} prices a tier`);

const tierFields = {
  name: z.string().min(1).max(MAX_NAME),
  isDefault: z.boolean(),
  priority: z.int().min(0).max(1_000_000),
  conditions: z.array(TierCondition).max(MAX_CONDITIONS),
  prices: Prices,
};

const NewTier = z.object(tierFields);
type NewTier = z.output<typeof NewTier>;

/** The first tier by priority whose conditions all hold prices a call; the default one when none does. */
export const PricingTier = z.object({ id: z.string(), ...tierFields });
export type PricingTier = z.output<typeof PricingTier>;

/** How to count tokens of texts whose usage nobody sent: a name of `tokenizerConfig.tokenizerModel`, and what a chat message adds. */
const TokenizerConfig = z
  .record(z.string().max(MAX_NAME), z.unknown())
  .refine((config) => JSON.stringify(config).length <= 10_000, 'At most 10,000 characters');

/** As the wire shows a model. `prices` and the three deprecated prices are those of the default tier. */
export const Model = z.object({
  id: z.string(),
  createdAt: z.iso.datetime(),
  modelName: z.string(),
  matchPattern: z.string(),
  startDate: z.iso.datetime().nullable(),
  tokenizerId: z.string().nullable(),
  tokenizerConfig: z.record(z.string(), z.unknown()).nullable(),
  unit: ModelUnit.nullable(),
  inputPrice: z.number().nullable(),
  outputPrice: z.number().nullable(),
  totalPrice: z.number().nullable(),
  prices: z.record(z.string(), z.object({ price: z.number() })),
  /** Of the list that comes with the program. */
  isLangfuseManaged: z.boolean(),
  pricingTiers: z.array(PricingTier),
});
export type Model = z.output<typeof Model>;

/** Body of `POST /api/public/models`: flat prices, or tiers. */
export const NewModel = z
  .object({
    modelName: z.string().min(1).max(MAX_NAME),
    matchPattern: z.string().min(1).max(MAX_PATTERN),
    /** Calls that start before it are not priced by this model. */
    startDate: z.coerce.date().min(new Date(0)).max(new Date('2255-01-01')).nullish(),
    unit: ModelUnit,
    tokenizerId: z.enum(['openai', 'claude']).nullish(),
    tokenizerConfig: TokenizerConfig.nullish(),
    inputPrice: Price.nullish(),
    outputPrice: Price.nullish(),
    totalPrice: Price.nullish(),
    pricingTiers: z.array(NewTier).min(1).max(MAX_TIERS).nullish(),
  })
  .superRefine(checkPrices);
export type NewModel = z.output<typeof NewModel>;

/** The rules that look at more than one field, each with its recorded message. */
function checkPrices(
  model: {
    inputPrice?: number | null | undefined;
    outputPrice?: number | null | undefined;
    totalPrice?: number | null | undefined;
    pricingTiers?: readonly NewTier[] | null | undefined;
  },
  context: z.RefinementCtx,
): void {
  const refuse = (message: string, path: (string | number)[]): void =>
    context.addIssue({ code: 'custom', message, path });
  const isSaid = (price: number | null | undefined): boolean => price !== null && price !== undefined;
  const parts = isSaid(model.inputPrice) || isSaid(model.outputPrice);
  const isFlat = parts || isSaid(model.totalPrice);
  if (isFlat === Boolean(model.pricingTiers)) {
    refuse('Must provide either flat prices (inputPrice/outputPrice/totalPrice) OR pricingTiers, not both', []);
  } else if (parts && isSaid(model.totalPrice)) {
    refuse('If input and/or output price is set, total price must be null', ['totalPrice']);
  }
  for (const message of model.pricingTiers ? problemsOf(model.pricingTiers) : []) refuse(message, ['pricingTiers']);
}

function problemsOf(tiers: readonly NewTier[]): string[] {
  const defaults = tiers.filter(({ isDefault }) => isDefault);
  const hasTwice = (values: readonly unknown[]): boolean => new Set(values).size < values.length;
  const checks: [isWrong: boolean, message: string][] = [
    [defaults.length !== 1, 'Exactly one pricing tier must have isDefault: true'],
    [defaults.some(({ priority }) => priority !== 0), 'The default pricing tier must have priority 0'],
    [defaults.some(({ conditions }) => conditions.length > 0), 'The default pricing tier must have no conditions'],
    [tiers.some((tier) => !tier.isDefault && tier.priority < 1), 'Other pricing tiers must have priority 1 or more'],
    [
      tiers.some((tier) => !tier.isDefault && tier.conditions.length === 0),
      'Other pricing tiers must have at least one condition',
    ],
    [hasTwice(tiers.map(({ name }) => name)), 'Pricing tiers must have unique names'],
    [hasTwice(tiers.map(({ priority }) => priority)), 'Pricing tiers must have unique priorities'],
    [tiers.some(({ prices }) => Object.keys(prices).length === 0), 'Every pricing tier must have at least one price'],
  ];
  return checks.flatMap(([isWrong, message]) => (isWrong ? [message] : []));
}

export const listModels = defineRoute({
  method: 'GET',
  path: '/api/public/models',
  scope: 'project:read',
  takesAdminKey: true,
  summary: 'Models that give calls their price: those of the project and the built-in ones, by name',
  query: PageQuery,
  response: z.object({ data: z.array(Model), meta: PageMeta }),
});

const byId = z.object({ modelId: z.string() });

export const readModel = defineRoute({
  method: 'GET',
  path: '/api/public/models/:modelId',
  scope: 'project:read',
  takesAdminKey: true,
  summary: 'One model, of the project or built in',
  params: byId,
  response: Model,
});

export const createModel = defineRoute({
  method: 'POST',
  path: '/api/public/models',
  scope: 'models:CUD',
  takesAdminKey: true,
  summary: 'Add a model; calls that start from its start date on and match are priced by it from now on',
  body: NewModel,
  response: Model,
});

export const deleteModel = defineRoute({
  method: 'DELETE',
  path: '/api/public/models/:modelId',
  scope: 'models:CUD',
  takesAdminKey: true,
  summary: 'Remove a model of the project; what it has priced keeps its cost',
  params: byId,
  response: z.object({ message: z.literal('Model successfully deleted') }),
});
