import { context, trace } from '@opentelemetry/api';
import * as traceloop from '@traceloop/node-server-sdk';
import OpenAI from 'openai';
import { afterAll, expect, inject, test } from 'vitest';
import { ANSWER, COST_USD, startFakeModel, TOOL, USAGE } from '../harness/fake-model.ts';
import { projectApi } from '../harness/project-api.ts';
import { outline, readBack } from '../harness/read-back.ts';

type InstrumentModules = Required<NonNullable<traceloop.InitializeOptions['instrumentModules']>>;

const server = inject('server');
const api = projectApi(server);
const model = await startFakeModel();
afterAll(model.stop);

traceloop.initialize({
  appName: 'travel-desk',
  baseUrl: `${server.url}/api/public/otel`,
  headers: { authorization: api.authorization },
  instrumentModules: { openAI: OpenAI as unknown as InstrumentModules['openAI'] }, // the types of another module format
  tracingEnabled: true,
  silenceInitializationMessage: true,
});
const openai = new OpenAI({ apiKey: 'none', baseURL: model.url, maxRetries: 0 });

test('a workflow with an agent, a tool and a model call is read back whole', async () => {
  let traceId = '';
  const ask = async (): Promise<string> => {
    traceId = trace.getSpan(context.active())!.spanContext().traceId;
    await traceloop.withTool({ name: TOOL.name }, (city: string) => Promise.resolve({ city, celsius: 20 }), 'Paris');
    const messages = [{ role: 'user' as const, content: 'What is the capital of France?' }];
    const answer = await openai.chat.completions.create({ model: 'gpt-4o-mini', messages });
    return answer.choices[0]!.message.content ?? '';
  };
  await traceloop.withAssociationProperties({ user_id: 'user-1', session_id: 'session-traceloop' }, () =>
    traceloop.withWorkflow({ name: 'question' }, () => traceloop.withAgent({ name: 'guide' }, ask)),
  );
  await traceloop.forceFlush();

  const read = await readBack(api, traceId);
  expect(read.trace).toMatchObject({
    name: 'question',
    userId: 'user-1',
    sessionId: 'session-traceloop',
    output: ANSWER,
  });
  // The tool and the call may start in the same millisecond.
  expect(outline(read.observations).toSorted()).toEqual([
    '    GENERATION chat gpt-4o-mini',
    `    TOOL ${TOOL.name}.tool`,
    '  AGENT guide.agent',
    'CHAIN question.workflow',
  ]);
  expect(read.observation('chat gpt-4o-mini')).toMatchObject({
    model: 'gpt-4o-mini',
    usageDetails: { input: USAGE.prompt, output: USAGE.completion, total: USAGE.total }, // it reports no cached tokens
  });
  expect(JSON.stringify(read.observation('chat gpt-4o-mini').output)).toContain(ANSWER);
  expect(read.observation(`${TOOL.name}.tool`)).toMatchObject({ output: { city: 'Paris', celsius: 20 } });
  expect(read.trace.totalCost).toBeGreaterThanOrEqual(COST_USD.chat);
});
