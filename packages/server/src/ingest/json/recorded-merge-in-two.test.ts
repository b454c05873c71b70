import { afterAll, beforeAll } from 'vitest';
import { type Harness, openHarness } from '../../features/harness.ts';
import { createSharedDouble } from './engine-double.ts';
import { testRecordings } from './recorded-events.ts';

// Two programs over the same stores, which share the last states and nothing else. The embedded engines belong to one process,
// so they are in one here; the cache stands in for one that lies outside.
let harness: Harness;
beforeAll(async () => {
  harness = await openHarness({ shared: { observations: createSharedDouble(), scores: createSharedDouble() } });
});
afterAll(() => harness.close());

testRecordings(() => harness, { programs: 2 });
