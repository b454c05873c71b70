import { expect, test } from 'vitest';
import { parsePrice, priceText, pricePerMillion, suggestPattern } from './prices.ts';

test.each([
  [0, '0', '$0.00'],
  [0.0000025, '0.0000025', '$2.50'],
  [1.5e-7, '0.00000015', '$0.15'],
  [7e-8, '0.00000007', '$0.07'],
  [0.04, '0.04', '$40000.00'],
  [12, '12', '$12000000.00'],
  [1.25e-9, '0.00000000125', '$0.00125'],
])('%d USD a unit is %s, and %s a million', (price, unit, million) => {
  expect(priceText(price)).toBe(unit);
  expect(pricePerMillion(price)).toBe(million);
  expect(parsePrice(unit, 0)).toBe(price);
  expect(parsePrice(million, 6)).toBe(price);
});

test.each(['', 'free', '-1', '1e3', '1,5', '1.2.3', '9999999999'])('%j is no price', (text) => {
  expect(parsePrice(text, 0)).toBeNull();
});

test.each(['acme-large', 'acme-large-2026-09-01', 'acme/large.v2-20260901', 'c++ (new)', '-2026-09-01'])(
  'the pattern suggested for %s matches it',
  (name) => {
    const pattern = suggestPattern(name);
    expect(pattern.startsWith('(?i)')).toBe(true);
    expect(new RegExp(pattern.slice(4), 'iu').test(name)).toBe(true);
  },
);

test('the pattern suggested for a dated name matches other dates and no other model', () => {
  const pattern = new RegExp(suggestPattern('gpt-5-mini-2026-09-01').slice(4), 'iu');
  expect(['gpt-5-mini', 'GPT-5-mini-2027-01-01'].every((name) => pattern.test(name))).toBe(true);
  expect(['gpt-5', 'gpt-5-mini-pro', 'my-gpt-5-mini'].some((name) => pattern.test(name))).toBe(false);
});
