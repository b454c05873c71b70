import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Harness, openHarness, type Project } from '../../features/harness.ts';

let harness: Harness;
let project: Project;
let count = 0;
beforeAll(async () => {
  harness = await openHarness();
  // The engine drops receipts of more than 7 days ago by its own clock.
  harness.setNow(new Date());
}, 60_000);
afterAll(() => harness.close());
beforeEach(async () => {
  project = await harness.project(`single-${(count += 1)}`);
});

const START = '2026-11-20T10:00:00.000Z';
const END = '2026-11-20T10:00:02.000Z';
const generation = async (id: string) => (await project.get(`/observations/${id}`)).body;

test('a trace is stored under its id, or under a new one, and sent again it is changed', async () => {
  expect(await project.post('/traces', { id: 't', timestamp: START, name: 'old', userId: 'ada' })).toMatchObject({
    status: 200,
    body: { id: 't' },
  });
  await project.post('/traces', { id: 't', name: 'new', tags: ['a'] });
  expect((await project.get('/traces/t')).body).toMatchObject({
    timestamp: START,
    name: 'new',
    userId: 'ada',
    tags: ['a'],
  });
  const { body } = await project.post('/traces', { name: 'another' });
  expect((await project.get(`/traces/${body.id}`)).body.name).toBe('another');
});

test('a span is created, and changed by its spanId', async () => {
  await project.post('/spans', { id: 's', traceId: 't', name: 'span', startTime: START, metadata: { a: 1 } });
  const changed = await project.patch('/spans', { spanId: 's', endTime: END, output: 'o', metadata: { b: 2 } });
  expect(changed).toMatchObject({ status: 200, body: { id: 's' } });
  expect((await project.get('/observations/s')).body).toMatchObject({
    type: 'SPAN',
    traceId: 't',
    name: 'span',
    startTime: START,
    endTime: END,
    output: 'o',
    metadata: { a: 1, b: 2 },
  });
});

test('what a generation was asked and answered is its prompt and completion, by the older names', async () => {
  const made = { id: 'g', traceId: 't', startTime: START, model: 'gpt-4o', prompt: [{ role: 'user', content: 'hi' }] };
  await project.post('/generations', { ...made, usage: { promptTokens: 1, completionTokens: 2 } });
  await project.patch('/generations', { generationId: 'g', endTime: END, completion: 'yo' });
  expect(await generation('g')).toMatchObject({
    type: 'GENERATION',
    input: [{ role: 'user', content: 'hi' }],
    output: 'yo',
    usageDetails: { input: 1, output: 2, total: 3 },
    latency: 2,
  });
  // Where both are said, the newer name counts.
  await project.post('/generations', { id: 'g2', traceId: 't', prompt: 'old', input: 'new' });
  expect((await generation('g2')).input).toBe('new');
});

test('an event is stored; one that is named by a trace it never had makes it', async () => {
  await project.post('/events', { id: 'e', traceId: 'made', name: 'click', startTime: START });
  expect(await generation('e')).toMatchObject({ type: 'EVENT', name: 'click', startTime: START });
  expect((await project.get('/traces/made')).status).toBe(200);
});

test('changes that come one after the other within one tick of the clock are applied in their order', async () => {
  await project.post('/spans', { id: 's', traceId: 't', startTime: START });
  for (const output of ['a', 'b', 'c', 'd']) await project.patch('/spans', { spanId: 's', output });
  expect((await project.get('/observations/s')).body.output).toBe('d');
});

test('both doors speak of the same objects', async () => {
  await project.post('/spans', { id: 's', traceId: 't', name: 'span', startTime: START });
  const update = { id: '1', type: 'span-update', timestamp: START, body: { id: 's', traceId: 't', output: 'o' } };
  await project.post('/ingestion', { batch: [update] });
  expect((await project.get('/observations/s')).body).toMatchObject({ name: 'span', output: 'o' });
});

test('a wrong field is named, and the ledger tells of it', async () => {
  const { status, body, headers } = await project.post('/spans', { id: 's', traceId: 5 });
  expect([status, body]).toEqual([
    400,
    {
      message: 'Invalid request data',
      error: [
        {
          expected: 'string',
          code: 'invalid_type',
          path: ['traceId'],
          message: 'Invalid input: expected string, received number',
        },
      ],
    },
  ]);
  expect((await project.patch('/generations', { endTime: END })).body.error).toMatchObject([
    { path: ['generationId'] },
  ]);
  expect((await project.get(`/x/receipts/${String(headers['x-tracehouse-receipt'])}`)).body).toMatchObject({
    door: 'JSON',
    outcome: 'rejected',
    rejected: 1,
    problems: [{ code: 'bad_id', itemId: 's' }],
  });
});

test('what nests deeper than a hundred levels is refused', async () => {
  const nest = (levels: number): unknown => (levels === 0 ? 1 : [nest(levels - 1)]);
  expect((await project.post('/traces', { id: 't', input: nest(100) })).status).toBe(400);
});

test('of a deleted trace it is acknowledged and not stored', async () => {
  await project.post('/traces', { id: 't' });
  await project.delete('/traces/t');
  const { status, headers } = await project.post('/spans', { id: 's', traceId: 't' });
  expect(status).toBe(200);
  expect((await project.get('/observations/s')).status).toBe(404);
  expect((await project.get(`/x/receipts/${String(headers['x-tracehouse-receipt'])}`)).body).toMatchObject({
    acknowledgedOnly: 1,
    stored: 0,
  });
});

test('its receipt says what was stored', async () => {
  const { headers } = await project.post('/traces', { id: 't', name: 'n' });
  expect((await project.get(`/x/receipts/${String(headers['x-tracehouse-receipt'])}`)).body).toMatchObject({
    door: 'JSON',
    route: '/api/public/traces',
    status: 200,
    outcome: 'stored',
    stored: 1,
    traceIds: ['t'],
  });
});
