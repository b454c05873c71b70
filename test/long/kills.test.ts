import { expect, test } from 'vitest';
import { killRepeatedly } from '../durability/kills.ts';

const rounds = Number(process.env['KILL_ROUNDS'] ?? 50);
const seed = Number(process.env['KILL_SEED'] ?? 50);

test(`${rounds} kills under load through every door lose, double and bring back nothing`, async () => {
  const report = await killRepeatedly({ rounds, seed, tell: (line) => console.log(line) });
  const { lost, doubled, wrong, unexpected, returned, ...figures } = report;
  console.log(JSON.stringify({ ...figures, lost: lost.length, doubled: doubled.length, wrong: wrong.length }));
  expect({ lost, doubled, wrong, unexpected, returned }).toEqual({
    lost: [],
    doubled: [],
    wrong: [],
    unexpected: [],
    returned: [],
  });
  expect(report.replayedSegments).toBeGreaterThan(0);
});
