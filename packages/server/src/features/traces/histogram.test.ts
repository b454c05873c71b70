import { afterAll, beforeAll, expect, test } from 'vitest';
import { at, type Harness, openHarness, type Project } from '../harness.ts';

let harness: Harness;
let project: Project;
beforeAll(async () => {
  harness = await openHarness();
  project = await harness.project('histogram');
  const call = { type: 'GENERATION', model: 'm' } as const;
  // Three traces in the first minute, which take 1, 2 and 4 s, one in the third, of which nothing has ended.
  await project.store([
    {
      id: 'a',
      traceId: 'a',
      at: 0,
      lasts: 1,
      ...call,
      totalCost: '0.25',
      usage: { input: 10, output: 1, total: 11 },
    },
    { id: 'b', traceId: 'b', at: 10, lasts: 2, ...call, usage: { input: 20, total: 25 }, level: 'ERROR' },
    { id: 'c', traceId: 'c', at: 20, lasts: 2 },
    { id: 'c2', traceId: 'c', parentId: 'c', at: 22, lasts: 2, totalCost: '0.5' },
    { id: 'd', traceId: 'd', at: 130, endTime: null, totalCost: '0.125' },
  ]);
});
afterAll(() => harness.close());

const iso = (seconds: number): string => new Date(at(seconds) / 1000).toISOString();
/** At most 98 buckets: they are a minute long, and the first holds three traces. */
const range = { from: iso(0), to: iso(4000) };

async function buckets(query: Record<string, string>) {
  const { status, body } = await project.get(`/x/histogram?${new URLSearchParams(query).toString()}`);
  expect([status, JSON.stringify(body)]).toEqual([200, expect.anything()]);
  return body.data.filter(({ traces }: { traces: number }) => traces > 0);
}

test('latency over time is the percentiles of traces that have ended', async () => {
  const [first, second] = await buckets({ ...range, measure: 'latency' });
  // Sorted 1, 2, 4: the 95th percentile lies nine tenths of the way from the second to the third.
  expect(first).toMatchObject({ traces: 3, errors: 1, p50LatencyMs: 2000 });
  expect(first.p95LatencyMs).toBeCloseTo(3800, 6);
  expect(second).toEqual({ time: second.time, traces: 1, errors: 0, p50LatencyMs: null, p95LatencyMs: null });
});

test('cost over time is a sum, with how many calls of it have no price', async () => {
  const [first, second] = await buckets({ ...range, measure: 'cost' });
  expect(first).toMatchObject({ traces: 3, totalCost: 0.75, unpricedCalls: 1 });
  expect(second).toMatchObject({ traces: 1, totalCost: 0.125, unpricedCalls: 0 });
});

test('tokens over time are sums', async () => {
  const [first] = await buckets({ ...range, measure: 'tokens' });
  expect(first).toMatchObject({ inputTokens: 30, outputTokens: 1, totalTokens: 36 });
});

test('a measure is of what the filter finds, and of the whole time without a range', async () => {
  const [only, ...more] = await buckets({ q: 'level:ERROR', measure: 'latency' });
  expect([only, more]).toMatchObject([{ traces: 1, p50LatencyMs: 2000, p95LatencyMs: 2000 }, []]);
});

test('a bucket without traces says so in the measure too', async () => {
  const { body } = await project.get(`/x/histogram?${new URLSearchParams({ ...range, measure: 'cost' }).toString()}`);
  expect(body.data).toContainEqual({ time: iso(60), traces: 0, errors: 0, totalCost: null, unpricedCalls: 0 });
});

test('without a measure there are counts alone, and one that there is not is refused', async () => {
  const [first] = await buckets(range);
  expect(first).toEqual({ time: first.time, traces: 3, errors: 1 });
  expect((await project.get('/x/histogram?measure=luck')).status).toBe(400);
});
