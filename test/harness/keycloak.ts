import { readFile } from 'node:fs/promises';
import { keycloakProgram } from './parts.ts';
import { freePorts } from './ports.ts';
import { startProcess, waitUntilAnswers } from './process.ts';

/** Password of everybody in the realm. */
export const KEYCLOAK_PASSWORD = 'correct-horse-battery-staple';

const REALM = 'matherlynet';
const CLIENT = { id: 'langfuse', secret: 'test-only-langfuse-client-secret' };
const ADMIN = 'admin';

/** A real Keycloak with the realm of fixtures/keycloak-realm.json, whose client is the product at one address. */
export interface Keycloak {
  /** What browsers call it: `*.localhost` is this machine to them, and no name at all to the server, as an outer address is in a cluster. */
  readonly external: string;
  /** Where the server reaches it. */
  readonly internal: string;
  /** Of the realm; tokens carry the outer one. */
  readonly issuer: { readonly external: string; readonly internal: string };
  /** What the product's environment says of it. */
  readonly env: Readonly<Record<string, string>>;
  /** The users whose name this is: their ids. @throws when there is none */
  userId(username: string): Promise<string>;
  /** Changes a user. */
  update(username: string, changes: object): Promise<void>;
  /** How many sessions a user has there. */
  sessions(username: string): Promise<number>;
  /** Ends them, as an administrator does. */
  logout(username: string): Promise<void>;
  stop(): Promise<void>;
}

/** `clientUrl` is the product's address, without a slash at the end. Its database is in memory: each start is fresh. */
export async function startKeycloak(clientUrl: string): Promise<Keycloak> {
  const [port, managementPort] = (await freePorts(2)) as [number, number];
  const [external, internal] = [`http://auth.localhost:${port}`, `http://127.0.0.1:${port}`];
  const server = startProcess(
    keycloakProgram(),
    [
      'start',
      '--optimized',
      '--cache=local',
      '--http-enabled=true',
      '--http-host=127.0.0.1',
      `--http-port=${port}`,
      `--http-management-port=${managementPort}`,
      `--hostname=${external}`,
      '--hostname-backchannel-dynamic=true',
    ],
    {
      env: {
        KC_BOOTSTRAP_ADMIN_USERNAME: ADMIN,
        KC_BOOTSTRAP_ADMIN_PASSWORD: ADMIN,
        JAVA_OPTS_KC_HEAP: '-Xms64m -Xmx384m',
      },
    },
  );
  try {
    await waitUntilAnswers(`http://127.0.0.1:${managementPort}/health/ready`, server, 150_000);
    await administer('POST', '', await realmFor(clientUrl));
  } catch (error) {
    await server.stop();
    throw error;
  }

  /** Tokens of an administrator live a minute, so each call has one of its own. */
  async function administer(method: string, path: string, body?: unknown): Promise<unknown> {
    const granted = await fetch(`${internal}/realms/master/protocol/openid-connect/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'password', client_id: 'admin-cli', username: ADMIN, password: ADMIN }),
    });
    const { access_token: token } = (await granted.json()) as { access_token: string };
    const answer = await fetch(`${internal}/admin/realms${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  }

  const userId = async (username: string): Promise<string> => {
    const [user] = (await administer('GET', `/${REALM}/users?username=${username}&exact=true`)) as { id: string }[];
    if (!user) throw new Error(`No user ${username}`);
    return user.id;
  };
  return {
    external,
    internal,
    issuer: { external: `${external}/realms/${REALM}`, internal: `${internal}/realms/${REALM}` },
    env: {
      AUTH_KEYCLOAK_CLIENT_ID: CLIENT.id,
      AUTH_KEYCLOAK_CLIENT_SECRET: CLIENT.secret,
      AUTH_KEYCLOAK_ISSUER: `${internal}/realms/${REALM}`,
    },
    userId,
    async update(username, changes) {
      await administer('PUT', `/${REALM}/users/${await userId(username)}`, changes);
    },
    async sessions(username) {
      return ((await administer('GET', `/${REALM}/users/${await userId(username)}/sessions`)) as unknown[]).length;
    },
    async logout(username) {
      await administer('POST', `/${REALM}/users/${await userId(username)}/logout`);
    },
    async stop() {
      await server.stop({ timeoutMs: 60_000 });
    },
  };
}

/** The fixture names the port the product has by default. */
async function realmFor(clientUrl: string): Promise<unknown> {
  const text = await readFile(new URL('../services/fixtures/keycloak-realm.json', import.meta.url), 'utf8');
  return JSON.parse(text.replaceAll('http://127.0.0.1:3000', clientUrl)) as unknown;
}
