import * as z from 'zod';
import { csvOf, Instant, PageMeta, PageQuery, Repeatable } from './pagination.ts';
import { defineRoute } from './route.ts';
import { Datetime } from './wire-fields.ts';

/** In the order of the recorded message. */
export const observationTypes = [
  'GENERATION',
  'SPAN',
  'EVENT',
  'AGENT',
  'TOOL',
  'CHAIN',
  'RETRIEVER',
  'EVALUATOR',
  'EMBEDDING',
  'GUARDRAIL',
] as const;
export const ObservationType = z.enum(observationTypes);
export const ObservationLevel = z.enum(['DEBUG', 'DEFAULT', 'WARNING', 'ERROR']);

const Numbers = z.record(z.string(), z.number());

/**
 * An observation as v1 reads show it: every key is there, what is not known is null. `input`, `output` and metadata are
 * parsed where they are JSON; prices, costs and latencies are numbers, in USD a unit, USD and seconds.
 */
export const Observation = z.object({
  id: z.string(),
  traceId: z.string(),
  projectId: z.string(),
  parentObservationId: z.string().nullable(),
  type: ObservationType,
  environment: z.string(),
  name: z.string().nullable(),
  startTime: Instant,
  endTime: Instant.nullable(),
  level: ObservationLevel,
  statusMessage: z.string().nullable(),
  version: z.string().nullable(),
  createdAt: Instant,
  updatedAt: Instant,
  input: z.unknown(),
  output: z.unknown(),
  metadata: z.record(z.string(), z.unknown()),
  model: z.string().nullable(),
  modelParameters: z.unknown(),
  completionStartTime: Instant.nullable(),
  promptId: z.string().nullable(),
  promptName: z.string().nullable(),
  promptVersion: z.int().nullable(),
  latency: z.number().nullable(),
  timeToFirstToken: z.number().nullable(),
  usageDetails: Numbers,
  costDetails: Numbers,
  usagePricingTierId: z.string().nullable(),
  usagePricingTierName: z.string().nullable(),
  modelId: z.string().nullable(),
  inputPrice: z.number().nullable(),
  outputPrice: z.number().nullable(),
  totalPrice: z.number().nullable(),
  calculatedInputCost: z.number().nullable(),
  calculatedOutputCost: z.number().nullable(),
  calculatedTotalCost: z.number().nullable(),
  unit: z.literal('TOKENS'),
  promptTokens: z.number(),
  completionTokens: z.number(),
  totalTokens: z.number(),
  usage: z.object({ unit: z.literal('TOKENS'), input: z.number(), output: z.number(), total: z.number() }),
});
export type Observation = z.output<typeof Observation>;

const Selection = {
  name: z.string().optional(),
  userId: z.string().optional(),
  level: ObservationLevel.optional(),
  traceId: z.string().optional(),
  version: z.string().optional(),
  parentObservationId: z.string().optional(),
  environment: Repeatable.optional(),
  fromStartTime: Datetime.optional(),
  toStartTime: Datetime.optional(),
  filter: z.string().optional(),
};

export const ObservationsQuery = PageQuery.extend({ ...Selection, type: ObservationType.optional() });
export type ObservationsQuery = z.output<typeof ObservationsQuery>;

export const listObservationsV1 = defineRoute({
  method: 'GET',
  path: '/api/public/observations',
  scope: 'traces:read',
  summary: 'Observations, newest first, in pages (v1)',
  query: ObservationsQuery,
  response: z.object({ data: z.array(Observation), meta: PageMeta }),
});

export const readObservationV1 = defineRoute({
  method: 'GET',
  path: '/api/public/observations/:observationId',
  scope: 'traces:read',
  summary: 'One observation (v1)',
  params: z.object({ observationId: z.string() }),
  response: Observation,
});

export const observationFieldGroups = [
  'core',
  'basic',
  'time',
  'io',
  'metadata',
  'model',
  'usage',
  'prompt',
  'metrics',
  'trace_context',
] as const;
export type ObservationFieldGroup = (typeof observationFieldGroups)[number];

export const ObservationsV2Query = z.object({
  ...Selection,
  type: z.string().optional(),
  sessionId: z.string().optional(),
  isRootObservation: z.enum(['true', 'false']).optional(),
  fields: csvOf(observationFieldGroups).optional(),
  /** Comma-separated metadata keys whose values are not cut. */
  expandMetadata: z.string().optional(),
  /** `true` is refused, after a bad cursor was (recorded). */
  parseIoAsJson: z.string().optional(),
  cursor: z.string().optional(),
  limit: z.coerce.number().int().min(0).max(1000).default(50),
});
export type ObservationsV2Query = z.output<typeof ObservationsV2Query>;

/**
 * An observation as v2 reads show it: the keys of the groups that were asked for. Text that is not there is `''` except for
 * ids of other things and payloads, which are null (recorded from 4.16.0). `input` and `output` are the text as received;
 * metadata is flat, with dotted keys. The OpenAPI document says `providedModelName` where the recorded server says `model`:
 * both are served.
 */
export const ObservationV2 = z.object({
  id: z.string(),
  traceId: z.string(),
  startTime: Instant,
  endTime: Instant.nullable(),
  projectId: z.string(),
  parentObservationId: z.string().nullable(),
  type: ObservationType,
  latency: z.number().nullable(),
  timeToFirstToken: z.number().nullable(),
  modelId: z.string().nullable(),
  inputPrice: z.string().nullable(),
  outputPrice: z.string().nullable(),
  totalPrice: z.string().nullable(),
  // basic
  name: z.string().optional(),
  level: ObservationLevel.optional(),
  statusMessage: z.string().optional(),
  version: z.string().optional(),
  environment: z.string().optional(),
  userId: z.string().optional(),
  sessionId: z.string().optional(),
  isRootObservation: z.boolean().optional(),
  bookmarked: z.boolean().optional(),
  public: z.boolean().optional(),
  // time
  completionStartTime: Instant.nullable().optional(),
  createdAt: Instant.optional(),
  updatedAt: Instant.optional(),
  // io
  input: z.string().nullable().optional(),
  output: z.string().nullable().optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
  // model
  model: z.string().optional(),
  providedModelName: z.string().optional(),
  internalModelId: z.string().optional(),
  modelParameters: z.unknown().optional(),
  // usage
  usageDetails: Numbers.optional(),
  inputUsage: z.number().optional(),
  outputUsage: z.number().optional(),
  totalUsage: z.number().optional(),
  costDetails: Numbers.optional(),
  inputCost: z.number().nullable().optional(),
  outputCost: z.number().nullable().optional(),
  totalCost: z.number().optional(),
  usagePricingTierId: z.string().nullable().optional(),
  usagePricingTierName: z.string().nullable().optional(),
  // prompt
  promptId: z.string().optional(),
  promptName: z.string().optional(),
  promptVersion: z.int().nullable().optional(),
  // trace_context
  traceName: z.string().nullable().optional(),
  release: z.string().optional(),
  tags: z.array(z.string()).optional(),
});
export type ObservationV2 = z.output<typeof ObservationV2>;

export const listObservationsV2 = defineRoute({
  method: 'GET',
  path: '/api/public/v2/observations',
  scope: 'traces:read',
  summary: 'Observations, newest first, by cursor and with the groups of fields asked for (v2)',
  query: ObservationsV2Query,
  response: z.object({ data: z.array(ObservationV2), meta: z.object({ cursor: z.string().optional() }) }),
});
