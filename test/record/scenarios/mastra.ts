// Mastra with its Langfuse exporter: @mastra/core, @mastra/langfuse, @mastra/observability, @ai-sdk/openai-compatible and zod in the
// folder RECORD_MODULES; they are too many to be in package.json.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { modelUrl, recordUrl } from '../tracer.ts';

const folder = process.env['RECORD_MODULES'] ?? '';
const load = createRequire(`${folder}/package.json`);
const { Agent } = load('@mastra/core/agent');
const { Mastra } = load('@mastra/core/mastra');
const { createTool } = load('@mastra/core/tools');
const { Observability } = load('@mastra/observability');
const { LangfuseExporter } = load('@mastra/langfuse');
const { createOpenAICompatible } = load('@ai-sdk/openai-compatible');
const { z } = load('zod');

const exporter = new LangfuseExporter({ publicKey: 'pk-lf-recorded', secretKey: 'sk-lf-recorded', baseUrl: recordUrl });
const get_weather = createTool({
  id: 'get_weather',
  description: 'weather of a city',
  inputSchema: z.object({ city: z.string() }),
  execute: ({ city }: { city: string }) => Promise.resolve({ city, celsius: 20 }),
});
const fake = createOpenAICompatible({ name: 'fake', baseURL: modelUrl, apiKey: 'recorded', includeUsage: true });
const assistant = new Agent({
  id: 'assistant',
  name: 'assistant',
  instructions: 'be brief',
  model: fake.chatModel('gpt-4o-mini'),
  tools: { get_weather },
});
const mastra = new Mastra({
  agents: { assistant },
  logger: false,
  observability: new Observability({
    configs: { langfuse: { serviceName: 'recorded-service', exporters: [exporter] } },
  }),
});
await mastra.getAgent('assistant').generate('weather?', {
  tracingOptions: { metadata: { userId: 'user-1', sessionId: 'session-1', tier: 'gold' }, tags: ['a', 'b'] },
});
await exporter.shutdown();
const versionOf = (name: string): string =>
  (JSON.parse(readFileSync(`${folder}/node_modules/${name}/package.json`, 'utf8')) as { version: string }).version;
const packages = ['@mastra/core', '@mastra/langfuse', '@mastra/observability'];
process.stdout.write(`\n${JSON.stringify(Object.fromEntries(packages.map((name) => [name, versionOf(name)])))}`);
process.exit(0);
