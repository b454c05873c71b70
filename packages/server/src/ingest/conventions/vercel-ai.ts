import type { AttributeValue } from '../otlp/span.ts';
import type { Convention, ModelParameters, SpanContext } from './convention.ts';
import {
  afterStart,
  anything,
  count,
  entry,
  integer,
  member,
  parameters,
  payload,
  special,
  tags,
  text,
  toObject,
} from './readers.ts';
import { provider } from './provider.ts';

const generations = [
  'ai.generateText.doGenerate',
  'ai.streamText.doStream',
  'ai.generateObject.doGenerate',
  'ai.streamObject.doStream',
];
const embeddings = ['ai.embed.doEmbed', 'ai.embedMany.doEmbed'];
const modelNames = ['langfuse.observation.model.name', 'ai.model.id', 'gen_ai.request.model', 'gen_ai.response.model'];

/** `operation.name` carries the function id behind the operation (`ai.streamText.doStream my-fn`). */
function isOperation({ span: { attributes } }: SpanContext, operations: readonly string[]): boolean {
  const name = attributes.get('operation.name');
  const id = attributes.get('ai.operationId');
  return operations.some((each) => id === each || (typeof name === 'string' && name.startsWith(each)));
}

const modelCall = special('model call → GENERATION, EMBEDDING; ai.toolCall → TOOL', (_value, context) => {
  const { attributes } = context.span;
  if (modelNames.some((name) => attributes.has(name))) {
    if (isOperation(context, generations)) return 'GENERATION';
    if (isOperation(context, embeddings)) return 'EMBEDDING';
  }
  return isOperation(context, ['ai.toolCall']) ? 'TOOL' : undefined;
});

/** The outer span (`ai.generateText`) repeats what its `do…` spans report: counting both doubles tokens and cost. */
export const isOuterSpan = (context: SpanContext): boolean =>
  context.span.attributes.has('ai.operationId') && !isOperation(context, [...generations, ...embeddings]);

/** An embedding's only count. */
const embeddedTokens = special('count, on embeddings', (value, context, key) =>
  isOperation(context, embeddings) ? count(value, context, key) : undefined,
);

const operationName = special('operation, behind its function id', (value, { span }) => {
  if (typeof value !== 'string' || value === '') return undefined;
  const functionId = span.attributes.get('ai.telemetry.functionId');
  return typeof functionId === 'string' && functionId !== '' ? `${functionId}:${value}` : value;
});

const notMetadata = new Set(['userId', 'sessionId', 'tags', 'langfusePrompt']);
const telemetryMetadata = special(`one key, but ${[...notMetadata].join(', ')}`, (value, context, key) =>
  notMetadata.has(key) ? undefined : entry(value, context, key),
);

const asText = (value: AttributeValue | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined;

/** S1.8 row 3: always the same nine names, null for what the call did not set; an explicit Langfuse attribute lies over them. */
const callSettings = special<ModelParameters>('settings of the call', (_value, context) => {
  if (isOuterSpan(context)) return undefined;
  const { attributes } = context.span;
  const first = (...names: string[]): string | number | null => {
    const value = names.map((name) => attributes.get(name)).find((each) => each !== undefined && each !== null) ?? null;
    return typeof value === 'string' || typeof value === 'number' || value === null ? value : JSON.stringify(value);
  };
  const openai = toObject(toObject(attributes.get('ai.response.providerMetadata') ?? null)?.['openai'] ?? null);
  return {
    maxSteps: first('ai.settings.maxSteps'),
    toolChoice: first('ai.prompt.toolChoice'),
    maxTokens: first('gen_ai.request.max_tokens'),
    finishReason: first('gen_ai.response.finish_reasons', 'gen_ai.finishReason'),
    system: first('gen_ai.system', 'ai.model.provider'),
    maxRetries: first('ai.settings.maxRetries'),
    mode: first('ai.settings.mode'),
    temperature: first('gen_ai.request.temperature'),
    service_tier: asText(openai?.['serviceTier']) ?? first('gen_ai.request.service_tier'),
    ...parameters(attributes.get('langfuse.observation.model.parameters') ?? null, context, ''),
  };
});

/** Vercel AI SDK 5 and 6, scope `ai`. SDK 7 speaks the GenAI conventions under scope `gen_ai`; its outer spans are agent spans. */
export const vercelAi = {
  name: 'vercel-ai',
  source: 'ai-sdk.dev/docs/ai-sdk-core/telemetry, read 2026-11-23',
  // oxfmt-ignore
  rules: [
    // attribute                           field                           read as                known from
    ['ai.operationId',                    'type',                         modelCall,             'seen'],
    ['ai.toolCall.name',                  'name',                         text,                  'seen'],
    ['ai.operationId',                    'name',                         operationName,         'seen'],
    ['ai.telemetry.metadata.userId',      'userId',                       text,                  'seen'],
    ['ai.telemetry.metadata.sessionId',   'sessionId',                    text,                  'seen'],
    ['ai.telemetry.metadata.tags',        'tags',                         tags,                  'seen'],
    ['ai.telemetry.metadata.*',           'metadata',                     telemetryMetadata,     'seen'],
    ['ai.telemetry.metadata.*',           'traceMetadata',                telemetryMetadata,     'seen'],
    ['ai.telemetry.metadata.langfusePrompt', 'promptName',                member(['name'], text), 'documentation'],
    ['ai.telemetry.metadata.langfusePrompt', 'promptVersion',             member(['version'], integer), 'documentation'],

    ['ai.prompt.messages',                'input',                        payload,               'seen'],
    ['ai.prompt',                         'input',                        payload,               'seen'],
    ['ai.toolCall.args',                  'input',                        payload,               'seen'],
    ['ai.response.text',                  'output',                       payload,               'seen'],
    ['ai.result.text',                    'output',                       payload,               'documentation'],
    ['ai.toolCall.result',                'output',                       payload,               'seen'],
    ['ai.response.object',                'output',                       payload,               'seen'],
    ['ai.result.object',                  'output',                       payload,               'documentation'],
    ['ai.response.toolCalls',             'output',                       payload,               'seen'],
    ['ai.result.toolCalls',               'output',                       payload,               'documentation'],
    ['ai.prompt.tools',                   'toolDefinitions',              anything,              'seen'],

    ['ai.model.id',                       'model',                        text,           'seen'],
    ['ai.model.provider',                 'provider',                     provider,              'seen'],
    ['ai.operationId',                    'modelParameters',              callSettings,          'seen'],
    ['ai.response.msToFirstChunk',        'completionStartTime',          afterStart('ms'),      'seen'],
    ['ai.stream.msToFirstChunk',          'completionStartTime',          afterStart('ms'),      'documentation'],

    ['ai.usage.tokens',                   'usage.input',                  embeddedTokens,        'seen'],
    ['ai.usage.tokens',                   'usage.total',                  count,          'seen'],
    ['ai.usage.cachedInputTokens',        'usage.input_cached_tokens',    count,          'seen'],
    ['ai.usage.reasoningTokens',          'usage.output_reasoning_tokens', count,         'seen'],
    ['ai.response.providerMetadata',      'usage.input_cached_tokens',    member(['openai', 'cachedPromptTokens'], count), 'documentation'],
    ['ai.response.providerMetadata',      'usage.accepted_prediction_tokens', member(['openai', 'acceptedPredictionTokens'], count), 'documentation'],
    ['ai.response.providerMetadata',      'usage.rejected_prediction_tokens', member(['openai', 'rejectedPredictionTokens'], count), 'documentation'],
    ['ai.response.providerMetadata',      'usage.output_reasoning_tokens', member(['openai', 'reasoningTokens'], count), 'documentation'],
    ['ai.response.providerMetadata',      'usage.input_cache_creation',   member(['anthropic', 'usage', 'cache_creation_input_tokens'], count), 'documentation'],
    ['ai.response.providerMetadata',      'usage.input_cached_tokens',    member(['anthropic', 'usage', 'cache_read_input_tokens'], count), 'documentation'],
    ['ai.response.providerMetadata',      'usage.input_cache_creation_5m', member(['anthropic', 'usage', 'cache_creation', 'ephemeral_5m_input_tokens'], count), 'documentation'],
    ['ai.response.providerMetadata',      'usage.input_cache_creation_1h', member(['anthropic', 'usage', 'cache_creation', 'ephemeral_1h_input_tokens'], count), 'documentation'],
    ['ai.response.providerMetadata',      'usage.input_cache_read',       member(['bedrock', 'usage', 'cacheReadInputTokens'], count), 'documentation'],
    ['ai.response.providerMetadata',      'usage.input_cache_write',      member(['bedrock', 'usage', 'cacheWriteInputTokens'], count), 'documentation'],
    ['ai.response.providerMetadata',      'usage.input_cache_creation',   member(['bedrock', 'usage', 'cacheCreationInputTokens'], count), 'documentation'],
  ],
} as const satisfies Convention;
