import { timingSafeEqual } from 'node:crypto';
import {
  CONTRACT_VERSION,
  type HealthQuery,
  postHealth,
  readHealth,
  readMetrics,
  readReady,
  readWorkerHealth,
  readWorkerReady,
} from '@tracehouse/contract/health';
import type * as z from 'zod';
import { Answer, bind, type BoundRoute } from './bind.ts';
import { NotFoundError, UnauthorizedError } from './errors.ts';

export interface Vitals {
  /** Which store does not answer, a sentence; empty when both do. */
  storesProblem(): Promise<string>;
  /** What keeps this process from taking data or from making it readable, a sentence; empty when nothing does. */
  ingestionProblem(): string;
  /** Whether anything was ingested in the last three minutes, in any project. */
  hasRecentEvents(): Promise<boolean>;
  /** Why data that is accepted may not be seen, as far as the probe can tell, a sentence; empty when it is. */
  probeProblem(): string;
  /** True once the process was asked to end. */
  isStopping(): boolean;
}

const say = (status: string, code = 200): Answer<{ status: string; version: string }> =>
  new Answer({ status, version: CONTRACT_VERSION }, { status: code });

/** Health and readiness of the web role (S10.1). */
export function systemRoutes(vitals: Vitals): BoundRoute[] {
  const { storesProblem, hasRecentEvents, probeProblem } = vitals;
  const health = async ({ query }: { query: z.output<typeof HealthQuery> }) => {
    if (query.failIfDatabaseUnavailable === 'true' && (await storesProblem()) !== '')
      return say('Database not available', 503);
    if (query.failIfNoRecentEvents === 'true' && !(await hasRecentEvents())) {
      return say('No traces within the last 3 minutes', 503);
    }
    const problem = query.failIfProbeStale === 'true' ? probeProblem() : '';
    return problem === '' ? say('OK') : say(problem, 503);
  };
  return [bind(readHealth, health), bind(postHealth, health), bind(readReady, () => ready(vitals))];
}

/** Health and readiness of the worker, on its own port. */
export const workerRoutes = (vitals: Vitals): BoundRoute[] => [
  bind(readWorkerHealth, () => say('OK')),
  bind(readWorkerReady, () => ready(vitals)),
];

async function ready({ storesProblem, ingestionProblem, isStopping }: Vitals) {
  if (isStopping()) return say('Stopping', 500);
  const problem = (await storesProblem()) || ingestionProblem();
  return problem === '' ? say('OK') : say(problem, 503);
}

/**
 * `/metrics`. Without a token it is open, and only where `isInternal`: what is measured names no project and no person, but is
 * nobody's business outside. With a token it is served everywhere, to who has it.
 */
export function metricsRoutes({
  render,
  token,
  isInternal,
}: {
  render(): Promise<string>;
  token: string | undefined;
  isInternal: boolean;
}): BoundRoute[] {
  return [
    bind(readMetrics, async ({ headers }) => {
      if (token === undefined && !isInternal) {
        throw new NotFoundError(
          'Metrics are served on the port of the worker; here once TRACEHOUSE_METRICS_TOKEN is set',
        );
      }
      if (token !== undefined && !isBearer(headers['authorization'], token)) {
        throw new UnauthorizedError('Metrics need Authorization: Bearer with the value of TRACEHOUSE_METRICS_TOKEN');
      }
      return new Answer(Buffer.from(await render()), { headers: { 'content-type': METRICS_TYPE } });
    }),
  ];
}

/** Prometheus text format, version 0.0.4. */
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

function isBearer(header: string | undefined, token: string): boolean {
  const [given, expected] = [Buffer.from(header ?? ''), Buffer.from(`Bearer ${token}`)];
  return given.length === expected.length && timingSafeEqual(given, expected);
}
