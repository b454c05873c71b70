import * as z from 'zod';
import { EventsFilter } from './filter.ts';
import { PageMeta, PageQuery, Repeatable } from './pagination.ts';
import { defineRoute } from './route.ts';
import { Datetime } from './wire-fields.ts';

/*
 * Metrics (S8.8): one JSON object says what is counted, by what, when and how it is shown. Names of dimensions, measures and
 * columns are for the view to check, whose sentences name what there is. Keys that are not known are passed over.
 */

// oxfmt-ignore
export const aggregations = ['sum', 'avg', 'count', 'max', 'min', 'p50', 'p75', 'p90', 'p95', 'p99', 'histogram', 'uniq'] as const;
export type Aggregation = (typeof aggregations)[number];

export const granularities = ['auto', 'minute', 'hour', 'day', 'week', 'month'] as const;
export type Granularity = (typeof granularities)[number];

const viewsV2 = ['observations', 'scores-numeric', 'scores-categorical', 'scores-boolean'] as const;
const viewsV1 = ['traces', ...viewsV2] as const;
/** What is counted. */
export type MetricsView = (typeof viewsV1)[number];

/** Of a query: more than anybody reads at once. */
export const MAX_DIMENSIONS = 20;
/** Of a query. */
export const MAX_METRICS = 50;

const queryOf = <View extends MetricsView>(views: readonly [View, ...View[]]) =>
  z
    .object({
      view: z.enum(views),
      dimensions: z
        .array(z.object({ field: z.string() }))
        .max(MAX_DIMENSIONS)
        .default([]),
      metrics: z.array(z.object({ measure: z.string(), aggregation: z.enum(aggregations) })).max(MAX_METRICS),
      filters: EventsFilter.default([]),
      timeDimension: z
        .object({ granularity: z.enum(granularities) })
        .nullable()
        .default(null),
      fromTimestamp: Datetime,
      toTimestamp: Datetime,
      orderBy: z
        .array(z.object({ field: z.string(), direction: z.enum(['asc', 'desc']) }))
        .nullable()
        .default(null),
      config: z
        .object({
          bins: z.int().min(1).max(100).optional(),
          row_limit: z.int().min(1).max(1000).optional(),
        })
        .nullable()
        .default(null),
    })
    .refine(({ fromTimestamp, toTimestamp }) => Date.parse(fromTimestamp) < Date.parse(toTimestamp), {
      message: 'fromTimestamp must be before toTimestamp',
    });

/** What the parameter `query` of `GET /api/public/metrics` says, as JSON. */
export const MetricsQueryV1 = queryOf(viewsV1);
/** The same of `GET /api/public/v2/metrics`. */
export const MetricsQueryV2 = queryOf(viewsV2);
export type MetricsQuery = z.output<typeof MetricsQueryV1>;

/**
 * A row: each dimension under its name, `time_dimension`, each metric as `<aggregation>_<measure>`. Latencies are milliseconds,
 * costs USD; a dimension that nothing was said for is null, names of traces and observations are then `''`.
 */
export const MetricsRow = z.record(z.string(), z.unknown());
export type MetricsRow = z.output<typeof MetricsRow>;

const Metrics = z.object({ data: z.array(MetricsRow) });

export const readMetricsV1 = defineRoute({
  method: 'GET',
  path: '/api/public/metrics',
  scope: 'traces:read',
  summary: 'Counts, sums, averages and percentiles of traces, observations or scores, by any dimensions and over time',
  query: z.object({ query: z.string() }),
  response: Metrics,
});

export const readMetricsV2 = defineRoute({
  method: 'GET',
  path: '/api/public/v2/metrics',
  scope: 'traces:read',
  summary: 'Metrics of observations and scores; 100 rows unless more are asked for',
  query: z.object({ query: z.string() }),
  response: Metrics,
});

export const DailyMetricsQuery = PageQuery.extend({
  traceName: z.string().optional(),
  userId: z.string().optional(),
  tags: Repeatable.optional(),
  environment: Repeatable.optional(),
  fromTimestamp: Datetime.optional(),
  toTimestamp: Datetime.optional(),
});
export type DailyMetricsQuery = z.output<typeof DailyMetricsQuery>;

/** What one model did on a day; `model` null is what calls no model. Costs are USD. */
const DailyUsage = z.object({
  model: z.string().nullable(),
  inputUsage: z.number(),
  outputUsage: z.number(),
  totalUsage: z.number(),
  totalCost: z.number(),
  countObservations: z.int(),
  countTraces: z.int(),
});

/** A day, UTC: traces by their own time, observations by their start. */
export const DailyMetrics = z.object({
  date: z.iso.date(),
  countTraces: z.int(),
  countObservations: z.int(),
  totalCost: z.number(),
  usage: z.array(DailyUsage),
});
export type DailyMetrics = z.output<typeof DailyMetrics>;

export const readDailyMetrics = defineRoute({
  method: 'GET',
  path: '/api/public/metrics/daily',
  scope: 'traces:read',
  summary: 'Traces, observations, tokens and cost by day and model, newest day first',
  query: DailyMetricsQuery,
  response: z.object({ data: z.array(DailyMetrics), meta: PageMeta }),
});
