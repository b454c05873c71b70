import type { ObservationType } from '../observation.ts';
import type { Convention } from './convention.ts';
import { afterStart, anything, count, means, oneOf, parameter, payload, text, usd } from './readers.ts';
import { provider } from './provider.ts';

const operation = oneOf<ObservationType>({
  chat: 'GENERATION',
  completion: 'GENERATION',
  text_completion: 'GENERATION',
  generate_content: 'GENERATION',
  generate: 'GENERATION',
  embeddings: 'EMBEDDING',
  invoke_agent: 'AGENT',
  create_agent: 'AGENT',
  execute_tool: 'TOOL',
});

/**
 * OpenTelemetry semantic conventions for generative AI, all three generations in one table: up to 1.27 (and OpenLLMetry)
 * `prompt_tokens` and numbered prompts, 1.28 to 1.36 one event a message (messages.ts), from 1.37 and GenAI 0.1 whole message
 * lists. Counts that the conventions define as "part of input" or "part of output" are taken out of it in usage.ts.
 */
export const genAi = {
  name: 'gen-ai',
  source:
    'github.com/open-telemetry/semantic-conventions-genai v0.1.0, read 2026-11-23; `cache_write` and the parts by modality: ' +
    'github.com/open-telemetry/opentelemetry-python-genai/pull/613, `gen_ai.agent.invocation_*`: ' +
    'github.com/microsoft/semantic-kernel/pull/12834, both read 2026-11-30',
  // oxfmt-ignore
  rules: [
    // attribute                                  field                             read as             known from
    ['gen_ai.operation.name',                    'type',                           operation,          'seen'],
    ['gen_ai.tool.name',                         'type',                           means('TOOL'),      'seen'],
    ['gen_ai.tool.call.id',                      'type',                           means('TOOL'),      'seen'],
    ['gen_ai.request.model',                     'type',                           means('GENERATION'), 'seen'],
    ['gen_ai.response.model',                    'type',                           means('GENERATION'), 'seen'],
    ['gen_ai.tool.name',                         'name',                           text,               'seen'],
    ['gen_ai.conversation.id',                   'sessionId',                      text,               'seen'],

    ['gen_ai.input.messages',                    'input',                          payload,            'seen'],
    ['gen_ai.output.messages',                   'output',                         payload,            'seen'],
    ['gen_ai.system_instructions',               'input',                          payload,            'seen'],
    ['gen_ai.agent.invocation_input',            'input',                          payload,            'code'], // Semantic Kernel to 1.37
    ['gen_ai.agent.invocation_output',           'output',                         payload,            'code'],
    ['gen_ai.tool.call.arguments',               'input',                          payload,            'seen'],
    ['gen_ai.tool.call.result',                  'output',                         payload,            'seen'],
    ['gen_ai.prompt',                            'input',                          payload,            'seen'],
    ['gen_ai.prompt.*',                          'input',                          payload,            'seen'], // up to 1.27
    ['gen_ai.completion',                        'output',                         payload,            'seen'],
    ['gen_ai.completion.*',                      'output',                         payload,            'seen'],
    ['gen_ai.tool.definitions',                  'toolDefinitions',                anything,           'seen'],

    ['gen_ai.response.model',                    'model',                          text,               'seen'],
    ['gen_ai.request.model',                     'model',                          text,               'seen'],
    ['gen_ai.provider.name',                     'provider',                       provider,           'seen'],
    ['gen_ai.system',                            'provider',                       provider,           'seen'], // up to 1.36
    ['gen_ai.request.*',                         'modelParameters',                parameter,          'seen'],
    ['gen_ai.response.time_to_first_chunk',      'completionStartTime',            afterStart('s'),    'seen'],
    ['gen_ai.client.operation.time_to_first_chunk', 'completionStartTime',         afterStart('s'),    'seen'], // @ai-sdk/otel 1
    ['gen_ai.server.time_to_first_token',        'completionStartTime',            afterStart('ms'),   'seen'], // Strands

    ['gen_ai.usage.prompt_tokens',               'usage.input',                    count,              'seen'],
    ['gen_ai.usage.input_tokens',                'usage.input',                    count,              'seen'],
    ['gen_ai.usage.prompt',                      'usage.input',                    count,              'documentation'],
    ['gen_ai.usage.completion_tokens',           'usage.output',                   count,              'seen'],
    ['gen_ai.usage.output_tokens',               'usage.output',                   count,              'seen'],
    ['gen_ai.usage.completion',                  'usage.output',                   count,              'documentation'],
    ['gen_ai.usage.total_tokens',                'usage.total',                    count,              'seen'],
    ['gen_ai.usage.total',                       'usage.total',                    count,              'documentation'],
    ['gen_ai.usage.cache_read.input_tokens',     'usage.input_cached_tokens',      count,              'seen'],
    ['gen_ai.usage.cache_read_input_tokens',     'usage.input_cached_tokens',      count,              'seen'],
    ['gen_ai.usage.cache_read_tokens',           'usage.input_cached_tokens',      count,              'documentation'],
    ['gen_ai.usage.details.cache_read_tokens',   'usage.input_cached_tokens',      count,              'seen'],
    ['gen_ai.usage.details.cache_read_input_tokens', 'usage.input_cached_tokens',  count,              'documentation'],
    ['gen_ai.usage.input_cached_tokens',         'usage.input_cached_tokens',      count,              'documentation'],
    ['gen_ai.usage.cache_creation.input_tokens', 'usage.input_cache_creation',     count,              'seen'],
    ['gen_ai.usage.cache_creation_input_tokens', 'usage.input_cache_creation',     count,              'documentation'],
    ['gen_ai.usage.cache_write_input_tokens',    'usage.input_cache_creation',     count,              'seen'], // Strands, beside the others
    ['gen_ai.usage.cache_write.input_tokens',    'usage.input_cache_creation',     count,              'code'], // cache_creation, renamed
    ['gen_ai.usage.cache_write_tokens',          'usage.input_cache_creation',     count,              'documentation'],
    ['gen_ai.usage.details.cache_write_tokens',  'usage.input_cache_creation',     count,              'documentation'],
    ['gen_ai.usage.details.cache_creation_input_tokens', 'usage.input_cache_creation', count,          'documentation'],
    ['gen_ai.usage.input_cache_creation',        'usage.input_cache_creation',     count,              'documentation'],
    ['gen_ai.usage.reasoning.output_tokens',     'usage.output_reasoning_tokens',  count,              'seen'],
    ['gen_ai.usage.reasoning_tokens',            'usage.output_reasoning_tokens',  count,              'seen'], // OpenLLMetry
    ['gen_ai.usage.details.reasoning_tokens',    'usage.output_reasoning_tokens',  count,              'seen'], // Pydantic AI
    ['gen_ai.usage.audio.input_tokens',          'usage.input_audio_tokens',       count,              'documentation'],
    ['gen_ai.usage.image.input_tokens',          'usage.input_image_tokens',       count,              'documentation'],
    ['gen_ai.usage.video.input_tokens',          'usage.input_video_tokens',       count,              'documentation'],
    ['gen_ai.usage.audio.output_tokens',         'usage.output_audio_tokens',      count,              'documentation'],
    ['gen_ai.usage.details.audio_tokens',        'usage.output_audio_tokens',      count,              'seen'], // Pydantic AI
    ['gen_ai.usage.text.input_tokens',           'usage.none',                     count,              'documentation'], // the rest of input
    ['gen_ai.usage.text.output_tokens',          'usage.none',                     count,              'documentation'],
    ['gen_ai.usage.text.cache_read.input_tokens', 'usage.none',                    count,              'code'], // parts of cache_read
    ['gen_ai.usage.image.cache_read.input_tokens', 'usage.none',                   count,              'code'],
    ['gen_ai.usage.audio.cache_read.input_tokens', 'usage.none',                   count,              'code'],
    ['gen_ai.usage.image.output_tokens',         'usage.none',                     count,              'code'], // stays in output
    ['gen_ai.usage.details.input_tokens',        'usage.none',                     count,              'documentation'], // repeats input
    ['gen_ai.usage.details.output_tokens',       'usage.none',                     count,              'documentation'],
    ['gen_ai.usage.*',                           'usage.*',                        count,              'documentation'],
    ['gen_ai.usage.cost',                        'cost',                           usd,                'documentation'],
  ],
} as const satisfies Convention;
