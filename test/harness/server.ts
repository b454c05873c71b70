import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { plantStores } from '../../packages/server/src/stores/test-stores.ts';
import { freePorts } from './ports.ts';
import { startProcess, waitUntilAnswers } from './process.ts';

/** A data directory with the stores that a first start makes, three seconds sooner. Whoever asks for it removes it. */
export async function plantedDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'tracehouse-test-'));
  await plantStores(directory);
  return directory;
}

const main = fileURLToPath(new URL('../../packages/server/src/main.ts', import.meta.url));

/** What `npm start` sets. */
export const ofNpmStart = {
  UV_THREADPOOL_SIZE: '16',
  NODE_COMPILE_CACHE: fileURLToPath(new URL('../../node_modules/.cache/node', import.meta.url)),
};

/** Our server as a user runs it, in a process of its own, with a project, its keys and an owner. */
export interface TestServer {
  /** Address of the product, without a slash at the end. */
  readonly url: string;
  /** Address of the second OTLP port, without a path. */
  readonly otlpUrl: string;
  readonly workerUrl: string;
  readonly publicKey: string;
  readonly secretKey: string;
  readonly projectId: string;
  readonly email: string;
  readonly password: string;
  readonly dataDirectory: string;
  readonly pid: number;
  /** All it has written so far. */
  readonly log: () => string;
  /** SIGKILL; the data directory stays. */
  kill(): Promise<void>;
  /** SIGTERM. Removes a data directory made here. @throws when it does not drain and exit with 0 */
  stop(): Promise<void>;
}

/**
 * Starts role `all` on free ports. `env` wins over what is set here; a `dataDirectory` of the caller's is kept; without
 * screens they are not built first.
 */
export async function startServer({
  env = {},
  dataDirectory,
  screens = true,
  user,
}: {
  env?: Record<string, string>;
  dataDirectory?: string;
  screens?: boolean;
  /** Whom it runs as; only root can choose. */
  user?: { readonly uid: number; readonly gid: number };
} = {}): Promise<TestServer> {
  const [port, workerPort, otlpPort] = (await freePorts(3)) as [number, number, number];
  const directory = dataDirectory ?? (await plantedDirectory());
  const identity = {
    publicKey: 'pk-lf-test',
    secretKey: 'sk-lf-test',
    projectId: 'test-project',
    email: 'owner@example.com',
    password: 'correct-horse-battery-staple',
  };
  const settings = {
    ...ofNpmStart,
    TRACEHOUSE_DATA_DIR: directory,
    PORT: String(port),
    TRACEHOUSE_WORKER_PORT: String(workerPort),
    TRACEHOUSE_OTLP_PORT: String(otlpPort),
    LANGFUSE_INIT_ORG_ID: 'test-organization',
    LANGFUSE_INIT_ORG_NAME: 'Test organization',
    LANGFUSE_INIT_PROJECT_ID: identity.projectId,
    LANGFUSE_INIT_PROJECT_NAME: 'Test project',
    LANGFUSE_INIT_PROJECT_PUBLIC_KEY: identity.publicKey,
    LANGFUSE_INIT_PROJECT_SECRET_KEY: identity.secretKey,
    LANGFUSE_INIT_USER_EMAIL: identity.email,
    LANGFUSE_INIT_USER_NAME: 'Test owner',
    LANGFUSE_INIT_USER_PASSWORD: identity.password,
    ...env,
  };
  const url = `http://127.0.0.1:${settings.PORT}`;
  const server = startProcess(process.execPath, [main, 'all', ...(screens ? [] : ['--no-ui'])], {
    env: settings,
    ...(user && { user }),
  });
  const clean = async (): Promise<void> => {
    if (dataDirectory === undefined) await rm(directory, { recursive: true, force: true });
  };
  try {
    // The first start of a checkout builds the screens.
    await waitUntilAnswers(`${url}/api/public/health`, server, 90_000);
  } catch (error) {
    await server.stop();
    await clean();
    throw error;
  }
  return {
    ...identity,
    url,
    otlpUrl: `http://127.0.0.1:${settings.TRACEHOUSE_OTLP_PORT}`,
    workerUrl: `http://127.0.0.1:${settings.TRACEHOUSE_WORKER_PORT}`,
    dataDirectory: directory,
    pid: server.pid,
    log: server.output,
    async kill() {
      await server.stop({ signal: 'SIGKILL' });
    },
    async stop() {
      const how = await server.stop();
      await clean();
      if (how !== 0) throw new Error(`The server ended with ${how}, not 0:\n${server.output()}`);
    },
  };
}
