import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openScim, PATCH_OP, type Scim, type ScimClient, USER } from './scim-harness.ts';

/*
 * What identity providers send, in their order and spelling, written down from their public documentation (read 2026-11-30), not
 * recorded from a tenant.
 */

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
let scim: Scim;
let acme: ScimClient;
beforeAll(async () => {
  scim = await openScim();
  acme = await scim.client('acme');
});
beforeEach(async () => {
  await scim.empty();
  await acme.member('root@acme.dev', 'OWNER');
});
afterAll(() => scim.close());

const patch = (...Operations: object[]) => ({ schemas: [PATCH_OP], Operations });
const found = (filter: string) => `/Users?filter=${encodeURIComponent(filter)}`;

// learn.microsoft.com/entra/identity/app-provisioning/use-scim-to-provision-users-and-groups, "Understand the SCIM implementation"
test('Entra makes a person, changes, disables, enables and deletes them', async () => {
  const looked = await acme.get(found('userName eq "Test_User_ab6490ee@testuser.com"'));
  expect(looked).toMatchObject({ status: 200, body: { totalResults: 0, Resources: [] } });
  const created = await acme.post('/Users', {
    schemas: [USER, ENTERPRISE],
    externalId: '0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef',
    userName: 'Test_User_ab6490ee@testuser.com',
    active: true,
    emails: [{ primary: true, type: 'work', value: 'Test_User_fd0ea19b@testuser.com' }],
    meta: { resourceType: 'User' },
    name: { formatted: 'givenName familyName', familyName: 'familyName', givenName: 'givenName' },
    roles: [],
    [ENTERPRISE]: { department: 'Engines', manager: '7a1' },
  });
  expect(created).toMatchObject({ status: 201, body: { active: true, name: { familyName: 'familyName' } } });
  const path = `/Users/${created.body.id}`;
  expect(await acme.get(`${path}?`)).toMatchObject({
    status: 200,
    body: { userName: 'test_user_ab6490ee@testuser.com' },
  });

  const changed = await acme.send(
    'PATCH',
    path,
    patch(
      { op: 'Replace', path: 'emails[type eq "work"].value', value: 'updatedEmail@microsoft.com' },
      { op: 'Replace', path: 'name.familyName', value: 'updatedFamilyName' },
      { op: 'Add', path: `${ENTERPRISE}:manager`, value: '7a2' },
      { op: 'Add', path: 'addresses[type eq "work"].country', value: 'NO' },
    ),
  );
  expect(changed).toMatchObject({
    status: 200,
    body: {
      emails: [{ primary: true, type: 'work', value: 'updatedEmail@microsoft.com' }],
      name: { familyName: 'updatedFamilyName', givenName: 'givenName' },
    },
  });
  const renamed = patch({ op: 'Replace', path: 'userName', value: '5b50642d@testuser.com' });
  expect(await acme.send('PATCH', path, renamed)).toMatchObject({ body: { userName: '5b50642d@testuser.com' } });

  expect(await acme.send('PATCH', path, patch({ op: 'Replace', path: 'active', value: 'False' }))).toMatchObject({
    status: 200,
    body: { active: false },
  });
  expect(await acme.get(found('externalId eq "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"'))).toMatchObject({
    body: { totalResults: 1, Resources: [{ active: false }] },
  });
  expect(await acme.send('PATCH', path, patch({ op: 'Add', path: 'active', value: 'True' }))).toMatchObject({
    body: { active: true },
  });
  expect(await acme.delete(path)).toMatchObject({ status: 204 });
});

test('Entra, which sends nothing but a token, sends the pair of keys as one', async () => {
  const ask = (authorization: string) => scim.ask('GET', '/api/public/scim/Users', undefined, { authorization });
  const token = acme.authorization.replace('Basic ', '');
  expect(await ask(`Bearer ${token}`)).toMatchObject({ status: 200, body: { totalResults: 1 } });
  const [publicKey] = Buffer.from(token, 'base64').toString().split(':');
  for (const wrong of [
    publicKey,
    Buffer.from(`${publicKey}:`).toString('base64'),
    Buffer.from(`${publicKey}:sk-lf-x`).toString('base64'),
  ])
    expect(await ask(`Bearer ${wrong}`)).toMatchObject({ status: 401 });
});

test('Entra finds a group by its name and pushes members', async () => {
  const ada = await acme.member('ada@acme.dev', 'NONE');
  const looked = await acme.get(
    `/Groups?excludedAttributes=members&filter=${encodeURIComponent('displayName eq "MEMBER"')}`,
  );
  expect(looked.body.Resources).toEqual([expect.objectContaining({ id: 'MEMBER' })]);
  const push = (op: 'Add' | 'Remove') =>
    acme.send('PATCH', '/Groups/MEMBER', patch({ op, path: 'members', value: [{ $ref: null, value: ada }] }));
  expect(await push('Add')).toMatchObject({ status: 200 });
  expect(
    await acme.get(`/Groups?filter=${encodeURIComponent(`id eq "MEMBER" and members eq "${ada}"`)}`),
  ).toMatchObject({
    body: { totalResults: 1 },
  });
  expect(await push('Remove')).toMatchObject({ status: 200, body: { members: [] } });
});

// developer.okta.com/docs/api/openapi/okta-scim/guides/scim-20
test('Okta makes a person, replaces, deactivates and activates them', async () => {
  expect(await acme.get(`${found('userName eq "test.user@okta.local"')}&startIndex=1&count=100`)).toMatchObject({
    body: { totalResults: 0, startIndex: 1, itemsPerPage: 0 },
  });
  const person = {
    schemas: [USER],
    userName: 'test.user@okta.local',
    name: { givenName: 'Test', familyName: 'User' },
    emails: [{ primary: true, value: 'test.user@okta.local', type: 'work' }],
    displayName: 'Test User',
    locale: 'en-US',
    externalId: '00ujl29u0le5T6Aj10h7',
    groups: [],
    password: '1mz050nq',
    active: true,
  };
  const created = await acme.post('/Users', person);
  expect(created).toMatchObject({ status: 201, body: { externalId: person.externalId, displayName: 'Test User' } });
  const { id } = created.body;
  expect(await acme.post('/Users', person)).toMatchObject({ status: 409 });
  const replaced = {
    ...person,
    id,
    name: { givenName: 'Another', middleName: 'Excited', familyName: 'User' },
    meta: { resourceType: 'User' },
  };
  expect(await acme.put(`/Users/${id}`, replaced)).toMatchObject({
    status: 200,
    body: { name: { givenName: 'Another' } },
  });
  for (const active of [false, true]) {
    const answer = await acme.send('PATCH', `/Users/${id}`, patch({ op: 'replace', value: { active } }));
    expect(answer).toMatchObject({ status: 200, body: { id, active } });
    expect(Object.keys(await scim.roles()).includes('test.user@okta.local')).toBe(active);
  }
});

test('Okta links a group, renames it as it is, and pushes members', async () => {
  const [ada, lin] = [await acme.member('ada@acme.dev', 'ADMIN'), await acme.member('lin@acme.dev', 'NONE')];
  expect(await acme.get('/Groups?startIndex=1&count=100')).toMatchObject({ body: { totalResults: 5 } });
  const named = patch({ op: 'replace', value: { id: 'ADMIN', displayName: 'ADMIN' } });
  expect(await acme.send('PATCH', '/Groups/ADMIN', named)).toMatchObject({ status: 200 });
  const members = patch(
    { op: 'remove', path: `members[value eq "${ada}"]` },
    { op: 'add', path: 'members', value: [{ value: lin, display: 'lin@acme.dev' }] },
  );
  expect(await acme.send('PATCH', '/Groups/ADMIN', members)).toMatchObject({ body: { members: [{ value: lin }] } });
  const all = patch({
    op: 'replace',
    path: 'members',
    value: [
      { value: ada, display: 'a' },
      { value: lin, display: 'l' },
    ],
  });
  expect(await acme.send('PATCH', '/Groups/ADMIN', all)).toMatchObject({
    body: { members: [{ value: ada }, { value: lin }] },
  });
});
