import { expect, test } from 'vitest';
import {
  explainCostSum,
  formatAgo,
  formatBytes,
  formatCost,
  formatCostExact,
  formatCostLine,
  formatCostSum,
  formatDuration,
  formatId,
  formatPercent,
  formatSoFar,
  formatTime,
  formatTimeFull,
  formatTokens,
  formatScore,
} from './formats.ts';

test.each([
  [null, '–'],
  [0, '0 ms'],
  [0.04, '0.1 ms'],
  [0.4, '0.4 ms'],
  [9.96, '10 ms'],
  [840, '840 ms'],
  [999.4, '999 ms'],
  [999.5, '1.00 s'],
  [3240, '3.24 s'],
  [9996, '10.0 s'],
  [42_100, '42.1 s'],
  [59_960, '1m 00s'],
  [245_000, '4m 05s'],
  [3_599_600, '1h 00m'],
  [4_320_000, '1h 12m'],
  [-12, '−12 ms'],
])('a duration of %s ms reads %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test('what still runs says so', () => {
  expect(formatSoFar(12_900)).toBe('12 s so far');
  expect(formatSoFar(65_000)).toBe('1m 05s so far');
  expect(formatSoFar(65_999)).toBe('1m 05s so far');
  expect(formatSoFar(2_814_000)).toBe('46m so far');
  expect(formatSoFar(3_599_999)).toBe('59m so far');
  expect(formatSoFar(4_320_000)).toBe('1h 12m so far');
});

test.each([
  [null, '–'],
  [0, '0'],
  [1234, '1,234'],
  [9999, '9,999'],
  [12_345, '12.3k'],
  [999_949, '999.9k'],
  [999_950, '1.00M'],
  [1_240_000, '1.24M'],
])('%s tokens read %s', (tokens, text) => {
  expect(formatTokens(tokens)).toBe(text);
});

test.each([
  [null, '–'],
  [0, '$0'],
  [1234.56, '$1,235'],
  [999.6, '$1,000'],
  [12.345, '$12.35'],
  [1, '$1.00'],
  [0.9996, '$1.00'],
  [0.0354, '$0.035'],
  [0.01, '$0.010'],
  [0.00999, '$0.010'],
  [0.0012, '$0.0012'],
  [0.0001, '$0.0001'],
  [0.00009, '<$0.0001'],
])('a cost of %s reads %s', (usd, text) => {
  expect(formatCost(usd)).toBe(text);
});

test('a sum with gaps is a lower bound, and a sum of nothing known is unknown, never zero', () => {
  expect(formatCostSum({ totalCost: 0.034, unpricedCalls: 3 })).toBe('≥ $0.034');
  expect(formatCostSum({ totalCost: 0.0000296, unpricedCalls: 1 })).toBe('≥ $0.00002');
  expect(formatCostSum({ totalCost: 0.00001, unpricedCalls: 1 })).toBe('≥ $0.00001');
  expect(formatCostSum({ totalCost: 0, unpricedCalls: 1 })).toBe('≥ $0');
  expect(formatCostSum({ totalCost: 0.0000296, unpricedCalls: 0 })).toBe('<$0.0001');
  expect(formatCostSum({ totalCost: null, unpricedCalls: 3 })).toBe('–');
  expect(explainCostSum({ totalCost: 0.034, unpricedCalls: 3, calls: 12 })).toBe('$0.034. 3 of 12 calls have no price');
  expect(explainCostSum({ totalCost: null, unpricedCalls: 0, calls: 0 })).toBe('No cost is known');
});

test('exact costs keep every decimal that says something', () => {
  expect(formatCostExact('0.000721400000')).toBe('$0.0007214');
  expect(formatCostExact(0.0007214)).toBe('$0.0007214');
  expect(formatCostExact('12')).toBe('$12');
  expect(formatCostLine('0.00224')).toBe('$0.002240');
  expect(formatCostLine('0.0000224')).toBe('$0.0000224');
});

test('times name the day only as far as it is needed', () => {
  const now = new Date('2026-11-25T15:00:00Z');
  expect(formatTime(new Date('2026-11-25T14:03:22.418Z'), now, 'UTC')).toBe('14:03:22.418');
  expect(formatTime(new Date('2026-11-24T14:03:22.418Z'), now, 'UTC')).toBe('Nov 24 14:03:22');
  expect(formatTime(new Date('2025-11-24T14:03:22.418Z'), now, 'UTC')).toBe('2025-11-24 14:03');
  expect(formatTime(new Date('2026-11-25T00:30:00Z'), now, 'America/New_York')).toBe('Nov 24 19:30:00');
  expect(formatTimeFull(new Date('2026-11-25T14:03:22.418Z'), now, 'UTC')).toBe('Nov 25 14:03:22.418');
});

test('ids of up to 20 characters stay whole', () => {
  expect(formatId('9c1b04e7a1d35f62')).toBe('9c1b04e7a1d35f62');
  expect(formatId('3f2a91c4b07d42e88c5e1f60a9d3d07e')).toBe('3f2a91c4…d07e');
});

test('shares, sizes and ages', () => {
  expect(formatPercent(0.042)).toBe('4.2 %');
  expect(formatPercent(0.0004)).toBe('<0.1 %');
  expect(formatPercent(0)).toBe('0 %');
  expect(formatBytes(840)).toBe('840 B');
  expect(formatBytes(12_345)).toBe('12.3 kB');
  expect(formatAgo(12_000)).toBe('12 s ago');
  expect(formatAgo(-3000)).toBe('in 3 s');
});

test.each([
  [0.8, '0.80'],
  [4, '4.00'],
  [0, '0.00'],
  [0.0042, '0.0042'],
  [-0.333, '-0.33'],
  [1234.5, '1,234.50'],
])('the score %d is %s', (value, text) => {
  expect(formatScore(value)).toBe(text);
});
