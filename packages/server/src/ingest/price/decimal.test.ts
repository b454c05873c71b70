import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatDecimal, parseDecimal, rescale } from './decimal.ts';

test.each([
  ['0.15', 3, 150n],
  ['8.7e-06', 12, 8_700_000n],
  ['1E3', 0, 1000n],
  ['.5', 1, 5n],
  ['-2.', 2, -200n],
  ['0.0005', 3, 1n],
  ['0.00049', 3, 0n],
])('%s at %i digits is %s', (text, digits, scaled) => {
  expect(parseDecimal(text, digits)).toBe(scaled);
});

test.each(['', '.', 'NaN', 'Infinity', '1,5', '0x10', '1e9999', '1 2'])('%j is not a decimal number', (text) => {
  expect(parseDecimal(text, 12)).toBeNull();
});

test('what is formatted is parsed back to the same number', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }),
      fc.integer({ min: 1, max: 12 }),
      (scaled, digits) => {
        const text = formatDecimal(scaled, digits);
        expect(text).not.toMatch(/e|\.$|\.\d*0$/);
        expect(parseDecimal(text, digits)).toBe(scaled);
      },
    ),
  );
});

test('a scale that grows loses nothing, one that shrinks rounds half up', () => {
  expect(rescale(15n, 1, 3)).toBe(1500n);
  expect(rescale(15n, 1, 0)).toBe(2n);
  expect(rescale(14n, 1, 0)).toBe(1n);
});
