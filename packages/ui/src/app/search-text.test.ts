import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseSearch, stringifySearch } from './search-text.ts';

test('an address stays readable', () => {
  expect(stringifySearch({ q: 'level:ERROR cost:>0.05 -name:health*', t: '7d', sort: undefined, env: '' })).toBe(
    '?q=level:ERROR+cost:%3E0.05+-name:health*&t=7d',
  );
});

test('any text comes back as it was', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', minLength: 1 }),
      fc.string({ unit: 'grapheme', minLength: 1 }),
      (q, id) => {
        expect(parseSearch(stringifySearch({ q, observation: id }))).toEqual({ q, observation: id });
      },
    ),
  );
});
