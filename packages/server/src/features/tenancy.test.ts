import { RoleSyncCounts } from '@tracehouse/contract/x-role-sync-runs';
import { afterAll, beforeAll, expect, test } from 'vitest';
// Of every route that is served: ../tenancy.test.ts. Here is what single features may leak.
import { clickhouse } from '../stores/clickhouse/sql.ts';
import { filter, type Harness, openHarness, type Project, type Sample } from './harness.ts';

let harness: Harness;
let ours: Project;
let theirs: Project;

/** The same ids on both sides; every text names its owner. */
const rows = (owner: string): Sample[] => [
  {
    id: 'root',
    name: `root of ${owner}`,
    userId: `user of ${owner}`,
    sessionId: 'session',
    tags: [owner],
    input: `input of ${owner}`,
    metadata: { owner },
  },
  {
    id: 'call',
    parentId: 'root',
    name: `call of ${owner}`,
    type: 'GENERATION',
    model: 'm',
    totalCost: owner === 'ours' ? '1' : '987654',
    output: `output of ${owner}`,
  },
  { id: 't', kind: 'trace', traceName: `trace of ${owner}`, source: 'json' },
];

beforeAll(async () => {
  harness = await openHarness();
  ours = await harness.project('ours');
  theirs = await harness.project('theirs');
  for (const project of [theirs, ours]) {
    await project.post('/score-configs', { name: `config of ${project.id}`, dataType: 'NUMERIC' });
    await project.post('/v2/prompts', { name: 'prompt', prompt: `prompt of ${project.id}`, labels: ['production'] });
    await project.store(rows(project.id), [{ id: 'score', name: `score of ${project.id}`, comment: project.id }]);
  }
});
afterAll(() => harness.close());

const counted = (view: string, ...fields: string[]): string => {
  const dimensions = fields.map((field) => ({ field }));
  const range = { fromTimestamp: '2026-01-01T00:00:00Z', toTimestamp: '2027-01-01T00:00:00Z' };
  const metrics = [{ measure: 'count', aggregation: 'count' }];
  return `query=${encodeURIComponent(JSON.stringify({ view, metrics, dimensions, ...range }))}`;
};

const reads = [
  `/metrics?${counted('traces', 'name', 'userId')}`,
  `/metrics?${counted('observations', 'name', 'traceName', 'userId', 'tags')}`,
  `/v2/metrics?${counted('scores-numeric', 'name', 'traceName', 'observationName')}`,
  '/traces',
  '/traces/t',
  '/traces?orderBy=totalCost.desc',
  `/traces?${filter({ type: 'numberObject', column: 'scores_avg', key: 'score of theirs', operator: '>=', value: 0 })}`,
  '/observations',
  '/observations/call',
  '/v2/observations?fields=core,basic,time,io,metadata,model,usage,prompt,metrics,trace_context',
  '/v2/observations?traceId=t&userId=user%20of%20theirs',
  '/sessions',
  '/sessions/session',
  '/x/traces',
  '/x/traces?q=theirs',
  '/x/traces?sort=-cost',
  '/x/histogram',
  '/x/search?text=of',
  '/x/search?text=of&traceId=t',
  '/x/facets?field=name&field=user&field=model&field=tags&field=metadata&field=score',
  '/x/facets?of=observations&field=name&field=user&field=tags&field=metadata&field=score',
  '/x/traces/t',
  '/x/observations/call?traceId=t',
  '/x/receipts',
  '/score-configs',
  '/v2/prompts',
  '/v2/prompts/prompt',
  '/prompts?name=prompt',
  '/x/prompts',
  '/x/prompts?q=theirs',
  '/x/prompt?name=prompt',
  '/x/prompt-version?name=prompt&version=1',
  '/scores',
  '/scores/score',
  '/v2/scores',
  '/v2/scores?userId=user%20of%20theirs',
  '/v2/scores/score',
  '/v3/scores?fields=core,details,subject',
  '/v3/scores?traceId=t',
  '/v3/scores?id=score',
  '/models',
  '/x/models',
  '/x/jobs',
  '/x/called-models',
];

test.each(reads)('GET %s shows nothing of the other project', async (path) => {
  const { status, body } = await ours.get(path);
  expect(status).toBe(200);
  expect(JSON.stringify(body)).not.toMatch(/theirs|987654/);
});

test('models of the other project price nothing, are not listed, read or deleted', async () => {
  const model = { matchPattern: '^shared$', unit: 'TOKENS', inputPrice: 987654 };
  const { id } = (await theirs.post('/models', { modelName: '!theirs', ...model })).body;
  await ours.post('/ingestion', {
    batch: [
      {
        id: 'priced',
        type: 'generation-create',
        timestamp: '2026-11-20T10:20:00.000Z',
        body: { id: 'priced', traceId: 'priced', model: 'shared', usageDetails: { input: 1 } },
      },
    ],
  });
  expect((await ours.get('/observations/priced')).body).toMatchObject({ modelId: null, costDetails: {} });
  expect(JSON.stringify((await ours.get('/models')).body)).not.toContain('theirs');
  expect((await ours.get(`/models/${id}`)).status).toBe(404);
  expect((await ours.delete(`/models/${id}`)).status).toBe(404);
  expect((await theirs.get(`/models/${id}`)).status).toBe(200);
});

test('runs of role-sync of the other organization are not listed, and no project sees any', async () => {
  const [us, them] = [await harness.organization('us'), await harness.organization('theirs')];
  const counts = Object.fromEntries(Object.keys(RoleSyncCounts.shape).map((name) => [name, 0]));
  const run = {
    startedAt: '2026-11-20T10:00:00.000Z',
    durationMs: 1,
    result: 'failed',
    dryRun: false,
    problems: [],
    counts,
  };
  expect((await them.request('POST', '/x/role-sync-runs', { ...run, message: 'theirs' })).status).toBe(201);
  expect((await us.request('GET', '/x/role-sync-runs')).body).toEqual({ data: [] });
  expect((await them.request('GET', '/x/role-sync-runs')).body.data).toHaveLength(1);
  const { publicKey, secretKey } = await harness.keys.create({ projectId: 'ours' });
  const authorization = `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString('base64')}`;
  expect((await ours.send('/x/role-sync-runs', JSON.stringify(run), { authorization })).status).toBe(403);
});

test('jobs, recalculations and changes of models of the other project are not to be had', async () => {
  const model = { modelName: '!recalculated', matchPattern: '^m$', unit: 'TOKENS', inputPrice: 987654 };
  const { id } = (await theirs.post('/models', model)).body;
  const before = (await theirs.get('/traces/t')).body;
  const put = await ours.request('PUT', `/x/models/${id}`, { ...model, modelName: 'ours' });
  expect(put.status).toBe(404);
  expect((await ours.post('/x/model-matches', { names: ['m'] })).body.data).toEqual([
    { name: 'm', matches: false, pricedBy: null },
  ]);
  const job = (await ours.post('/x/recalculations', { modelId: id })).body;
  expect(job).toMatchObject({ state: 'queued' });
  expect((await theirs.get(`/x/jobs/${job.id}`)).status).toBe(404);
  expect((await theirs.post(`/x/jobs/${job.id}/cancel`, {})).status).toBe(404);
  expect((await theirs.get('/x/jobs')).body.data).toEqual([]);
  await expect.poll(async () => (await ours.get(`/x/jobs/${job.id}`)).body.state, { timeout: 60_000 }).toBe('done');
  expect((await ours.get(`/x/jobs/${job.id}`)).body.counts).toMatchObject({ changed: 0 });
  expect((await theirs.get('/traces/t')).body).toEqual(before);
  await theirs.delete(`/models/${id}`);
});

test('what only the other project has is not there', async () => {
  await theirs.store([{ id: 'secret', traceId: 'secret', sessionId: 'secret' }]);
  for (const path of [
    '/traces/secret',
    '/observations/secret',
    '/sessions/secret',
    '/x/traces/secret',
    '/x/observations/secret?traceId=secret',
  ]) {
    expect((await ours.get(path)).status, path).toBe(404);
  }
  await theirs.post('/scores', { id: 'secret', traceId: 'secret', name: 'n', value: 1 });
  for (const path of ['/scores/secret', '/v2/scores/secret']) expect((await ours.get(path)).status).toBe(404);
  await ours.delete('/scores/secret');
  expect((await theirs.get('/scores/secret')).status).toBe(200);
  const file = { traceId: 'secret', field: 'input', contentType: 'text/plain', contentLength: 1 };
  const { mediaId } = (await theirs.post('/media', { ...file, sha256Hash: Buffer.alloc(32).toString('base64') })).body;
  const report = { uploadedAt: '2026-11-20T10:20:00.000Z', uploadHttpStatus: 200 };
  expect((await theirs.patch(`/media/${mediaId}`, report)).status).toBe(200);
  expect((await ours.get(`/media/${mediaId}`)).status).toBe(404);
  expect((await ours.patch(`/media/${mediaId}`, { ...report, uploadHttpStatus: 500 })).status).toBe(404);
  await ours.delete('/traces/secret');
  expect((await theirs.get(`/media/${mediaId}`)).status).toBe(200);
  const { id } = (await theirs.post('/score-configs', { name: 'secret', dataType: 'NUMERIC' })).body;
  expect((await ours.get(`/score-configs/${id}`)).status).toBe(404);
  expect((await ours.patch(`/score-configs/${id}`, { isArchived: true })).status).toBe(404);
  expect((await theirs.get(`/score-configs/${id}`)).body).toMatchObject({ isArchived: false });
});

test('a write to one changes nothing in the other, though the ids are the same', async () => {
  const before = (await theirs.get('/traces/t')).body;
  await ours.post('/ingestion', {
    batch: [
      {
        id: '1',
        type: 'trace-create',
        timestamp: '2026-11-20T10:20:00.000Z',
        body: { id: 't', name: 'changed', tags: ['changed'] },
      },
      {
        id: '2',
        type: 'generation-update',
        timestamp: '2026-11-20T10:20:00.000Z',
        body: { id: 'call', traceId: 't', output: 'changed' },
      },
      {
        id: '3',
        type: 'score-create',
        timestamp: '2026-11-20T10:20:00.000Z',
        body: { id: 'score', traceId: 't', name: 'changed', value: 7 },
      },
    ],
  });
  expect((await ours.get('/traces/t')).body).toMatchObject({ name: 'changed', scores: [{ id: 'score', value: 7 }] });
  expect((await theirs.get('/traces/t')).body).toEqual(before);
});

test('a single object written to one changes nothing in the other, though the ids are the same', async () => {
  const before = (await theirs.get('/traces/t')).body;
  await ours.post('/traces', { id: 't', name: 'changed again' });
  await ours.patch('/spans', { spanId: 'root', traceId: 't', output: 'changed again' });
  await ours.patch('/generations', { generationId: 'call', traceId: 't', completion: 'changed again' });
  await ours.post('/events', { id: 'root', traceId: 't', name: 'changed again' });
  expect((await ours.get('/traces/t')).body.name).toBe('changed again');
  expect((await theirs.get('/traces/t')).body).toEqual(before);
});

test('queries that fail for one leave nothing in front of the answers of the other', async () => {
  const expected = (await theirs.get('/traces/t')).body;
  // The failing ones hold the project's own text in what they had written before they failed.
  const failing = clickhouse`SELECT concat('text of ours', toString(number)) AS a, throwIf(number = 70000) AS b FROM numbers(100000)`;
  const answers = await Promise.all(
    Array.from({ length: 60 }, async (_, i) =>
      i % 3 === 0
        ? harness.clickhouse.rows(failing).catch((error: unknown) => String(error))
        : (await theirs.get('/traces/t')).body,
    ),
  );
  answers.forEach((answer, i) => {
    if (i % 3 === 0) expect(answer).toMatch(/395|throwIf/);
    else expect(answer).toEqual(expected);
  });
});

test('deleting in one deletes nothing in the other, and does not refuse what the other sends', async () => {
  const before = (await theirs.get('/traces/t')).body;
  await ours.delete('/traces/t');
  expect((await ours.get('/traces/t')).status).toBe(404);
  expect((await theirs.get('/traces/t')).body).toEqual(before);
  await theirs.post('/scores', { traceId: 't', name: 'later', value: 1 });
  expect((await theirs.get('/traces/t')).body.scores).toHaveLength(before.scores.length + 1);
});
