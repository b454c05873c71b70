import type { ObservationType } from '../observation.ts';
import type { Convention } from './convention.ts';
import { count, member, oneOf, parameters, payload, special, text, toObject } from './readers.ts';

const subtype = oneOf<ObservationType>({
  model: 'GENERATION',
  'background-model': 'GENERATION',
  embedder: 'EMBEDDING',
  tool: 'TOOL',
  'tool.v2': 'TOOL',
  retriever: 'RETRIEVER',
  evaluator: 'EVALUATOR',
});

const model = special<string>('text, on model calls', (value, context, key) =>
  ['model', 'background-model'].includes(String(context.span.attributes.get('genkit:metadata:subtype')))
    ? text(value, context, key)
    : undefined,
);

/** A request and a response of a model are taken out of what is around them. */
const inside = (name: string) =>
  special<string>(`payload, its \`${name}\` where it has one`, (value, context, key) =>
    payload(toObject(value)?.[name] ?? value, context, key),
  );

/** Genkit (Google). */
export const genkit = {
  name: 'genkit',
  source:
    'github.com/genkit-ai/genkit docs/otel-overview.md; usage and config in js/ai/src/model-types.ts, the scope in ' +
    'js/core/src/tracing/instrumentation.ts; read 2026-11-30',
  scopes: ['genkit-tracer'],
  // oxfmt-ignore
  rules: [
    // attribute                 field                           read as                                    known from
    ['genkit:name',             'name',                         text,                                      'documentation'],
    ['genkit:name',             'model',                        model,                                     'documentation'],
    ['genkit:metadata:subtype', 'type',                         subtype,                                   'documentation'],
    ['genkit:input',            'input',                        inside('messages'),                        'documentation'],
    ['genkit:output',           'output',                       inside('message'),                         'documentation'],
    ['genkit:input',            'modelParameters',              member(['config'], parameters),            'code'],
    ['genkit:output',           'modelParameters',              member(['request', 'config'], parameters), 'code'],
    ['genkit:output',           'usage.input',                  member(['usage', 'inputTokens'], count),   'code'],
    ['genkit:output',           'usage.output',                 member(['usage', 'outputTokens'], count),  'code'],
    ['genkit:output',           'usage.total',                  member(['usage', 'totalTokens'], count),   'code'],
    ['genkit:output',           'usage.output_reasoning_tokens', member(['usage', 'thoughtsTokens'], count), 'code'],
  ],
} as const satisfies Convention;
