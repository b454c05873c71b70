import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { OpenTelemetry } from '@ai-sdk/otel';
import { embed, generateText, isStepCount, jsonSchema, registerTelemetry, streamText, tool } from 'ai';
import { finish, modelUrl, otlpProcessor, register } from '../tracer.ts';

const provider = register(otlpProcessor('protobuf'));
registerTelemetry(new OpenTelemetry());
const fake = createOpenAICompatible({ name: 'fake', baseURL: modelUrl, apiKey: 'recorded', includeUsage: true });
const model = fake.chatModel('gpt-4o-mini');
const telemetry = { isEnabled: true, functionId: 'assistant' };
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
  stopWhen: isStepCount(2),
  telemetry,
});
await streamText({ model, prompt: 'stream', telemetry }).consumeStream();
await embed({ model: fake.embeddingModel('text-embedding-3-small'), value: 'a', telemetry });
await finish(provider, ['ai', '@ai-sdk/otel', '@ai-sdk/openai-compatible', '@opentelemetry/exporter-trace-otlp-proto']);
