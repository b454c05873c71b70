import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Harness, openHarness, type Project } from '../harness.ts';

let harness: Harness;
let project: Project;
let projects = 0;
beforeAll(async () => {
  harness = await openHarness();
}, 60_000);
afterAll(() => harness.close());

const fresh = (): Promise<Project> => harness.project(`models-${(projects += 1)}`);
const flat = (modelName: string, more: object = {}) => ({
  modelName,
  matchPattern: `(?i)^(${modelName})$`,
  unit: 'TOKENS',
  inputPrice: 0.001,
  outputPrice: 0.002,
  ...more,
});

let events = 0;
/** A generation through the JSON door, as v1 reads show it afterwards. */
async function generation(project: Project, body: object, id = `g-${(events += 1)}`) {
  const timestamp = '2026-11-20T10:30:00.000Z';
  const said = { id, traceId: 't', startTime: '2026-11-20T10:00:00.000Z', ...body };
  const answer = await project.post('/ingestion', {
    batch: [{ id: `e-${id}-${events}`, type: 'generation-create', timestamp, body: said }],
  });
  expect(answer.body.errors).toEqual([]);
  return (await project.get(`/observations/${id}`)).body;
}

test('a model is created, read, listed, prices calls, and is deleted', async () => {
  project = await fresh();
  const created = await project.post('/models', flat('acme-1', { startDate: '2026-01-01' }));
  expect(created).toMatchObject({
    status: 200,
    body: {
      modelName: 'acme-1',
      startDate: '2026-01-01T00:00:00.000Z',
      isLangfuseManaged: false,
      inputPrice: 0.001,
      totalPrice: null,
      prices: { input: { price: 0.001 }, output: { price: 0.002 } },
      pricingTiers: [{ id: `${created.body.id}_tier_default`, name: 'Standard', isDefault: true, priority: 0 }],
    },
  });
  const { id } = created.body;
  expect((await project.get(`/models/${id}`)).body).toEqual(created.body);
  expect(
    await generation(project, { model: 'ACME-1', usageDetails: { input: 100, output: 50, cached: 7 } }),
  ).toMatchObject({
    modelId: id,
    costDetails: { input: 0.1, output: 0.1, total: 0.2 },
    usagePricingTierName: 'Standard',
    inputPrice: 0.001,
  });
  expect((await project.delete(`/models/${id}`)).body).toEqual({ message: 'Model successfully deleted' });
  expect((await project.delete(`/models/${id}`)).status).toBe(404);
  expect(await generation(project, { model: 'acme-1', usageDetails: { input: 100 } })).toMatchObject({
    modelId: null,
    costDetails: {},
  });
});

test('the list holds built-in models too, by name; a built-in one is read by its id and cannot be deleted', async () => {
  project = await fresh();
  await project.post('/models', flat('!first'));
  const { body } = await project.get('/models?limit=100');
  expect(body.data[0]).toMatchObject({ modelName: '!first', isLangfuseManaged: false });
  expect(body.meta.totalItems).toBeGreaterThan(500);
  const names = body.data.map(({ modelName }: { modelName: string }) => modelName);
  expect(names).toEqual(names.toSorted());
  const builtIn = await project.get('/models/openai:gpt-4o');
  expect(builtIn.body).toMatchObject({
    modelName: 'gpt-4o',
    isLangfuseManaged: true,
    inputPrice: 0.0000025,
    outputPrice: 0.00001,
    tokenizerId: 'openai',
    pricingTiers: [
      { name: 'Standard', prices: { input: 0.0000025, input_cached_tokens: 0.00000125, output: 0.00001 } },
    ],
  });
  expect((await project.delete('/models/openai:gpt-4o')).status).toBe(404);
});

test('a long context is a tier of a built-in model', async () => {
  project = await fresh();
  const { pricingTiers } = (await project.get('/models/google:gemini-2.5-pro')).body;
  expect(pricingTiers.length).toBeGreaterThan(1);
  expect(pricingTiers[1]).toMatchObject({ isDefault: false, conditions: [{ operator: 'gt', value: 200_000 }] });
  expect(pricingTiers[1].prices.input).toBeGreaterThan(pricingTiers[0].prices.input);
});

test("a project's own model comes before the built-in one of that name, in that project alone", async () => {
  project = await fresh();
  const other = await fresh();
  const { id } = (await project.post('/models', flat('gpt-4o'))).body;
  const call = { model: 'gpt-4o', usageDetails: { input: 10 } };
  expect(await generation(project, call)).toMatchObject({ modelId: id, calculatedTotalCost: 0.01 });
  expect(await generation(other, call)).toMatchObject({ modelId: 'openai:gpt-4o', calculatedTotalCost: 0.000025 });
  expect((await other.get(`/models/${id}`)).status).toBe(404);
  expect((await other.delete(`/models/${id}`)).status).toBe(404);
  expect((await project.get(`/models/${id}`)).status).toBe(200);
});

test('a start date is honoured: the newest that has begun when the call starts prices it', async () => {
  project = await fresh();
  const price = async (modelName: string, startDate: string | null, inputPrice: number): Promise<string> =>
    (await project.post('/models', { modelName, matchPattern: '^dated$', unit: 'TOKENS', inputPrice, startDate })).body
      .id;
  const ids = {
    ever: await price('dated', null, 0.1),
    spring: await price('dated from spring', '2026-03-01', 0.2),
    summer: await price('dated from summer', '2026-06-01T00:00:00Z', 0.3),
    later: await price('dated from later', '2026-12-24', 0.9),
  };
  const at = async (startTime: string) =>
    (await generation(project, { model: 'dated', usageDetails: { input: 1 }, startTime })).modelId;
  expect(await at('2026-02-28T23:59:59.999Z')).toBe(ids.ever);
  expect(await at('2026-03-01T00:00:00.000Z')).toBe(ids.spring);
  expect(await at('2026-11-20T10:00:00.000Z')).toBe(ids.summer);
  harness.wait(1000);
  const narrower = await price('zz', '2026-06-01T00:00:00Z', 0.4);
  expect(await at('2026-11-20T10:00:00.000Z')).toBe(narrower);
  harness.wait(1000);
  const last = await price('aa', null, 0.5);
  expect(await at('2026-02-28T23:59:59.999Z')).toBe(last);
});

const tier = (name: string, priority: number, conditions: object[], prices: object) => ({
  name,
  isDefault: priority === 0,
  priority,
  conditions,
  prices,
});

test('tiers: the first by priority whose conditions all hold, else the default one', async () => {
  project = await fresh();
  await project.post('/models', {
    modelName: 'tiered',
    matchPattern: '^tiered$',
    unit: 'TOKENS',
    pricingTiers: [
      tier('Standard', 0, [], { input: 0.001, output: 0.002 }),
      tier('Large', 2, [{ usageDetailPattern: '^INPUT', operator: 'gt', value: 1000 }], { input: 0.003 }),
      tier(
        'Fast and large',
        1,
        [
          { usageDetailPattern: 'input', operator: 'gte', value: 1000 },
          { source: 'model_parameters', key: 'service_tier', operator: 'in', values: ['fast', '2'] },
          { source: 'metadata', key: 'team', operator: 'in', values: ['red'] },
        ],
        { input: 0.005, total: 0.01 },
      ),
    ],
  });
  const call = (usageDetails: object, more: object = {}) =>
    generation(project, { model: 'tiered', usageDetails, ...more });
  expect(await call({ input: 1000 })).toMatchObject({ usagePricingTierName: 'Standard', calculatedTotalCost: 1 });
  expect(await call({ input: 600, input_cached: 500 })).toMatchObject({
    usagePricingTierName: 'Large',
    costDetails: { input: 1.8, total: 1.8 },
    inputPrice: 0.001, // v1 shows the default tier's
  });
  const fast = { modelParameters: { service_tier: 'fast' }, metadata: { team: 'red' } };
  expect(await call({ input: 1000 }, fast)).toMatchObject({
    usagePricingTierName: 'Fast and large',
    costDetails: { input: 5, total: 10 },
  });
  expect(await call({ input: 1000 }, { ...fast, metadata: { team: 'blue' } })).toMatchObject({
    usagePricingTierName: 'Standard',
  });
  expect(await call({})).toMatchObject({ usagePricingTierName: null });
});

test('a cost that the client stated stands, whatever the models say', async () => {
  project = await fresh();
  await project.post('/models', flat('stated'));
  const call = { model: 'stated', usageDetails: { input: 100 }, costDetails: { input: 5 } };
  expect(await generation(project, call)).toMatchObject({ costDetails: { input: 5, total: 5 } });
});

test.each([
  ['spans', 10],
  ['spans of a large export, which a thread of its own prepares,', 3_000_000],
])('OTLP %s are priced by the same models', async (_, characters) => {
  project = await fresh();
  await project.post('/models', flat('acme-otlp'));
  const attribute = (key: string, value: object) => ({ key, value });
  await project.post('/otel/v1/traces', {
    resourceSpans: [
      {
        scopeSpans: [
          {
            spans: [
              {
                traceId: 'a'.repeat(32),
                spanId: 'b'.repeat(16),
                name: 'chat',
                startTimeUnixNano: '1795168800000000000',
                endTimeUnixNano: '1795168801000000000',
                attributes: [
                  attribute('gen_ai.request.model', { stringValue: 'acme-otlp' }),
                  attribute('gen_ai.usage.input_tokens', { intValue: '1000' }),
                  attribute('long', { stringValue: 'x'.repeat(characters) }),
                ],
              },
            ],
          },
        ],
      },
    ],
  });
  expect((await project.get(`/observations/${'b'.repeat(16)}`)).body).toMatchObject({ calculatedTotalCost: 1 });
});

test.each([
  [{ modelName: 'm', matchPattern: 'm', unit: 'TOKENS' }, 'Must provide either flat prices'],
  [flat('m', { totalPrice: 1 }), 'total price must be null'],
  [flat('m', { inputPrice: -1 }), 'Too small'],
  [flat('m', { inputPrice: 1e9 }), 'Too big'],
  [flat('m', { startDate: 'yesterday' }), 'Invalid input'],
  [flat('m', { unit: 'POUNDS' }), 'Invalid option'],
])('%j is refused with 400', async (body, message) => {
  project = await fresh();
  const answer = await project.post('/models', body);
  expect(answer.status).toBe(400);
  expect(JSON.stringify(answer.body)).toContain(message);
});

test('tiers are checked: one default, unique names and priorities, conditions for all others', async () => {
  project = await fresh();
  const large = [{ usageDetailPattern: 'input', operator: 'gt', value: 1 }];
  const standard = tier('Standard', 0, [], { input: 1 });
  const refused = async (pricingTiers: object[]): Promise<string> => {
    const answer = await project.post('/models', { modelName: 'm', matchPattern: 'm', unit: 'TOKENS', pricingTiers });
    expect(answer.status).toBe(400);
    return JSON.stringify(answer.body);
  };
  expect(await refused([tier('a', 1, large, { input: 1 })])).toContain('Exactly one pricing tier must have isDefault');
  expect(await refused([standard, tier('Standard', 1, large, { input: 1 })])).toContain('unique names');
  expect(await refused([standard, tier('a', 1, large, { input: 1 }), tier('b', 1, large, { input: 1 })])).toContain(
    'unique priorities',
  );
  expect(await refused([standard, tier('a', 1, [], { input: 1 })])).toContain('at least one condition');
  expect(await refused([standard, tier('a', 1, large, {})])).toContain('at least one price');
  expect(await refused([standard, tier('a', 1, [{ ...large[0], usageDetailPattern: '(a' }], { input: 1 })])).toContain(
    'usageDetailPattern is not a valid regex pattern',
  );
});

test('a pattern that is none, and one that could stall the server, are refused in words', async () => {
  project = await fresh();
  expect((await project.post('/models', flat('m', { matchPattern: '(unclosed' }))).body).toEqual({
    message: 'matchPattern is not a valid regex pattern (Postgres)',
    error: 'InvalidRequestError',
  });
  for (const matchPattern of ['((a{1,100}){1,100}){1,100}', '^(?!mini)', String.raw`(a)\1`]) {
    const { status, body } = await project.post('/models', flat('m', { matchPattern }));
    expect(status).toBe(400);
    expect(body.message).toContain('RE2');
  }
  const evil = await project.post('/models', flat('evil', { matchPattern: '((a+)+)+$' }));
  expect(evil.status).toBe(200);
  expect(await generation(project, { model: `${'a'.repeat(290)}!`, usageDetails: { input: 1 } })).toMatchObject({
    modelId: null,
  });
});

test('a name is taken once in a project', async () => {
  project = await fresh();
  await project.post('/models', flat('twice'));
  expect(await project.post('/models', flat('twice'))).toMatchObject({
    status: 400,
    body: { message: "Model name 'twice' already exists in project" },
  });
  expect((await (await fresh()).post('/models', flat('twice'))).status).toBe(200);
});

test('tokens are counted from the text where nobody sent them, as OpenAI counts a chat', async () => {
  project = await fresh();
  expect(
    await generation(project, {
      model: 'gpt-4o',
      input: 'Tell me a story about a fox',
      output: 'Once upon a time there was a fox.',
    }),
  ).toMatchObject({
    usageDetails: { input: 7, output: 9, total: 16 },
    costDetails: { input: 0.0000175, output: 0.00009 },
  });
  const counted = (await project.get(`/x/observations/g-${events}?traceId=t`)).body;
  expect(counted).toMatchObject({ usageSource: 'counted', costGap: null });
  const input = [{ role: 'user', content: 'hello' }];
  expect(await generation(project, { model: 'gpt-4o', input, output: { message: 'hi' } })).toMatchObject({
    usageDetails: { input: 8 },
  });
});

test('nothing is counted for an error, a stated usage or cost, a model without a tokenizer, or no model', async () => {
  project = await fresh();
  const texts = { model: 'gpt-4o', input: 'hello', output: 'hello' };
  await project.post('/models', flat('acme-plain'));
  for (const call of [
    { ...texts, level: 'ERROR' },
    { ...texts, costDetails: { total: 1 } },
    { ...texts, model: 'acme-plain' },
    { ...texts, model: 'claude-sonnet-4-5' },
    { ...texts, model: undefined },
  ]) {
    expect((await generation(project, call)).usageDetails).toEqual({});
  }
  expect((await generation(project, { ...texts, usageDetails: { input: 1 } })).usageDetails).toEqual({
    input: 1,
    total: 1,
  });
});

test('the output that comes in a later request, or at the same moment, is counted with the input', async () => {
  project = await fresh();
  await project.post(
    '/models',
    flat('acme-tok', { tokenizerId: 'openai', tokenizerConfig: { tokenizerModel: 'gpt-4' } }),
  );
  const event = (type: string, id: string, body: object) => ({
    id: `${id}-${type}`,
    type,
    timestamp: '2026-11-20T10:30:00.000Z',
    body: { id, traceId: 't', ...body },
  });
  const send = (...batch: object[]) => project.post('/ingestion', { batch });
  const create = (id: string) =>
    event('generation-create', id, {
      model: 'acme-tok',
      input: `one two ${id}`,
      startTime: '2026-11-20T10:00:00.000Z',
    });
  const update = (id: string) => event('generation-update', id, { output: `three four ${id}` });
  await send(create('later'));
  await send(update('later'));
  const together = Array.from({ length: 10 }, (_, i) => `both-${i}`);
  await Promise.all(together.flatMap((id) => [send(create(id)), send(update(id))]));
  for (const id of ['later', ...together]) {
    const { usageDetails } = (await project.get(`/observations/${id}`)).body;
    expect(usageDetails).toEqual({
      input: expect.any(Number),
      output: expect.any(Number),
      total: usageDetails.input + usageDetails.output,
    });
  }
});

test('a text that is slow to count delays nobody else, and is stored in any case', async () => {
  project = await fresh();
  const other = await fresh();
  const ended = { model: 'gpt-4o', endTime: '2026-11-20T10:00:01.000Z' };
  const slow = generation(project, { ...ended, input: `${'x'.repeat(3_000_000)}` }, 'slow');
  const quick = await generation(other, { ...ended, input: 'a b c d' }, 'quick');
  expect(quick.usageDetails).toEqual({ input: 4, total: 4 });
  expect((await slow).input).toHaveLength(3_000_000);
});
