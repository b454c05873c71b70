import { expect, test } from 'vitest';
import { describeTimeRange, rangeThatHolds, readTimeRange, writeTimeRange } from './time-range.ts';

const now = new Date('2026-11-25T15:00:00Z');

test('relative ranges count back from now', () => {
  expect(readTimeRange('24h', now)).toEqual({ t: '24h', from: '2026-11-24T15:00:00.000Z' });
  expect(readTimeRange('90m', now)).toEqual({ t: '90m', from: '2026-11-25T13:30:00.000Z' });
  expect(readTimeRange('all', now)).toEqual({ t: 'all' });
});

test('absolute ranges round-trip', () => {
  const t = writeTimeRange(new Date('2026-11-25T09:00:00Z'), new Date('2026-11-25T10:30:00Z'));
  expect(t).toBe('2026-11-25T09:00:00Z..2026-11-25T10:30:00Z');
  expect(readTimeRange(t, now)).toEqual({ t, from: '2026-11-25T09:00:00.000Z', to: '2026-11-25T10:30:00.000Z' });
  expect(describeTimeRange(t, now, 'UTC')).toBe('09:00:00 – 10:30:00');
});

test.each(['yesterday', '0h', '24x', '2026-11-25..2026-11-24', 'a..b', '2026-11-24..2026-11-25..2026-11-26'])(
  '%s is no range',
  (t) => {
    expect(readTimeRange(t, now)).toBeNull();
  },
);

test('a first visit gets the smallest range that holds a trace', () => {
  expect(rangeThatHolds(new Date('2026-11-25T14:00:00Z'), now)).toBe('24h');
  expect(rangeThatHolds(new Date('2026-11-20T14:00:00Z'), now)).toBe('7d');
  expect(rangeThatHolds(new Date('2026-09-20T14:00:00Z'), now)).toBe('90d');
  expect(rangeThatHolds(new Date('2020-09-20T14:00:00Z'), now)).toBe('all');
  expect(rangeThatHolds(null, now)).toBe('24h');
});
