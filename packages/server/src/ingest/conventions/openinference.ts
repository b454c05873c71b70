import type { ObservationType } from '../observation.ts';
import type { Convention } from './convention.ts';
import { anything, count, identity, means, oneOf, parameter, parameters, payload, tags, text, usd } from './readers.ts';
import { provider } from './provider.ts';

const kind = oneOf<ObservationType>({
  llm: 'GENERATION',
  chain: 'CHAIN',
  retriever: 'RETRIEVER',
  embedding: 'EMBEDDING',
  agent: 'AGENT',
  tool: 'TOOL',
  guardrail: 'GUARDRAIL',
  evaluator: 'EVALUATOR',
});

/** Arize OpenInference, JavaScript 4 and Python 0.1. PROMPT and RERANKER have no type of their own and stay SPAN. */
export const openInference = {
  name: 'openinference',
  source: 'github.com/Arize-ai/openinference spec/semantic_conventions.md, read 2026-11-23',
  // oxfmt-ignore
  rules: [
    // attribute                                    field                            read as              known from
    ['openinference.span.kind',                    'type',                          kind,                'seen'],
    ['llm.model_name',                             'type',                          means('GENERATION'), 'seen'],
    ['user.id',                                    'userId',                        identity,                'seen'],
    ['session.id',                                 'sessionId',                     identity,                'seen'],
    ['tag.tags',                                   'tags',                          tags,                'seen'], // JSON text in JS
    ['input.value',                                'input',                         payload,             'seen'],
    ['output.value',                               'output',                        payload,             'seen'],
    ['llm.input_messages',                         'input',                         payload,             'documentation'],
    ['llm.input_messages.*',                       'input',                         payload,             'seen'],
    ['llm.output_messages',                        'output',                        payload,             'documentation'],
    ['llm.output_messages.*',                      'output',                        payload,             'seen'],
    ['llm.tools.*',                                'toolDefinitions',               anything,            'seen'],

    ['llm.response.model',                         'model',                         text,                'seen'],
    ['llm.model_name',                             'model',                         text,                'seen'],
    ['embedding.model_name',                       'model',                         text,                'seen'],
    ['llm.provider',                               'provider',                      provider,            'seen'],
    ['llm.system',                                 'provider',                      provider,            'seen'],
    ['llm.invocation_parameters',                  'modelParameters',               parameters,          'seen'],
    ['llm.invocation_parameters.*',                'modelParameters',               parameter,           'documentation'],

    ['llm.token_count.prompt',                     'usage.input',                   count,               'seen'],
    ['llm.token_count.completion',                 'usage.output',                  count,               'seen'],
    ['llm.token_count.total',                      'usage.total',                   count,               'seen'],
    ['llm.token_count.prompt_details.cache_read',  'usage.input_cached_tokens',     count,               'seen'],
    ['llm.token_count.prompt_details.cache_input', 'usage.none',                    count,               'documentation'], // repeats cache_read
    ['llm.token_count.prompt_details.cache_write', 'usage.input_cache_creation',    count,               'documentation'],
    ['llm.token_count.completion_details.reasoning', 'usage.output_reasoning_tokens', count,             'seen'],
    ['llm.token_count.completion_details.audio',   'usage.output_audio_tokens',     count,               'seen'],
    ['llm.token_count.*',                          'usage.*',                       count,               'seen'],
    ['llm.cost.total',                             'cost',                          usd,                 'seen'],
  ],
} as const satisfies Convention;
