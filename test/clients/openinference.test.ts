import { setMetadata, setSession, setTags, setUser } from '@arizeai/openinference-core';
import { LangChainInstrumentation } from '@arizeai/openinference-instrumentation-langchain';
import { OpenAIInstrumentation } from '@arizeai/openinference-instrumentation-openai';
import * as callbackManager from '@langchain/core/callbacks/manager';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { ChatOpenAI } from '@langchain/openai';
import { context, trace as otel, type Context } from '@opentelemetry/api';
import OpenAI from 'openai';
import { afterAll, expect, inject, test } from 'vitest';
import { ANSWER, COST_USD, startFakeModel, TOOL, USAGE } from '../harness/fake-model.ts';
import { projectApi } from '../harness/project-api.ts';
import { outline, readBack } from '../harness/read-back.ts';
import { otlpProcessor, register } from './tracing.ts';

const server = inject('server');
const api = projectApi(server);
const provider = register(otlpProcessor(server), { 'service.name': 'travel-desk' });
const model = await startFakeModel();
afterAll(model.stop);

new OpenAIInstrumentation().manuallyInstrument(OpenAI);
new LangChainInstrumentation().manuallyInstrument(callbackManager);
const openai = new OpenAI({ apiKey: 'none', baseURL: model.url, maxRetries: 0 });
const tracer = otel.getTracer('travel-desk');
const messages = [{ role: 'user' as const, content: 'What is the capital of France?' }];

/** What an application puts around its calls. */
const about = (outer: Context): Context =>
  [
    (c: Context) => setSession(c, { sessionId: 'session-openinference' }),
    (c: Context) => setUser(c, { userId: 'user-1' }),
    (c: Context) => setTags(c, ['travel', 'eu']),
    (c: Context) => setMetadata(c, { plan: 'pro' }),
  ].reduce((c, set) => set(c), outer);

/** Runs `call` under two spans of the application. */
async function within(call: () => Promise<unknown>) {
  const traceId = await context.with(about(context.active()), () =>
    tracer.startActiveSpan('request', (outer) =>
      tracer.startActiveSpan('guide', { attributes: { 'openinference.span.kind': 'AGENT' } }, async (inner) => {
        await call();
        inner.end();
        outer.end();
        return outer.spanContext().traceId;
      }),
    ),
  );
  await provider.forceFlush();
  return readBack(api, traceId);
}

test('a chat of the instrumented OpenAI client is read back whole', async () => {
  const { trace, observations, observation } = await within(() =>
    openai.chat.completions.create({ model: 'gpt-4o-mini', messages, temperature: 0.2 }),
  );
  expect(trace).toMatchObject({
    name: 'request',
    userId: 'user-1',
    sessionId: 'session-openinference',
    metadata: { plan: 'pro' },
  });
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

test('an embedding has its model, its tokens and its cost', async () => {
  const { trace, observation } = await within(() =>
    openai.embeddings.create({ model: 'text-embedding-3-small', input: 'France' }),
  );
  expect(observation('OpenAI Embeddings')).toMatchObject({
    type: 'EMBEDDING',
    model: 'text-embedding-3-small',
    usageDetails: { input: USAGE.embedding },
  });
  expect(trace.totalCost).toBeCloseTo(COST_USD.embedding, 10);
});

test('a refused call is an error that says why', async () => {
  const { observation } = await within(() =>
    expect(
      openai.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'fail 429' }] }),
    ).rejects.toThrow('429'),
  );
  expect(observation('OpenAI Chat Completions')).toMatchObject({
    level: 'ERROR',
    statusMessage: expect.stringContaining('asked to fail with 429') as string,
  });
});

test('a chain of the instrumented LangChain is read back whole', async () => {
  const llm = new ChatOpenAI({
    model: 'gpt-4o-mini',
    apiKey: 'none',
    maxRetries: 0,
    configuration: { baseURL: model.url },
  });
  const chain = ChatPromptTemplate.fromMessages([['human', '{question}']]).pipe(llm);
  const { trace, observations, observation } = await within(() =>
    chain.invoke({ question: 'What is the capital of France?' }, { runName: 'question' }),
  );
  expect(trace).toMatchObject({ userId: 'user-1', sessionId: 'session-openinference' });
  expect(outline(observations)).toEqual([
    'SPAN request',
    '  AGENT guide',
    '    CHAIN question',
    '      CHAIN ChatPromptTemplate',
    '      GENERATION ChatOpenAI',
  ]);
  expect(observation('ChatOpenAI')).toMatchObject({ model: 'gpt-4o-mini', usageDetails: { total: USAGE.total } });
  expect(trace.totalCost).toBeCloseTo(COST_USD.chat, 9);
});
