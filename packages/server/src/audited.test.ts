import { readFile } from 'node:fs/promises';
import type { Route } from '@tracehouse/contract/route';
import { afterAll, describe, expect, test } from 'vitest';
import { examples, type Side, whoMay } from './program-examples.ts';
import { fillPath, nameOf, openProgram, patternOf } from './program-scenario.ts';

/*
 * Every route whose declaration says that it is audited writes the line that the declaration names. A new one needs an example
 * (program-examples.ts), or the test beside its code that reads its line (below).
 */

/** Tested where what they need is at hand: mail, an identity provider, a session that may end. Below `packages/server/src`. */
const tested: Readonly<Record<string, string>> = {
  'POST /api/auth/signup': 'identity/accounts/new-user.test.ts',
  'POST /api/auth/password/reset': 'identity/accounts/accounts.test.ts',
  'POST /api/auth/link': 'identity/sso/linking.test.ts',
  'POST /api/auth/backchannel-logout/:provider': 'identity/sso/logout.test.ts',
  'DELETE /api/public/x/account/identities/:provider': 'identity/sso/linking.test.ts',
  'POST /api/public/x/organizations/:organizationId/leave': 'identity/organizations/organizations.test.ts',
  'POST /api/auth/invitation/accept': 'identity/organizations/invitations.test.ts',
  'POST /api/auth/invitation/signup': 'identity/organizations/invitations.test.ts',
  // The lines are in no log that anybody of the program's scenario reads.
  'POST /api/admin/organizations': 'identity/organizations/rest.test.ts',
  'DELETE /api/admin/organizations/:organizationId': 'identity/organizations/rest.test.ts',
  'PUT /api/public/x/account/password': 'identity/accounts/accounts.test.ts',
  'POST /api/public/x/account/email/verify': 'identity/accounts/accounts.test.ts',
  'DELETE /api/public/x/account/sessions/:id': 'identity/accounts/accounts.test.ts',
  'DELETE /api/public/x/account/sessions': 'identity/accounts/accounts.test.ts',
};

const program = await openProgram();
afterAll(() => program.stop());
const { origin, routes } = program.served[0]!;
const audited = routes.filter(({ audit }) => typeof audit === 'string');
const secrets: string[] = [];

const headers = (scope: Route['scope']): Record<string, string> =>
  ({ owner: program.everybody.people.OWNER, nobody: {}, ...program.everybody.keys })[whoMay(scope)];

async function request(route: Pick<Route, 'method' | 'scope'>, path: string, body: unknown, place = {}) {
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const answer = await program.ask(
    origin,
    { method: route.method, path },
    { ...headers(route.scope), ...place },
    payload,
  );
  const { secretKey } = (answer.text.startsWith('{') ? JSON.parse(answer.text) : {}) as { secretKey?: string };
  if (secretKey !== undefined) secrets.push(secretKey);
  return answer;
}

const home: Side = {
  organizationId: 'acme',
  projectId: 'prod',
  memberId: 'MEMBER',
  async call(method, path, body) {
    const route = routes.find((one) => one.method === method && patternOf(one.path).test(path))!;
    const { status, text } = await request(route, path, body);
    expect(status, `${method} ${path}: ${text}`).toBeLessThan(300);
    return text === '' ? null : JSON.parse(text);
  },
};

interface Line {
  id: string;
  objectType: string;
  action: string;
  refusedFor: string | null;
  actor: { kind: string };
}

/** Of the organization and its project and people, newest first. */
async function lines(place: Record<string, string> = {}): Promise<Line[]> {
  const answer = await program.ask(
    origin,
    { method: 'GET', path: '/api/public/x/organization/audit-log?limit=100' },
    { ...program.everybody.people.OWNER, ...place },
  );
  return (JSON.parse(answer.text) as { data: Line[] }).data;
}

test('each route that is not a GET says what it writes to the audit log, or why nothing', () => {
  for (const { routes: served } of program.served) {
    for (const route of served) {
      const said = typeof route.audit === 'string' ? route.audit : route.audit.none;
      expect(said, nameOf(route)).toMatch(/\S{3}/);
    }
  }
});

describe('a change by', () => {
  test.each(audited.map((route) => ({ name: nameOf(route), route })))(
    '$name is in the audit log',
    async ({ name, route }) => {
      const file = tested[name];
      if (file !== undefined) {
        const text = await readFile(new URL(file, import.meta.url), 'utf8');
        expect(text, `${file} reads the line of ${name}`).toMatch(/audit_log|auditOf/);
        expect(text).toContain(`'${String(route.audit)}'`);
        return;
      }
      const example = examples[name];
      expect(example, `${name} has an example in program-examples.ts, or a test named here`).toBeDefined();
      const { params = {}, query = '', body, place, readBy } = await example!(home);
      const before = new Set((await lines()).map(({ id }) => id));
      const path = fillPath(route.path, (param) => encodeURIComponent(params[param]!)) + query;
      const { status, text } = await request(route, path, body, place);
      expect(status, text).toBeLessThan(300);
      const written = (await lines(readBy?.(JSON.parse(text)))).filter(({ id }) => !before.has(id));
      expect(written).toContainEqual(
        expect.objectContaining({
          objectType: route.audit,
          refusedFor: null,
          actor: expect.objectContaining({ kind: kindOf(route) }),
        }),
      );
    },
  );
});

const kindOf = ({ scope }: Route): string =>
  ({ owner: 'person', nobody: 'system' })[whoMay(scope) as string] ?? whoMay(scope);

test('no secret of a key is in any line', async () => {
  const { text } = await program.ask(
    origin,
    { method: 'GET', path: '/api/public/x/organization/audit-log/export?format=ndjson' },
    program.everybody.people.OWNER,
  );
  expect(secrets.length).toBeGreaterThan(0);
  for (const secret of secrets) expect(text).not.toContain(secret);
  expect(text).not.toMatch(/sk-lf-[0-9a-f]{8}-/);
});
