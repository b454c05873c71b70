import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** The screens in a real browser against the real program: `npm run test:ui`, after test/install-parts.sh. */
export default defineConfig({
  test: {
    name: 'ui',
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['test/ui/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    globalSetup: 'test/harness/build-ui.ts',
    testTimeout: 120_000,
    expect: { poll: { timeout: 45_000 } },
    hookTimeout: 180_000,
    env: { UV_THREADPOOL_SIZE: '16' },
  },
});
