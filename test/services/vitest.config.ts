import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Real proxies, SDKs of other languages and database servers: `npm run test:services`, after test/install-parts.sh. */
export default defineConfig({
  test: {
    name: 'services',
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['test/services/**/*.test.ts'],
    globalSetup: 'test/harness/build-ui.ts',
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 180_000,
    env: { UV_THREADPOOL_SIZE: '16' },
  },
});
