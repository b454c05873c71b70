import { pino } from 'pino';
import { afterEach, describe, expect, test } from 'vitest';
import { RunStopped } from './call.ts';
import {
  type FakeAnswer,
  type FakeKeycloak,
  type FakeMember,
  type FakePerson,
  type FakePlatform,
  type FakeRequest,
  jobEnvironment,
  openFakeKeycloak,
  openFakePlatform,
} from './fake-servers.ts';
import { type RoleSyncNeeds, runRoleSync } from './run.ts';
import { readRoleSyncSettings } from './settings.ts';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((server) => server.close()));
});

async function keycloakWith(...given: Parameters<typeof openFakeKeycloak>): Promise<FakeKeycloak> {
  const keycloak = await openFakeKeycloak(...given);
  opened.push(keycloak);
  return keycloak;
}
async function platformWith(...given: Parameters<typeof openFakePlatform>): Promise<FakePlatform> {
  const platform = await openFakePlatform(...given);
  opened.push(platform);
  return platform;
}

/** A run on a clock that only its waits move. */
async function run(
  keycloak: { url: string },
  platform: { url: string },
  {
    env = {},
    clock = createClock(),
    ...given
  }: { env?: Record<string, string>; clock?: Clock } & Partial<RoleSyncNeeds> = {},
) {
  const lines: any[] = []; // oxlint-disable-line typescript/no-explicit-any
  const logged: string[] = [];
  const settings = readRoleSyncSettings({ ...jobEnvironment(keycloak, platform), ...env });
  const code = await runRoleSync({
    settings,
    dryRun: settings.run.dryRun,
    force: false,
    detailedExitCode: false,
    print: (line) => void lines.push(JSON.parse(line)),
    log: pino({ level: settings.run.logLevel, base: null }, { write: (line: string) => void logged.push(line) }),
    stopping: new AbortController().signal,
    now: clock.now,
    sleep: async (ms) => clock.wait(ms),
    random: () => 0.5,
    ...given,
  });
  const summary = lines.at(-1);
  return {
    code,
    summary,
    counts: summary.counts,
    plan: lines.slice(0, -1),
    logged: logged.join(''),
    waits: clock.waits,
  };
}

type Clock = ReturnType<typeof createClock>;
function createClock() {
  const waits: number[] = [];
  let nowMs = Date.UTC(2026, 10, 30, 14);
  return {
    waits,
    now: () => new Date(nowMs),
    advance: (ms: number) => (nowMs += ms),
    wait(ms: number): void {
      waits.push(ms);
      nowMs += ms;
    },
  };
}

const person = (name: string, roles: string[] = [], given: Partial<FakePerson> = {}): FakePerson => ({
  id: `kc-${name}`,
  email: `${name}@example.com`,
  roles,
  ...given,
});
const member = (name: string, role: FakeMember['role'], given: Partial<FakeMember> = {}): FakeMember => ({
  id: name,
  email: `${name}@example.com`,
  role,
  ...given,
});

describe.each(['tracehouse', 'langfuse'] as const)('against %s', (kind) => {
  test('members get the roles that Keycloak says, and a second run writes nothing', async () => {
    const keycloak = await keycloakWith([
      person('ada', ['admin']),
      person('both', ['developer', 'admin']),
      person('comp', ['platform'], { inherited: ['operator'] }),
      person('grp', [], { inherited: ['langfuse-admin'] }),
      person('plain'),
      person('Mixed.Case', ['operator'], { email: 'Mixed.Case@Example.COM' }),
      person('off', ['admin'], { enabled: false }),
      person('unverified', ['admin'], { verified: false }),
      person('service', ['admin'], { serviceAccountOf: 'langfuse-sync' }),
    ]);
    const platform = await platformWith(kind, [
      member('owner', 'OWNER'),
      member('ada', 'VIEWER'),
      member('both', 'ADMIN'),
      member('comp', 'VIEWER'),
      member('grp', 'NONE'),
      member('plain', 'MEMBER'),
      member('mixed', 'VIEWER', { email: 'mixed.case@example.com' }),
      member('off', 'ADMIN'),
      member('unverified', 'VIEWER'),
      member('service', 'VIEWER'),
    ]);
    const first = await run(keycloak, platform);
    expect(first).toMatchObject({ code: 0, counts: { failed: 0, planned: 6, updated: 6, unchanged: 1 } });
    expect(first.counts).toMatchObject({ seen: 8, members: 10, matched: 7, missing: 2, disabled: 1, unverified: 1 });
    expect(platform.roles()).toEqual({
      owner: 'OWNER',
      ada: 'ADMIN',
      both: 'ADMIN',
      comp: 'MEMBER',
      grp: 'ADMIN',
      plain: 'VIEWER',
      mixed: 'MEMBER',
      off: 'NONE',
      unverified: 'VIEWER',
      service: 'VIEWER',
    });
    const written = platform.writes().length;
    // The one that was not understood, and then one each.
    expect(written).toBe(kind === 'langfuse' ? 7 : 6);
    const second = await run(keycloak, platform);
    expect(second).toMatchObject({ code: 0, counts: { planned: 0, updated: 0, unchanged: 7 } });
    expect(platform.writes()).toHaveLength(written);
  });

  test('people with a role are made members where that is wanted, once', async () => {
    const keycloak = await keycloakWith([person('ada', ['admin']), person('plain'), person('guest', ['guest'])]);
    const platform = await platformWith(kind, [member('owner', 'OWNER')]);
    const env = { SYNC_PROVISION: 'true' };
    expect(await run(keycloak, platform, { env })).toMatchObject({ code: 0, counts: { provisioned: 1, planned: 1 } });
    expect(platform.roles()).toEqual({ owner: 'OWNER', 'new-ada@example.com': 'ADMIN' });
    expect(await run(keycloak, platform, { env })).toMatchObject({ code: 0, counts: { provisioned: 0, planned: 0 } });
  });

  test('the last owner is never lowered, whatever the settings', async () => {
    const keycloak = await keycloakWith([person('a', ['admin']), person('b', ['boss'])]);
    const mapping = '{boss: OWNER, admin: ADMIN}';
    const platform = await platformWith(kind, [member('a', 'OWNER')]);
    const env = { SYNC_PROTECT_OWNERS: 'false', SYNC_ROLE_MAPPING: mapping };
    expect(await run(keycloak, platform, { env })).toMatchObject({ code: 0, counts: { protected: 1, updated: 0 } });
    platform.members.set('b', member('b', 'VIEWER'));
    // With another one in sight the first may go, after that one.
    expect(await run(keycloak, platform, { env })).toMatchObject({ code: 0, counts: { protected: 0, updated: 2 } });
    expect(platform.roles()).toEqual({ a: 'ADMIN', b: 'OWNER' });
  });

  test('two owners: one may be lowered, the other stays', async () => {
    const keycloak = await keycloakWith([person('a', ['admin']), person('b', ['admin'])]);
    const platform = await platformWith(kind, [member('a', 'OWNER'), member('b', 'OWNER')]);
    expect(await run(keycloak, platform)).toMatchObject({ code: 0, counts: { protected: 2, updated: 0 } });
    const env = { SYNC_PROTECT_OWNERS: 'false' };
    expect(await run(keycloak, platform, { env })).toMatchObject({ code: 0, counts: { protected: 1, updated: 1 } });
    expect(Object.values(platform.roles()).toSorted()).toEqual(['ADMIN', 'OWNER']);
  });

  test('an organization without an owner is served as any other', async () => {
    const keycloak = await keycloakWith([person('a', ['admin'])]);
    const platform = await platformWith(kind, [member('a', 'VIEWER')]);
    expect(await run(keycloak, platform)).toMatchObject({ code: 0, counts: { updated: 1 } });
  });

  test('of two runs at once one does what there is, and both end well', async () => {
    const names = ['a', 'b', 'c'];
    const keycloak = await keycloakWith(names.map((name) => person(name, ['operator'])));
    const waiting = new Map<string, () => void>();
    const conflict: FakeAnswer = { status: 409, body: { detail: 'Conflict' } };
    const done = new Set<string>();
    const platform = await platformWith(
      kind,
      names.map((name) => member(name, 'VIEWER')),
      {
        // The first to write somebody waits for the other to come, and wins.
        async answer({ method, path }) {
          if (method !== (kind === 'langfuse' ? 'PUT' : 'PATCH') || done.has(path)) return undefined;
          const first = waiting.get(path);
          if (first === undefined) {
            await new Promise<void>((resolve) => waiting.set(path, resolve));
            return undefined;
          }
          done.add(path);
          first();
          return conflict;
        },
      },
    );
    const [one, other] = await Promise.all([run(keycloak, platform), run(keycloak, platform)]);
    expect([one.code, other.code]).toEqual([0, 0]);
    expect(platform.roles()).toEqual({ a: 'MEMBER', b: 'MEMBER', c: 'MEMBER' });
    // Each of both has either written it or found it written, or has written it again.
    expect(one.counts.failed + other.counts.failed).toBe(0);
    expect(done.size).toBe(3);
    expect(await run(keycloak, platform)).toMatchObject({ counts: { planned: 0, unchanged: 3 } });
  });
});

test('a Langfuse is asked by PATCH once, and by PUT from then on', async () => {
  const keycloak = await keycloakWith([person('a', ['admin']), person('b', ['admin'])]);
  const platform = await platformWith('langfuse', [member('a', 'VIEWER'), member('b', 'VIEWER')]);
  await run(keycloak, platform);
  expect(platform.writes()).toEqual(['PATCH a', 'PUT a', 'PUT b']);
  expect(platform.asked('PUT', '/a')[0]).toMatchObject({
    headers: { 'content-type': 'application/scim+json' },
    body: { active: true, roles: ['ADMIN'], schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'] },
  });
  expect(platform.asked('GET', '/organizations/memberships')).toHaveLength(1);
});

test('an answer to PATCH that says nothing of the role is not believed', async () => {
  const keycloak = await keycloakWith([person('a', ['admin'])]);
  const platform = await platformWith('tracehouse', [member('a', 'VIEWER')], {
    answer: ({ method }) =>
      method === 'PATCH' ? { status: 200, body: { id: 'a', userName: 'a@example.com' } } : undefined,
  });
  expect(await run(keycloak, platform)).toMatchObject({ code: 0, counts: { updated: 1 } });
  expect(platform.roles()).toEqual({ a: 'ADMIN' });
});

test.each([1, 100, 101, 2500])('a realm of %i users is read to its end', { timeout: 180_000 }, async (size) => {
  const names = Array.from({ length: size }, (_, i) => `user-${i}`);
  const keycloak = await keycloakWith(names.map((name) => person(name, ['developer'])));
  const platform = await platformWith(
    'tracehouse',
    names.map((name, i) => member(name, i === size - 1 ? 'VIEWER' : 'MEMBER')),
  );
  const { code, counts } = await run(keycloak, platform);
  expect(code).toBe(0);
  expect(counts).toMatchObject({ seen: size, members: size, matched: size, updated: 1, unchanged: size - 1 });
  expect(platform.writes()).toEqual([`PATCH user-${size - 1}`]);
  expect(keycloak.asked('GET', '/users')).toHaveLength(Math.floor(size / 100) + 1);
});

test('an empty realm changes nothing, for it is a mistake rather than a wish', async () => {
  const keycloak = await keycloakWith([]);
  const platform = await platformWith('tracehouse', [member('a', 'ADMIN')]);
  const env = { SYNC_MISSING: 'remove' };
  const { code, summary } = await run(keycloak, platform, { env });
  expect(code).toBe(3);
  expect(summary).toMatchObject({ result: 'stopped', message: expect.stringContaining('no user at all') });
  expect(platform.writes()).toEqual([]);
  expect(await run(keycloak, platform, { env, force: true })).toMatchObject({ code: 0, counts: { removed: 1 } });
});

test('of a realm with many more users than members each member is looked up alone', async () => {
  const crowd = Array.from({ length: 250 }, (_, i) => person(`user-${i}`));
  const keycloak = await keycloakWith([
    ...crowd,
    person('ada', ['admin']),
    person('lena', ['operator'], { id: 'subject' }),
  ]);
  const platform = await platformWith('tracehouse', [
    member('ada', 'VIEWER'),
    member('lena', 'VIEWER', { email: 'old-address@example.com', externalId: 'subject' }),
    member('gone', 'VIEWER', { externalId: 'unknown' }),
  ]);
  expect(await run(keycloak, platform)).toMatchObject({
    code: 0,
    counts: { seen: 2, matched: 2, missing: 1, updated: 2 },
  });
  expect(platform.roles()).toEqual({ ada: 'ADMIN', lena: 'MEMBER', gone: 'VIEWER' });
  expect(keycloak.asked('GET', '/users').every(({ query }) => query.has('email'))).toBe(true);
});

test('a look-up that fails is one person’s failure, who is not taken for missing', async () => {
  const crowd = Array.from({ length: 20 }, (_, i) => person(`user-${i}`));
  const keycloak = await keycloakWith([...crowd, person('ada', ['admin']), person('lena', ['operator'])], {
    answer: ({ query }) => (query.get('email') === 'ada@example.com' ? { status: 500 } : undefined),
  });
  const platform = await platformWith('tracehouse', [member('ada', 'VIEWER'), member('lena', 'VIEWER')]);
  expect(await run(keycloak, platform, { env: { SYNC_MISSING: 'remove' } })).toMatchObject({
    code: 2,
    counts: { failed: 1, missing: 0, removed: 0, updated: 1 },
  });
  expect(platform.roles()).toEqual({ ada: 'VIEWER', lena: 'MEMBER' });
});

test('rows that shift while pages are read are counted once, and nobody is missing who only slipped', async () => {
  const names = Array.from({ length: 150 }, (_, i) => `user-${i}`);
  let pages = 0;
  const keycloak: FakeKeycloak = await keycloakWith(
    names.map((name) => person(name, ['developer'])),
    {
      // Between two pages the first user is deleted, so that a row of the second page moves to the first.
      answer({ path, query }) {
        if (path.endsWith('/users') && !query.has('email') && (pages += 1) === 2) keycloak.people.shift();
        return undefined;
      },
    },
  );
  const platform = await platformWith(
    'tracehouse',
    names.map((name) => member(name, 'MEMBER')),
  );
  const { code, counts } = await run(keycloak, platform, { env: { SYNC_MISSING: 'remove' } });
  expect(code).toBe(0);
  expect(counts).toMatchObject({ seen: 150, removed: 0, unchanged: 149, skipped: 1 });
  expect(platform.writes()).toEqual([]);
});

test('a row that is shown on two pages is one person', async () => {
  const people = Array.from({ length: 120 }, (_, i) => person(`user-${i}`, ['developer']));
  let pages = 0;
  const keycloak: FakeKeycloak = await keycloakWith(people, {
    answer({ path }) {
      if (path.endsWith('/users') && (pages += 1) === 2) keycloak.people.unshift(person('new'));
      return undefined;
    },
  });
  const platform = await platformWith(
    'tracehouse',
    people.map(({ email }, i) => member(`m-${i}`, 'MEMBER', { email: email! })),
  );
  expect(await run(keycloak, platform)).toMatchObject({ code: 0, counts: { seen: 120, ambiguous: 0, unchanged: 120 } });
});

test('a token that ends early is asked for again, once for all who need it', async () => {
  const people = Array.from({ length: 40 }, (_, i) => person(`user-${i}`, ['developer']));
  const keycloak = await keycloakWith(people, { tokenUses: 15 });
  const platform = await platformWith(
    'tracehouse',
    people.map(({ email }, i) => member(`m-${i}`, 'MEMBER', { email: email! })),
  );
  expect(await run(keycloak, platform)).toMatchObject({ code: 0, counts: { unchanged: 40, failed: 0 } });
  // 42 reads, and those that met the end of a token.
  expect(keycloak.asked('POST', '/token').length).toBeGreaterThanOrEqual(3);
});

test('a token is renewed when four fifths of its life are over', async () => {
  const clock = createClock();
  const keycloak = await keycloakWith([person('a', ['admin'])], {
    tokenLifeS: 60,
    answer({ path }) {
      if (path.endsWith('/users')) clock.advance(48_000);
      return undefined;
    },
  });
  const platform = await platformWith('tracehouse', [member('a', 'VIEWER')]);
  expect(await run(keycloak, platform, { clock })).toMatchObject({ code: 0 });
  expect(keycloak.asked('POST', '/token')).toHaveLength(2);
});

describe('what Keycloak may say instead', () => {
  const members = [member('a', 'VIEWER'), member('b', 'VIEWER')];
  const people = [person('a', ['admin']), person('b', ['admin'])];
  const answering = (end: string, answer: (nth: number, request: FakeRequest) => FakeAnswer | undefined) => {
    let nth = 0;
    return keycloakWith(people, {
      answer: (request) => (request.path.endsWith(end) ? answer((nth += 1), request) : undefined),
    });
  };

  test.each([
    { end: '/token', status: 401, says: 'SYNC_KEYCLOAK_CLIENT_ID' },
    { end: '/token', status: 404, says: 'SYNC_KEYCLOAK_REALM' },
    { end: '/users/count', status: 401, says: 'with a new token too' },
    { end: '/users/count', status: 403, says: 'needs the roles view-users and view-realm' },
    { end: '/composite', status: 403, says: 'needs the roles view-users and view-realm' },
    { end: '/users', status: 500, says: 'answered 500' },
    { end: '/users/count', status: 302, says: 'is redirected to' },
  ])('$status to $end ends the run before anything is written', async ({ end, status, says }) => {
    const keycloak = await answering(end, () => ({ status, body: {}, headers: { location: 'https://elsewhere' } }));
    const platform = await platformWith('tracehouse', members);
    const { code, summary, logged } = await run(keycloak, platform);
    expect(code).toBe(1);
    expect(summary).toMatchObject({ result: 'failed', message: expect.stringContaining(says), counts: { updated: 0 } });
    expect(logged).toContain(says);
    expect(platform.writes()).toEqual([]);
    expect(platform.reports).toMatchObject([{ result: 'failed' }]);
  });

  test('a page that is no JSON is not taken for an empty realm', async () => {
    const keycloak = await answering('/users', () => ({ status: 200, body: '<html>' }));
    const platform = await platformWith('tracehouse', members);
    expect(await run(keycloak, platform, { env: { SYNC_MISSING: 'remove' } })).toMatchObject({ code: 1 });
    expect(platform.writes()).toEqual([]);
  });

  test('429 is waited for as long as it says', async () => {
    const keycloak = await answering('/users/count', (nth) =>
      nth === 1
        ? { status: 429, headers: { 'retry-after': '7' } }
        : nth === 2
          ? { status: 503, headers: { 'retry-after': 'Mon, 30 Nov 2026 14:00:10 GMT' } }
          : undefined,
    );
    const platform = await platformWith('tracehouse', members);
    expect(await run(keycloak, platform)).toMatchObject({ code: 0, waits: [7000, 3000], counts: { updated: 2 } });
  });

  test('who asks for more time than the run has is not waited for', async () => {
    const keycloak = await answering('/users/count', () => ({ status: 429, headers: { 'retry-after': '600' } }));
    const platform = await platformWith('tracehouse', members);
    expect(await run(keycloak, platform)).toMatchObject({ code: 1, waits: [] });
  });

  test('500 is tried four times, and then that one person fails', async () => {
    const keycloak = await answering('/kc-a/role-mappings/realm/composite', () => ({ status: 500 }));
    const platform = await platformWith('tracehouse', members);
    const { code, summary, waits } = await run(keycloak, platform);
    expect(code).toBe(2);
    expect(waits).toEqual([500, 1000, 2000]);
    expect(summary).toMatchObject({ result: 'partial', counts: { failed: 1, updated: 1 } });
    expect(platform.reports[0].problems).toEqual([expect.stringContaining('a: Keycloak answered 500')]);
    expect(platform.roles()).toEqual({ a: 'VIEWER', b: 'ADMIN' });
  });

  test('an answer that does not come is given up and asked for again', async () => {
    const slow = new AbortController();
    let release = (): void => undefined;
    const keycloak = await keycloakWith(people, {
      async answer({ path }) {
        if (!path.endsWith('/users/count') || slow.signal.aborted) return undefined;
        const released = new Promise<void>((resolve) => (release = resolve));
        slow.abort(new Error('too slow'));
        await released;
        return undefined;
      },
    });
    const platform = await platformWith('tracehouse', members);
    const tryTimeout = (): AbortSignal => (slow.signal.aborted ? new AbortController().signal : slow.signal);
    const result = await run(keycloak, platform, { tryTimeout });
    release();
    expect(result).toMatchObject({ code: 0, waits: [500], counts: { updated: 2 } });
  });

  test('one that is down ends the run before anything is written', async () => {
    const keycloak = await keycloakWith(people);
    await keycloak.close();
    const platform = await platformWith('tracehouse', members);
    const { code, summary } = await run(keycloak, platform);
    expect(code).toBe(1);
    expect(summary.message).toContain('ECONNREFUSED');
    expect(platform.writes()).toEqual([]);
  });
});

describe('what the platform may say instead', () => {
  const people = [person('a', ['admin']), person('b', ['admin'])];
  const answering = (
    method: string,
    end: string,
    answer: (nth: number) => FakeAnswer | undefined,
    role: FakeMember['role'] = 'VIEWER',
  ) => {
    let nth = 0;
    return platformWith('tracehouse', [member('a', role), member('b', 'VIEWER'), member('o', 'OWNER')], {
      answer: (request) => (request.method === method && request.path.endsWith(end) ? answer((nth += 1)) : undefined),
    });
  };

  test.each([401, 403])('%i to the list ends the run and names the keys', async (status) => {
    const keycloak = await keycloakWith(people);
    const platform = await answering('GET', '/Users', () => ({ status, body: { detail: 'Invalid API key.' } }));
    const { code, summary } = await run(keycloak, platform);
    expect(code).toBe(1);
    expect(summary.message).toMatch(/Invalid API key\..*organization API key/);
    expect(platform.writes()).toEqual([]);
    expect(keycloak.requests).toEqual([]);
  });

  test('a write that fails is one person’s failure', async () => {
    const keycloak = await keycloakWith(people);
    const platform = await answering('PATCH', '/a', () => ({ status: 500 }));
    const { code, counts } = await run(keycloak, platform);
    expect(code).toBe(2);
    expect(counts).toMatchObject({ updated: 1, failed: 1 });
    expect(platform.roles()).toMatchObject({ a: 'VIEWER', b: 'ADMIN' });
  });

  test('a write whose answer got lost is sent again', async () => {
    const keycloak = await keycloakWith(people);
    const platform = await answering('PATCH', '/a', (nth) => (nth === 1 ? { status: 502 } : undefined));
    expect(await run(keycloak, platform)).toMatchObject({ code: 0, waits: [500], counts: { updated: 2 } });
  });

  test('a conflict is read again, and what is still to do is tried once more', async () => {
    const keycloak = await keycloakWith(people);
    const platform = await answering('PATCH', '/a', (nth) => (nth === 1 ? { status: 409 } : undefined));
    expect(await run(keycloak, platform)).toMatchObject({ code: 0, counts: { updated: 2 } });
    expect(platform.asked('GET', '/Users/a')).toHaveLength(1);
    const refusing = await answering('PATCH', '/a', () => ({ status: 409 }));
    expect(await run(keycloak, refusing)).toMatchObject({ code: 2, counts: { updated: 1, failed: 1 } });
    expect(refusing.asked('PATCH', '/Users/a')).toHaveLength(2);
  });

  test('one who has become an owner meanwhile is protected', async () => {
    const keycloak = await keycloakWith(people);
    const platform = await answering('PATCH', '/a', () => {
      platform.members.set('a', member('a', 'OWNER'));
      return { status: 409 };
    });
    expect(await run(keycloak, platform)).toMatchObject({ code: 0, counts: { protected: 1, updated: 1 } });
  });

  test('the platform’s own guard of the last owner is no failure', async () => {
    const keycloak = await keycloakWith(people);
    const platform = await answering('PATCH', '/a', () => ({ status: 403, body: { detail: 'last owner' } }), 'OWNER');
    const env = { SYNC_PROTECT_OWNERS: 'false' };
    expect(await run(keycloak, platform, { env })).toMatchObject({ code: 0, counts: { protected: 1, updated: 1 } });
  });

  test('a member who has left during the run is skipped', async () => {
    const keycloak = await keycloakWith(people);
    const platform = await answering('PATCH', '/a', () => ({ status: 404 }));
    expect(await run(keycloak, platform)).toMatchObject({ code: 0, counts: { skipped: 1, updated: 1 } });
  });

  test('a key that is revoked during the run ends it', async () => {
    const keycloak = await keycloakWith(people);
    const platform = await answering('PATCH', '/b', () => ({ status: 401 }));
    expect(await run(keycloak, platform)).toMatchObject({ code: 1, counts: { updated: 1 } });
  });

  test('a person it knows already, without a membership, is made a member all the same', async () => {
    const keycloak = await keycloakWith([person('a', ['admin'])]);
    const resource = { id: 'a', userName: 'a@example.com', active: false };
    const platform = await platformWith('tracehouse', [], {
      answer({ method, path, query }) {
        if (method === 'POST' && path.endsWith('/Users')) return { status: 409 };
        if (query.has('filter')) return { status: 200, body: { totalResults: 1, Resources: [resource] } };
        if (method === 'PATCH') platform.members.set('a', member('a', 'NONE'));
        return undefined;
      },
    });
    expect(await run(keycloak, platform, { env: { SYNC_PROVISION: 'true' } })).toMatchObject({
      code: 0,
      counts: { provisioned: 1 },
    });
    expect(platform.roles()).toEqual({ a: 'ADMIN' });
  });

  test('a summary that cannot be delivered changes nothing', async () => {
    const keycloak = await keycloakWith(people);
    const platform = await answering('POST', '/role-sync-runs', () => ({ status: 500 }));
    const { code, logged, waits } = await run(keycloak, platform);
    expect({ code, waits }).toEqual({ code: 0, waits: [] });
    expect(logged).toContain('the summary could not be delivered');
  });
});

describe('safety', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const demoting = async () => ({
    keycloak: await keycloakWith(names.map((name) => person(name, name === 'a' ? ['admin'] : []))),
    platform: await platformWith(
      'tracehouse',
      names.map((name) => member(name, 'ADMIN')),
    ),
  });

  test('a run that would lower most members changes nothing, unless it is told to', async () => {
    const { keycloak, platform } = await demoting();
    const stopped = await run(keycloak, platform);
    expect(stopped).toMatchObject({ code: 3, summary: { result: 'stopped', counts: { planned: 5, updated: 0 } } });
    expect(platform.writes()).toEqual([]);
    expect(await run(keycloak, platform, { force: true })).toMatchObject({ code: 0, counts: { updated: 5 } });
  });

  test('a higher ratio lets it pass', async () => {
    const { keycloak, platform } = await demoting();
    const env = { SYNC_MAX_CHANGE_RATIO: '0.9' };
    expect(await run(keycloak, platform, { env })).toMatchObject({ code: 0, counts: { updated: 5 } });
  });

  test('a dry run prints what it would do, writes nothing and says so by its exit code only when asked', async () => {
    const keycloak = await keycloakWith([person('a', ['admin', 'Operator']), person('b', ['admin'])]);
    const platform = await platformWith('tracehouse', [member('a', 'VIEWER'), member('b', 'ADMIN')]);
    const { code, plan, summary, logged } = await run(keycloak, platform, { dryRun: true });
    expect(code).toBe(0);
    expect(plan).toEqual([
      {
        action: 'set',
        userId: 'a',
        keycloakId: 'kc-a',
        from: 'VIEWER',
        to: 'ADMIN',
        reason: 'mapped',
        lowers: false,
        roles: ['admin', 'Operator', 'default-roles-matherlynet', 'offline_access'],
      },
    ]);
    expect(summary).toMatchObject({ dryRun: true, counts: { planned: 1, updated: 0, unchanged: 1 } });
    expect(logged).toContain("realm role 'Operator' is not 'operator' of the mapping");
    expect(platform.writes()).toEqual([]);
    expect(platform.reports).toMatchObject([{ dryRun: true }]);
    const env = { SYNC_DRY_RUN: 'true' };
    expect(await run(keycloak, platform, { env, detailedExitCode: true })).toMatchObject({ code: 4 });
    await run(keycloak, platform);
    expect(await run(keycloak, platform, { env, detailedExitCode: true })).toMatchObject({ code: 0, plan: [] });
  });

  test('no line names an address or a secret, and addresses are there when asked', async () => {
    const keycloak = await keycloakWith([person('a', ['admin']), person('b')]);
    const members = [member('a', 'VIEWER'), member('b', 'OWNER')];
    const platform = await platformWith('tracehouse', members);
    const { logged, plan, summary } = await run(keycloak, platform);
    const said = logged + JSON.stringify([plan, summary, platform.reports]);
    expect(said).toContain('role synchronised');
    expect(said).not.toMatch(/example\.com|secret of the client|sk-lf|token-0/);
    const again = await platformWith('tracehouse', members);
    expect((await run(keycloak, again, { env: { LANGFUSE_LOG_LEVEL: 'debug' } })).logged).toContain('a@example.com');
  });

  test('a run that is asked to end finishes its write and begins no other', async () => {
    const stopping = new AbortController();
    const keycloak = await keycloakWith([person('a', ['admin']), person('b', ['admin'])]);
    const platform = await platformWith('tracehouse', [member('a', 'VIEWER'), member('b', 'VIEWER')], {
      answer({ method }) {
        if (method === 'PATCH') stopping.abort(new RunStopped('Stopped by SIGTERM'));
        return undefined;
      },
    });
    const { code, summary } = await run(keycloak, platform, { stopping: stopping.signal });
    expect(code).toBe(2);
    expect(summary).toMatchObject({ message: 'Stopped by SIGTERM', counts: { updated: 1, failed: 1 } });
    expect(platform.roles()).toEqual({ a: 'ADMIN', b: 'VIEWER' });
    expect(platform.reports).toHaveLength(1);
  });

  test('one that is asked to end while it reads writes nothing', async () => {
    const stopping = new AbortController();
    const keycloak = await keycloakWith([person('a', ['admin'])], {
      answer() {
        stopping.abort(new RunStopped('Stopped by SIGTERM'));
        return undefined;
      },
    });
    const platform = await platformWith('tracehouse', [member('a', 'VIEWER')]);
    expect(await run(keycloak, platform, { stopping: stopping.signal })).toMatchObject({
      code: 1,
      summary: { message: 'Stopped by SIGTERM' },
    });
    expect(platform.writes()).toEqual([]);
  });
});

test('only roles assigned directly count where that is asked', async () => {
  const keycloak = await keycloakWith([person('a', ['developer'], { inherited: ['admin'] })]);
  const platform = await platformWith('tracehouse', [member('a', 'VIEWER')]);
  await run(keycloak, platform, { env: { SYNC_ROLE_SOURCE: 'direct' } });
  expect(platform.roles()).toEqual({ a: 'MEMBER' });
});

test('people who share an address, on either side, are left alone and counted', async () => {
  const keycloak = await keycloakWith([
    person('a', ['admin']),
    person('a2', ['operator'], { email: 'A@example.com' }),
    person('b', ['admin']),
  ]);
  const platform = await platformWith('tracehouse', [member('a', 'VIEWER'), member('b', 'VIEWER')]);
  const env = { SYNC_MISSING: 'remove' };
  expect(await run(keycloak, platform, { env })).toMatchObject({
    code: 0,
    counts: { ambiguous: 1, updated: 1, removed: 0 },
  });
  expect(platform.roles()).toEqual({ a: 'VIEWER', b: 'ADMIN' });
});

test('members whom Keycloak does not know, or who are disabled there, can lose their membership', async () => {
  const keycloak = await keycloakWith([person('a', ['admin']), person('off', ['admin'], { enabled: false })]);
  const platform = await platformWith('tracehouse', [
    member('a', 'ADMIN'),
    member('off', 'ADMIN'),
    member('gone', 'ADMIN'),
  ]);
  const env = { SYNC_MISSING: 'remove', SYNC_DISABLED: 'remove' };
  expect(await run(keycloak, platform, { env })).toMatchObject({
    code: 0,
    counts: { removed: 2, missing: 1, disabled: 1 },
  });
  expect(platform.roles()).toEqual({ a: 'ADMIN' });
});

test('a Pushgateway is told of the run', async () => {
  const keycloak = await keycloakWith([person('a', ['admin'])]);
  const platform = await platformWith('tracehouse', [member('a', 'VIEWER')]);
  const gateway = await platformWith('tracehouse', [], { answer: () => ({ status: 200 }) });
  await run(keycloak, platform, { env: { SYNC_PUSHGATEWAY_URL: gateway.url } });
  const [request] = gateway.requests;
  expect(request).toMatchObject({ method: 'PUT', path: '/metrics/job/tracehouse-role-sync' });
  expect(request?.body).toContain('langfuse_role_sync_run{result="success"} 1');
  expect(request?.body).toContain('langfuse_role_sync_users{state="updated"} 1');
});
