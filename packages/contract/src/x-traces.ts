import * as z from 'zod';

import { defineRoute } from './route.ts';

export const ObservationTypeName = z.enum([
  'SPAN',
  'GENERATION',
  'EVENT',
  'EMBEDDING',
  'AGENT',
  'TOOL',
  'CHAIN',
  'RETRIEVER',
  'EVALUATOR',
  'GUARDRAIL',
]);
export type ObservationTypeName = z.output<typeof ObservationTypeName>;

export const LevelName = z.enum(['DEBUG', 'DEFAULT', 'WARNING', 'ERROR']);
export type LevelName = z.output<typeof LevelName>;

/** ISO 8601 UTC; observations carry microseconds, everything else milliseconds. */
const Instant = z.iso.datetime();

/** Column to sort the list of traces by; `-` is descending. Ties are broken by id. */
export const TraceSort = z.enum([
  'time',
  '-time',
  'name',
  '-name',
  'latency',
  '-latency',
  'tokens',
  '-tokens',
  'cost',
  '-cost',
]);
export type TraceSort = z.output<typeof TraceSort>;

/**
 * What the list and its histogram select: `q` is filter text (filter-text.ts), `from` inclusive and `to` exclusive, and
 * `environment` a comma-separated list. Without `environment` all but internal ones (`langfuse-…`) count; `*` is all.
 */
export const TraceSelection = z.object({
  q: z.string().max(2000).optional(),
  from: Instant.optional(),
  to: Instant.optional(),
  environment: z.string().optional(),
});
export type TraceSelection = z.output<typeof TraceSelection>;

/** Query of `GET /api/public/x/traces`. */
export const TraceListQuery = TraceSelection.extend({
  sort: TraceSort.default('-time'),
  cursor: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export type TraceListQuery = z.output<typeof TraceListQuery>;

export const ScoreDataTypeName = z.enum(['NUMERIC', 'CATEGORICAL', 'BOOLEAN', 'CORRECTION', 'TEXT']);
export type ScoreDataTypeName = z.output<typeof ScoreDataTypeName>;

/** A score in a row of a list. `value` is null where the type has none. */
export const ScoreSummary = z.object({
  name: z.string(),
  dataType: ScoreDataTypeName,
  value: z.number().nullable(),
  stringValue: z.string().nullable(),
});
export type ScoreSummary = z.output<typeof ScoreSummary>;

/**
 * Sums of a trace or of a selection. `totalCost` is USD; null when no observation has a known cost. `calls` counts
 * generations and embeddings that used a model, `unpricedCalls` those of them that have usage and no cost, because no model
 * has a price for it: when it is above zero, `totalCost` is a lower bound. A call without usage (it failed, goes on, or nobody
 * reported any) is none of them.
 */
const Totals = {
  totalCost: z.number().nullable(),
  calls: z.int(),
  unpricedCalls: z.int(),
  inputTokens: z.int(),
  outputTokens: z.int(),
  totalTokens: z.int(),
};

/** Where a text term was found: the observation, the column and the text around the hit. */
export const TextHit = z.object({ observationId: z.string(), field: z.string(), preview: z.string() });
export type TextHit = z.output<typeof TextHit>;

/**
 * A row of the list of traces. `latencyMs` is null while no observation has ended. Previews hold at most 200 characters,
 * newlines as they are; null when nothing was sent. `level` is the worst of its observations. `running`: the root has
 * started and not ended.
 */
export const TraceListItem = z.object({
  id: z.string(),
  name: z.string().nullable(),
  timestamp: Instant,
  latencyMs: z.number().nullable(),
  running: z.boolean(),
  ...Totals,
  level: LevelName,
  errorCount: z.int(),
  warningCount: z.int(),
  /** Status message of the first observation with the level ERROR. */
  errorMessage: z.string().nullable(),
  userId: z.string().nullable(),
  sessionId: z.string().nullable(),
  environment: z.string(),
  tags: z.array(z.string()),
  release: z.string().nullable(),
  version: z.string().nullable(),
  models: z.array(z.string()),
  observationCount: z.int(),
  inputPreview: z.string().nullable(),
  outputPreview: z.string().nullable(),
  scores: z.array(ScoreSummary),
  bookmarked: z.boolean(),
  hit: TextHit.optional(),
});
export type TraceListItem = z.output<typeof TraceListItem>;

/**
 * Answer of `GET /api/public/x/traces`. `cursor` is there when there may be more; `searchedTo` is how far back a page
 * that is not full has looked.
 */
export const TraceList = z.object({
  data: z.array(TraceListItem),
  meta: z.object({ cursor: z.string().optional(), searchedTo: Instant.optional() }),
});
export type TraceList = z.output<typeof TraceList>;

/** What a histogram may say of each bucket beside how many traces and errors it has. */
export const HistogramMeasure = z.enum(['latency', 'cost', 'tokens']);
export type HistogramMeasure = z.output<typeof HistogramMeasure>;

/** Query of `GET /api/public/x/histogram`. */
export const HistogramQuery = TraceSelection.extend({ measure: HistogramMeasure.optional() });
export type HistogramQuery = z.output<typeof HistogramQuery>;

/**
 * A bucket of a histogram; `time` is its start. With the measure `latency` it has the percentiles of traces that have ended (null
 * where none has), with `cost` the sum in USD (null where nothing has a price) and how many calls of it have no price, with
 * `tokens` the sums.
 */
export const HistogramBucket = z.object({
  time: Instant,
  traces: z.int(),
  errors: z.int(),
  p50LatencyMs: z.number().nullable().optional(),
  p95LatencyMs: z.number().nullable().optional(),
  totalCost: z.number().nullable().optional(),
  unpricedCalls: z.int().optional(),
  inputTokens: z.int().optional(),
  outputTokens: z.int().optional(),
  totalTokens: z.int().optional(),
});
export type HistogramBucket = z.output<typeof HistogramBucket>;

/**
 * Answer of `GET /api/public/x/histogram`: at most 100 buckets, gaps filled with zeros.
 * `from` and `to` are what was counted: without a lower bound in the query, `from` is the first trace's.
 */
export const Histogram = z.object({
  bucketMs: z.int(),
  from: Instant,
  to: Instant,
  data: z.array(HistogramBucket),
  totals: z.object({
    traces: z.int(),
    errors: z.int(),
    p95LatencyMs: z.number().nullable(),
    p95Cost: z.number().nullable(),
    totalTokens: z.int(),
    totalCost: z.number().nullable(),
    calls: z.int(),
    unpricedCalls: z.int(),
  }),
});
export type Histogram = z.output<typeof Histogram>;

/** A score with everything a person wants to read about it. */
export const ScoreDetail = ScoreSummary.extend({
  id: z.string(),
  observationId: z.string().nullable(),
  source: z.enum(['API', 'EVAL', 'ANNOTATION']),
  comment: z.string().nullable(),
  authorUserId: z.string().nullable(),
  timestamp: Instant,
});
export type ScoreDetail = z.output<typeof ScoreDetail>;

/** An observation as a row of the tree: no payload. `endTime` null means that it has not ended (or was never told). */
export const ObservationSkeleton = z.object({
  id: z.string(),
  parentId: z.string().nullable(),
  type: ObservationTypeName,
  name: z.string().nullable(),
  startTime: Instant,
  endTime: Instant.nullable(),
  completionStartTime: Instant.nullable(),
  level: LevelName,
  statusMessage: z.string().nullable(),
  model: z.string().nullable(),
  provider: z.string().nullable(),
  totalCost: z.number().nullable(),
  costSource: z.enum(['client', 'prices']).nullable(),
  /** Why a call that names a model has no cost, which is not 0: no price for what it used, or nobody said what it used. */
  costGap: z.enum(['price', 'usage']).nullable(),
  inputTokens: z.int(),
  outputTokens: z.int(),
  totalTokens: z.int(),
  isAppRoot: z.boolean(),
  promptName: z.string().nullable(),
  promptVersion: z.int().nullable(),
});
export type ObservationSkeleton = z.output<typeof ObservationSkeleton>;

/** Keys to bare strings, or to the JSON text of any other value. */
const TextMap = z.record(z.string(), z.string());

/** A field of which only the beginning is here, for it has more than 1 MB. `key`: of which entry of a map. */
export const LargeField = z.object({
  field: z.enum(['input', 'output', 'metadata', 'attributes']),
  key: z.string().nullable(),
  /** Names it in `readPayload`: SHA-256 of its bytes, hexadecimal. */
  hash: z.string(),
  sizeBytes: z.int(),
});
export type LargeField = z.output<typeof LargeField>;

/** What is known of a trace as a whole. `metadata` values are bare strings, or JSON text of any other value. */
export const TraceHeader = z.object({
  id: z.string(),
  name: z.string().nullable(),
  timestamp: Instant,
  latencyMs: z.number().nullable(),
  ...Totals,
  errorCount: z.int(),
  warningCount: z.int(),
  userId: z.string().nullable(),
  sessionId: z.string().nullable(),
  environment: z.string(),
  release: z.string().nullable(),
  version: z.string().nullable(),
  tags: z.array(z.string()),
  public: z.boolean(),
  bookmarked: z.boolean(),
  metadata: TextMap,
  /** What was said about the trace itself, as received; null when nothing was. */
  input: z.string().nullable(),
  output: z.string().nullable(),
  large: z.array(LargeField),
});
export type TraceHeader = z.output<typeof TraceHeader>;

/** Answer of `GET /api/public/x/traces/{id}`; 404 when the project has no such trace. */
export const TraceSkeleton = z.object({
  trace: TraceHeader,
  observations: z.array(ObservationSkeleton),
  scores: z.array(ScoreDetail),
});
export type TraceSkeleton = z.output<typeof TraceSkeleton>;

/** Query of `GET /api/public/x/observations/{id}`. */
export const ObservationQuery = z.object({ traceId: z.string() });
export type ObservationQuery = z.output<typeof ObservationQuery>;

/**
 * Answer of `GET /api/public/x/observations/{id}`: one observation whole. `input` and `output` are the text that was
 * received (JSON stays JSON text, a string stays bare); null when nothing was sent. Costs and prices are USD as decimal
 * text, by usage type; `prices` is per unit.
 */
export const ObservationDetail = ObservationSkeleton.omit({ totalCost: true }).extend({
  traceId: z.string(),
  environment: z.string(),
  version: z.string().nullable(),
  release: z.string().nullable(),
  input: z.string().nullable(),
  output: z.string().nullable(),
  metadata: TextMap,
  attributes: TextMap,
  large: z.array(LargeField),
  resourceAttributes: TextMap,
  scope: z.object({ name: z.string(), version: z.string(), attributes: TextMap }),
  events: z.array(z.object({ name: z.string(), timestamp: Instant, attributes: TextMap })),
  usage: z.record(z.string(), z.number()),
  /** `counted`: nobody reported it, so the server counted the tokens of input and output. */
  usageSource: z.enum(['client', 'counted']).nullable(),
  cost: TextMap,
  totalCost: z.string().nullable(),
  prices: TextMap,
  modelId: z.string().nullable(),
  pricingTierName: z.string().nullable(),
  /** JSON text of the parameters by name; bare strings stay bare. */
  modelParameters: TextMap,
  /** Tool name to the JSON text `{description, parameters}`. */
  toolDefinitions: TextMap,
  /** JSON text of each call, `{id, name, arguments}`. */
  toolCalls: z.array(z.string()),
  sizeBytes: z.int(),
  source: z.enum(['otlp', 'json', 'ui']),
  sdk: z.object({ name: z.string(), version: z.string() }),
  /** The sender's time was out of bounds and the time of receipt was stored instead (S1). */
  timeAdjusted: z.boolean(),
});
export type ObservationDetail = z.output<typeof ObservationDetail>;

export const listTraces = defineRoute({
  method: 'GET',
  path: '/api/public/x/traces',
  scope: 'traces:read',
  summary: 'A page of traces for filter text, time range and environments',
  query: TraceListQuery,
  response: TraceList,
});

export const readHistogram = defineRoute({
  method: 'GET',
  path: '/api/public/x/histogram',
  scope: 'traces:read',
  summary: 'Traces, errors and a measure over time for a selection, with its totals',
  query: HistogramQuery,
  response: Histogram,
});

export const readTraceSkeleton = defineRoute({
  method: 'GET',
  path: '/api/public/x/traces/:traceId',
  scope: 'traces:read',
  summary: 'A trace as tree and timeline: everything but the payloads',
  params: z.object({ traceId: z.string() }),
  response: TraceSkeleton,
});

export const readObservationDetail = defineRoute({
  method: 'GET',
  path: '/api/public/x/observations/:observationId',
  scope: 'traces:read',
  summary: 'One observation with payloads, attributes and the prices its cost was computed from',
  params: z.object({ observationId: z.string() }),
  query: ObservationQuery,
  response: ObservationDetail,
});

export const readPayload = defineRoute({
  method: 'GET',
  path: '/api/public/x/traces/:traceId/payloads/:hash',
  scope: 'traces:read',
  summary: 'A field above 1 MB, whole, as text; always as a download',
  params: z.object({ traceId: z.string(), hash: z.string().regex(/^[0-9a-f]{64}$/) }),
});
