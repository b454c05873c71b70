import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COST_USD } from '../harness/fake-model.ts';
import { python, type PythonEnvironment } from '../harness/parts.ts';
import { run } from '../harness/process.ts';
import { projectApi } from '../harness/project-api.ts';
import { abTestOf } from '../harness/ab-test.ts';
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
    const printed = await runScript<Printed>(environment, script, server);
    written = { printed, server, ...(await readBack(projectApi(server), printed.traceId)) };
  });
  afterAll(() => server.stop());
  return () => written;
}

/** Runs a script against a server and answers what it prints. */
async function runScript<Output>(
  environment: PythonEnvironment,
  script: string,
  server: TestServer,
  ...more: string[]
): Promise<Output> {
  const output = await run(python(environment), [fileURLToPath(new URL(script, import.meta.url)), ...more], {
    env: {
      PYTHONDONTWRITEBYTECODE: '1',
      LANGFUSE_BASE_URL: server.url,
      LANGFUSE_HOST: server.url,
      LANGFUSE_PUBLIC_KEY: server.publicKey,
      LANGFUSE_SECRET_KEY: server.secretKey,
    },
  });
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as Output;
}

/** What `prompts.py` prints. */
interface PrintedPrompts {
  default: PrintedPrompt;
  staging: PrintedPrompt;
  latest: PrintedPrompt;
  first: PrintedPrompt;
  moved: PrintedPrompt;
  fallback: PrintedPrompt;
  chat: unknown;
  refused: string;
  /** Versions by user: of a label with a key behind it, and of a key in the query. */
  users: Record<string, number>;
  byQuery: Record<string, number>;
  traceId: string;
}
interface PrintedPrompt {
  version: number;
  labels: string[];
  tags: string[];
  config: unknown;
  text: string;
  isFallback: boolean;
}

/** How any Python SDK makes, fetches and links prompts. */
export function describePythonPrompts(release: '2.60.10' | '3.15.0' | '4.18.0' | '5.0.4'): void {
  describe(`prompts of Python SDK ${release}`, () => {
    const users = Array.from({ length: 8 }, (_, i) => `user-${i} ü`);
    let server: TestServer;
    let got: PrintedPrompts;
    let versions: Record<string, number>;
    beforeAll(async () => {
      server = await startServer({ screens: false });
      const prompt = 'python/ab';
      for (const text of ['A', 'B']) {
        await projectApi(server).post('/v2/prompts', {
          name: prompt,
          prompt: text,
          labels: text === 'A' ? ['production'] : [],
        });
      }
      const abTest = await abTestOf(server, { prompt, shares: { 1: 50, 2: 50 } });
      versions = Object.fromEntries(
        await Promise.all(users.map(async (user) => [user, await abTest.versionOf(user)] as const)),
      );
      const asked = JSON.stringify({ release, prompt, users });
      got = await runScript<PrintedPrompts>(`langfuse-${release}`, 'prompts.py', server, asked);
    });
    afterAll(() => server.stop());

    test('a text is made, fetched by label, version and default, and filled in', () => {
      expect(got.default).toEqual({
        version: 1,
        labels: ['production'],
        tags: ['a'],
        config: { model: 'gpt-4o-mini' },
        text: 'Hello Ada',
        isFallback: false,
      });
      expect(got.staging).toMatchObject({ version: 2, text: 'Hi Ada' });
      expect(got.latest).toMatchObject({ version: 2 });
      expect(got.first).toMatchObject({ version: 1 });
    });

    test('a chat is filled in', () => {
      expect(got.chat).toEqual([
        { role: 'system', content: 'You help Ada.' },
        // SDK 2 knows no placeholders.
        ...(release === '2.60.10' ? [] : [{ role: 'assistant', content: 'Hi' }]),
        { role: 'user', content: 'Why?' },
      ]);
    });

    test('a label that moved is seen', () => expect(got.moved).toMatchObject({ version: 2, text: 'Hi Ada' }));

    test('without such a prompt it falls back, or says which one there is not', () => {
      expect(got.fallback).toMatchObject({ isFallback: true, text: 'Just say Ada' });
      expect(got.refused).toContain('python/missing');
    });

    test('a key behind the label, and one in the query, decide the arm', () => {
      expect(new Set(Object.values(versions))).toEqual(new Set([1, 2]));
      expect(got.users).toEqual(versions);
      expect(got.byQuery).toEqual(versions);
    });

    test('a generation names the version it was given', async () => {
      const { observation } = await readBack(projectApi(server), got.traceId);
      expect(observation('say it')).toMatchObject({ promptName: 'python/ab', promptVersion: versions[users[0]!] });
    });
  });
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
