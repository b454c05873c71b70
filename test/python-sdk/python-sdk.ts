import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COST_USD } from '../harness/fake-model.ts';
import { python, type PythonEnvironment } from '../harness/parts.ts';
import { run } from '../harness/process.ts';
import { projectApi } from '../harness/project-api.ts';
import { outline, readBack, type ReadBack } from '../harness/read-back.ts';
import { startServer, type TestServer } from '../harness/server.ts';

/** What the scripts print. */
interface Printed {
  traceId: string;
  generationId: string;
  url: string;
  /** Of SDK 2 alone: the trace of its decorator. */
  decoratedId: string;
}

/** The suite for the Python SDKs that send spans, 3 and newer. */
export function describePythonSdk(release: '3.15.0' | '4.18.0' | '5.0.4'): void {
  describe(`Python SDK ${release}`, () => {
    const written = useWritten(`langfuse-${release}`, 'python-sdk.py');

    test('what it writes is read back whole as soon as it has flushed', () => {
      const { trace, observation, observations, printed } = written();
      expectTrace(written());
      expect(outline(observations)).toEqual([
        'AGENT guide',
        '  CHAIN asked',
        '    CHAIN ChatPromptTemplate',
        '    GENERATION StandIn',
        '  CHAIN refused',
        '    CHAIN ChatPromptTemplate',
        '    GENERATION StandIn',
        '  GENERATION say it',
        '  RETRIEVER lookup',
        '  SPAN look',
        '  TOOL book',
      ]);
      expect(trace.input).toEqual({ question: 'capital of France' });
      expect(observation('say it').id).toBe(printed.generationId);
      expectCall(written());
    });
    describeParts(written);
  });
}

/** The suite for Python SDK 2, which sends events. */
export function describePythonSdk2(): void {
  describe('Python SDK 2.60.10', () => {
    const written = useWritten('langfuse-2.60.10', 'python-sdk-2.py');

    test('what it writes is read back whole as soon as it has flushed', () => {
      const { trace, observations } = written();
      expectTrace(written());
      expect(outline(observations)).toEqual([
        'SPAN asked',
        '  GENERATION StandIn',
        '  SPAN ChatPromptTemplate',
        'SPAN guide',
        '  EVENT cache miss',
        '  GENERATION say it',
        '  SPAN book',
        '  SPAN look',
        '  SPAN lookup',
        'SPAN refused',
        '  GENERATION StandIn',
        '  SPAN ChatPromptTemplate',
      ]);
      expect(trace.input).toEqual({ question: 'capital of France' });
      expectCall(written());
    });
    describeParts(written);

    test('what its decorator says last is read back too', async () => {
      const { trace, observation, observations } = await readBack(
        projectApi(written().server),
        written().printed.decoratedId,
      );
      expect(trace).toMatchObject({ name: 'main', userId: 'user-2' });
      expect(outline(observations)).toEqual(['GENERATION decorated']);
      expect(observation('decorated')).toMatchObject({
        model: 'gpt-4o-mini',
        output: 'Paris',
        usageDetails: { input: 100, output: 48, total: 148 },
      });
    });
  });
}

type Written = ReadBack & { printed: Printed; server: TestServer };

/** Runs the script on a server of its own and reads its trace. */
function useWritten(environment: PythonEnvironment, script: string): () => Written {
  let server: TestServer;
  let written: Written;
  beforeAll(async () => {
    server = await startServer();
    const output = await run(python(environment), [fileURLToPath(new URL(script, import.meta.url))], {
      env: {
        PYTHONDONTWRITEBYTECODE: '1',
        LANGFUSE_BASE_URL: server.url,
        LANGFUSE_HOST: server.url,
        LANGFUSE_PUBLIC_KEY: server.publicKey,
        LANGFUSE_SECRET_KEY: server.secretKey,
      },
    });
    const printed = JSON.parse(output.trim().split('\n').at(-1) ?? '') as Printed;
    written = { printed, server, ...(await readBack(projectApi(server), printed.traceId)) };
  });
  afterAll(() => server.stop());
  return () => written;
}

function expectTrace({ trace, printed, server }: Written): void {
  expect(printed.url).toContain(`${server.url}/`);
  expect(printed.url).toMatch(
    new RegExp(`/trace/${printed.traceId}|/project/${server.projectId}/traces/${printed.traceId}`),
  );
  expect(trace).toMatchObject({
    name: 'question',
    userId: 'user-1',
    sessionId: 'session-python',
    version: '7',
    metadata: { plan: 'pro' },
    output: 'Paris',
  });
  expect(trace.tags.toSorted()).toEqual(['eu', 'travel']);
}

function expectCall({ observation, observationV2 }: Written): void {
  expect(observation('lookup').output).toEqual(['France is a country', { deep: [1, 2] }]);
  expect(observation('say it')).toMatchObject({
    model: 'gpt-4o-mini',
    metadata: { attempt: 2, note: 'text' },
    input: [{ role: 'user', content: 'What is the capital of France?' }],
    output: { role: 'assistant', content: 'Paris' },
    usageDetails: { input: 100, input_cached_tokens: 20, output: 48, total: 168 },
  });
  // SDK 2 sends some as text.
  const { temperature, max_tokens } = observation('say it').modelParameters ?? {};
  expect([Number(temperature), Number(max_tokens)]).toEqual([0.2, 100]);
  expect(observationV2('say it').totalCost).toBeCloseTo(COST_USD.chat, 9);
  expect(observation('book')).toMatchObject({ level: 'ERROR', statusMessage: 'no seats left' });
}

/** What all generations have. */
function describeParts(written: () => Written): void {
  test('its scores are on the trace and on the observation they were given for', () => {
    const { trace, observation } = written();
    expect(trace.scores.toSorted((a, b) => a.name.localeCompare(b.name))).toMatchObject([
      { name: 'helpful', value: 0.75, dataType: 'NUMERIC', comment: 'said it in one word', observationId: null },
      { name: 'safe', value: 1, dataType: 'BOOLEAN' },
      { name: 'tone', stringValue: 'friendly', dataType: 'CATEGORICAL', observationId: observation('say it').id },
    ]);
  });

  test('an image in the input is uploaded, and a token that leads to it is left', async () => {
    const { observation, server } = written();
    const [{ image_url: image }] = observation('look').input as [{ image_url: { url: string } }];
    const mediaId = /^@@@langfuseMedia:type=image\/png\|id=([\w-]{22})\|source=\w+@@@$/.exec(image.url)?.[1];
    const media = await projectApi(server).get<{ url: string }>(`/media/${mediaId}`);
    const file = Buffer.from(await (await fetch(media.url)).arrayBuffer());
    expect(createHash('sha256').update(file).digest('base64url').slice(0, 22)).toBe(mediaId);
  });

  test('the callback handler of LangChain reports the calls of a chain, and the one that failed', () => {
    const { observations, trace } = written();
    const [asked, refused] = observations.filter(({ name }) => name === 'StandIn');
    expect(asked).toMatchObject({
      type: 'GENERATION',
      model: 'gpt-4o-mini',
      usageDetails: { input: 100, output: 48, total: 168 },
    });
    expect(JSON.stringify(asked?.input)).toContain('capital of France');
    expect(JSON.stringify(asked?.output)).toContain('Paris');
    expect(asked?.calculatedTotalCost).toBeCloseTo(COST_USD.chat, 9);
    expect(refused).toMatchObject({
      level: 'ERROR',
      statusMessage: expect.stringContaining('asked to fail') as string,
    });
    expect(trace.totalCost).toBeGreaterThan(2 * COST_USD.chat - 1e-9);
  });
}
