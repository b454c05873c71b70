import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sql } from '../../stores/postgres/sql.ts';
import { LAST_OWNER } from '../members/members.ts';
import { type Client, openScene } from './scene.ts';

const x = '/api/public/x';
let scene: Awaited<ReturnType<typeof openScene>>;
beforeAll(async () => {
  scene = await openScene({ env: { LANGFUSE_ALLOWED_ORGANIZATION_CREATORS: 'member@acme.dev,none@acme.dev' } });
});
afterAll(() => scene.close());
beforeEach(() => scene.reset());

describe('an organization', () => {
  test('is read with its owners and projects, without those in which one has no role', async () => {
    await scene.postgres.rows(sql`
      INSERT INTO project_memberships (organization_id, project_id, user_id, role, created_at, updated_at)
      VALUES ('acme', 'staging', 'viewer', 'NONE', now(), now())`);
    expect(await (await scene.as('viewer'))('GET', `${x}/organization`)).toMatchObject({
      status: 200,
      body: { id: 'acme', name: 'Acme', owners: ['Name of owner'], projects: [{ id: 'prod', name: 'Production' }] },
    });
    expect((await (await scene.as('owner'))('GET', `${x}/organization`)).body.projects).toHaveLength(2);
  });

  test('is renamed by an admin, which the audit log tells', async () => {
    const renamed = await (await scene.as('admin'))('PATCH', `${x}/organization`, { name: ' Acme Corp ' });
    expect(renamed).toMatchObject({ status: 200, body: { name: 'Acme Corp' } });
    expect(await scene.auditOf('organization')).toMatchObject([
      {
        organization_id: 'acme',
        actor_id: 'admin',
        action: 'update',
        before: { name: 'Acme' },
        after: { name: 'Acme Corp' },
      },
    ]);
  });

  test.each(['ab', ' ', 'a'.repeat(61), 'line\nbreak'])('is not called %j', async (name) => {
    expect(await (await scene.as('owner'))('PATCH', `${x}/organization`, { name })).toMatchObject({ status: 400 });
  });

  test('is made by who may, who owns it', async () => {
    const made = await (await scene.as('member'))('POST', `${x}/organizations`, { name: 'Of my own' });
    expect(made).toMatchObject({ status: 201, body: { name: 'Of my own', role: 'OWNER' } });
    const own = await scene.as('member', { organization: made.body.id });
    expect(await own('GET', `${x}/members`)).toMatchObject({ body: { data: [{ userId: 'member', role: 'OWNER' }] } });
    // On the list, but nobody has shown that the address is theirs.
    await scene.postgres.rows(sql`UPDATE users SET email_verified_at = NULL WHERE id = 'none'`);
    expect(await (await scene.as('none'))('POST', `${x}/organizations`, { name: 'Of my own' })).toMatchObject({
      status: 403,
    });
    expect(await (await scene.as('viewer'))('POST', `${x}/organizations`, { name: 'Of my own' })).toMatchObject({
      status: 403,
      body: { message: expect.stringContaining('LANGFUSE_ALLOWED_ORGANIZATION_CREATORS') },
    });
  });

  test('is deleted once it has no project left, and the log keeps who did it', async () => {
    const owner = await scene.as('owner');
    expect(await owner('DELETE', `${x}/organization`)).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('Delete its projects first') },
    });
    const key = await scene.withKey({ organizationId: 'acme' });
    await scene.postgres.rows(sql`DELETE FROM projects WHERE organization_id = 'acme'`);
    expect(await (await scene.as('admin'))('DELETE', `${x}/organization`)).toMatchObject({ status: 403 });
    expect(await owner('DELETE', `${x}/organization`)).toMatchObject({ status: 200, body: { success: true } });
    expect(await owner('GET', `${x}/organization`)).toMatchObject({ status: 403 });
    expect(await key('GET', '/api/public/organizations/projects')).toMatchObject({ status: 401 });
    expect(await scene.auditOf('organization')).toMatchObject([
      { organization_id: null, actor_id: 'owner', action: 'delete', object_id: 'acme', before: { name: 'Acme' } },
    ]);
  });

  test('is left by its members, not by its last owner', async () => {
    const leave = async (id: string) => (await scene.as(id))('POST', `${x}/organizations/acme/leave`);
    expect(await leave('none')).toMatchObject({ status: 200 });
    expect(await scene.auditOf('membership')).toMatchObject([
      { action: 'delete', actor_id: 'none', object_id: 'none' },
    ]);
    expect(await leave('none')).toMatchObject({ status: 404 });
    expect(await leave('stranger')).toMatchObject({ status: 404 });
    expect(await leave('owner')).toMatchObject({ status: 403, body: { message: LAST_OWNER } });
  });
});

describe('members', () => {
  test('are listed with roles, where these come from, and the last sign-in', async () => {
    const admin = await scene.as('admin');
    await admin('PUT', `${x}/project-members/viewer`, { role: 'MEMBER' });
    const { data } = (await (await scene.as('member'))('GET', `${x}/members`)).body;
    expect(data.map(({ userId }: { userId: string }) => userId)).toEqual([
      'owner',
      'admin',
      'member',
      'none',
      'viewer',
    ]);
    expect(data[0]).toMatchObject({ email: 'owner@acme.dev', role: 'OWNER', source: 'person', lastSignInAt: null });
    expect(data[1].lastSignInAt).toBe(scene.clock.now().toISOString());
    expect(data[4].projectRoles).toEqual([
      { projectId: 'prod', projectName: 'Production', role: 'MEMBER', source: 'person' },
    ]);
  });

  test('get another role, and lose it with the membership', async () => {
    const admin = await scene.as('admin');
    expect(await admin('PUT', `${x}/members/viewer`, { role: 'MEMBER' })).toMatchObject({ status: 200 });
    expect(await admin('PUT', `${x}/members/viewer`, { role: 'BOSS' })).toMatchObject({ status: 400 });
    expect(await admin('DELETE', `${x}/members/viewer`)).toMatchObject({ status: 200 });
    expect(await admin('DELETE', `${x}/members/viewer`)).toMatchObject({ status: 404 });
    expect(await (await scene.as('viewer'))('GET', `${x}/organization`)).toMatchObject({ status: 403 });
    expect(await scene.auditOf('membership')).toMatchObject([{ action: 'update' }, { action: 'delete' }]);
  });

  test('above oneself are not touched, and no role above the own is given', async () => {
    const admin = await scene.as('admin');
    for (const [method, path, body] of [
      ['PUT', `${x}/members/viewer`, { role: 'OWNER' }],
      ['PUT', `${x}/members/admin`, { role: 'OWNER' }],
      ['PUT', `${x}/members/owner`, { role: 'VIEWER' }],
      ['DELETE', `${x}/members/owner`, undefined],
      ['PUT', `${x}/project-members/viewer`, { role: 'OWNER' }],
      ['PUT', `${x}/project-members/owner`, { role: 'VIEWER' }],
    ] as const) {
      expect(await admin(method, path, body), path).toMatchObject({
        status: 403,
        body: { message: expect.stringMatching(/^You are ADMIN here: only somebody who is OWNER/) },
      });
    }
    // Refused to somebody known: the log says so.
    expect(await scene.auditOf('route')).toHaveLength(6);
  });

  test('of a project have its own role where there is one', async () => {
    const admin = await scene.as('admin');
    const roleOf = async (id: string) =>
      (await admin('GET', `${x}/project-members`)).body.data.find(({ userId }: { userId: string }) => userId === id);
    expect(await admin('PUT', `${x}/project-members/none`, { role: 'MEMBER' })).toMatchObject({ status: 200 });
    expect(await roleOf('none')).toMatchObject({ role: 'MEMBER', organizationRole: 'NONE', projectRole: 'MEMBER' });
    expect(await (await scene.as('none'))('GET', `${x}/project-members`)).toMatchObject({ status: 200 });
    expect(await admin('DELETE', `${x}/project-members/none`)).toMatchObject({ status: 200 });
    expect(await admin('DELETE', `${x}/project-members/none`)).toMatchObject({ status: 404 });
    expect(await roleOf('none')).toMatchObject({ role: 'NONE', projectRole: null });
    expect(await admin('PUT', `${x}/project-members/stranger`, { role: 'MEMBER' })).toMatchObject({ status: 404 });
  });

  test('who is less in a project than in the organization cannot make themselves more by giving that back', async () => {
    await (
      await scene.as('owner')
    )('PUT', `${x}/project-members/admin`, { role: 'VIEWER' });
    expect(await (await scene.as('admin'))('DELETE', `${x}/project-members/admin`)).toMatchObject({ status: 403 });
  });
});

describe('projects', () => {
  test('are made, renamed and found by name once in an organization', async () => {
    const admin = await scene.as('admin');
    const made = await admin('POST', `${x}/projects`, { name: 'Shop' });
    expect(made).toMatchObject({ status: 201, body: { name: 'Shop' } });
    expect(await admin('POST', `${x}/projects`, { name: 'Shop' })).toMatchObject({ status: 409 });
    const inShop = await scene.as('admin', { project: made.body.id });
    expect(await inShop('PATCH', `${x}/project`, { name: 'Production' })).toMatchObject({ status: 409 });
    expect(await inShop('PATCH', `${x}/project`, { name: 'Store' })).toMatchObject({
      status: 200,
      body: { name: 'Store' },
    });
    expect(await scene.auditOf('project')).toMatchObject([
      { organization_id: 'acme', action: 'create', after: { name: 'Shop' } },
      { organization_id: 'acme', action: 'update', before: { name: 'Shop' }, after: { name: 'Store' } },
    ]);
  });

  test('move to another organization with their keys, for who may make projects on both sides', async () => {
    const owner = await scene.as('owner');
    await owner('PUT', `${x}/project-members/viewer`, { role: 'ADMIN' });
    const move = { organizationId: 'other' };
    expect(await owner('POST', `${x}/projects/prod/transfer`, move)).toMatchObject({ status: 403 });
    await (
      await scene.withKey({ organizationId: 'other' })
    )('PUT', '/api/public/organizations/memberships', {
      userId: 'owner',
      role: 'ADMIN',
    });
    expect(await owner('POST', `${x}/projects/prod/transfer`, move)).toMatchObject({ status: 200 });
    const theirs = await scene.as('stranger', { organization: 'other' });
    expect((await theirs('GET', `${x}/organization`)).body.projects).toMatchObject([{ id: 'prod' }, { id: 'theirs' }]);
    expect(await (await scene.as('viewer'))('GET', `${x}/project-members`)).toMatchObject({ status: 403 });
    expect((await scene.auditOf('project')).map(({ organization_id }) => organization_id)).toEqual(['acme', 'other']);
  });
});

describe('keys of an organization', () => {
  test('are made, named, listed without secret and revoked by its owners alone', async () => {
    const owner = await scene.as('owner');
    const made = await owner('POST', `${x}/organization-keys`, { note: 'Terraform' });
    expect(made).toMatchObject({ status: 201, body: { note: 'Terraform' } });
    const { id, publicKey, secretKey } = made.body;
    expect(await owner('PATCH', `${x}/organization-keys/${id}`, { note: 'SCIM' })).toMatchObject({
      body: { note: 'SCIM' },
    });
    const key = scene.client({ authorization: `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString('base64')}` });
    expect(await key('GET', `${x}/organization`)).toMatchObject({ status: 200, body: { id: 'acme' } });
    await scene.keys.settled();
    const listed = (await owner('GET', `${x}/organization-keys`)).body;
    expect(listed).toMatchObject({ data: [{ id, note: 'SCIM', lastUsedAt: scene.clock.now().toISOString() }] });
    expect(JSON.stringify(listed)).not.toContain(secretKey);
    expect(await (await scene.as('admin'))('GET', `${x}/organization-keys`)).toMatchObject({ status: 403 });
    expect(await owner('DELETE', `${x}/organization-keys/${id}`)).toMatchObject({ status: 200 });
    expect(await key('GET', `${x}/organization`)).toMatchObject({ status: 401 });
    const audit = await scene.auditOf('apiKey');
    expect(audit.map(({ action }) => action)).toEqual(['create', 'update', 'delete']);
    expect(audit[0]).toMatchObject({ organization_id: 'acme', after: { publicKey, note: 'Terraform' } });
    expect(JSON.stringify(audit)).not.toContain(secretKey);
  });

  test('of a project can be named later, and the log has each change', async () => {
    const admin = await scene.as('admin');
    const { id } = (await admin('POST', `${x}/api-keys`, {})).body;
    expect(await admin('PATCH', `${x}/api-keys/${id}`, { note: 'Shop backend' })).toMatchObject({
      status: 200,
      body: { id, note: 'Shop backend' },
    });
    expect(await admin('DELETE', `${x}/api-keys/${id}`)).toMatchObject({ status: 200 });
    expect(await scene.auditOf('apiKey')).toMatchObject([
      { organization_id: 'acme', action: 'create' },
      { action: 'update', before: { note: null }, after: { note: 'Shop backend' } },
      { action: 'delete', before: { note: 'Shop backend' } },
    ]);
  });
});

describe('a key of a project', () => {
  test('changes neither the project nor who has roles in it', async () => {
    const key = await scene.withKey({ projectId: 'prod' });
    for (const [method, path, body] of [
      ['PATCH', `${x}/project`, { name: 'Mine' }],
      ['GET', `${x}/project-members`, undefined],
      ['PUT', `${x}/project-members/viewer`, { role: 'OWNER' }],
      ['DELETE', `${x}/project-members/viewer`, undefined],
      ['GET', `${x}/members`, undefined],
      ['GET', '/api/public/organizations/memberships', undefined],
    ] as const)
      expect(await key(method, path, body), path).toMatchObject({ status: 403 });
  });
});

/** Every route that takes an id, with the id of something of acme. */
const foreign = (ids: { organizationKey: string; projectKey: string }) =>
  [
    ['PUT', `${x}/members/member`, { role: 'VIEWER' }, 404],
    ['DELETE', `${x}/members/member`, undefined, 404],
    ['PUT', `${x}/project-members/member`, { role: 'VIEWER' }, 404],
    ['DELETE', `${x}/project-members/member`, undefined, 404],
    ['POST', `${x}/organizations/acme/leave`, undefined, 404],
    ['POST', `${x}/projects/prod/transfer`, { organizationId: 'other' }, 404],
    ['PATCH', `${x}/organization-keys/${ids.organizationKey}`, { note: 'mine' }, 404],
    ['DELETE', `${x}/organization-keys/${ids.organizationKey}`, undefined, 404],
    ['PATCH', `${x}/api-keys/${ids.projectKey}`, { note: 'mine' }, 404],
    ['DELETE', `${x}/api-keys/${ids.projectKey}`, undefined, 404],
  ] as const;

const foreignByKey = (ids: { projectKey: string }) =>
  [
    ['PUT', '/api/public/projects/prod', { name: 'Mine' }, 404],
    ['GET', '/api/public/projects/prod/memberships', undefined, 404],
    ['PUT', '/api/public/projects/prod/memberships', { userId: 'stranger', role: 'OWNER' }, 404],
    ['DELETE', '/api/public/projects/prod/memberships', { userId: 'member' }, 404],
    ['GET', '/api/public/projects/prod/apiKeys', undefined, 404],
    ['POST', '/api/public/projects/prod/apiKeys', {}, 404],
    ['DELETE', `/api/public/projects/prod/apiKeys/${ids.projectKey}`, undefined, 404],
    // Idempotent: nobody of theirs has been removed.
    ['DELETE', '/api/public/organizations/memberships', { userId: 'member' }, 200],
  ] as const;

describe('another organization', () => {
  const state = async () => [
    await scene.postgres.rows(
      sql`SELECT * FROM organization_memberships WHERE organization_id = 'acme' ORDER BY user_id`,
    ),
    await scene.postgres.rows(sql`SELECT * FROM project_memberships WHERE organization_id = 'acme'`),
    await scene.postgres.rows(sql`SELECT * FROM projects WHERE organization_id = 'acme' ORDER BY id`),
    await scene.postgres.rows(sql`SELECT id, note FROM api_keys WHERE project_id = 'prod' OR organization_id = 'acme'`),
  ];

  test('is reached neither by its ids nor by naming it', async () => {
    const ids = {
      organizationKey: (await scene.keys.create({ organizationId: 'acme' })).id,
      projectKey: (await scene.keys.create({ projectId: 'prod' })).id,
    };
    const before = await state();
    const person = await scene.as('stranger', { organization: 'other', project: 'theirs' });
    const key = await scene.withKey({ organizationId: 'other' });
    const tried: [Client, readonly (readonly [string, string, unknown, number])[]][] = [
      [person, foreign(ids)],
      [key, foreignByKey(ids)],
      [key, foreign(ids).filter(([, path]) => !/project-members|api-keys|leave/.test(path))],
    ];
    for (const [ask, requests] of tried)
      for (const [method, path, body, status] of requests)
        expect((await ask(method as 'GET', path, body)).status, `${method} ${path}`).toBe(status);
    // With the header of an organization that is not theirs.
    const outside = await scene.as('stranger');
    for (const [method, path, body] of [
      ['GET', `${x}/organization`, undefined],
      ['PATCH', `${x}/organization`, { name: 'Mine now' }],
      ['DELETE', `${x}/organization`, undefined],
      ['GET', `${x}/members`, undefined],
      ['POST', `${x}/projects`, { name: 'Mine now' }],
      ['PATCH', `${x}/project`, { name: 'Mine now' }],
      ['GET', `${x}/project-members`, undefined],
      ['GET', `${x}/organization-keys`, undefined],
      ['POST', `${x}/organization-keys`, {}],
      ['POST', `${x}/projects/prod/transfer`, { organizationId: 'other' }],
    ] as const)
      expect(await outside(method, path, body), path).toMatchObject({ status: 403 });
    expect(await state()).toEqual(before);
    expect(
      JSON.stringify(
        await Promise.all(
          ['organizations/memberships', 'organizations/projects', 'organizations/apiKeys'].map((path) =>
            key('GET', `/api/public/${path}`),
          ),
        ),
      ),
    ).not.toMatch(/acme|prod"/);
  });
});
