import * as z from 'zod';
import { Instant, PageMeta, PageQuery } from './pagination.ts';
import { defineRoute } from './route.ts';

/** What scores may be declared to be; a CORRECTION has no config. */
export const ScoreConfigDataType = z.enum(['NUMERIC', 'CATEGORICAL', 'BOOLEAN', 'TEXT']);
export type ScoreConfigDataType = z.output<typeof ScoreConfigDataType>;

/** A label that scores may have and the number it counts as. */
export const ScoreCategory = z.object({ label: z.string().min(1).max(500), value: z.number() });
export type ScoreCategory = z.output<typeof ScoreCategory>;

/** What scores of a project have agreed to be (S4.4). What its type does not have is null. */
export const ScoreConfig = z.object({
  id: z.string(),
  name: z.string(),
  isArchived: z.boolean(),
  description: z.string().nullable(),
  createdAt: Instant,
  updatedAt: Instant,
  projectId: z.string(),
  dataType: ScoreConfigDataType,
  minValue: z.number().nullable(),
  maxValue: z.number().nullable(),
  categories: z.array(ScoreCategory).nullable(),
});
export type ScoreConfig = z.output<typeof ScoreConfig>;

/** The wire's sentence for a range that holds nothing. */
export const EMPTY_RANGE = 'Maximum value must be greater than Minimum value';
const MAX_CATEGORIES = 1000;

const name = z
  .string()
  .min(1)
  .max(35)
  .regex(/^[\p{L}\d _.()-]*$/u, 'Name may hold letters, digits, spaces and _ . ( ) - alone');
const description = z.string().max(10_000).nullish();
const bound = z.number().nullish();
/** A field that this type does not have; null says the same. */
const none = z.preprocess((given) => given ?? undefined, z.undefined());
// What the recorded server reads first is any JSON; its issues are the wire's.
const json = z.union([
  z.array(z.unknown()),
  z.record(z.string(), z.unknown()),
  z.union([z.string(), z.number(), z.boolean()]),
]);

/** Each label and each value once. */
const Categories = z
  .array(ScoreCategory)
  .max(MAX_CATEGORIES)
  .superRefine((categories, context) => {
    for (const field of ['label', 'value'] as const) {
      const seen = new Set<string | number>();
      for (const { [field]: one } of categories) {
        if (seen.has(one)) {
          const message = `Duplicate category ${field}: ${one}, category ${field}s must be unique`;
          return context.addIssue({ code: 'custom', message, path: [] });
        }
        seen.add(one);
      }
    }
  });

/** Body of `POST /api/public/score-configs`. */
export const CreateScoreConfig = z.discriminatedUnion(
  'dataType',
  [
    z
      .object({
        name,
        description,
        dataType: z.literal('NUMERIC'),
        minValue: bound,
        maxValue: bound,
        categories: none,
      })
      .superRefine(({ minValue, maxValue }, context) => {
        if (isEmptyRange(minValue, maxValue)) context.addIssue({ code: 'custom', message: EMPTY_RANGE, path: [] });
      }),
    z.object({ name, description, dataType: z.literal('CATEGORICAL'), categories: json.pipe(Categories) }),
    z.object({ name, description, dataType: z.literal('BOOLEAN'), categories: none }),
    z.object({ name, description, dataType: z.literal('TEXT'), categories: none }),
  ],
  { error: (issue) => (issue.code === 'invalid_union' ? 'Invalid input' : undefined) },
);
export type CreateScoreConfig = z.output<typeof CreateScoreConfig>;

/** Whether no value lies between the two. */
export const isEmptyRange = (min: number | null | undefined, max: number | null | undefined): boolean =>
  typeof min === 'number' && typeof max === 'number' && max <= min;

/** Body of `PATCH /api/public/score-configs/{id}`: what is not there stays; null takes a description or a bound away. */
export const UpdateScoreConfig = z
  .object({
    name: name.nullish(),
    description,
    isArchived: z.boolean().nullish(),
    minValue: bound,
    maxValue: bound,
    categories: Categories.nullish(),
  })
  .refine((update) => Object.values(update).some((value) => value !== undefined), {
    path: [],
    message: 'Request body cannot be empty. At least one field must be provided for update.',
  });
export type UpdateScoreConfig = z.output<typeof UpdateScoreConfig>;

const ConfigParams = z.object({ configId: z.string() });

export const listScoreConfigs = defineRoute({
  method: 'GET',
  path: '/api/public/score-configs',
  scope: 'scoreConfigs:read',
  summary: 'Score configs, newest first',
  query: PageQuery,
  response: z.object({ data: z.array(ScoreConfig), meta: PageMeta }),
});

export const createScoreConfig = defineRoute({
  method: 'POST',
  path: '/api/public/score-configs',
  scope: 'scoreConfigs:CUD',
  summary: 'Declare what scores of a name are; a name may be declared more than once',
  body: CreateScoreConfig,
  response: ScoreConfig,
});

export const readScoreConfig = defineRoute({
  method: 'GET',
  path: '/api/public/score-configs/:configId',
  scope: 'scoreConfigs:read',
  summary: 'One score config',
  params: ConfigParams,
  response: ScoreConfig,
});

export const updateScoreConfig = defineRoute({
  method: 'PATCH',
  path: '/api/public/score-configs/:configId',
  scope: 'scoreConfigs:CUD',
  summary: 'Change or archive a score config; its type stays',
  params: ConfigParams,
  body: UpdateScoreConfig,
  response: ScoreConfig,
});
