import { afterAll, beforeAll } from 'vitest';
import { type Harness, openHarness } from '../../features/harness.ts';
import { testRecordings } from './recorded-events.ts';

let harness: Harness;
beforeAll(async () => (harness = await openHarness()));
afterAll(() => harness.close());

testRecordings(() => harness, { programs: 1 });
