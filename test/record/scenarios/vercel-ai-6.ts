import { embed, generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai-v6';
import { createOpenAICompatible } from 'ai-sdk-openai-compatible-v2';
import { finish, modelUrl, otlpProcessor, register } from '../tracer.ts';

const provider = register(otlpProcessor('json'));
const fake = createOpenAICompatible({ name: 'fake', baseURL: modelUrl, apiKey: 'recorded', includeUsage: true });
const model = fake.chatModel('gpt-4o-mini');
const experimental_telemetry = {
  isEnabled: true,
  functionId: 'assistant',
  metadata: { userId: 'user-1', sessionId: 'session-1', tags: ['a', 'b'], tier: 'gold' },
};
const get_weather = tool({
  description: 'weather of a city',
  inputSchema: jsonSchema<{ city: string }>({ type: 'object', properties: { city: { type: 'string' } } }),
  execute: ({ city }) => Promise.resolve({ city, celsius: 20 }),
});

await generateText({
  model,
  prompt: 'weather?',
  temperature: 0.2,
  tools: { get_weather },
  stopWhen: stepCountIs(2),
  experimental_telemetry,
});
await streamText({ model, prompt: 'stream', experimental_telemetry }).consumeStream();
await embed({ model: fake.textEmbeddingModel('text-embedding-3-small'), value: 'a', experimental_telemetry });
await finish(provider, ['ai-v6', 'ai-sdk-openai-compatible-v2', '@opentelemetry/exporter-trace-otlp-http']);
