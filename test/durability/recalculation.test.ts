import { rm } from 'node:fs/promises';
import { afterAll, expect, test } from 'vitest';
import { basic } from '../../bench/client.ts';
import { plantedDirectory, startServer, type TestServer } from '../harness/server.ts';

const CALLS = 8_000;
const dataDirectory = await plantedDirectory();
afterAll(() => rm(dataDirectory, { recursive: true, force: true }));

async function ask<Body>(server: TestServer, method: string, path: string, body?: unknown): Promise<Body> {
  const answer = await fetch(`${server.url}/api/public${path}`, {
    method,
    headers: { authorization: basic(server), 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  expect(answer.ok, `${method} ${path}: ${answer.status}`).toBe(true);
  return (await answer.json()) as Body;
}

interface Job {
  id: string;
  state: string;
  progress: { done: number };
  counts: { changed: number };
}

test('a recalculation that is killed goes on at the next start, and every call has its price once', async () => {
  let server = await startServer({ dataDirectory, screens: false });
  const timestamp = new Date().toISOString();
  for (let from = 0; from < CALLS; from += 1000) {
    await ask(server, 'POST', '/ingestion', {
      batch: Array.from({ length: 1000 }, (_, i) => {
        const body = { id: `g-${from + i}`, traceId: `t-${from + i}`, model: 'acme', usageDetails: { input: 100 } };
        return { id: `e-${from + i}`, type: 'generation-create', timestamp, body: { ...body, startTime: timestamp } };
      }),
    });
  }
  const model = await ask<{ id: string }>(server, 'POST', '/models', {
    modelName: 'acme',
    matchPattern: '^acme$',
    unit: 'TOKENS',
    inputPrice: 0.01,
  });
  const { id } = await ask<Job>(server, 'POST', '/x/recalculations', { modelId: model.id });
  const job = (): Promise<Job> => ask<Job>(server, 'GET', `/x/jobs/${id}`);
  while ((await job()).progress.done === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  await server.kill();

  server = await startServer({ dataDirectory, screens: false });
  const between = await job();
  expect(between.state).toBe('running');
  expect(between.progress.done).toBeLessThan(CALLS);
  await expect.poll(async () => (await job()).state, { timeout: 60_000, interval: 200 }).toBe('done');
  // What was stored after the place was written down is found priced, so it is not counted.
  expect((await job()).counts.changed).toBeLessThanOrEqual(CALLS);
  expect((await job()).progress.done).toBe(CALLS);
  const { totals } = await ask<{ totals: object }>(server, 'GET', '/x/histogram');
  expect(totals).toMatchObject({ traces: CALLS, totalCost: CALLS, calls: CALLS, unpricedCalls: 0 });
  await server.stop();
}, 180_000);
