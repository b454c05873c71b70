import { expect, test } from 'vitest';
import { killRepeatedly } from './kills.ts';

test('killed at random moments under load through every door, it has all that it acknowledged, once, and nothing of deleted traces', async () => {
  const report = await killRepeatedly({ rounds: 3, seed: 1 });
  expect(report).toMatchObject({ lost: [], doubled: [], wrong: [], unexpected: [], returned: [] });
  expect(report.observations).toBeGreaterThan(0);
  expect(report.deletedTraces).toBeGreaterThan(0);
  expect(report.resent).toBeGreaterThan(0);
});
