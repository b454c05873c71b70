import * as z from 'zod';
import { Observation } from './observations.ts';
import { csvOf, Instant, OrderBy, PageMeta, PageQuery, Repeatable } from './pagination.ts';
import { defineRoute } from './route.ts';
import { Datetime } from './wire-fields.ts';

/**
 * A trace's own values as v1 reads show them: every key is there, what is not known is null, but for the name, which is
 * then `''`. `input`, `output` and the values of `metadata` are parsed where they are JSON.
 */
export const Trace = z.object({
  id: z.string(),
  projectId: z.string(),
  name: z.string(),
  timestamp: Instant,
  environment: z.string(),
  tags: z.array(z.string()),
  bookmarked: z.boolean(),
  release: z.string().nullable(),
  version: z.string().nullable(),
  userId: z.string().nullable(),
  sessionId: z.string().nullable(),
  public: z.boolean(),
  input: z.unknown(),
  output: z.unknown(),
  metadata: z.record(z.string(), z.unknown()),
  createdAt: Instant,
  updatedAt: Instant,
  externalId: z.null(),
});
export type Trace = z.output<typeof Trace>;

/** A score as v1 reads show it: those of traces, without corrections (S4.3). A TEXT has no `value`. */
export const ScoreV1 = z.object({
  id: z.string(),
  projectId: z.string(),
  environment: z.string(),
  name: z.string(),
  value: z.number().optional(),
  stringValue: z.string().nullable(),
  dataType: z.enum(['NUMERIC', 'CATEGORICAL', 'BOOLEAN', 'TEXT']),
  source: z.enum(['API', 'EVAL', 'ANNOTATION']),
  authorUserId: z.string().nullable(),
  comment: z.string().nullable(),
  metadata: z.record(z.string(), z.unknown()),
  configId: z.string().nullable(),
  queueId: z.string().nullable(),
  executionTraceId: z.string().nullable(),
  createdAt: Instant,
  updatedAt: Instant,
  timestamp: Instant,
  traceId: z.string(),
  observationId: z.string().nullable(),
});
export type ScoreV1 = z.output<typeof ScoreV1>;

/** `latency` is seconds, `totalCost` USD; −1 when the group `metrics` was not asked for. */
const computed = { latency: z.number(), totalCost: z.number(), htmlPath: z.string() };

/** A trace in a list: ids of its observations and scores. */
export const TraceWithDetails = Trace.extend({
  ...computed,
  observations: z.array(z.string()),
  scores: z.array(z.string()),
});
export type TraceWithDetails = z.output<typeof TraceWithDetails>;

/** A trace with everything in it. */
export const TraceWithFullDetails = Trace.extend({
  ...computed,
  observations: z.array(Observation),
  scores: z.array(ScoreV1),
});
export type TraceWithFullDetails = z.output<typeof TraceWithFullDetails>;

export const traceFieldGroups = ['core', 'io', 'scores', 'observations', 'metrics'] as const;
export type TraceFieldGroup = (typeof traceFieldGroups)[number];
const fields = csvOf(traceFieldGroups).optional();

export const TracesQuery = PageQuery.extend({
  userId: z.string().optional(),
  name: z.string().optional(),
  tags: Repeatable.optional(),
  environment: Repeatable.optional(),
  sessionId: z.string().optional(),
  version: z.string().optional(),
  release: z.string().optional(),
  fromTimestamp: Datetime.optional(),
  toTimestamp: Datetime.optional(),
  orderBy: OrderBy.optional(),
  fields,
  filter: z.string().optional(),
});
export type TracesQuery = z.output<typeof TracesQuery>;

const TraceParams = z.object({ traceId: z.string() });
const Message = z.object({ message: z.string() });

export const listTracesV1 = defineRoute({
  method: 'GET',
  path: '/api/public/traces',
  scope: 'traces:read',
  summary: 'Traces in pages (v1)',
  query: TracesQuery,
  response: z.object({ data: z.array(TraceWithDetails), meta: PageMeta }),
});

export const readTraceV1 = defineRoute({
  method: 'GET',
  path: '/api/public/traces/:traceId',
  scope: 'traces:read',
  summary: 'One trace with its observations and scores (v1)',
  params: TraceParams,
  query: z.object({ fields }),
  response: TraceWithFullDetails,
});

export const deleteTrace = defineRoute({
  method: 'DELETE',
  path: '/api/public/traces/:traceId',
  scope: 'traces:delete',
  summary: 'Delete a trace with its observations and scores; an unknown id is no error',
  params: TraceParams,
  response: Message,
});

export const deleteTraces = defineRoute({
  method: 'DELETE',
  path: '/api/public/traces',
  scope: 'traces:delete',
  summary: 'Delete up to 1,000 traces with their observations and scores',
  body: z.object({ traceIds: z.array(z.string()).min(1, 'At least 1 traceId is required.').max(1000) }),
  response: Message,
});
