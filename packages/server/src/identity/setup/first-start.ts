import { randomBytes, randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { readTextFile, writePrivateFile, type DataDirectory } from '../../config/data-directory.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { setupLock } from './setup-lock.ts';
import type { ApiKeys } from '../keys/api-keys.ts';
import { systemActor } from '../audit/audit.ts';
import type { NewUsers } from '../accounts/new-user.ts';
import {
  insertOrganization,
  insertProject,
  selectOrganizationIds,
  upsertOrganizationRole,
} from '../members/organizations-store.ts';
import type { Passwords } from '../accounts/passwords.ts';
import { selectUserByEmail } from '../accounts/users-store.ts';

const FILE = 'first-login.txt';
const EMAIL = 'owner@tracehouse.local';
const ACTOR = systemActor('first start');

/**
 * Gives an empty installation an organization, a project, an owner and an API key. Their secrets are written to
 * `first-login.txt` before anything in the database needs them, so that no crash can lose them.
 */
export async function createFirstLogin({
  postgres,
  directory,
  apiKeys,
  passwords,
  newUsers,
  url,
  now,
  newId,
}: {
  postgres: Postgres;
  directory: DataDirectory;
  apiKeys: Pick<ApiKeys, 'ensure' | 'forget'>;
  passwords: Pick<Passwords, 'hash'>;
  newUsers: Pick<NewUsers, 'create'>;
  /** Where people reach the product. */
  url: string;
  now: () => Date;
  newId: () => string;
}): Promise<void> {
  if ((await selectOrganizationIds(postgres, 1)).length > 0) return;
  const at = now();
  const password = randomBytes(15).toString('base64url');
  const pair = { publicKey: `pk-lf-${randomUUID()}`, secretKey: `sk-lf-${randomUUID()}` };
  await writePrivateFile(directory.inside(FILE), describeLogin({ url, password, ...pair }));
  const passwordHash = await passwords.hash(password);
  const [organizationId, projectId] = [newId(), newId()];
  const created = await postgres.transaction(async (tx) => {
    await tx.rows(setupLock);
    // Another process on the same server may have been faster.
    if ((await selectOrganizationIds(tx, 1)).length > 0) return false;
    // Not empty: its owner has deleted every organization, and makes a new one from the pages.
    if (await selectUserByEmail(tx, EMAIL)) return false;
    await insertOrganization(tx, { id: organizationId, name: 'My organization', at });
    await insertProject(tx, organizationId, { id: projectId, name: 'My project', at });
    const owner = await newUsers.create(tx, { email: EMAIL, name: 'Owner', passwordHash, isVerified: false }, ACTOR);
    if (!owner) return false;
    const { userId } = owner;
    await upsertOrganizationRole(tx, { organizationId, userId, role: 'OWNER', source: 'init', at });
    await apiKeys.ensure(tx, { projectId }, pair, 'Created at the first start', ACTOR);
    return true;
  });
  if (!created) await rm(directory.inside(FILE), { force: true });
  await apiKeys.forget();
}

/**
 * Shows the first login: on a terminal once, after which only the person has it; otherwise the path of the file, since
 * standard output is somebody's log.
 */
export async function showFirstLogin({
  directory,
  isTerminal,
  print,
}: {
  directory: DataDirectory;
  isTerminal: boolean;
  print: (line: string) => void;
}): Promise<void> {
  const file = directory.inside(FILE);
  const text = await readTextFile(file);
  if (text === undefined) return;
  if (!isTerminal) {
    print(`The first login is in ${file}; delete the file once you have signed in.`);
    return;
  }
  print(text);
  await rm(file);
}

const describeLogin = ({
  url,
  password,
  publicKey,
  secretKey,
}: {
  url: string;
  password: string;
  publicKey: string;
  secretKey: string;
}): string => `
Tracehouse   ${url}
E-mail       ${EMAIL}
Password     ${password}

Clients made for Langfuse and LiteLLM (.env):

LANGFUSE_PUBLIC_KEY=${publicKey}
LANGFUSE_SECRET_KEY=${secretKey}
LANGFUSE_BASE_URL=${url}
LANGFUSE_HOST=${url}

OpenTelemetry exporters (.env):

OTEL_EXPORTER_OTLP_ENDPOINT=${url}/api/public/otel
OTEL_EXPORTER_OTLP_HEADERS="Authorization=Basic%20${Buffer.from(`${publicKey}:${secretKey}`).toString('base64')}"

A first trace, to see it arrive:

curl -u ${publicKey}:${secretKey} ${url}/api/public/ingestion -H 'Content-Type: application/json' \\
  -d '{"batch":[{"id":"hello-1","type":"trace-create","timestamp":"'$(date -u +%FT%TZ)'","body":{"id":"hello","name":"hello","input":"Hello","output":"Here I am."}}]}'

This is shown once. The password and the keys are stored as hashes only.
`;
