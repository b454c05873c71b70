import { expect, test } from 'vitest';
import { normalizeUsageDetails } from './usage-details.ts';

test.each([
  ['our own buckets', { input: 3, output: 4, total: 7 }, { input: 3, output: 4, total: 7 }],
  [
    'an OpenAI chat usage, its details taken out of their parent',
    {
      prompt_tokens: 10,
      completion_tokens: 8,
      total_tokens: 18,
      prompt_tokens_details: { cached_tokens: 4, audio_tokens: null },
      completion_tokens_details: { reasoning_tokens: 3 },
    },
    { input: 6, output: 5, total: 18, input_cached_tokens: 4, output_reasoning_tokens: 3 },
  ],
  [
    'an OpenAI Responses usage with a key nobody knows',
    { input_tokens: 10, output_tokens: 8, total_tokens: 18, input_tokens_details: { cached_tokens: 4 }, novel: 2 },
    { input: 6, output: 8, total: 18, input_cached_tokens: 4, novel: 2 },
  ],
  [
    'an Anthropic usage, whose parts stand beside each other',
    { input_tokens: 5, output_tokens: 6, cache_read_input_tokens: 7 },
    { input_tokens: 5, output_tokens: 6, cache_read_input_tokens: 7 },
  ],
  [
    'details larger than their parent leave 0',
    { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2, prompt_tokens_details: { cached_tokens: 2 } },
    { input: 0, output: 1, total: 2, input_cached_tokens: 2 },
  ],
  ['floats and decimal text', { input: 1.5, output: '2' }, { input: 1.5, output: 2 }],
  ['negatives as 0, the rest dropped', { input: -1, output: 'x', nested: { a: 1 }, nothing: null }, { input: 0 }],
])('%s', (_case, given, expected) => {
  expect(normalizeUsageDetails(given)).toEqual(expected);
});
