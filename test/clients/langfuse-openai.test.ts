import { observeOpenAI } from '@langfuse/openai';
import { startActiveObservation } from '@langfuse/tracing';
import OpenAI from 'openai';
import { afterAll, expect, inject, test } from 'vitest';
import { ANSWER, COST_USD, startFakeModel, TOOL } from '../harness/fake-model.ts';
import { projectApi } from '../harness/project-api.ts';
import { outline, readBack } from '../harness/read-back.ts';
import { langfuseProcessor, register } from './tracing.ts';

const server = inject('server');
const api = projectApi(server);
const processor = langfuseProcessor(server);
register(processor);
const model = await startFakeModel();
afterAll(model.stop);

const openai = observeOpenAI(new OpenAI({ apiKey: 'none', baseURL: model.url, maxRetries: 0 }), {
  traceName: 'question',
  generationName: 'say it',
  userId: 'user-1',
  sessionId: 'session-openai',
  tags: ['travel', 'eu'],
  generationMetadata: { plan: 'pro' },
});

const messages = [{ role: 'user' as const, content: 'What is the capital of France?' }];
const tools = [
  {
    type: 'function' as const,
    function: { name: TOOL.name, parameters: { type: 'object', properties: { city: { type: 'string' } } } },
  },
];
/** As the wrapper splits them. */
const usage = { input: 100, input_cached_tokens: 20, output: 40, output_reasoning_tokens: 8, total: 168 };

/** Runs `call` under two observations. @returns the trace's id */
async function within(call: () => Promise<unknown>): Promise<string> {
  const traceId = await startActiveObservation('request', (outer) =>
    startActiveObservation(
      'guide',
      async () => {
        await call();
        return outer.traceId;
      },
      { asType: 'chain' },
    ),
  );
  await processor.forceFlush();
  return traceId;
}

const tree = ['SPAN request', '  CHAIN guide', '    GENERATION say it'];

test('a chat of the wrapped OpenAI client is read back whole', async () => {
  const traceId = await within(() =>
    openai.chat.completions.create({ model: 'gpt-4o-mini', messages, temperature: 0.2, max_tokens: 100 }),
  );

  const { trace, observations, observation } = await readBack(api, traceId);
  expect(trace).toMatchObject({ name: 'question', userId: 'user-1', sessionId: 'session-openai' });
  expect(trace.tags.toSorted()).toEqual(['eu', 'travel']);
  expect(outline(observations)).toEqual(tree);
  expect(observation('say it')).toMatchObject({
    model: 'gpt-4o-mini',
    modelParameters: { temperature: 0.2, max_tokens: 100 },
    metadata: { plan: 'pro' },
    input: { messages },
    output: { role: 'assistant', content: ANSWER },
    usageDetails: usage,
  });
  expect(observation('say it').calculatedTotalCost).toBeCloseTo(COST_USD.chat, 9);
  expect(trace.totalCost).toBeCloseTo(COST_USD.chat, 9);
});

test('a streamed chat has its whole answer, its usage and the time of the first token', async () => {
  const traceId = await within(async () => {
    const stream = await openai.chat.completions.create({
      model: 'gpt-4o-mini',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    for await (const chunk of stream) expect(chunk.object).toBe('chat.completion.chunk');
  });

  const { observations, observation } = await readBack(api, traceId);
  expect(outline(observations)).toEqual(tree);
  const { output, usageDetails, timeToFirstToken, latency } = observation('say it');
  expect({ output, usageDetails }).toMatchObject({ output: ANSWER, usageDetails: usage });
  expect(timeToFirstToken).toBeGreaterThan(0);
  expect(timeToFirstToken).toBeLessThan(latency ?? 0);
});

test('a call of a tool is in the output, the tools are in the input', async () => {
  const traceId = await within(() => openai.chat.completions.create({ model: 'gpt-4o-mini', messages, tools }));

  const { observation } = await readBack(api, traceId);
  expect(observation('say it')).toMatchObject({
    input: { messages, tools },
    output: { tool_calls: [{ function: { name: TOOL.name, arguments: JSON.stringify(TOOL.arguments) } }] },
  });
});

test('the Responses API is read back whole too', async () => {
  const traceId = await within(() =>
    openai.responses.create({ model: 'gpt-4o-mini', input: 'What is the capital of France?' }),
  );

  const { observation } = await readBack(api, traceId);
  expect(observation('say it')).toMatchObject({ model: 'gpt-4o-mini', usageDetails: usage });
  expect(JSON.stringify(observation('say it').output)).toContain(ANSWER);
  expect(observation('say it').calculatedTotalCost).toBeCloseTo(COST_USD.chat, 9);
});

test('a refused call is an error that says why', async () => {
  const traceId = await within(() =>
    expect(
      openai.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'fail 429' }] }),
    ).rejects.toThrow('429'),
  );

  const { observation } = await readBack(api, traceId);
  expect(observation('say it')).toMatchObject({
    level: 'ERROR',
    statusMessage: expect.stringContaining('asked to fail with 429') as string,
  });
});
