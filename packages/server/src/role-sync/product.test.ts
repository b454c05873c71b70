import { setTimeout as sleep } from 'node:timers/promises';
import { readWorkerHealth } from '@tracehouse/contract/health';
import { ScimUser, scimUrns } from '@tracehouse/contract/scim';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { openProgram } from '../program-scenario.ts';
import { type FakeKeycloak, jobEnvironment, openFakeKeycloak } from './fake-servers.ts';
import { runRoleSync } from './run.ts';
import { readRoleSyncSettings } from './settings.ts';

/* The job against the program itself: its SCIM, its list of runs, its metrics. */

let program: Awaited<ReturnType<typeof openProgram>>;
let keycloak: FakeKeycloak;
beforeAll(async () => {
  program = await openProgram();
  keycloak = await openFakeKeycloak([
    { id: 'kc-owner', email: 'owner@acme.dev', roles: ['admin'] },
    { id: 'kc-admin', email: 'ADMIN@acme.dev', roles: ['developer'] },
    { id: 'kc-member', email: 'member@acme.dev', roles: ['admin'], enabled: false },
    { id: 'kc-viewer', email: 'viewer@acme.dev', inherited: ['langfuse-admin'] },
    { id: 'kc-guest', email: 'guest@acme.dev' },
    { id: 'kc-new', email: 'new@acme.dev', name: 'Nora New', roles: ['operator'] },
    { id: 'kc-idle', email: 'idle@acme.dev' },
  ]);
}, 180_000);
afterAll(() => Promise.all([keycloak.close(), program.stop()]));

async function run(): Promise<{ code: number; counts: Record<string, number> }> {
  const { authorization } = program.everybody.keys.organizationKey;
  const [publicKey = '', secretKey = ''] = atob(authorization.replace('Basic ', '')).split(':');
  const lines: string[] = [];
  const code = await runRoleSync({
    settings: readRoleSyncSettings({
      ...jobEnvironment(keycloak, { url: program.served[0]!.origin }),
      SYNC_PUBLIC_KEY: publicKey,
      SYNC_SECRET_KEY: secretKey,
      SYNC_PROVISION: 'true',
    }),
    dryRun: false,
    force: false,
    detailedExitCode: false,
    print: (line) => void lines.push(line),
    log: pino({ level: 'silent' }),
    stopping: new AbortController().signal,
    now: () => new Date(),
    sleep: (ms, signal) => sleep(ms, undefined, { signal }),
    random: Math.random,
  });
  return { code, counts: JSON.parse(lines.at(-1)!).counts };
}

async function get(path: string, headers: Record<string, string> = program.everybody.keys.organizationKey) {
  const { status, text } = await program.ask(program.served[0]!.origin, { method: 'GET', path }, headers);
  expect(status).toBe(200);
  return JSON.parse(text);
}

const ScimPeople = z.object({ Resources: z.array(ScimUser) });
async function roles(): Promise<Record<string, string>> {
  const { Resources } = ScimPeople.parse(await get('/api/public/scim/Users'));
  return Object.fromEntries(
    Resources.map(({ userName, [scimUrns.role]: extension }) => [userName, extension!.orgRole]),
  );
}

test('members get their roles, new ones come, and a second run writes nothing', async () => {
  expect(await run()).toMatchObject({
    code: 0,
    counts: { failed: 0, updated: 4, provisioned: 1, protected: 1, disabled: 1, missing: 1, unchanged: 0 },
  });
  const after = {
    'owner@acme.dev': 'OWNER',
    'admin@acme.dev': 'MEMBER',
    'member@acme.dev': 'NONE',
    'viewer@acme.dev': 'ADMIN',
    'none@acme.dev': 'NONE',
    'guest@acme.dev': 'VIEWER',
    'new@acme.dev': 'MEMBER',
  };
  expect(await roles()).toEqual(after);
  expect(await run()).toMatchObject({ code: 0, counts: { planned: 0, failed: 0, unchanged: 5, protected: 1 } });
  expect(await roles()).toEqual(after);
});

test('its changes are shown as its own, and its runs to those who may see members', async () => {
  const worker = program.served.find(({ routes }) => routes.some(({ path }) => path === readWorkerHealth.path))!;
  const { text } = await program.ask(worker.origin, { method: 'GET', path: '/metrics' }, {});
  expect(text).toContain('langfuse_org_role_changes_total{source="role-sync"} 5');
  expect(text).toMatch(/langfuse_scim_requests_total\{op="update",code="200"\} 4/);
  expect(text).toMatch(/langfuse_role_sync_last_success_timestamp_seconds \d+/);
  // Of the role MEMBER by now.
  const { data } = await get('/api/public/x/role-sync-runs', program.everybody.people.ADMIN);
  expect(data).toMatchObject([
    { result: 'success', counts: { planned: 0 } },
    { result: 'success', counts: { planned: 5 } },
  ]);
});
