import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import {
  jobEnvironment,
  openFakeKeycloak,
  openFakePlatform,
} from '../../packages/server/src/role-sync/fake-servers.ts';
import { startProcess } from '../harness/process.ts';

const main = fileURLToPath(new URL('../../packages/server/src/main.ts', import.meta.url));

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((server) => server.close()));
});

async function roleSync(args: string[], env: Record<string, string>): Promise<{ code: unknown; output: string }> {
  const job = startProcess(process.execPath, [main, 'role-sync', ...args], { env });
  return { code: await job.ended, output: job.output() };
}

test('the job tells its result by its exit code, and needs nothing but its own settings', async () => {
  const keycloak = await openFakeKeycloak([{ id: 'kc-a', email: 'a@example.com', roles: ['admin'] }]);
  const platform = await openFakePlatform('tracehouse', [{ id: 'a', email: 'a@example.com', role: 'VIEWER' }]);
  opened.push(keycloak, platform);
  const env = jobEnvironment(keycloak, platform);
  expect(await roleSync(['--dry-run', '--detailed-exitcode'], env)).toMatchObject({ code: 4 });
  expect(platform.roles()).toEqual({ a: 'VIEWER' });
  expect(await roleSync([], env)).toMatchObject({ code: 0, output: expect.stringContaining('"updated":1') });
  expect(platform.roles()).toEqual({ a: 'ADMIN' });
});

test('without settings it names all it needs', async () => {
  const { code, output } = await roleSync([], {});
  expect(code).toBe(1);
  expect(output).toContain('SYNC_KEYCLOAK_URL is not set');
  expect(output).toContain('SYNC_SECRET_KEY is not set');
  expect(output).not.toContain('    at ');
});
