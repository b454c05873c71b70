import { LangfuseClient } from '@langfuse/client';
import { propagateAttributes, startActiveObservation, startObservation } from '@langfuse/tracing';
import { context, trace as otel } from '@opentelemetry/api';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { afterAll, expect, inject, test } from 'vitest';
import { COST_USD, USAGE } from '../harness/fake-model.ts';
import { projectApi } from '../harness/project-api.ts';
import { outline, readBack } from '../harness/read-back.ts';
import { langfuseProcessor, register } from './tracing.ts';

const server = inject('server');
const api = projectApi(server);
const processor = langfuseProcessor(server, { environment: 'staging', release: 'v1.4.0' });
register(processor);
const { url: baseUrl, publicKey, secretKey } = server;
const client = new LangfuseClient({ baseUrl, publicKey, secretKey });
afterAll(() => client.shutdown());

const messages = [{ role: 'user', content: 'What is the capital of France?' }];
const firstToken = new Date('2026-05-04T03:02:01.250Z');

/** agent → retriever, generation, and a tool that fails. @returns the ids of the trace and of the generation */
const answerQuestion = (sessionId: string): Promise<{ traceId: string; generationId: string }> =>
  propagateAttributes(
    {
      userId: 'user-1',
      sessionId,
      tags: ['travel', 'eu'],
      metadata: { plan: 'pro' },
      traceName: 'question',
      version: '7',
    },
    () =>
      startActiveObservation(
        'guide',
        async (agent) => {
          agent.update({
            input: { question: 'capital of France' },
            output: 'Paris',
            metadata: { attempt: 2, nested: { deep: [1, 'a'] } },
          });
          startObservation('lookup', { input: 'France', output: ['Paris is …'] }, { asType: 'retriever' }).end();
          const generation = startObservation(
            'say it',
            {
              model: 'gpt-4o-mini',
              modelParameters: { temperature: 0.2, max_tokens: 100 },
              input: messages,
              completionStartTime: firstToken,
            },
            { asType: 'generation', startTime: new Date('2026-05-04T03:02:01.000Z') },
          );
          generation.update({
            output: { role: 'assistant', content: 'Paris' },
            usageDetails: {
              input: USAGE.prompt - USAGE.cached,
              input_cached_tokens: USAGE.cached,
              output: USAGE.completion,
            },
          });
          generation.end(new Date('2026-05-04T03:02:02.500Z'));
          startObservation('book', { level: 'ERROR', statusMessage: 'no seats left' }, { asType: 'tool' }).end();
          return { traceId: agent.traceId, generationId: generation.id };
        },
        { asType: 'agent' },
      ),
  );

test('a trace of the tracing SDK is read back whole', async () => {
  const { traceId } = await answerQuestion('session-sdk');
  await processor.forceFlush();

  const { trace, observations, observation, observationV2 } = await readBack(api, traceId);
  expect(trace).toMatchObject({
    name: 'question',
    userId: 'user-1',
    sessionId: 'session-sdk',
    environment: 'staging',
    release: 'v1.4.0',
    version: '7',
    metadata: { plan: 'pro' },
    input: { question: 'capital of France' },
    output: 'Paris',
  });
  expect(trace.tags.toSorted()).toEqual(['eu', 'travel']);
  expect(outline(observations)).toEqual(['AGENT guide', '  GENERATION say it', '  RETRIEVER lookup', '  TOOL book']);
  expect(observation('guide').metadata).toMatchObject({ attempt: 2, nested: { deep: [1, 'a'] } });
  expect(observation('say it')).toMatchObject({
    startTime: '2026-05-04T03:02:01.000Z',
    endTime: '2026-05-04T03:02:02.500Z',
    completionStartTime: '2026-05-04T03:02:01.250Z',
    latency: 1.5,
    timeToFirstToken: 0.25,
    model: 'gpt-4o-mini',
    modelParameters: { temperature: 0.2, max_tokens: 100 },
    input: messages,
    output: { role: 'assistant', content: 'Paris' },
    usageDetails: { input: 100, input_cached_tokens: 20, output: 48, total: 168 },
  });
  expect(observation('say it').calculatedTotalCost).toBeCloseTo(COST_USD.chat, 9);
  expect(observationV2('say it')).toMatchObject({ input: JSON.stringify(messages), sessionId: 'session-sdk' });
  expect(trace.totalCost).toBeCloseTo(COST_USD.chat, 9);
  expect(observation('book')).toMatchObject({ level: 'ERROR', statusMessage: 'no seats left' });
});

test('each span may travel in a request of its own', async () => {
  const immediate = langfuseProcessor(server, { exportMode: 'immediate' });
  const provider = new NodeTracerProvider({ spanProcessors: [immediate] });
  const tracer = provider.getTracer('langfuse-sdk');
  const outer = tracer.startSpan('outer', { attributes: { 'langfuse.trace.name': 'one by one', 'user.id': 'user-2' } });
  const traceId = outer.spanContext().traceId;
  tracer
    .startSpan('inner', { attributes: { 'langfuse.observation.type': 'tool' } }, otel.setSpan(context.active(), outer))
    .end();
  outer.end();
  await provider.shutdown();

  const { trace, observations } = await readBack(api, traceId);
  expect(trace).toMatchObject({ name: 'one by one', userId: 'user-2' });
  expect(outline(observations)).toEqual(['SPAN outer', '  TOOL inner']);
});

test('the client reads the trace, its session and its observations', async () => {
  const { traceId, generationId } = await answerQuestion('session-client');
  await processor.forceFlush();

  const trace = await client.api.trace.get(traceId);
  expect(trace.observations.map(({ name }) => name).toSorted()).toEqual(['book', 'guide', 'lookup', 'say it']);
  expect((await client.api.trace.list({ sessionId: 'session-client', tags: ['travel', 'eu'] })).data).toMatchObject([
    { id: traceId },
  ]);
  expect((await client.api.trace.list({ sessionId: 'session-client', tags: ['travel', 'asia'] })).data).toEqual([]);
  expect(await client.api.legacy.observationsV1.get(generationId)).toMatchObject({ name: 'say it', traceId });
  expect((await client.api.legacy.observationsV1.getMany({ traceId, type: 'GENERATION' })).data).toMatchObject([
    { id: generationId },
  ]);
  expect((await client.api.observations.getMany({ traceId, level: 'ERROR' })).data).toMatchObject([{ name: 'book' }]);
  expect((await client.api.sessions.get('session-client')).traces).toMatchObject([{ id: traceId }]);
  expect(await client.getTraceUrl(traceId)).toBe(`${server.url}/project/${server.projectId}/traces/${traceId}`);
});

test('scores of the client are on the trace, on the right observation, once', async () => {
  const { traceId, generationId } = await answerQuestion('session-scores');
  await processor.forceFlush();
  client.score.create({ id: 'helpful-1', traceId, name: 'helpful', value: 0.75, comment: 'said it in one word' });
  client.score.create({
    traceId,
    observationId: generationId,
    name: 'tone',
    value: 'friendly',
    dataType: 'CATEGORICAL',
  });
  client.score.create({ traceId, name: 'safe', value: 1, dataType: 'BOOLEAN' });
  await client.flush();
  client.score.create({ id: 'helpful-1', traceId, name: 'helpful', value: 0.5 });
  await client.flush();

  const { scores } = (await readBack(api, traceId)).trace;
  expect(scores.toSorted((a, b) => a.name.localeCompare(b.name))).toMatchObject([
    {
      id: 'helpful-1',
      name: 'helpful',
      value: 0.5,
      dataType: 'NUMERIC',
      observationId: null,
      comment: 'said it in one word',
    },
    { name: 'safe', value: 1, stringValue: 'True', dataType: 'BOOLEAN' },
    { name: 'tone', stringValue: 'friendly', dataType: 'CATEGORICAL', observationId: generationId },
  ]);
});
