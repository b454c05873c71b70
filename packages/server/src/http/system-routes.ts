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
  /** Whether both stores answer. */
  storesAnswer(): Promise<boolean>;
  /** Whether anything was ingested in the last three minutes, in any project. */
  hasRecentEvents(): Promise<boolean>;
  /** True once the process was asked to end. */
  isStopping(): boolean;
}

const say = (status: string, code = 200): Answer<{ status: string; version: string }> =>
  new Answer({ status, version: CONTRACT_VERSION }, { status: code });

/** Health and readiness of the web role (S10.1). */
export function systemRoutes({ storesAnswer, hasRecentEvents, isStopping }: Vitals): BoundRoute[] {
  const health = async ({
    query,
  }: {
    query: { failIfDatabaseUnavailable?: string | undefined; failIfNoRecentEvents?: string | undefined };
  }) => {
    if (query.failIfDatabaseUnavailable === 'true' && !(await storesAnswer()))
      return say('Database not available', 503);
    if (query.failIfNoRecentEvents === 'true' && !(await hasRecentEvents())) {
      return say('No traces within the last 3 minutes', 503);
    }
    return say('OK');
  };
  return [bind(readHealth, health), bind(postHealth, health), bind(readReady, () => ready(storesAnswer, isStopping))];
}

/** Health and readiness of the worker, on its own port. */
export const workerRoutes = ({ storesAnswer, isStopping }: Vitals): BoundRoute[] => [
  bind(readWorkerHealth, () => say('OK')),
  bind(readWorkerReady, () => ready(storesAnswer, isStopping)),
];

async function ready(storesAnswer: Vitals['storesAnswer'], isStopping: Vitals['isStopping']) {
  if (isStopping()) return say('Stopping', 500);
  return (await storesAnswer()) ? say('OK') : say('Database not available', 503);
}
