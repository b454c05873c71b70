import * as z from 'zod';
import { Instant, PageMeta, PageQuery, Repeatable } from './pagination.ts';
import { defineRoute } from './route.ts';
import { Trace } from './traces.ts';
import { Datetime } from './wire-fields.ts';

/** What traces with one session id have in common; `createdAt` is when it was first heard of. */
export const TraceSession = z.object({
  id: z.string(),
  createdAt: Instant,
  projectId: z.string(),
  environment: z.string(),
});
export type TraceSession = z.output<typeof TraceSession>;

export const SessionsQuery = PageQuery.extend({
  fromTimestamp: Datetime.optional(),
  toTimestamp: Datetime.optional(),
  environment: Repeatable.optional(),
});
export type SessionsQuery = z.output<typeof SessionsQuery>;

export const listSessions = defineRoute({
  method: 'GET',
  path: '/api/public/sessions',
  scope: 'traces:read',
  summary: 'Sessions, newest first',
  query: SessionsQuery,
  response: z.object({ data: z.array(TraceSession), meta: PageMeta }),
});

/** The wire calls it a session; `session.ts` is about people signed in. */
export const readTraceSession = defineRoute({
  method: 'GET',
  path: '/api/public/sessions/:sessionId',
  scope: 'traces:read',
  summary: 'One session with its traces',
  params: z.object({ sessionId: z.string() }),
  response: TraceSession.extend({ traces: z.array(Trace) }),
});
