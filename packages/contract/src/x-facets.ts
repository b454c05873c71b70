import * as z from 'zod';

import { Instant, Repeatable } from './pagination.ts';
import { defineRoute } from './route.ts';
import { TraceSelection } from './x-traces.ts';

/** How many fields one request may ask about. */
const MAX_FIELDS = 20;

/**
 * Query of `GET /api/public/x/facets`. `field` is a field of filter text, and may be repeated; beside these `metadata` is the keys
 * that occur, `score` the names of scores. `of`: whose filter text it is, and what is counted. `typed` chooses values that contain
 * this text, whatever the case; those that begin with it come first.
 */
export const FacetsQuery = TraceSelection.extend({
  of: z.enum(['traces', 'observations']).default('traces'),
  field: Repeatable.pipe(z.array(z.string().min(1).max(300)).min(1).max(MAX_FIELDS)),
  typed: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(10),
});
export type FacetsQuery = z.output<typeof FacetsQuery>;

/** What a facet was counted over. */
const Counted = {
  /** As it was asked for. */
  field: z.string(),
  /** How many traces or observations the filter finds without its clauses about this field. */
  total: z.int(),
  /** How many of them have no value. */
  absent: z.int(),
  /** There are more than can be counted in time: what is older than this was not looked at. */
  countedFrom: Instant.nullable(),
};

/** Values with how many have them, the commonest first. One thing may have several, such as tags. */
export const ValueFacet = z.object({
  kind: z.literal('values'),
  ...Counted,
  values: z.array(z.object({ value: z.string(), count: z.int() })),
  /** There are more values than `limit`. */
  more: z.boolean(),
});
export type ValueFacet = z.output<typeof ValueFacet>;

/**
 * Numbers in the unit of filter text (seconds, USD, pieces), counted from `from` (inclusive) to `to` (exclusive), which are 1, 2 or
 * 5 times a power of ten; what is below 0 stands in the first, that starts at 0. `min` and `max` are null when there is none.
 */
export const RangeFacet = z.object({
  kind: z.literal('range'),
  ...Counted,
  min: z.number().nullable(),
  max: z.number().nullable(),
  buckets: z.array(z.object({ from: z.number(), to: z.number(), count: z.int() })),
});
export type RangeFacet = z.output<typeof RangeFacet>;

export const Facet = z.discriminatedUnion('kind', [ValueFacet, RangeFacet]);
export type Facet = z.output<typeof Facet>;

/** Answer of `GET /api/public/x/facets`: a facet for each field, in the order they were asked for. */
export const Facets = z.object({ data: z.array(Facet) });
export type Facets = z.output<typeof Facets>;

export const readFacets = defineRoute({
  method: 'GET',
  path: '/api/public/x/facets',
  scope: 'traces:read',
  summary: 'The values of fields with counts, for a filter without what it says of each field',
  query: FacetsQuery,
  response: Facets,
});
