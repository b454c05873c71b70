import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sql } from '../../stores/postgres/sql.ts';
import { openScim, ROLE, type Scim, type ScimClient, USER } from './scim-harness.ts';

let scim: Scim;
let acme: ScimClient;
let other: ScimClient;
beforeAll(async () => {
  scim = await openScim();
  [acme, other] = [await scim.client('acme'), await scim.client('other')];
});
beforeEach(() => scim.empty());
afterAll(() => scim.close());

const ada = { schemas: [USER], userName: 'Ada@Acme.dev', name: { formatted: 'Ada Lovelace' } };
const error = (status: number, detail: string) => ({
  status,
  body: { schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status, detail },
});

describe('who may ask', () => {
  test('without a key, with a wrong one and with the key of a project nothing is answered, in the form of SCIM', async () => {
    const nobody = await scim.ask('GET', '/api/public/scim/Users', undefined, {});
    expect(nobody).toMatchObject(error(401, 'No authorization header'));
    const wrong = { authorization: `Basic ${Buffer.from('pk-lf-1:sk-lf-1').toString('base64')}` };
    expect(await scim.ask('GET', '/api/public/scim/Users', undefined, wrong)).toMatchObject({ status: 401 });
  });

  test('a method that a path does not know is 405, a path that is not there 404, each in the form of SCIM', async () => {
    expect(await acme.post('/ServiceProviderConfig', {})).toMatchObject(error(405, 'Method not allowed'));
    expect(await acme.patch('/Users')).toMatchObject(error(405, 'Method not allowed'));
    expect(await acme.get('/Nothing')).toMatchObject({ status: 404, body: { status: 404 } });
  });
});

test('a client that puts the paths of resource types behind the address of SCIM, as the RFC has it, is served', async () => {
  const [{ endpoint }] = (await acme.get('/ResourceTypes')).body.Resources;
  expect(await acme.get(endpoint)).toMatchObject({ status: 200, body: { totalResults: 0 } });
});

test('what our SCIM can do is said as upstream says it, and PATCH', async () => {
  expect((await acme.get('/ServiceProviderConfig')).body).toMatchObject({
    patch: { supported: true },
    filter: { supported: true, maxResults: 100 },
    meta: { location: '/api/public/scim/ServiceProviderConfig' },
  });
  const types = await acme.get('/ResourceTypes');
  expect(types.body).toMatchObject({
    totalResults: 1,
    Resources: [{ id: 'User', endpoint: '/api/public/scim/Users' }],
  });
  expect((await acme.get('/ResourceTypes/User')).body).toEqual(types.body.Resources[0]);
  for (const { id } of (await acme.get('/Schemas')).body.Resources)
    expect(await acme.get(`/Schemas/${id}`)).toMatchObject({ status: 200, body: { id } });
  expect(await acme.get('/Schemas/none')).toMatchObject({ status: 404 });
});

describe('a new person', () => {
  test('becomes a member without rights, unless a role is said', async () => {
    const created = await acme.post('/Users', ada);
    expect(created).toMatchObject({
      status: 201,
      body: {
        schemas: [USER, ROLE],
        id: expect.any(String),
        userName: 'ada@acme.dev',
        name: { formatted: 'Ada Lovelace' },
        active: true,
        roles: [],
        [ROLE]: { orgRole: 'NONE' },
        meta: { resourceType: 'User', created: expect.any(String), lastModified: expect.any(String) },
      },
    });
    expect(created.headers['location']).toBe(`https://traces.acme.dev/api/public/scim/Users/${created.body.id}`);
    expect(created.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(await acme.post('/Users', { userName: 'lin@acme.dev', roles: ['ADMIN', 'VIEWER'] })).toMatchObject({
      status: 201,
    });
    expect(await acme.post('/Users', { userName: 'eve@acme.dev', [ROLE]: { orgRole: 'viewer' } })).toMatchObject({
      status: 201,
    });
    expect(await scim.roles()).toEqual({ 'ada@acme.dev': 'NONE', 'lin@acme.dev': 'ADMIN', 'eve@acme.dev': 'VIEWER' });
    expect(await scim.roles('other')).toEqual({});
  });

  test('has an account with the address in lower case, no password and no proof of it', async () => {
    await acme.post('/Users', { ...ada, password: 'ignored' });
    expect(await scim.postgres.rows(sql`SELECT email, name, password_hash, email_verified_at FROM users`)).toEqual([
      { email: 'ada@acme.dev', name: 'Ada Lovelace', password_hash: null, email_verified_at: null },
    ]);
  });

  test('whose name is no address is known by the e-mail that is said', async () => {
    await acme.post('/Users', {
      userName: 'ada',
      emails: [{ value: 'home@x.dev' }, { value: 'Ada@Acme.dev', primary: true }],
    });
    await acme.post('/Users', { userName: 'lin' });
    expect(Object.keys(await scim.roles())).toEqual(['ada@acme.dev', expect.stringMatching(/@scim\.invalid$/)]);
    expect((await acme.get('/Users')).body.Resources).toMatchObject([{ userName: 'ada' }, { userName: 'lin' }]);
  });

  test('without a name, with a role there is not, or in a body that is no JSON is refused', async () => {
    expect(await acme.post('/Users', {})).toMatchObject(error(400, 'userName is required'));
    expect(await acme.post('/Users', { ...ada, roles: ['KING'] })).toMatchObject({
      status: 400,
      body: { scimType: 'invalidValue' },
    });
    expect(await acme.post('/Users', '{')).toMatchObject(error(400, 'Invalid JSON body'));
    expect(await acme.post('/Users', { userName: 'a'.repeat(1001) })).toMatchObject({ status: 400 });
    expect(await scim.roles()).toEqual({});
  });

  test('who is there already is 409, by name in any case and by address', async () => {
    await acme.post('/Users', ada);
    expect(await acme.post('/Users', { userName: 'ADA@acme.dev' })).toMatchObject({
      ...error(409, 'User with this userName already exists'),
      body: { scimType: 'uniqueness' },
    });
    expect(await acme.post('/Users', { userName: 'al', emails: [{ value: 'ada@acme.dev' }] })).toMatchObject({
      status: 409,
    });
  });

  test('made twice at once is one', async () => {
    const answers = await Promise.all([acme.post('/Users', ada), acme.post('/Users', ada)]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409]);
  });
});

describe('an account that is there', () => {
  test('of another organization becomes a member too, and no answer tells that it was there', async () => {
    const id = await other.member('ada@acme.dev');
    await scim.postgres.rows(sql`UPDATE users SET name = 'A name of theirs'`);
    const created = await acme.post('/Users', { userName: 'ada@acme.dev' });
    const fresh = await acme.post('/Users', { userName: 'new@acme.dev' });
    expect(created).toMatchObject({ status: 201, body: { id, name: {} } });
    const without = ({ body }: typeof created) => ({ ...body, id: '', userName: '', emails: '', meta: '' });
    expect(without(created)).toEqual(without(fresh));
    expect(Object.keys(created.body.meta)).toEqual(Object.keys(fresh.body.meta));
    expect(created.body.meta.created).toBe(fresh.body.meta.created);
    expect(await scim.postgres.rows(sql`SELECT name FROM users WHERE id = ${id}`)).toEqual([
      { name: 'A name of theirs' },
    ]);
  });

  test('is not seen, changed or told of by the key of an organization it does not belong to', async () => {
    const id = await other.member('ada@acme.dev', 'ADMIN');
    for (const ask of [
      acme.get(`/Users/${id}`),
      acme.put(`/Users/${id}`, { schemas: [USER], active: true, roles: ['OWNER'] }),
      acme.put(`/Users/${id}`, { schemas: [USER], active: false }),
      acme.patch(`/Users/${id}`, { op: 'replace', path: 'active', value: true }),
    ])
      expect(await ask).toMatchObject(error(404, 'User not found'));
    const [theirs, nobody] = [await acme.delete(`/Users/${id}`), await acme.delete('/Users/none')];
    expect([theirs.status, nobody.status]).toEqual([204, 204]);
    expect(await acme.named('userName pr')).toEqual([]);
    expect(await scim.roles('other')).toEqual({ 'ada@acme.dev': 'ADMIN' });
  });
});

describe('an address that a stranger may have signed up with', () => {
  const strange = (tx: Parameters<Scim['newUsers']['create']>[0]) =>
    scim.newUsers.create(tx, { email: 'ada@acme.dev', name: null, passwordHash: 'theirs', isVerified: false });

  test('gives its account no role before it is proved; the answers say nothing of that', async () => {
    await scim.postgres.transaction(strange);
    const created = await acme.post('/Users', { userName: 'ada@acme.dev', roles: ['ADMIN'] });
    expect(created).toMatchObject({ status: 201, body: { active: true, [ROLE]: { orgRole: 'ADMIN' } } });
    expect(await acme.post('/Users', { userName: 'ada@acme.dev' })).toMatchObject({ status: 409 });
    const { id } = created.body;
    expect(await acme.patch(`/Users/${id}`, { op: 'replace', path: 'roles', value: ['VIEWER'] })).toMatchObject({
      body: { active: true, [ROLE]: { orgRole: 'VIEWER' } },
    });
    expect(await scim.roles()).toEqual({});

    await scim.postgres.transaction((tx) => scim.newUsers.prove(tx, { userId: id, through: 'mailbox' }));
    expect(await scim.roles()).toEqual({ 'ada@acme.dev': 'VIEWER' });
    expect((await acme.get(`/Users/${id}`)).body).toMatchObject({ active: true, [ROLE]: { orgRole: 'VIEWER' } });
  });

  test('or come with from a provider that does not vouch for it: the same', async () => {
    const account = (await scim.postgres.transaction((tx) =>
      scim.newUsers.create(tx, { email: 'ada@acme.dev', name: null, passwordHash: null, isVerified: false }),
    ))!;
    await scim.postgres.rows(sql`
      INSERT INTO identities (issuer, subject, user_id, provider, email_verified, created_at, last_login_at)
      VALUES ('https://id.strange.dev', 's', ${account.userId}, 'custom', false, ${scim.clock.now()}, ${scim.clock.now()})`);
    expect(await acme.post('/Users', { userName: 'ada@acme.dev', roles: ['ADMIN'] })).toMatchObject({ status: 201 });
    expect(await scim.roles()).toEqual({});
  });

  test('gives none either when it was deactivated meanwhile', async () => {
    await scim.postgres.transaction(strange);
    const { id } = (await acme.post('/Users', { userName: 'ada@acme.dev', roles: ['ADMIN'] })).body;
    await acme.patch(`/Users/${id}`, { op: 'replace', path: 'active', value: false });
    await scim.postgres.transaction((tx) => scim.newUsers.prove(tx, { userId: id, through: 'mailbox' }));
    expect(await scim.roles()).toEqual({});
  });
});

describe('externalId', () => {
  const linked = (userId: string, at: Date) =>
    scim.postgres.rows(sql`
      INSERT INTO identities (issuer, subject, user_id, provider, email_verified, created_at, last_login_at)
      VALUES ('https://id.acme.dev', ${`subject of ${userId}`}, ${userId}, 'keycloak', true, ${at}, ${at})`);
  const shown = async (id: string) => (await acme.get(`/Users/${id}`)).body.externalId as string | undefined;

  test('is the subject of the linked account, until the client says another', async () => {
    const id = await acme.member('ada@acme.dev');
    await linked(id, scim.clock.now());
    expect(await shown(id)).toBe(`subject of ${id}`);
    expect(await acme.named(`externalId eq "subject of ${id}"`)).toEqual(['ada@acme.dev']);
    await acme.patch(`/Users/${id}`, { op: 'replace', path: 'displayName', value: 'Ada' });
    await scim.postgres.rows(sql`UPDATE identities SET subject = 'another'`);
    expect(await shown(id)).toBe('another');
    await acme.patch(`/Users/${id}`, { op: 'replace', path: 'externalId', value: 'e-1' });
    expect(await shown(id)).toBe('e-1');
  });

  test('does not tell how somebody signed in before this organization knew them, or once it does not any more', async () => {
    const id = await other.member('ada@acme.dev');
    await scim.postgres.rows(sql`UPDATE users SET email_verified_at = ${scim.clock.now()}`);
    await linked(id, new Date(scim.clock.now().getTime() - 1000));
    await acme.post('/Users', { userName: 'ada@acme.dev' });
    expect(await shown(id)).toBeUndefined();
    await scim.postgres.rows(sql`UPDATE identities SET last_login_at = ${scim.clock.now()}`);
    expect(await shown(id)).toBe(`subject of ${id}`);
    await acme.patch(`/Users/${id}`, { op: 'replace', path: 'active', value: false });
    expect(await shown(id)).toBeUndefined();
  });
});

describe('the list', () => {
  beforeEach(async () => {
    for (const name of ['a', 'b', 'c']) await acme.member(`${name}@acme.dev`, name === 'a' ? 'OWNER' : 'VIEWER');
  });

  test('comes in pages, from 1, up to what there is', async () => {
    expect((await acme.get('/Users')).body).toMatchObject({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
      totalResults: 3,
      startIndex: 1,
      itemsPerPage: 3,
    });
    const page = (await acme.get('/Users?startIndex=2&count=1')).body;
    expect(page).toMatchObject({
      totalResults: 3,
      startIndex: 2,
      itemsPerPage: 1,
      Resources: [{ userName: 'b@acme.dev' }],
    });
    expect((await acme.get('/Users?startIndex=-5&count=0')).body).toMatchObject({
      totalResults: 3,
      startIndex: 1,
      Resources: [],
    });
    expect((await acme.get('/Users?startIndex=9')).body).toMatchObject({ totalResults: 3, Resources: [] });
    expect(await acme.get('/Users?count=many')).toMatchObject({ status: 400, body: { scimType: 'invalidValue' } });
  });

  test('is searched by POST too', async () => {
    const body = { filter: 'userName sw "b"', attributes: ['active'], count: 5 };
    for (const path of ['/Users/.search', '/.search']) {
      expect((await acme.post(path, body)).body.Resources).toEqual([
        { schemas: [USER, ROLE], id: expect.any(String), userName: 'b@acme.dev', active: true },
      ]);
    }
    expect(await acme.get('/Users/.search')).toMatchObject({ status: 405 });
  });

  test('shows the attributes that are asked for', async () => {
    const [first] = (await acme.get('/Users?attributes=emails.value,urn:ietf:params:scim:schemas:core:2.0:User:active'))
      .body.Resources;
    expect(Object.keys(first)).toEqual(['schemas', 'id', 'userName', 'emails', 'active']);
    const [second] = (await acme.get('/Users?excludedAttributes=Emails,meta')).body.Resources;
    expect(second).not.toHaveProperty('emails');
    expect(second).toMatchObject({ active: true });
  });

  test('shows members who came another way', async () => {
    await scim.postgres.rows(sql`UPDATE scim_users SET user_name = 'renamed' WHERE user_name = 'b@acme.dev'`);
    await scim.postgres.rows(sql`DELETE FROM scim_users WHERE user_name = 'c@acme.dev'`);
    expect((await acme.get('/Users')).body.Resources).toMatchObject([
      { userName: 'a@acme.dev' },
      { userName: 'renamed' },
      { userName: 'c@acme.dev', emails: [{ primary: true, value: 'c@acme.dev', type: 'work' }], active: true },
    ]);
  });
});

describe('replacing (PUT)', () => {
  const put = (id: string, body: object) => acme.put(`/Users/${id}`, { schemas: [USER], ...body });

  test('gives the role that is said, and leaves it where none is', async () => {
    const id = await acme.member('ada@acme.dev', 'MEMBER');
    expect(await put(id, { active: true, roles: ['ADMIN'] })).toMatchObject({
      status: 200,
      body: { id, userName: 'ada@acme.dev' },
    });
    expect(await put(id, { active: true })).toMatchObject({ status: 200 });
    expect(await scim.roles()).toEqual({ 'ada@acme.dev': 'ADMIN' });
  });

  test('with active: false ends the membership, with active: true it begins again in its role', async () => {
    await acme.member('lin@acme.dev', 'OWNER');
    const id = await acme.member('ada@acme.dev', 'ADMIN');
    expect(await put(id, { active: false })).toMatchObject({ status: 200, body: { active: false } });
    expect(await scim.roles()).toEqual({ 'lin@acme.dev': 'OWNER' });
    expect(await acme.get(`/Users/${id}`)).toMatchObject({ status: 200, body: { active: false } });
    expect(await acme.named('active eq false')).toEqual(['ada@acme.dev']);
    expect(await put(id, { active: true })).toMatchObject({ status: 200, body: { active: true } });
    expect(await scim.roles()).toMatchObject({ 'ada@acme.dev': 'ADMIN' });
  });

  test('a resource that was read can be sent back with another role in either place', async () => {
    const id = await acme.member('ada@acme.dev', 'VIEWER');
    const { body } = await acme.get(`/Users/${id}`);
    await acme.put(`/Users/${id}`, { ...body, roles: [{ value: 'MEMBER' }] });
    expect(await scim.roles()).toEqual({ 'ada@acme.dev': 'MEMBER' });
    await acme.put(`/Users/${id}`, { ...(await acme.get(`/Users/${id}`)).body, [ROLE]: { orgRole: 'ADMIN' } });
    expect(await scim.roles()).toEqual({ 'ada@acme.dev': 'ADMIN' });
  });

  test('keeps what is said of a person in the own record: the account stays', async () => {
    const id = await acme.member('ada@acme.dev');
    const names = {
      userName: 'ada.l',
      externalId: 'e-1',
      displayName: 'Ada',
      name: { givenName: 'Ada' },
      emails: [{ value: 'a@x.dev' }],
    };
    expect(await put(id, names)).toMatchObject({ status: 200, body: names });
    expect(await acme.named('externalId eq "e-1"')).toEqual(['ada.l']);
    expect(await scim.postgres.rows(sql`SELECT email, name FROM users`)).toEqual([
      { email: 'ada@acme.dev', name: null },
    ]);
    await acme.member('lin@acme.dev');
    expect(await put(id, { userName: 'LIN@acme.dev' })).toMatchObject({
      status: 409,
      body: { scimType: 'uniqueness' },
    });
  });

  test('must name the schema', async () => {
    const id = await acme.member('ada@acme.dev');
    expect(await acme.put(`/Users/${id}`, { active: false })).toMatchObject({ status: 400 });
    expect(await scim.roles()).toEqual({ 'ada@acme.dev': 'MEMBER' });
  });
});

describe('the last owner', () => {
  test('can be neither demoted, deactivated nor removed', async () => {
    const id = await acme.member('ada@acme.dev', 'OWNER');
    for (const answer of [
      await acme.put(`/Users/${id}`, { schemas: [USER], roles: ['ADMIN'] }),
      await acme.put(`/Users/${id}`, { schemas: [USER], active: false }),
      await acme.patch(`/Users/${id}`, { op: 'replace', path: 'active', value: false }),
      await acme.patch(`/Users/${id}`, { op: 'replace', path: `${ROLE}:orgRole`, value: 'NONE' }),
      await acme.delete(`/Users/${id}`),
    ])
      expect(answer).toMatchObject(error(403, expect.stringContaining('last owner') as string));
    expect(await scim.roles()).toEqual({ 'ada@acme.dev': 'OWNER' });
  });
});

describe('deleting', () => {
  test('takes a person out of the organization and leaves the account; done twice too', async () => {
    const id = await acme.member('ada@acme.dev');
    await other.member('ada@acme.dev', 'OWNER');
    expect(await acme.delete(`/Users/${id}`)).toMatchObject({ status: 204, body: undefined });
    expect(await acme.delete(`/Users/${id}`)).toMatchObject({ status: 204 });
    expect(await acme.get(`/Users/${id}`)).toMatchObject(error(404, 'User not found'));
    expect(await scim.roles('other')).toEqual({ 'ada@acme.dev': 'OWNER' });
    expect(await acme.post('/Users', ada)).toMatchObject({ status: 201, body: { id } });
  });
});

describe('sessions', () => {
  test('of who is deactivated and a member nowhere else end at once', async () => {
    const id = await acme.member('ada@acme.dev', 'ADMIN');
    const asAda = await scim.signedIn(id);
    const inProject = { 'x-tracehouse-project': 'prod' };
    expect(await asAda('/api/public/projects', inProject)).toMatchObject({ status: 200 });
    await acme.patch(`/Users/${id}`, { op: 'replace', path: 'active', value: false });
    expect(await asAda('/api/public/projects', inProject)).toMatchObject({ status: 401 });
  });

  test('of a member of another organization go on there, and open nothing here', async () => {
    const id = await acme.member('ada@acme.dev', 'ADMIN');
    await other.member('ada@acme.dev', 'VIEWER');
    const asAda = await scim.signedIn(id);
    await acme.delete(`/Users/${id}`);
    expect(await asAda('/api/public/projects', { 'x-tracehouse-project': 'prod' })).toMatchObject({ status: 403 });
    expect(await asAda('/api/public/projects', { 'x-tracehouse-project': 'theirs' })).toMatchObject({ status: 200 });
  });

  test('whose role is taken open nothing from then on', async () => {
    const id = await acme.member('ada@acme.dev', 'ADMIN');
    const asAda = await scim.signedIn(id);
    await acme.patch(`/Users/${id}`, { op: 'replace', path: 'roles', value: [{ value: 'NONE' }] });
    expect(await asAda('/api/public/projects', { 'x-tracehouse-project': 'prod' })).toMatchObject({ status: 403 });
  });
});

describe('the audit log', () => {
  test('says each change of a role and by which key, and nothing where nothing changed', async () => {
    const id = await acme.member('ada@acme.dev', 'VIEWER');
    scim.clock.advance(1000);
    await acme.put(`/Users/${id}`, { schemas: [USER], roles: ['MEMBER'] });
    const lines = (await scim.audit()).filter(({ object_type }) => object_type === 'membership');
    expect(lines).toMatchObject([
      { action: 'create', object_id: id, after: { role: 'VIEWER', source: 'scim' } },
      { action: 'update', object_id: id, before: { role: 'VIEWER' }, after: { role: 'MEMBER', source: 'scim' } },
    ]);
    const all = await scim.audit();
    const actors = await scim.postgres.rows(sql`SELECT DISTINCT actor_kind, actor_id FROM audit_log`);
    expect(actors).toEqual([{ actor_kind: 'organizationKey', actor_id: acme.keyId }]);
    const { body } = await acme.get(`/Users/${id}`);
    expect(await acme.put(`/Users/${id}`, body)).toMatchObject({ status: 200 });
    expect(await acme.patch(`/Users/${id}`, { op: 'replace', path: 'active', value: true })).toMatchObject({
      status: 200,
    });
    expect(await scim.audit()).toEqual(all);
  });

  test('says what an identity provider says of a person', async () => {
    const id = await acme.member('ada@acme.dev');
    scim.clock.advance(1000);
    await acme.patch(`/Users/${id}`, { op: 'add', path: 'externalId', value: 'e-1' });
    expect((await scim.audit()).at(-1)).toMatchObject({
      action: 'update',
      object_type: 'scimUser',
      before: { externalId: null },
      after: { externalId: 'e-1' },
    });
  });
});
