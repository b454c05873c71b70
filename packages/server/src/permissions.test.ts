import { isOrganizationScope, isProjectScope, personScopes, roleMay } from '@tracehouse/contract/roles';
import type { Route } from '@tracehouse/contract/route';
import { afterAll, describe, expect, test } from 'vitest';
import { fillPath, members, nameOf, openProgram } from './program-scenario.ts';

/*
 * Every route that the program serves × everybody who may come. Bodies are no JSON: who may is told so (400) before anything
 * is done, who may not is refused before the body is read.
 */

// Before the tests are made, which are one for each route that it serves.
const program = await openProgram();
afterAll(() => program.stop());

test('a change that was refused to somebody known is in the audit log, with who, what and why', async () => {
  const { origin } = program.served[0]!;
  const { people } = program.everybody;
  expect((await program.ask(origin, { method: 'POST', path: '/api/public/models' }, people.guest, '{}')).status).toBe(
    403,
  );
  const log = { method: 'GET', path: '/api/public/x/audit-log?refused=true&actor=guest' };
  const { text } = await program.ask(origin, log, people.OWNER);
  expect(JSON.parse(text).data).toMatchObject([
    {
      actor: { kind: 'person', id: 'guest', name: 'guest@acme.dev' },
      action: 'post',
      objectId: '/api/public/models',
      refusedFor: expect.stringMatching(/^You need the role ADMIN/),
    },
  ]);
});

test('a protected label of prompts is moved by admins and owners, and by nobody else', async () => {
  const { origin } = program.served[0]!;
  const { people, keys } = program.everybody;
  const ask = async (who: Record<string, string>, method: string, path: string, body: object) => {
    const { status, text } = await program.ask(
      origin,
      { method, path: `/api/public${path}` },
      who,
      JSON.stringify(body),
    );
    return { status, body: JSON.parse(text) };
  };
  await ask(people.OWNER, 'POST', '/v2/prompts', { name: 'protected', prompt: 'x', labels: ['live'] });
  await ask(people.OWNER, 'PUT', '/x/protected-prompt-labels', { labels: ['live'] });
  const version = { name: 'protected', prompt: 'x', labels: ['live'] };
  for (const who of [people.MEMBER, keys.projectKey]) {
    expect(await ask(who, 'POST', '/v2/prompts', { ...version, labels: [] })).toMatchObject({ status: 201 });
    expect(await ask(who, 'POST', '/v2/prompts', version)).toMatchObject({
      status: 403,
      body: { message: expect.stringContaining("'live'"), error: 'ForbiddenError' },
    });
  }
  for (const who of [people.ADMIN, people.OWNER])
    expect(await ask(who, 'POST', '/v2/prompts', version)).toMatchObject({ status: 201 });
});

/** S9.1 and S9.5: who may call a route of this scope. Null: a route that asks nobody. */
function allowed({ scope, takesAdminKey = false }: Route): string[] | null {
  const people = Object.entries(members);
  if (isProjectScope(scope)) {
    return [
      ...people.flatMap(([who, role]) => (role.project !== 'NONE' && roleMay(role.project, scope) ? [who] : [])),
      // The foreign one in its own project, whatever the headers name.
      ...(personScopes.has(scope) ? [] : ['projectKey', 'foreignProjectKey']),
      ...(scope === 'scores' ? ['browserKey'] : []),
      ...(takesAdminKey ? ['adminKeyForProject'] : []),
    ];
  }
  if (isOrganizationScope(scope)) {
    return [
      ...people.flatMap(([who, role]) => (roleMay(role.organization, scope) ? [who] : [])),
      'organizationKey',
      'foreignOrganizationKey', // in its own organization
    ];
  }
  switch (scope) {
    case 'public':
      return null;
    case 'link':
      return [];
    case 'session':
      // Whoever is signed in, whatever they name.
      return [...people.map(([who]) => who), 'stranger', 'a member elsewhere'];
    case 'organization':
      return ['organizationKey', 'foreignOrganizationKey'];
    case 'admin':
      return ['adminKey', 'adminKeyForProject'];
  }
}

async function answers(origin: string, route: Route): Promise<Map<string, number>> {
  const { people, keys, strangers } = program.everybody;
  const path = fillPath(route.path, () => 'nowhere');
  const body = route.method === 'GET' ? undefined : '{';
  const asked = Object.entries({ ...people, ...keys, ...strangers }).map(async ([who, headers]) => {
    const { status } = await program.ask(origin, { method: route.method, path }, headers, body);
    return [who, status] as const;
  });
  return new Map(await Promise.all(asked));
}

test('the program serves routes on three ports, each of which states a scope that there is', () => {
  expect(program.served).toHaveLength(3);
  const others = new Set<string>(['public', 'link', 'session', 'organization', 'admin']);
  for (const { routes } of program.served) {
    expect(routes).not.toHaveLength(0);
    for (const route of routes) {
      const { scope } = route;
      expect(isProjectScope(scope) || isOrganizationScope(scope) || others.has(scope), nameOf(route)).toBe(true);
    }
  }
});

describe.each(program.served)('on $origin', ({ origin, routes }) => {
  test.each(routes.map((route) => ({ name: nameOf(route), route })))(
    '$name is open to whom its scope says',
    async ({ route }) => {
      const may = allowed(route);
      const given = await answers(origin, route);
      const wrong = [...given].filter(([who, status]) => {
        const isRefused = status === 401 || status === 403;
        if (status >= 500) return true;
        if (may !== null) return isRefused === may.includes(who);
        // Asks nobody; but what it does with a cookie may be for this site's pages alone.
        return status !== given.get('nobody') && !(who === "another site's page" && isRefused);
      });
      expect(wrong, `scope ${route.scope}`).toEqual([]);
    },
  );
});
