import fc from 'fast-check';
import { expect, test } from 'vitest';
import { emptyRow } from '../observation.ts';
import type { ObservationRow } from '../observation.ts';
import { parseDecimal, USD_DIGITS } from './decimal.ts';
import type { PriceBook } from './price-book.ts';
import { createPricing } from './pricing.ts';

const { priceRow } = createPricing();
const at = (iso: string): number => Date.parse(iso) * 1000;

function call(said: Partial<ObservationRow>): ObservationRow {
  const identity = { projectId: 'p', kind: 'observation', id: 'o', traceId: 't', source: 'otlp' } as const;
  return { ...emptyRow({ ...identity, startTime: at('2026-11-20T11:00:00Z') }), type: 'GENERATION', ...said };
}
const priced = (
  model: string,
  providedUsage: Record<string, number>,
  more: Partial<ObservationRow> = {},
): ObservationRow => priceRow(call({ model, providedUsage, ...more }));

// gpt-4o: 2.50, cached 1.25, out 10 USD a million. 4o-mini: 0.15, 0.075, 0.60. Claude 3.5 Sonnet: 3, read 0.30, write 3.75, 1 h 6, out 15.
// Gemini 2.0 Flash: 0.10, audio 0.70, out 0.40. Vendors' price pages.
// oxfmt-ignore
test.each([
  ['gpt-4o',                     { input: 12, output: 8 },                                        { input: '0.00003', output: '0.00008', total: '0.00011' }],
  ['gpt-4o',                     { input: 8, output: 14 },                                        { input: '0.00002', output: '0.00014', total: '0.00016' }],
  ['openai/gpt-4o-mini',         { input: 9, output: 12, total: 23, cache_creation_input_tokens: 0, cache_read_input_tokens: 2 },
    { input: '0.00000135', output: '0.0000072', cache_creation_input_tokens: '0', cache_read_input_tokens: '0.00000015', total: '0.0000087' }],
  ['gpt-4o-mini',                { input: 9, input_cached_tokens: 2, output: 11, output_reasoning_tokens: 1 },
    { input: '0.00000135', input_cached_tokens: '0.00000015', output: '0.0000066', output_reasoning_tokens: '0.0000006', total: '0.0000087' }],
  ['gpt-4o-mini',                { prompt_tokens: 10, completion_tokens: 10 },                    { prompt_tokens: '0.0000015', completion_tokens: '0.000006', total: '0.0000075' }],
  ['claude-3-5-sonnet-20241022', { input: 100, input_cache_creation_5m: 10, input_cache_creation_1h: 10, input_cached_tokens: 1000, output: 20 },
    { input: '0.0003', input_cache_creation_5m: '0.0000375', input_cache_creation_1h: '0.00006', input_cached_tokens: '0.0003', output: '0.0003', total: '0.0009975' }],
  ['gemini-2.0-flash',           { promptTokenCount: 10, input_audio_tokens: 10, candidatesTokenCount: 10, thoughtsTokenCount: 10 },
    { promptTokenCount: '0.000001', input_audio_tokens: '0.000007', candidatesTokenCount: '0.000004', thoughtsTokenCount: '0.000004', total: '0.000016' }],
  ['text-embedding-3-small',     { input: 8 },                                                    { total: '0.00000016' }],
  ['text-embedding-3-small',     { total: 8 },                                                    { total: '0.00000016' }],
  ['gpt-4',                      { input: 7, input_cached_tokens: 3 },                            { input: '0.00021', input_cached_tokens: '0.00009', total: '0.0003' }],
])('%s with %j costs %j', (model, usage, cost) => {
  const row = priced(model, usage);
  expect(row).toMatchObject({ cost, totalCost: cost.total, costSource: 'prices', pricingTierName: 'Standard' });
});

test('the receipt adds up: every part is its units times its price, the total their sum', () => {
  const models = [
    'gpt-4o',
    'claude-sonnet-4-5',
    'gemini-2.5-pro',
    'sonar-pro',
    'openrouter/google/gemini-2.5-flash-lite',
  ];
  const types = [
    'input',
    'input_cached_tokens',
    'input_cache_creation',
    'input_cache_creation_1h',
    'input_audio',
    'output',
    'output_reasoning',
    'web_search_queries',
    'x',
  ];
  const usage = fc.dictionary(fc.constantFrom(...types), fc.nat({ max: 3_000_000 }));
  fc.assert(
    fc.property(fc.constantFrom(...models), usage, (model, providedUsage) => {
      const row = priced(model, providedUsage);
      const { total, ...parts } = Object.fromEntries(
        Object.entries(row.cost).map(([key, usd]) => [key, parseDecimal(usd, USD_DIGITS) ?? -1n]),
      );
      if (row.totalCost === null) {
        expect(row.cost).toEqual({});
        return;
      }
      expect(Object.values(parts).reduce((sum, usd) => sum + usd, 0n)).toBe(total);
      for (const [usageType, usd] of Object.entries(parts)) {
        const units = BigInt(usageType === 'requests' ? 1 : (row.usage[usageType] ?? -1));
        const shown = (parseDecimal(row.prices[usageType] ?? '', USD_DIGITS) ?? -1n) * units;
        expect(usd - shown >= -units && usd - shown <= units).toBe(true); // prices are shown with 12 digits
      }
    }),
  );
});

test('a long input moves the whole request to the long-context price', () => {
  const upTo = priced('gemini-2.5-pro', { input: 150_000, input_cached_tokens: 50_000, output: 1000 });
  expect(upTo).toMatchObject({
    totalCost: '0.20375',
    pricingTierName: 'Standard',
    pricingTierId: 'google:gemini-2.5-pro_tier_default',
  });
  const above = priced('gemini-2.5-pro', { input: 150_001, input_cached_tokens: 50_000, output: 1000 });
  expect(above).toMatchObject({ totalCost: '0.4025025', pricingTierName: 'More than 200000 input tokens' });
});

test('the day of the call decides which price applies', () => {
  const cost = (day: string) => priced('o3', { input: 1_000_000 }, { startTime: at(day) }).totalCost;
  expect(cost('2025-06-09T23:59:59.999Z')).toBe('10');
  expect(cost('2025-06-10T00:00:00Z')).toBe('2');
});

test('an unknown model has usage but no cost, which is not 0', () => {
  const row = priced('nope-model', { input: 1, output: 2 });
  expect(row).toMatchObject({
    usage: { input: 1, output: 2, total: 3 },
    cost: {},
    totalCost: null,
    costSource: '',
    modelId: '',
    prices: {},
  });
});

test('a known model without usage shows its prices and has no cost', () => {
  const row = priced('gpt-4o', {});
  expect(row).toMatchObject({ usage: {}, cost: {}, totalCost: null, modelId: 'openai:gpt-4o', pricingTierName: '' });
  expect(row.prices).toEqual({ input: '0.0000025', output: '0.00001' });
});

test('usage that nobody charges for is no cost', () => {
  expect(priced('gpt-4o', { images: 3 }).totalCost).toBeNull();
  expect(priced('gpt-4o', { total: 30 }).totalCost).toBeNull();
});

test("a client's own cost stands, its parts summed where it gave no total", () => {
  const row = priced('gpt-4', { input: 3, output: 4 }, { providedCost: { input: '0.1', output: '0.2' } });
  expect(row).toMatchObject({
    cost: { input: '0.1', output: '0.2', total: '0.3' },
    totalCost: '0.3',
    costSource: 'client',
  });
  expect(row).toMatchObject({
    modelId: 'openai:gpt-4',
    pricingTierName: 'Standard',
    prices: { input: '0.00003', output: '0.00006' },
  });
  expect(priced('x', {}, { providedCost: { total: '8.7e-06', input: '1' } })).toMatchObject({
    totalCost: '0.0000087',
    costSource: 'client',
  });
  expect(priced('gpt-4', { input: 3 }, { providedCost: { total: '0' } })).toMatchObject({
    totalCost: '0',
    costSource: 'client',
  });
});

test('a stated cost without any model is kept', () => {
  expect(priced('', {}, { providedCost: { total: '0.5' } })).toMatchObject({
    totalCost: '0.5',
    costSource: 'client',
    modelId: '',
  });
});

test('a cost the column cannot hold is not stored', () => {
  expect(priced('gpt-4', { input: 1 }, { providedCost: { total: '1e6' } })).toMatchObject({
    totalCost: '0.00003',
    costSource: 'prices',
  });
  expect(priced('nope', {}, { providedCost: { input: '999999', output: '999999' } }).totalCost).toBeNull();
  expect(priced('gpt-4', { input: 9e15 }).totalCost).toBeNull();
});

test('pricing twice changes nothing', () => {
  const once = priced('gpt-4o', { input: 3, output: 4 });
  expect(priceRow(once)).toEqual(once);
});

test('one bucket sent under two names is charged once', () => {
  expect(priced('gpt-4o', { input: 10, prompt_tokens: 10, output: 0 }).totalCost).toBe('0.000025');
});

const litellm = { scopeName: 'litellm', provider: 'openai' };
test.each([
  ['its OpenTelemetry callback', litellm],
  ['its classic callback', { metadata: { litellm_response_cost: '0.0' } }],
])('a cost of 0 beside tokens from LiteLLM by %s is priced by us', (_, marks) => {
  const zero = { providedCost: { total: '0.0' } };
  expect(priced('openai/gpt-4o', { input: 12, output: 8 }, { ...marks, ...zero })).toMatchObject({
    totalCost: '0.00011',
    costSource: 'prices',
  });
  expect(priced('openai/our-own', { input: 12, output: 8 }, { ...marks, ...zero })).toMatchObject({
    totalCost: null,
    costSource: '',
  });
  expect(priced('openai/gpt-4o', {}, { ...marks, ...zero })).toMatchObject({ totalCost: '0', costSource: 'client' });
  const paid = { providedCost: { total: '0.01' } };
  expect(priced('openai/gpt-4o', { input: 12 }, { ...marks, ...paid })).toMatchObject({
    totalCost: '0.01',
    costSource: 'client',
  });
});

test.each([
  ['metadata', { metadata: { litellm_call_id: 'x', cache_hit: 'true' } }],
  ['a tag', { ...litellm, tags: ['cache_hit:True'] }],
])("a hit of LiteLLM's cache, marked by %s, costs 0", (_, marks) => {
  const row = priced('openai/gpt-4o', { input: 12 }, { ...marks, providedCost: { total: '0' } });
  expect(row).toMatchObject({ totalCost: '0', costSource: 'client' });
});

test('cache writes that LiteLLM leaves in the input are charged once', () => {
  const usage = { input: 110, cache_creation_input_tokens: 100, output: 0 };
  const row = priced('anthropic/claude-3-5-sonnet-20241022', usage, { ...litellm, providedCost: { total: '0' } });
  expect(row).toMatchObject({ totalCost: '0.000405', usage: { input: 110, cache_creation_input_tokens: 100 } });
});

test('a book asked first decides, one that does not know the model leaves it to the next', () => {
  const own: PriceBook = {
    find: ({ projectId, model }) =>
      projectId === 'p' && model === 'our-own'
        ? {
            modelId: 'm1',
            quote: ({ input = 0 }) => ({
              tierId: 't1',
              tierName: 'Own',
              lines: [{ usageType: 'input', units: input, unitPrice: 10n ** 18n }],
              unitPrices: {},
            }),
          }
        : null,
  };
  const { priceRow: price } = createPricing({ books: [own] });
  expect(price(call({ model: 'our-own', providedUsage: { input: 2 } }))).toMatchObject({
    totalCost: '2',
    modelId: 'm1',
    pricingTierName: 'Own',
  });
  expect(price(call({ model: 'gpt-4o', providedUsage: { input: 2 } })).totalCost).toBeNull();
});
