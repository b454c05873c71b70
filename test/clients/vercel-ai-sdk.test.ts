import { createOpenAICompatible as createCompatible7 } from '@ai-sdk/openai-compatible';
import { OpenTelemetry } from '@ai-sdk/otel';
import { propagateAttributes, startActiveObservation } from '@langfuse/tracing';
import * as ai7 from 'ai';
import { createOpenAICompatible as createCompatible5 } from 'ai-sdk-openai-compatible-v1';
import { createOpenAICompatible as createCompatible6 } from 'ai-sdk-openai-compatible-v2';
import * as ai5 from 'ai-v5';
import * as ai6 from 'ai-v6';
import { afterAll, describe, expect, inject, test } from 'vitest';
import * as z from 'zod';
import { ANSWER, COST_USD, startFakeModel, TOOL, USAGE } from '../harness/fake-model.ts';
import { projectApi } from '../harness/project-api.ts';
import { outline, readBack } from '../harness/read-back.ts';
import { langfuseProcessor, register } from './tracing.ts';

const server = inject('server');
const api = projectApi(server);
const processor = langfuseProcessor(server);
register(processor);
const model = await startFakeModel();
afterAll(model.stop);

const openai = { name: 'openai', baseURL: model.url, apiKey: 'none', includeUsage: true };
const prompt = 'What is the capital of France?';
const weather = {
  description: 'Weather of a city',
  inputSchema: z.object({ city: z.string() }),
  execute: ({ city }: { city: string }) => `Sunny in ${city}`,
};
/** Usage that versions 6 and 7 report of one call. */
const usage = { input: USAGE.prompt - USAGE.cached, input_cached_tokens: USAGE.cached, total: USAGE.total };
/** Version 5 does not report of `generateText` what came from a cache. */
const uncached = { usage: { input: USAGE.prompt, total: USAGE.total }, costUsd: (120 * 0.15 + 48 * 0.6) / 1e6 };

/** Runs `call` under an observation of the application. */
async function within(call: () => Promise<unknown>) {
  const traceId = await startActiveObservation('request', async (outer) => {
    await call();
    return outer.traceId;
  });
  await processor.forceFlush();
  return readBack(api, traceId);
}

const consume = async (stream: AsyncIterable<string>): Promise<void> => {
  let text = '';
  for await (const piece of stream) text += piece;
  expect(text).toBe(ANSWER);
};

/** How versions 5 and 6 are told what to record. */
const experimental_telemetry = {
  isEnabled: true,
  functionId: 'answer',
  metadata: { userId: 'user-1', sessionId: 'session-ai', tags: ['travel', 'eu'], plan: 'pro' },
};

const classic = [
  {
    version: 'AI SDK 5',
    generated: uncached,
    generate: () =>
      ai5.generateText({
        model: createCompatible5(openai)('gpt-4o-mini'),
        tools: { [TOOL.name]: ai5.tool(weather) },
        stopWhen: ai5.stepCountIs(3),
        prompt,
        experimental_telemetry,
      }),
    stream: () =>
      consume(
        ai5.streamText({ model: createCompatible5(openai)('gpt-4o-mini'), prompt, experimental_telemetry }).textStream,
      ),
    embed: () =>
      ai5.embed({
        model: createCompatible5(openai).textEmbeddingModel('text-embedding-3-small'),
        value: 'France',
        experimental_telemetry,
      }),
    fail: () =>
      ai5.generateText({
        model: createCompatible5(openai)('gpt-4o-mini'),
        maxRetries: 0,
        prompt: 'fail 500',
        experimental_telemetry,
      }),
  },
  {
    version: 'AI SDK 6',
    generated: { usage, costUsd: COST_USD.chat },
    generate: () =>
      ai6.generateText({
        model: createCompatible6(openai)('gpt-4o-mini'),
        tools: { [TOOL.name]: ai6.tool(weather) },
        stopWhen: ai6.stepCountIs(3),
        prompt,
        experimental_telemetry,
      }),
    stream: () =>
      consume(
        ai6.streamText({ model: createCompatible6(openai)('gpt-4o-mini'), prompt, experimental_telemetry }).textStream,
      ),
    embed: () =>
      ai6.embed({
        model: createCompatible6(openai).textEmbeddingModel('text-embedding-3-small'),
        value: 'France',
        experimental_telemetry,
      }),
    fail: () =>
      ai6.generateText({
        model: createCompatible6(openai)('gpt-4o-mini'),
        maxRetries: 0,
        prompt: 'fail 500',
        experimental_telemetry,
      }),
  },
];

describe.each(classic)('$version', ({ generated, generate, stream, embed, fail }) => {
  test('a text made in two steps with a tool is read back whole, each token counted once', async () => {
    const { trace, observations, observation } = await within(generate);
    expect(trace).toMatchObject({ userId: 'user-1', sessionId: 'session-ai', metadata: { plan: 'pro' } });
    expect(trace.tags.toSorted()).toEqual(['eu', 'travel']);
    expect(outline(observations)).toEqual([
      'SPAN request',
      '  SPAN answer:ai.generateText',
      '    GENERATION answer:ai.generateText.doGenerate',
      '    GENERATION answer:ai.generateText.doGenerate',
      `    TOOL ${TOOL.name}`,
    ]);
    const [first, second] = observations.filter(({ type }) => type === 'GENERATION');
    expect(first).toMatchObject({ model: 'gpt-4o-mini', usageDetails: generated.usage });
    expect(JSON.stringify(first?.output)).toContain(TOOL.name);
    expect(second).toMatchObject({ model: 'gpt-4o-mini', output: ANSWER, usageDetails: generated.usage });
    expect(second?.calculatedTotalCost).toBeCloseTo(generated.costUsd, 9);
    expect(trace.totalCost).toBeCloseTo(2 * generated.costUsd, 9);
    expect(observation(TOOL.name)).toMatchObject({ input: TOOL.arguments, output: 'Sunny in Paris' });
    expect(observation('answer:ai.generateText')).toMatchObject({ input: { prompt }, output: ANSWER });
  });

  test('a streamed text has its usage and the time of its first chunk', async () => {
    const { observation } = await within(stream);
    const { output, usageDetails, timeToFirstToken, latency } = observation('answer:ai.streamText.doStream');
    expect(output).toBe(ANSWER);
    expect(usageDetails).toMatchObject(usage);
    expect(timeToFirstToken).toBeGreaterThan(0);
    expect(timeToFirstToken).toBeLessThan(latency ?? 0);
  });

  test('an embedding has its tokens and its cost once', async () => {
    const { trace, observations } = await within(embed);
    expect(outline(observations)).toEqual([
      'SPAN request',
      '  SPAN answer:ai.embed',
      '    EMBEDDING answer:ai.embed.doEmbed',
    ]);
    expect(trace.totalCost).toBeCloseTo(COST_USD.embedding, 10);
  });

  test('a refused call is an error that says why', async () => {
    const { observation } = await within(() => expect(fail()).rejects.toThrow('asked to fail with 500'));
    const why = { level: 'ERROR', statusMessage: expect.stringContaining('asked to fail with 500') as string };
    expect(observation('answer:ai.generateText.doGenerate')).toMatchObject(why);
    expect(observation('answer:ai.generateText')).toMatchObject(why);
  });
});

describe('AI SDK 7', () => {
  const llm = createCompatible7(openai)('gpt-4o-mini');
  const telemetry = { functionId: 'answer' };
  ai7.registerTelemetry(new OpenTelemetry());

  test('a text made in two steps with a tool is read back whole, each token counted once', async () => {
    const { trace, observations, observation } = await within(() =>
      propagateAttributes(
        { userId: 'user-1', sessionId: 'session-ai', tags: ['travel', 'eu'], metadata: { plan: 'pro' } },
        () =>
          ai7.generateText({
            model: llm,
            tools: { [TOOL.name]: ai7.tool(weather) },
            stopWhen: ai7.isStepCount(3),
            prompt,
            telemetry,
          }),
      ),
    );
    expect(trace).toMatchObject({ userId: 'user-1', sessionId: 'session-ai', metadata: { plan: 'pro' } });
    expect(trace.tags.toSorted()).toEqual(['eu', 'travel']);
    expect(outline(observations)).toEqual([
      'SPAN request',
      '  AGENT invoke_agent gpt-4o-mini',
      '    SPAN step 1',
      '      GENERATION chat gpt-4o-mini',
      `      TOOL ${TOOL.name}`,
      '    SPAN step 2',
      '      GENERATION chat gpt-4o-mini',
    ]);
    const [first, second] = observations.filter(({ type }) => type === 'GENERATION');
    expect(first).toMatchObject({ model: 'gpt-4o-mini', usageDetails: usage });
    expect(JSON.stringify(first?.output)).toContain(TOOL.name);
    expect(second).toMatchObject({ model: 'gpt-4o-mini', usageDetails: usage });
    expect(JSON.stringify(second?.output)).toContain(ANSWER);
    expect(second?.calculatedTotalCost).toBeCloseTo(COST_USD.chat, 9);
    expect(trace.totalCost).toBeCloseTo(2 * COST_USD.chat, 9);
    expect(observation(TOOL.name)).toMatchObject({ input: TOOL.arguments, output: 'Sunny in Paris' });
  });

  test('a streamed text has its usage and the time of its first chunk', async () => {
    const { observation } = await within(() => consume(ai7.streamText({ model: llm, prompt, telemetry }).textStream));
    const { usageDetails, timeToFirstToken, latency } = observation('chat gpt-4o-mini');
    expect(usageDetails).toMatchObject(usage);
    expect(timeToFirstToken).toBeGreaterThan(0);
    expect(timeToFirstToken).toBeLessThan(latency ?? 0);
  });

  test('an embedding has its tokens and its cost once', async () => {
    const { trace, observations } = await within(() =>
      ai7.embed({
        model: createCompatible7(openai).embeddingModel('text-embedding-3-small'),
        value: 'France',
        telemetry,
      }),
    );
    expect(outline(observations)).toEqual([
      'SPAN request',
      '  EMBEDDING embeddings text-embedding-3-small',
      '    EMBEDDING embeddings text-embedding-3-small',
    ]);
    expect(trace.totalCost).toBeCloseTo(COST_USD.embedding, 10);
  });

  test('a refused call is an error that says why', async () => {
    const { observation } = await within(() =>
      expect(ai7.generateText({ model: llm, maxRetries: 0, prompt: 'fail 500', telemetry })).rejects.toThrow(
        'asked to fail with 500',
      ),
    );
    expect(observation('chat gpt-4o-mini')).toMatchObject({
      level: 'ERROR',
      statusMessage: expect.stringContaining('asked to fail with 500') as string,
    });
  });
});
