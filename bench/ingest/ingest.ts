import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { run } from '../../test/harness/process.ts';
import { startServer, type TestServer } from '../../test/harness/server.ts';
import { basic } from '../client.ts';
import { figuresOf } from '../figures.ts';
import { machine, type RssSeen, rssMbOf, watchRss } from '../processes.ts';
import { percentile, type Report, rounded } from '../report.ts';
import { type Door, doors, SPANS_PER_REQUEST } from '../traffic/requests.ts';
import type { CheckResult } from './check.ts';
import type { LoadPlan, LoadResult } from './load.ts';

export const usage = `ingest [--door ${doors.join('|')}] [--seconds 60] [--connections 8] [--rate 0] [--reads 0.03]
         [--updated-after 150] [--warmup 2] [--seed 1] [--data-dir DIR] [--set NAME=VALUE] [--json FILE]
  Several doors or connections: separated by commas. Requests of the door json are events of a mix: 40 observations begin, 40 that
  began --updated-after requests before end, 20 say something about a trace. --rate is spans or events a second (0: as fast as it
  goes), --reads the share of
  requests that are followed by a read. --data-dir is a directory to begin with, such as one filled by the bench query; it is
  copied for each measurement and stays as it is. Whether memory is flat: --seconds 1200, the quarters of RSS. --set gives the server a variable of its environment; it may be repeated.`;

/** Measures each door with each number of connections, each time with a fresh server and an empty data directory or a copy of one. */
export async function ingest(args: string[]): Promise<{ report: Report; file: string | undefined }> {
  const { values } = parseArgs({
    args,
    options: {
      door: { type: 'string', default: doors.join(',') },
      seconds: { type: 'string', default: '60' },
      connections: { type: 'string', default: '8' },
      rate: { type: 'string', default: '0' },
      reads: { type: 'string', default: '0.03' },
      'updated-after': { type: 'string', default: '150' },
      warmup: { type: 'string', default: '2' },
      set: { type: 'string', multiple: true, default: [] },
      seed: { type: 'string', default: '1' },
      'data-dir': { type: 'string' },
      json: { type: 'string' },
    },
  });
  const asked = values.door.split(',').map((name) => {
    const door = doors.find((one) => one === name);
    if (!door) throw new Error(`There is no door '${name}'; the doors are ${doors.join(', ')}`);
    return door;
  });
  const common = {
    seconds: Number(values.seconds),
    warmupSeconds: Number(values.warmup),
    rate: Number(values.rate),
    readShare: Number(values.reads),
    updatedAfter: Number(values['updated-after']),
    seed: Number(values.seed),
  };
  const env = Object.fromEntries(values.set.map((one) => one.split(/=(.*)/s).slice(0, 2) as [string, string]));
  const given = values['data-dir'];
  const conditions = {
    ...machine(),
    ...common,
    ...(given !== undefined && { dataDir: given }),
    spansPerRequest: SPANS_PER_REQUEST,
    ...env,
  };
  const results: Record<string, unknown>[] = [];
  for (const door of asked) {
    for (const connections of values.connections.split(',').map(Number)) {
      process.stderr.write(`${door}, ${connections} connection(s) …\n`);
      results.push(await measure(door, { ...common, connections }, env, given));
    }
  }
  return { report: { conditions, results }, file: values.json };
}

type Settings = Pick<
  LoadPlan,
  'seconds' | 'warmupSeconds' | 'rate' | 'readShare' | 'updatedAfter' | 'seed' | 'connections'
>;

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
/** Above the ids that the bench query fills in. */
const ABOVE_ALL = 5_000_000;
/** Bodies to go round: enough that the same text does not meet itself in one block of the engine. */
const BODIES = 600;

async function measure(
  door: Door,
  settings: Settings,
  env: Record<string, string>,
  given: string | undefined,
): Promise<Record<string, unknown>> {
  const directory = await mkdtemp(join(tmpdir(), 'tracehouse-bench-'));
  const dataDirectory = join(directory, 'data');
  const acknowledgedFile = join(directory, 'acknowledged.bin');
  try {
    if (given !== undefined) await cp(given, dataDirectory, { recursive: true });
    const server = await startServer({ dataDirectory, screens: false, env: { LANGFUSE_LOG_LEVEL: 'warn', ...env } });
    const idleRssMb = rssMbOf(server.pid);
    const stopWatch = watchRss(server.pid);
    const plan: LoadPlan = {
      ...settings,
      door,
      url: server.url,
      authorization: basic(server),
      serverPid: server.pid,
      bodies: BODIES,
      firstSequence: given === undefined ? 0 : ABOVE_ALL,
      acknowledgedFile,
    };
    let load: LoadResult;
    let rss: RssSeen;
    let seen: Figures;
    try {
      const before = await started(server);
      load = JSON.parse(await run(process.execPath, [script('load.ts'), JSON.stringify(plan)])) as LoadResult;
      seen = await look(server);
      for (const name of ['readRows', 'committedRows', 'readBacks'] as const) seen[name] -= before[name];
    } catch (error) {
      process.stderr.write(`${server.log().split('\n').slice(-20).join('\n')}\n`);
      throw error;
    } finally {
      rss = stopWatch();
      await server.stop();
    }
    const holdsOthers = given === undefined ? [] : ['others'];
    const checked = JSON.parse(
      await run(process.execPath, [
        script('check.ts'),
        dataDirectory,
        acknowledgedFile,
        server.projectId,
        ...holdsOthers,
      ]),
    ) as CheckResult;
    if (checked.missing.length > 0 || checked.surplus !== 0) {
      const some = checked.missing.slice(0, 5).join(', ');
      throw new Error(
        `Not a result: of ${load.allAcknowledgedSpans} acknowledged spans ${checked.missing.length} are missing (${some}), ` +
          `${checked.surplus} rows are surplus`,
      );
    }
    return toResult(door, settings, load, checked, { idleRssMb, rss, seen });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Once the ids of what the directory holds have been read. Delays of the loop up to here are those of the start. */
async function started(server: TestServer): Promise<Figures> {
  for (let last = await look(server); ;) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const now = await look(server);
    if (now.readRows - last.readRows < QUIET_ROWS) return now;
    last = now;
  }
}
/** What asking reads itself. */
const QUIET_ROWS = 20_000;

interface Figures {
  /** Of the event loop, milliseconds, since it was asked last; looked at every 50 ms. */
  loopDelay: { p999: number; max: number };
  /** Since the start. */
  readRows: number;
  committedRows: number;
  readBacks: number;
}

async function look(server: TestServer): Promise<Figures> {
  const figure = await figuresOf(server);
  const delayMs = (name: string): number => rounded(1000 * figure(`nodejs_eventloop_lag_${name}_seconds`));
  return {
    loopDelay: { p999: delayMs('p999'), max: delayMs('max') },
    readRows: figure('tracehouse_engine_read_rows_total'),
    committedRows: figure('tracehouse_journal_committed_rows_total'),
    readBacks: figure('tracehouse_ingestion_read_back_total'),
  };
}

const toResult = (
  door: Door,
  { connections }: Settings,
  load: LoadResult,
  checked: CheckResult,
  { idleRssMb, rss, seen }: { idleRssMb: number; rss: RssSeen; seen: Figures },
): Record<string, unknown> => ({
  door,
  connections,
  acceptedSpansPerSec: rounded(load.acknowledgedSpans / load.clockSeconds),
  sustainedSpansPerSec: rounded(load.acknowledgedSpans / load.sustainedSeconds),
  ...(door === 'json' && {
    sustainedEventsPerSec: rounded(load.acknowledgedItems / load.sustainedSeconds),
    eventsPerServerCpuSecond: rounded(load.acknowledgedItems / load.serverCpuSeconds),
    readBacksPerEvent: rounded(seen.readBacks / load.allAcknowledgedItems),
    rowsPerReadBack: rounded((seen.readRows - seen.committedRows) / seen.readBacks),
  }),
  spansPerServerCpuSecond: rounded(load.acknowledgedSpans / load.serverCpuSeconds),
  ackMs: { p50: percentile(load.ackMs, 0.5), p95: percentile(load.ackMs, 0.95), p99: percentile(load.ackMs, 0.99) },
  visibleMs: {
    p50: percentile(load.visibleMs, 0.5),
    p95: percentile(load.visibleMs, 0.95),
    max: percentile(load.visibleMs, 1),
  },
  loopDelayMs: seen.loopDelay,
  reads: load.visibleMs.length,
  misses: load.misses,
  refusals: load.refusals,
  idleRssMb: rounded(idleRssMb),
  peakRssMb: rounded(rss.peak),
  quartersRssMb: rss.quarters.map((quarter) => rounded(quarter)).join(' '),
  bodyBytesPerSpan: rounded(load.bodyBytesPerSpan),
  gzipBytesPerSpan: rounded(load.gzipBytesPerSpan),
  diskBytesPerSpan: rounded(checked.bytesOnDisk / checked.rows),
  parts: checked.parts,
  spansPerLoadCpuSecond: rounded(load.acknowledgedSpans / load.loadCpuSeconds),
  acknowledgedSpans: load.allAcknowledgedSpans,
  readableSpans: checked.rows,
  contentsChecked: load.samplesChecked,
});
