import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openScim, PATCH_OP, ROLE, type Scim, type ScimClient } from './scim-harness.ts';

let scim: Scim;
let acme: ScimClient;
let id: string;
beforeAll(async () => {
  scim = await openScim();
  acme = await scim.client('acme');
});
beforeEach(async () => {
  await scim.empty();
  id = await acme.member('ada@acme.dev', 'MEMBER');
});
afterAll(() => scim.close());

const patch = (...operations: object[]) => acme.patch(`/Users/${id}`, ...operations);
const role = async () => (await scim.roles())['ada@acme.dev'];

// oxfmt-ignore
const deactivations: [string, object][] = [
  ['as the RFC has it',             { op: 'replace', path: 'active', value: false }],
  ['without a path (Okta)',         { op: 'replace', value: { active: false } }],
  ['with capitals and text (Entra)', { op: 'Replace', path: 'active', value: 'False' }],
  ['in any case',                   { op: 'replace', path: 'Active', value: 'false' }],
  ['with the schema in its path',   { op: 'replace', path: 'urn:ietf:params:scim:schemas:core:2.0:User:active', value: false }],
  ['added instead of replaced',     { op: 'Add', path: 'active', value: 'False' }],
];
test.each(deactivations)('a person is deactivated %s: 200, and no member any more', async (_, operation) => {
  expect(await patch(operation)).toMatchObject({ status: 200, body: { id, active: false } });
  expect(await scim.roles()).toEqual({});
});

// oxfmt-ignore
const roleChanges: [string, object][] = [
  ['by path, as upstream writes roles', { op: 'replace', path: 'roles', value: ['ADMIN'] }],
  ['by path, as the RFC writes roles',  { op: 'replace', path: 'roles', value: [{ value: 'ADMIN' }] }],
  ['as one object',                     { op: 'replace', path: 'roles', value: { value: 'admin' } }],
  ['as text',                           { op: 'replace', path: 'roles', value: 'ADMIN' }],
  ['without a path',                    { op: 'replace', value: { roles: ['ADMIN'] } }],
  ['added to the one there is',         { op: 'add', path: 'roles', value: [{ value: 'ADMIN' }] }],
  ['in the extension',                  { op: 'replace', path: `${ROLE}:orgRole`, value: 'ADMIN' }],
  ['in the extension as an object',     { op: 'replace', path: ROLE, value: { orgRole: 'ADMIN' } }],
  ['in the extension without a path',   { op: 'replace', value: { [ROLE]: { orgRole: 'ADMIN' } } }],
  ['by its whole name without a path',  { op: 'replace', value: { [`${ROLE}:orgRole`]: 'ADMIN' } }],
  ['of the primary one (Entra, SingleAppRoleAssignment)',  { op: 'Replace', path: 'roles[primary eq "True"].value', value: 'Admin' }],
  ['in JSON (Entra, AppRoleAssignmentsComplex)',
    { op: 'Add', path: 'roles', value: [{ primary: false, type: 'WindowsAzureActiveDirectoryRole', value: '{"id":"a","value":"Admin","displayName":"Admin"}', display: 'Admin' }] }],
];
test.each(roleChanges)('a role is given %s', async (_, operation) => {
  expect(await patch(operation)).toMatchObject({
    status: 200,
    body: { roles: [{ value: 'ADMIN' }], [ROLE]: { orgRole: 'ADMIN' } },
  });
  expect(await role()).toBe('ADMIN');
});

test.each([
  { op: 'remove', path: 'roles' },
  { op: 'Remove', path: 'roles[value eq "MEMBER"]' },
  { op: 'replace', path: 'roles', value: [] },
  { op: 'replace', path: `${ROLE}:orgRole`, value: null },
])('a role that is taken leaves a member without rights: %j', async (operation) => {
  expect(await patch(operation)).toMatchObject({
    status: 200,
    body: { active: true, roles: [], [ROLE]: { orgRole: 'NONE' } },
  });
  expect(await role()).toBe('NONE');
});

describe('what is said of a person', () => {
  test('changes by path, in parts and by what a filter finds', async () => {
    await patch({ op: 'Add', path: 'name.givenName', value: 'Ada' }, { op: 'add', value: { 'name.familyName': 'L' } });
    await patch({ op: 'Replace', path: 'emails[type eq "work"].value', value: 'ada@new.dev' });
    await patch({ op: 'Add', path: 'emails[type eq "home"].value', value: 'ada@home.dev' });
    await patch({ op: 'replace', path: 'urn:ietf:params:scim:schemas:core:2.0:User:displayName', value: 'Ada' });
    expect((await acme.get(`/Users/${id}`)).body).toMatchObject({
      name: { givenName: 'Ada', familyName: 'L' },
      displayName: 'Ada',
    });
    expect((await acme.get(`/Users/${id}`)).body.emails).toEqual([
      { primary: true, value: 'ada@new.dev', type: 'work' },
      { type: 'home', value: 'ada@home.dev' },
    ]);
  });

  test('of an e-mail, one that a filter finds is changed in its place', async () => {
    const emails = [
      { value: 'ada@acme.dev', type: 'work', primary: true },
      { value: 'ada@home.dev', type: 'home' },
    ];
    await patch({ op: 'replace', path: 'emails', value: emails });
    await patch({ op: 'Replace', path: 'Emails[Type eq "work"].Value', value: 'ada@new.dev' });
    expect((await acme.get(`/Users/${id}`)).body.emails).toEqual([{ ...emails[0], value: 'ada@new.dev' }, emails[1]]);
    expect(await patch({ op: 'remove', path: 'emails[type eq "home"]' })).toMatchObject({ status: 200 });
    expect((await acme.get(`/Users/${id}`)).body.emails).toEqual([{ ...emails[0], value: 'ada@new.dev' }]);
  });

  test('and is not kept is passed over', async () => {
    const before = await scim.audit();
    expect(
      await patch(
        { op: 'Replace', path: 'title', value: 'Countess' },
        { op: 'Add', path: 'phoneNumbers[type eq "work"].value', value: '1' },
        { op: 'Add', path: 'addresses[type eq "work"].locality', value: 'London' },
        { op: 'Add', path: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department', value: 'Engines' },
        { op: 'replace', value: { password: 'secret', 'name.middleName': 'X' } },
      ),
    ).toMatchObject({ status: 200 });
    expect(await scim.audit()).toEqual(before);
  });
});

test('operations of one request are done together or not at all', async () => {
  const answer = await patch(
    { op: 'replace', path: 'displayName', value: 'Ada' },
    { op: 'replace', path: 'roles', value: ['ADMIN'] },
    { op: 'replace', path: 'nothing', value: 1 },
  );
  expect(answer).toMatchObject({ status: 400, body: { scimType: 'invalidPath' } });
  expect(await role()).toBe('MEMBER');
  expect((await acme.get(`/Users/${id}`)).body).not.toHaveProperty('displayName');
});

// oxfmt-ignore
const refused: [object, string][] = [
  [{ op: 'move', path: 'active', value: false },        'invalidSyntax'],
  [{ op: 'replace', path: 'active', value: 'perhaps' }, 'invalidValue'],
  [{ op: 'replace', path: 'active' },                   'invalidValue'],
  [{ op: 'replace', path: 'active.x', value: true },    'invalidPath'],
  [{ op: 'replace', path: 'roles', value: ['KING'] },   'invalidValue'],
  [{ op: 'replace', path: 'displayName', value: {} },   'invalidValue'],
  [{ op: 'replace', path: 'displayName', value: 'x'.repeat(1001) }, 'invalidValue'],
  [{ op: 'replace', path: 'emails', value: [{ value: 7 }] },        'invalidValue'],
  [{ op: 'add', path: 'emails', value: [{ type: 'work' }] },        'invalidValue'],
  [{ op: 'replace', path: 'emails[type eq].value', value: 'x' },    'invalidFilter'],
  [{ op: 'replace', path: 'name[formatted eq "x"].givenName', value: 'x' }, 'invalidPath'],
  [{ op: 'remove' },                                    'noTarget'],
  [{ op: 'remove', path: 'userName' },                  'invalidValue'],
  [{ op: 'replace', path: 'id', value: 'x' },           'mutability'],
  [{ op: 'replace', value: 'false' },                   'invalidValue'],
  [{ op: 'replace', value: null },                      'invalidValue'],
  [{ op: 'replace', path: 'urn:ietf:params:scim:schemas:extension:langfuse:2.0:User:projectRole', value: 'x' }, 'invalidPath'],
];
test.each(refused)('%j is refused as %s', async (operation, scimType) => {
  const before = await scim.audit();
  expect(await patch(operation)).toMatchObject({ status: 400, body: { scimType, detail: expect.any(String) } });
  expect(await scim.audit()).toEqual(before);
});

test('more operations or values than a provider has use for are refused', async () => {
  const many = (count: number) => Array.from({ length: count }, (_, n) => ({ value: `a${n}@x.dev` }));
  const replace = { op: 'replace', path: 'displayName', value: 'Ada' };
  expect(await patch(...Array.from({ length: 101 }, () => replace))).toMatchObject({ status: 400 });
  expect(await patch({ op: 'add', path: 'emails', value: many(21) })).toMatchObject({ status: 400 });
  expect(
    await patch({ op: 'add', path: 'emails', value: many(15) }, { op: 'add', path: 'emails', value: many(15) }),
  ).toMatchObject({
    status: 400,
  });
  expect((await acme.get(`/Users/${id}`)).body.emails).toHaveLength(1);
});

test('a body that is no PatchOp, or has no operations, is refused', async () => {
  for (const body of [
    {},
    [],
    { Operations: [{ op: 'replace', value: { active: false } }] },
    { schemas: [PATCH_OP], Operations: [] },
  ])
    expect(await acme.send('PATCH', `/Users/${id}`, body)).toMatchObject({ status: 400, body: { status: 400 } });
  expect(await role()).toBe('MEMBER');
});

describe('names that every object has', () => {
  const hostile = [
    '__proto__',
    'constructor',
    'toString.x',
    '__proto__.polluted',
    'constructor.prototype.polluted',
    'name.__proto__',
  ];
  const more = [
    `${ROLE}:__proto__`,
    'emails[__proto__ eq "x"].value',
    'emails[type eq "work"].__proto__',
    'roles.constructor',
  ];
  test.each([...hostile, ...more])('%s as a path is refused and changes no other object', async (path) => {
    for (const op of ['add', 'replace', 'remove'])
      expect(await patch({ op, path, value: { polluted: true } })).toMatchObject({ status: 400 });
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test.each([
    '{"__proto__":{"polluted":true}}',
    '{"constructor":{"prototype":{"polluted":true}}}',
    '{"name":{"__proto__":{"polluted":true}}}',
    '{"name":{"constructor":{"polluted":true}}}',
    '{"emails":[{"value":"a@x.dev","__proto__":{"polluted":true}}]}',
  ])('%s as a value is refused and changes no other object', async (value) => {
    const body = `{"schemas":["${PATCH_OP}"],"Operations":[{"op":"add","value":${value}}]}`;
    expect(await acme.send('PATCH', `/Users/${id}`, body)).toMatchObject({ status: 400 });
    expect(
      await acme.send(
        'PUT',
        `/Users/${id}`,
        `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],${value.slice(1)}`,
      ),
    ).toMatchObject({
      status: expect.any(Number),
    });
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
