import {
  CONTRACT_VERSION,
  postHealth,
  readHealth,
  readReady,
  readWorkerHealth,
  readWorkerReady,
} from '@tracehouse/contract/health';
import { Answer, bind, type BoundRoute } from './bind.ts';

export interface Vitals {
  /** Which store does not answer, a sentence; empty when both do. */
  storesProblem(): Promise<string>;
  /** What keeps this process from taking data or from making it readable, a sentence; empty when nothing does. */
  ingestionProblem(): string;
  /** Whether anything was ingested in the last three minutes, in any project. */
  hasRecentEvents(): Promise<boolean>;
  /** True once the process was asked to end. */
  isStopping(): boolean;
}

const say = (status: string, code = 200): Answer<{ status: string; version: string }> =>
  new Answer({ status, version: CONTRACT_VERSION }, { status: code });

/** Health and readiness of the web role (S10.1). */
export function systemRoutes(vitals: Vitals): BoundRoute[] {
  const { storesProblem, hasRecentEvents } = vitals;
  const health = async ({
    query,
  }: {
    query: { failIfDatabaseUnavailable?: string | undefined; failIfNoRecentEvents?: string | undefined };
  }) => {
    if (query.failIfDatabaseUnavailable === 'true' && (await storesProblem()) !== '')
      return say('Database not available', 503);
    if (query.failIfNoRecentEvents === 'true' && !(await hasRecentEvents())) {
      return say('No traces within the last 3 minutes', 503);
    }
    return say('OK');
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
