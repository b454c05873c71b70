import { Langfuse, LangfuseWeb } from 'langfuse';
import { afterAll, expect, inject, test } from 'vitest';
import { COST_USD } from '../harness/fake-model.ts';
import { projectApi } from '../harness/project-api.ts';
import { outline, readBack } from '../harness/read-back.ts';

const server = inject('server');
const api = projectApi(server);
const { url: baseUrl, publicKey, secretKey } = server;
const langfuse = new Langfuse({ baseUrl, publicKey, secretKey, release: 'v1.4.0', environment: 'staging' });
afterAll(() => langfuse.shutdownAsync());

test('a trace that the older package sends as events is read back whole, with its score', async () => {
  const trace = langfuse.trace({
    id: 'order/4711 €',
    name: 'question',
    userId: 'user-1',
    sessionId: 'session-v3',
    tags: ['travel', 'eu'],
    metadata: { plan: 'pro' },
    input: { question: 'capital of France' },
  });
  const span = trace.span({ name: 'guide', input: 'France' });
  const generation = span.generation({
    name: 'say it',
    model: 'gpt-4o-mini',
    modelParameters: { temperature: 0.2 },
    input: [{ role: 'user', content: 'What is the capital of France?' }],
  });
  // A batch of its own: what ends and updates them comes in the next one.
  await langfuse.flushAsync();
  generation.end({
    output: { role: 'assistant', content: 'Paris' },
    usageDetails: { input: 100, input_cached_tokens: 20, output: 48 },
  });
  span.event({ name: 'cache miss', level: 'WARNING', statusMessage: 'cold' });
  span.end({ output: 'Paris' });
  trace.update({ output: 'Paris', tags: ['done'] });
  generation.score({ name: 'helpful', value: 0.75, comment: 'said it in one word' });
  await langfuse.flushAsync();

  const { trace: read, observations, observation } = await readBack(api, 'order/4711 €');
  expect(read).toMatchObject({
    name: 'question',
    userId: 'user-1',
    sessionId: 'session-v3',
    release: 'v1.4.0',
    environment: 'staging',
    metadata: { plan: 'pro' },
    input: { question: 'capital of France' },
    output: 'Paris',
  });
  expect(read.tags.toSorted()).toEqual(['done', 'eu', 'travel']);
  expect(outline(observations)).toEqual(['SPAN guide', '  EVENT cache miss', '  GENERATION say it']);
  expect(observation('guide')).toMatchObject({ input: 'France', output: 'Paris' });
  expect(observation('say it')).toMatchObject({
    model: 'gpt-4o-mini',
    modelParameters: { temperature: 0.2 },
    input: [{ role: 'user', content: 'What is the capital of France?' }],
    output: { role: 'assistant', content: 'Paris' },
    usageDetails: { input: 100, input_cached_tokens: 20, output: 48 },
  });
  expect(observation('cache miss')).toMatchObject({ level: 'WARNING', statusMessage: 'cold' });
  expect(read.totalCost).toBeCloseTo(COST_USD.chat, 9);
  expect(read.scores).toMatchObject([
    { name: 'helpful', value: 0.75, comment: 'said it in one word', observationId: observation('say it').id },
  ]);
});

test('the package for browsers scores a trace with the public key alone', async () => {
  const trace = langfuse.trace({ id: 'rated', name: 'question' });
  await langfuse.flushAsync();
  const browser = new LangfuseWeb({ baseUrl, publicKey });
  await browser.score({ traceId: trace.id, id: 'thumb', name: 'thumbs', value: 1, comment: 'helped' });

  const { trace: read } = await readBack(api, 'rated');
  expect(read.scores).toMatchObject([{ id: 'thumb', name: 'thumbs', value: 1, comment: 'helped' }]);
});

test('a browser may send that from any site, with the headers of the package, and nothing but scores', async () => {
  const asked = [
    'authorization',
    'content-type',
    ...['name', 'version', 'variant', 'integration'].map((part) => `x-langfuse-sdk-${part}`),
    'x-langfuse-public-key',
  ];
  const origin = 'https://app.example.com';
  const preflight = await fetch(`${baseUrl}/api/public/ingestion`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': asked.join(','),
    },
  });
  expect(preflight.ok).toBe(true);
  expect([origin, '*']).toContain(preflight.headers.get('access-control-allow-origin'));
  const allowed = (preflight.headers.get('access-control-allow-headers') ?? '').toLowerCase();
  for (const header of asked) expect(allowed).toContain(header);

  const answer = await fetch(`${baseUrl}/api/public/ingestion`, {
    method: 'POST',
    headers: { origin, authorization: `Bearer ${publicKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      batch: [{ id: 'e', type: 'trace-create', timestamp: new Date().toISOString(), body: { id: 'from-a-browser' } }],
    }),
  });
  expect([origin, '*']).toContain(answer.headers.get('access-control-allow-origin'));
  expect([answer.status, await answer.json()]).toEqual([
    207,
    {
      successes: [],
      errors: [{ id: 'e', status: 401, message: 'Authentication error', error: 'Access Scope Denied' }],
    },
  ]);
});
