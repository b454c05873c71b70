import { HumanMessage, type AIMessageChunk } from '@langchain/core/messages';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { RunnableLambda } from '@langchain/core/runnables';
import { tool } from '@langchain/core/tools';
import { ChatOpenAI } from '@langchain/openai';
import { CallbackHandler } from '@langfuse/langchain';
import { afterAll, expect, inject, test } from 'vitest';
import * as z from 'zod';
import { ANSWER, COST_USD, startFakeModel, USAGE } from '../harness/fake-model.ts';
import { projectApi } from '../harness/project-api.ts';
import { outline, readBack } from '../harness/read-back.ts';
import { langfuseProcessor, register } from './tracing.ts';

const server = inject('server');
const api = projectApi(server);
const processor = langfuseProcessor(server);
register(processor);
const model = await startFakeModel();
afterAll(model.stop);

const llm = new ChatOpenAI({
  model: 'gpt-4o-mini',
  temperature: 0.2,
  apiKey: 'none',
  maxRetries: 0,
  configuration: { baseURL: model.url },
});
const weather = tool(({ city }) => `Sunny in ${city}`, {
  name: 'get_weather',
  description: 'Weather of a city',
  schema: z.object({ city: z.string() }),
});

/** A handler whose trace can be read once `read` is called. */
function handler() {
  const callbacks = new CallbackHandler({
    userId: 'user-1',
    sessionId: 'session-langchain',
    tags: ['travel'],
    traceMetadata: { plan: 'pro' },
  });
  const read = async () => {
    await processor.forceFlush();
    return readBack(api, callbacks.last_trace_id ?? '');
  };
  return { callbacks, read };
}

test('a chain with a prompt, a tool and a model is read back whole', async () => {
  const { callbacks, read } = handler();
  const chain = ChatPromptTemplate.fromMessages([
    ['system', 'Be brief.'],
    ['human', '{question}'],
  ])
    .pipe(llm)
    .pipe(
      RunnableLambda.from(
        async (answer: AIMessageChunk, config) => `${answer.text} ${await weather.invoke({ city: 'Paris' }, config)}`,
      ).withConfig({ runName: 'add weather' }),
    );
  await chain.invoke(
    { question: 'What is the capital of France?' },
    { callbacks: [callbacks], runName: 'question', tags: ['eu'], metadata: { attempt: 2 } },
  );

  const { trace, observations, observation } = await read();
  expect(trace).toMatchObject({
    name: 'question',
    userId: 'user-1',
    sessionId: 'session-langchain',
    metadata: { plan: 'pro' },
    output: `${ANSWER} Sunny in Paris`,
  });
  expect(trace.tags.toSorted()).toEqual(['eu', 'travel']);
  expect(outline(observations)).toEqual([
    'SPAN question',
    '  GENERATION ChatOpenAI',
    '  SPAN add weather',
    '    TOOL get_weather',
    '  SPAN ChatPromptTemplate',
  ]);
  expect(observation('question').metadata).toMatchObject({ attempt: 2 });
  expect(observation('ChatOpenAI')).toMatchObject({
    model: 'gpt-4o-mini',
    modelParameters: { temperature: 0.2 },
    input: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'What is the capital of France?' },
    ],
    output: { role: 'assistant', content: ANSWER },
    usageDetails: { total: USAGE.total },
  });
  expect(observation('ChatOpenAI').calculatedTotalCost).toBeCloseTo(COST_USD.chat, 9);
  expect(trace.totalCost).toBeCloseTo(COST_USD.chat, 9);
  expect(observation('get_weather')).toMatchObject({ output: 'Sunny in Paris' });
});

test('a streamed answer has the time of its first token', async () => {
  const { callbacks, read } = handler();
  for await (const chunk of await llm.stream([new HumanMessage('What is the capital of France?')], {
    callbacks: [callbacks],
  })) {
    expect(chunk).toBeDefined();
  }

  const { timeToFirstToken, latency, usageDetails } = (await read()).observation('ChatOpenAI');
  expect(usageDetails['total']).toBe(USAGE.total);
  expect(timeToFirstToken).toBeGreaterThan(0);
  expect(timeToFirstToken).toBeLessThan(latency ?? 0);
});

test('a refused call is an error on the model and on the chain around it', async () => {
  const { callbacks, read } = handler();
  const chain = ChatPromptTemplate.fromMessages([['human', '{question}']]).pipe(llm);
  await expect(chain.invoke({ question: 'fail 500' }, { callbacks: [callbacks], runName: 'question' })).rejects.toThrow(
    '500',
  );

  const { observation } = await read();
  const why = { level: 'ERROR', statusMessage: expect.stringContaining('asked to fail with 500') as string };
  expect(observation('ChatOpenAI')).toMatchObject(why);
  expect(observation('question')).toMatchObject(why);
});
