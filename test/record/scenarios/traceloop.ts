import * as traceloop from '@traceloop/node-server-sdk';
import OpenAI from 'openai';
import { finish, modelUrl, recordUrl } from '../tracer.ts';

type InstrumentModules = Required<NonNullable<traceloop.InitializeOptions['instrumentModules']>>;

traceloop.initialize({
  appName: 'recorded-service',
  baseUrl: recordUrl,
  apiKey: 'recorded',
  instrumentModules: { openAI: OpenAI as unknown as InstrumentModules['openAI'] }, // the types of another module format
  silenceInitializationMessage: true,
});
const openai = new OpenAI({ apiKey: 'recorded', baseURL: modelUrl, maxRetries: 0 });
const model = 'gpt-4o-mini';
const weather = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'weather of a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
  },
} as const;

async function lookUp(question: string): Promise<unknown> {
  const messages = [
    { role: 'system' as const, content: 'be brief' },
    { role: 'user' as const, content: question },
  ];
  await openai.chat.completions.create({ model, temperature: 0.2, tools: [weather], messages });
  await traceloop.withTool({ name: 'get_weather' }, (city: string) => Promise.resolve({ city, celsius: 20 }), 'Paris');
  const stream = await openai.chat.completions.create({
    model,
    messages,
    stream: true,
    stream_options: { include_usage: true },
  });
  let text = '';
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
  return text;
}

const said = { user_id: 'user-1', session_id: 'session-1', tier: 'gold' };
await traceloop.withAssociationProperties(said, () =>
  traceloop.withWorkflow({ name: 'checkout' }, () =>
    traceloop.withAgent({ name: 'assistant' }, () =>
      traceloop.withTask({ name: 'look-up' }, lookUp, 'weather for 4711?'),
    ),
  ),
);
await finish({ shutdown: () => traceloop.forceFlush() }, ['@traceloop/node-server-sdk', 'openai']);
process.exit(0);
