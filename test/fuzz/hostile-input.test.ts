import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/server.ts';
import { attack } from './attack.ts';
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
  expect(report.errors).toEqual([]);
  expect(report.wrong).toEqual([]);
  expect(report.lost).toEqual([]);
  expect(report.survivors).toBeGreaterThan(count / 5);
  expect(report.longestStallMs).toBeLessThan(3000);
  expect(report.rssGrowthMb).toBeLessThan(1000);
});
