import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openScim, PATCH_OP, ROLE, type Scim, type ScimClient } from './scim-harness.ts';

const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
let scim: Scim;
let acme: ScimClient;
let other: ScimClient;
let ada: string;
let lin: string;
beforeAll(async () => {
  scim = await openScim();
  [acme, other] = [await scim.client('acme'), await scim.client('other')];
});
beforeEach(async () => {
  await scim.empty();
  await acme.member('root@acme.dev', 'OWNER');
  [ada, lin] = [await acme.member('ada@acme.dev', 'MEMBER'), await acme.member('lin@acme.dev', 'VIEWER')];
});
afterAll(() => scim.close());

const patch = (role: string, ...operations: object[]) => acme.patch(`/Groups/${role}`, ...operations);
const members = async (role: string): Promise<string[]> =>
  ((await acme.get(`/Groups/${role}`)).body.members as { display: string }[]).map(({ display }) => display);
const found = async (filter: string): Promise<string[]> =>
  ((await acme.get(`/Groups?filter=${encodeURIComponent(filter)}`)).body.Resources as { id: string }[]).map(
    ({ id }) => id,
  );

describe('reading', () => {
  test('each role is a group of those who have it', async () => {
    expect((await acme.get('/Groups')).body).toMatchObject({
      totalResults: 5,
      startIndex: 1,
      itemsPerPage: 5,
      Resources: ['OWNER', 'ADMIN', 'MEMBER', 'VIEWER', 'NONE'].map((id) => ({
        schemas: [GROUP],
        id,
        displayName: id,
      })),
    });
    expect((await acme.get('/Groups/MEMBER')).body).toMatchObject({
      members: [
        {
          value: ada,
          display: 'ada@acme.dev',
          type: 'User',
          $ref: `https://traces.acme.dev/api/public/scim/Users/${ada}`,
        },
      ],
      meta: { resourceType: 'Group', location: 'https://traces.acme.dev/api/public/scim/Groups/MEMBER' },
    });
    expect(await acme.get('/Groups/KING')).toMatchObject({ status: 404, body: { detail: 'Group not found' } });
  });

  test('groups are found by name and by member, and shown without members where these are not asked for', async () => {
    expect(await found('displayName eq "Admin"')).toEqual(['ADMIN']);
    expect(await found(`members eq "${ada}"`)).toEqual(['MEMBER']);
    expect(await found(`id eq "VIEWER" and members.value eq "${lin}"`)).toEqual(['VIEWER']);
    expect(await found(`id eq "ADMIN" and members[value eq "${lin}"]`)).toEqual([]);
    const { body } = await acme.get('/Groups?excludedAttributes=members&count=1&startIndex=3');
    expect(body).toMatchObject({ totalResults: 5, itemsPerPage: 1, Resources: [{ id: 'MEMBER' }] });
    expect(body.Resources[0]).not.toHaveProperty('members');
    expect(await acme.get(`/Groups?filter=${encodeURIComponent('owner eq "x"')}`)).toMatchObject({ status: 400 });
  });
});

describe('members', () => {
  test('are added, and leave the role they had', async () => {
    expect(
      await patch('ADMIN', { op: 'add', path: 'members', value: [{ value: ada }, { value: lin, display: 'L' }] }),
    ).toMatchObject({
      status: 200,
      body: { id: 'ADMIN', members: [{ value: ada }, { value: lin }] },
    });
    expect(await scim.roles()).toMatchObject({ 'ada@acme.dev': 'ADMIN', 'lin@acme.dev': 'ADMIN' });
    expect(await members('MEMBER')).toEqual([]);
  });

  // oxfmt-ignore
  test.each<[string, (id: string) => object]>([
    ['by a filter, as the RFC and Okta write it', (id) => ({ op: 'remove', path: `members[value eq "${id}"]` })],
    ['by value, as Entra writes it',              (id) => ({ op: 'Remove', path: 'members', value: [{ value: id }] })],
    ['all at once',                               () => ({ op: 'remove', path: 'members' })],
    ['by a list without them',                    () => ({ op: 'replace', path: 'members', value: [] })],
    ['by a list without a path',                  () => ({ op: 'replace', value: { members: [] } })],
  ])('are taken out %s, and stay without rights', async (_, operation) => {
    expect(await patch('MEMBER', operation(ada))).toMatchObject({ status: 200, body: { members: [] } });
    expect(await scim.roles()).toMatchObject({ 'ada@acme.dev': 'NONE', 'lin@acme.dev': 'VIEWER' });
    expect(await members('NONE')).toEqual(['ada@acme.dev']);
  });

  test('who moves is in the new group, whichever of the two is told first', async () => {
    await patch('ADMIN', { op: 'add', path: 'members', value: [{ value: ada }] });
    await patch('MEMBER', { op: 'remove', path: `members[value eq "${ada}"]` });
    await patch('VIEWER', { op: 'remove', path: `members[value eq "${lin}"]` });
    await patch('ADMIN', { op: 'add', value: { members: [{ value: lin }] } });
    expect(await members('ADMIN')).toEqual(['ada@acme.dev', 'lin@acme.dev']);
  });

  test('are replaced as a whole by PUT; without a list they stay', async () => {
    const put = (body: object) => acme.put('/Groups/MEMBER', { schemas: [GROUP], displayName: 'Member', ...body });
    expect(await put({})).toMatchObject({ status: 200, body: { members: [{ value: ada }] } });
    expect(await put({ members: [{ value: lin }] })).toMatchObject({
      status: 200,
      body: { members: [{ value: lin }] },
    });
    expect(await scim.roles()).toMatchObject({ 'ada@acme.dev': 'NONE', 'lin@acme.dev': 'MEMBER' });
  });

  test('who is deactivated is in no group; added to one, they have that role when they come back', async () => {
    await acme.patch(`/Users/${ada}`, { op: 'replace', path: 'active', value: false });
    expect(await members('MEMBER')).toEqual([]);
    expect(await patch('ADMIN', { op: 'add', path: 'members', value: [{ value: ada }] })).toMatchObject({
      status: 200,
    });
    expect(await scim.roles()).not.toHaveProperty('ada@acme.dev');
    await acme.patch(`/Users/${ada}`, { op: 'replace', path: 'active', value: true });
    expect(await scim.roles()).toMatchObject({ 'ada@acme.dev': 'ADMIN' });
  });

  test('no change is 200 and not in the audit log; a change is one line', async () => {
    const before = await scim.audit();
    expect(await patch('MEMBER', { op: 'add', path: 'members', value: [{ value: ada }] })).toMatchObject({
      status: 200,
    });
    expect(await patch('MEMBER', { op: 'replace', path: 'members', value: [{ value: ada }] })).toMatchObject({
      status: 200,
    });
    expect(
      await patch('MEMBER', { op: 'replace', value: { id: 'x', displayName: 'Member', externalId: 'y' } }),
    ).toMatchObject({
      status: 200,
    });
    expect(await scim.audit()).toEqual(before);
    await patch('ADMIN', { op: 'add', path: 'members', value: [{ value: ada }] });
    expect(await scim.audit()).toHaveLength(before.length + 1);
  });
});

describe('refused', () => {
  test('all of a change, when it would take the last owner', async () => {
    const [{ value: root }] = (await acme.get('/Groups/OWNER')).body.members;
    expect(await acme.put('/Groups/OWNER', { members: [] })).toMatchObject({ status: 403 });
    expect(
      await patch('VIEWER', { op: 'add', path: 'members', value: [{ value: ada }, { value: root }] }),
    ).toMatchObject({
      status: 403,
    });
    expect(await scim.roles()).toMatchObject({ 'root@acme.dev': 'OWNER', 'ada@acme.dev': 'MEMBER' });
    expect(await acme.put('/Groups/OWNER', { members: [{ value: ada }] })).toMatchObject({ status: 200 });
    expect(await scim.roles()).toMatchObject({ 'root@acme.dev': 'NONE', 'ada@acme.dev': 'OWNER' });
  });

  test('somebody of another organization, or nobody', async () => {
    const theirs = await other.member('eve@other.dev', 'VIEWER');
    for (const value of [theirs, 'nobody']) {
      const answer = await patch('ADMIN', { op: 'add', path: 'members', value: [{ value: ada }, { value }] });
      expect(answer).toMatchObject({
        status: 400,
        body: { scimType: 'invalidValue', detail: `There is no user '${value}'` },
      });
    }
    expect(await scim.roles()).toMatchObject({ 'ada@acme.dev': 'MEMBER' });
    expect(await scim.roles('other')).toEqual({ 'eve@other.dev': 'VIEWER' });
  });

  test('to make, rename or remove a group', async () => {
    expect(await acme.post('/Groups', { displayName: 'admin' })).toMatchObject({
      status: 409,
      body: { scimType: 'uniqueness' },
    });
    expect(await acme.post('/Groups', { displayName: 'Kings' })).toMatchObject({
      status: 400,
      body: { scimType: 'invalidValue' },
    });
    expect(await acme.delete('/Groups/ADMIN')).toMatchObject({ status: 405, body: { detail: 'Method not allowed' } });
    expect(await acme.put('/Groups/ADMIN', { displayName: 'Kings' })).toMatchObject({
      status: 400,
      body: { scimType: 'mutability' },
    });
  });

  // oxfmt-ignore
  test.each<[object, string]>([
    [{ op: 'add', path: 'owners', value: [] },                     'invalidPath'],
    [{ op: 'add', path: '__proto__', value: {} },                  'invalidPath'],
    [{ op: 'add', path: 'constructor.prototype', value: {} },      'invalidPath'],
    [{ op: 'add', path: 'members[value eq "x"]', value: 'y' },     'invalidPath'],
    [{ op: 'remove', path: 'members[type eq "User"]' },            'invalidFilter'],
    [{ op: 'remove', path: 'members[__proto__ eq "x"]' },          'invalidFilter'],
    [{ op: 'remove', path: 'members[value eq]' },             'invalidFilter'],
    [{ op: 'add', path: 'members', value: [7] },                   'invalidValue'],
    [{ op: 'replace', path: 'displayName', value: 'Kings' },       'mutability'],
    [{ op: 'remove' },                                             'noTarget'],
  ])('%j as %s', async (operation, scimType) => {
    expect(await patch('MEMBER', operation)).toMatchObject({ status: 400, body: { scimType } });
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(await members('MEMBER')).toEqual(['ada@acme.dev']);
  });
});

test('a role that is given one way shows in the other', async () => {
  await acme.patch(`/Users/${ada}`, { op: 'replace', path: `${ROLE}:orgRole`, value: 'ADMIN' });
  expect(await members('ADMIN')).toEqual(['ada@acme.dev']);
  expect(
    await acme.send('PATCH', '/Groups/VIEWER', {
      schemas: [PATCH_OP],
      Operations: [{ op: 'add', path: 'members', value: ada }],
    }),
  ).toMatchObject({ status: 200 });
  expect((await acme.get(`/Users/${ada}`)).body[ROLE]).toEqual({ orgRole: 'VIEWER' });
});
