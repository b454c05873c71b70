import type { Condition } from '@tracehouse/contract/filter';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { at, filter, type Harness, openHarness, type Project } from '../harness.ts';

let harness: Harness;
let project: Project;

/** Four traces that differ in everything a filter can ask for; `d` says nothing at all. */
beforeAll(async () => {
  harness = await openHarness();
  project = await harness.project('filters');
  await project.store(
    [
      {
        id: 'a1',
        traceId: 'a',
        name: 'chat',
        traceName: 'chat',
        userId: 'ada',
        sessionId: 's1',
        tags: ['x', 'y'],
        release: 'r1',
        version: 'v1',
        environment: 'production',
        level: 'ERROR',
        statusMessage: 'timeout of model',
        metadata: { tenant: 'acme', n: '1' },
        traceMetadata: { plan: 'free' },
        lasts: 4,
        output: 'order sent',
      },
      {
        id: 'a2',
        traceId: 'a',
        parentId: 'a1',
        type: 'GENERATION',
        model: 'gpt-4o',
        provider: 'openai',
        at: 1,
        completionStartTime: at(1.5),
        lasts: 2,
        usage: { input: 100, output: 20, total: 120 },
        cost: { input: '0.1', output: '0.2' },
        totalCost: '0.3',
        promptName: 'p',
        promptVersion: 2,
        toolCallNames: ['search'],
        toolCalls: ['{}'],
        toolDefinitions: { search: '{}', fetch: '{}' },
        output: 'refund sent',
        attributes: { 'http.method': 'POST' },
      },
      {
        id: 'b1',
        traceId: 'b',
        name: 'chat-long',
        traceName: 'chat-long',
        userId: 'lin',
        tags: ['y'],
        environment: 'staging',
        at: 100,
        lasts: 10,
        level: 'WARNING',
        metadata: { tenant: 'other', nested: '{"deep":{"k":"v"}}' },
        bookmarked: true,
        public: true,
        promptName: 'p',
        promptVersion: 3,
      },
      {
        id: 'b2',
        traceId: 'b',
        parentId: 'b1',
        type: 'GENERATION',
        model: 'claude',
        provider: 'anthropic',
        at: 101,
        usage: { input: 5, output: 5, total: 10 },
        cost: { input: '0.01', output: '0.01' },
        totalCost: '0.02',
        input: 'refund?',
        promptName: 'q',
        promptVersion: 2,
      },
      {
        id: 'c1',
        traceId: 'c',
        name: 'tool',
        traceName: 'tool',
        type: 'TOOL',
        userId: 'ada',
        at: 200,
        lasts: 0.5,
        level: 'DEBUG',
      },
      { id: 'd1', traceId: 'd', name: '', at: 300 },
    ],
    [
      { traceId: 'a', name: 'helpful', value: 0.9 },
      { traceId: 'b', name: 'helpful', value: 0.2 },
      { traceId: 'a', observationId: 'a2', name: 'tone', dataType: 'CATEGORICAL', stringValue: 'polite', value: 0 },
      { traceId: 'b', name: 'ok', dataType: 'BOOLEAN', value: 1, stringValue: 'True' },
    ],
  );
});
afterAll(() => harness.close());

const idsOf = async (path: string): Promise<string> => {
  const { status, body } = await project.get(path);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.data
    .map(({ id }: { id: string }) => id)
    .toSorted()
    .join(' ');
};

// oxfmt-ignore
const traceCases: [condition: Condition, traces: string][] = [
  [{ type: 'string', column: 'name', operator: '=', value: 'chat' }, 'a'],
  [{ type: 'string', column: 'name', operator: 'contains', value: 'HAT' }, 'a b'],
  [{ type: 'string', column: 'name', operator: 'contains', value: 'hat' }, 'a b'],
  [{ type: 'string', column: 'traceName', operator: 'does not contain', value: 'chat' }, 'c d'],
  [{ type: 'string', column: 'name', operator: 'starts with', value: 'chat' }, 'a b'],
  [{ type: 'string', column: 'name', operator: 'ends with', value: 'long' }, 'b'],
  [{ type: 'string', column: 'id', operator: '=', value: 'c' }, 'c'],
  [{ type: 'stringOptions', column: 'userId', operator: 'any of', value: ['ada', 'nobody'] }, 'a c'],
  [{ type: 'stringOptions', column: 'userId', operator: 'none of', value: ['ada'] }, 'b d'],
  [{ type: 'stringOptions', column: 'environment', operator: 'any of', value: ['production', 'staging'] }, 'a b'],
  [{ type: 'string', column: 'sessionId', operator: '=', value: 's1' }, 'a'],
  [{ type: 'string', column: 'release', operator: '=', value: 'r1' }, 'a'],
  [{ type: 'string', column: 'version', operator: '=', value: 'v1' }, 'a'],
  [{ type: 'arrayOptions', column: 'traceTags', operator: 'any of', value: ['x', 'y'] }, 'a b'],
  [{ type: 'arrayOptions', column: 'tags', operator: 'all of', value: ['x', 'y'] }, 'a'],
  [{ type: 'arrayOptions', column: 'tags', operator: 'none of', value: ['y'] }, 'c d'],
  [{ type: 'arrayOptions', column: 'providers', operator: 'any of', value: ['openai'] }, 'a'],
  [{ type: 'number', column: 'latency', operator: '>', value: 3 }, 'a b'],
  [{ type: 'number', column: 'latency', operator: '<=', value: 0.5 }, 'c'],
  [{ type: 'number', column: 'totalCost', operator: '>=', value: 0.3 }, 'a'],
  [{ type: 'number', column: 'inputCost', operator: '>', value: 0.05 }, 'a'],
  [{ type: 'number', column: 'totalTokens', operator: '=', value: 10 }, 'b'],
  [{ type: 'number', column: 'inputTokens', operator: '>', value: 50 }, 'a'],
  [{ type: 'number', column: 'errorCount', operator: '>', value: 0 }, 'a'],
  [{ type: 'number', column: 'warningCount', operator: '=', value: 1 }, 'b'],
  [{ type: 'stringOptions', column: 'level', operator: 'any of', value: ['ERROR'] }, 'a'],
  [{ type: 'boolean', column: 'bookmarked', operator: '=', value: true }, 'b'],
  [{ type: 'boolean', column: 'bookmarked', operator: '<>', value: true }, 'a c d'],
  [{ type: 'datetime', column: 'timestamp', operator: '>=', value: '2026-11-20T10:03:20.000Z' }, 'c d'],
  [{ type: 'stringObject', column: 'metadata', key: 'tenant', operator: '=', value: 'acme' }, 'a'],
  [{ type: 'stringObject', column: 'metadata', key: 'plan', operator: 'contains', value: 're' }, 'a'],
  [{ type: 'stringObject', column: 'metadata', key: 'nested.deep.k', operator: '=', value: 'v' }, 'b'],
  [{ type: 'numberObject', column: 'scores_avg', key: 'helpful', operator: '>=', value: 0.5 }, 'a'],
  [{ type: 'categoryOptions', column: 'score_categories', key: 'tone', operator: 'any of', value: ['polite'] }, 'a'],
  [{ type: 'booleanObject', column: 'score_booleans', key: 'ok', operator: '=', value: true }, 'b'],
  [{ type: 'null', column: 'userId', operator: 'is null', value: '' }, 'd'],
  [{ type: 'null', column: 'userId', operator: 'is not null', value: '' }, 'a b c'],
];

test.each(traceCases)('traces: %j', async (condition, traces) => {
  expect(await idsOf(`/traces?${filter(condition)}`)).toBe(traces);
});

// oxfmt-ignore
const observationCases: [condition: Condition, observations: string][] = [
  [{ type: 'stringOptions', column: 'type', operator: 'any of', value: ['GENERATION'] }, 'a2 b2'],
  [{ type: 'string', column: 'name', operator: 'starts with', value: 'chat' }, 'a1 b1'],
  [{ type: 'string', column: 'traceName', operator: '=', value: 'chat' }, 'a1 a2'],
  [{ type: 'string', column: 'userId', operator: '=', value: 'lin' }, 'b1 b2'],
  [{ type: 'string', column: 'sessionId', operator: '=', value: 's1' }, 'a1 a2'],
  [{ type: 'arrayOptions', column: 'traceTags', operator: 'all of', value: ['x', 'y'] }, 'a1 a2'],
  [{ type: 'stringOptions', column: 'providedModelName', operator: 'any of', value: ['gpt-4o'] }, 'a2'],
  [{ type: 'stringOptions', column: 'provider', operator: 'any of', value: ['anthropic'] }, 'b2'],
  [{ type: 'stringOptions', column: 'level', operator: 'none of', value: ['DEFAULT'] }, 'a1 b1 c1'],
  [{ type: 'string', column: 'statusMessage', operator: 'contains', value: 'timeout' }, 'a1'],
  [{ type: 'number', column: 'latency', operator: '>', value: 3 }, 'a1 b1'],
  [{ type: 'number', column: 'timeToFirstToken', operator: '<', value: 1 }, 'a2'],
  [{ type: 'number', column: 'totalCost', operator: '>', value: 0.1 }, 'a2'],
  [{ type: 'number', column: 'totalTokens', operator: '<', value: 50 }, 'a1 b1 b2 c1 d1'],
  [{ type: 'string', column: 'promptName', operator: '=', value: 'p' }, 'a2 b1'],
  [{ type: 'number', column: 'promptVersion', operator: '=', value: 2 }, 'a2 b2'],
  [{ type: 'arrayOptions', column: 'toolNames', operator: 'any of', value: ['fetch'] }, 'a2'],
  [{ type: 'arrayOptions', column: 'calledToolNames', operator: 'any of', value: ['search'] }, 'a2'],
  [{ type: 'string', column: 'parentObservationId', operator: '=', value: 'a1' }, 'a2'],
  [{ type: 'boolean', column: 'isRootObservation', operator: '=', value: true }, 'a1 b1 c1 d1'],
  [{ type: 'datetime', column: 'startTime', operator: '<', value: '2026-11-20T10:01:00.000Z' }, 'a1 a2'],
  [{ type: 'stringObject', column: 'metadata', key: 'attributes.http.method', operator: '=', value: 'POST' }, 'a2'],
  [{ type: 'stringObject', column: 'metadata', key: 'tenant', operator: '=', value: 'acme' }, 'a1'],
  [{ type: 'stringObject', column: 'metadata', key: 'plan', operator: '=', value: 'free' }, 'a1 a2'],
  [{ type: 'numberObject', column: 'trace_scores_avg', key: 'helpful', operator: '<', value: 0.5 }, 'b1 b2'],
  [{ type: 'string', column: 'output', operator: 'contains', value: 'refund' }, 'a2'],
  [{ type: 'null', column: 'parentObservationId', operator: 'is null', value: '' }, 'a1 b1 c1 d1'],
  [{ type: 'positionInTrace', column: 'positionInTrace', key: 'last', operator: '=' }, 'a2 b2 c1 d1'],
];

test.each(observationCases)('observations, v1 and v2: %j', async (condition, observations) => {
  expect(await idsOf(`/v2/observations?${filter(condition)}`)).toBe(observations);
  expect(await idsOf(`/observations?${filter(condition)}`)).toBe(observations);
});

test('v2 searches input, output and metadata for what `matches`', async () => {
  expect(
    await idsOf(
      `/v2/observations?${filter({ type: 'string', column: 'input', operator: 'matches', value: 'refund' })}`,
    ),
  ).toBe('b2');
});

test('all conditions hold at once', async () => {
  const conditions = [traceCases[0]![0], { type: 'number', column: 'totalCost', operator: '<', value: 0.1 }];
  expect(await idsOf(`/traces?${filter(...conditions)}`)).toBe('');
});

describe('filter text', () => {
  test.each([
    ['level:ERROR', 'a'],
    ['-level:ERROR', 'b c d'],
    ['user:ada', 'a c'],
    ['-user:ada', 'b d'],
    ['user:*', 'a b c'],
    ['-user:*', 'd'],
    ['tags:x tags:y', 'a'],
    ['tags:x,y', 'a b'],
    ['name:chat*', 'a b'],
    ['-name:chat*', 'c d'],
    ['latency:>3s', 'a b'],
    ['latency:1s..5s', 'a d'],
    ['cost:>0.1', 'a'],
    ['tokens:>50', 'a'],
    ['model:gpt-4o,claude', 'a b'],
    ['-model:gpt-4o', 'b c d'],
    ['metadata.tenant:acme', 'a'],
    ['-metadata.tenant:acme', 'b c d'],
    ['score.helpful:>=0.5', 'a'],
    ['score.tone:polite', 'a'],
    ['status:*timeout*', 'a'],
    ['is:starred', 'b'],
    ['has:error', 'a'],
    ['output:order', 'a'],
    ['refund', 'a b'],
    ['-refund', 'c d'],
    ['user:ada level:ERROR', 'a'],
    ['prompt:p', 'a b'],
    ['prompt.version:2', 'a b'],
    ['prompt:p prompt.version:2', 'a'],
    ['prompt:p prompt.version:>2', 'b'],
    ['prompt.version:*', 'a b'],
  ])('%s finds the traces %j', async (q, traces) => {
    const found = await project.everyPage(`/x/traces?q=${encodeURIComponent(q)}`);
    expect(
      found
        .map(({ id }) => id)
        .toSorted()
        .join(' '),
    ).toBe(traces);
    const { status, body } = await project.get(`/x/histogram?q=${encodeURIComponent(q)}`);
    expect([status, body.totals?.traces]).toEqual([200, traces.split(' ').length]);
  });
});

describe('what a trace says beside a range counts in it', () => {
  const HOUR = 3600;
  const iso = (hours: number): string => new Date(at(hours * HOUR) / 1000).toISOString();
  let beside: Project;
  beforeAll(async () => {
    beside = await harness.project('beside');
    await beside.store([
      { id: 'a1', traceId: 'a', at: -20 * HOUR, userId: 'ada', metadata: { tenant: 'acme' }, tags: ['x'] },
      { id: 'a2', traceId: 'a', at: 0 },
      { id: 'b1', traceId: 'b', at: 10 },
      { id: 'b2', traceId: 'b', at: 20 * HOUR, userId: 'ada', traceMetadata: { tenant: 'acme' }, tags: ['x'] },
      { id: 'c1', traceId: 'c', at: 20, userId: 'ada', metadata: { tenant: 'acme' }, tags: ['x'] },
      { id: 'd1', traceId: 'd', at: -20 * HOUR, userId: 'ada', metadata: { tenant: 'acme' }, tags: ['x'] },
      { id: 'e1', traceId: 'e', at: 30, userId: 'lin', metadata: { tenant: 'other' }, tags: ['y'] },
      { id: 'f', traceId: 'f', kind: 'trace', source: 'json', at: 40 },
      { id: 'f1', traceId: 'f', at: -20 * HOUR, userId: 'ada', traceMetadata: { tenant: 'acme' }, tags: ['x'] },
      // The event outweighs what its observation says.
      {
        id: 'g',
        traceId: 'g',
        kind: 'trace',
        source: 'json',
        at: 50,
        userId: 'lin',
        traceMetadata: { tenant: 'other' },
      },
      { id: 'g1', traceId: 'g', at: 51, userId: 'ada', metadata: { tenant: 'acme' }, totalCost: '5' },
    ]);
  });

  const asked = ['user:ada', 'tags:x', 'metadata.tenant:acme'].flatMap((q) =>
    ['', '&sort=-cost'].map((sort) => `q=${q}${sort}`),
  );
  test.each(asked)('traces: %s', async (query) => {
    const found = async (range: string): Promise<string[]> =>
      (await beside.everyPage(`/x/traces?${range}&limit=2&${query}`)).map(({ id }) => id).toSorted();
    expect(await found(`from=${iso(-1)}&to=${iso(1)}`)).toEqual(['b', 'c', 'f']);
    expect(await found(`from=${iso(-1)}`)).toEqual(['b', 'c', 'f']);
    expect(await found(`from=${iso(-100)}`)).toEqual(['a', 'b', 'c', 'd', 'f']);
    expect(await found(`to=${iso(-1)}`)).toEqual(['a', 'd']);
  });

  test('observations, by the user of their trace', async () => {
    const ofAda = filter({ type: 'string', column: 'userId', operator: '=', value: 'ada' });
    const found = async (range: string): Promise<string[]> =>
      (await beside.everyPage(`/v2/observations?${range}&${ofAda}`)).map(({ id }) => id).toSorted();
    expect(await found(`fromStartTime=${iso(-1)}&toStartTime=${iso(1)}`)).toEqual(['a2', 'b1', 'c1']);
    expect(await found(`fromStartTime=${iso(-1)}`)).toEqual(['a2', 'b1', 'b2', 'c1']);
  });
});

describe('bounds that no row can reach', () => {
  const [always, never] = ['0001-01-01T00:00:00Z', '9999-12-31T23:59:59Z'];
  test.each([
    ['/traces?fromTimestamp=A&toTimestamp=N', '/traces?fromTimestamp=N', '/traces?toTimestamp=A'],
    ['/observations?fromStartTime=A&toStartTime=N', '/observations?fromStartTime=N', '/observations?toStartTime=A'],
    [
      '/v2/observations?fromStartTime=A&toStartTime=N',
      '/v2/observations?fromStartTime=N',
      '/v2/observations?toStartTime=A',
    ],
    ['/x/traces?from=A&to=N', '/x/traces?from=N', '/x/traces?to=A'],
  ])('%s', async (all, ...none) => {
    const at = (path: string): string => path.replace('=A', `=${always}`).replace('=N', `=${never}`);
    expect(await idsOf(at(all))).not.toBe('');
    for (const path of none) expect(await idsOf(at(path))).toBe('');
  });

  test('the histogram, a filter and a session take them too; a page that cannot be is refused', async () => {
    const answers = [
      `/x/histogram?from=${always}&to=${never}`,
      `/x/histogram?from=${never}`,
      `/traces?${filter({ type: 'datetime', column: 'timestamp', operator: '>', value: always })}`,
      `/sessions?fromTimestamp=${always}&toTimestamp=${never}`,
    ];
    for (const path of answers) expect((await project.get(path)).status, path).toBe(200);
    for (const list of ['/traces', '/observations', '/sessions']) {
      expect((await project.get(`${list}?page=9007199254740991`)).status, list).toBe(400);
    }
  });
});

describe('what is no filter is refused, and says why', () => {
  test.each([
    [
      'an unknown column',
      [{ type: 'string', column: 'zzz', operator: '=', value: 'x' }],
      'Column zzz does not match a UI / CH table mapping.',
    ],
    ['an unknown operator', [{ type: 'string', column: 'name', operator: '~', value: 'x' }], 'Invalid request data'],
    ['no list', { a: 1 }, 'Invalid request data'],
    [
      'a prototype name',
      [{ type: 'string', column: '__proto__', operator: '=', value: 'x' }],
      'Column __proto__ does not match a UI / CH table mapping.',
    ],
    [
      'an inherited name',
      [{ type: 'string', column: 'constructor', operator: '=', value: 'x' }],
      'Column constructor does not match a UI / CH table mapping.',
    ],
  ])('%s', async (_what, value, message) => {
    for (const list of ['/traces', '/observations', '/v2/observations']) {
      const answer = await project.get(`${list}?filter=${encodeURIComponent(JSON.stringify(value))}`);
      expect([answer.status, answer.body.message], list).toEqual([400, message]);
    }
  });

  test('no JSON', async () => {
    expect((await project.get('/traces?filter=abc')).body).toEqual({
      message: 'Invalid JSON in filter parameter',
      error: 'InvalidRequestError',
    });
  });
});
