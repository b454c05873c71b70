import type { ObservationType } from '../observation.ts';
import type { Convention, Reader } from './convention.ts';
import { provider } from './provider.ts';
import { countMap, metadataText, oneOf, special, unquotedPayload, usdMap } from './readers.ts';

const spanType = oneOf<ObservationType>({
  llm: 'GENERATION',
  chat_model: 'GENERATION',
  embedding: 'EMBEDDING',
  agent: 'AGENT',
  tool: 'TOOL',
  chain: 'CHAIN',
  workflow: 'CHAIN',
  retriever: 'RETRIEVER',
  reranker: 'RETRIEVER',
  guardrail: 'GUARDRAIL',
  evaluator: 'EVALUATOR',
});

/** MLflow writes all its values as JSON text, words too. */
const unquoted = <T>(read: Reader<T>): Reader<T> =>
  special(`${read.label}, JSON quotes taken off`, (value, context, key) => {
    const word = metadataText(value, context, key);
    return word === undefined ? undefined : read(word, context, key);
  });

/** `{input_cost, output_cost, total_cost}` */
const costs = special<Record<string, number>>('JSON of USD, `_cost` taken off', (value, context, key) => {
  const amounts = usdMap(value, context, key);
  return amounts && Object.fromEntries(Object.entries(amounts).map(([name, usd]) => [name.replace(/_cost$/, ''), usd]));
});

/** MLflow Tracing over OTLP, unless it is told to speak GenAI. */
export const mlflow = {
  name: 'mlflow',
  source:
    'mlflow.org/docs/latest/genai/tracing/opentelemetry/attribute-mapping, …/tracing/token-usage-cost and …/concepts/span, read ' +
    '2026-11-30',
  // oxfmt-ignore
  rules: [
    // attribute                field       read as             known from
    ['mlflow.spanType',        'type',     unquoted(spanType), 'documentation'],
    ['mlflow.spanInputs',      'input',    unquotedPayload,    'documentation'],
    ['mlflow.spanOutputs',     'output',   unquotedPayload,    'documentation'],
    ['mlflow.llm.model',       'model',    metadataText,       'documentation'],
    ['mlflow.llm.provider',    'provider', unquoted(provider), 'documentation'],
    ['mlflow.chat.tokenUsage', 'usage',    countMap,           'documentation'],
    ['mlflow.llm.cost',        'cost',     costs,              'documentation'],
  ],
} as const satisfies Convention;
