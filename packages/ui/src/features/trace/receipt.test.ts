import { expect, test } from 'vitest';
import { perMillion, receiptLines } from './receipt.ts';

test.each([
  ['0.00000125', '1.25'],
  ['0.000000125', '0.125'],
  ['0.00001', '10.00'],
  ['1', '1000000.00'],
  ['0', '0.00'],
])('%s a unit is %s a million', (perUnit, text) => {
  expect(perMillion(perUnit)).toBe(text);
});

test('each usage is a line with its price, and the total is none', () => {
  const { lines, totalUnits } = receiptLines({
    usage: { output: 412, input: 1792, input_cached_tokens: 1024, total: 3228 },
    prices: { input: '0.00000125', input_cached_tokens: '0.000000125', output: '0.00001' },
    cost: { input: '0.00224', input_cached_tokens: '0.000128', output: '0.00412', total: '0.006488' },
  });
  expect(lines.map(({ label, units, pricePerMillion, cost }) => [label, units, pricePerMillion, cost])).toEqual([
    ['input, not cached', 1792, '1.25', '0.00224'],
    ['input, cached', 1024, '0.125', '0.000128'],
    ['output', 412, '10.00', '0.00412'],
  ]);
  expect(totalUnits).toBe(3228);
});

test('without a price the line stays and its cost is unknown', () => {
  const { lines, totalUnits } = receiptLines({ usage: { input: 10, output: 5 }, prices: {}, cost: {} });
  expect(lines.map(({ label, cost }) => [label, cost])).toEqual([
    ['input', null],
    ['output', null],
  ]);
  expect(totalUnits).toBe(15);
});
