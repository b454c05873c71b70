import { afterAll, beforeAll, expect, test } from 'vitest';
import { at, type Harness, openHarness, type Project, type Sample } from '../harness.ts';

let harness: Harness;
let projects = 0;
/** What the engine is asked is held up by it. */
let onQuery: (text: string) => Promise<void> = async () => undefined;
beforeAll(async () => {
  harness = await openHarness({
    through: ({ postgres, clickhouse }) => ({
      postgres,
      clickhouse: {
        ...clickhouse,
        async binary(statement, options) {
          const answer = await clickhouse.binary(statement, options);
          await onQuery(statement.text);
          return answer;
        },
      },
    }),
  });
}, 60_000);
afterAll(() => harness.close());

const fresh = (): Promise<Project> => harness.project(`recalculation-${(projects += 1)}`);
const price = (inputPrice: number, more: object = {}) => ({
  modelName: 'acme',
  matchPattern: '(?i)^acme',
  unit: 'TOKENS',
  inputPrice,
  ...more,
});
const call = (id: string, more: Partial<Sample> = {}): Sample => ({
  id,
  type: 'GENERATION',
  model: 'acme-1',
  usage: { input: 100, total: 100 },
  providedUsage: { input: 100 },
  ...more,
});

type Job = {
  id: string;
  state: string;
  progress: { done: number; total: number | null };
  counts: Record<string, number>;
};

async function ended(project: Project, id: string): Promise<Job> {
  for (;;) {
    const { body } = await project.get(`/x/jobs/${id}`);
    if (!['queued', 'running'].includes(body.state)) return body;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function recalculated(project: Project, modelId: string): Promise<Job> {
  const { status, body } = await project.post('/x/recalculations', { modelId });
  expect(status).toBe(201);
  return ended(project, body.id);
}

const costOf = async (project: Project, id: string) =>
  (await project.get(`/observations/${id}`)).body.calculatedTotalCost;

test('past calls get the price that was added after them; what a sender stated and other models stay as they are', async () => {
  const project = await fresh();
  await project.store([
    call('new', { at: 7200 }),
    call('old', { at: -86_400 * 40, model: 'ACME-2' }),
    call('stated', { providedCost: { total: '7' }, cost: { total: '7' }, totalCost: '7', costSource: 'client' }),
    call('other', { model: 'umbrella-1' }),
    call('without usage', { usage: {}, providedUsage: {} }),
    call('unfinished', { endTime: null }),
  ]);
  const { id } = (await project.post('/models', price(0.01))).body;
  const job = await recalculated(project, id);
  expect(job).toMatchObject({
    kind: 'models.recalculate',
    subject: id,
    state: 'done',
    counts: { changed: 5, skipped: 0 },
    error: null,
  });
  expect(job.progress).toEqual({ done: 5, total: 5 });
  expect((await project.get('/observations/new')).body).toMatchObject({
    modelId: id,
    calculatedTotalCost: 1,
    usagePricingTierName: 'Standard',
  });
  expect(await costOf(project, 'old')).toBe(1);
  expect(await costOf(project, 'unfinished')).toBe(1);
  expect((await project.get('/observations/stated')).body).toMatchObject({ calculatedTotalCost: 7, modelId: id });
  expect((await project.get('/observations/other')).body).toMatchObject({ modelId: null });
  expect((await project.get('/observations/without%20usage')).body).toMatchObject({ modelId: id, costDetails: {} });
  expect((await project.get('/x/traces/t')).body.trace).toMatchObject({ totalCost: 10, unpricedCalls: 1 });

  const again = await recalculated(project, id);
  expect(again.counts).toEqual({ changed: 0, skipped: 0 });
});

test('a changed price, and a model that is gone, count for the past once it is recalculated', async () => {
  const project = await fresh();
  const { id } = (await project.post('/models', price(0.01, { modelName: 'gpt-4o', matchPattern: '^gpt-4o$' }))).body;
  await project.post('/ingestion', {
    batch: [
      {
        id: 'e',
        type: 'generation-create',
        timestamp: '2026-11-20T10:30:00.000Z',
        body: {
          id: 'g',
          traceId: 't',
          model: 'gpt-4o',
          startTime: '2026-11-20T10:00:00.000Z',
          usageDetails: { input: 100 },
        },
      },
    ],
  });
  expect(await costOf(project, 'g')).toBe(1);
  const changed = price(0.02, { modelName: 'gpt-4o', matchPattern: '^gpt-4o$' });
  expect(await project.request('PUT', `/x/models/${id}`, changed)).toMatchObject({
    status: 200,
    body: { id, inputPrice: 0.02 },
  });
  await recalculated(project, id);
  expect(await costOf(project, 'g')).toBe(2);

  await project.delete(`/models/${id}`);
  await recalculated(project, id);
  expect((await project.get('/observations/g')).body).toMatchObject({
    modelId: 'openai:gpt-4o',
    calculatedTotalCost: 0.00025,
  });
});

test('what is said of a call while it is recalculated is not lost, and is priced', async () => {
  const project = await fresh();
  let events = 0;
  const send = async (type: string, body: object) => {
    const event = { id: `e-${(events += 1)}`, type, timestamp: harness.now().toISOString(), body };
    expect((await project.post('/ingestion', { batch: [event] })).body.errors).toEqual([]);
  };
  const start = { traceId: 't', startTime: harness.now().toISOString(), model: 'acme-1', usageDetails: { input: 100 } };
  for (const id of ['a', 'c']) await send('generation-create', { id, ...start });
  // Until its create comes, an update tells when it started.
  await send('generation-update', { ...start, id: 'b', startTime: undefined });
  const { id } = (await project.post('/models', price(0.01))).body;
  let updates = 0;
  // The rows are read, and not stored yet: as early and as late as an update can come. The clock stands still meanwhile.
  onQuery = async (text) => {
    if (updates > 0 || !text.includes('LIMIT 1 BY trace_id, id')) return;
    updates += 1;
    await send('generation-update', { id: 'a', output: 'said meanwhile', usageDetails: { input: 300 } });
    await send('generation-create', { id: 'b', traceId: 't', startTime: '2026-11-20T08:00:00.000Z' });
  };
  const job = await recalculated(project, id);
  onQuery = async () => undefined;
  expect(updates).toBe(1);
  expect(job).toMatchObject({ state: 'done', counts: { changed: 1, skipped: 2 } });
  expect((await project.get('/observations/a')).body).toMatchObject({
    output: 'said meanwhile',
    calculatedTotalCost: 3,
  });
  expect((await project.get('/observations/b')).body).toMatchObject({
    startTime: '2026-11-20T08:00:00.000Z',
    calculatedTotalCost: 1,
  });
  await send('generation-update', { id: 'c', output: 'said afterwards' });
  expect((await project.get('/observations/c')).body).toMatchObject({
    output: 'said afterwards',
    calculatedTotalCost: 1,
  });
  expect((await project.get('/traces/t')).body.observations).toHaveLength(3);
});

test('a trace that is deleted while its calls are recalculated does not come back', async () => {
  const project = await fresh();
  await project.store([call('kept'), call('gone', { traceId: 'gone' })]);
  const { id } = (await project.post('/models', price(0.01))).body;
  let deletions = 0;
  onQuery = async (text) => {
    if (deletions > 0 || !text.includes('LIMIT 1 BY trace_id, id')) return;
    deletions += 1;
    await project.delete('/traces/gone');
  };
  const job = await recalculated(project, id);
  onQuery = async () => undefined;
  expect(job).toMatchObject({ state: 'done', counts: { changed: 1 } });
  expect((await project.get('/traces/gone')).status).toBe(404);
  expect((await project.get('/observations/gone')).status).toBe(404);
  expect(await costOf(project, 'kept')).toBe(1);
});

test('one runs at a time for a model; it is listed, and cancelled where it is', async () => {
  const project = await fresh();
  await project.store(Array.from({ length: 900 }, (_, i) => call(`c-${i}`, { at: i % 3 === 0 ? 0 : -7200 })));
  const { id } = (await project.post('/models', price(0.01))).body;
  const reached = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  let reads = 0;
  onQuery = async (text) => {
    if (!text.includes('LIMIT 1 BY trace_id, id')) return;
    reads += 1;
    if (reads < 2) return;
    reached.resolve();
    await goOn.promise;
  };
  const job = (await project.post('/x/recalculations', { modelId: id })).body;
  expect(job).toMatchObject({ state: 'queued', progress: { done: 0, total: null } });
  await reached.promise;
  expect(await project.post('/x/recalculations', { modelId: id })).toMatchObject({
    status: 409,
    body: { error: 'LangfuseConflictError' },
  });
  const { body } = await project.get(`/x/jobs?subject=${id}`);
  expect(body.data).toMatchObject([{ id: job.id, state: 'running' }]);
  expect((await project.post(`/x/jobs/${job.id}/cancel`, {})).body).toMatchObject({ isCancelling: true });
  goOn.resolve();
  const cancelled = await ended(project, job.id);
  onQuery = async () => undefined;
  expect(cancelled).toMatchObject({ state: 'cancelled', progress: { total: 900 } });
  expect(cancelled.progress.done).toBeLessThan(900);
  expect((await project.post(`/x/jobs/${job.id}/cancel`, {})).body).toMatchObject({ state: 'cancelled' });
  const finished = await recalculated(project, id);
  expect(finished.counts['changed']! + cancelled.counts['changed']!).toBe(900);
});

test('calls whose ids are hard to write down get their price too', async () => {
  const project = await fresh();
  const ids = ['a\0b', "it's", '%00', 'ид', '\u202e'];
  await project.store(ids.map((id, i) => call(id, { startTime: at(i * 3600) })));
  const { id } = (await project.post('/models', price(0.01))).body;
  expect(await recalculated(project, id)).toMatchObject({ state: 'done', counts: { changed: ids.length } });
});

test('tokens of a call with a field above 1 MB are counted of the whole, as at the door; without the whole they are not', async () => {
  const project = await fresh();
  const send = (id: string, body: object) =>
    project.post('/ingestion', {
      batch: [
        {
          id: `e-${id}`,
          type: 'generation-create',
          timestamp: harness.now().toISOString(),
          body: { id, traceId: 't', model: 'acme-1', ...body },
        },
      ],
    });
  const input = `${'long '.repeat(300_000)}end`;
  await send('reported', { input, usageDetails: { input: 100 } });
  await send('not reported', { input, endTime: harness.now().toISOString() });
  await send('lost', { input: `lost ${input}`, endTime: harness.now().toISOString() });
  await send('metadata', { input: 'one two', metadata: { note: input }, endTime: harness.now().toISOString() });
  await send('short', { input: 'one two three', endTime: harness.now().toISOString() });
  const tokenizer = { tokenizerId: 'openai', tokenizerConfig: { tokenizerModel: 'gpt-4o' } };
  const lost = (await project.get('/x/observations/lost?traceId=t')).body.large[0].hash;
  for await (const { name } of harness.blobs.list('payloads/')) {
    if (name.endsWith(lost)) await harness.blobs.delete([name]);
  }
  const { id } = (await project.post('/models', price(0.01, tokenizer))).body;
  expect(await recalculated(project, id)).toMatchObject({ state: 'done', counts: { changed: 5 } });
  const reported = (await project.get('/observations/reported')).body;
  expect(reported).toMatchObject({ calculatedTotalCost: 1 });
  expect(reported.input).toBe(input);
  const other = (await project.get('/observations/not%20reported')).body;
  await send('afterwards', { input, endTime: harness.now().toISOString() });
  const { usageDetails } = (await project.get('/observations/afterwards')).body;
  expect(usageDetails.input).toBeGreaterThan(200_000);
  expect(other).toMatchObject({ modelId: id, usageDetails });
  expect(other.input).toBe(input);
  expect((await project.get('/observations/lost')).body).toMatchObject({
    modelId: id,
    usageDetails: {},
    costDetails: {},
  });
  expect((await project.get('/observations/short')).body).toMatchObject({ usageDetails: { input: 3 } });
  expect((await project.get('/observations/metadata')).body).toMatchObject({
    usageDetails: { input: 2 },
    metadata: { note: input },
  });
});

test('which calls have no price, what a pattern matches, and who prices a name', async () => {
  const project = await fresh();
  await project.store([
    call('1', { model: 'acme-9' }),
    call('2', { model: 'acme-9' }),
    call('3', { model: 'gpt-4o', totalCost: '1' }),
    call('4', { model: 'free', totalCost: '0' }),
    call('5', { model: 'silent', usage: {}, providedUsage: {} }),
  ]);
  const { observations } = (await project.get('/x/traces/t')).body;
  const gaps = Object.fromEntries(
    observations.map(({ id, costGap }: { id: string; costGap: string }) => [id, costGap]),
  );
  expect(gaps).toEqual({ 1: 'price', 2: 'price', 3: null, 4: null, 5: 'usage' });
  expect((await project.get('/x/observations/1?traceId=t')).body).toMatchObject({
    costGap: 'price',
    totalCost: null,
    usageSource: 'client',
  });
  const listed = (await project.get('/x/models')).body.data;
  expect(listed.length).toBeGreaterThan(500);
  expect(listed[0]).toMatchObject({ isBuiltIn: true });
  const called = (await project.get('/x/called-models')).body.data;
  expect(called).toHaveLength(4);
  expect(called[0]).toMatchObject({ model: 'acme-9', calls: 2, unpricedCalls: 2 });
  expect(called.slice(1)).toMatchObject([{ unpricedCalls: 0 }, { unpricedCalls: 0 }, { unpricedCalls: 0 }]);
  const { id } = (await project.post('/models', price(0.01))).body;
  expect((await project.get('/x/models')).body.data[0]).toEqual({
    id,
    modelName: 'acme',
    matchPattern: '(?i)^acme',
    startDate: null,
    unit: 'TOKENS',
    tokenizerId: null,
    isBuiltIn: false,
    prices: { input: 0.01 },
    tiers: ['Standard'],
  });
  const names = ['ACME-9', 'gpt-4o', 'nobody'];
  expect((await project.post('/x/model-matches', { matchPattern: '(?i)^acme-9$', names })).body).toEqual({
    problem: null,
    data: [
      { name: 'ACME-9', matches: true, pricedBy: { id, modelName: 'acme', isBuiltIn: false } },
      { name: 'gpt-4o', matches: false, pricedBy: { id: 'openai:gpt-4o', modelName: 'gpt-4o', isBuiltIn: true } },
      { name: 'nobody', matches: false, pricedBy: null },
    ],
  });
  const refused = (await project.post('/x/model-matches', { matchPattern: '(', names: ['('] })).body;
  expect(refused).toMatchObject({ problem: expect.stringContaining('not a valid regex'), data: [{ matches: false }] });
});

test('a model is replaced under its id; not by a name that is taken, nor one that is built in', async () => {
  const project = await fresh();
  const { id } = (await project.post('/models', price(0.01))).body;
  await project.post('/models', price(0.01, { modelName: 'second' }));
  const put = (modelId: string, body: object) => project.request('PUT', `/x/models/${modelId}`, body);
  expect(await put(id, price(0.05, { modelName: 'renamed' }))).toMatchObject({ body: { id, modelName: 'renamed' } });
  expect((await project.get(`/models/${id}`)).body).toMatchObject({ modelName: 'renamed', inputPrice: 0.05 });
  expect(await put(id, price(0.05, { modelName: 'second' }))).toMatchObject({
    status: 400,
    body: { message: "Model name 'second' already exists in project" },
  });
  expect((await put(id, price(0.05, { matchPattern: '(' }))).status).toBe(400);
  expect((await put('openai:gpt-4o', price(0.05))).status).toBe(404);
});
