import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { firstSegments } from '../../packages/server/src/features/ab-tests/shares.ts';
import { openPglite } from '../../packages/server/src/stores/postgres/pglite.ts';
import { json, sql } from '../../packages/server/src/stores/postgres/sql.ts';
import { startServer } from '../../test/harness/server.ts';
import { basic, type Client, createClient } from '../client.ts';
import { cpuSecondsOf, machine } from '../processes.ts';
import { filled } from '../query/query.ts';
import { percentile, type Report, rounded } from '../report.ts';
import { SPLIT, TESTED_PROMPT, TESTED_VERSIONS } from '../traffic/tested-prompt.ts';

export const usage = `ab-tests [--observations 100000] [--runs 10] [--data-dir DIR] [--json FILE]
  Results of an A/B test that has run since the first observation, one after the other: computed anew, and as they are kept for the
  minute. cpuMs is CPU of the server a result, of all its threads. --data-dir as for query; what was filled before prompts were in the
  traffic is refused.`;

const PATH = '/api/public/x/ab-tests';
const DAYS_MS = 31 * 86_400_000;
const units = ['user', 'session', 'trace', 'none'] as const;

/** What the result page waits for. */
export async function abTests(args: string[]): Promise<{ report: Report; file: string | undefined }> {
  const { values } = parseArgs({
    args,
    options: {
      observations: { type: 'string', default: '100000' },
      runs: { type: 'string', default: '10' },
      'data-dir': { type: 'string' },
      json: { type: 'string' },
    },
  });
  const dataDirectory = values['data-dir'];
  if (dataDirectory === undefined) throw new Error('--data-dir is missing: an empty directory is filled');
  const facts = await filled(dataDirectory, Number(values.observations));
  const first = await startServer({ dataDirectory, screens: false });
  await first.stop();
  const ids = await plant(dataDirectory, first.projectId, new Date(facts.filledAt - DAYS_MS));
  const server = await startServer({ dataDirectory, screens: false, env: { LANGFUSE_LOG_LEVEL: 'warn' } });
  const client = createClient({ url: server.url, authorization: basic(server) });
  const results: Record<string, unknown>[] = [];
  try {
    for (const [i, unit] of units.entries()) {
      const path = `${PATH}/${ids[i]}/result`;
      // Another name of an environment that nobody has: the same rows, and nothing that is kept.
      const anew = (run: number): string => `${path}?environment=production,staging,run-${run}`;
      const { generations } = await ask(client, path);
      if (generations === 0)
        throw new Error(`${dataDirectory} has no calls of ${TESTED_PROMPT}: fill an empty directory`);
      results.push(
        { result: `by ${unit}, anew`, generations, ...(await measure(client, server.pid, Number(values.runs), anew)) },
        { result: `by ${unit}, kept`, ...(await measure(client, server.pid, Number(values.runs), () => path)) },
      );
    }
    const conditions = { ...machine(), observations: facts.observations };
    return { report: { conditions, results }, file: values.json };
  } finally {
    client.close();
    await server.stop();
  }
}

async function measure(client: Client, pid: number, runs: number, path: (run: number) => string) {
  const times: number[] = [];
  let cpuBefore = 0;
  for (let run = -1; run < runs; run += 1) {
    if (run === 0) cpuBefore = cpuSecondsOf(pid);
    const began = performance.now();
    await ask(client, path(run));
    if (run >= 0) times.push(performance.now() - began);
  }
  const cpuMs = rounded((1000 * (cpuSecondsOf(pid) - cpuBefore)) / runs);
  return { p50: percentile(times, 0.5), p95: percentile(times, 0.95), cpuMs, runs };
}

async function ask(client: Client, path: string): Promise<{ generations: number }> {
  const { status, text } = await client.get(path);
  if (status !== 200) throw new Error(`${path} answered ${status}: ${text.slice(0, 500)}`);
  const { arms } = JSON.parse(text) as { arms: { generations: number }[] };
  return { generations: arms.reduce((sum, arm) => sum + arm.generations, 0) };
}

/** Tests as if they had been started before the first observation came, one of each unit; as nobody can start them. */
async function plant(dataDirectory: string, projectId: string, from: Date): Promise<string[]> {
  const postgres = await openPglite(join(dataDirectory, 'postgres'));
  const ids = units.map((unit) => `bench-${unit}`);
  const shares = SPLIT.shares;
  const arms = TESTED_VERSIONS.map((version, i) => ({ version, share: shares[i] }));
  for (const [i, unit] of units.entries()) {
    const [id, label] = [ids[i], `bench-${unit}`];
    await postgres.rows(sql`
      INSERT INTO ab_tests (id, project_id, prompt_name, label, state, salt, unit, key_as, cache_seconds, primary_measure,
        smallest_effect, arms, created_at, updated_at)
      VALUES (${id}, ${projectId}, ${TESTED_PROMPT}, ${label}, 'running', ${SPLIT.salt}, ${unit}, 'id', 60, 'cost', 0.05,
        ${json(arms)}, ${from}, ${from})
      ON CONFLICT DO NOTHING`);
    await postgres.rows(sql`
      INSERT INTO ab_test_phases (test_id, stretch, number, from_at, shares, segments)
      VALUES (${id}, 1, 1, ${from}, ${json(shares)}, ${json(firstSegments(shares))})
      ON CONFLICT DO NOTHING`);
  }
  await postgres.close();
  return ids;
}
