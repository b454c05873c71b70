import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hash } from '@node-rs/bcrypt';
import { migratePostgres } from '../../packages/server/src/stores/postgres/migrate.ts';
import { openPglite } from '../../packages/server/src/stores/postgres/pglite.ts';
import { sql } from '../../packages/server/src/stores/postgres/sql.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const SALT = 'salt-of-the-contract-replay';

interface Key {
  publicKey: string;
  secretKey: string;
}

export interface Seed {
  projects: readonly ({ id: string; name: string; organization: { id: string; name: string } } & Key)[];
  organizationKeys: readonly ({ organizationId: string } & Key)[];
}

export interface TestServer {
  origin: string;
  stop(): Promise<void>;
}

/**
 * The program itself (role `all`) on a free port and an empty data directory. Its projects and keys are put into the embedded
 * database before it starts: headless initialization makes only one of each.
 */
export async function startServer(seed: Seed): Promise<TestServer> {
  const directory = await mkdtemp(join(tmpdir(), 'tracehouse-contract-'));
  await plant(join(directory, 'postgres'), seed);
  const port = await freePort();
  const workerPort = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const output: string[] = [];
  const child = spawn(join(root, 'node_modules/.bin/node'), [join(root, 'packages/server/src/main.ts'), 'all'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      UV_THREADPOOL_SIZE: '16',
      TRACEHOUSE_DATA_DIR: directory,
      TRACEHOUSE_WORKER_PORT: String(workerPort),
      TRACEHOUSE_OTLP_PORT: 'off',
      PORT: String(port),
      HOSTNAME: '127.0.0.1',
      SALT,
      LANGFUSE_LOG_LEVEL: 'warn',
    },
  });
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => output.push(chunk.toString()));
  const stop = async (): Promise<void> => {
    await end(child);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await untilReady(origin, child);
  } catch (error) {
    await stop();
    throw new Error(`The server did not start:\n${output.join('')}`, { cause: error });
  }
  return {
    origin,
    async stop() {
      await stop();
      if (output.length > 0) console.log(`the server said:\n${output.join('').slice(-4000)}`);
    },
  };
}

async function plant(directory: string, { projects, organizationKeys }: Seed): Promise<void> {
  const postgres = await openPglite(directory);
  try {
    await migratePostgres(postgres);
    const now = new Date();
    for (const { id, name, organization } of projects) {
      await postgres.rows(sql`
        INSERT INTO organizations (id, name, created_at, updated_at)
        VALUES (${organization.id}, ${organization.name}, ${now}, ${now})
        ON CONFLICT DO NOTHING`);
      await postgres.rows(sql`
        INSERT INTO projects (id, organization_id, name, created_at, updated_at)
        VALUES (${id}, ${organization.id}, ${name}, ${now}, ${now})`);
    }
    const keys = [
      ...projects.map(({ id, ...key }) => ({ ...key, projectId: id, organizationId: null })),
      ...organizationKeys.map(({ organizationId, ...key }) => ({ ...key, projectId: null, organizationId })),
    ];
    for (const { projectId, organizationId, publicKey, secretKey } of keys) {
      const salted = createHash('sha256')
        .update(secretKey)
        .update(createHash('sha256').update(SALT).digest('hex'))
        .digest('hex');
      await postgres.rows(sql`
        INSERT INTO api_keys (id, project_id, organization_id, public_key, secret_hash, fast_hash, display_secret_key, created_at)
        VALUES (${randomUUID()}, ${projectId}, ${organizationId}, ${publicKey}, ${await hash(secretKey, { cost: 4 })}, ${salted},
                ${`${secretKey.slice(0, 6)}...${secretKey.slice(-4)}`}, ${now})`);
    }
  } finally {
    await postgres.close();
  }
}

async function untilReady(origin: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + 90_000;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`it exited with ${child.exitCode}`);
    const ready = await fetch(`${origin}/api/public/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('it was not ready within 90 s');
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 20_000);
  await exited;
  clearTimeout(late);
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}
