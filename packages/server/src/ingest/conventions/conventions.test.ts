import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mapExample, startedAt } from '../otlp/example-span.ts';
import type { ObservationRow } from '../observation.ts';
import type { AttributeValue } from '../otlp/span.ts';
import type { Convention } from './convention.ts';
import { documentConventions, documentPath } from './document.ts';
import { conventions } from './registry.ts';

type Given = Record<string, AttributeValue>;
type Case = [why: string, attributes: Given, expected: Partial<ObservationRow>];

const ms = 1000;
const messages = JSON.stringify([{ role: 'user', content: 'hi' }]);
const definition = {
  type: 'function',
  function: { name: 'get_weather', description: 'w', parameters: { type: 'object' } },
};
const described = { get_weather: '{"description":"w","parameters":{"type":"object"}}' };

describe('Langfuse', () => {
  test.each<Case>([
    ['a type in any case', { 'langfuse.observation.type': 'Guardrail' }, { type: 'GUARDRAIL' }],
    [
      'a type nobody knows leaves it to the next source',
      { 'langfuse.observation.type': 'x', 'gen_ai.operation.name': 'chat' },
      { type: 'GENERATION' },
    ],
    ['level words of log libraries', { 'langfuse.observation.level': ' Fatal ' }, { level: 'ERROR' }],
    [
      'input as JSON text, output bare',
      { 'langfuse.observation.input': '{"a":1}', 'langfuse.observation.output': 'plain' },
      { input: '{"a":1}', output: 'plain' },
    ],
    ['a false input is a statement', { 'langfuse.observation.input': false }, { input: 'false' }],
    [
      'metadata of one key each, values as they are',
      { 'langfuse.observation.metadata.n': 3, 'langfuse.observation.metadata.o': { a: 1 } },
      { metadata: { n: '3', o: '{"a":1}' } },
    ],
    [
      'single keys over the whole object',
      { 'langfuse.observation.metadata.k': 'single', 'langfuse.observation.metadata': '{"k":"whole","l":1}' },
      { metadata: { k: 'single', l: '1' } },
    ],
    ['metadata that is no object is nothing', { 'langfuse.observation.metadata': '[1]' }, { metadata: {} }],
    [
      'langfuse.metadata speaks of span and trace',
      { 'langfuse.metadata.k': 'v' },
      { metadata: { k: 'v' }, traceMetadata: { k: 'v' } },
    ],
    [
      'a completion start in JSON quotes, as JavaScript writes it',
      { 'langfuse.observation.completion_start_time': '"2026-03-02T09:59:01.000Z"' },
      { completionStartTime: startedAt + 1000 * ms },
    ],
    [
      'a bare one, as Mastra writes it',
      { 'langfuse.observation.completion_start_time': '2026-03-02T09:59:01.000Z' },
      { completionStartTime: startedAt + 1000 * ms },
    ],
    [
      'parameters that are no text or number as JSON text',
      { 'langfuse.observation.model.parameters': '{"temperature":0.2,"stop":["x"],"stream":true}' },
      { modelParameters: '{"temperature":0.2,"stop":"[\\"x\\"]","stream":"true"}' },
    ],
    [
      'usage in our buckets',
      { 'langfuse.observation.usage_details': '{"input":12,"output":8}' },
      { providedUsage: { input: 12, output: 8 }, usage: { input: 12, output: 8, total: 20 } },
    ],
    [
      'the raw usage of OpenAI, as the Python wrapper sends it',
      {
        'langfuse.observation.usage_details':
          '{"prompt_tokens":8,"completion_tokens":12,"total_tokens":20,"prompt_tokens_details":{"cached_tokens":2}}',
      },
      { usage: { input: 6, output: 12, total: 20, input_cached_tokens: 2 } },
    ],
    [
      'usage that is no JSON leaves it to the next source',
      { 'langfuse.observation.usage_details': 'many', 'gen_ai.usage.input_tokens': 3 },
      { usage: { input: 3, total: 3 } },
    ],
    [
      'cost as decimal text',
      { 'langfuse.observation.cost_details': '{"input":8.7e-06,"output":"x"}' },
      { providedCost: { input: '0.0000087' } },
    ],
    [
      'a prompt on a generation',
      {
        'langfuse.observation.type': 'generation',
        'langfuse.observation.prompt.name': 'p',
        'langfuse.observation.prompt.version': '3',
      },
      { promptName: 'p', promptVersion: 3 },
    ],
    [
      'a prompt on anything else is none',
      { 'langfuse.observation.type': 'tool', 'langfuse.observation.prompt.name': 'p' },
      { promptName: '', promptVersion: null },
    ],
    [
      'what is said about the trace',
      {
        'langfuse.trace.name': 't',
        'langfuse.trace.input': 'i',
        'langfuse.trace.output': 'o',
        'langfuse.trace.public': 'true',
        'langfuse.release': 'r',
        'langfuse.version': 'v',
      },
      { traceName: 't', traceInput: 'i', traceOutput: 'o', public: true, release: 'r', version: 'v', input: '' },
    ],
    [
      'its own user before the general one',
      { 'user.id': 'b', 'langfuse.user.id': 'a', 'session.id': 's' },
      { userId: 'a', sessionId: 's' },
    ],
    [
      'user and session in metadata, JSON quotes taken off',
      {
        'langfuse.observation.metadata.langfuse_user_id': '"u"',
        'langfuse.observation.metadata.langfuse_session_id': 's',
      },
      { userId: 'u', sessionId: 's' },
    ],
    ['tags as a list', { 'langfuse.trace.tags': ['a', 'b'] }, { tags: ['a', 'b'] }],
    ['tags as JSON text, as LiteLLM writes them', { 'langfuse.trace.tags': '["a", "b"]' }, { tags: ['a', 'b'] }],
    ['tags with commas', { 'langfuse.trace.tags': 'a, b,' }, { tags: ['a', 'b'] }],
    ['the root of the application', { 'langfuse.internal.as_root': 'true' }, { isAppRoot: true }],
    [
      'an environment without the reserved prefix',
      { 'langfuse.environment': 'Langfuse-Staging' },
      { environment: 'staging' },
    ],
    ['an environment nobody may have', { 'langfuse.environment': 'a b' }, { environment: 'default' }],
    [
      'an experiment',
      {
        'langfuse.experiment.id': 'e',
        'langfuse.experiment.metadata': '{"m":1}',
        'langfuse.experiment.metadata.n': 'x',
        'langfuse.experiment.item.version': 'latest',
        'langfuse.experiment.item.expected_output': '"42"',
      },
      {
        experimentId: 'e',
        experimentMetadata: '{"m":1,"n":"x"}',
        experimentItemVersion: '',
        experimentItemExpectedOutput: '"42"',
      },
    ],
  ])('%s', (_why, attributes, expected) => {
    expect(mapExample({ attributes })).toMatchObject(expected);
  });

  test.each([
    ['3.2.1', 'python', 'GENERATION'],
    ['', 'python', 'GENERATION'],
    ['3.4.0', 'python', 'SPAN'],
    ['3.2.1', 'nodejs', 'SPAN'],
  ])('a span with a model of SDK %s in %s is a %s', (version, language, type) => {
    const attributes = { 'langfuse.observation.type': 'span', 'langfuse.observation.model.name': 'm' };
    const row = mapExample({
      attributes,
      scope: { name: 'langfuse-sdk', version },
      resource: { 'telemetry.sdk.language': language },
    });
    expect(row.type).toBe(type);
  });
});

describe('GenAI conventions', () => {
  test.each<Case>([
    ['an operation is a type', { 'gen_ai.operation.name': 'execute_tool' }, { type: 'TOOL' }],
    ['an operation without a type of ours is a span', { 'gen_ai.operation.name': 'retrieval' }, { type: 'SPAN' }],
    ['a model alone is a generation', { 'gen_ai.request.model': 'gpt-4o' }, { type: 'GENERATION', model: 'gpt-4o' }],
    [
      'a tool is called by its name',
      {
        'gen_ai.tool.name': 'get_weather',
        'gen_ai.tool.call.arguments': { city: 'B' },
        'gen_ai.tool.call.result': 'sunny',
      },
      { type: 'TOOL', name: 'get_weather', input: '{"city":"B"}', output: 'sunny' },
    ],
    [
      'the answering model before the asked one',
      { 'gen_ai.request.model': 'gpt-4o', 'gen_ai.response.model': 'gpt-4o-2024-08-06' },
      { model: 'gpt-4o-2024-08-06' },
    ],
    [
      'the provider by its new attribute',
      { 'gen_ai.provider.name': 'aws.bedrock', 'gen_ai.system': 'openai' },
      { provider: 'aws.bedrock' },
    ],
    ['the provider by its old attribute, however spelt', { 'gen_ai.system': 'OpenAI' }, { provider: 'openai' }],
    [
      'a session of the application before the conversation',
      { 'gen_ai.conversation.id': 'c', 'session.id': 's' },
      { sessionId: 's' },
    ],
    [
      'every request attribute but the model is a parameter',
      { 'gen_ai.request.model': 'm', 'gen_ai.request.temperature': 0.5, 'gen_ai.request.stop_sequences': ['x'] },
      { modelParameters: '{"temperature":0.5,"stop_sequences":"[\\"x\\"]"}' },
    ],
    [
      'seconds to the first chunk',
      { 'gen_ai.response.time_to_first_chunk': 0.25 },
      { completionStartTime: startedAt + 250 * ms },
    ],
    [
      'milliseconds to the first token, Strands',
      { 'gen_ai.server.time_to_first_token': 250.5 },
      { completionStartTime: startedAt + 251 * ms },
    ],
    [
      'tokens up to 1.27',
      { 'gen_ai.usage.prompt_tokens': 5, 'gen_ai.usage.completion_tokens': 6 },
      { usage: { input: 5, output: 6, total: 11 } },
    ],
    [
      'tokens under both names count once',
      { 'gen_ai.usage.prompt_tokens': 5, 'gen_ai.usage.input_tokens': 5 },
      { usage: { input: 5, total: 5 } },
    ],
    [
      'parts are taken out of their whole',
      {
        'gen_ai.usage.input_tokens': 60,
        'gen_ai.usage.output_tokens': 20,
        'gen_ai.usage.cache_read.input_tokens': 10,
        'gen_ai.usage.cache_creation.input_tokens': 5,
        'gen_ai.usage.reasoning.output_tokens': 4,
      },
      {
        usage: {
          input: 45,
          output: 16,
          input_cached_tokens: 10,
          input_cache_creation: 5,
          output_reasoning_tokens: 4,
          total: 80,
        },
      },
    ],
    [
      'text tokens are what is left of input',
      { 'gen_ai.usage.input_tokens': 10, 'gen_ai.usage.text.input_tokens': 7, 'gen_ai.usage.audio.input_tokens': 3 },
      { usage: { input: 7, input_audio_tokens: 3, total: 10 } },
    ],
    [
      'a cache is written under its new name too, and its parts by modality count once',
      {
        'gen_ai.usage.input_tokens': 60,
        'gen_ai.usage.output_tokens': 9,
        'gen_ai.usage.cache_read.input_tokens': 10,
        'gen_ai.usage.text.cache_read.input_tokens': 7,
        'gen_ai.usage.audio.cache_read.input_tokens': 2,
        'gen_ai.usage.image.cache_read.input_tokens': 1,
        'gen_ai.usage.cache_write.input_tokens': 5,
        'gen_ai.usage.image.output_tokens': 4,
      },
      { usage: { input: 45, output: 9, input_cached_tokens: 10, input_cache_creation: 5, total: 69 } },
    ],
    [
      'details that repeat a bucket count once',
      {
        'gen_ai.usage.input_tokens': 10,
        'gen_ai.usage.output_tokens': 5,
        'gen_ai.usage.details.input_tokens': 10,
        'gen_ai.usage.details.reasoning_tokens': 2,
        'gen_ai.usage.details.prompt_tokens': 10,
      },
      { usage: { input: 10, output: 3, output_reasoning_tokens: 2, total: 15 } },
    ],
    [
      'a count no rule names keeps its name',
      { 'gen_ai.usage.details.web_searches': 2 },
      { usage: { web_searches: 2, total: 2 } },
    ],
    ['a cost', { 'gen_ai.usage.cost': '0.5' }, { providedCost: { total: '0.5' }, usage: {} }],
    [
      'an agent span gives no model, usage or cost',
      {
        'gen_ai.operation.name': 'invoke_agent',
        'gen_ai.request.model': 'm',
        'gen_ai.usage.input_tokens': 9,
        'gen_ai.usage.other': 1,
        'gen_ai.usage.cost': 1,
        'gen_ai.provider.name': 'openai',
      },
      { type: 'AGENT', model: '', usage: {}, providedCost: {}, provider: 'openai' },
    ],
    [
      'nor does a step of one',
      { 'gen_ai.operation.name': 'agent_step', 'gen_ai.usage.input_tokens': 9 },
      { usage: {} },
    ],
    [
      'numbered prompts and completions',
      {
        'gen_ai.prompt.1.content': 'hi',
        'gen_ai.prompt.1.role': 'user',
        'gen_ai.prompt.0.role': 'system',
        'gen_ai.completion.0.content': 'yo',
      },
      { input: '[{"role":"system"},{"content":"hi","role":"user"}]', output: '[{"content":"yo"}]' },
    ],
    [
      'a number of a million makes no list of a million',
      { 'gen_ai.prompt.999999.role': 'x', 'gen_ai.prompt.0.role': 'user' },
      { input: '[{"role":"user"}]' },
    ],
    [
      'the plain prompt before its parts',
      { 'gen_ai.prompt': 'whole', 'gen_ai.prompt.0.role': 'user' },
      { input: 'whole' },
    ],
    [
      'message lists, JSON text or structure',
      { 'gen_ai.input.messages': messages, 'gen_ai.output.messages': [{ role: 'assistant' }] },
      { input: messages, output: '[{"role":"assistant"}]' },
    ],
    [
      'system instructions in front',
      {
        'gen_ai.input.messages': messages,
        'gen_ai.system_instructions': [
          { type: 'text', content: 'be' },
          { type: 'text', content: 'nice' },
        ],
      },
      { input: '[{"role":"system","content":"be\\nnice"},{"role":"user","content":"hi"}]' },
    ],
    [
      'but not beside a system message',
      { 'gen_ai.input.messages': '[{"role":"system","content":"a"}]', 'gen_ai.system_instructions': 'b' },
      { input: '[{"role":"system","content":"a"}]' },
    ],
    [
      'tools beside the messages move to them',
      { 'gen_ai.input.messages': messages, 'gen_ai.tool.definitions': [definition] },
      {
        input: JSON.stringify({ messages: JSON.parse(messages), tools: [definition] }),
        toolDefinitions: described,
        attributes: {},
      },
    ],
    [
      'tools without an input',
      { 'gen_ai.tool.definitions': JSON.stringify([definition]) },
      { input: JSON.stringify({ tools: [definition] }) },
    ],
    [
      'calls in the parts of an answer',
      {
        'gen_ai.operation.name': 'chat',
        'gen_ai.output.messages':
          '[{"role":"assistant","parts":[{"type":"tool_call","id":"1","name":"t","arguments":{"a":1}}]}]',
      },
      { toolCalls: ['{"id":"1","name":"t","arguments":"{\\"a\\":1}"}'], toolCallNames: ['t'] },
    ],
  ])('%s', (_why, attributes, expected) => {
    expect(mapExample({ attributes })).toMatchObject(expected);
  });

  test.each([
    [
      'one event a message, 1.28 to 1.36',
      [
        { name: 'gen_ai.system.message', attributes: { content: 's' } },
        { name: 'gen_ai.user.message', attributes: { content: 'u', role: 'customer' } },
        { name: 'gen_ai.choice', attributes: { index: 0, message: '{"content":"a"}' } },
      ],
      '[{"role":"system","content":"s"},{"role":"customer","content":"u"}]',
      '{"index":0,"message":"{\\"content\\":\\"a\\"}"}',
    ],
    [
      'several choices as a list',
      [0, 1].map((index) => ({ name: 'gen_ai.choice', attributes: { index } })),
      '',
      '[{"index":0},{"index":1}]',
    ],
    [
      'all prompts on one event, before 1.28',
      [
        { name: 'gen_ai.content.prompt', attributes: { 'gen_ai.prompt': messages } },
        { name: 'gen_ai.content.completion', attributes: { text: 'a' } },
      ],
      messages,
      '{"text":"a"}',
    ],
    [
      'one event with everything, before the messages of other events',
      [
        { name: 'gen_ai.user.message', attributes: { content: 'u' } },
        {
          name: 'gen_ai.client.inference.operation.details',
          attributes: {
            'gen_ai.input.messages': messages,
            'gen_ai.system_instructions': 'be nice',
            'gen_ai.output.messages': '[]',
          },
        },
      ],
      '[{"role":"system","content":"be nice"},{"role":"user","content":"hi"}]',
      '[]',
    ],
  ])('content in span events: %s', (_why, events, input, output) => {
    expect(mapExample({ events, attributes: { 'gen_ai.input.messages': '["not asked"]' } })).toMatchObject({
      input,
      output,
    });
  });
});

describe('OpenInference', () => {
  test.each<Case>([
    ['a kind is a type', { 'openinference.span.kind': 'LLM' }, { type: 'GENERATION' }],
    ['a kind without a type of ours is a span', { 'openinference.span.kind': 'RERANKER' }, { type: 'SPAN' }],
    [
      'values before messages',
      { 'input.value': 'in', 'output.value': 'out', 'llm.input_messages.0.message.role': 'user' },
      { input: 'in', output: 'out' },
    ],
    [
      'messages where a value is empty',
      { 'input.value': 'in', 'output.value': '', 'llm.output_messages.0.message.role': 'assistant' },
      { input: 'in', output: '[{"message":{"role":"assistant"}}]' },
    ],
    [
      'the model of an embedding',
      { 'embedding.model_name': 'text-embedding-3-small' },
      { model: 'text-embedding-3-small' },
    ],
    [
      'numbered messages as they are built',
      { 'llm.input_messages.0.message.role': 'user', 'llm.input_messages.0.message.content': 'hi' },
      { input: '[{"message":{"role":"user","content":"hi"}}]' },
    ],
    [
      'the answering model before the other',
      { 'llm.model_name': 'a', 'llm.response.model': 'b' },
      { model: 'b', type: 'GENERATION' },
    ],
    ['the provider before the system', { 'llm.provider': 'azure', 'llm.system': 'openai' }, { provider: 'azure' }],
    [
      'parameters as JSON text',
      { 'llm.invocation_parameters': '{"temperature":0,"stream":false}' },
      { modelParameters: '{"temperature":0,"stream":"false"}' },
    ],
    [
      'tokens, parts taken out',
      {
        'openinference.span.kind': 'LLM',
        'llm.token_count.prompt': 8,
        'llm.token_count.completion': 7,
        'llm.token_count.total': 15,
        'llm.token_count.prompt_details.cache_read': 2,
        'llm.token_count.prompt_details.cache_input': 2,
        'llm.token_count.completion_details.reasoning': 1,
        'llm.token_count.prompt_details.audio': 1,
      },
      {
        usage: {
          input: 5,
          output: 6,
          total: 15,
          input_cached_tokens: 2,
          output_reasoning_tokens: 1,
          'prompt_details.audio': 1,
        },
      },
    ],
    [
      'an agent repeats what its calls report',
      { 'openinference.span.kind': 'AGENT', 'llm.token_count.prompt': 8, 'llm.cost.total': 1 },
      { type: 'AGENT', usage: {}, providedCost: {} },
    ],
    [
      'an embedding counts',
      { 'openinference.span.kind': 'EMBEDDING', 'llm.token_count.prompt': 8 },
      { type: 'EMBEDDING', usage: { input: 8, total: 8 } },
    ],
    ['tags as JSON text or a list', { 'tag.tags': '["a"]' }, { tags: ['a'] }],
    [
      'tools by number',
      { 'llm.tools.0.tool.json_schema': JSON.stringify(definition), 'input.value': 'hi' },
      { toolDefinitions: described, input: JSON.stringify({ prompt: 'hi', tools: [definition] }) },
    ],
    [
      'tools inside the input stay there',
      { 'input.value': JSON.stringify({ messages: [], tools: [definition] }) },
      { toolDefinitions: described },
    ],
  ])('%s', (_why, attributes, expected) => {
    expect(mapExample({ attributes })).toMatchObject(expected);
  });
});

describe('Vercel AI SDK 5 and 6', () => {
  const inner = {
    'operation.name': 'ai.generateText.doGenerate fn',
    'ai.operationId': 'ai.generateText.doGenerate',
    'ai.model.id': 'gpt-4o',
  };

  test.each<Case>([
    [
      'a do… span with a model is a generation',
      inner,
      { type: 'GENERATION', model: 'gpt-4o', name: 'ai.generateText.doGenerate' },
    ],
    [
      'and has always the same parameters',
      { ...inner, 'ai.model.provider': 'openai.chat' },
      {
        provider: 'openai',
        modelParameters: JSON.stringify({
          maxSteps: null,
          toolChoice: null,
          maxTokens: null,
          finishReason: null,
          system: 'openai.chat',
          maxRetries: null,
          mode: null,
          temperature: null,
          service_tier: null,
        }),
      },
    ],
    [
      'the outer span gives neither model nor tokens',
      {
        'ai.operationId': 'ai.generateText',
        'ai.model.id': 'gpt-4o',
        'ai.usage.tokens': 9,
        'gen_ai.usage.input_tokens': 9,
      },
      { type: 'SPAN', model: '', usage: {}, modelParameters: '' },
    ],
    [
      'a function id stands before the operation',
      { 'ai.operationId': 'ai.streamText', 'ai.telemetry.functionId': 'fn' },
      { name: 'fn:ai.streamText' },
    ],
    [
      'a tool call is a tool',
      {
        'ai.operationId': 'ai.toolCall',
        'ai.toolCall.name': 't',
        'ai.toolCall.args': '{"a":1}',
        'ai.toolCall.result': 'r',
      },
      { type: 'TOOL', name: 't', input: '{"a":1}', output: 'r' },
    ],
    [
      'messages before the prompt',
      { ...inner, 'ai.prompt': 'p', 'ai.prompt.messages': messages, 'ai.response.text': 'yo' },
      { input: messages, output: 'yo' },
    ],
    [
      'text with tool calls as one message',
      { ...inner, 'ai.response.text': 'yo', 'ai.response.toolCalls': '[{"toolCallId":"1","toolName":"t","input":{}}]' },
      {
        output: '{"role":"assistant","content":"yo","tool_calls":[{"toolCallId":"1","toolName":"t","input":{}}]}',
        toolCallNames: ['t'],
      },
    ],
    [
      'tools are a list of JSON texts',
      { ...inner, 'ai.prompt.messages': messages, 'ai.prompt.tools': [JSON.stringify(definition)] },
      { toolDefinitions: described, input: JSON.stringify({ messages: JSON.parse(messages), tools: [definition] }) },
    ],
    [
      'cached and reasoning tokens are parts',
      {
        ...inner,
        'gen_ai.usage.input_tokens': 10,
        'gen_ai.usage.output_tokens': 5,
        'ai.usage.cachedInputTokens': 4,
        'ai.usage.reasoningTokens': 2,
      },
      { usage: { input: 6, output: 3, input_cached_tokens: 4, output_reasoning_tokens: 2, total: 15 } },
    ],
    [
      'what only the provider says fills the gaps',
      {
        ...inner,
        'gen_ai.usage.input_tokens': 10,
        'ai.response.providerMetadata':
          '{"anthropic":{"usage":{"cache_creation_input_tokens":4,"cache_creation":{"ephemeral_5m_input_tokens":4}}}}',
      },
      { usage: { input: 6, input_cache_creation: 0, input_cache_creation_5m: 4, total: 10 } },
    ],
    [
      'milliseconds to the first chunk, rounded up',
      { ...inner, 'ai.response.msToFirstChunk': 100.2 },
      { completionStartTime: startedAt + 101 * ms },
    ],
    [
      'user, session, tags and metadata',
      {
        ...inner,
        'ai.telemetry.metadata.userId': 'u',
        'ai.telemetry.metadata.sessionId': 's',
        'ai.telemetry.metadata.tags': ['t'],
        'ai.telemetry.metadata.k': 1,
      },
      { userId: 'u', sessionId: 's', tags: ['t'], metadata: { k: '1' }, traceMetadata: { k: '1' } },
    ],
    [
      'a linked prompt as JSON text',
      { ...inner, 'ai.telemetry.metadata.langfusePrompt': '{"name":"p","version":2}' },
      { promptName: 'p', promptVersion: 2, metadata: {} },
    ],
  ])('%s', (_why, attributes, expected) => {
    expect(mapExample({ attributes })).toMatchObject(expected);
  });
});

describe('LiteLLM', () => {
  test.each<Case>([
    ['the name the caller gave the call', { 'langfuse.generation.name': 'say it' }, { name: 'say it' }],
    [
      'the real model before the alias of the proxy',
      { 'llm.model_name': 'gpt-4o-mini', 'llm.response.model': 'smart' },
      { model: 'gpt-4o-mini' },
    ],
    [
      'the trace id the caller wanted',
      { 'langfuse.trace.id': 'order4711' },
      { traceMetadata: { 'langfuse.trace.id': 'order4711' } },
    ],
    [
      'the raw request stays a plain span',
      { 'llm.openai.model': 'gpt-4o', 'llm.openai.usage': "{'prompt_tokens': 11}" },
      { type: 'SPAN', model: '', usage: {} },
    ],
    [
      'a model keeps its prefix, the provider is it',
      { 'langfuse.observation.model.name': 'openai/gpt-4o-mini' },
      { model: 'openai/gpt-4o-mini', provider: 'openai' },
    ],
    [
      'an organization before a model is no provider',
      { 'langfuse.observation.model.name': 'meta-llama/Llama-3-70b' },
      { provider: '' },
    ],
  ])('%s', (_why, attributes, expected) => {
    expect(mapExample({ attributes, scope: { name: 'litellm' } })).toMatchObject(expected);
  });
});

describe('Genkit', () => {
  test.each<Case>([
    [
      'a model call with its messages, parameters and tokens',
      {
        'genkit:name': 'googleai/gemini-2.5-flash',
        'genkit:metadata:subtype': 'model',
        'genkit:input': '{"messages":[{"role":"user","content":[{"text":"hi"}]}],"config":{"temperature":0.2}}',
        'genkit:output':
          '{"message":{"role":"model","content":[{"text":"ho"}]},"usage":{"inputTokens":10,"outputTokens":7,"thoughtsTokens":3,"totalTokens":17}}',
      },
      {
        type: 'GENERATION',
        name: 'googleai/gemini-2.5-flash',
        model: 'googleai/gemini-2.5-flash',
        input: '[{"role":"user","content":[{"text":"hi"}]}]',
        output: '{"role":"model","content":[{"text":"ho"}]}',
        modelParameters: '{"temperature":0.2}',
        usage: { input: 10, output: 4, output_reasoning_tokens: 3, total: 17 },
      },
    ],
    [
      'a tool is no model',
      {
        'genkit:name': 'weather',
        'genkit:metadata:subtype': 'tool',
        'genkit:input': '"Paris"',
        'genkit:output': '{"t":20}',
      },
      { type: 'TOOL', name: 'weather', model: '', input: '"Paris"', output: '{"t":20}' },
    ],
  ])('%s', (_why, attributes, expected) => {
    expect(mapExample({ attributes, scope: { name: 'genkit-tracer' } })).toMatchObject(expected);
  });
});

describe('LiveKit', () => {
  test.each<[why: string, name: string, attributes: Given, expected: Partial<ObservationRow>]>([
    [
      'a turn of the agent',
      'agent_turn',
      { 'lk.user_input': 'hello', 'lk.response.text': 'hi there' },
      { type: 'AGENT', level: 'DEFAULT', input: 'hello', output: 'hi there' },
    ],
    [
      'a tool, under the names of newer releases',
      'function_tool',
      {
        'lk.function_tool.name': 'w',
        'lk.pii.function_tool.arguments': '{"c":1}',
        'lk.pii.function_tool.output': '20',
      },
      { type: 'TOOL', name: 'w', input: '{"c":1}', output: '20' },
    ],
    [
      'an answer that is only a call of a tool',
      'llm_node',
      {
        'lk.pii.chat_ctx': '{"items":[]}',
        'lk.pii.response.text': '',
        'lk.pii.response.function_calls': '[{"name":"w"}]',
      },
      { input: '{"items":[]}', output: '[{"name":"w"}]' },
    ],
    [
      'no text and no call is no output',
      'llm_node',
      { 'lk.pii.chat_ctx': '{"items":[]}', 'lk.pii.response.text': '', 'lk.pii.response.function_calls': '[]' },
      { output: '' },
    ],
    ['what runs beside the conversation', 'tts_node', { 'lk.input_text': 'hi' }, { level: 'DEBUG', input: 'hi' }],
  ])('%s', (_why, name, attributes, expected) => {
    expect(mapExample({ attributes, span: { name }, scope: { name: 'livekit-agents' } })).toMatchObject(expected);
  });
});

describe('MLflow, older formats of Pydantic AI, Semantic Kernel and Pipecat', () => {
  test.each<Case>([
    [
      'MLflow writes words as JSON text',
      {
        'mlflow.spanType': '"CHAT_MODEL"',
        'mlflow.spanInputs': '{"messages":[]}',
        'mlflow.spanOutputs': '"ho"',
        'mlflow.chat.tokenUsage': '{"input_tokens":10,"output_tokens":7,"total_tokens":17}',
        'mlflow.llm.model': '"gpt-4o-mini"',
        'mlflow.llm.provider': '"OpenAI"',
        'mlflow.llm.cost': '{"input_cost":0.25,"output_cost":0.5,"total_cost":0.75}',
      },
      {
        type: 'GENERATION',
        input: '{"messages":[]}',
        output: 'ho',
        usage: { input: 10, output: 7, total: 17 },
        model: 'gpt-4o-mini',
        provider: 'openai',
        providedCost: { input: '0.25', output: '0.5', total: '0.75' },
      },
    ],
    [
      'a prompt and all messages after it',
      { prompt: 'hi', all_messages_events: '[{"content":"ho"}]' },
      { input: 'hi', output: '[{"content":"ho"}]' },
    ],
    [
      'a prompt and its result',
      { prompt: 'hi', all_messages_events: '[]', final_result: 'ho' },
      { input: 'hi', output: 'ho' },
    ],
    [
      'events as one attribute, the choice among them is the output',
      { events: '[{"event.name":"gen_ai.user.message","content":"hi"},{"event.name":"gen_ai.choice","message":"ho"}]' },
      {
        input: '[{"event.name":"gen_ai.user.message","content":"hi"}]',
        output: '{"event.name":"gen_ai.choice","message":"ho"}',
      },
    ],
    [
      'an agent of Semantic Kernel',
      {
        'gen_ai.operation.name': 'invoke_agent',
        'gen_ai.agent.invocation_input': '[{"role":"user"}]',
        'gen_ai.agent.invocation_output': '[{"role":"assistant"}]',
      },
      { type: 'AGENT', input: '[{"role":"user"}]', output: '[{"role":"assistant"}]' },
    ],
    ['bare names', { input: 'hi', output: 'ho' }, { input: 'hi', output: 'ho' }],
    [
      'a bare input leaves the output to the messages',
      { input: 'hi', 'gen_ai.output.messages': '[{"role":"assistant"}]' },
      { input: 'hi', output: '[{"role":"assistant"}]' },
    ],
  ])('%s', (_why, attributes, expected) => {
    expect(mapExample({ attributes })).toMatchObject(expected);
  });
});

describe('resource', () => {
  test.each([
    [
      'the environment of the service',
      { 'deployment.environment.name': 'production' },
      {},
      { environment: 'production' },
    ],
    ['the span before it', { 'langfuse.environment': 'a' }, { 'langfuse.environment': 'b' }, { environment: 'b' }],
    [
      'Langfuse on the resource before OpenTelemetry on the span',
      { 'langfuse.environment': 'a' },
      { 'deployment.environment.name': 'b' },
      { environment: 'a' },
    ],
    [
      'the version of the service, unless the span says one',
      { 'service.version': '1' },
      { 'langfuse.version': '2' },
      { version: '2', serviceVersion: '1' },
    ],
    [
      'release and trace metadata',
      { 'langfuse.release': 'r', 'langfuse.trace.metadata.k': 'resource' },
      { 'langfuse.trace.metadata.k': 'span' },
      { release: 'r', traceMetadata: { k: 'span' } },
    ],
  ])('%s', (_why, resource, attributes, expected) => {
    expect(mapExample({ resource, attributes })).toMatchObject(expected);
  });
});

describe('whatever a client sends', () => {
  const names = conventions.flatMap(({ rules }) =>
    rules.map(([attribute]) => attribute.replace('resource:', '').replace('*', 'x')),
  );
  const value: fc.Arbitrary<AttributeValue> = fc.oneof(
    fc.string(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.json(),
    fc.constantFrom('{}', '[]', '"', '{"a":', '-1', 'NaN', '1e999', '[['.repeat(200)),
    fc.jsonValue() as fc.Arbitrary<AttributeValue>,
  );
  const attributes = fc.dictionary(
    fc.oneof(
      fc.constantFrom(...names),
      fc.constantFrom('__proto__', 'gen_ai.prompt.__proto__.x', 'gen_ai.usage.constructor'),
      fc.string(),
    ),
    value,
    { maxKeys: 12 },
  );

  test('it maps without an error', () => {
    fc.assert(
      fc.property(attributes, attributes, attributes, (given, resource, event) => {
        const events = [
          'gen_ai.user.message',
          'gen_ai.content.prompt',
          'gen_ai.client.inference.operation.details',
          'exception',
        ].map((name) => ({ name, attributes: event }));
        const row = mapExample({
          attributes: given,
          resource,
          events,
          scope: { name: 'litellm' },
          span: { statusCode: 2 },
        });
        expect(Object.values(row.usage).every((units) => Number.isFinite(units) && units >= 0)).toBe(true);
        expect(Object.values(row.providedCost).every((usd) => /^\d+(\.\d+)?(e\+\d+)?$/.test(usd))).toBe(true);
      }),
      { numRuns: 500 },
    );
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  test('an attribute changes only the fields its rules name, and stays readable', () => {
    const rules = conventions.flatMap((each): Convention['rules'] => each.rules);
    const covers = (attribute: string, name: string) =>
      attribute.endsWith('.*') ? name.startsWith(attribute.slice(0, -1)) : attribute === name;
    const blank = mapExample({});
    fc.assert(
      fc.property(fc.constantFrom(...names), value, (name, given) => {
        const row = mapExample({ attributes: { [name]: given } });
        const named = rules.filter(([attribute]) => covers(attribute, name));
        const allowed = new Set(['attributes', ...named.flatMap(([, field]) => columnsOf(field))]);
        const changed = (Object.keys(row) as (keyof ObservationRow)[]).filter(
          (column) => JSON.stringify(row[column]) !== JSON.stringify(blank[column]),
        );
        expect(changed.filter((column) => !allowed.has(column))).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  test('an attribute no rule names is kept and changes nothing else', () => {
    const row = mapExample({ attributes: { 'acme.tokens': 7 } });
    expect({ ...row, attributes: {} }).toEqual({ ...mapExample({}), attributes: {} });
    expect(row.attributes).toEqual({ 'acme.tokens': '7' });
  });
});

/** A field of the tables → the columns that follow from it. */
function columnsOf(field: string): string[] {
  const always = ['attributes', 'sizeBytes'];
  if (field.startsWith('usage')) return [...always, 'usage', 'providedUsage'];
  const more: Record<string, string[]> = {
    cost: ['providedCost', 'cost'],
    model: ['model', 'provider'],
    toolDefinitions: ['toolDefinitions', 'input'],
    input: ['input', 'toolDefinitions'],
    output: ['output', 'toolCalls', 'toolCallNames'],
    promptName: [],
    promptVersion: [],
    errorMessage: [],
  };
  return [...always, ...(more[field] ?? [field])];
}

test('docs/conventions.md is what the tables say: node packages/server/src/ingest/conventions/document.ts', () => {
  expect(readFileSync(documentPath, 'utf8')).toBe(documentConventions());
});
