import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/server.ts';
import { attack, type AttackReport } from './attack.ts';
import { doorNames } from './doors.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ screens: false });
});
afterAll(() => server.stop());

/** Another seed sends other bodies; `npm run test:long` sends 50,000 through each door. `FUZZ_FIRST` with a count of 1 sends one again. */
const seed = process.env['FUZZ_SEED'] ?? 'short';
const count = Number(process.env['FUZZ_COUNT'] ?? 1000);
const first = Number(process.env['FUZZ_FIRST'] ?? 0);

test.each(doorNames)('%s: spoilt bodies are refused, and what is good beside them is stored', async (door) => {
  const report = await attack(server, door, { seed, count, first });
  if (count > 1000) figures(door, report);
  expect(report.errors).toEqual([]);
  expect(report.wrong).toEqual([]);
  expect(report.lost).toEqual([]);
  expect(report.survivors).toBeGreaterThan(count / 5);
  expect(report.longestStallMs).toBeLessThan(3000);
  expect(report.rssGrowthMb).toBeLessThan(1000);
});

/** What the long form is run for, one line a door. */
function figures(door: string, { bodies, seconds, statuses, survivors, ...report }: AttackReport): void {
  const { peakRssMb, rssGrowthMb, longestStallMs, givenUp } = report;
  console.log(
    JSON.stringify({ door, bodies, seconds, statuses, survivors, peakRssMb, rssGrowthMb, longestStallMs, givenUp }),
  );
}
