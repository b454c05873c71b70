import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, request, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { freePorts } from '../harness/ports.ts';
import { type RunningProcess, startProcess, waitUntilAnswers } from '../harness/process.ts';
import { ofNpmStart, plantedDirectory } from '../harness/server.ts';

const main = fileURLToPath(new URL('../../packages/server/src/main.ts', import.meta.url));

/** A start takes two seconds; on a machine with other work it may take many more. */
const STARTED_MS = 120_000;

const clean: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const each of clean.splice(0).toReversed()) await each();
});

/** Without `isPlanted` it is empty: a first start. */
async function newDirectory({ isPlanted = true } = {}): Promise<string> {
  const directory = await (isPlanted ? plantedDirectory() : mkdtemp(join(tmpdir(), 'tracehouse-program-')));
  clean.push(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** The program with nothing set but where its data and its ports are. */
async function start(
  args: string[],
  directory: string,
  env: Record<string, string> = {},
): Promise<RunningProcess & { url: string; otlpUrl: string; workerUrl: string }> {
  const [port, worker, otlp] = (await freePorts(3)) as [number, number, number];
  const settings = {
    ...ofNpmStart,
    TRACEHOUSE_DATA_DIR: directory,
    PORT: String(port),
    TRACEHOUSE_WORKER_PORT: String(worker),
    TRACEHOUSE_OTLP_PORT: String(otlp),
    ...env,
  };
  const program = startProcess(process.execPath, [main, ...args], { env: settings });
  clean.push(() => program.stop());
  const at = (value: string) => `http://127.0.0.1:${value}`;
  return {
    ...program,
    url: at(settings.PORT),
    otlpUrl: at(settings.TRACEHOUSE_OTLP_PORT),
    workerUrl: at(settings.TRACEHOUSE_WORKER_PORT),
  };
}

/** The project's key that the first start tells. */
function keyOf(login: string): { secretKey: string; authorization: string } {
  const [, publicKey, secretKey] = /LANGFUSE_PUBLIC_KEY=(\S+)\nLANGFUSE_SECRET_KEY=(\S+)/.exec(login)!;
  return { secretKey: secretKey!, authorization: `Basic ${btoa(`${publicKey}:${secretKey}`)}` };
}

const statusOf = async (url: string, init?: RequestInit): Promise<number> => (await fetch(url, init)).status;

describe('the first start without configuration', () => {
  test('makes everything, tells the login in a file only its owner can read, and drains when asked to end', async () => {
    const directory = await newDirectory({ isPlanted: false });
    const program = await start(['all', '--no-ui'], directory);
    await waitUntilAnswers(`${program.url}/api/public/health`, program, STARTED_MS);

    const file = join(directory, 'first-login.txt');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const login = await readFile(file, 'utf8');
    const { secretKey, authorization } = keyOf(login);
    const [, email] = /E-mail\s+(\S+)/.exec(login) as unknown as string[];
    const [, password] = /Password\s+(\S+)/.exec(login) as unknown as string[];

    expect(await statusOf(`${program.url}/api/public/projects`, { headers: { authorization } })).toBe(200);
    const signIn = await fetch(`${program.url}/api/auth/signin/password`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: program.url },
      body: JSON.stringify({ email, password }),
    });
    expect(signIn.status).toBe(200);
    expect(signIn.headers.get('set-cookie')).toMatch(/^next-auth\.session-token=.*HttpOnly/);
    for (const url of [
      `${program.url}/api/public/ready`,
      `${program.workerUrl}/api/health`,
      `${program.workerUrl}/api/ready`,
    ])
      expect(await statusOf(url), url).toBe(200);
    expect(await statusOf(`${program.otlpUrl}/v1/metrics`, { method: 'POST', headers: { authorization } })).toBe(200);

    expect(await program.stop()).toBe(0);
    for (const secret of [secretKey, password!, authorization]) expect(program.output()).not.toContain(secret);
    expect(program.output()).toContain(file);

    // The next start keeps it all.
    const again = await start(['--no-ui'], directory);
    await waitUntilAnswers(`${again.url}/api/public/health`, again, STARTED_MS);
    expect(await statusOf(`${again.url}/api/public/projects`, { headers: { authorization } })).toBe(200);
  });
});

test('a request under way when it is asked to end is answered first', async () => {
  const directory = await newDirectory();
  const program = await start(['--no-ui'], directory);
  await waitUntilAnswers(`${program.url}/api/public/health`, program, STARTED_MS);
  const { authorization } = keyOf(await readFile(join(directory, 'first-login.txt'), 'utf8'));
  const body = JSON.stringify({ batch: [] });
  const sent = request(`${program.url}/api/public/ingestion`, {
    method: 'POST',
    headers: {
      authorization,
      'content-type': 'application/json',
      'content-length': body.length,
      expect: '100-continue',
    },
  });
  sent.flushHeaders();
  await once(sent, 'continue');
  sent.write(body.slice(0, 5));
  process.kill(program.pid, 'SIGTERM');
  while (!program.output().includes('"stopping"')) await new Promise((resolve) => setTimeout(resolve, 20));
  await new Promise((resolve) => setTimeout(resolve, 200));
  sent.end(body.slice(5));
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  expect(answer.statusCode).toBe(207);
  answer.resume();
  expect(await program.ended).toBe(0);
});

test('a second process on the same data is refused by name, and the first goes on', async () => {
  const directory = await newDirectory();
  const first = await start(['--no-ui'], directory);
  await waitUntilAnswers(`${first.url}/api/public/health`, first, STARTED_MS);
  const second = await start(['--no-ui'], directory);
  expect(await second.ended).toBe(1);
  expect(second.output()).toContain(`The data directory ${directory} is in use by process ${first.pid}`);
  expect(await statusOf(`${first.url}/api/public/ready`)).toBe(200);
});

test('a taken OTLP port is a warning, a taken product port ends the start with what to change', async () => {
  const [taken] = (await freePorts(1)) as [number];
  const other = createServer().listen(taken, '127.0.0.1');
  clean.push(async () => other.close());

  const program = await start(['--no-ui'], await newDirectory(), { TRACEHOUSE_OTLP_PORT: String(taken) });
  await waitUntilAnswers(`${program.url}/api/public/health`, program, STARTED_MS);
  expect(program.output()).toMatch(/port is in use.*TRACEHOUSE_OTLP_PORT/);

  const refused = await start(['--no-ui'], await newDirectory(), { PORT: String(taken) });
  expect(await refused.ended).toBe(1);
  expect(refused.output()).toContain(`Port ${taken} is in use. Stop what listens there, or set PORT to another port.`);
});

describe('what is wrong with the configuration is said all at once', () => {
  test.each([
    [
      'all',
      { PORT: 'http', ENCRYPTION_KEY: 'short' },
      [/PORT: 'http' is not a port number/, /ENCRYPTION_KEY: the value is not 64 hexadecimal digits/],
    ],
    [
      'web',
      {},
      [/DATABASE_URL is not set: role 'web'/, /CLICKHOUSE_URL is not set: role 'web'/, /REDIS_HOST is not set/],
    ],
    ['worker', {}, [/DATABASE_URL is not set: role 'worker'/]],
    ['migrate', {}, [/DATABASE_URL is not set: role 'migrate'/]],
  ] as const)('%s', async (command, env, problems) => {
    const program = await start([command], await newDirectory(), env);
    expect(await program.ended).toBe(1);
    for (const problem of problems) expect(program.output()).toMatch(problem);
    expect(program.output()).not.toMatch(/^\s+at /m);
  });

  test('a command that there is not', async () => {
    const program = await start(['serve'], await newDirectory());
    expect(await program.ended).toBe(2);
    expect(program.output()).toMatch(/There is no command 'serve'[^]*all +The whole product/);
  });
});

describe('a project whose deletion was under way when the program was killed', () => {
  test('stays gone, and its data is removed by the next start', async () => {
    const directory = await newDirectory();
    const pair = { publicKey: 'pk-lf-of-the-organization', secretKey: 'sk-lf-of-the-organization' };
    const env = {
      LANGFUSE_INIT_ORG_ID: 'acme',
      TRACEHOUSE_INIT_ORG_PUBLIC_KEY: pair.publicKey,
      TRACEHOUSE_INIT_ORG_SECRET_KEY: pair.secretKey,
      LANGFUSE_INIT_USER_EMAIL: 'ada@acme.dev',
      LANGFUSE_INIT_USER_PASSWORD: 'correct horse battery',
      TRACEHOUSE_PROBE: 'off',
    };
    const byOrganization = { authorization: `Basic ${btoa(`${pair.publicKey}:${pair.secretKey}`)}` };
    const json = { 'content-type': 'application/json' };
    let program = await start(['all', '--no-ui'], directory, env);
    await waitUntilAnswers(`${program.url}/api/public/health`, program, 120_000);
    const post = async (path: string, headers: Record<string, string>, body: unknown) =>
      (await (
        await fetch(`${program.url}/api/public${path}`, {
          method: 'POST',
          headers: { ...json, ...headers },
          body: JSON.stringify(body),
        })
      ).json()) as Record<string, string>;
    const { id } = await post('/projects', byOrganization, { name: 'To be deleted', retention: 0 });
    const { publicKey, secretKey } = await post(`/projects/${id}/apiKeys`, byOrganization, {});
    const byProject = { authorization: `Basic ${btoa(`${publicKey}:${secretKey}`)}` };
    for (let n = 0; n < 5; n += 1) {
      const batch = Array.from({ length: 500 }, (_, i) => ({
        id: `event-${n}-${i}`,
        type: 'span-create',
        timestamp: new Date().toISOString(),
        body: { id: `span-${n}-${i}`, traceId: `trace-${i}`, input: 'x'.repeat(200) },
      }));
      await post('/ingestion', byProject, { batch });
    }
    const here = { 'sec-fetch-site': 'same-origin' };
    const signedIn = await fetch(`${program.url}/api/auth/signin/password`, {
      method: 'POST',
      headers: { ...json, ...here },
      body: JSON.stringify({ email: env.LANGFUSE_INIT_USER_EMAIL, password: env.LANGFUSE_INIT_USER_PASSWORD }),
    });
    const cookie = signedIn.headers.get('set-cookie')!.split(';')[0]!;
    const deletion = await fetch(`${program.url}/api/public/x/project`, {
      method: 'DELETE',
      headers: { ...here, cookie, 'x-tracehouse-project': id! },
    });
    expect(deletion.status).toBe(202);
    expect(await deletion.json()).toMatchObject({ projectId: id, projectName: 'To be deleted', error: null });
    await program.stop({ signal: 'SIGKILL' });

    program = await start(['all', '--no-ui'], directory, env);
    await waitUntilAnswers(`${program.url}/api/public/health`, program, 120_000);
    expect(await statusOf(`${program.url}/api/public/traces`, { headers: byProject })).toBe(401);
    const { projects } = (await (
      await fetch(`${program.url}/api/public/organizations/projects`, { headers: byOrganization })
    ).json()) as { projects: unknown[] };
    expect(projects).toEqual([]);
    // The killed program's lease on the job has to run out first.
    const underWay = async () =>
      (
        (await (await fetch(`${program.url}/api/public/x/project-deletions`, { headers: byOrganization })).json()) as {
          data: unknown[];
        }
      ).data;
    await expect.poll(underWay, { timeout: 90_000, interval: 500 }).toEqual([]);
  }, 400_000);
});
