import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Role } from '@tracehouse/contract/roles';
import type { Route } from '@tracehouse/contract/route';
import { pino } from 'pino';
import { openDataDirectory } from './config/data-directory.ts';
import { loadSecrets } from './config/secrets.ts';
import { readSettings } from './config/settings.ts';
import { createApiKeys } from './identity/keys/api-keys.ts';
import { createIds, seedTwoOrganizations } from './identity/scenario.ts';
import { createSessionCookie } from './identity/sessions/cookies.ts';
import { createSessions } from './identity/sessions/sessions.ts';
import { startAll } from './start.ts';
import { createEpochs } from './stores/epochs.ts';
import { openPglite } from './stores/postgres/pglite.ts';
import type { Postgres } from './stores/postgres/postgres.ts';
import { sql } from './stores/postgres/sql.ts';
import { plantStores } from './stores/test-stores.ts';

/** Of `acme`; the role in its project `prod` is the same, but for `guest`. */
export const members = {
  OWNER: { organization: 'OWNER', project: 'OWNER' },
  ADMIN: { organization: 'ADMIN', project: 'ADMIN' },
  MEMBER: { organization: 'MEMBER', project: 'MEMBER' },
  VIEWER: { organization: 'VIEWER', project: 'VIEWER' },
  NONE: { organization: 'NONE', project: 'NONE' },
  /** Has been let into one project alone. */
  guest: { organization: 'NONE', project: 'VIEWER' },
} as const satisfies Record<string, { organization: Role; project: Role }>;

const ADMIN_KEY = 'the key of this installation';
const at = new Date('2026-03-01T00:00:00Z');

/**
 * The program as `startAll` runs it, on ports of its own, with everybody who may come: of the organization `acme` with its
 * project `prod` a person of each role, its keys, and those of the organization `other` with the project `theirs`.
 */
export async function openProgram({ env = {} }: { env?: Record<string, string> } = {}) {
  const path = await mkdtemp(join(tmpdir(), 'tracehouse-'));
  const directory = await openDataDirectory(path);
  const read = readSettings({
    role: 'all',
    env: { TRACEHOUSE_PROBE: 'off', TRACEHOUSE_TEXT_INDEX_HOUR: 'off', ADMIN_API_KEY: ADMIN_KEY, ...env },
  });
  // Whatever is free; no setting says that.
  const settings = { ...read, server: { ...read.server, hostname: '127.0.0.1', port: 0, workerPort: 0, otlpPort: 0 } };
  const { salt } = await loadSecrets(settings, directory);
  await plantStores(path);
  const postgres = await openPglite(directory.inside('postgres'));
  const everybody = await seed(postgres, salt, createSessionCookie(settings));
  await postgres.close();
  const running = await startAll({ settings, directory, log: pino({ level: 'silent' }), screens: undefined });

  /** A request as somebody; what they are is in the headers. */
  async function ask(
    origin: string,
    { method, path: asked }: { method: string; path: string },
    headers: Record<string, string>,
    body?: string,
  ) {
    const answer = await fetch(`${origin}${asked}`, {
      method,
      redirect: 'manual',
      headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body }),
    });
    return { status: answer.status, text: await answer.text() };
  }

  return {
    served: running.served,
    everybody,
    ask,
    async stop() {
      await running.stop();
      await directory.close();
      await rm(path, { recursive: true, force: true });
    },
  };
}

/** By `METHOD /path`. */
export const nameOf = ({ method, path }: Pick<Route, 'method' | 'path'>): string => `${method} ${path}`;

/** A path with what stands for its parameters, `*` among them. */
export const fillPath = (path: string, valueOf: (param: string) => string): string =>
  path.replaceAll(/:(\w+)|\*$/g, (param, name: string | undefined) => valueOf(name ?? param));

/** What the paths of a route match. */
export const patternOf = (path: string): RegExp =>
  new RegExp(`^${path.replaceAll(/:\w+/g, '[^/]+').replace(/\*$/, '.+')}$`);

/** The headers of everybody, by who they are. */
async function seed(postgres: Postgres, salt: string, cookie: ReturnType<typeof createSessionCookie>) {
  const now = (): Date => new Date();
  await seedTwoOrganizations(postgres);
  const sessions = createSessions({ postgres, maxAgeMinutes: 60, now, newId: createIds('session') });
  const keys = createApiKeys({
    postgres,
    salt,
    epochs: createEpochs(),
    now,
    newId: createIds('key'),
    log: pino({ level: 'silent' }),
  });

  async function person(id: string, organizationId: string, projectId: string, role: Role) {
    await postgres.rows(sql`
      INSERT INTO users (id, email, name, email_verified_at, created_at, updated_at)
      VALUES (${id}, ${`${id.toLowerCase()}@${organizationId}.dev`}, ${`Name of ${id}`}, ${at}, ${at}, ${at})`);
    await postgres.rows(sql`
      INSERT INTO organization_memberships (organization_id, user_id, role, created_at, updated_at)
      VALUES (${organizationId}, ${id}, ${role}, ${at}, ${at})`);
    const token = await sessions.start({
      userId: id,
      method: 'password',
      userAgent: 'test',
      ip: '::1',
      replaces: undefined,
    });
    return {
      cookie: cookie.write(token).split(';')[0]!,
      'sec-fetch-site': 'same-origin',
      'x-tracehouse-organization': organizationId,
      'x-tracehouse-project': projectId,
    };
  }
  const basic = async (owner: { projectId: string } | { organizationId: string }) => {
    const { publicKey, secretKey } = await keys.create(owner);
    return { publicKey, authorization: `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString('base64')}` };
  };

  const people: Record<string, Record<string, string>> = {};
  for (const [id, role] of Object.entries(members)) people[id] = await person(id, 'acme', 'prod', role.organization);
  await postgres.rows(sql`
    INSERT INTO project_memberships (organization_id, project_id, user_id, role, created_at, updated_at)
    VALUES ('acme', 'prod', 'guest', ${members.guest.project}, ${at}, ${at})`);
  const stranger = await person('stranger', 'other', 'theirs', 'OWNER');
  await person('colleague', 'other', 'theirs', 'VIEWER');
  const prod = await basic({ projectId: 'prod' });
  const theirs = await basic({ projectId: 'theirs' });
  const acme = await basic({ organizationId: 'acme' });
  const other = await basic({ organizationId: 'other' });
  await keys.settled();
  const ofAcme = { 'x-tracehouse-organization': 'acme', 'x-tracehouse-project': 'prod' };
  return {
    people: people as Record<keyof typeof members, Record<string, string>>,
    /** The owner of the other organization, at home. */
    owner: stranger,
    keys: {
      projectKey: { authorization: prod.authorization },
      browserKey: { authorization: `Bearer ${prod.publicKey}` },
      organizationKey: { authorization: acme.authorization },
      foreignProjectKey: { authorization: theirs.authorization },
      foreignOrganizationKey: { authorization: other.authorization },
      adminKey: { authorization: `Bearer ${ADMIN_KEY}` },
      /** S9.1: on the few routes that take it. */
      adminKeyForProject: {
        authorization: `Bearer ${ADMIN_KEY}`,
        'x-langfuse-admin-api-key': ADMIN_KEY,
        'x-langfuse-project-id': 'prod',
      },
    },
    /** Whom nobody knows, or who asks for what is not theirs. */
    strangers: {
      nobody: {},
      stranger: { ...stranger, ...ofAcme },
      'a member elsewhere': {
        ...people['OWNER'],
        'x-tracehouse-organization': 'other',
        'x-tracehouse-project': 'theirs',
      },
      'a session that is over': { ...people['OWNER'], cookie: people['OWNER']!['cookie']!.slice(0, -4) },
      "another site's page": { ...people['OWNER'], 'sec-fetch-site': 'cross-site' },
      'a wrong pair': { authorization: `Basic ${Buffer.from(`${prod.publicKey}:sk-lf-wrong`).toString('base64')}` },
      'a wrong admin key': { authorization: 'Bearer another key' },
      'a public key of an organization': { authorization: `Bearer ${acme.publicKey}` },
    } as Record<string, Record<string, string>>,
  };
}
