import type { ObservationType } from '../observation.ts';
import type { Convention } from './convention.ts';
import { countMap, oneOf, special, unquotedPayload } from './readers.ts';

const byType = oneOf<ObservationType>({
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
const kind = special<ObservationType>(byType.label, (value, context, key) => {
  const word = unquotedPayload(value, context, key);
  return word === undefined ? undefined : byType(word, context, key);
});

/** MLflow Tracing over OTLP. */
export const mlflow = {
  name: 'mlflow',
  source:
    'mlflow.org/docs/latest/genai/tracing/opentelemetry/attribute-mapping, …/tracing/token-usage-cost and …/concepts/span, read ' +
    '2026-11-30',
  // oxfmt-ignore
  rules: [
    // attribute                field     read as          known from
    ['mlflow.spanType',        'type',   kind,            'documentation'],
    ['mlflow.spanInputs',      'input',  unquotedPayload, 'documentation'],
    ['mlflow.spanOutputs',     'output', unquotedPayload, 'documentation'],
    ['mlflow.chat.tokenUsage', 'usage',  countMap,        'documentation'],
  ],
} as const satisfies Convention;
