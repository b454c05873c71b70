// The order in which sources of a field are asked: all of S1.3 to S1.9 on two screens. How a source is read stands in the
// convention's own table; a source that stands there and not here stops the start of the program, the reverse does not compile.
import type { Convention, Field, SpanContext } from './convention.ts';
import { genAi } from './gen-ai.ts';
import { genkit } from './genkit.ts';
import { langfuse } from './langfuse.ts';
import { liteLlm } from './litellm.ts';
import { livekit } from './livekit.ts';
import { mastra } from './mastra.ts';
import {
  agentRun,
  contentEvents,
  listedEvents,
  messageEvents,
  numberedMessages,
  operationDetails,
  pydanticMessages,
  pythonMessages,
  structuredMessages,
  vercelMessages,
  type MessageReader,
} from './messages.ts';
import { mlflow } from './mlflow.ts';
import { googleAdk } from './google-adk.ts';
import { logfire } from './logfire.ts';
import { openInference } from './openinference.ts';
import { openInferencePython } from './openinference-python.ts';
import { otel } from './otel.ts';
import { traceloop } from './traceloop.ts';
import { isOuterSpan, vercelAi } from './vercel-ai.ts';

export const conventions = [
  langfuse,
  genAi,
  openInference,
  vercelAi,
  liteLlm,
  logfire,
  traceloop,
  googleAdk,
  mastra,
  openInferencePython,
  genkit,
  livekit,
  mlflow,
  otel,
] as const satisfies readonly Convention[];

type AnyConvention = (typeof conventions)[number];
type SourceOf<C extends AnyConvention, F extends Field> = C extends AnyConvention
  ? `${C['name']}/${Extract<C['rules'][number], readonly [string, F, ...unknown[]]>[0]}`
  : never;
/** `convention/attribute`, of those whose table has a rule for the field. */
export type Source<F extends Field> = SourceOf<AnyConvention, F>;

/** Fields whose sources are all heard, in this order, a later one over an earlier: every other field takes the first answer. */
export const merged = [
  'metadata',
  'traceMetadata',
  'experimentMetadata',
  'experimentItemMetadata',
] as const satisfies readonly Field[];

/** Input and output: see `payloads`. Tool definitions: every source counts. */
type Ordered = Exclude<Field, 'input' | 'output' | 'toolDefinitions'>;

// oxfmt-ignore
export const precedence: { readonly [F in Ordered]: readonly Source<F>[] } = {
  // S1.3; when nobody answers, the span's own name
  name: ['litellm/langfuse.generation.name', 'gen-ai/gen_ai.tool.name', 'genkit/genkit:name', 'livekit/lk.function_tool.name', 'logfire/logfire.msg', 'openinference-python/tool.name', 'vercel-ai/ai.toolCall.name', 'vercel-ai/ai.operationId'],
  // S1.4; when nobody answers, SPAN
  type: ['langfuse/langfuse.observation.type', 'openinference/openinference.span.kind', 'gen-ai/gen_ai.operation.name', 'traceloop/traceloop.span.kind', 'mastra/mastra.span.type', 'genkit/genkit:metadata:subtype', 'mlflow/mlflow.spanType', 'livekit/lk.*',
    'vercel-ai/ai.operationId', 'gen-ai/gen_ai.tool.name', 'gen-ai/gen_ai.tool.call.id',
    'traceloop/llm.request.type', 'gen-ai/gen_ai.request.model', 'gen-ai/gen_ai.response.model', 'openinference/llm.model_name', 'otel/model'],

  // S1.7
  level: ['langfuse/langfuse.observation.level', 'livekit/lk.*'], // then the span's status
  statusMessage: ['langfuse/langfuse.observation.status_message'], // then the span's status, errorMessage, the exception event
  errorMessage: ['otel/error.message'],
  version: ['langfuse/langfuse.version', 'otel/resource:service.version'],
  release: ['langfuse/langfuse.release', 'langfuse/resource:langfuse.release'],
  environment: ['langfuse/langfuse.environment', 'langfuse/resource:langfuse.environment',
    'otel/deployment.environment.name', 'otel/resource:deployment.environment.name',
    'otel/deployment.environment', 'otel/resource:deployment.environment'],
  serviceName: ['otel/resource:service.name'],
  serviceVersion: ['otel/resource:service.version'],
  userId: ['langfuse/langfuse.user.id', 'langfuse/user.id', 'openinference/user.id',
    'langfuse/langfuse.observation.metadata.langfuse_user_id', 'langfuse/langfuse.trace.metadata.langfuse_user_id',
    'vercel-ai/ai.telemetry.metadata.userId', 'traceloop/traceloop.association.properties.user_id',
    'traceloop/traceloop.association.properties.userId'],
  sessionId: ['langfuse/langfuse.session.id', 'langfuse/session.id', 'openinference/session.id', 'gen-ai/gen_ai.conversation.id',
    'langfuse/langfuse.observation.metadata.langfuse_session_id', 'langfuse/langfuse.trace.metadata.langfuse_session_id',
    'vercel-ai/ai.telemetry.metadata.sessionId', 'traceloop/traceloop.association.properties.session_id',
    'traceloop/traceloop.association.properties.sessionId'],
  tags: ['langfuse/langfuse.trace.tags', 'langfuse/langfuse.tags',
    'langfuse/langfuse.observation.metadata.langfuse_tags', 'langfuse/langfuse.trace.metadata.langfuse_tags',
    'vercel-ai/ai.telemetry.metadata.tags', 'openinference/tag.tags'],
  public: ['langfuse/langfuse.trace.public', 'langfuse/langfuse.public'],
  traceName: ['langfuse/langfuse.trace.name', 'traceloop/traceloop.workflow.name'],
  isAppRoot: ['langfuse/langfuse.internal.is_app_root', 'langfuse/langfuse.internal.as_root'],
  traceInput: ['langfuse/langfuse.trace.input'],
  traceOutput: ['langfuse/langfuse.trace.output'],
  model: ['langfuse/langfuse.observation.model.name', 'gen-ai/gen_ai.response.model', 'vercel-ai/ai.model.id',
    'gen-ai/gen_ai.request.model', 'litellm/llm.model_name', 'openinference/llm.response.model',
    'openinference/llm.model_name', 'openinference/embedding.model_name', 'mlflow/mlflow.llm.model', 'otel/model', 'genkit/genkit:name'],
  provider: ['gen-ai/gen_ai.provider.name', 'gen-ai/gen_ai.system', 'openinference/llm.provider', 'openinference/llm.system',
    'vercel-ai/ai.model.provider', 'mlflow/mlflow.llm.provider'], // then the prefix of the model
  promptName: ['langfuse/langfuse.observation.prompt.name', 'langfuse/langfuse.prompt.name', 'vercel-ai/ai.telemetry.metadata.langfusePrompt'],
  promptVersion: ['langfuse/langfuse.observation.prompt.version', 'langfuse/langfuse.prompt.version', 'vercel-ai/ai.telemetry.metadata.langfusePrompt'],
  completionStartTime: ['langfuse/langfuse.observation.completion_start_time', 'vercel-ai/ai.response.msToFirstChunk',
    'vercel-ai/ai.stream.msToFirstChunk', 'gen-ai/gen_ai.response.time_to_first_chunk',
    'gen-ai/gen_ai.client.operation.time_to_first_chunk', 'gen-ai/gen_ai.server.time_to_first_token'],

  // S1.6, merged: whole objects first, single keys over them
  metadata: ['mastra/mastra.metadata.*', 'openinference-python/metadata', 'langfuse/langfuse.metadata', 'langfuse/langfuse.observation.metadata', 'langfuse/langfuse.observation.metadata.*',
    'langfuse/langfuse.metadata.*', 'vercel-ai/ai.telemetry.metadata.*'],
  traceMetadata: ['traceloop/traceloop.association.properties.*', 'langfuse/resource:langfuse.trace.metadata', 'langfuse/resource:langfuse.trace.metadata.*',
    'langfuse/langfuse.metadata', 'langfuse/langfuse.trace.metadata', 'langfuse/langfuse.trace.metadata.*',
    'langfuse/langfuse.metadata.*', 'vercel-ai/ai.telemetry.metadata.*',
    'litellm/langfuse.trace.id', 'litellm/langfuse.trace.existing_id'],

  // S1.8; rows that share a prefix (`gen_ai.request.*`) are one source together
  modelParameters: ['vercel-ai/ai.operationId', 'langfuse/langfuse.observation.model.parameters', 'genkit/genkit:input', 'genkit/genkit:output',
    'openinference/llm.invocation_parameters', 'gen-ai/gen_ai.request.*', 'openinference/llm.invocation_parameters.*'],

  // S1.9
  usage: ['langfuse/langfuse.observation.usage_details', 'mlflow/mlflow.chat.tokenUsage'],
  'usage.input': ['gen-ai/gen_ai.usage.prompt_tokens', 'gen-ai/gen_ai.usage.input_tokens', 'gen-ai/gen_ai.usage.prompt',
    'openinference/llm.token_count.prompt', 'vercel-ai/ai.usage.tokens', 'genkit/genkit:output'],
  'usage.output': ['gen-ai/gen_ai.usage.completion_tokens', 'gen-ai/gen_ai.usage.output_tokens', 'gen-ai/gen_ai.usage.completion',
    'openinference/llm.token_count.completion', 'genkit/genkit:output'],
  'usage.total': ['vercel-ai/ai.usage.tokens', 'gen-ai/gen_ai.usage.total_tokens', 'gen-ai/gen_ai.usage.total',
    'openinference/llm.token_count.total', 'traceloop/llm.usage.total_tokens', 'genkit/genkit:output'],
  'usage.input_cached_tokens': ['vercel-ai/ai.usage.cachedInputTokens', 'gen-ai/gen_ai.usage.cache_read.input_tokens',
    'gen-ai/gen_ai.usage.cache_read_input_tokens', 'gen-ai/gen_ai.usage.cache_read_tokens',
    'gen-ai/gen_ai.usage.details.cache_read_tokens', 'gen-ai/gen_ai.usage.details.cache_read_input_tokens',
    'openinference/llm.token_count.prompt_details.cache_read', 'gen-ai/gen_ai.usage.input_cached_tokens',
    'vercel-ai/ai.response.providerMetadata'],
  'usage.input_cache_creation': ['gen-ai/gen_ai.usage.cache_creation.input_tokens', 'gen-ai/gen_ai.usage.cache_creation_input_tokens',
    'gen-ai/gen_ai.usage.cache_write_input_tokens', 'gen-ai/gen_ai.usage.cache_write.input_tokens', 'gen-ai/gen_ai.usage.cache_write_tokens', 'gen-ai/gen_ai.usage.details.cache_write_tokens',
    'gen-ai/gen_ai.usage.details.cache_creation_input_tokens', 'openinference/llm.token_count.prompt_details.cache_write',
    'gen-ai/gen_ai.usage.input_cache_creation', 'vercel-ai/ai.response.providerMetadata'],
  'usage.input_cache_creation_5m': ['vercel-ai/ai.response.providerMetadata'],
  'usage.input_cache_creation_1h': ['vercel-ai/ai.response.providerMetadata'],
  'usage.input_cache_read': ['vercel-ai/ai.response.providerMetadata'],
  'usage.input_cache_write': ['vercel-ai/ai.response.providerMetadata'],
  'usage.input_audio_tokens': ['gen-ai/gen_ai.usage.audio.input_tokens'],
  'usage.input_image_tokens': ['gen-ai/gen_ai.usage.image.input_tokens'],
  'usage.input_video_tokens': ['gen-ai/gen_ai.usage.video.input_tokens'],
  'usage.output_reasoning_tokens': ['vercel-ai/ai.usage.reasoningTokens', 'gen-ai/gen_ai.usage.reasoning.output_tokens',
    'openinference/llm.token_count.completion_details.reasoning', 'gen-ai/gen_ai.usage.reasoning_tokens',
    'gen-ai/gen_ai.usage.details.reasoning_tokens', 'vercel-ai/ai.response.providerMetadata', 'genkit/genkit:output'],
  'usage.output_audio_tokens': ['gen-ai/gen_ai.usage.audio.output_tokens', 'gen-ai/gen_ai.usage.details.audio_tokens', 'openinference/llm.token_count.completion_details.audio'],
  'usage.accepted_prediction_tokens': ['vercel-ai/ai.response.providerMetadata'],
  'usage.rejected_prediction_tokens': ['vercel-ai/ai.response.providerMetadata'],
  'usage.none': ['gen-ai/gen_ai.usage.text.input_tokens', 'gen-ai/gen_ai.usage.text.output_tokens',
    'gen-ai/gen_ai.usage.text.cache_read.input_tokens', 'gen-ai/gen_ai.usage.image.cache_read.input_tokens',
    'gen-ai/gen_ai.usage.audio.cache_read.input_tokens', 'gen-ai/gen_ai.usage.image.output_tokens',
    'gen-ai/gen_ai.usage.details.input_tokens', 'gen-ai/gen_ai.usage.details.output_tokens',
    'openinference/llm.token_count.prompt_details.cache_input'],
  'usage.*': ['gen-ai/gen_ai.usage.*', 'openinference/llm.token_count.*'],
  cost: ['langfuse/langfuse.observation.cost_details', 'gen-ai/gen_ai.usage.cost', 'openinference/llm.cost.total', 'logfire/operation.cost', 'mlflow/mlflow.llm.cost'],

  experimentId: ['langfuse/langfuse.experiment.id'],
  experimentName: ['langfuse/langfuse.experiment.name'],
  experimentDescription: ['langfuse/langfuse.experiment.description'],
  experimentMetadata: ['langfuse/langfuse.experiment.metadata', 'langfuse/langfuse.experiment.metadata.*'],
  experimentDatasetId: ['langfuse/langfuse.experiment.dataset.id'],
  experimentItemId: ['langfuse/langfuse.experiment.item.id'],
  experimentItemVersion: ['langfuse/langfuse.experiment.item.version'],
  experimentItemMetadata: ['langfuse/langfuse.experiment.item.metadata', 'langfuse/langfuse.experiment.item.metadata.*'],
  experimentItemRootId: ['langfuse/langfuse.experiment.item.root_observation_id'],
  experimentItemExpectedOutput: ['langfuse/langfuse.experiment.item.expected_output'],
};

/**
 * Attributes asked one after the other on each side, or a reader for what attributes alone cannot say. `otherwise` gives the side
 * that the attributes leave empty.
 */
export type PayloadSource =
  | {
      readonly input: readonly Source<'input'>[];
      readonly output: readonly Source<'output'>[];
      readonly otherwise?: PayloadReader;
    }
  | PayloadReader;
interface PayloadReader {
  readonly reader: string;
  readonly read: MessageReader;
}

const numbered: PayloadReader = {
  reader: 'numbered keys `gen_ai.prompt.N.*`, `llm.input_messages.N.*` and their answers',
  read: numberedMessages,
};

const structured: PayloadReader = {
  reader: '`gen_ai.input.messages` behind `gen_ai.system_instructions`, `gen_ai.output.messages`',
  read: structuredMessages,
};

/** S1.5: the first source with an input or an output gives both; what lies behind it is not asked. */
export const payloads: readonly PayloadSource[] = [
  { input: ['langfuse/langfuse.observation.input'], output: ['langfuse/langfuse.observation.output'] },
  { input: ['genkit/genkit:input'], output: ['genkit/genkit:output'] },
  { reader: 'Vercel AI `ai.*`, on spans with `ai.operationId`', read: vercelMessages },
  { reader: 'span event `gen_ai.client.inference.operation.details`', read: operationDetails },
  { reader: 'span events `gen_ai.{system,user,assistant,tool}.message` and `gen_ai.choice`', read: messageEvents },
  { reader: 'span events `gen_ai.content.prompt` and `gen_ai.content.completion`', read: contentEvents },
  {
    input: ['google-adk/gcp.vertex.agent.llm_request', 'google-adk/gcp.vertex.agent.tool_call_args'],
    output: ['google-adk/gcp.vertex.agent.llm_response', 'google-adk/gcp.vertex.agent.tool_response'],
  },
  { reader: '`prompt`, `all_messages_events` and `final_result` of older formats of Pydantic AI', read: agentRun },
  {
    // oxfmt-ignore
    input: ['livekit/lk.input_text', 'livekit/lk.pii.input_text', 'livekit/lk.user_transcript', 'livekit/lk.pii.user_transcript', 'livekit/lk.chat_ctx',
      'livekit/lk.pii.chat_ctx', 'livekit/lk.user_input', 'livekit/lk.pii.user_input', 'livekit/lk.function_tool.arguments', 'livekit/lk.pii.function_tool.arguments'],
    // oxfmt-ignore
    output: ['livekit/lk.function_tool.output', 'livekit/lk.pii.function_tool.output', 'livekit/lk.response.text', 'livekit/lk.pii.response.text',
      'livekit/lk.response.function_calls', 'livekit/lk.pii.response.function_calls'],
  },
  { reader: 'attribute `events`, a list with `gen_ai.choice` among them', read: listedEvents },
  { input: ['mlflow/mlflow.spanInputs'], output: ['mlflow/mlflow.spanOutputs'] },
  { input: ['traceloop/traceloop.entity.input'], output: ['traceloop/traceloop.entity.output'] },
  {
    reader: 'numbered keys `llm.input_messages.N.*` of OpenInference for Python, on model calls',
    read: pythonMessages,
  },
  // A streamed answer that is only a call of a tool has an empty `output.value` (JS 4.2.7) and the call in its messages.
  { input: ['openinference/input.value'], output: ['openinference/output.value'], otherwise: numbered },
  { input: ['otel/input'], output: ['otel/output'], otherwise: structured },
  {
    reader: '`pydantic_ai.all_messages` behind `gen_ai.system_instructions`, `final_result`',
    read: pydanticMessages,
  },
  { input: ['logfire/tool_arguments'], output: ['logfire/tool_response'] },
  numbered,
  structured,
  { input: ['gen-ai/gen_ai.agent.invocation_input'], output: ['gen-ai/gen_ai.agent.invocation_output'] },
  { input: ['gen-ai/gen_ai.tool.call.arguments'], output: ['gen-ai/gen_ai.tool.call.result'] },
];

/** Spans that repeat in sum what the spans below them report; model, usage and cost are not taken from them. */
export const summaries: readonly { readonly what: string; readonly holds: (context: SpanContext) => boolean }[] = [
  {
    what: '`gen_ai.operation.name` is `invoke_agent` or `agent_step`',
    holds: ({ span }) => ['invoke_agent', 'agent_step'].includes(String(span.attributes.get('gen_ai.operation.name'))),
  },
  { what: '`ai.operationId` is not one of the `do…` operations', holds: isOuterSpan },
  {
    what: '`openinference.span.kind` is neither `LLM` nor `EMBEDDING`',
    holds: ({ span }) => {
      const kind = span.attributes.get('openinference.span.kind');
      return typeof kind === 'string' && !['LLM', 'EMBEDDING'].includes(kind.toUpperCase());
    },
  },
  {
    what: 'a model call of OpenInference for DSPy or LlamaIndex without `llm.token_count.*`: it wraps the one that has them',
    holds: ({ span, scopeName }) =>
      wrappers.has(scopeName) &&
      !span.attributes.has('llm.token_count.total') &&
      !span.attributes.has('llm.token_count.prompt'),
  },
];

/**
 * Their model calls nest: in `predict` is `chat`, in that the one that asks; DSPy has one around LiteLLM's. Tokens are counted from
 * the text of a call that has a model and no usage, so those around it must not have one.
 */
const wrappers: ReadonlySet<string> = new Set([
  'openinference.instrumentation.dspy',
  'openinference.instrumentation.llama_index',
]);
