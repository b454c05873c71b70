import * as z from 'zod';

import { defineRoute } from './route.ts';

/**
 * One request that reached an ingestion door with a key of the project, and what became of it. `stored` and `refused`
 * count items (spans, events, scores). `message` is one plain sentence: the reason when something was refused, else
 * empty. `traceId` names one stored trace, so that the line can open it. `client` is SDK name and version, or empty.
 */
export const DoorRequest = z.object({
  id: z.string(),
  time: z.iso.datetime(),
  door: z.enum(['OTLP', 'JSON', 'scores']),
  status: z.int(),
  stored: z.int(),
  refused: z.int(),
  message: z.string(),
  client: z.string(),
  /** `pk-lf-…9a2f`: never more than the first 6 and the last 4 characters. */
  publicKey: z.string(),
  traceId: z.string().nullable(),
});
export type DoorRequest = z.output<typeof DoorRequest>;

/** Answer of `GET /api/public/x/door`: the last 10 minutes, newest first, at most 100. */
export const DoorRequests = z.object({ data: z.array(DoorRequest) });
export type DoorRequests = z.output<typeof DoorRequests>;

export const listDoorRequests = defineRoute({
  method: 'GET',
  path: '/api/public/x/door',
  scope: 'traces:read',
  summary: "Requests of the last 10 minutes with this project's keys, and what became of them",
  response: DoorRequests,
});
