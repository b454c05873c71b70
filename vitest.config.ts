import { defineConfig } from 'vitest/config';

// Limits are for a machine that is busy: a test that hangs is told of late, one that is slow not at all.
const server = {
  pool: 'forks',
  isolate: true,
  testTimeout: 90_000,
  hookTimeout: 120_000,
  expect: { poll: { timeout: 60_000 } },
  env: { UV_THREADPOOL_SIZE: '16' },
} as const;

const engines = ['packages/server/src/{stores,ingest/journal}/**/*.test.ts'];

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      // Files share a process, one at a time: to import the product anew for each took a fifth of all CPU. chDB holds one data directory a
      // process, so a file closes what it opened; and it puts back what it changed of the process.
      {
        test: {
          ...server,
          name: 'server',
          isolate: false,
          include: ['packages/{server,contract}/src/**/*.test.ts'],
          exclude: engines,
        },
      },
      // The engines are made to fail by what is done to their process: each file has its own.
      { test: { ...server, name: 'engines', include: engines } },
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
        // What it extends knows nothing of the workers above.
        test: {
          name: 'ui',
          environment: 'jsdom',
          isolate: false,
          maxWorkers: 2,
          include: ['packages/ui/src/**/*.test.{ts,tsx}'],
        },
      },
    ],
  },
});
