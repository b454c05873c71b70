import * as z from 'zod';
import { defineRoute } from './route.ts';

/**
 * The contract we serve, as clients compare it: langfuse-cli picks the newest one of its own that is not above it. Health
 * and readiness report it (S10.1).
 */
export const CONTRACT_VERSION = '4.35.0';

/** `status` is `OK`, or says what is wrong. */
export const Health = z.object({ status: z.string(), version: z.string() });

/** Query flags are on when `true`. */
export const HealthQuery = z.object({
  failIfDatabaseUnavailable: z.string().optional(),
  failIfNoRecentEvents: z.string().optional(),
  /** Ours: whether a trace sent once a minute is read back. */
  failIfProbeStale: z.string().optional(),
});

const summary = 'Whether this process serves; 503 says what is wrong';

export const readHealth = defineRoute({
  method: 'GET',
  path: '/api/public/health',
  scope: 'public',
  summary,
  query: HealthQuery,
  response: Health,
});

/** Upstream answers a POST alike. */
export const postHealth = defineRoute({ ...readHealth, method: 'POST' });

export const readReady = defineRoute({
  method: 'GET',
  path: '/api/public/ready',
  scope: 'public',
  summary: 'Whether this process takes requests: 500 once it is stopping, 503 while a store is down',
  response: Health,
});

export const readWorkerHealth = defineRoute({
  method: 'GET',
  path: '/api/health',
  scope: 'public',
  summary: 'Whether the worker runs',
  response: Health,
});

export const readWorkerReady = defineRoute({ ...readReady, path: '/api/ready' });

/** In the text format of Prometheus; where a token is set, it is asked for as `Authorization: Bearer`. */
export const readMetrics = defineRoute({
  method: 'GET',
  path: '/metrics',
  scope: 'public',
  summary: 'Figures of this process for Prometheus',
});
