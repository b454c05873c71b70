import { describe, expect, test } from 'vitest';
import { readCost, readUsage } from './usage.ts';

describe('usage', () => {
  test.each([
    {
      rule: 'the oldest names become ours',
      legacy: { promptTokens: 10, completionTokens: 20, totalTokens: 30 },
      usage: { input: 10, output: 20, total: 30 },
    },
    {
      rule: 'with one of the oldest names the others are ignored',
      legacy: { promptTokens: 1, input: 9, output: 9 },
      usage: { input: 1 },
    },
    {
      rule: 'null counts as absent',
      legacy: { input: 3, output: null, total: null, promptTokens: null },
      usage: { input: 3 },
    },
    { rule: 'an empty object says nothing', legacy: {}, usage: {} },
    {
      rule: 'units that are no tokens are units',
      legacy: { input: 3, output: 4, unit: 'CHARACTERS' as const },
      usage: { input: 3, output: 4 },
    },
    {
      rule: 'details overlay the older object',
      legacy: { input: 11, output: 12 },
      details: { input: 9, total: 23, cache_read_input_tokens: 2 },
      usage: { input: 9, output: 12, total: 23, cache_read_input_tokens: 2 },
    },
    {
      rule: 'a detail of the OpenAI form is taken out of its parent',
      details: {
        prompt_tokens: 11,
        completion_tokens: 7,
        total_tokens: 18,
        prompt_tokens_details: { cached_tokens: 4, audio_tokens: null },
      },
      usage: { input: 7, output: 7, total: 18, input_cached_tokens: 4 },
    },
    {
      rule: 'other names stay, what is no number goes',
      details: { reranked: 5, text: 'many', nested: { a: 1 }, digits: '12' },
      usage: { reranked: 5, digits: 12 },
    },
    {
      rule: 'fractions are rounded, negatives are 0, nonsense is dropped',
      details: { audio_seconds: 2.6, odd: -4, huge: 1e300 },
      usage: { audio_seconds: 3, odd: 0 },
    },
  ])('$rule', ({ legacy, details, usage }) => {
    expect({ ...readUsage(legacy as Parameters<typeof readUsage>[0], details) }).toEqual(usage);
  });
});

describe('cost', () => {
  test.each([
    {
      rule: 'costs of the older object',
      legacy: { input: 3, inputCost: 0.1, outputCost: 0.2, totalCost: 0.3 },
      cost: { input: '0.1', output: '0.2', total: '0.3' },
    },
    { rule: 'the oldest names lose them', legacy: { promptTokens: 3, totalCost: 0.3 }, cost: {} },
    {
      rule: 'details overlay them',
      legacy: { totalCost: 0.3 },
      details: { total: 0.5, cache: 0.1 },
      cost: { total: '0.5', cache: '0.1' },
    },
    {
      rule: 'small amounts are written out',
      details: { total: 8.7e-6, input: 1e-12 },
      cost: { total: '0.0000087', input: '0.000000000001' },
    },
    {
      rule: 'text, negatives, null and sums no column holds are dropped',
      details: { a: '0.1', b: -1, c: null, d: 1e9 },
      cost: {},
    },
    { rule: 'zero is a cost', details: { total: 0 }, cost: { total: '0' } },
  ])('$rule', ({ legacy, details, cost }) => {
    expect(readCost(legacy as Parameters<typeof readCost>[0], details)).toEqual(cost);
  });
});
