import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clickhouse } from '../../stores/clickhouse/sql.ts';
import { projectScope } from '../../stores/scope.ts';
import { byIdAlone, rowsOfTraces } from '../filters/reach.ts';
import { at, type Harness, openHarness, type Project, type Sample } from '../harness.ts';

let harness: Harness;
beforeAll(async () => (harness = await openHarness()));
afterAll(() => harness.close());

const walk = async (project: Project, query: string): Promise<string[]> => {
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const { body } = await project.get(
      `/v2/observations?${query}${cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    found.push(...body.data.map(({ id }: { id: string }) => id));
    cursor = body.meta.cursor;
  } while (cursor !== undefined && found.length < 500);
  return found;
};

test('pages of v2 by cursor hold each observation once, newest first, however many share a time', async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.integer({ min: -200_000, max: 3000 }), fc.integer({ min: 0, max: 3 })), {
        minLength: 1,
        maxLength: 30,
      }),
      fc.integer({ min: 1, max: 7 }),
      async (rows, limit) => {
        const project = await harness.project(`cursor-${(run += 1)}`);
        // Few different times: whole pages share one.
        await project.store(
          rows.map(([time, trace], i): Sample => ({ id: `o${i}`, traceId: `t${trace}`, at: time - (time % 1000) })),
        );
        const found = await walk(project, `limit=${limit}`);
        expect(found.toSorted()).toEqual(rows.map((_, i) => `o${i}`).toSorted());
        const times = found.map((id) => rows[Number(id.slice(1))]![0]).map((time) => time - (time % 1000));
        expect(times).toEqual(times.toSorted((a, b) => b - a));
      },
    ),
    { numRuns: 12 },
  );
}, 60_000);

test('an observation with the id of its trace, as the older handler of LangChain sends it, is shown beside it', async () => {
  const project = await harness.project('same-id');
  const timestamp = '2026-11-20T12:00:00.000Z';
  const send = (...events: [type: string, body: object][]) =>
    project.post('/ingestion', {
      batch: events.map(([type, body], i) => ({ id: `${type}-${i}`, type, timestamp, body })),
    });
  await send(
    ['trace-create', { id: 'same', timestamp, name: 'the trace', input: 'asked' }],
    ['span-create', { id: 'same', traceId: 'same', startTime: timestamp, name: 'the span', input: 'worked' }],
  );
  const v1 = await project.get('/observations');
  expect(v1.body.data).toMatchObject([{ id: 'same', name: 'the span', input: 'worked' }]);
  expect(await walk(project, 'limit=1')).toEqual(['t-same', 'same']);
  const v2 = await project.get('/v2/observations?fields=core,basic,io');
  expect(v2.body.data).toMatchObject([
    { id: 't-same', name: 'the trace', input: 'asked' },
    { id: 'same', name: 'the span', input: 'worked' },
  ]);
});

describe('one observation', () => {
  let project: Project;
  beforeAll(async () => {
    project = await harness.project('shapes');
    await project.store([
      { id: 'root', lasts: 3 },
      {
        id: 'call',
        parentId: 'root',
        type: 'GENERATION',
        at: 1,
        lasts: 2,
        completionStartTime: at(1.5),
        model: 'gpt-4o',
        provider: 'openai',
        modelParameters: '{"temperature":0.5}',
        usage: { input: 10, input_cached_tokens: 5, output: 4, total: 19 },
        cost: { input: '0.000025', output: '0.00004', total: '0.000065' },
        totalCost: '0.000065',
        costSource: 'prices',
        input: '[{"role":"user","content":"hi"}]',
        output: 'plain',
        metadata: { n: '1', text: 'x', nested: '{"a":{"b":[1,2]}}', long: 'y'.repeat(300) },
        attributes: { 'http.status': '200' },
        resourceAttributes: { 'service.name': 'svc' },
        scopeName: 'scope',
        level: 'ERROR',
        statusMessage: 'boom',
      },
    ]);
  });

  test('v1 parses payloads and shows null for what was not said', async () => {
    expect((await project.get('/observations/call')).body).toMatchObject({
      id: 'call',
      parentObservationId: 'root',
      startTime: '2026-11-20T10:00:01.000Z',
      endTime: '2026-11-20T10:00:03.000Z',
      latency: 2,
      timeToFirstToken: 0.5,
      input: [{ role: 'user', content: 'hi' }],
      output: 'plain',
      metadata: {
        n: 1,
        text: 'x',
        nested: { a: { b: [1, 2] } },
        attributes: { 'http.status': '200' },
        resourceAttributes: { 'service.name': 'svc' },
      },
      model: 'gpt-4o',
      modelParameters: { temperature: 0.5 },
      usage: { input: 15, output: 4, total: 19, unit: 'TOKENS' },
      calculatedTotalCost: 0.000065,
      promptName: null,
      version: null,
    });
    expect((await project.get('/observations/root')).body).toMatchObject({
      parentObservationId: null,
      model: null,
      input: null,
      statusMessage: null,
    });
  });

  test('v2 shows the groups asked for, payloads as received, metadata flat and cut unless asked whole', async () => {
    const [plain] = (await project.get('/v2/observations?type=GENERATION')).body.data;
    expect(Object.keys(plain)).not.toContain('input');
    expect(plain).toMatchObject({
      id: 'call',
      level: 'ERROR',
      statusMessage: 'boom',
      latency: 2,
    });
    const [full] = (await project.get('/v2/observations?type=GENERATION&fields=io,metadata,model,usage')).body.data;
    expect(full).toMatchObject({
      input: '[{"role":"user","content":"hi"}]',
      output: 'plain',
      usageDetails: { input: 10, total: 19 },
    });
    expect(full.metadata).toMatchObject({
      n: 1,
      'attributes.http.status': 200,
      'resourceAttributes.service.name': 'svc',
    });
    expect(full.metadata.long).toHaveLength(200);
    const [expanded] = (await project.get('/v2/observations?type=GENERATION&fields=metadata&expandMetadata=long')).body
      .data;
    expect(expanded.metadata.long).toHaveLength(300);
  });

  test('the screen gets every byte as received, and what the receipt needs', async () => {
    const { body } = await project.get('/x/observations/call?traceId=t');
    expect(body).toMatchObject({
      id: 'call',
      input: '[{"role":"user","content":"hi"}]',
      metadata: { n: '1', text: 'x' },
      attributes: { 'http.status': '200' },
      usage: { input: 10, input_cached_tokens: 5, output: 4, total: 19 },
      costSource: 'prices',
      provider: 'openai',
      startTime: '2026-11-20T10:00:01.000000Z',
    });
  });

  test.each([
    ['limit=1001', 400],
    ['limit=0', 200],
    ['cursor=nonsense', 400],
    ['parseIoAsJson=true', 400],
    ['fields=nope', 200],
  ])('GET /v2/observations?%s answers %i', async (query, status) => {
    expect((await project.get(`/v2/observations?${query}`)).status).toBe(status);
  });
});

describe('what a read touches', () => {
  beforeAll(async () => {
    const project = await harness.project('many');
    // 4,000 rows an hour are several granules of one hour, so that some hold nothing of the trace, wherever they are cut:
    // that depends on what the engine has merged, and on the rows of other tests.
    for (let day = 0; day < 3; day += 1) {
      await project.store(
        Array.from({ length: 4000 }, (_, i): Sample => ({
          id: `o${day}-${i}`,
          traceId: `t${i % 500}`,
          at: -day * 86_400 - 1 - i / 2,
        })),
      );
    }
  });

  const granulesOf = async (
    where: ReturnType<typeof clickhouse>,
    settings = {},
  ): Promise<{ read: number; all: number }> => {
    const plan = await harness.clickhouse.rows<{ explain: string }>(
      clickhouse`EXPLAIN indexes = 1 SELECT id FROM observations WHERE project_id = 'many' AND ${where}`,
      { settings },
    );
    const granules = plan
      .map(({ explain }) => /Granules: (\d+)\/(\d+)/.exec(explain))
      .filter((match) => match !== null);
    return { read: Number(granules.at(-1)![1]), all: Number(granules[0]![2]) };
  };

  test('a trace is found by its hash in the sort key, without a bound in time', async () => {
    const { read, all } = await granulesOf(clickhouse`trace_id = 't7' AND cityHash64(trace_id) = cityHash64('t7')`);
    expect(read).toBeLessThan(all);
  });

  test('a page of traces is looked for in the rows of its project', async () => {
    const few = await harness.project('few');
    await few.store([
      { id: 'o1', traceId: 't1' },
      { id: 'o2', traceId: 't2' },
    ]);
    await harness.clickhouse.run(clickhouse`OPTIMIZE TABLE observations FINAL`);
    const plan = await harness.clickhouse.rows<{ explain: string }>(
      clickhouse`EXPLAIN indexes = 1 SELECT id ${rowsOfTraces(projectScope('few'), [{ id: 't1' }, { id: 't2' }])}`,
      { settings: byIdAlone },
    );
    const granules = plan.flatMap(({ explain }) => /Granules: (\d+)\/(\d+)/.exec(explain)?.slice(1).map(Number) ?? []);
    expect(granules[1]).toBeGreaterThan(8);
    expect(granules.at(-1)).toBeLessThanOrEqual(2);
  });

  test('an observation is found by the index of ids alone', async () => {
    const { read, all } = await granulesOf(clickhouse`kind = 'observation' AND id = 'o1-77'`, byIdAlone);
    expect(read).toBeLessThan(all);
  });

  test('a list with a lower bound reads the hours above it', async () => {
    const since = clickhouse`fromUnixTimestamp64Micro(toInt64(${clickhouse`1795165200000000`}), 'UTC')`;
    const { read, all } = await granulesOf(
      clickhouse`start_time >= ${since} AND toStartOfHour(start_time) >= toStartOfHour(${since})`,
    );
    expect(read).toBeLessThan(all / 2);
  });
});
