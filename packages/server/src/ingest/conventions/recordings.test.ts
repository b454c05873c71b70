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
  requests: { signal?: 'logs'; body: { json: unknown } | { base64: string } }[];
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
  'agno',
  'dspy',
  'google-adk',
  'haystack',
  'langgraph',
  'llama-index',
  'mastra',
  'openai-agents',
  'pydantic-ai',
  'smolagents',
  'strands',
  'traceloop-python',
  'traceloop',
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
  agno: [
    'GENERATION | OpenAIChat.invoke | gpt-4o-mini | openai | input 100, input_cached_tokens 20, output 48, total 168',
    'TOOL | get_weather | - | - | -',
    'GENERATION | OpenAIChat.invoke | gpt-4o-mini | openai | input 100, input_cached_tokens 20, output 48, total 168',
    'AGENT | assistant.run | - | - | -',
  ],
  dspy: [
    `GENERATION | completion | openai/gpt-4o-mini | openai | ${whole}`,
    'GENERATION | LM.__call__ | - | openai | -',
    'CHAIN | ChatAdapter.__call__ | - | - | -',
    'CHAIN | Predict(StringSignature).forward | - | - | -',
    'CHAIN | Predict.forward | - | - | -',
    'CHAIN | ChainOfThought.forward | - | - | -',
  ],
  'google-adk': [
    'GENERATION | generate_content openai/gpt-4o-mini | openai/gpt-4o-mini | openai | input 100, input_cached_tokens 20, output 48, output_reasoning_tokens 8, total 176',
    'TOOL | get_weather | - | - | -',
    'GENERATION | generate_content openai/gpt-4o-mini | openai/gpt-4o-mini | openai | input 100, input_cached_tokens 20, output 48, output_reasoning_tokens 8, total 176',
    'AGENT | invoke_agent assistant | - | - | -',
    'SPAN | invoke_workflow assistant | - | - | -',
  ],
  haystack: [
    'CHAIN | ChatPromptBuilder.run | - | - | -',
    'GENERATION | OpenAIChatGenerator.run | gpt-4o-mini | openai | input 120, output 48, total 168',
    'CHAIN | Pipeline.run | - | - | -',
  ],
  langgraph: [
    `GENERATION | ChatOpenAI | gpt-4o-mini | openai | ${whole}`,
    'CHAIN | tools_condition | - | - | -',
    'CHAIN | assistant | - | - | -',
    'TOOL | get_weather | - | - | -',
    'CHAIN | tools | - | - | -',
    `GENERATION | ChatOpenAI | gpt-4o-mini | openai | ${whole}`,
    'CHAIN | tools_condition | - | - | -',
    'CHAIN | assistant | - | - | -',
    'CHAIN | LangGraph | - | - | -',
  ],
  'llama-index': [
    'GENERATION | OpenAILike._prepare_chat_with_tools | - | openai | -',
    `GENERATION | OpenAILike.chat | gpt-4o-mini | openai | ${whole}`,
    'GENERATION | OpenAILike.chat | - | openai | -',
    'TOOL | get_weather | - | - | -',
    'CHAIN | SentenceSplitter.split_text_metadata_aware | - | - | -',
    'CHAIN | SentenceSplitter._parse_nodes | - | - | -',
    'CHAIN | SentenceSplitter.__call__ | - | - | -',
    'RETRIEVER | SummaryIndexRetriever._retrieve | - | - | -',
    'RETRIEVER | SummaryIndexRetriever.retrieve | - | - | -',
    'CHAIN | TokenTextSplitter.split_text | - | - | -',
    'CHAIN | TokenTextSplitter.split_text | - | - | -',
    `GENERATION | OpenAILike.chat | gpt-4o-mini | openai | ${whole}`,
    'GENERATION | OpenAILike.chat | - | openai | -',
    'GENERATION | OpenAILike.predict | - | openai | -',
    'CHAIN | DefaultRefineProgram.__call__ | - | - | -',
    'CHAIN | CompactAndRefine.get_response | - | - | -',
    'CHAIN | CompactAndRefine.get_response | - | - | -',
    'CHAIN | CompactAndRefine.synthesize | - | - | -',
    'CHAIN | RetrieverQueryEngine._query | - | - | -',
    'CHAIN | RetrieverQueryEngine.query | - | - | -',
  ],
  mastra: [
    'SPAN | model_chunk assistant | - | - | -',
    'TOOL | get_weather | - | - | -',
    'SPAN | model_chunk assistant | - | - | -',
    `GENERATION | chat gpt-4o-mini | gpt-4o-mini | fake | ${whole}`,
    'SPAN | agent_step assistant | - | - | -',
    'SPAN | model_chunk assistant | - | - | -',
    `GENERATION | chat gpt-4o-mini | gpt-4o-mini | fake | ${whole}`,
    'SPAN | agent_step assistant | - | - | -',
    'SPAN | model_generation gpt-4o-mini | - | - | -',
    'AGENT | invoke_agent assistant | - | - | -',
  ],
  'openai-agents': [
    `GENERATION | response | gpt-4o-mini | openai | ${whole}`,
    'TOOL | get_weather | - | - | -',
    'CHAIN | turn | - | - | -',
    `GENERATION | response | gpt-4o-mini | openai | ${whole}`,
    'CHAIN | turn | - | - | -',
    'AGENT | assistant | - | - | -',
    'CHAIN | Agent workflow | - | - | -',
    'AGENT | Agent workflow | - | - | -',
  ],
  'pydantic-ai': [
    `GENERATION | chat gpt-4o-mini | gpt-4o-mini | openai | ${whole}`,
    'TOOL | get_weather | - | - | -',
    `GENERATION | chat gpt-4o-mini | gpt-4o-mini | openai | ${whole}`,
    'AGENT | weather_agent run | - | - | -',
    'SPAN | checkout of 4711 | - | - | -',
  ],
  smolagents: [
    'GENERATION | OpenAIModel.generate | gpt-4o-mini | openai | input 120, output 48, total 168',
    'TOOL | get_weather | - | - | -',
    'CHAIN | Step 1 | - | - | -',
    'GENERATION | OpenAIModel.generate | gpt-4o-mini | openai | input 120, output 48, total 168',
    'AGENT | ToolCallingAgent.run | - | - | -',
  ],
  strands: [
    'GENERATION | chat | gpt-4o-mini | - | input 100, input_cached_tokens 20, output 48, total 168',
    'TOOL | get_weather | - | - | -',
    'SPAN | execute_event_loop_cycle | - | - | -',
    'GENERATION | chat | gpt-4o-mini | - | input 100, input_cached_tokens 20, output 48, total 168',
    'SPAN | execute_event_loop_cycle | - | - | -',
    'AGENT | invoke_agent assistant | - | - | -',
  ],
  'traceloop-python': [
    `GENERATION | openai.chat | gpt-4o-mini | openai | ${whole}`,
    'GENERATION | openai.chat | gpt-4o-mini | openai | input 100, input_cached_tokens 20, output 48, total 168',
    'TOOL | get_weather | - | - | -',
    'SPAN | look-up.task | - | - | -',
    'AGENT | assistant.agent | - | - | -',
    'CHAIN | checkout.workflow | - | - | -',
  ],
  traceloop: [
    'GENERATION | chat gpt-4o-mini | gpt-4o-mini | openai | input 120, output 48, total 168',
    'GENERATION | chat gpt-4o-mini | gpt-4o-mini | openai | input 8, output 7, total 15',
    'TOOL | get_weather.tool | - | - | -',
    'SPAN | look-up.task | - | - | -',
    'AGENT | assistant.agent | - | - | -',
    'CHAIN | checkout.workflow | - | - | -',
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

  test.each([
    'agno',
    'dspy',
    'haystack',
    'langgraph',
    'llama-index',
    'openai-agents',
    'smolagents',
    'strands',
    'traceloop-python',
  ] as const)('%s says user and session on every span', (client) => {
    const rows = rowsOf(client);
    const said = new Set(rows.map(({ userId, sessionId }) => `${userId} ${sessionId}`));
    expect([...said]).toEqual(['user-1 session-1']);
  });

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
  test.each([
    'agno',
    'langgraph',
    'mastra',
    'openai-agents',
    'pydantic-ai',
    'smolagents',
    'strands',
    'traceloop-python',
  ] as const)('%s: the call of a tool, what it was given and what it answered', (client) => {
    const rows = rowsOf(client);
    const tool = rows.find(({ type }) => type === 'TOOL');
    expect(tool).toMatchObject({ name: 'get_weather', input: expect.stringContaining('Paris') });
    expect(tool!.output).toContain('20');
    if (client === 'mastra') return; // its model calls say no calls of tools
    expect(rows.flatMap(({ toolCallNames }) => toolCallNames)).toContain('get_weather');
  });

  test.each([
    ['smolagents', '[{"role":"assistant","content":[{"type":"text","text":"The capital of France is Paris."}]}]'],
    ['haystack', '[{"content":"The capital of France is Paris.","role":"assistant"}]'],
    ['langgraph', '[{"role":"assistant","content":"The capital of France is Paris."}]'],
    ['agno', '[{"role":"assistant","content":"The capital of France is Paris."}]'],
  ] as const)('%s: messages, not objects as Python prints them', (client, output) => {
    const answers = rowsOf(client).filter(({ type }) => type === 'GENERATION');
    expect(answers.at(-1)!.output).toBe(output);
    for (const { input } of answers) expect(JSON.parse(input)).not.toContain('ChatMessage(');
  });

  test('LangGraph: the node and the step it stands for', () => {
    const call = rowsOf('langgraph').find(({ type }) => type === 'GENERATION');
    expect(call!.metadata).toMatchObject({ langgraph_node: 'assistant', langgraph_step: '1' });
  });

  test('Pydantic AI: the cost it states, the whole run on its agent, and nothing of what Logfire scrubbed', () => {
    const [call, , , agent, root] = rowsOf('pydantic-ai');
    expect(call!.providedCost).toEqual({ total: '0.0000453' });
    expect(JSON.parse(agent!.input)).toHaveLength(5);
    expect(agent!.output).toBe('The capital of France is Paris.');
    expect(root).toMatchObject({ userId: 'user-1', sessionId: '', tags: ['a', 'b'] });
  });

  test('Strands: JSON text inside its events is opened, its own name is not the provider', () => {
    const [call] = rowsOf('strands');
    expect(call).toMatchObject({
      input: '[{"role":"system","content":[{"text":"be brief"}]},{"role":"user","content":[{"text":"weather?"}]}]',
      provider: '',
    });
    expect(call!.completionStartTime! - call!.startTime).toBeGreaterThan(0);
  });

  test('Traceloop: what a function was given and gave, the trace, the first chunk of a stream', () => {
    const rows = rowsOf('traceloop-python');
    expect(rows.at(-1)).toMatchObject({
      traceName: 'checkout',
      input: '{"args": ["4711"], "kwargs": {}}',
      output: 'The capital of France is Paris.',
      traceMetadata: { tier: 'gold' },
    });
    expect(rows[0]!.completionStartTime).toBeNull();
    expect(rows[1]!.completionStartTime! - rows[1]!.startTime).toBeGreaterThan(0);
  });

  test('Mastra: metadata by key, without the HTTP answer that the output repeats', () => {
    const metadata = rowsOf('mastra').map((row) => row.metadata);
    expect(metadata.at(-1)).toMatchObject({ tier: 'gold' });
    expect(metadata.flatMap(Object.keys)).not.toContain('body');
  });

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
