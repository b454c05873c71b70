import * as z from 'zod';
import { IngestionResult } from './ingestion.ts';
import { defineRoute } from './route.ts';
import { AcceptedScores, CreatedScore, PartlyAcceptedScores } from './scores.ts';

/**
 * `POST /api/public/ingestion` (S2): a batch of events. Always 207, with the fate of each event. The batch itself is checked
 * by the door, for a browser's key may send scores and logs alone.
 */
export const ingest = defineRoute({
  method: 'POST',
  path: '/api/public/ingestion',
  scope: 'scores',
  family: 'ingestion',
  summary: 'Receive a batch of trace, observation and score events',
  body: z.unknown(),
  status: 207,
  response: IngestionResult,
});

/** `POST /api/public/scores` (S4.2): one score, or a list as Python SDK 5 sends it. */
export const createScores = defineRoute({
  method: 'POST',
  path: '/api/public/scores',
  scope: 'scores',
  summary: 'Create or update one score or a list of them',
  body: z.unknown(),
  response: z.union([CreatedScore, AcceptedScores, PartlyAcceptedScores]),
});
