import { expect, test } from 'vitest';
import { createBodyBudget } from './body-budget.ts';
import { OverloadedError } from './errors.ts';

test('one project has half of the room, all of them have all of it, and what is given back is free again', () => {
  const budget = createBodyBudget({ maxBytes: 100 });
  const give = budget.take('a', '30');
  budget.take('a', '20');
  expect(() => budget.take('a', '1')).toThrow(OverloadedError);
  budget.take('b', '40');
  expect(() => budget.take('c', '11')).toThrow(OverloadedError);
  give();
  budget.take('c', '11');
  budget.take('a', '19');
});

test('who is alone may send a body of any size that a request may have', () => {
  const budget = createBodyBudget({ maxBytes: 100 });
  budget.take('a', '1000');
  expect(() => budget.take('b', '1')).toThrow(OverloadedError);
});

test('a body of unstated length is taken for a megabyte', () => {
  const budget = createBodyBudget({ maxBytes: 3 * 1024 * 1024 });
  budget.take('a', undefined);
  expect(() => budget.take('a', undefined)).toThrow(OverloadedError);
});
