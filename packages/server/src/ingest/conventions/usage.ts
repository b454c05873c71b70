/** S1.9: counts which the sender includes in `input` or `output`, and which get a bucket of their own. */
const parts = {
  input: [
    'input_cached_tokens',
    'input_cache_creation',
    'input_cache_creation_5m',
    'input_cache_creation_1h',
    'input_cache_read',
    'input_cache_write',
    'input_audio_tokens',
    'input_image_tokens',
    'input_video_tokens',
    'prompt_details.audio', // OpenInference, under the name upstream shows
  ],
  output: ['output_reasoning_tokens', 'output_audio_tokens'],
  input_cache_creation: ['input_cache_creation_5m', 'input_cache_creation_1h'],
} as const;

/** Takes the parts out of the wholes, in place, so that no token is counted twice; never below 0. */
export function makeDisjoint(usage: Record<string, number>): Record<string, number> {
  takeOut(usage, 'input_cache_creation');
  takeOut(usage, 'input');
  takeOut(usage, 'output');
  return usage;
}

function takeOut(usage: Record<string, number>, whole: keyof typeof parts): void {
  let left = usage[whole];
  if (left === undefined) return;
  for (const part of parts[whole]) left -= usage[part] ?? 0;
  usage[whole] = Math.max(0, left);
}

/** A total nobody sent is the sum of all buckets (S3.1). */
export function withTotal(usage: Record<string, number>): Record<string, number> {
  const units = Object.values(usage);
  if (units.length === 0 || 'total' in usage) return usage;
  return { ...usage, total: units.reduce((sum, each) => sum + each, 0) };
}
