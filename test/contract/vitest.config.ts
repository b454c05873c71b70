import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** The replay of the recorded contract against a server of our own: `npm run test:contract`. Apart from `npm test`, which needs no recordings. */
export default defineConfig({
  test: {
    name: 'contract',
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['test/contract/**/*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
