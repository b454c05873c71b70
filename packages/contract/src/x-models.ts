import * as z from 'zod';
import { MAX_PATTERN, Model, NewModel } from './models.ts';
import { defineRoute } from './route.ts';

/*
 * Models, as the screens need them beside `models.ts`: changing one, trying a pattern, and which names the project's calls have.
 */

/** A model in the list of all: `prices` are USD a unit by usage type, of the default tier. */
export const ListedModel = Model.pick({
  id: true,
  modelName: true,
  matchPattern: true,
  startDate: true,
  unit: true,
  tokenizerId: true,
}).extend({ isBuiltIn: z.boolean(), prices: z.record(z.string(), z.number()), tiers: z.array(z.string()) });
export type ListedModel = z.output<typeof ListedModel>;

export const listAllModels = defineRoute({
  method: 'GET',
  path: '/api/public/x/models',
  scope: 'project:read',
  summary: "All models in short: the project's own by name, then the built-in ones",
  response: z.object({ data: z.array(ListedModel) }),
});

export const updateModel = defineRoute({
  method: 'PUT',
  path: '/api/public/x/models/:modelId',
  scope: 'models:CUD',
  summary: 'Replace a model of the project, which keeps its id; calls are priced by it from now on',
  params: z.object({ modelId: z.string() }),
  body: NewModel,
  response: Model,
});

/** The model that prices a name today. */
const PricedBy = z.object({ id: z.string(), modelName: z.string(), isBuiltIn: z.boolean() });

/** Body of `POST /api/public/x/model-matches`. */
export const MatchQuestion = z.object({
  /** Without one it is only told which models price the names. */
  matchPattern: z.string().max(MAX_PATTERN).optional(),
  names: z.array(z.string().max(1_000)).max(20),
});
export type MatchQuestion = z.output<typeof MatchQuestion>;

export const MatchAnswer = z.object({
  /** Why the pattern is refused, in words; null when it is not. */
  problem: z.string().nullable(),
  data: z.array(z.object({ name: z.string(), matches: z.boolean(), pricedBy: PricedBy.nullable() })),
});
export type MatchAnswer = z.output<typeof MatchAnswer>;

export const matchModels = defineRoute({
  method: 'POST',
  path: '/api/public/x/model-matches',
  scope: 'project:read',
  summary: 'Whether a pattern matches names of models, and which model prices each of them today; changes nothing',
  audit: { none: 'changes nothing' },
  body: MatchQuestion,
  response: MatchAnswer,
});

/** A name that calls of the last 30 days have. `unpricedCalls` have usage and no cost. */
export const CalledModel = z.object({
  model: z.string(),
  calls: z.int(),
  unpricedCalls: z.int(),
  lastCallAt: z.iso.datetime(),
});
export type CalledModel = z.output<typeof CalledModel>;

export const listCalledModels = defineRoute({
  method: 'GET',
  path: '/api/public/x/called-models',
  scope: 'traces:read',
  summary: 'Names of models in the calls of the last 30 days, those without a price first',
  query: z.object({ limit: z.coerce.number().int().min(1).max(500).default(100) }),
  response: z.object({ data: z.array(CalledModel) }),
});
