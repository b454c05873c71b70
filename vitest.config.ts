import { defineConfig } from 'vitest/config';

// Every file gets a process of its own: chDB holds one data directory a process. Limits are for a machine that is busy: a test that
// hangs is told of late, one that is slow not at all.
const server = {
  pool: 'forks',
  isolate: true,
  testTimeout: 90_000,
  hookTimeout: 120_000,
  expect: { poll: { timeout: 60_000 } },
  env: { UV_THREADPOOL_SIZE: '16' },
} as const;

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      { test: { ...server, name: 'server', include: ['packages/{server,contract}/src/**/*.test.ts'] } },
      {
        test: {
          ...server,
          name: 'clients',
          include: ['test/{clients,program}/**/*.test.ts'],
          globalSetup: 'test/clients/global-setup.ts',
          testTimeout: 180_000,
        },
      },
      { test: { ...server, name: 'hostile', include: ['test/fuzz/**/*.test.ts'], testTimeout: 180_000 } },
      { test: { ...server, name: 'durability', include: ['test/durability/**/*.test.ts'], testTimeout: 180_000 } },
      {
        extends: './packages/ui/vite.config.ts',
        test: { name: 'ui', environment: 'jsdom', include: ['packages/ui/src/**/*.test.{ts,tsx}'] },
      },
    ],
  },
});
