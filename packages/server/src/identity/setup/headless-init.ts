import type { Logger } from 'pino';
import type { Settings } from '../../config/settings.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import type { ApiKeys } from '../keys/api-keys.ts';
import { initialOrganizationId } from './initial-organization.ts';
import { systemActor } from '../audit/audit.ts';
import type { NewUsers } from '../accounts/new-user.ts';
import {
  insertOrganization,
  insertProject,
  projectExists,
  upsertOrganizationRole,
} from '../members/organizations-store.ts';
import type { Passwords } from '../accounts/passwords.ts';
import { setupLock } from './setup-lock.ts';
import { selectUserByEmail } from '../accounts/users-store.ts';

interface Parts {
  settings: Pick<Settings, 'init'>;
  apiKeys: Pick<ApiKeys, 'ensure' | 'forget'>;
  passwords: Pick<Passwords, 'hash'>;
  newUsers: Pick<NewUsers, 'create'>;
  now: () => Date;
  log: Logger;
}

/**
 * Makes what the `LANGFUSE_INIT_*` variables describe exist (S9.4 with its Ours lines), at every start and without changing
 * what is already so: safe to repeat and to run in several processes at once. Answers whether the environment asks for it.
 */
export async function initializeHeadless({ postgres, ...parts }: Parts & { postgres: Postgres }): Promise<boolean> {
  const organizationId = initialOrganizationId(parts.settings.init);
  if (organizationId === undefined) return false;
  await postgres.transaction(async (tx) => {
    await tx.rows(setupLock);
    await ensureProject(tx, organizationId, parts);
    await ensureKeys(tx, organizationId, parts);
    await ensureOwner(tx, organizationId, parts);
  });
  await parts.apiKeys.forget();
  return true;
}

async function ensureProject(
  tx: Postgres,
  organizationId: string,
  { settings: { init }, now, log }: Parts,
): Promise<void> {
  const at = now();
  const { organizationName = 'Provisioned Org', projectId, projectName = 'Provisioned Project' } = init;
  const newOrganization = await insertOrganization(tx, { id: organizationId, name: organizationName, at });
  if (newOrganization) log.info({ organizationId }, 'initial organization created');
  if (projectId === undefined) return;
  const newProject = await insertProject(tx, organizationId, { id: projectId, name: projectName, at });
  if (newProject) log.info({ organizationId, projectId }, 'initial project created');
}

async function ensureKeys(
  tx: Postgres,
  organizationId: string,
  { settings: { init }, apiKeys, log }: Parts,
): Promise<void> {
  const { projectId } = init;
  const pairs = [
    [projectId === undefined ? undefined : { projectId }, init.projectPublicKey, init.projectSecretKey],
    [{ organizationId }, init.organizationPublicKey, init.organizationSecretKey],
  ] as const;
  for (const [owner, publicKey, secretKey] of pairs) {
    if (owner === undefined || publicKey === undefined || secretKey === undefined) continue;
    if ('projectId' in owner && !(await projectExists(tx, owner.projectId))) {
      log.warn(owner, 'the initial project was deleted and its data is being removed; a later start makes it anew');
      continue;
    }
    const done = await apiKeys.ensure(tx, owner, { publicKey, secretKey }, 'Provisioned API Key');
    if (done !== 'kept') log.info({ ...owner, done }, 'initial API key set');
  }
}

/** The password is used at creation alone, the role is given back at every start. */
async function ensureOwner(
  tx: Postgres,
  organizationId: string,
  { settings: { init }, passwords, newUsers, now, log }: Parts,
): Promise<void> {
  const { userEmail: email, userPassword: password, userName: name = 'Provisioned User' } = init;
  if (email === undefined || password === undefined) return;
  const known = await selectUserByEmail(tx, email);
  const userId = known?.id ?? (await createOwner(tx, { email, password, name }, { passwords, newUsers, log }));
  await upsertOrganizationRole(tx, { organizationId, userId, role: 'OWNER', source: 'init', at: now() });
}

async function createOwner(
  tx: Postgres,
  { email, password, name }: { email: string; password: string; name: string },
  { passwords, newUsers, log }: Pick<Parts, 'passwords' | 'newUsers' | 'log'>,
): Promise<string> {
  const passwordHash = await passwords.hash(password);
  // The operator vouches for the address.
  const created = await newUsers.create(
    tx,
    { email, name, passwordHash, isVerified: true },
    systemActor('headless initialization'),
  );
  if (!created) throw new Error(`${email} came to be elsewhere while this process started`);
  log.info({ userId: created.userId }, 'initial user created');
  return created.userId;
}
