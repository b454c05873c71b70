import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { abTestOf } from '../harness/ab-test.ts';
import { ANSWER, COST_USD, startFakeModel, TOOL, USAGE, type FakeModel } from '../harness/fake-model.ts';
import { PROMPT, startLiteLlm, type LiteLlm } from '../harness/litellm.ts';
import { projectApi, type Observation, type ProjectApi, type Trace } from '../harness/project-api.ts';
import { outline, readBack } from '../harness/read-back.ts';
import { startServer, type TestServer } from '../harness/server.ts';

/**
 * The three wires LiteLLM speaks under two names. `children` are the observations of a call below its generation; `output` is
 * without reasoning tokens where those are told apart. `namesPrompt`: whether it tells of the prompt at all. `traceIdOf` is what becomes of a trace id that the caller chose; where
 * the span keeps its own, it is in the trace's metadata.
 */
const wires = [
  {
    release: '1.108.7',
    callback: 'langfuse',
    namesPrompt: true,
    model: 'openai/gpt-4o-mini',
    embedding: 'openai/text-embedding-3-small',
    children: 0,
    output: USAGE.completion,
    traceIdOf: (id: string) => ({ id: id.replaceAll('-', '') }),
  },
  {
    release: '1.108.7',
    callback: 'langfuse_otel',
    namesPrompt: false,
    model: 'gpt-4o-mini',
    embedding: 'text-embedding-3-small',
    children: 1,
    output: USAGE.completion - USAGE.reasoning,
    traceIdOf: (id: string) => ({ metadata: { 'langfuse.trace.id': id.replaceAll('-', '') } }),
  },
  {
    release: '1.98.1',
    callback: 'langfuse',
    namesPrompt: true,
    model: 'openai/gpt-4o-mini',
    embedding: 'openai/text-embedding-3-small',
    children: 0,
    output: USAGE.completion,
    traceIdOf: (id: string) => ({ id }),
  },
] as const;

const messages = [{ role: 'user', content: 'What is the capital of France?' }];

/** What LiteLLM says the call cost, in US dollars. */
const cost = (answer: Response): number => Number(answer.headers.get('x-litellm-response-cost'));

describe.each(wires)(
  'LiteLLM $release with callback $callback',
  ({ release, callback, namesPrompt, model, embedding, children, output, traceIdOf }) => {
    let server: TestServer;
    let fakeModel: FakeModel;
    let litellm: LiteLlm;
    let api: ProjectApi;

    beforeAll(async () => {
      [server, fakeModel] = await Promise.all([startServer(), startFakeModel()]);
      api = projectApi(server);
      litellm = await startLiteLlm({ release, callback, server, model: fakeModel });
    });
    afterAll(async () => {
      await litellm.stop();
      await fakeModel.stop();
      await server.stop();
    });

    /** Sends a call under a trace name of its own and waits until the proxy has reported it. */
    async function call(path: string, body: object, headers: Record<string, string> = {}) {
      const name = `call ${randomUUID()}`;
      const answer = await litellm.send(path, body, { langfuse_trace_name: name, ...headers });
      const text = await answer.text();
      const trace = await reported(name, answer.ok ? 1 + children : 1);
      return { answer, text, ...(await readBack(api, trace.id)) };
    }

    /** The one trace of that name: the proxy reports in the background, up to a second later. */
    async function reported(name: string, observations: number): Promise<Trace> {
      for (const deadline = Date.now() + 20_000; Date.now() < deadline;) {
        const [trace, ...more] = await api.traces({ name });
        expect(more).toEqual([]);
        if (trace && (await api.observations(trace.id)).length === observations) return trace;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      throw new Error(`The proxy did not report '${name}' within 20 s:\n${litellm.log().slice(-3000)}`);
    }

    /** The generation, after checking that it alone counts. */
    function generationOf(observations: readonly Observation[]): Observation {
      const generations = observations.filter(({ type }) => type === 'GENERATION');
      const [generation, ...more] = generations;
      if (!generation || more.length > 0) throw new Error(`the trace has ${generations.length} generations`);
      for (const raw of observations.filter((one) => one !== generation)) {
        expect(raw).toMatchObject({ type: 'SPAN', parentObservationId: generation.id, model: null, usageDetails: {} });
        expect(raw.calculatedTotalCost ?? 0).toBe(0);
      }
      return generation;
    }

    test('a call is one trace with model, usage, cost, and what the caller said about it', async () => {
      const { answer, trace, observations } = await call('/chat/completions', {
        model: 'smart',
        messages,
        temperature: 0.2,
        metadata: {
          generation_name: 'say it',
          trace_user_id: 'user-1',
          session_id: `session-${release}-${callback}`,
          tags: ['travel', 'eu'],
          trace_metadata: { plan: 'pro' },
        },
      });
      expect(trace).toMatchObject({
        userId: 'user-1',
        sessionId: `session-${release}-${callback}`,
        metadata: { plan: 'pro' },
      });
      expect(trace.tags).toEqual(expect.arrayContaining(['travel', 'eu']));
      const generation = generationOf(observations);
      expect(generation).toMatchObject({
        name: 'say it',
        model,
        level: 'DEFAULT',
        usageDetails: { input: USAGE.prompt - USAGE.cached, output, total: USAGE.total },
      });
      expect(Number(generation.modelParameters?.['temperature'])).toBe(0.2);
      expect(JSON.stringify(generation.input)).toContain(messages[0]?.content);
      expect(JSON.stringify(generation.output)).toContain(ANSWER);
      expect(cost(answer)).toBeCloseTo(COST_USD.chat, 9);
      expect(generation.calculatedTotalCost).toBeCloseTo(cost(answer), 9);
      expect(trace.totalCost).toBeCloseTo(cost(answer), 9);
    });

    test('a streamed call has its whole answer and its usage', async () => {
      const { trace, observations } = await call('/chat/completions', { model: 'smart', messages, stream: true });
      const generation = generationOf(observations);
      expect(generation).toMatchObject({
        model,
        usageDetails: { input: USAGE.prompt - USAGE.cached, output, total: USAGE.total },
      });
      expect(JSON.stringify(generation.output)).toContain(ANSWER);
      expect(trace.totalCost).toBeCloseTo(COST_USD.chat, 9);
    });

    test('a call of a tool is in the output', async () => {
      const tools = [
        { type: 'function', function: { name: TOOL.name, parameters: { type: 'object', properties: {} } } },
      ];
      const { observations } = await call('/chat/completions', { model: 'smart', messages, tools });
      expect(JSON.stringify(generationOf(observations).output)).toContain(TOOL.name);
    });

    test('an embedding has its model, tokens and cost', async () => {
      const { answer, trace, observations } = await call('/embeddings', { model: 'embed', input: 'France' });
      expect(generationOf(observations)).toMatchObject({
        model: embedding,
        usageDetails: { input: USAGE.embedding, total: USAGE.embedding },
      });
      expect(cost(answer)).toBeCloseTo(COST_USD.embedding, 10);
      expect(trace.totalCost).toBeCloseTo(cost(answer), 10);
    });

    test('a refused call is an error that says why', async () => {
      const { answer, observations } = await call('/chat/completions', {
        model: 'smart',
        messages: [{ role: 'user', content: 'fail 500' }],
      });
      expect(answer.status).toBe(500);
      const generation = generationOf(observations);
      expect(generation).toMatchObject({
        level: 'ERROR',
        statusMessage: expect.stringContaining('asked to fail with 500') as string,
      });
      expect(generation.calculatedTotalCost ?? 0).toBe(0);
    });

    test('user, session and name may come as headers of the request', async () => {
      const { trace } = await call(
        '/chat/completions',
        { model: 'smart', messages },
        {
          langfuse_trace_user_id: 'user-2',
          langfuse_session_id: `headers-${release}-${callback}`,
          langfuse_generation_name: 'by header',
        },
      );
      expect(trace).toMatchObject({ userId: 'user-2', sessionId: `headers-${release}-${callback}` });
      expect(outline(trace.observations)[0]).toBe('GENERATION by header');
    });

    test('a trace id that the caller chose leads to the trace', async () => {
      const chosen = randomUUID();
      const { trace } = await call('/chat/completions', { model: 'smart', messages }, { langfuse_trace_id: chosen });
      expect(trace).toMatchObject(traceIdOf(chosen));
    });

    test('the model is asked with the prompt of the server, in the arm of the key behind its label', async () => {
      for (const { text, labels } of [
        { text: 'Answer {{who}} shortly.', labels: ['production'] },
        { text: 'Answer {{who}} at length.', labels: [] },
      ]) {
        await api.post('/v2/prompts', {
          name: PROMPT,
          type: 'chat',
          prompt: [{ role: 'system', content: text }],
          config: { temperature: 0.3 },
          labels,
        });
      }
      const abTest = await abTestOf(server, { prompt: PROMPT, shares: { 1: 50, 2: 50 } });
      const versions = new Set<number>();
      for (const user of ['user-1', 'user-2', 'user-3', 'user-4']) {
        const { observations } = await call('/chat/completions', {
          model: 'prompted',
          messages,
          prompt_variables: { who: 'Ada' },
          prompt_label: `production@${user}`,
        });
        const version = await abTest.versionOf(user);
        versions.add(version);
        // LiteLLM asks again without the label when it reports, so what it names is the version of that answer.
        expect(generationOf(observations)).toMatchObject(
          namesPrompt
            ? { promptName: PROMPT, promptVersion: expect.toBeOneOf([1, 2]) as number }
            : { promptName: null, promptVersion: null },
        );
        expect(fakeModel.requests.at(-1)?.body).toMatchObject({
          temperature: 0.3,
          messages: [
            { role: 'system', content: version === 1 ? 'Answer Ada shortly.' : 'Answer Ada at length.' },
            ...messages,
          ],
        });
      }
      expect(versions).toEqual(new Set([1, 2]));
    });

    test('its health check finds this server in order', async () => {
      const answer = await litellm.send(`/health/services?service=${callback}`);
      expect(await answer.json()).toMatchObject({ status: 'success' });
    });
  },
);
