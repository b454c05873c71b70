import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { ObservationRow } from '../observation.ts';
import { decodeJson } from '../otlp/json.ts';
import { mapExport } from '../otlp/map.ts';
import { decodeProtobuf } from '../otlp/protobuf.ts';
import type { DecodedExport } from '../otlp/span.ts';
import { conventions } from './registry.ts';

// What published clients sent (test/record/record.ts), read by the tables.
interface Recording {
  recordedOn: string;
  requests: { body: { json: unknown } | { base64: string } }[];
}

const clients = [
  'langfuse-sdk-5',
  'litellm-otel',
  'openinference-openai',
  'opentelemetry-gen-ai-json',
  'opentelemetry-gen-ai-protobuf',
  'vercel-ai-5',
  'vercel-ai-6',
  'vercel-ai-7',
] as const;
type Client = (typeof clients)[number];

const read = (client: Client): Recording =>
  JSON.parse(readFileSync(new URL(`../../../../../fixtures/${client}.json`, import.meta.url), 'utf8')) as Recording;

const decodeAll = (client: Client): DecodedExport[] =>
  read(client).requests.map(({ body }) =>
    'json' in body
      ? decodeJson(Buffer.from(JSON.stringify(body.json)))
      : decodeProtobuf(Buffer.from(body.base64, 'base64')),
  );

function rowsOf(client: Client): ObservationRow[] {
  const now = Date.parse(read(client).recordedOn) * 1000 + 86_400_000_000;
  return decodeAll(client).flatMap((decoded) => {
    const { rows, rejected } = mapExport(decoded, { projectId: 'p', publicKey: '', sdkName: '', sdkVersion: '', now });
    expect(rejected).toMatchObject({ count: 0, message: '' });
    return rows;
  });
}

/** What a model call is about, in one line. */
const summary = ({ type, name, model, provider, usage }: ObservationRow): string =>
  [type, name, model || '-', provider || '-', Object.keys(usage).length > 0 ? usageText(usage) : '-'].join(' | ');
const usageText = (usage: Record<string, number>): string =>
  Object.entries(usage)
    .filter(([, units]) => units > 0)
    .map(([bucket, units]) => `${bucket} ${units}`)
    .toSorted()
    .join(', ');

const whole = 'input 100, input_cached_tokens 20, output 40, output_reasoning_tokens 8, total 168';

const expected: Record<Client, string[]> = {
  'langfuse-sdk-5': [
    'GUARDRAIL | refused | - | - | -',
    'GENERATION | plan | gpt-4o-mini | - | input 10, output 5, total 15',
    'TOOL | look-up | - | - | -',
    'SPAN | handle-order | - | - | -',
  ],
  'litellm-otel': [
    `GENERATION | plan | gpt-4o-mini | openai | ${whole}`,
    'SPAN | plan | - | - | -', // raw_gen_ai_request, renamed
    'GENERATION | litellm_request | text-embedding-3-small | - | input 6, total 6',
    'SPAN | raw_gen_ai_request | - | - | -',
    'GENERATION | litellm_request | gpt-4o-mini | openai | -',
  ],
  'openinference-openai': [
    `GENERATION | OpenAI Chat Completions | gpt-4o-mini | openai | ${whole}`,
    `GENERATION | OpenAI Chat Completions | gpt-4o-mini | openai | ${whole}`,
    'EMBEDDING | OpenAI Embeddings | text-embedding-3-small | openai | -',
  ],
  'opentelemetry-gen-ai-json': [
    'GENERATION | openai.chat | gpt-3.5-turbo-0125 | openai | input 5, output 6, total 11',
    'GENERATION | chat gpt-4o | gpt-4o | openai | input 3, output 2, total 5',
    'GENERATION | chat gpt-4o | gpt-4o-2024-08-06 | openai | input 50, input_cached_tokens 10, output 16, output_reasoning_tokens 4, total 80',
    'TOOL | get_weather | - | - | -',
    'AGENT | invoke_agent weather | - | - | -',
  ],
  'opentelemetry-gen-ai-protobuf': [], // the same, see below
  'vercel-ai-5': [
    'GENERATION | assistant:ai.generateText.doGenerate | gpt-4o-mini | fake | input 120, output 48, total 168',
    'TOOL | get_weather | - | - | -',
    'GENERATION | assistant:ai.generateText.doGenerate | gpt-4o-mini | fake | input 120, output 48, total 168',
    'SPAN | assistant:ai.generateText | - | fake | -',
    `GENERATION | assistant:ai.streamText.doStream | gpt-4o-mini | fake | ${whole}`,
    'SPAN | assistant:ai.streamText | - | fake | -',
    'EMBEDDING | assistant:ai.embed.doEmbed | text-embedding-3-small | fake | input 6, total 6',
    'SPAN | assistant:ai.embed | - | fake | -',
  ],
  'vercel-ai-6': [
    `GENERATION | assistant:ai.generateText.doGenerate | gpt-4o-mini | fake | ${whole}`,
    'TOOL | get_weather | - | - | -',
    `GENERATION | assistant:ai.generateText.doGenerate | gpt-4o-mini | fake | ${whole}`,
    'SPAN | assistant:ai.generateText | - | fake | -',
    `GENERATION | assistant:ai.streamText.doStream | gpt-4o-mini | fake | ${whole}`,
    'SPAN | assistant:ai.streamText | - | fake | -',
    'EMBEDDING | assistant:ai.embed.doEmbed | text-embedding-3-small | fake | input 6, total 6',
    'SPAN | assistant:ai.embed | - | fake | -',
  ],
  'vercel-ai-7': [
    'GENERATION | chat gpt-4o-mini | gpt-4o-mini | fake | input 100, input_cached_tokens 20, output 48, total 168',
    'TOOL | get_weather | - | - | -',
    'SPAN | step 1 | - | - | -',
    'GENERATION | chat gpt-4o-mini | gpt-4o-mini | fake | input 100, input_cached_tokens 20, output 48, total 168',
    'SPAN | step 2 | - | - | -',
    'AGENT | invoke_agent gpt-4o-mini | - | fake | -',
    'GENERATION | chat gpt-4o-mini | gpt-4o-mini | fake | input 100, input_cached_tokens 20, output 48, total 168',
    'SPAN | step 1 | - | - | -',
    'AGENT | invoke_agent gpt-4o-mini | - | fake | -',
    'EMBEDDING | embeddings text-embedding-3-small | text-embedding-3-small | fake | input 6, total 6',
    'EMBEDDING | embeddings text-embedding-3-small | text-embedding-3-small | fake | -',
  ],
};
expected['opentelemetry-gen-ai-protobuf'] = expected['opentelemetry-gen-ai-json'];

test.each(clients)('%s: types, models and tokens, each counted once', (client) => {
  expect(rowsOf(client).map(summary)).toEqual(expected[client]);
});

describe('identity', () => {
  test.each(['langfuse-sdk-5', 'openinference-openai', 'vercel-ai-5', 'vercel-ai-6'] as const)(
    '%s says it on every span',
    (client) => {
      const rows = rowsOf(client);
      expect(rows.map(({ userId, sessionId, tags }) => ({ userId, sessionId, tags }))).toEqual(
        rows.map(() => ({ userId: 'user-1', sessionId: 'session-1', tags: ['a', 'b'] })),
      );
    },
  );

  test('LiteLLM says it once a call, with the trace id the caller wanted', () => {
    expect(rowsOf('litellm-otel')[0]).toMatchObject({
      traceName: 'checkout',
      userId: 'user-1',
      sessionId: 'session-1',
      tags: ['a', 'b'],
      environment: 'production',
      traceMetadata: { tier: 'gold', 'langfuse.trace.id': 'order4711' },
      providedCost: { total: '0.0000453' },
    });
  });
});

describe('content', () => {
  test('Langfuse: input, output, parameters, cost, first token; the prompt only by name and version', () => {
    const [, plan, , root] = rowsOf('langfuse-sdk-5');
    expect(plan).toMatchObject({
      input: '[{"role":"user","content":"plan my order"}]',
      output: '{"role":"assistant","content":"done"}',
      modelParameters: '{"temperature":0.2,"stop":"[\\"\\\\n\\"]"}',
      providedCost: { input: '0.001', output: '0.002' },
      promptName: 'planner',
      promptVersion: 2,
      attributes: {},
    });
    expect(plan!.completionStartTime! - plan!.startTime).toBeGreaterThan(0);
    expect(root).toMatchObject({
      traceName: 'checkout',
      version: 'v1',
      release: 'r-1',
      metadata: { n: '3', nested: '{"deep":[1]}' },
    });
  });

  test('LiteLLM: the message of a failed call, which its span status does not hold', () => {
    expect(rowsOf('litellm-otel').at(-1)).toMatchObject({
      level: 'ERROR',
      statusMessage: expect.stringContaining('BadRequestError'),
    });
  });

  test.each(['openinference-openai', 'vercel-ai-5', 'vercel-ai-6', 'vercel-ai-7'] as const)(
    '%s: the offered tool and its call',
    (client) => {
      const call = rowsOf(client).find(({ toolCallNames }) => toolCallNames.length > 0);
      expect(call).toMatchObject({
        toolCallNames: ['get_weather'],
        toolDefinitions: { get_weather: expect.stringContaining('city') },
      });
      expect(JSON.parse(call!.toolCalls[0]!)).toMatchObject({ id: 'call_1', name: 'get_weather' });
    },
  );

  test('GenAI: events of 1.28 and lists of 1.37, the exception of a failed tool', () => {
    const [first, second, third, tool] = rowsOf('opentelemetry-gen-ai-protobuf');
    expect([first!.input, second!.input, third!.input]).toEqual([
      '[{"role":"user","content":"hi"}]',
      '[{"role":"system","content":"be brief"},{"role":"user","content":"hi"}]',
      '[{"role":"system","content":"be brief"},{"role":"user","parts":[{"type":"text","content":"hi"}]}]',
    ]);
    expect(tool).toMatchObject({
      level: 'ERROR',
      statusMessage: 'no weather today',
      environment: 'staging',
      version: '1.2.3',
    });
  });

  test('protobuf and JSON of the same spans give the same rows but for ids and times', () => {
    const same = (client: Client) =>
      rowsOf(client).map(({ name, type, input, output, attributes, usage, metadata }) => ({
        name,
        type,
        input,
        output,
        attributes,
        usage,
        metadata,
      }));
    expect(same('opentelemetry-gen-ai-protobuf')).toEqual(same('opentelemetry-gen-ai-json'));
  });
});

test('a rule whose attribute is in a recording is marked as seen', () => {
  const sent = new Set<string>();
  for (const decoded of clients.flatMap(decodeAll)) {
    for (const { attributes, scopes } of decoded.resources) {
      for (const key of attributes.keys()) sent.add(`resource:${key}`);
      for (const span of scopes.flatMap(({ spans }) => spans)) for (const key of span.attributes.keys()) sent.add(key);
    }
  }
  const documented = conventions.flatMap(({ rules }) =>
    rules.filter((rule) => rule[3] === 'documentation' && !rule[2].label.includes('JSON')),
  );
  expect(documented.map(([attribute]) => attribute).filter((attribute) => sent.has(attribute))).toEqual([]);
});
