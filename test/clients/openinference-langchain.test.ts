import { LangChainInstrumentation } from '@arizeai/openinference-instrumentation-langchain';
import * as callbackManager from '@langchain/core/callbacks/manager';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { ChatOpenAI } from '@langchain/openai';
import { afterAll, expect, test } from 'vitest';
import { ANSWER, COST_USD, startFakeModel, USAGE } from '../harness/fake-model.ts';
import { outline } from '../harness/read-back.ts';
import { application } from './openinference-application.ts';

const { within } = application();
const model = await startFakeModel();
afterAll(model.stop);

new LangChainInstrumentation().manuallyInstrument(callbackManager);
const llm = new ChatOpenAI({
  model: 'gpt-4o-mini',
  apiKey: 'none',
  maxRetries: 0,
  configuration: { baseURL: model.url },
});
const chain = ChatPromptTemplate.fromMessages([['human', '{question}']]).pipe(llm);

test('a chain of the instrumented LangChain is read back whole', async () => {
  const { trace, observations, observation } = await within(() =>
    chain.invoke({ question: 'What is the capital of France?' }, { runName: 'question' }),
  );
  expect(trace).toMatchObject({ name: 'request', userId: 'user-1', sessionId: 'session-openinference' });
  expect(trace.tags.toSorted()).toEqual(['eu', 'travel']);
  expect(outline(observations)).toEqual([
    'SPAN request',
    '  AGENT guide',
    '    CHAIN question',
    '      GENERATION ChatOpenAI',
    '      SPAN ChatPromptTemplate',
  ]);
  expect(observation('ChatOpenAI')).toMatchObject({ model: 'gpt-4o-mini', usageDetails: { total: USAGE.total } });
  expect(JSON.stringify(observation('ChatOpenAI').output)).toContain(ANSWER);
  expect(trace.totalCost).toBeCloseTo(COST_USD.chat, 9);
});

test('a refused call is an error that says why, on the model and on the chain around it', async () => {
  const { observation } = await within(() =>
    expect(chain.invoke({ question: 'fail 500' }, { runName: 'question' })).rejects.toThrow('500'),
  );
  const why = { level: 'ERROR', statusMessage: expect.stringContaining('asked to fail with 500') as string };
  expect(observation('ChatOpenAI')).toMatchObject(why);
  expect(observation('question')).toMatchObject(why);
});
