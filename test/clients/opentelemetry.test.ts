import { context, SpanKind, SpanStatusCode, trace, type Attributes } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { expect, inject, test } from 'vitest';
import { COST_USD, USAGE } from '../harness/fake-model.ts';
import { projectApi } from '../harness/project-api.ts';
import { outline, readBack } from '../harness/read-back.ts';
import { otlpProcessor } from './tracing.ts';

const server = inject('server');
const api = projectApi(server);

const question = [{ role: 'user', parts: [{ type: 'text', content: 'What is the capital of France?' }] }];
const reply = [{ role: 'assistant', parts: [{ type: 'text', content: 'Paris' }], finish_reason: 'stop' }];

/** What an application says about the whole, on its outermost span. */
const root: Attributes = {
  'user.id': 'user-1',
  'session.id': 'session-otel',
  'langfuse.trace.tags': ['travel', 'eu'],
  'langfuse.trace.metadata.plan': 'pro',
};

/** A chat by the current GenAI conventions. */
const chat: Attributes = {
  'gen_ai.operation.name': 'chat',
  'gen_ai.provider.name': 'openai',
  'gen_ai.request.model': 'gpt-4o-mini',
  'gen_ai.response.model': 'gpt-4o-mini-2024-07-18',
  'gen_ai.request.temperature': 0.2,
  'gen_ai.request.max_tokens': 100,
  'gen_ai.response.finish_reasons': ['stop'],
  'gen_ai.usage.input_tokens': USAGE.prompt,
  'gen_ai.usage.cache_read.input_tokens': USAGE.cached,
  'gen_ai.usage.output_tokens': USAGE.completion,
  'gen_ai.input.messages': JSON.stringify(question),
  'gen_ai.output.messages': JSON.stringify(reply),
};

const tool: Attributes = {
  'gen_ai.operation.name': 'execute_tool',
  'gen_ai.tool.name': 'search',
  'gen_ai.tool.call.arguments': '{"query":"France"}',
  'gen_ai.tool.call.result': '{"hits":3}',
};

/** root → agent → chat, and a tool that fails. @returns the trace's id */
function work(provider: NodeTracerProvider): string {
  const tracer = provider.getTracer('travel-desk', '1.2.3');
  const outer = tracer.startSpan('answer question', { attributes: root });
  const inOuter = trace.setSpan(context.active(), outer);
  const agent = tracer.startSpan(
    'invoke_agent guide',
    { attributes: { 'gen_ai.operation.name': 'invoke_agent' } },
    inOuter,
  );
  const inAgent = trace.setSpan(inOuter, agent);
  tracer.startSpan('chat gpt-4o-mini', { kind: SpanKind.CLIENT, attributes: chat }, inAgent).end();
  const failing = tracer.startSpan('execute_tool search', { attributes: tool }, inAgent);
  failing.recordException(new Error('index is offline'));
  failing.setStatus({ code: SpanStatusCode.ERROR, message: 'index is offline' });
  failing.end();
  agent.end();
  outer.end();
  return outer.spanContext().traceId;
}

const defaultAddress = { url: `${server.otlpUrl}/v1/traces` };

test.each([
  { way: 'protobuf', options: { encoding: 'protobuf' } },
  { way: 'JSON', options: { encoding: 'json' } },
  { way: 'protobuf in gzip', options: { encoding: 'protobuf', gzip: true } },
  { way: 'protobuf to the port and path exporters default to', options: { encoding: 'protobuf', ...defaultAddress } },
  { way: 'JSON in gzip to that port and path', options: { encoding: 'json', gzip: true, ...defaultAddress } },
] as const)('a trace that an exporter sends as $way is read back whole', async ({ options }) => {
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'travel-desk', 'deployment.environment.name': 'staging' }),
    spanProcessors: [otlpProcessor(server, options)],
  });
  const traceId = work(provider);
  await provider.forceFlush();

  const { trace: read, observations, observation, observationV2 } = await readBack(api, traceId);
  expect(read).toMatchObject({
    name: 'answer question',
    userId: 'user-1',
    sessionId: 'session-otel',
    environment: 'staging',
    metadata: { plan: 'pro' },
  });
  expect(read.tags.toSorted()).toEqual(['eu', 'travel']);
  expect(outline(observations)).toEqual([
    'SPAN answer question',
    '  AGENT invoke_agent guide',
    '    GENERATION chat gpt-4o-mini',
    '    TOOL search',
  ]);
  expect(observation('chat gpt-4o-mini')).toMatchObject({
    model: 'gpt-4o-mini-2024-07-18',
    modelParameters: { temperature: 0.2, max_tokens: 100 },
    input: question,
    output: reply,
    usageDetails: {
      input: USAGE.prompt - USAGE.cached,
      input_cached_tokens: USAGE.cached,
      output: USAGE.completion,
      total: USAGE.total,
    },
    level: 'DEFAULT',
  });
  expect(observation('chat gpt-4o-mini').calculatedTotalCost).toBeCloseTo(COST_USD.chat, 9);
  expect(observationV2('chat gpt-4o-mini').totalCost).toBeCloseTo(COST_USD.chat, 9);
  expect(read.totalCost).toBeCloseTo(COST_USD.chat, 9);
  expect(observation('search')).toMatchObject({
    level: 'ERROR',
    statusMessage: 'index is offline',
    input: { query: 'France' },
    output: { hits: 3 },
  });
  await provider.shutdown();
});
