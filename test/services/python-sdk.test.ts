import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { COST_USD } from '../harness/fake-model.ts';
import { python } from '../harness/parts.ts';
import { run } from '../harness/process.ts';
import { projectApi } from '../harness/project-api.ts';
import { outline, readBack } from '../harness/read-back.ts';
import { startServer, type TestServer } from '../harness/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

test.each([
  { sdk: '5.0.4 (the newest)', environment: 'langfuse-5.0.4' },
  { sdk: '4.18.0 (that of LiteLLM)', environment: 'litellm-1.108.7' },
] as const)('what Python SDK $sdk writes is read back whole as soon as it has flushed', async ({ environment }) => {
  const printed = await run(python(environment), [fileURLToPath(new URL('python-sdk.py', import.meta.url))], {
    env: {
      LANGFUSE_BASE_URL: server.url,
      LANGFUSE_PUBLIC_KEY: server.publicKey,
      LANGFUSE_SECRET_KEY: server.secretKey,
    },
  });
  const lastLine = printed.trim().split('\n').at(-1) ?? '';
  const { traceId, generationId, url } = JSON.parse(lastLine) as { traceId: string; generationId: string; url: string };
  const { trace, observations, observation, observationV2 } = await readBack(projectApi(server), traceId);

  expect(url).toBe(`${server.url}/project/${server.projectId}/traces/${traceId}`);
  expect(trace).toMatchObject({
    name: 'question',
    userId: 'user-1',
    sessionId: 'session-python',
    version: '7',
    metadata: { plan: 'pro' },
    input: { question: 'capital of France' },
    output: 'Paris',
  });
  expect(trace.tags.toSorted()).toEqual(['eu', 'travel']);
  expect(outline(observations)).toEqual([
    'AGENT guide',
    '  GENERATION say it',
    '  RETRIEVER lookup',
    '  SPAN look',
    '  TOOL book',
  ]);
  const [{ image_url: image }] = observation('look').input as [{ image_url: { url: string } }];
  const mediaId = /^@@@langfuseMedia:type=image\/png\|id=([\w-]{22})\|source=base64_data_uri@@@$/.exec(image.url)?.[1];
  const media = await projectApi(server).get<{ url: string }>(`/media/${mediaId}`);
  const file = Buffer.from(await (await fetch(media.url)).arrayBuffer());
  expect(createHash('sha256').update(file).digest('base64url').slice(0, 22)).toBe(mediaId);
  expect(observation('lookup').output).toEqual(['France is a country', { deep: [1, 2] }]);
  expect(observation('say it')).toMatchObject({
    id: generationId,
    model: 'gpt-4o-mini',
    modelParameters: { temperature: 0.2, max_tokens: 100 },
    metadata: { attempt: 2, note: 'text' },
    input: [{ role: 'user', content: 'What is the capital of France?' }],
    output: { role: 'assistant', content: 'Paris' },
    usageDetails: { input: 100, input_cached_tokens: 20, output: 48, total: 168 },
  });
  expect(observationV2('say it').totalCost).toBeCloseTo(COST_USD.chat, 9);
  expect(trace.totalCost).toBeCloseTo(COST_USD.chat, 9);
  expect(observation('book')).toMatchObject({ level: 'ERROR', statusMessage: 'no seats left' });
  expect(trace.scores.toSorted((a, b) => a.name.localeCompare(b.name))).toMatchObject([
    { name: 'helpful', value: 0.75, dataType: 'NUMERIC', comment: 'said it in one word', observationId: null },
    { name: 'safe', value: 1, dataType: 'BOOLEAN' },
    { name: 'tone', stringValue: 'friendly', dataType: 'CATEGORICAL', observationId: generationId },
  ]);
});
