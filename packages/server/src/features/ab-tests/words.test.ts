import type { AbComparison } from '@tracehouse/contract/x-ab-tests';
import { expect, test } from 'vitest';
import { sentenceOf } from './words.ts';

const arms = [
  { version: 4, share: 70 },
  { version: 5, share: 30 },
];
const open: AbComparison = {
  measure: 'cost',
  arm: 5,
  scale: 'ratio',
  a: 0.002,
  b: 0.0021,
  difference: 0.05,
  low: -0.01,
  high: 0.11,
  level: 0.95,
  p: 0.3,
  isPrimary: true,
  trimmed: null,
  missing: [0, 0],
  why: null,
  warnings: [],
  needed: { units: 3_000, days: 11 },
};

test('an interval that holds 0 says how many users are missing; once there are as many, that they are enough', () => {
  const plan = { unit: 'user' as const, arms, label: 'production', smallest_effect: 0.05 };
  const said = (more: Partial<AbComparison>, days: number) =>
    sentenceOf(plan, [{ ...open, ...more }], {
      units: 1_200,
      needed: new Map([[5, { units: 4_200, days, isAtLeast: false }]]),
    });
  const start = "No difference shown yet. v5's cost per generation is between 1.0 % lower and 11.0 % higher.";
  expect(said({}, 11)).toBe(`${start} Seeing 5.0 % needs about 4,200 users: 11 more days at this rate.`);
  expect(said({ needed: { units: 0, days: 0 } }, 0)).toBe(
    `${start} There are users enough by now to see 5.0 % in four of five tests.`,
  );
});
