import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ownAddress } from './own-address.ts';

test.each([
  [undefined, '/'],
  ['', '/'],
  ['/project/p/traces?q=a&t=7d#x', '/project/p/traces?q=a&t=7d#x'],
  ['//evil.example/x', '/'],
  ['/\\evil.example', '/'],
  ['/\t/evil.example', '/'],
  ['/.//evil.example', '/evil.example'],
  ['/..//evil.example', '/evil.example'],
  ['https://evil.example', '/'],
  ['javascript:alert(1)', '/'],
])('%j leads to %s', (next, expected) => {
  expect(ownAddress(next)).toBe(expected);
});

const trick = fc.constantFrom(
  '/',
  '\\',
  '.',
  '..',
  '\t',
  '\n',
  ' ',
  ':',
  '@',
  '%2f',
  '?',
  '#',
  'https:',
  'evil.example',
  '\u0000',
  '／',
);

test('whatever is asked for, a browser that follows it stays on this site', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(trick).map((parts) => parts.join('')),
        fc.webUrl(),
        fc.string({ unit: 'binary' }),
      ),
      (next) => {
        const address = ownAddress(next);
        expect(new URL(address, location.origin).origin).toBe(location.origin);
        expect(address).toMatch(/^\/(?![/\\])/u);
      },
    ),
  );
});
