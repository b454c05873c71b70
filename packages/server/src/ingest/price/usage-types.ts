/**
 * What a usage type is charged as: `prices` are keys of the price list, the first that an entry has wins (a cached token of
 * a model without a cache price costs what any input token costs). `input` types together decide the long-context tier.
 */
export interface Charge {
  /** Names of one and the same bucket; when a client sends several, only the first listed is charged. */
  usageTypes: readonly string[];
  counts: 'input' | 'output' | 'calls';
  prices: readonly string[];
}

/**
 * Usage types that clients send, from S3.6 and the libraries' own payloads. Names that were not normalised on the way in are
 * listed beside ours, so that a provider's raw usage object still costs right.
 */
// oxfmt-ignore
export const allCharges: readonly Charge[] = [
  { counts: 'input',  prices: ['input_mtok'],
    usageTypes: ['input', 'input_tokens', 'prompt_tokens', 'prompt_token_count', 'promptTokenCount'] },
  { counts: 'input',  prices: ['cache_read_mtok', 'input_mtok'],
    usageTypes: ['input_cached_tokens', 'input_cache_read', 'cache_read_input_tokens', 'cache_read_tokens'] },
  { counts: 'input',  prices: ['cache_write_mtok', 'input_mtok'],
    usageTypes: ['input_cache_creation', 'input_cache_write', 'cache_creation_input_tokens', 'cache_write_tokens'] },
  { counts: 'input',  prices: ['cache_write_5m_mtok', 'cache_write_mtok', 'input_mtok'],
    usageTypes: ['input_cache_creation_5m'] },
  { counts: 'input',  prices: ['cache_write_1h_mtok', 'cache_write_mtok', 'input_mtok'],
    usageTypes: ['input_cache_creation_1h'] },
  { counts: 'input',  prices: ['input_mtok'],
    usageTypes: ['input_text', 'input_text_tokens', 'input_modality_1'] },
  { counts: 'input',  prices: ['input_audio_mtok', 'input_mtok'],
    usageTypes: ['input_audio', 'input_audio_tokens', 'prompt_details.audio'] },
  { counts: 'input',  prices: ['cache_audio_read_mtok', 'cache_read_mtok', 'input_mtok'],
    usageTypes: ['input_cached_audio_tokens', 'input_audio_cached_tokens'] },
  { counts: 'input',  prices: ['input_image_mtok', 'input_mtok'],
    usageTypes: ['input_image', 'input_image_tokens'] },
  { counts: 'input',  prices: ['input_video_mtok', 'input_mtok'],
    usageTypes: ['input_video', 'input_video_tokens'] },
  { counts: 'output', prices: ['output_mtok'],
    usageTypes: ['output', 'output_tokens', 'completion_tokens', 'candidates_token_count', 'candidatesTokenCount'] },
  { counts: 'output', prices: ['output_reasoning_mtok', 'output_mtok'],
    usageTypes: ['output_reasoning_tokens', 'output_reasoning', 'reasoning_tokens', 'thoughts_token_count', 'thoughtsTokenCount'] },
  { counts: 'output', prices: ['output_mtok'],
    usageTypes: ['output_text', 'output_text_tokens'] },
  { counts: 'output', prices: ['output_audio_mtok', 'output_mtok'],
    usageTypes: ['output_audio', 'output_audio_tokens'] },
  { counts: 'output', prices: ['output_image_mtok', 'output_mtok'],
    usageTypes: ['output_image', 'output_image_tokens'] },
  { counts: 'calls',  prices: ['web_searches_kcount'],
    usageTypes: ['web_search_queries', 'web_search_requests', 'web_searches', 'grounding_queries'] },
];

/** A part that normalisation took out of its parent (`input_tokens_details.x` became `input_x_tokens`) costs what the parent costs. */
const parts = [
  { pattern: /^input_\w*tokens$/, counts: 'input', prices: ['input_mtok'] },
  { pattern: /^output_\w*tokens$/, counts: 'output', prices: ['output_mtok'] },
] as const;

const listed = new Map(
  allCharges.flatMap((charge) => charge.usageTypes.map((usageType) => [usageType, charge] as const)),
);

/** Null for what nobody charges for: `total`, a parent's detail that is not taken out of it, an invented name. */
export function chargeOf(usageType: string): Charge | null {
  const known = listed.get(usageType);
  if (known) return known;
  const part = parts.find(({ pattern }) => pattern.test(usageType));
  return part ? { usageTypes: [usageType], counts: part.counts, prices: part.prices } : null;
}
