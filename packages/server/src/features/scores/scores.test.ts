import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { at, filter, type Harness, openHarness, type Project } from '../harness.ts';

let harness: Harness;
let project: Project;

const TIME = (seconds: number): string => new Date(at(seconds) / 1000).toISOString();

beforeAll(async () => {
  harness = await openHarness();
  project = await harness.project('reads');
  await project.store([
    { id: 'root', traceId: 't', userId: 'ann', tags: ['a', 'b'], sessionId: 's' },
    { id: 'other', traceId: 'u', userId: 'bob', tags: ['b'] },
  ]);
  const score = (id: string, second: number, rest: object) => ({ id, name: id, timestamp: TIME(second), ...rest });
  const sent = [
    score('number', 1, {
      traceId: 't',
      value: 0.5,
      environment: 'staging',
      comment: 'why',
      metadata: { a: 1, b: 'x' },
    }),
    score('label', 2, { traceId: 't', observationId: 'root', value: 'good' }),
    score('yes', 3, { traceId: 't', value: true }),
    score('words', 4, { traceId: 'u', value: 'in words', dataType: 'TEXT' }),
    score('right', 5, { traceId: 't', observationId: 'root', value: '{"a":1}', dataType: 'CORRECTION' }),
    score('session', 6, { sessionId: 's', value: 3 }),
    score('run', 7, { datasetRunId: 'r', value: 4 }),
    score('early', 8, { traceId: 'not there yet', value: 9 }),
  ];
  await project.post('/scores', sent);
});
afterAll(() => harness.close());

const ids = async (path: string): Promise<string[]> => {
  const { status, body } = await project.get(path);
  expect(status, `${path}: ${JSON.stringify(body)}`).toBe(200);
  return body.data.map(({ id }: { id: string }) => (id === 'output' ? 'right' : id));
};

describe('v1 and v2', () => {
  test('v1 lists scores of traces that are there, v2 those of sessions and runs too, each newest first', async () => {
    expect(await ids('/scores')).toEqual(['words', 'yes', 'label', 'number']);
    expect(await ids('/v2/scores')).toEqual(['run', 'session', 'right', 'words', 'yes', 'label', 'number']);
    expect(await ids('/v2/scores?fields=score')).toEqual([
      'early',
      'run',
      'session',
      'right',
      'words',
      'yes',
      'label',
      'number',
    ]);
  });

  test('a page has totals, and its scores what they say of their trace', async () => {
    const { body } = await project.get('/v2/scores?limit=3&page=2');
    expect(body.meta).toEqual({ page: 2, limit: 3, totalItems: 7, totalPages: 3 });
    expect(body.data).toMatchObject([
      {
        id: 'words',
        stringValue: 'in words',
        dataType: 'TEXT',
        trace: { userId: 'bob', tags: ['b'], sessionId: null },
      },
      { id: 'yes', value: 1, stringValue: 'True', trace: { userId: 'ann', sessionId: 's', environment: 'default' } },
      { id: 'label', value: 0, stringValue: 'good', observationId: 'root' },
    ]);
    expect(body.data[0]).not.toHaveProperty('value');
  });

  test.each([
    ['name=number', ['number']],
    ['environment=staging', ['number']],
    ['dataType=BOOLEAN', ['yes']],
    ['source=EVAL', []],
    ['operator=%3E%3D&value=1', ['run', 'session', 'yes']],
    ['operator=!%3D&value=0&dataType=NUMERIC', ['run', 'session', 'number']],
    ['value=1', ['run', 'session', 'right', 'words', 'yes', 'label', 'number']],
    ['scoreIds=number,words,nope', ['words', 'number']],
    ['traceId=t', ['right', 'yes', 'label', 'number']],
    ['observationId=root,none', ['right', 'label']],
    ['sessionId=s', ['session']],
    ['datasetRunId=r', ['run']],
    ['userId=ann', ['right', 'yes', 'label', 'number']],
    ['traceTags=b&traceTags=a', ['right', 'yes', 'label', 'number']],
    [`fromTimestamp=${TIME(2)}&toTimestamp=${TIME(4)}`, ['yes', 'label']],
    [filter({ type: 'stringObject', column: 'metadata', key: 'a', operator: '=', value: '1' }), ['number']],
    [filter({ type: 'string', column: 'comment', operator: 'contains', value: 'WH' }), ['number']],
    [filter({ type: 'number', column: 'value', operator: '>', value: 3 }), ['run']],
    [filter({ type: 'stringOptions', column: 'userId', operator: 'any of', value: ['bob'] }), ['words']],
    ['page=3&limit=3', ['number']],
  ])('v2 ?%s', async (query, expected) => {
    expect(await ids(`/v2/scores?${query}`)).toEqual(expected);
  });

  test('one score is read by its id; v1 knows no score of a session, and no correction', async () => {
    expect((await project.get('/v2/scores/session')).body).toMatchObject({ sessionId: 's', traceId: null, value: 3 });
    expect((await project.get('/v2/scores/right')).body).toMatchObject({ name: 'output', stringValue: '{"a":1}' });
    expect((await project.get('/scores/number')).body).toMatchObject({ metadata: { a: 1, b: 'x' }, comment: 'why' });
    for (const path of ['/scores/session', '/scores/right', '/scores/nope', '/v2/scores/nope']) {
      expect(await project.get(path)).toMatchObject({ status: 404, body: { message: 'Score not found' } });
    }
  });

  test('what cannot be is refused', async () => {
    expect((await project.get('/v2/scores?fields=trace')).body.message).toBe('Scores needs to be selected always.');
    expect((await project.get('/scores?operator=LIKE&value=1')).status).toBe(400);
    expect((await project.get('/scores?dataType=FOO')).status).toBe(400);
    expect((await project.get('/scores?filter=abc')).body.message).toBe('Invalid JSON in filter parameter');
  });
});

describe('v3', () => {
  test('pages follow each other by cursor without a gap or a repetition', async () => {
    const seen: string[] = [];
    let cursor = '';
    for (let pages = 0; pages < 5; pages += 1) {
      const { body } = await project.get(`/v3/scores?limit=3${cursor && `&cursor=${cursor}`}`);
      seen.push(...body.data.map(({ id }: { id: string }) => id));
      cursor = body.meta.cursor ?? '';
      if (cursor === '') break;
    }
    expect(seen).toEqual(['early', 'run', 'session', 'right', 'words', 'yes', 'label', 'number']);
  });

  test('scores of one microsecond are shared out between pages', async () => {
    const crowd = await harness.project('crowd');
    const timestamp = TIME(0);
    await crowd.post(
      '/scores',
      ['a', 'b', 'c'].map((id) => ({ id, traceId: 't', name: 'n', value: 1, timestamp })),
    );
    const first = (await crowd.get('/v3/scores?limit=2')).body;
    const second = (await crowd.get(`/v3/scores?limit=2&cursor=${first.meta.cursor}`)).body;
    expect([...first.data, ...second.data].map(({ id }) => id)).toEqual(['c', 'b', 'a']);
    expect(second.meta).toEqual({ limit: 2 });
  });

  test('a value is of its type, and a subject says what it is about', async () => {
    const { data } = (await project.get('/v3/scores?fields=core,subject')).body;
    expect(data.map(({ value, subject }: { value: unknown; subject: unknown }) => [value, subject])).toEqual([
      [9, { kind: 'trace', id: 'not there yet' }],
      [4, { kind: 'experiment', id: 'r' }],
      [3, { kind: 'session', id: 's' }],
      ['{"a":1}', { kind: 'observation', id: 'root', traceId: 't' }],
      ['in words', { kind: 'trace', id: 'u' }],
      [true, { kind: 'trace', id: 't' }],
      ['good', { kind: 'observation', id: 'root', traceId: 't' }],
      [0.5, { kind: 'trace', id: 't' }],
    ]);
  });

  test.each([
    ['id=number,words', ['words', 'number']],
    ['name=number,yes', ['yes', 'number']],
    ['dataType=numeric&source=api', ['early', 'run', 'session', 'number']],
    ['dataType=NUMERIC&valueMin=0.5&valueMax=3', ['session', 'number']],
    ['dataType=NUMERIC&value=3,4', ['run', 'session']],
    ['dataType=BOOLEAN&value=true', ['yes']],
    ['dataType=BOOLEAN&value=false', []],
    ['dataType=CATEGORICAL&value=good', ['label']],
    ['traceId=t&observationId=root', ['right', 'label']],
    ['traceId=t,u', ['right', 'words', 'yes', 'label', 'number']],
    ['sessionId=s', ['session']],
    ['experimentId=r', ['run']],
    ['environment=staging', ['number']],
    [`fromTimestamp=${TIME(7)}`, ['early', 'run']],
  ])('?%s', async (query, expected) => {
    expect(await ids(`/v3/scores?${query}`)).toEqual(expected);
  });

  test.each([
    'userId=ann',
    'traceTags=a',
    'page=2',
    'fields=foo',
    'observationId=root',
    'traceId=t&sessionId=s',
    'valueMin=1',
    'value=good',
    'dataType=NUMERIC,BOOLEAN&value=1',
    'dataType=NUMERIC&value=good',
    'dataType=TEXT&value=a',
    'limit=101',
    'cursor=garbage',
    `cursor=${Buffer.from('{"v":1,"lastTimestamp":"now","lastId":"a"}').toString('base64url')}`,
  ])('?%s is refused', async (query) => {
    expect((await project.get(`/v3/scores?${query}`)).status).toBe(400);
  });
});

describe('a score that changes', () => {
  test('is the last one sent, with the time it first had, also where both have the same time', async () => {
    const again = await harness.project('again');
    const score = { id: 's', traceId: 't', name: 'n', timestamp: TIME(0) };
    for (const value of [3, 1, 2]) await again.post('/scores', { ...score, value });
    await again.post('/scores', { ...score, value: 7, timestamp: TIME(9000) });
    expect((await again.get('/v3/scores')).body.data).toMatchObject([{ id: 's', value: 7, timestamp: TIME(0) }]);
    await again.post(
      '/scores',
      [8, 6, 9].map((value) => ({ ...score, value })),
    );
    expect((await again.get('/v3/scores')).body.data).toMatchObject([{ value: 9 }]);
  });

  test('is one in every list, also where an earlier event moves its time to another hour', async () => {
    const moving = await harness.project('moving');
    const send = (value: number, timestamp: string) => {
      const body = { id: 's', traceId: 't', name: 'n', value };
      return moving.post('/ingestion', { batch: [{ id: `e${value}`, type: 'score-create', timestamp, body }] });
    };
    await send(1, TIME(7200));
    await send(2, TIME(0));
    await send(3, TIME(7300));
    const { data } = (await moving.get('/v3/scores')).body;
    expect(data).toMatchObject([{ id: 's', value: 3, timestamp: TIME(0) }]);
    expect((await moving.get('/v2/scores?fields=score')).body.meta.totalItems).toBe(1);
    expect((await moving.get(`/v3/scores?fromTimestamp=${TIME(3600)}`)).body.data).toEqual([]);
  });

  test('deleted is gone from every read at once, and can be given again', async () => {
    const gone = await harness.project('gone');
    await gone.store([{ id: 'root', traceId: 't' }]);
    await gone.post('/scores', { id: 's/1', traceId: 't', name: 'n', value: 1, comment: 'secret' });
    const path = `/scores/${encodeURIComponent('s/1')}`;
    const answer = { status: 202, body: { message: 'Score deletion queued successfully' } };
    expect(await gone.delete(path)).toMatchObject(answer);
    expect((await gone.get(path)).status).toBe(404);
    expect((await gone.get('/v3/scores')).body.data).toEqual([]);
    expect((await gone.get('/v3/scores?traceId=t')).body.data).toEqual([]);
    expect((await gone.get('/v2/scores')).body.meta.totalItems).toBe(0);
    expect((await gone.get('/traces/t')).body.scores).toEqual([]);
    expect(await gone.delete(path)).toMatchObject(answer);
    await gone.post('/scores', { id: 's/1', traceId: 't', name: 'n', value: 2 });
    expect((await gone.get(path)).body).toMatchObject({ value: 2, comment: null });
  });

  test('goes with its trace', async () => {
    const gone = await harness.project('with-trace');
    await gone.store([{ id: 'root', traceId: 't' }]);
    await gone.post('/scores', [
      { id: 'a', traceId: 't', name: 'n', value: 1 },
      { id: 'b', sessionId: 't', name: 'n', value: 1 },
    ]);
    await gone.delete('/traces/t');
    expect((await gone.get('/v3/scores')).body.data).toMatchObject([{ id: 'b' }]);
    expect((await gone.get('/v3/scores?sessionId=t')).body.data).toMatchObject([{ id: 'b' }]);
    expect((await gone.get('/v2/scores/a')).status).toBe(404);
  });
});

test('a page of scores reads the hours it needs, not the project', async () => {
  const plan = await harness.clickhouse.rows<{ explain: string }>(harness.sql`
    EXPLAIN indexes = 1
    SELECT id FROM score_times FINAL
    WHERE project_id = 'reads' AND timestamp >= now64(6) - INTERVAL 1 HOUR
      AND toStartOfHour(timestamp) >= toStartOfHour(now64(6) - INTERVAL 1 HOUR)`);
  expect(plan.map(({ explain }) => explain).join('\n')).toMatch(/toStartOfHour\(timestamp\)/);
});
