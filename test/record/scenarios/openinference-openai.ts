import { OpenAIInstrumentation } from '@arizeai/openinference-instrumentation-openai';
import { setMetadata, setSession, setTags, setUser } from '@arizeai/openinference-core';
import { context } from '@opentelemetry/api';
import OpenAI from 'openai';
import { finish, modelUrl, otlpProcessor, register } from '../tracer.ts';

const provider = register(otlpProcessor('protobuf'));
new OpenAIInstrumentation({ tracerProvider: provider }).manuallyInstrument(OpenAI);
const openai = new OpenAI({ apiKey: 'recorded', baseURL: modelUrl, maxRetries: 0 });

const model = 'gpt-4o-mini';
const weather = {
  type: 'function',
  function: { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
} as const;
let said = setSession(context.active(), { sessionId: 'session-1' });
said = setUser(said, { userId: 'user-1' });
said = setTags(said, ['a', 'b']);
said = setMetadata(said, { tier: 'gold' });
await context.with(said, async () => {
  await openai.chat.completions.create({ model, temperature: 0.2, messages: [{ role: 'user', content: 'hi' }] });
  await openai.chat.completions.create({ model, tools: [weather], messages: [{ role: 'user', content: 'weather?' }] });
  await openai.embeddings.create({ model: 'text-embedding-3-small', input: ['a'], encoding_format: 'float' });
  await openai.chat.completions
    .create({ model, messages: [{ role: 'user', content: 'fail 400' }] })
    .catch(() => 'recorded');
});
await finish(provider, [
  '@arizeai/openinference-instrumentation-openai',
  '@arizeai/openinference-core',
  'openai',
  '@opentelemetry/exporter-trace-otlp-proto',
]);
