import type { Json, JsonObject } from './recording.ts';
import { isObject } from './compare.ts';

/** A generation whose recorded cost we do not agree with, and who says so (D8). */
export interface PriceDifference {
  /** `fixtures/<name>`, or a golden group. */
  where: string;
  observationId: string;
  recordedUsd: number;
  /** What we answer, by usage type. */
  ourCost: Readonly<Record<string, number>>;
  source: string;
}

const REASONING =
  'OpenAI bills reasoning tokens as output tokens (platform.openai.com/docs/guides/reasoning); the recording server had no price for them on this model. LiteLLM counts them for the same numbers (py-litellm-*: 8.7e-6 for 12 completion tokens, one of them reasoning)';
const CACHE_WRITE =
  'tokens written to the prompt cache are billed as any input token (platform.openai.com/docs/guides/prompt-caching: no extra cost); the recording server dropped them';

// oxfmt-ignore
export const priceDifferences: readonly PriceDifference[] = [
  { where: 'fixtures/openinference-json', observationId: '7c66541857ed10a2', recordedUsd: 0.0000114, source: REASONING,
    ourCost: { input: 0.00000465, input_cached_tokens: 0.00000015, output: 0.0000066, output_reasoning_tokens: 0.0000006, output_audio_tokens: 0, 'prompt_details.audio': 0 } },
  { where: 'fixtures/openinference-json', observationId: 'bbf0b3686f49d2cf', recordedUsd: 0.00000465, source: REASONING,
    ourCost: { input: 0.0000009, input_cached_tokens: 0.00000015, output: 0.0000036, output_reasoning_tokens: 0.0000006, output_audio_tokens: 0, 'prompt_details.audio': 0 } },
  { where: 'fixtures/openinference-json', observationId: 'fc780769df0d24bb', recordedUsd: 0.0004925, source: REASONING,
    ourCost: { input: 0, input_cached_tokens: 0.0000025, output: 0.00049, output_reasoning_tokens: 0.00001 } },
  { where: 'fixtures/openinference-json', observationId: 'babf687712c4f245', recordedUsd: 0.00000765, source: REASONING,
    ourCost: { input: 0.0000009, input_cached_tokens: 0.00000015, output: 0.0000066, output_reasoning_tokens: 0.0000006 } },
  { where: 'fixtures/otel-genai-json', observationId: '2207692e3098a6a4', recordedUsd: 0.000285, source: `${REASONING}; ${CACHE_WRITE}`,
    ourCost: { input: 0.0001125, input_cached_tokens: 0.0000125, input_cache_creation: 0.0000125, output: 0.00016, output_reasoning_tokens: 0.00004 } },
  { where: 'fixtures/otel-genai-proto', observationId: 'f1ebe15d80971026', recordedUsd: 0.000285, source: `${REASONING}; ${CACHE_WRITE}`,
    ourCost: { input: 0.0001125, input_cached_tokens: 0.0000125, input_cache_creation: 0.0000125, output: 0.00016, output_reasoning_tokens: 0.00004 } },
  { where: 'fixtures/v3-core', observationId: '60fb2ad8-9022-41de-a32f-5f7a50521064', recordedUsd: 0.00000855, source: REASONING,
    ourCost: { input: 0.0000012, input_cached_tokens: 0.00000015, input_audio_tokens: 0, output: 0.0000072, output_reasoning_tokens: 0.0000006,
      output_audio_tokens: 0, output_accepted_prediction_tokens: 0, output_rejected_prediction_tokens: 0 } },
  { where: 'fixtures/v3-core', observationId: '9f784df7-867e-46a4-a04e-3e10f4abed41', recordedUsd: 0.00000855, source: REASONING,
    ourCost: { input: 0.0000012, input_cached_tokens: 0.00000015, input_audio_tokens: 0, output: 0.0000072, output_reasoning_tokens: 0.0000006,
      output_audio_tokens: 0, output_accepted_prediction_tokens: 0, output_rejected_prediction_tokens: 0 } },
];

/** The recorded answer with our cost of the generations listed for it, in their own fields and in their trace's total. */
export function withOurPrices(where: string, recorded: Json): Json {
  const here = new Map(
    priceDifferences.filter((entry) => entry.where === where).map((entry) => [entry.observationId, entry]),
  );
  return here.size === 0 ? recorded : rewrite(recorded, here);
}

function rewrite(value: Json, here: ReadonlyMap<string, PriceDifference>): Json {
  if (Array.isArray(value)) return value.map((item) => rewrite(item, here));
  if (!isObject(value)) return value;
  const entry = typeof value['id'] === 'string' ? here.get(value['id']) : undefined;
  if (entry && isObject(value['costDetails'])) return withCost(value, entry);
  const rewritten = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, rewrite(item, here)]));
  const inside = Array.isArray(value['observations'])
    ? value['observations'].flatMap((item) => (isObject(item) ? (here.get(String(item['id'])) ?? []) : []))
    : [];
  const more = inside.reduce((sum, { ourCost, recordedUsd }) => sum + total(ourCost) - recordedUsd, 0);
  return typeof value['totalCost'] === 'number' ? { ...rewritten, totalCost: value['totalCost'] + more } : rewritten;
}

function withCost(observation: JsonObject, { ourCost }: PriceDifference): JsonObject {
  const sum = (part: string): number =>
    total(Object.fromEntries(Object.entries(ourCost).filter(([key]) => key.includes(part))));
  const ours = {
    costDetails: { ...ourCost, total: total(ourCost) },
    totalCost: total(ourCost),
    calculatedTotalCost: total(ourCost),
    inputCost: sum('input'),
    calculatedInputCost: sum('input'),
    outputCost: sum('output'),
    calculatedOutputCost: sum('output'),
  };
  return { ...observation, ...Object.fromEntries(Object.entries(ours).filter(([key]) => key in observation)) };
}

const total = (cost: Readonly<Record<string, number>>): number =>
  Object.values(cost).reduce((sum, usd) => sum + usd, 0);
