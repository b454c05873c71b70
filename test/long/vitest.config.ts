import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** What takes minutes to hours: `npm run test:long`. Short forms of the same are in `npm test`. */
export default defineConfig({
  test: {
    name: 'long',
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: [
      'test/long/**/*.test.ts',
      'test/fuzz/{hostile-input,injection}.test.ts',
      'packages/server/src/ingest/json/recorded-merge*.test.ts',
    ],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 2 * 3_600_000,
    hookTimeout: 120_000,
    env: { UV_THREADPOOL_SIZE: '16', FUZZ_COUNT: '50000', FUZZ_SEED: 'long', MERGE_RUNS: '200' },
  },
});
