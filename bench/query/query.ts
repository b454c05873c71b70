import { access, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { run, startProcess } from '../../test/harness/process.ts';
import { startServer, type TestServer } from '../../test/harness/server.ts';
import { basic, type Client, createClient } from '../client.ts';
import { figuresOf } from '../figures.ts';
import type { LoadPlan } from '../ingest/load.ts';
import { cpuSecondsOf, machine } from '../processes.ts';
import { percentile, type Report, rounded } from '../report.ts';
import type { FillFacts, FillPlan, IndexPlan } from './fill.ts';
import { PAGE, type Query, queries } from './queries.ts';

export const usage = `query [--observations 100000] [--runs 40] [--only TEXT] [--load 0] [--no-text-index] [--data-dir DIR] [--set NAME=VALUE] [--json FILE]
  --only measures the queries whose name has the text. --load then runs that many spans a second into the same project and
  measures again: the time a read waits for acknowledged rows is no part of loaded.p50 and p95, and stands beside (waitP50, waitP95).
  A text search goes on until its page is full or nothing is left, as the screen does: first.p50 and p95 are when the first
  traces came, or the word that there are none. --data-dir is filled when it is empty and kept, else measured as it is; text indexes are built unless --no-text-index.`;

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Measures reads over HTTP, one after the other on one connection. */
export async function query(args: string[]): Promise<{ report: Report; file: string | undefined }> {
  const { values } = parseArgs({
    args,
    options: {
      observations: { type: 'string', default: '100000' },
      runs: { type: 'string', default: '40' },
      only: { type: 'string', default: '' },
      load: { type: 'string', default: '0' },
      'no-text-index': { type: 'boolean', default: false },
      'data-dir': { type: 'string' },
      set: { type: 'string', multiple: true, default: [] },
      json: { type: 'string' },
    },
  });
  const given = values['data-dir'];
  const dataDirectory = given ?? (await mkdtemp(join(tmpdir(), 'tracehouse-bench-')));
  const env = Object.fromEntries(values.set.map((one) => one.split(/=(.*)/s).slice(0, 2) as [string, string]));
  const rate = Number(values.load);
  try {
    const facts = await filled(dataDirectory, Number(values.observations), !values['no-text-index']);
    const conditions = { ...machine(), observations: facts.observations, loadSpansPerSec: rate, ...env };
    const server = await startServer({ dataDirectory, screens: false, env: { LANGFUSE_LOG_LEVEL: 'warn', ...env } });
    const client = createClient({ url: server.url, authorization: basic(server) });
    const asked = queries(facts).filter(({ name }) => name.includes(values.only));
    const results: Record<string, unknown>[] = [];
    let stopLoad = (): Promise<unknown> => Promise.resolve();
    try {
      for (const one of asked) {
        results.push({ query: one.name, ...(await measured(client, server, one, Number(values.runs))) });
      }
      if (rate > 0) {
        stopLoad = load(server, rate, dataDirectory);
        await sleep(LOAD_STARTS_MS);
        for (const [i, one] of asked.entries()) {
          results[i]!['loaded'] = await measured(client, server, one, Number(values.runs), true);
        }
      }
    } finally {
      await stopLoad();
      client.close();
      await server.stop();
    }
    return { report: { conditions, results }, file: values.json };
  } finally {
    if (given === undefined) await rm(dataDirectory, { recursive: true, force: true });
  }
}

/** Facts of the directory, which is filled first when it is new. */
export async function filled(dataDirectory: string, observations: number, textIndex = true): Promise<FillFacts> {
  const file = join(dataDirectory, 'bench.json');
  const isFilled = await access(file).then(
    () => true,
    () => false,
  );
  const fill = async (plan: FillPlan | IndexPlan): Promise<unknown> =>
    JSON.parse(await run(process.execPath, [script('fill.ts'), JSON.stringify(plan)], { env: THREADS }));
  if (isFilled) {
    if (textIndex) await fill({ dataDirectory, observations: null });
    return JSON.parse(await readFile(file, 'utf8')) as FillFacts;
  }
  // Makes the project and its keys.
  const server = await startServer({ dataDirectory, screens: false });
  await server.stop();
  const { projectId, publicKey } = server;
  return (await fill({ dataDirectory, projectId, publicKey, observations, seed: 1, textIndex })) as FillFacts;
}

const THREADS = { UV_THREADPOOL_SIZE: '16' };
/** Of one query; a slow one is asked less often. */
const BUDGET_MS = 15_000;
const WARM_UPS = 2;
const LOAD_STARTS_MS = 5_000;

/** One that is too heavy for so many rows says so, and the others are measured. */
const measured = (...asked: Parameters<typeof measure>): Promise<Record<string, unknown>> =>
  measure(...asked).catch((error: Error) => ({ failed: error.message.slice(0, 200) }));

/** `isLoaded`: what a read waits for acknowledged rows is told apart, and is no part of the times. */
async function measure(
  client: Client,
  server: TestServer,
  query: Query,
  runs: number,
  isLoaded = false,
): Promise<Record<string, unknown>> {
  const { pid } = server;
  const { goesOn } = query;
  const times: number[] = [];
  const waited: number[] = [];
  const firsts: number[] = [];
  const began = performance.now();
  let rows = 0;
  let cpuBefore = 0;
  for (let i = 0; i < runs + WARM_UPS && (times.length < 3 || performance.now() - began < BUDGET_MS); i += 1) {
    if (i === WARM_UPS) cpuBefore = cpuSecondsOf(pid);
    const before = isLoaded ? await waitedMs(server) : 0;
    const { tookMs, firstMs, rows: found } = await ask(client, query, i);
    const waitMs = isLoaded ? (await waitedMs(server)) - before : 0;
    if (i >= WARM_UPS) times.push(tookMs - waitMs);
    if (i >= WARM_UPS) waited.push(waitMs);
    if (i >= WARM_UPS) firsts.push(firstMs);
    rows = Math.max(rows, found);
  }
  // Of all threads. On a busy machine it says more than the time does.
  const cpuMs = rounded((1000 * (cpuSecondsOf(pid) - cpuBefore)) / times.length);
  const [p50, p95] = [percentile(times, 0.5), percentile(times, 0.95)];
  const first = goesOn && { first: { p50: percentile(firsts, 0.5), p95: percentile(firsts, 0.95) } };
  // Of all that goes on beside, the CPU of a read is not to be told.
  if (isLoaded) return { p50, p95, waitP50: percentile(waited, 0.5), waitP95: percentile(waited, 0.95) };
  return { p50, p95, ...first, cpuMs, runs: times.length, rows };
}

/** One read, and when the first of its rows came. */
async function ask(client: Client, { name, path, query, rowsOf, goesOn }: Query, i: number) {
  const started = performance.now();
  const tookMs = (): number => performance.now() - started;
  let firstMs: number | undefined;
  let rows = 0;
  for (let cursor: Record<string, string> = {}; ;) {
    const { status, text } = await client.get(path(i), { ...query(i), ...cursor });
    const answeredMs = tookMs();
    if (status !== 200) throw new Error(`${name}: ${path(i)} answered ${status}: ${text.slice(0, 500)}`);
    const answer: unknown = JSON.parse(text);
    rows += rowsOf(answer);
    if (rows > 0) firstMs ??= answeredMs;
    const next = goesOn === true && rows < PAGE ? (answer as { meta: { cursor?: string } }).meta.cursor : undefined;
    if (next === undefined) return { tookMs: answeredMs, firstMs: firstMs ?? answeredMs, rows };
    cursor = { cursor: next };
  }
}

/** How long reads have waited at the journal's barrier so far, in all. Nobody else reads. */
async function waitedMs(server: TestServer): Promise<number> {
  const figure = await figuresOf(server);
  // Not told before the first.
  return 1000 * (figure('tracehouse_read_wait_seconds_sum') || 0);
}

/** Starts a load that goes on until the answered function is called. */
function load(server: TestServer, rate: number, directory: string): () => Promise<unknown> {
  const plan: LoadPlan = {
    url: server.url,
    authorization: basic(server),
    serverPid: server.pid,
    door: 'otlp-protobuf',
    seconds: 3600,
    warmupSeconds: 0,
    connections: 8,
    bodies: 300,
    // Ids of its own, each time.
    seed: Date.now() % 1_000_000,
    firstSequence: 2_000_000 + (Math.floor(Date.now() / 1000) % 1_000_000),
    readShare: 0,
    updatedAfter: 0,
    rate,
    acknowledgedFile: join(directory, 'acknowledged.bin'),
  };
  const started = startProcess(process.execPath, [script('../ingest/load.ts'), JSON.stringify(plan)]);
  return () => started.stop({ signal: 'SIGKILL' });
}
