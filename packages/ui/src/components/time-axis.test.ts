import { expect, test } from 'vitest';
import { durationTicks, timeTicks } from './time-axis.ts';

const labels = (ticks: { label: string }[]) => ticks.map(({ label }) => label).filter(Boolean);

test('a day is marked every three hours, midnight by its date', () => {
  const to = Date.parse('2026-11-25T14:15:00Z');
  expect(labels(timeTicks(to - 86_400_000, to, 8, 'UTC'))).toEqual([
    '15:00',
    '18:00',
    '21:00',
    'Nov 25',
    '03:00',
    '06:00',
    '09:00',
    '12:00',
  ]);
});

test('ticks stand at round times of the zone', () => {
  const to = Date.parse('2026-11-25T14:15:00Z');
  expect(labels(timeTicks(to - 3_600_000, to, 8, 'Asia/Kolkata'))).toEqual([
    '18:50',
    '19:00',
    '19:10',
    '19:20',
    '19:30',
    '19:40',
  ]);
});

test.each([
  [12_400, ['0', '2 s', '4 s', '6 s', '8 s', '10 s', '12 s']],
  [30, ['0', '5 ms', '10 ms', '15 ms', '20 ms', '25 ms', '30 ms']],
  [7_200_000, ['0', '30m', '1h', '1h 30m', '2h']],
  [0, ['0']],
])('%s ms is marked in round steps', (totalMs, expected) => {
  expect(labels(durationTicks(totalMs, 7))).toEqual(expected);
});
