import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clickhouse, string } from '../../stores/clickhouse/sql.ts';
import { at, filter, type Harness, openHarness, type Project, type Sample } from '../harness.ts';

let harness: Harness;
beforeAll(async () => (harness = await openHarness()));
afterAll(() => harness.close());

let projects = 0;
const newProject = (): Promise<Project> => harness.project(`traces-${(projects += 1)}`);
const ids = (answer: { body: { data: { id: string }[] } }): string[] => answer.body.data.map(({ id }) => id);

/** A trace whose values are said by different spans. */
const spread: Sample[] = [
  { id: 'root', lasts: 10, release: 'r1', tags: ['a'] },
  { id: 'child', parentId: 'root', at: 1, userId: 'ada', tags: ['b'], traceMetadata: { tier: 'gold' } },
  {
    id: 'grandchild',
    parentId: 'child',
    at: 2,
    sessionId: 's-1',
    traceName: 'turn',
    environment: 'production',
    version: 'v2',
  },
  {
    id: 'call',
    parentId: 'child',
    at: 3,
    type: 'GENERATION',
    model: 'm',
    public: true,
    totalCost: '0.25',
    usage: { input: 3, output: 4, total: 7 },
  },
];
const spreadTrace = {
  name: 'turn',
  userId: 'ada',
  sessionId: 's-1',
  release: 'r1',
  version: 'v2',
  environment: 'production',
  public: true,
  tags: ['a', 'b'],
  latency: 10,
  totalCost: 0.25,
};

describe('a trace is what its rows say', () => {
  test('whichever span of whichever batch says it, in any order', async () => {
    let run = 0;
    const order = fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 });
    await fc.assert(
      fc.asyncProperty(order, fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), async (indexes, cuts) => {
        const project = await harness.project(`order-${(run += 1)}`);
        let batch: Sample[] = [];
        for (const [i, index] of indexes.entries()) {
          batch.push(spread[index]!);
          if (cuts[i] || i === 3) await project.store(batch.splice(0));
        }
        batch = [];
        const { body } = await project.get('/traces/t');
        expect(body).toMatchObject(spreadTrace);
        expect(body.metadata).toMatchObject({ tier: 'gold' });
        expect(body.observations).toHaveLength(4);
      }),
      { numRuns: 15 },
    );
  });

  test('the list, the single read and the screen agree', async () => {
    const project = await newProject();
    await project.store(spread);
    const [listed] = (await project.get('/traces')).body.data;
    expect(listed).toMatchObject({ id: 't', ...spreadTrace });
    const [shown] = (await project.get('/x/traces')).body.data;
    expect(shown).toMatchObject({
      id: 't',
      name: 'turn',
      userId: 'ada',
      sessionId: 's-1',
      totalCost: 0.25,
      totalTokens: 7,
      latencyMs: 10_000,
      tags: ['a', 'b'],
      observationCount: 4,
    });
    const { body } = await project.get('/x/traces/t');
    expect(body.trace).toMatchObject({ name: 'turn', userId: 'ada', totalCost: 0.25, calls: 1, unpricedCalls: 0 });
  });

  test('its values filter its observations too, though only one span said them', async () => {
    const project = await newProject();
    await project.store([...spread, { id: 'other', traceId: 'u', userId: 'lin' }]);
    const all = ['call', 'child', 'grandchild', 'root'];
    for (const query of ['userId=ada', 'sessionId=s-1']) {
      expect(ids(await project.get(`/v2/observations?${query}`)).toSorted()).toEqual(all);
    }
    expect(ids(await project.get('/observations?userId=ada')).toSorted()).toEqual(all);
    const tagged = filter({ type: 'arrayOptions', column: 'traceTags', operator: 'all of', value: ['a', 'b'] });
    expect(ids(await project.get(`/v2/observations?${tagged}`)).toSorted()).toEqual(all);
  });

  test('about the trace counts before its root, and the root before any span; then the later one', async () => {
    const project = await newProject();
    await project.store([
      { id: 'late', parentId: 'root', at: 5, userId: 'span', sessionId: 'late', release: 'span' },
      { id: 'early', parentId: 'root', at: 1, sessionId: 'early' },
      { id: 'root', userId: 'root', release: 'root' },
      { id: 't', kind: 'trace', at: -1, userId: 'said', source: 'json' },
    ]);
    expect((await project.get('/traces/t')).body).toMatchObject({ userId: 'said', release: 'root', sessionId: 'late' });
  });

  test('an observation under two start hours counts once, before the engine has merged and after', async () => {
    const project = await newProject();
    const call: Sample = { id: 'call', type: 'GENERATION', model: 'm', totalCost: '1', usage: { input: 1, total: 1 } };
    await project.store([{ ...call, at: 0, rowVersion: 10 }]);
    await project.store([{ ...call, at: 7200, rowVersion: 12 }]);
    const check = async () => {
      expect((await project.get('/traces/t')).body).toMatchObject({ totalCost: 1, observations: [{ id: 'call' }] });
      expect((await project.get('/traces')).body).toMatchObject({ data: [{ totalCost: 1 }], meta: { totalItems: 1 } });
      expect(ids(await project.get('/v2/observations'))).toEqual(['call']);
    };
    await check();
    await harness.clickhouse.run(clickhouse`OPTIMIZE TABLE observations FINAL`);
    await check();
  });

  test('a row that moved leaves nothing where it was', async () => {
    const project = await newProject();
    await project.store([{ id: 'a', at: 0, rowVersion: 10 }]);
    await project.store([
      { id: 'a', at: 40 * 86_400, rowVersion: 12, name: 'moved' },
      { id: 'a', at: 0, rowVersion: 11, isDeleted: true },
    ]);
    expect((await project.get('/observations')).body).toMatchObject({
      data: [{ id: 'a', name: 'moved' }],
      meta: { totalItems: 1 },
    });
    const to = new Date(at(86_400) / 1000).toISOString();
    expect((await project.get(`/traces?toTimestamp=${to}`)).body.data).toEqual([]);
  });

  test('an unknown cost is not zero: the screen says how many calls have usage and no price', async () => {
    const project = await newProject();
    const unpriced = { type: 'GENERATION', model: 'own', totalCost: null, usage: { total: 5 } } as const;
    await project.store([
      { id: 'priced', type: 'GENERATION', model: 'm', totalCost: '0.5' },
      { ...unpriced, id: 'unpriced' },
      { ...unpriced, id: 'without usage', usage: {} },
      { ...unpriced, id: 'alone', traceId: 'u' },
    ]);
    const { data } = (await project.get('/x/traces?sort=-cost')).body;
    expect(data).toMatchObject([
      { id: 't', totalCost: 0.5, calls: 3, unpricedCalls: 1 },
      { id: 'u', totalCost: null, calls: 1, unpricedCalls: 1 },
    ]);
    const { totals } = (await project.get('/x/histogram')).body;
    expect(totals).toMatchObject({ calls: 4, unpricedCalls: 2 });
    expect((await project.get('/x/traces/t')).body.trace).toMatchObject({ calls: 3, unpricedCalls: 1 });
  });

  test('SELECT count() FROM traces is what GET /traces counts', async () => {
    const project = await newProject();
    await project.store([
      ...spread,
      { id: 'x', traceId: 'u' },
      { id: 'v', traceId: 'v', kind: 'trace', source: 'json' },
    ]);
    const { meta } = (await project.get('/traces')).body;
    const count = clickhouse`SELECT toUInt32(count()) AS traces FROM traces WHERE project_id = ${string(project.id)}`;
    expect(await harness.clickhouse.rows(count)).toEqual([{ traces: meta.totalItems }]);
    expect(meta.totalItems).toBe(3);
  });
});

describe('the list of traces', () => {
  let project: Project;
  beforeAll(async () => {
    project = await newProject();
    // Two at a time share their start, across several widenings of the range looked at.
    await project.store(
      Array.from({ length: 40 }, (_, i): Sample => ({
        id: `o${i}`,
        traceId: `t${String(i).padStart(2, '0')}`,
        at: -(Math.floor(i / 2) ** 4),
        lasts: (i % 7) + 1,
        traceName: i % 2 ? 'odd' : 'even',
        type: 'GENERATION',
        model: 'm',
        usage: { total: 1 },
        totalCost: i % 3 ? `${i}.5` : null,
        level: i % 10 === 0 ? 'ERROR' : 'DEFAULT',
      })),
    );
  });

  test('a list that asks for an environment tells of the observations and scores in it', async () => {
    const project = await newProject();
    await project.store(
      [
        { id: 'root', lasts: 10, environment: 'staging', totalCost: '0.5' },
        { id: 'child', parentId: 'root', at: 20, totalCost: '2' },
        { id: 'other', traceId: 'elsewhere' },
      ],
      [{ id: 'here', environment: 'staging' }, { id: 'there' }],
    );
    const { body } = await project.get('/traces?environment=staging');
    expect(body.data).toMatchObject([
      { id: 't', environment: 'staging', observations: ['root'], totalCost: 0.5, latency: 10, scores: ['here'] },
    ]);
    expect((await project.get('/traces/t')).body).toMatchObject({ totalCost: 2.5, latency: 21 });
  });

  test('pages of v1 hold each trace once, newest first', async () => {
    const pages = [];
    for (let page = 1; page <= 6; page += 1)
      pages.push(...(await project.get(`/traces?limit=7&page=${page}`)).body.data);
    expect(new Set(pages.map(({ id }) => id)).size).toBe(40);
    const times = pages.map(({ timestamp }) => timestamp);
    expect(times).toEqual(times.toSorted().toReversed());
  });

  test.each(['-time', 'time', '-cost', 'cost', '-latency', 'name', '-tokens'])(
    'pages of the screen by cursor, sorted by %s, hold each trace once',
    async (sort) => {
      const found: string[] = [];
      let cursor: string | undefined;
      do {
        const { body } = await project.get(
          `/x/traces?limit=6&sort=${sort}${cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
        );
        found.push(...ids({ body }));
        cursor = body.meta.cursor;
      } while (cursor !== undefined && found.length < 100);
      expect(found.toSorted()).toEqual(Array.from({ length: 40 }, (_, i) => `t${String(i).padStart(2, '0')}`));
    },
  );

  test('the count of a v1 list is that of the moment, whatever was counted before', async () => {
    const project = await newProject();
    const count = async (): Promise<number> => (await project.get('/traces?limit=1')).body.meta.totalItems;
    await project.store([{ id: 'a', traceId: 'a' }]);
    expect([await count(), await count()]).toEqual([1, 1]);
    await project.store([{ id: 'b', traceId: 'b' }]);
    expect(await count()).toBe(2);
    await harness.clickhouse.run(clickhouse`OPTIMIZE TABLE observations FINAL`);
    expect(await count()).toBe(2);
    await project.store([
      { id: 'b', traceId: 'b' },
      { id: 'c', traceId: 'c' },
    ]);
    await harness.clickhouse.run(clickhouse`OPTIMIZE TABLE observations FINAL`);
    expect(await count()).toBe(3);
    await project.delete('/traces/a');
    expect(await count()).toBe(2);
    await project.store([{ id: 'd', traceId: 'd' }]);
    expect(await count()).toBe(3);
    // The only row of a trace goes when it is merged with one that says so.
    await project.store([{ id: 'd', traceId: 'd', isDeleted: true }]);
    await harness.clickhouse.run(clickhouse`OPTIMIZE TABLE observations FINAL`);
    expect(await count()).toBe(2);
  });

  test('only rows in force count for the place of a trace in a list by cost', async () => {
    const project = await newProject();
    const call = (traceId: string, totalCost: string, rowVersion: number): Sample => ({
      id: 'call',
      traceId,
      type: 'GENERATION',
      model: 'm',
      totalCost,
      rowVersion,
    });
    const cheap = Array.from({ length: 30 }, (_, i) => call(`cheap-${i}`, '900', 10));
    await project.store([...cheap, call('least', '800', 10), call('dear', '3', 10), call('middle', '2', 10)]);
    await project.store([
      ...cheap.map((row) => ({ ...row, totalCost: '1', rowVersion: 11 })),
      call('least', '0.5', 11),
    ]);
    const from = new Date(at(-60) / 1000).toISOString();
    for (const range of ['', `&from=${from}`]) {
      const { body } = await project.get(`/x/traces?sort=-cost&limit=2${range}`);
      expect(ids({ body })).toEqual(['dear', 'middle']);
      const { body: next } = await project.get(
        `/x/traces?sort=-cost&limit=50${range}&cursor=${encodeURIComponent(body.meta.cursor)}`,
      );
      expect(ids({ body: next })).toHaveLength(31);
      expect(ids({ body: next }).at(-1)).toBe('least');
    }
  });

  test('a filter finds the newest that mean it, though more have said it', async () => {
    const project = await newProject();
    const said = Array.from({ length: 30 }, (_, i): Sample[] => [
      { id: 'root', traceId: `now-lin-${i}`, at: i, userId: 'lin' },
      { id: 'child', traceId: `now-lin-${i}`, parentId: 'root', at: i, userId: 'ada' },
    ]);
    const meant = ['a', 'b', 'c'].map((traceId, i): Sample => ({ id: 'root', traceId, at: -i * 7200, userId: 'ada' }));
    await project.store([...said.flat(), ...meant]);
    expect(ids(await project.get('/x/traces?q=user:ada&limit=2'))).toEqual(['a', 'b']);
    expect(ids(await project.get('/traces?userId=ada'))).toEqual(['a', 'b', 'c']);
    expect((await project.everyPage('/x/traces?q=user:ada&limit=2')).map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  });

  describe('a v1 list counts the traces of a filter from their rows', () => {
    const iso = (seconds: number): string => new Date(at(seconds) / 1000).toISOString();
    const DAY = 86_400;
    const range = `fromTimestamp=${iso(-3600)}&toTimestamp=${iso(7200)}`;

    /** In another order the engine resolves and counts them. */
    const bothCounts = async (project: Project, query: string): Promise<number[]> => {
      const newest = (await project.get(`/traces?${query}`)).body;
      const oldest = (await project.get(`/traces?${query}&orderBy=timestamp.asc`)).body;
      return [newest.meta.totalItems, oldest.meta.totalItems];
    };

    test('of those alone that mean it in the range, wherever it is said', async () => {
      const project = await newProject();
      const said: Sample[] = ['a', 'b', 'c'].map((traceId, i) => ({ id: 'root', traceId, at: i, userId: 'ada' }));
      await project.store([
        ...said,
        { id: 'root', traceId: 'outweighed', userId: 'lin' },
        { id: 'child', traceId: 'outweighed', parentId: 'root', at: 1, userId: 'ada' },
        { id: 'root', traceId: 'early', at: -7200, userId: 'ada' },
        { id: 'late', traceId: 'early', parentId: 'root', at: 1 },
        { id: 'root', traceId: 'said later', at: 2 },
        { id: 'child', traceId: 'said later', parentId: 'root', at: 7200 + DAY - 10, userId: 'ada' },
        // Beyond a day it is not looked for.
        { id: 'root', traceId: 'said too late', at: 3 },
        { id: 'child', traceId: 'said too late', parentId: 'root', at: 7200 + DAY + 10, userId: 'ada' },
        // What is said about the trace tells when it was.
        { id: 'early one', traceId: 'told', at: -DAY, userId: 'ada' },
        { id: 'told', traceId: 'told', kind: 'trace', source: 'json', at: 5 },
        { id: 'root', traceId: 'superseded', userId: 'ada', rowVersion: 10 },
        { id: 'root', traceId: 'moved', userId: 'ada', rowVersion: 10 },
        { id: 'root', traceId: 'gone', userId: 'ada' },
      ]);
      await project.store([
        { id: 'root', traceId: 'superseded', userId: 'lin', rowVersion: 11 },
        { id: 'root', traceId: 'moved', at: 2 * DAY, userId: 'ada', rowVersion: 11 },
      ]);
      await project.delete('/traces/gone');
      expect(ids(await project.get(`/traces?userId=ada&${range}`))).toEqual(['told', 'said later', 'c', 'b', 'a']);
      expect(await bothCounts(project, `userId=ada&${range}`)).toEqual([5, 5]);
      expect(await bothCounts(project, `userId=nobody&${range}`)).toEqual([0, 0]);
      expect(await bothCounts(project, 'userId=ada')).toEqual([8, 8]);
    });

    test('on any page, and when they are too many to be read', async () => {
      const project = await newProject();
      const traces = Array.from({ length: 240 }, (_, i): Sample => ({
        id: 'root',
        traceId: `t${String(i).padStart(3, '0')}`,
        at: i,
        userId: i < 12 ? 'few' : 'many',
        totalCost: '1',
      }));
      await project.store(traces);
      const second = (await project.get(`/traces?userId=few&${range}&limit=5&page=2`)).body;
      expect(ids({ body: second })).toEqual(['t006', 't005', 't004', 't003', 't002']);
      expect(second.data[0]).toMatchObject({ userId: 'few', totalCost: 1 });
      expect(second.meta).toEqual({ page: 2, limit: 5, totalItems: 12, totalPages: 3 });
      expect((await project.get(`/traces?userId=few&${range}&page=9`)).body).toMatchObject({
        data: [],
        meta: { totalItems: 12 },
      });
      const many = (await project.get(`/traces?userId=many&${range}&limit=2`)).body;
      expect(ids({ body: many })).toEqual(['t239', 't238']);
      expect(many.meta.totalItems).toBe(228);
    });

    test('as the engine counts them, whatever the rows say', async () => {
      const hours = fc
        .constantFrom(-8 * 24, -25, -24, -2, -1, -0.5, 0, 1, 2, 25, 27, 8 * 24)
        .map((hour) => hour * 3600);
      const row = fc.record({
        id: fc.constantFrom('1', '2', '3'),
        traceId: fc.constantFrom('t', 'u', 'v'),
        kind: fc.constantFrom('observation' as const, 'observation' as const, 'trace' as const),
        source: fc.constantFrom('otlp' as const, 'json' as const),
        parentId: fc.constantFrom('', '1'),
        at: hours,
        userId: fc.constantFrom('', 'ada', 'lin'),
        sessionId: fc.constantFrom('', 's'),
        tags: fc.subarray(['a', 'b']),
        environment: fc.constantFrom('default', 'production'),
        rowVersion: fc.integer({ min: 1, max: 1_000_000 }),
        isDeleted: fc.constantFrom(false, false, false, true),
      });
      const queries = [
        'userId=ada',
        'userId=ada&sessionId=s',
        'userId=ada&tags=a',
        'userId=lin&environment=production',
      ];
      const blocks = fc.sample(fc.array(row, { minLength: 1, maxLength: 10 }), { numRuns: 60, seed: 4 });
      const project = await newProject();
      await project.store(
        blocks.flatMap((rows, block) => rows.map((one) => ({ ...one, traceId: `${block}-${one.traceId}` }))),
      );
      for (const query of queries) {
        for (const bounds of [range, `fromTimestamp=${iso(-3600)}`, `toTimestamp=${iso(7200)}`, '']) {
          const [newest, oldest] = await bothCounts(project, `${query}&${bounds}`);
          expect(newest, `${query}&${bounds}`).toBe(oldest);
          expect(newest).toBeGreaterThan(0);
        }
      }
    });
  });

  test('the histogram of a range has the totals that it has without one, and none where there are no traces', async () => {
    const all = (await project.get('/x/histogram')).body;
    const range = new URLSearchParams({ from: all.from, to: all.to }).toString();
    const { body } = await project.get(`/x/histogram?${range}`);
    expect(body.totals).toEqual(all.totals);
    expect(body.data).toEqual(all.data);
    const { body: empty } = await project.get('/x/histogram?from=2001-01-01T00:00:00Z&to=2001-01-02T00:00:00Z');
    expect(empty.totals).toEqual({
      traces: 0,
      errors: 0,
      p95LatencyMs: null,
      p95Cost: null,
      totalTokens: 0,
      totalCost: null,
      calls: 0,
      unpricedCalls: 0,
    });
    expect(empty.data.every(({ traces }: { traces: number }) => traces === 0)).toBe(true);
  });

  test('the histogram counts what the list holds', async () => {
    const { body } = await project.get('/x/histogram?q=name:odd');
    const sum = (key: 'traces' | 'errors') =>
      body.data.reduce((total: number, bucket: Record<string, number>) => total + bucket[key]!, 0);
    expect([sum('traces'), body.totals.traces]).toEqual([20, 20]);
    expect((await project.get('/x/histogram')).body.totals).toMatchObject({
      traces: 40,
      errors: 4,
      calls: 40,
      unpricedCalls: 14,
    });
  });

  test.each([
    ['no column', 'orderBy=nope.desc', 400],
    ['page 0', 'page=0', 400],
    ['limit 101', 'limit=101', 400],
    ['no time', 'fromTimestamp=yesterday', 400],
    ['a page past the end', 'page=99', 200],
  ])('%s', async (_what, query, status) => {
    expect((await project.get(`/traces?${query}`)).status).toBe(status);
  });
});

describe('search', () => {
  test.each([
    ['a part of a word', 'efun'],
    ['other case', 'REFUND'],
    ['Arabic', 'طلبي'],
    ['Chinese', '退款'],
    ['an emoji', '🚀'],
    ['what LIKE would read as a wildcard', '100%_sure'],
    ['the first character', 'Where'],
    ['the last', 'end.'],
    ['a quote', `"it's"`],
  ])('finds %s in the payload of any observation, and says where', async (_what, q) => {
    const project = await newProject();
    await project.store([
      { id: 'root' },
      {
        id: 'call',
        parentId: 'root',
        output: `Where is my refund? أين طلبي 退款 🚀 100%_sure it's ${'x'.repeat(500)} end.`,
      },
      { id: 'other', traceId: 'u', output: 'nothing of it, 100 percent' },
    ]);
    const found = await project.everyPage(`/x/traces?q=${encodeURIComponent(q)}`);
    expect(found).toMatchObject([{ id: 't', hit: { observationId: 'call', field: 'output' } }]);
    expect(ids(await project.get(`/x/traces?q=${encodeURIComponent(`-${q}`)}`))).toEqual(['u']);
  });

  test('filter text that cannot be read is refused with what to write instead', async () => {
    const project = await newProject();
    const { status, body } = await project.get(`/x/traces?q=${encodeURIComponent('level:ERROR OR level:WARNING')}`);
    expect([status, body.message]).toEqual([400, expect.stringContaining('OR works between values of one field')]);
  });
});

describe('deletion', () => {
  const span = (traceId: string, spanId: string) => ({
    resourceSpans: [
      {
        scopeSpans: [
          {
            spans: [
              {
                traceId,
                spanId,
                name: 'late',
                startTimeUnixNano: String(at(60) * 1000),
                endTimeUnixNano: String(at(61) * 1000),
              },
            ],
          },
        ],
      },
    ],
  });
  const event = (id: string, traceId: string) => ({
    batch: [
      {
        id: `e-${id}`,
        type: 'span-create',
        timestamp: '2026-11-20T10:30:00.000Z',
        body: { id, traceId, name: 'late' },
      },
    ],
  });

  test('a deleted trace is gone from the next read of every route, with its scores', async () => {
    const project = await newProject();
    await project.store(
      [...spread, { id: 'kept', traceId: 'kept', sessionId: 's-2' }],
      [{ traceId: 't' }, { traceId: 'kept' }],
    );
    expect((await project.delete('/traces/t')).body).toEqual({ message: 'Trace deleted successfully' });
    expect((await project.get('/traces/t')).status).toBe(404);
    expect(ids(await project.get('/traces'))).toEqual(['kept']);
    expect(ids(await project.get('/observations'))).toEqual(['kept']);
    expect(ids(await project.get('/v2/observations'))).toEqual(['kept']);
    expect(ids(await project.get('/x/traces'))).toEqual(['kept']);
    expect((await project.get('/sessions/s-1')).status).toBe(404);
    const scores = clickhouse`SELECT DISTINCT trace_id FROM scores WHERE project_id = ${string(project.id)}`;
    expect(await harness.clickhouse.rows(scores)).toEqual([{ trace_id: 'kept' }]);
  });

  test('many at once, unknown ones among them', async () => {
    const project = await newProject();
    await project.store(['a', 'b', 'c'].map((traceId) => ({ id: traceId, traceId })));
    expect((await project.delete('/traces', { traceIds: ['a', 'b', 'unknown'] })).body).toEqual({
      message: 'Traces deleted successfully',
    });
    expect(ids(await project.get('/traces'))).toEqual(['c']);
    expect((await project.delete('/traces', { traceIds: [] })).status).toBe(400);
  });

  test('what arrives for it within 24 h is acknowledged and not stored; after that it is stored', async () => {
    const project = await newProject();
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    await project.post('/otel/v1/traces', span(traceId, 'b7ad6b7169203331'));
    await project.post('/ingestion', event('known', traceId));
    await project.delete(`/traces/${traceId}`);

    expect((await project.post('/otel/v1/traces', span(traceId, 'b7ad6b7169203332'))).status).toBe(200);
    expect((await project.post('/ingestion', event('new', traceId))).body.successes).toHaveLength(1);
    // This one does not name its trace; what the door knew of it does.
    await project.post('/ingestion', {
      batch: [
        { id: 'e', type: 'span-update', timestamp: '2026-11-20T10:31:00.000Z', body: { id: 'known', output: 'x' } },
      ],
    });
    await project.post('/scores', { traceId, name: 'late', value: 1 });
    expect((await project.get(`/traces/${traceId}`)).status).toBe(404);
    expect(ids(await project.get('/observations'))).not.toContain('new');

    harness.wait(24 * 3600 + 1);
    await project.post('/otel/v1/traces', span(traceId, 'b7ad6b7169203333'));
    expect((await project.get(`/traces/${traceId}`)).body.observations).toMatchObject([{ id: 'b7ad6b7169203333' }]);
  });

  test('rows that are under way while it is deleted are deleted with it', async () => {
    const project = await newProject();
    const traceId = '1af7651916cd43dd8448eb211c80319c';
    const sent = Array.from({ length: 20 }, (_, i) =>
      project.post('/otel/v1/traces', span(traceId, (i + 1).toString(16).padStart(16, '0'))),
    );
    await project.delete(`/traces/${traceId}`);
    await Promise.all(sent);
    expect((await project.get(`/traces/${traceId}`)).status).toBe(404);
  });
});

test('ids of 800 characters that no URL would carry bare are read, listed and deleted', async () => {
  const project = await newProject();
  const traceId = `a/b:c#1?x=y&z %2F "'\\漢🚀${'ü/'.repeat(400)}`.slice(0, 800).toWellFormed();
  const id = `o${traceId}`.slice(0, 800);
  await project.post('/ingestion', {
    batch: [
      { id: 'e1', type: 'trace-create', timestamp: '2026-11-20T10:00:00.000Z', body: { id: traceId, name: 'odd' } },
      {
        id: 'e2',
        type: 'generation-create',
        timestamp: '2026-11-20T10:00:01.000Z',
        body: { id, traceId, name: 'odd call' },
      },
    ],
  });
  const segment = encodeURIComponent(traceId);
  expect((await project.get(`/traces/${segment}`)).body).toMatchObject({
    id: traceId,
    observations: [{ id, traceId }],
  });
  expect((await project.get(`/observations/${encodeURIComponent(id)}`)).body).toMatchObject({ id, traceId });
  expect(ids(await project.get(`/v2/observations?traceId=${segment}`))).toEqual([id]);
  expect((await project.get(`/x/traces/${segment}`)).body.observations).toMatchObject([{ id }]);
  expect((await project.get(`/x/observations/${encodeURIComponent(id)}?traceId=${segment}`)).body).toMatchObject({
    id,
  });
  await project.delete(`/traces/${segment}`);
  expect((await project.get(`/traces/${segment}`)).status).toBe(404);
});
