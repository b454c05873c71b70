import { expect, test } from 'vitest';
import { digitsOf } from './CodeField.tsx';

test.each([
  ['123456', '123456'],
  [' 123 456\n', '123456'],
  ['123-456', '123456'],
  ['Your code: 123456.', '123456'],
  ['in 3 minutes: 123456', '123456'],
  ['12a3', '123'],
  ['12345678', '123456'],
  ['', ''],
])('%j becomes %j', (pasted, code) => {
  expect(digitsOf(pasted)).toBe(code);
});
