import { createHmac } from 'node:crypto';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { deleteOtherKeys } from '../keys/api-keys-store.ts';
import type { ApiKeys } from '../keys/api-keys.ts';
import { insertOrganization, insertProject } from '../members/organizations-store.ts';
import { setupLock } from './setup-lock.ts';

const ORGANIZATION_ID = 'tracehouse-probe';

/** The project the probe sends to; nobody is a member of it, and no list shows it. */
export const PROBE_PROJECT_ID = 'tracehouse-probe';

export interface KeyPair {
  publicKey: string;
  secretKey: string;
}

/**
 * Makes the hidden project exist and answers its key. The pair follows from the installation's secret: it is the same in every
 * process and at every start, written down nowhere, and changes with the secret. The public half is no secret elsewhere, but
 * opens the door for scores by itself, so nobody is to guess it either.
 */
export async function ensureProbeProject({
  postgres,
  apiKeys,
  encryptionKey,
  now,
}: {
  postgres: Postgres;
  apiKeys: Pick<ApiKeys, 'ensure' | 'forget'>;
  encryptionKey: string;
  now: () => Date;
}): Promise<KeyPair> {
  const derive = (purpose: string): string => createHmac('sha256', encryptionKey).update(purpose).digest('hex');
  const pair = {
    publicKey: `pk-lf-${derive('public key of the probe').slice(0, 32)}`,
    secretKey: `sk-lf-${derive('secret key of the probe')}`,
  };
  const owner = { projectId: PROBE_PROJECT_ID };
  await postgres.transaction(async (tx) => {
    await tx.rows(setupLock);
    const at = now();
    await insertOrganization(tx, { id: ORGANIZATION_ID, name: 'Tracehouse probe', at, isHidden: true });
    await insertProject(tx, ORGANIZATION_ID, { id: PROBE_PROJECT_ID, name: 'Tracehouse probe', at });
    await apiKeys.ensure(tx, owner, pair, 'Probe');
    await deleteOtherKeys(tx, owner, pair.publicKey);
  });
  await apiKeys.forget();
  return pair;
}
