import * as z from 'zod';
import { defineRoute } from './route.ts';

/*
 * Jobs: work of a project that goes on after the answer, with progress. They are kept for 30 days after their end.
 */

export const JobKind = z.enum(['models.recalculate']);
export type JobKind = z.output<typeof JobKind>;

/** `queued` also between two attempts; `done`, `failed` and `cancelled` are final. */
export const JobState = z.enum(['queued', 'running', 'done', 'failed', 'cancelled']);
export type JobState = z.output<typeof JobState>;

/** Times are ISO 8601, UTC, milliseconds. */
export const Job = z.object({
  id: z.string(),
  kind: JobKind,
  /** What of the project it is about; of a recalculation the id of the model. */
  subject: z.string(),
  state: JobState,
  /** `total` is null until it is known, and may grow. */
  progress: z.object({ done: z.int(), total: z.int().nullable() }),
  /** What it has done so far; of a recalculation `changed` and `skipped` observations. */
  counts: z.record(z.string(), z.int()),
  /** It was told to end, and has not yet. */
  isCancelling: z.boolean(),
  /** Why the last attempt failed, in words; null when none did. */
  error: z.string().nullable(),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  finishedAt: z.iso.datetime().nullable(),
});
export type Job = z.output<typeof Job>;

export const listJobs = defineRoute({
  method: 'GET',
  path: '/api/public/x/jobs',
  scope: 'project:read',
  summary: "The project's jobs, newest first",
  query: z.object({
    kind: JobKind.optional(),
    subject: z.string().optional(),
    limit: z.coerce.number().int().min(1).max(100).default(20),
  }),
  response: z.object({ data: z.array(Job) }),
});

const byId = z.object({ jobId: z.string() });

export const readJob = defineRoute({
  method: 'GET',
  path: '/api/public/x/jobs/:jobId',
  scope: 'project:read',
  summary: 'One job with its progress',
  params: byId,
  response: Job,
});

/** Of the only kind there is; a second kind brings a scope of its own. */
export const cancelJob = defineRoute({
  method: 'POST',
  path: '/api/public/x/jobs/:jobId/cancel',
  scope: 'models:CUD',
  summary: 'End a job; what it has done stays done',
  audit: 'job',
  params: byId,
  response: Job,
});

/** Body of `POST /api/public/x/recalculations`. */
export const NewRecalculation = z.object({
  /** Of the project, built in, or deleted: what it has priced, and what its pattern matches now. */
  modelId: z.string().min(1).max(200),
  /** Calls that start from then on; without it all. */
  from: z.iso.datetime().nullish(),
});
export type NewRecalculation = z.output<typeof NewRecalculation>;

export const startRecalculation = defineRoute({
  method: 'POST',
  path: '/api/public/x/recalculations',
  scope: 'models:CUD',
  summary: 'Price stored calls again, as a job; costs that a sender has stated stay. 409 while one runs for the model',
  audit: 'job',
  body: NewRecalculation,
  status: 201,
  response: Job,
});
