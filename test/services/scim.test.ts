import { afterAll, beforeAll, expect, test } from 'vitest';
import { python } from '../harness/parts.ts';
import { startProcess } from '../harness/process.ts';
import { startServer, type TestServer } from '../harness/server.ts';

const ROLE = 'urn:ietf:params:scim:schemas:extension:langfuse:2.0:User';

/** What scim2-tester finds wrong and we stand by, at most five. */
// oxfmt-ignore
const deviations: Record<string, string> = {
  "PATCH modify() did not remove attribute 'name'":              "upstream's OpenAPI requires a name, so an empty one is answered",
  "PATCH modify() did not remove attribute 'active'":            'somebody is a member or is not',
  [`PATCH modify() did not remove attribute '${ROLE}'`]:         'a role that is removed is NONE, and role-sync reads it here',
  [`PATCH modify() did not remove attribute '${ROLE}:orgRole'`]: 'the same, by its whole name',
};

let server: TestServer;
beforeAll(async () => {
  const key = { TRACEHOUSE_INIT_ORG_PUBLIC_KEY: 'pk-lf-org', TRACEHOUSE_INIT_ORG_SECRET_KEY: 'sk-lf-organization' };
  server = await startServer({ screens: false, env: key });
});
afterAll(() => server.stop());

test('scim2-tester finds what is named here and nothing else', async () => {
  const tester = startProcess(
    python('scim2-cli-0.6.0'),
    ['-c', 'from scim2_cli import cli; cli()', '-u', `${server.url}/api/public/scim`, 'test'],
    {
      env: {
        SCIM_CLI_HEADERS: `Authorization: Basic ${Buffer.from('pk-lf-org:sk-lf-organization').toString('base64')}`,
      },
    },
  );
  await tester.ended;
  const checks = readChecks(tester.output());
  const passed = checks.filter(({ status }) => status === 'SUCCESS');
  expect(passed.length, tester.output()).toBeGreaterThan(45);
  const failed = checks.filter(({ status }) => status !== 'SUCCESS').map(({ reason }) => reason);
  expect(failed.toSorted()).toEqual(Object.keys(deviations).toSorted());
});

/** Each check is a line `STATUS name` and indented ones that say why. */
function readChecks(output: string): { status: string; reason: string }[] {
  const checks: { status: string; reason: string }[] = [];
  for (const line of output.split('\n')) {
    const [, status] = /^([A-Z]+) \w+$/.exec(line) ?? [];
    const last = checks.at(-1);
    if (status !== undefined) checks.push({ status, reason: '' });
    else if (last && line.startsWith('  ')) last.reason = `${last.reason} ${line.trim()}`.trim();
  }
  return checks;
}
