import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { at, type Harness, openHarness, type Project, type Sample } from '../harness.ts';

let harness: Harness;
let project: Project;

beforeAll(async () => {
  harness = await openHarness();
  project = await harness.project('usage');
});
afterAll(() => harness.close());

/** A call of version 1 of `answer`. */
const call = (id: string, more: Partial<Sample> = {}): Sample => ({
  id,
  traceId: `trace of ${id}`,
  type: 'GENERATION',
  model: 'm',
  promptName: 'answer',
  promptVersion: 1,
  usage: { input: 10, output: 5 },
  totalCost: '0.25',
  ...more,
});
const iso = (seconds: number): string => new Date(at(seconds) / 1000).toISOString();

describe('usage', () => {
  beforeAll(async () => {
    await project.store([
      call('a', { lasts: 1 }),
      call('b', { at: 10, lasts: 3, totalCost: null }),
      call('c', { at: 20, lasts: 2, promptVersion: 2, totalCost: '1' }),
      call('without end', { at: 30, promptVersion: 2, endTime: null, model: '', totalCost: null }),
      call('without version', { at: 40, promptVersion: null }),
      call('another prompt', { at: 50, promptName: 'tone', totalCost: null }),
      call('before', { at: -100 }),
      // Not calls of the application, or not any more.
      call('of the product', { environment: 'langfuse-llm-as-a-judge' }),
      call('of an experiment', { environment: 'sdk-experiment' }),
      call('a span', { type: 'SPAN' }),
      call('deleted'),
      call('renamed', { promptName: 'answer' }),
    ]);
    await project.store([
      call('deleted', { isDeleted: true }),
      call('renamed', { promptName: '' }),
      // Sent again an hour later.
      call('a', { at: 3600, lasts: 1 }),
    ]);
    await project.store(
      [],
      [
        { name: 'helpful', traceId: 'trace of a', value: 1 },
        { name: 'helpful', traceId: 'trace of b', observationId: 'b', value: 0 },
        { name: 'helpful', traceId: 'trace of b', observationId: 'not that call', value: 100 },
        { name: 'kind', traceId: 'trace of a', dataType: 'CATEGORICAL', value: 0, stringValue: 'yes' },
        { name: 'kind', traceId: 'trace of b', dataType: 'CATEGORICAL', value: 0, stringValue: 'yes' },
        { name: 'kind', traceId: 'trace of b', dataType: 'CATEGORICAL', value: 0, stringValue: 'no' },
        { name: 'words', traceId: 'trace of b', dataType: 'TEXT', value: 0, stringValue: 'no number' },
        { name: 'elsewhere', traceId: 'trace of another prompt', value: 1 },
      ],
    );
  });

  test('of prompts is what calls since a time say, each once and as it is now', async () => {
    const { body } = await project.get(`/x/prompt-usage?from=${iso(0)}`);
    expect(body.data).toEqual([
      {
        name: 'answer',
        calls: 5,
        p50LatencyMs: 1500,
        inputTokens: 50,
        outputTokens: 25,
        totalCost: 1.5,
        unpricedCalls: 1,
        lastUsedAt: iso(3600),
      },
      expect.objectContaining({ name: 'tone', calls: 1, totalCost: null, unpricedCalls: 1 }),
    ]);
    expect((await project.get('/x/prompt-usage?from=2030-01-01T00:00:00Z')).body.data).toEqual([]);
    expect((await project.get('/x/prompt-usage')).status).toBe(400);
  });

  test('of versions comes with the scores of the calls and of their traces', async () => {
    const { body } = await project.get(`/x/prompt-version-usage?name=answer&from=${iso(0)}`);
    expect(body.data).toEqual([
      expect.objectContaining({ version: 2, calls: 2, p50LatencyMs: 2000, totalCost: 1, unpricedCalls: 0, scores: [] }),
      expect.objectContaining({
        version: 1,
        calls: 2,
        p50LatencyMs: 2000,
        totalCost: 0.25,
        scores: [
          { name: 'kind', dataType: 'CATEGORICAL', count: 3, average: null, deviation: null, mostCommon: 'yes' },
          {
            name: 'helpful',
            dataType: 'NUMERIC',
            count: 2,
            average: 0.5,
            deviation: expect.closeTo(Math.SQRT1_2, 9),
            mostCommon: null,
          },
        ],
      }),
    ]);
    const early = await project.get(`/x/prompt-version-usage?name=answer&from=${iso(5)}&to=${iso(15)}`);
    expect(early.body.data).toMatchObject([{ version: 1, calls: 1, totalCost: null }]);
    expect((await project.get(`/x/prompt-version-usage?name=none&from=${iso(0)}`)).body.data).toEqual([]);
  });
});

test('usage of a period counts a call by when it starts now, not by when it once did', async () => {
  const own = await harness.project('moved');
  await own.store([call('left', { at: 10 }), call('came', { at: 1800 }), call('stayed', { at: 20 })]);
  await own.store([call('left', { at: 1800 }), call('came', { at: 10 })]);
  const { body } = await own.get(`/x/prompt-version-usage?name=answer&from=${iso(0)}&to=${iso(60)}`);
  expect(body.data).toMatchObject([{ version: 1, calls: 2, lastUsedAt: iso(20) }]);
});

test('a call names a prompt to v1 by its id, as long as there is that version', async () => {
  const own = await harness.project('links');
  const { body } = await own.post('/v2/prompts', { name: 'answer', prompt: 'x' });
  await own.store([
    call('named', { traceId: 't' }),
    call('another version', { traceId: 't', promptVersion: 2 }),
    call('another name', { traceId: 't', promptName: 'none' }),
  ]);
  const none = { promptId: null, promptName: null, promptVersion: null };
  const shown = {
    named: { promptId: body.id, promptName: 'answer', promptVersion: 1 },
    'another version': none,
    'another name': none,
  };
  const all = async () => {
    const answers = [(await own.get('/traces/t')).body.observations, (await own.get('/observations')).body.data];
    const alone = await Promise.all(Object.keys(shown).map((id) => own.get(`/observations/${encodeURIComponent(id)}`)));
    return [...answers, alone.map((one) => one.body)].map((list) =>
      Object.fromEntries(
        list.map(({ id, promptId, promptName, promptVersion }: Record<string, unknown>) => [
          id,
          { promptId, promptName, promptVersion },
        ]),
      ),
    );
  };
  expect(await all()).toEqual([shown, shown, shown]);
  await own.post('/v2/prompts', { name: 'answer', prompt: 'y' });
  expect((await all())[0]).toMatchObject({ 'another version': { promptName: 'answer', promptVersion: 2 } });
  await own.delete('/v2/prompts/answer');
  expect((await all())[1]).toMatchObject({ named: none });
});
