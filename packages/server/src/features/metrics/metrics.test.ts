import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ScoreRow } from '../../ingest/score.ts';
import { at, type Harness, openHarness, type Project, type Sample } from '../harness.ts';

let harness: Harness;
let project: Project;
beforeAll(async () => {
  harness = await openHarness();
  project = await harness.project('metrics');
  await project.store(observations, scores);
});
afterAll(() => harness.close());

const HOUR = 3600;
const generation = { type: 'GENERATION' } as const;

/** Three traces, at 10:00, 11:01 and 13:00; nothing happens from 12:00 to 13:00. */
const observations: Sample[] = [
  // oxfmt-ignore
  { traceId: 't1', id: 'root1', lasts: 10, name: 'chat', userId: 'ada', sessionId: 's1', tags: ['a', 'b'], release: 'r1', environment: 'production' },
  // oxfmt-ignore
  { traceId: 't1', id: 'g1', parentId: 'root1', ...generation, at: 1, lasts: 2, completionStartTime: at(1.5), model: 'gpt', promptName: 'greet', promptVersion: 2,
    usage: { input: 10, output: 20, total: 30 }, cost: { input: '0.1', output: '0.4', total: '0.5' }, totalCost: '0.5', metadata: { tier: 'gold' } },
  // oxfmt-ignore
  { traceId: 't1', id: 'g2', parentId: 'root1', ...generation, at: 4, lasts: 4, model: 'gpt', promptName: 'greet', promptVersion: 2,
    usage: { input: 5, output: 5, total: 10 }, cost: { input: '0.05', output: '0.2', total: '0.25' }, totalCost: '0.25' },
  // oxfmt-ignore
  { traceId: 't2', id: 'root2', at: HOUR + 60, name: 'search', userId: 'bob', tags: ['a'], level: 'ERROR' },
  { traceId: 't2', id: 'tool2', parentId: 'root2', type: 'TOOL', at: HOUR + 60, name: 'lookup' },
  // oxfmt-ignore
  { traceId: 't2', id: 'g3', parentId: 'root2', ...generation, at: HOUR + 61, model: 'mini', usage: { input: 1, output: 1, total: 2 },
    toolCalls: ['{}', '{}'], toolCallNames: ['lookup', 'fetch'], toolDefinitions: { lookup: '{}' } },
  { traceId: 't3', id: 'root3', at: 3 * HOUR, name: '', endTime: null },
];

const scores: Partial<ScoreRow>[] = [
  { id: 'q1', name: 'quality', value: 1, traceId: 't1', timestamp: at(10) },
  { id: 'q2', name: 'quality', value: 0, traceId: 't1', observationId: 'g1', timestamp: at(10) },
  { id: 'q3', name: 'quality', value: 0.5, traceId: 't2', timestamp: at(HOUR) },
  { id: 'b1', name: 'right', dataType: 'BOOLEAN', value: 1, stringValue: 'True', traceId: 't2', timestamp: at(HOUR) },
  { id: 'c1', name: 'mood', dataType: 'CATEGORICAL', stringValue: 'good', traceId: 't2', timestamp: at(HOUR) },
  {
    id: 'c2',
    name: 'mood',
    dataType: 'CATEGORICAL',
    stringValue: 'bad',
    traceId: '',
    sessionId: 's9',
    timestamp: at(HOUR),
  },
  { id: 'x1', name: 'output', dataType: 'CORRECTION', longStringValue: 'better', traceId: 't2', timestamp: at(HOUR) },
];

/** Of long ranges traces are read in another way. */
const weeks = { fromTimestamp: '2026-11-02T00:00:00Z', toTimestamp: '2026-11-30T00:00:00Z' };
const range = { fromTimestamp: '2026-11-20T10:00:00Z', toTimestamp: '2026-11-20T14:00:00Z' };

/** `count` is `count_count`, others are `aggregation_measure`. */
const metric = (name: string) => {
  const [aggregation, measure = 'count'] = name.split('_');
  return { aggregation, measure };
};
interface Asked {
  by?: string[];
  each?: string;
  where?: object[];
  order?: [string, 'asc' | 'desc'][];
  config?: object;
}
const query = (view: string, names: string, { by = [], each, where = [], order, config }: Asked = {}) => ({
  view,
  metrics: names.split(' ').map(metric),
  dimensions: by.map((field) => ({ field })),
  filters: where,
  ...range,
  ...(each !== undefined && { timeDimension: { granularity: each } }),
  ...(order && { orderBy: order.map(([field, direction]) => ({ field, direction })) }),
  ...(config && { config }),
});
const ask = (asked: object, version: 'v1' | 'v2' = 'v1', from: Project = project) =>
  from.get(`/${version === 'v2' ? 'v2/' : ''}metrics?query=${encodeURIComponent(JSON.stringify(asked))}`);
/** The values of the rows, in the order of the names that were asked for. */
const rowsOf = async (asked: object, version: 'v1' | 'v2' = 'v1', from?: Project): Promise<unknown[][]> => {
  const { status, body, text } = await ask(asked, version, from);
  expect(status, text).toBe(200);
  return body.data.map((row: object) => Object.values(row));
};

const isGeneration = { type: 'stringOptions', column: 'type', operator: 'any of', value: ['GENERATION'] };
const userIs = (...value: string[]) => ({ type: 'stringOptions', column: 'userId', operator: 'any of', value });

describe('observations', () => {
  // oxfmt-ignore
  test.each<[string, string, Asked, unknown[][]]>([
    ['all',               'count', {}, [[7]]],
    ['by type',           'count', { by: ['type'] }, [['GENERATION', 3], ['SPAN', 3], ['TOOL', 1]]],
    ['by type, in order', 'count', { by: ['type'], order: [['type', 'desc']] }, [['TOOL', 1], ['SPAN', 3], ['GENERATION', 3]]],
    ['the first two',     'count', { by: ['type'], config: { row_limit: 2 } }, [['GENERATION', 3], ['SPAN', 3]]],
    ['cost by model',     'sum_totalCost sum_totalTokens', { by: ['providedModelName'] }, [['gpt', 0.75, 40], ['mini', null, 2], [null, null, 0]]],
    ['costs in parts',    'sum_inputCost sum_outputCost sum_inputTokens sum_outputTokens', {}, [[0.15, 0.6, 16, 26]]],
    ['latencies',         'avg_latency p50_latency p95_latency min_latency max_latency count_latency', { where: [isGeneration] }, [[7000 / 3, 2000, 3800, 1000, 4000, 3]]],
    ['of what has not ended', 'avg_latency p99_latency count_latency', { where: [{ type: 'string', column: 'id', operator: '=', value: 'root3' }] }, [[null, null, 0]]],
    ['streaming',         'avg_timeToFirstToken sum_streamingLatency', {}, [[500, 1500]]],
    ['speed',             'avg_tokensPerSecond max_outputTokensPerSecond', {}, [[6.5, 10]]],
    ['different values',  'uniq_totalTokens', {}, [[4]]],
    ['scores',            'sum_countScores', { by: ['id'], where: [isGeneration] }, [['g1', 1], ['g2', 0], ['g3', 0]]],
    ['tools',             'sum_toolCalls sum_toolDefinitions', {}, [[2, 1]]],
    ['by called tool',    'count', { by: ['calledToolNames'] }, [['fetch', 1], ['lookup', 1]]],
    ['by prompt',         'count', { by: ['promptName', 'promptVersion'] }, [[null, null, 5], ['greet', 2, 2]]],
    ['by name',           'count', { by: ['name'], order: [['name', 'asc']] }, [['', 1], ['chat', 1], ['g1', 1], ['g2', 1], ['g3', 1], ['lookup', 1], ['search', 1]]],
    ['by month',          'count', { by: ['startTimeMonth'] }, [['2026-11', 7]]],
    ['by user',           'count', { by: ['userId'] }, [['ada', 3], ['bob', 3], [null, 1]]],
    ['by tags',           'count', { by: ['tags'], order: [['count_count', 'desc'], ['tags', 'desc']] }, [[['a', 'b'], 3], [['a'], 3], [[], 1]]],
    ['by its trace',      'count', { by: ['traceName', 'traceRelease', 'sessionId'] }, [['chat', 'r1', 's1', 3], ['search', null, null, 3], [null, null, null, 1]]],
    ['of a user',         'sum_totalTokens', { where: [userIs('bob')] }, [[2]]],
    ['of a tag',          'count', { where: [{ type: 'arrayOptions', column: 'tags', operator: 'all of', value: ['a', 'b'] }] }, [[3]]],
    ['by metadata',       'count', { where: [{ type: 'stringObject', column: 'metadata', key: 'tier', operator: '=', value: 'gold' }] }, [[1]]],
    ['as lists filter',   'count', { where: [{ type: 'number', column: 'latency', operator: '>=', value: 4 }] }, [[2]]],
    ['by environment',    'count', { by: ['environment'] }, [['default', 6], ['production', 1]]],
    ['none',              'count sum_totalTokens sum_totalCost max_latency histogram_latency', { where: [userIs('nobody')] }, [[0, 0, null, null, []]]],
  ])('%s', async (_, names, asked, rows) => {
    expect(await rowsOf(query('observations', names, asked))).toEqual(rows);
    expect(await rowsOf({ ...query('observations', names, asked), ...weeks })).toEqual(rows);
  });

  test('a histogram has as many bins as asked for, which hold all values', async () => {
    const [[bins]] = (await rowsOf(query('observations', 'histogram_latency', { config: { bins: 3 } }))) as [
      [number[][]],
    ];
    expect(bins).toHaveLength(3);
    expect([bins[0]![0], bins[2]![1]]).toEqual([1000, 10_000]);
    expect(bins.reduce((sum, [, , height]) => sum + height!, 0)).toBeCloseTo(6);
  });
});

describe('over time', () => {
  // oxfmt-ignore
  test.each<[string, string, Asked, unknown[][]]>([
    ['an hour without any is a row of zeros', 'count sum_totalTokens p95_latency', { each: 'hour', where: [isGeneration] },
      [['2026-11-20T10:00:00Z', 2, 40, 3900], ['2026-11-20T11:00:00Z', 1, 2, 1000], ['2026-11-20T12:00:00Z', 0, 0, 0], ['2026-11-20T13:00:00Z', 0, 0, 0]]],
    ['with a dimension too', 'count', { each: 'hour', by: ['level'] },
      [['2026-11-20T10:00:00Z', 'DEFAULT', 3], ['2026-11-20T11:00:00Z', 'DEFAULT', 2], ['2026-11-20T11:00:00Z', 'ERROR', 1], ['2026-11-20T12:00:00Z', null, 0], ['2026-11-20T13:00:00Z', 'DEFAULT', 1]]],
    ['newest first', 'count', { each: 'hour', order: [['time_dimension', 'desc']], config: { row_limit: 2 } }, [['2026-11-20T13:00:00Z', 1], ['2026-11-20T12:00:00Z', 0]]],
    ['by value, gaps have no place', 'count', { each: 'hour', order: [['count_count', 'asc']] }, [['2026-11-20T13:00:00Z', 1], ['2026-11-20T10:00:00Z', 3], ['2026-11-20T11:00:00Z', 3]]],
    ['days by their date', 'count', { each: 'day' }, [['2026-11-20', 7]]],
    ['weeks by their Monday', 'count', { each: 'week' }, [['2026-11-16', 7]]],
    ['months by their first', 'count', { each: 'month' }, [['2026-11-01', 7]]],
  ])('%s', async (_, names, asked, rows) => {
    expect(await rowsOf(query('observations', names, asked))).toEqual(rows);
  });

  // oxfmt-ignore
  test.each([
    ['2026-11-20T11:00:00Z', '2026-11-20T12:59:00Z', 119, '2026-11-20T11:00:00Z'],
    ['2026-11-20T11:00:00Z', '2026-11-20T13:00:00Z', 2,   '2026-11-20T11:00:00Z'],
    ['2026-11-19T12:30:00Z', '2026-11-22T12:30:00Z', 4,   '2026-11-19'],
    ['2026-10-01T00:00:00Z', '2026-11-30T00:00:00Z', 9,   '2026-09-28'],
    ['2025-12-15T00:00:00Z', '2026-12-15T00:00:00Z', 13,  '2025-12-01'],
  ])('auto from %s to %s has %i buckets', async (fromTimestamp, toTimestamp, buckets, first) => {
    const asked = { ...query('observations', 'count', { each: 'auto' }), fromTimestamp, toTimestamp };
    const rows = await rowsOf(asked);
    expect(rows).toHaveLength(buckets);
    expect(rows[0]![0]).toBe(first);
  });
});

describe('traces', () => {
  // oxfmt-ignore
  test.each<[string, string, Asked, unknown[][]]>([
    ['all',         'count sum_observationsCount sum_totalTokens sum_totalCost', {}, [[3, 7, 42, 0.75]]],
    ['latencies',   'max_latency avg_latency', {}, [[10_000, 6000]]],
    ['users',       'uniq_uniqueUserIds uniq_uniqueSessionIds', {}, [[2, 1]]],
    ['scores',      'sum_scoresCount', { by: ['id'] }, [['t2', 4], ['t1', 2], ['t3', 0]]],
    ['by name',     'count', { by: ['name'], order: [['name', 'asc']] }, [['', 1], ['chat', 1], ['search', 1]]],
    ['by user',     'sum_totalCost', { by: ['userId'] }, [['ada', 0.75], ['bob', null], [null, null]]],
    ['by the rest', 'count', { by: ['environment', 'release', 'version', 'timestampMonth'], order: [['release', 'asc']] }, [['production', 'r1', null, '2026-11', 1], ['default', null, null, '2026-11', 2]]],
    ['of a name',   'count', { where: [{ type: 'string', column: 'name', operator: 'contains', value: 'SEA' }] }, [[1]]],
    ['of a tag',    'count', { where: [{ type: 'arrayOptions', column: 'tags', operator: 'any of', value: ['b'] }] }, [[1]]],
  ])('%s', async (_, names, asked, rows) => {
    expect(await rowsOf(query('traces', names, asked))).toEqual(rows);
    expect(await rowsOf({ ...query('traces', names, asked), ...weeks })).toEqual(rows);
  });

  // oxfmt-ignore
  test.each<[string, string, Asked, unknown[][]]>([
    ['by hour',     'count', { each: 'hour' }, [['2026-11-20T10:00:00Z', 1], ['2026-11-20T11:00:00Z', 1], ['2026-11-20T12:00:00Z', 0], ['2026-11-20T13:00:00Z', 1]]],
  ])('%s', async (_, names, asked, rows) => {
    expect(await rowsOf(query('traces', names, asked))).toEqual(rows);
  });
});

describe('scores', () => {
  // oxfmt-ignore
  test.each<[string, string, string, Asked, unknown[][]]>([
    ['numbers by name',  'scores-numeric',     'count avg_value', { by: ['name'] }, [['quality', 3, 0.5], ['right', 1, 1]]],
    ['by value',         'scores-numeric',     'count', { by: ['value'], order: [['value', 'asc']] }, [[0, 1], [0.5, 1], [1, 2]]],
    ['labels',           'scores-categorical', 'count', { by: ['name', 'stringValue'] }, [['mood', 'bad', 1], ['mood', 'good', 1]]],
    ['true or false',    'scores-boolean',     'count', { by: ['name', 'booleanValue'] }, [['right', true, 1]]],
    ['by their trace',   'scores-numeric',     'avg_value', { by: ['traceName', 'userId'] }, [['search', 'bob', 0.75], ['chat', 'ada', 0.5]]],
    ['by session',       'scores-categorical', 'count', { by: ['sessionId'] }, [['s9', 1], [null, 1]]],
    ['by observation',   'scores-numeric',     'count', { by: ['observationName', 'observationModelName', 'observationPromptName', 'observationPromptVersion'], order: [['observationName', 'asc']] }, [['g1', 'gpt', 'greet', 2, 1], [null, null, null, null, 3]]],
    ['of a user',        'scores-numeric',     'count', { where: [userIs('ada')] }, [[2]]],
    ['of a model',       'scores-numeric',     'count', { where: [{ type: 'string', column: 'observationModelName', operator: '=', value: 'gpt' }] }, [[1]]],
    ['by day',           'scores-numeric',     'count', { by: ['timestampDay', 'timestampMonth', 'source'] }, [['2026-11-20', '2026-11', 'API', 4]]],
    ['over time',        'scores-numeric',     'avg_value', { each: 'hour', where: [{ type: 'string', column: 'name', operator: '=', value: 'quality' }] }, [['2026-11-20T10:00:00Z', 0.5], ['2026-11-20T11:00:00Z', 0.5], ['2026-11-20T12:00:00Z', 0], ['2026-11-20T13:00:00Z', 0]]],
  ])('%s', async (_, view, names, asked, rows) => {
    expect(await rowsOf(query(view, names, asked))).toEqual(rows);
  });
});

describe('v2', () => {
  // oxfmt-ignore
  test.each<[string, string, Asked, unknown[][]]>([
    ['nothing adds up to 0', 'sum_totalCost', { by: ['providedModelName'] }, [['gpt', 0.75], ['mini', 0], [null, 0]]],
    ['how many traces',      'uniq_traceId uniq_uniqueUserIds uniq_uniqueSessionIds', {}, [[3, 2, 1]]],
    ['roots',                'count', { by: ['isRootObservation'] }, [[false, 4], [true, 3]]],
    ['cost by type',         'sum_costByType count', { by: ['costType'] }, [['output', 0.6, 2], ['input', 0.15, 2]]],
    ['usage by type',        'sum_usageByType', { by: ['usageType', 'providedModelName'] }, [['output', 'gpt', 25], ['input', 'gpt', 15], ['input', 'mini', 1], ['output', 'mini', 1]]],
    ['the first users',      'count', { by: ['userId'], order: [['count_count', 'desc']], config: { row_limit: 2 } }, [['ada', 3], ['bob', 3]]],
    ['named users',          'count', { by: ['userId'], where: [userIs('ada')] }, [['ada', 3]]],
    ['named users by hour',  'count', { by: ['userId'], where: [userIs('bob')], each: 'hour', order: [['count_count', 'desc']] }, [['2026-11-20T11:00:00Z', 'bob', 3]]],
    ['by release',           'count', { by: ['release'], order: [['release', 'asc']] }, [['r1', 3], [null, 4]]],
  ])('%s', async (_, names, asked, rows) => {
    expect(await rowsOf(query('observations', names, asked), 'v2')).toEqual(rows);
  });

  test('shows 100 rows unless more are asked for, of a time series all', async () => {
    const many = await harness.project('many rows');
    await many.store(Array.from({ length: 120 }, (_, i): Sample => ({ id: `o${i}`, traceId: `t${i}`, at: i * 60 })));
    const byName = query('observations', 'count', { by: ['name'] });
    expect(await rowsOf(byName, 'v2', many)).toHaveLength(100);
    expect(await rowsOf({ ...byName, config: { row_limit: 110 } }, 'v2', many)).toHaveLength(110);
    expect(await rowsOf(byName, 'v1', many)).toHaveLength(120);
    expect(await rowsOf(query('observations', 'count', { each: 'minute' }), 'v2', many)).toHaveLength(240);
  });

  test.each([
    ['a value a row', { by: ['userId'] }, "'userId' require both 'config.row_limit' and 'orderBy'"],
    ['without an order', { by: ['userId', 'traceId'], config: { row_limit: 5 } }, "'userId', 'traceId' require both"],
    ['the last ones', { by: ['id'], config: { row_limit: 5 }, order: [['count_count', 'asc']] }, "'id' require both"],
    ['over time', { by: ['sessionId'], each: 'hour', config: { row_limit: 5 } }, "'sessionId' cannot be combined with"],
  ] as [string, Asked, string][])('refuses to group by %s', async (_, asked, says) => {
    const { status, body } = await ask(query('observations', 'count', asked), 'v2');
    expect([status, body.message]).toEqual([400, expect.stringContaining(says)]);
  });
});

describe('by day', () => {
  const daily = async (parameters: string) => (await project.get(`/metrics/daily${parameters}`)).body;
  const gpt = { model: 'gpt', inputUsage: 15, outputUsage: 25, totalUsage: 40, totalCost: 0.75 };
  const mini = { model: 'mini', inputUsage: 1, outputUsage: 1, totalUsage: 2, totalCost: 0 };
  const none = { model: null, inputUsage: 0, outputUsage: 0, totalUsage: 0, totalCost: 0 };

  test('traces, observations and models', async () => {
    expect(await daily('')).toEqual({
      data: [
        {
          date: '2026-11-20',
          countTraces: 3,
          countObservations: 7,
          totalCost: 0.75,
          usage: [
            { ...gpt, countObservations: 2, countTraces: 1 },
            { ...none, countObservations: 4, countTraces: 3 },
            { ...mini, countObservations: 1, countTraces: 1 },
          ],
        },
      ],
      meta: { page: 1, limit: 50, totalItems: 1, totalPages: 1 },
    });
  });

  test.each([
    ['?userId=ada', [1, 3]],
    ['?tags=a', [2, 6]],
    ['?tags=a&tags=b', [1, 3]],
    ['?traceName=search', [1, 3]],
    ['?environment=production', [1, 1]],
    ['?fromTimestamp=2026-11-20T11:00:00Z&toTimestamp=2026-11-20T12:00:00Z', [1, 3]],
  ])('%s: of some traces', async (parameters, counts) => {
    const [day] = (await daily(parameters)).data;
    expect([day.countTraces, day.countObservations]).toEqual(counts);
  });

  test('pages go back in time', async () => {
    const days = await harness.project('days');
    await days.store([0, 1, 2].map((day): Sample => ({ id: `o${day}`, traceId: `t${day}`, at: -day * 24 * HOUR })));
    const { body } = await days.get('/metrics/daily?limit=2&page=2');
    expect(body.data.map(({ date }: { date: string }) => date)).toEqual(['2026-11-18']);
    expect(body.meta).toEqual({ page: 2, limit: 2, totalItems: 3, totalPages: 2 });
    expect((await days.get('/metrics/daily?userId=nobody')).body.data).toEqual([]);
  });
});

describe('what counts', () => {
  test('the newest version of each row, wherever an older one starts', async () => {
    const changed = await harness.project('changed');
    const call = { ...generation, traceId: 'a', id: 'call', model: 'm', usage: { total: 1 }, totalCost: '1' };
    await changed.store([call, { id: 'other', traceId: 'a' }]);
    const asked = query('observations', 'count sum_totalCost', { where: [isGeneration] });
    expect(await rowsOf(asked, 'v1', changed)).toEqual([[1, 1]]);
    await changed.store([{ ...call, totalCost: '3' }]);
    expect(await rowsOf(asked, 'v1', changed)).toEqual([[1, 3]]);
    await changed.store([{ ...call, at: 2 * HOUR, totalCost: '5' }]);
    expect(await rowsOf(asked, 'v1', changed)).toEqual([[1, 5]]);
    expect(await rowsOf(query('traces', 'count sum_totalCost'), 'v1', changed)).toEqual([[1, 5]]);
    expect(await rowsOf({ ...query('traces', 'count sum_totalCost'), ...weeks }, 'v1', changed)).toEqual([[1, 5]]);
    expect(
      await rowsOf(query('observations', 'count', { each: 'hour', where: [isGeneration] }), 'v1', changed),
    ).toEqual([
      ['2026-11-20T10:00:00Z', 0],
      ['2026-11-20T11:00:00Z', 0],
      ['2026-11-20T12:00:00Z', 1],
      ['2026-11-20T13:00:00Z', 0],
    ]);
  });

  test('what is deleted does not, from the next question on', async () => {
    const gone = await harness.project('gone');
    await gone.store(
      [
        { id: 'a', traceId: 'a' },
        { id: 'b', traceId: 'b' },
      ],
      [{ id: 's', traceId: 'a' }],
    );
    expect(await rowsOf(query('observations', 'count'), 'v1', gone)).toEqual([[2]]);
    await gone.delete('/traces/a');
    expect(await rowsOf(query('observations', 'count'), 'v1', gone)).toEqual([[1]]);
    expect(await rowsOf(query('traces', 'count'), 'v1', gone)).toEqual([[1]]);
    expect(await rowsOf(query('scores-numeric', 'count'), 'v1', gone)).toEqual([[0]]);
  });

  test('what a trace says of itself is a trace, and no observation', async () => {
    const said = await harness.project('said');
    await said.store([{ id: 'j', traceId: 'j', kind: 'trace', source: 'json', userId: 'eve', traceInput: 'hello' }]);
    expect(await rowsOf(query('observations', 'count'), 'v2', said)).toEqual([[0]]);
    expect(await rowsOf(query('traces', 'count', { by: ['userId'] }), 'v1', said)).toEqual([['eve', 1]]);
  });

  test('from the start of the range on, to before its end', async () => {
    const asked = query('observations', 'count');
    const some = { ...asked, fromTimestamp: '2026-11-20T10:00:01Z', toTimestamp: '2026-11-20T11:01:01Z' };
    expect(await rowsOf(some)).toEqual([[4]]);
    expect(await rowsOf({ ...some, toTimestamp: '2026-11-20T12:01:01.001+01:00' })).toEqual([[5]]);
  });

  test('environments of the product itself count as others do', async () => {
    const judged = await harness.project('judged');
    await judged.store([{ id: 'a', environment: 'langfuse-llm-as-a-judge' }]);
    expect(await rowsOf(query('observations', 'count', { by: ['environment'] }), 'v1', judged)).toEqual([
      ['langfuse-llm-as-a-judge', 1],
    ]);
  });
});

describe('refuses', () => {
  const base = query('observations', 'count');
  // oxfmt-ignore
  test.each<[string, object, string]>([
    ['a view that there is not',    { ...base, view: 'sessions' }, 'Invalid request data'],
    ['a name of an object',         { ...base, dimensions: [{ field: 'constructor' }] }, 'Invalid dimension constructor. Must be one of id,'],
    ['a measure of v2',             query('observations', 'uniq_traceId'), 'Invalid metric traceId. Must be one of count,latency,'],
    ['a sum of texts',              query('traces', 'avg_uniqueUserIds'), 'Invalid aggregation avg for metric uniqueUserIds. Must be one of sum,count,max,uniq'],
    ['an unknown column',           { ...base, filters: [{ type: 'string', column: 'foo', operator: '=', value: '' }] }, 'Invalid filter column foo. Must be one of id,'],
    ['a condition of another type', { ...base, filters: [{ type: 'number', column: 'type', operator: '=', value: 1 }] }, 'Column type takes text, not a condition of type number.'],
    ['an order by what is not asked', query('observations', 'count', { order: [['time_dimension', 'asc']] }), 'Invalid orderBy field: time_dimension.'],
    ['too many bins',               query('observations', 'histogram_latency', { config: { bins: 101 } }), 'Invalid request data'],
    ['a range that ends first',     { ...base, toTimestamp: range.fromTimestamp }, 'Invalid request data'],
    ['a time without its zone',     { ...base, fromTimestamp: '2026-11-20T10:00:00' }, 'Invalid request data'],
  ])('%s', async (_, asked, message) => {
    const { status, body } = await ask(asked);
    expect([status, body.message]).toEqual([400, expect.stringContaining(message)]);
  });

  test('more rows than anybody reads: it says what to narrow', async () => {
    const asked = query('observations', 'count', { each: 'minute' });
    const { status, body } = await ask({ ...asked, fromTimestamp: '2026-01-01T00:00:00Z' });
    expect([status, body.error]).toEqual([422, 'Request timed out']);
    expect(body.message).toContain('a range shorter than 324 days');
    expect(body.message).toContain('a granularity above minute');
  });
});
