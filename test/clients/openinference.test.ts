import { OpenAIInstrumentation } from '@arizeai/openinference-instrumentation-openai';
import OpenAI from 'openai';
import { afterAll, expect, test } from 'vitest';
import { ANSWER, COST_USD, startFakeModel, TOOL, USAGE } from '../harness/fake-model.ts';
import { outline } from '../harness/read-back.ts';
import { application } from './openinference-application.ts';

const { within } = application();
const model = await startFakeModel();
afterAll(model.stop);

new OpenAIInstrumentation().manuallyInstrument(OpenAI);
const openai = new OpenAI({ apiKey: 'none', baseURL: model.url, maxRetries: 0 });
const messages = [{ role: 'user' as const, content: 'What is the capital of France?' }];

test('a chat of the instrumented OpenAI client is read back whole', async () => {
  const { trace, observations, observation } = await within(() =>
    openai.chat.completions.create({ model: 'gpt-4o-mini', messages, temperature: 0.2 }),
  );
  expect(trace).toMatchObject({ name: 'request', userId: 'user-1', sessionId: 'session-openinference' });
  expect(trace.tags.toSorted()).toEqual(['eu', 'travel']);
  expect(outline(observations)).toEqual(['SPAN request', '  AGENT guide', '    GENERATION OpenAI Chat Completions']);
  expect(observation('OpenAI Chat Completions')).toMatchObject({
    model: 'gpt-4o-mini',
    modelParameters: { temperature: 0.2 },
    usageDetails: { input: USAGE.prompt - USAGE.cached, input_cached_tokens: USAGE.cached, total: USAGE.total },
  });
  expect(JSON.stringify(observation('OpenAI Chat Completions').input)).toContain(messages[0]?.content);
  expect(JSON.stringify(observation('OpenAI Chat Completions').output)).toContain(ANSWER);
  expect(trace.totalCost).toBeCloseTo(COST_USD.chat, 9);
});

test('a streamed chat with a call of a tool has that call in its output', async () => {
  const { observation } = await within(async () => {
    const stream = await openai.chat.completions.create({
      model: 'gpt-4o-mini',
      messages,
      tools: [{ type: 'function', function: { name: TOOL.name, parameters: { type: 'object' } } }],
      stream: true,
    });
    for await (const chunk of stream) expect(chunk.object).toBe('chat.completion.chunk');
  });
  expect(JSON.stringify(observation('OpenAI Chat Completions').output)).toContain(TOOL.name);
});

// The instrumentation reports no tokens of an embedding.
test('an embedding has its model and its text', async () => {
  const { observation } = await within(() =>
    openai.embeddings.create({ model: 'text-embedding-3-small', input: 'France' }),
  );
  expect(observation('OpenAI Embeddings')).toMatchObject({
    type: 'EMBEDDING',
    model: 'text-embedding-3-small',
    input: 'France',
  });
});
