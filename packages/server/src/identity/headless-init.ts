import type { Logger } from 'pino';
import type { Settings } from '../config/settings.ts';
import type { Postgres } from '../stores/postgres/postgres.ts';
import type { ApiKeys } from './api-keys.ts';
import { grantDefaultMemberships } from './new-user.ts';
import { insertOrganization, insertProject, upsertOrganizationRole } from './organizations-store.ts';
import type { Passwords } from './passwords.ts';
import { setupLock } from './setup-lock.ts';
import { insertUser, selectUserByEmail } from './users-store.ts';

type Init = Settings['init'];

interface Parts {
  settings: Pick<Settings, 'init' | 'newUsers'>;
  apiKeys: Pick<ApiKeys, 'ensure' | 'forget'>;
  passwords: Pick<Passwords, 'hash'>;
  now: () => Date;
  newId: () => string;
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

/** The id, or one derived where another variable is set; undefined when none is (S9.4, Ours (a)). */
function initialOrganizationId(init: Init): string | undefined {
  if (init.organizationId !== undefined) return init.organizationId;
  if (Object.values(init).every((value) => value === undefined)) return undefined;
  return slug(init.organizationName ?? '') || 'default';
}

const slug = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '');

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
    const done = await apiKeys.ensure(tx, owner, { publicKey, secretKey }, 'Provisioned API Key');
    if (done !== 'kept') log.info({ ...owner, done }, 'initial API key set');
  }
}

/** The password is used at creation alone, the role is given back at every start. */
async function ensureOwner(
  tx: Postgres,
  organizationId: string,
  { settings: { init, newUsers }, passwords, now, newId, log }: Parts,
): Promise<void> {
  const { userEmail: email, userPassword: password, userName: name = 'Provisioned User' } = init;
  if (email === undefined || password === undefined) return;
  const at = now();
  const known = await selectUserByEmail(tx, email);
  const userId = known?.id ?? newId();
  if (!known) {
    // The operator vouches for the address.
    await insertUser(tx, {
      id: userId,
      email,
      name,
      passwordHash: await passwords.hash(password),
      emailVerifiedAt: at,
      at,
    });
    await grantDefaultMemberships(tx, { userId, newUsers, initialOrganizationId: organizationId, at });
    log.info({ userId }, 'initial user created');
  }
  await upsertOrganizationRole(tx, { organizationId, userId, role: 'OWNER', at });
}
