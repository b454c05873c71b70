import { expect, test } from 'vitest';
import { createBodyBudget } from './body-budget.ts';
import { OverloadedError } from './errors.ts';

test('one project has half of the room, all of them have all of it, and what is given back is free again', () => {
  const budget = createBodyBudget({ maxBytes: 100 });
  const room = budget.take('a', '30');
  budget.take('a', '20');
  expect(() => budget.take('a', '1')).toThrow(OverloadedError);
  budget.take('b', '40');
  expect(() => budget.take('c', '11')).toThrow(OverloadedError);
  room.leave();
  budget.take('c', '11');
  budget.take('a', '19');
});

test('who is alone may send a body of any size that a request may have', () => {
  const budget = createBodyBudget({ maxBytes: 100 });
  budget.take('a', '1000');
  expect(() => budget.take('b', '1')).toThrow(OverloadedError);
});

test('a body of unstated length is counted as it comes', () => {
  const budget = createBodyBudget({ maxBytes: 4_000_000 });
  const first = budget.take('a', undefined);
  const second = budget.take('a', undefined);
  first.grow(1_000_000);
  expect(() => second.grow(1_000_000)).toThrow(OverloadedError);
  first.leave();
  second.grow(1_000_000);
});

test('of several bodies that grow beyond the room one is let through', () => {
  const budget = createBodyBudget({ maxBytes: 100 });
  const first = budget.take('a', '10');
  const second = budget.take('a', '10');
  first.grow(20);
  expect(() => second.grow(20)).toThrow(OverloadedError);
  second.leave();
  first.grow(1000);
  expect(() => budget.take('b', '1')).toThrow(OverloadedError);
  first.leave();
  budget.take('b', '100');
});
