import type { Convention } from './convention.ts';
import { named, text } from './readers.ts';

/**
 * What LiteLLM's `langfuse_otel` callback does its own way (recorded with 1.108.7); the rest of it is `langfuse` and
 * `openinference`. Its second span a call, `raw_gen_ai_request`, carries only `llm.{provider}.*` in Python syntax: no rule here
 * reads that, so it stays a plain span without model and tokens.
 */
export const liteLlm = {
  name: 'litellm',
  source: 'docs.litellm.ai/docs/observability/langfuse_otel_integration, read 2026-11-25; 1.108.7 recorded',
  scopes: ['litellm'],
  // oxfmt-ignore
  rules: [
    // attribute                   field            read as                             known from
    ['langfuse.generation.name',  'name',          text,                               'seen'], // by header: the span keeps its own
    ['llm.model_name',            'model',         text,                               'seen'], // llm.response.model is the proxy's alias
    ['langfuse.trace.id',         'traceMetadata', named('langfuse.trace.id'),         'seen'], // the id the caller wanted
    ['langfuse.trace.existing_id', 'traceMetadata', named('langfuse.trace.existing_id'), 'seen'],
  ],
} as const satisfies Convention;
