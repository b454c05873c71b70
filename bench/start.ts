import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startServer } from '../test/harness/server.ts';
import { machine, rssMbOf } from './processes.ts';
import { filled } from './query/query.ts';
import { percentile, type Report, rounded } from './report.ts';

export const usage = `start [--runs 3] [--data-dir DIR] [--json FILE]
  With --data-dir, of a directory that bench query has filled as well.`;

/** When it has done nothing for this long. */
const IDLE_MS = 15_000;

/** Time from starting the process until it answers, and what it holds when idle. Screens are built, or not, beforehand. */
export async function start(args: string[]): Promise<{ report: Report; file: string | undefined }> {
  const { values } = parseArgs({
    args,
    options: {
      runs: { type: 'string', default: '3' },
      'data-dir': { type: 'string' },
      json: { type: 'string' },
    },
  });
  const runs = Number(values.runs);
  const conditions = { ...machine(), runs };
  const results: Record<string, unknown>[] = [];
  const firstMs: number[] = [];
  const directories: string[] = [];
  try {
    for (let i = 0; i < runs; i += 1) {
      const directory = await mkdtemp(join(tmpdir(), 'tracehouse-bench-'));
      directories.push(directory);
      firstMs.push(await timeStart(directory));
    }
    results.push({ start: 'the first ever', observations: 0, ...summary(firstMs) });
    results.push({ start: 'later', observations: 0, ...(await later(directories[0]!, runs)) });
    const given = values['data-dir'];
    if (given !== undefined) {
      const { observations } = await filled(given, 0, false);
      results.push({ start: 'later', observations, ...(await later(given, runs)) });
    }
  } finally {
    for (const directory of directories) await rm(directory, { recursive: true, force: true });
  }
  return { report: { conditions, results }, file: values.json };
}

async function later(directory: string, runs: number) {
  const times: number[] = [];
  for (let i = 0; i < runs; i += 1) times.push(await timeStart(directory));
  const server = await startServer({ dataDirectory: directory, screens: false });
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  const idleRssMb = rounded(rssMbOf(server.pid));
  await server.stop();
  return { ...summary(times), idleRssMb };
}

const summary = (times: number[]) => ({ readyMs: percentile(times, 0.5), worstMs: percentile(times, 1) });

async function timeStart(dataDirectory: string): Promise<number> {
  const began = performance.now();
  const server = await startServer({ dataDirectory, screens: false });
  const tookMs = performance.now() - began;
  await server.stop();
  return tookMs;
}
