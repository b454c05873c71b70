import { ChatPromptTemplate } from '@langchain/core/prompts';
import { ChatOpenAI } from '@langchain/openai';
import { CallbackHandler } from 'langfuse-langchain';
import { afterAll, expect, inject, test } from 'vitest';
import { ANSWER, COST_USD, startFakeModel } from '../harness/fake-model.ts';
import { projectApi } from '../harness/project-api.ts';
import { outline, readBack } from '../harness/read-back.ts';

const server = inject('server');
const api = projectApi(server);
const model = await startFakeModel();
afterAll(model.stop);

const llm = new ChatOpenAI({
  model: 'gpt-4o-mini',
  apiKey: 'none',
  maxRetries: 0,
  temperature: 0.2,
  configuration: { baseURL: model.url },
});
const chain = ChatPromptTemplate.fromMessages([['human', '{question}']]).pipe(llm);

/** Runs `work` under a handler, which sends everything before its trace is read. */
async function traced(work: (handler: CallbackHandler) => Promise<unknown>) {
  const { url: baseUrl, publicKey, secretKey } = server;
  const handler = new CallbackHandler({
    baseUrl,
    publicKey,
    secretKey,
    userId: 'user-1',
    sessionId: 'session-langchain-v3',
    tags: ['travel', 'eu'],
    metadata: { plan: 'pro' },
    version: '7',
  });
  await work(handler);
  await handler.shutdownAsync();
  return readBack(api, handler.getTraceId()!);
}

test('a chain that the older handler of LangChain reports as events is read back whole', async () => {
  const { trace, observations, observation } = await traced((handler) =>
    chain.invoke({ question: 'What is the capital of France?' }, { callbacks: [handler], runName: 'question' }),
  );
  expect(trace).toMatchObject({
    name: 'question',
    userId: 'user-1',
    sessionId: 'session-langchain-v3',
    version: '7',
    metadata: { plan: 'pro' },
    input: { question: 'What is the capital of France?' },
  });
  expect(trace.tags.toSorted()).toEqual(['eu', 'travel']);
  expect(outline(observations)).toEqual(['SPAN question', '  GENERATION ChatOpenAI', '  SPAN ChatPromptTemplate']);
  expect(observation('ChatOpenAI')).toMatchObject({ model: 'gpt-4o-mini', modelParameters: { temperature: 0.2 } });
  expect(observation('ChatOpenAI').completionStartTime ?? null).toBeNull();
  expect(JSON.stringify(observation('ChatOpenAI').output)).toContain(ANSWER);
  expect(trace.totalCost).toBeCloseTo(COST_USD.chat, 9);
});

test('an answer that streams has its first token, its whole text and its usage', async () => {
  const { trace, observation } = await traced(async (handler) => {
    const options = { callbacks: [handler], runName: 'question' };
    for await (const part of await chain.stream({ question: 'What is the capital of France?' }, options)) void part;
  });
  expect(observation('ChatOpenAI').completionStartTime).not.toBeNull();
  expect(JSON.stringify(observation('ChatOpenAI').output)).toContain(ANSWER);
  expect(trace.totalCost).toBeCloseTo(COST_USD.chat, 9);
});

test('a refused call is an error that says why, on the model and on the chain around it', async () => {
  const { observation } = await traced((handler) =>
    expect(chain.invoke({ question: 'fail 500' }, { callbacks: [handler], runName: 'question' })).rejects.toThrow(
      '500',
    ),
  );
  const why = { level: 'ERROR', statusMessage: expect.stringContaining('asked to fail with 500') as string };
  expect(observation('ChatOpenAI')).toMatchObject(why);
  expect(observation('question')).toMatchObject(why);
});
