import * as z from 'zod';

import { Instant } from './pagination.ts';
import { defineRoute } from './route.ts';
import { TraceSelection } from './x-traces.ts';

/**
 * Query of `GET /api/public/x/search`: a text in any script, whatever the case, in names, ids, inputs, outputs and metadata. With
 * `traceId` it is looked for in that trace, whose hits come in the order of their times; the selection does not count then. Without,
 * in all traces of the selection, the newest first; `limit` is how many traces a page has.
 */
export const SearchQuery = TraceSelection.extend({
  text: z.string().min(1).max(500),
  traceId: z.string().min(1).max(800).optional(),
  cursor: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
});
export type SearchQuery = z.output<typeof SearchQuery>;

/**
 * A field that has the text. `about`: whether that is a field of the observation, or one of its trace, which `observationId` says
 * (null: the trace itself does); what several say alike is one hit. `key`: of which entry of the metadata.
 */
export const SearchHit = z.object({
  traceId: z.string(),
  observationId: z.string().nullable(),
  about: z.enum(['observation', 'trace']),
  field: z.enum(['name', 'id', 'input', 'output', 'metadata']),
  key: z.string().nullable(),
  /** Where in the text of the field, in UTF-16 units as JavaScript counts; the first ones. */
  places: z.array(z.object({ offset: z.int(), length: z.int() })),
  /** How often the field has the text. */
  count: z.int(),
  /** Around the first place, and where in the field it begins. */
  preview: z.string(),
  previewOffset: z.int(),
});
export type SearchHit = z.output<typeof SearchHit>;

/**
 * Answer of `GET /api/public/x/search`. `rows`: how many observations (and the trace itself) have the text, in the one trace that
 * was asked for, else in each of the page; of these only the first have their hits in a page of several. `cursor` is there when
 * there may be more; `searchedTo` is how far back was looked when the page is not full.
 */
export const SearchAnswer = z.object({
  data: z.array(SearchHit),
  traces: z.array(z.object({ traceId: z.string(), rows: z.int() })),
  meta: z.object({ cursor: z.string().optional(), searchedTo: Instant.optional() }),
});
export type SearchAnswer = z.output<typeof SearchAnswer>;

export const searchText = defineRoute({
  method: 'GET',
  path: '/api/public/x/search',
  scope: 'traces:read',
  summary: 'Where a text is: observations, fields and offsets, newest traces first or in one trace',
  query: SearchQuery,
  response: SearchAnswer,
});
