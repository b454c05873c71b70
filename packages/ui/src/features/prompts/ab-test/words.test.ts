import type { AbComparison, AbTest } from '@tracehouse/contract/x-ab-tests';
import { expect, test } from 'vitest';
import { emptyForm, toNewTest } from './form.ts';
import { firstWithoutZero, pointsOf } from './over-time.ts';
import { barOf, endOf } from './scale.ts';
import { evenShares, readShares } from './shares.ts';
import { keySnippets } from './snippets.ts';
import { eventsOf, findingOf, formatDifference, formatInterval, inWords, measureWords } from './words.ts';

const compared = (part: Partial<AbComparison>): AbComparison => ({
  measure: 'cost',
  arm: 5,
  scale: 'ratio',
  a: 0.0021,
  b: 0.0019,
  difference: -0.093,
  low: -0.142,
  high: -0.041,
  level: 0.95,
  p: null,
  isPrimary: true,
  trimmed: null,
  missing: [0, 0],
  why: null,
  warnings: [],
  needed: null,
  ...part,
});
const set = { unit: 'user', smallestEffect: 0.05 } as const;

test.each([
  [compared({}), 'v5 is cheaper', 'better'],
  [compared({ measure: 'latencyP95', low: 0.02, high: 0.23 }), 'v5 is slower at the tail', 'worse'],
  [compared({ low: -0.158, high: 0.011 }), 'No difference shown yet', 'none'],
  [compared({ low: -0.031, high: 0.022 }), 'No difference that matters', 'none'],
  [compared({ measure: 'errors', isPrimary: false, low: -0.03, high: 0.02 }), 'No difference shown yet', 'none'],
  [compared({ measure: 'score:toxic', scale: 'difference', low: 0.1, high: 0.3 }), 'v5 is higher', 'other'],
  [compared({ low: null, high: null, difference: null }), '', 'none'],
] as const)('a comparison is said in words, and never called better without a reason', (comparison, words, finding) => {
  expect([inWords(comparison, set), findingOf(comparison, 'user')]).toEqual([words, finding]);
});

test('differences have their sign and unit, intervals share it', () => {
  expect(formatDifference(-0.093, compared({}))).toBe('−9.3 %');
  expect(formatDifference(0.0166, compared({ measure: 'errors', scale: 'difference' }))).toBe('+1.7 pts');
  expect(formatDifference(-0.0123, compared({ measure: 'score:helpful', scale: 'difference' }))).toBe('−0.012');
  expect(formatInterval(-0.142, -0.041, compared({}))).toBe('−14.2 … −4.1');
});

test('means of costs show three digits that count', () => {
  const { format, name } = measureWords('costPerUnit', 'session');
  expect([name, format(0.0021), format(0.00000012), format(12.345), format(0)]).toEqual([
    'Cost per session',
    '$0.00210',
    '$0.000000120',
    '$12.35',
    '$0',
  ]);
});

test('means of scores are written out, however large', () => {
  const { format } = measureWords('score:length', 'user');
  expect([format(0.8123), format(87.34), format(1234.5), format(-4321)]).toEqual(['0.812', '87.3', '1,235', '-4,321']);
});

test('an interval that leaves the axis ends at its end', () => {
  expect(endOf([-0.142, -0.041], 0.1)).toBe(0.25);
  expect(barOf(-0.21, 0.62, 0.25)).toEqual({ left: 8, width: 92, isCut: 'right' });
  expect(barOf(-9, 9, 0.25)).toEqual({ left: 0, width: 100, isCut: 'both' });
});

test('shares add to 100 with at most two decimals', () => {
  expect(readShares(['70', '30'])).toEqual({ shares: [70, 30] });
  expect(readShares(['33,34', '33.33', '33.33'])).toEqual({ shares: [33.34, 33.33, 33.33] });
  expect(readShares(evenShares(3))).toEqual({ shares: [33.34, 33.33, 33.33] });
  for (const bad of [
    ['70', '40'],
    ['', '100'],
    ['33.333', '66.667'],
    ['-1', '101'],
    ['NaN', '1'],
  ]) {
    expect(readShares(bad)).toHaveProperty('problem');
  }
});

test('a form says what is missing, and else is a test', () => {
  expect(toNewTest('p', emptyForm('production', 4, undefined))).toHaveProperty('problem');
  expect(toNewTest('p', { ...emptyForm('production', 4, 5), smallestEffect: '0' })).toHaveProperty('problem');
  expect(toNewTest('p', emptyForm('production', 4, 5))).toMatchObject({
    test: {
      prompt: 'p',
      label: 'production',
      arms: [
        { version: 4, share: 50 },
        { version: 5, share: 50 },
      ],
      smallestEffect: 0.05,
      environments: null,
    },
  });
});

test('hours without an interval are left out, and the first without 0 is told', () => {
  const snapshot = (hour: number, low: number | null, high: number | null, phase = 2) => ({
    phase,
    at: `2026-11-21T${String(hour).padStart(2, '0')}:00:00.000Z`,
    arms: [{ arm: 5, difference: low, low, high }],
  });
  const points = pointsOf(
    [snapshot(3, -0.2, -0.1), snapshot(2, -0.3, 0.1), snapshot(1, null, null), snapshot(0, -1, 1, 1)],
    2,
    5,
  );
  expect(points).toHaveLength(2);
  expect(firstWithoutZero(points)?.low).toBe(-0.2);
});

test('every client asks with the key of the unit; slots by the checksum that the server knows', () => {
  const asked = { prompt: 'a "b"/c', label: 'production', baseUrl: 'http://h' };
  const code = (unit: AbTest['unit'], keyAs: AbTest['keyAs'], id: string) =>
    keySnippets({ ...asked, unit, keyAs }).find((snippet) => snippet.id === id)?.block.code;
  expect(code('user', 'id', 'js-v5')).toContain('label: `production@${userId}`');
  expect(code('session', 'slot', 'js-v3')).toContain('production@slot:${crc32(sessionId) % 1000}');
  expect(code('user', 'slot', 'python')).toContain('f"production@slot:{zlib.crc32(user_id.encode()) % 1000}"');
  expect(code('none', 'id', 'python')).toContain('label="production",');
  expect(code('user', 'id', 'curl')).toContain('/prompts/a%20%22b%22%2Fc?label=production&abKey=user-1');
});

test('what happened is told from the newest on: phases, pauses, shares changed in one, the end in one', () => {
  const happened = eventsOf({
    prompt: 'p',
    label: 'production',
    unit: 'user',
    primary: 'cost',
    smallestEffect: 0.05,
    state: 'ended',
    arms: [
      { version: 4, share: 70 },
      { version: 5, share: 30 },
    ],
    createdAt: '2026-11-18T09:00:00.000Z',
    createdBy: 'Lin',
    phases: [
      {
        number: 1,
        shares: [50, 50],
        from: '2026-11-19T09:00:00.000Z',
        to: '2026-11-21T09:00:00.000Z',
        stretches: [{ from: '2026-11-19T09:00:00.000Z', to: '2026-11-21T09:00:00.000Z' }],
      },
      {
        number: 2,
        shares: [70, 30],
        from: '2026-11-21T09:00:00.000Z',
        to: '2026-11-23T09:00:00.000Z',
        stretches: [{ from: '2026-11-21T09:00:00.000Z', to: '2026-11-22T09:00:00.000Z' }],
      },
      {
        number: 3,
        shares: [60, 40],
        from: '2026-11-23T09:00:00.000Z',
        to: '2026-11-26T09:00:00.000Z',
        stretches: [{ from: '2026-11-24T09:00:00.000Z', to: '2026-11-25T09:00:00.000Z' }],
      },
    ],
    endedAt: '2026-11-26T09:00:00.000Z',
    endReason: 'by-hand',
    shippedVersion: 5,
  } as unknown as AbTest);
  expect(happened.map(({ text }) => text)).toEqual([
    'Ended, v5 made production.',
    'Paused: everybody got control.',
    'Resumed.',
    'Shares changed, 70 / 30 to 60 / 40. Counted from then: phase 3.',
    'Paused: everybody got control.',
    'Shares changed, 50 / 50 to 70 / 30. Counted from then: phase 2.',
    'Started. Unit: user. Primary: cost per generation, 5 % matters.',
    'Created by Lin.',
  ]);
});
