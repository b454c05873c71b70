import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sql } from '../../stores/postgres/sql.ts';
import { LAST_OWNER } from '../members/members.ts';
import { type Client, openScene } from './scene.ts';

const api = '/api/public';
let scene: Awaited<ReturnType<typeof openScene>>;
let key: Client;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(() => scene.close());
beforeEach(async () => {
  await scene.reset();
  key = await scene.withKey({ organizationId: 'acme' });
});

describe('memberships of an organization by its key (S9.7)', () => {
  const path = `${api}/organizations/memberships`;

  test('are listed, given, changed and taken', async () => {
    expect((await key('GET', path)).body.memberships).toContainEqual({
      userId: 'admin',
      role: 'ADMIN',
      email: 'admin@acme.dev',
      name: 'Name of admin',
    });
    await scene.postgres.rows(sql`UPDATE users SET name = NULL WHERE id = 'stranger'`);
    expect(await key('PUT', path, { userId: 'stranger', role: 'VIEWER' })).toMatchObject({
      status: 200,
      body: { userId: 'stranger', role: 'VIEWER', email: 'stranger@other.dev', name: '' },
    });
    expect(await key('PUT', path, { userId: 'nobody', role: 'VIEWER' })).toMatchObject({
      status: 404,
      body: { error: 'User not found' },
    });
    const gone = { message: 'Membership deleted successfully', userId: 'stranger' };
    expect(await key('DELETE', path, { userId: 'stranger' })).toMatchObject({ status: 200, body: gone });
    expect(await key('DELETE', path, { userId: 'stranger' })).toMatchObject({ status: 200, body: gone });
    expect(await scene.auditOf('membership')).toMatchObject([
      { actor_kind: 'organizationKey', action: 'create', object_id: 'stranger' },
      { actor_kind: 'organizationKey', action: 'delete', object_id: 'stranger' },
    ]);
  });

  test('keep a last owner', async () => {
    expect(await key('PUT', path, { userId: 'owner', role: 'ADMIN' })).toMatchObject({
      status: 403,
      body: { error: LAST_OWNER },
    });
    expect(await key('DELETE', path, { userId: 'owner' })).toMatchObject({ status: 403, body: { error: LAST_OWNER } });
  });

  test.each([{}, { userId: 'viewer' }, { userId: 'viewer', role: 'KING' }, [], 'text'])(
    'are not changed by %j',
    async (body) => {
      expect(await key('PUT', path, body)).toMatchObject({
        status: 400,
        body: { error: 'Invalid request body', details: expect.any(Array) },
      });
    },
  );

  test('answer {error} where nobody, a wrong key or another kind of key asks', async () => {
    expect(await scene.client({})('GET', path)).toMatchObject({
      status: 401,
      body: { error: 'No authorization header' },
    });
    expect(await (await scene.withKey({ projectId: 'prod' }))('GET', path)).toMatchObject({
      status: 403,
      body: { error: 'Invalid API key. Organization-scoped API key required for this operation.' },
    });
    expect(await key('PATCH', path)).toMatchObject({ status: 405, body: { error: 'Method not allowed' } });
  });
});

describe('memberships of a project', () => {
  const path = `${api}/projects/prod/memberships`;

  test('are the roles of its own', async () => {
    expect(await key('GET', path)).toMatchObject({ status: 200, body: { memberships: [] } });
    expect(await key('PUT', path, { userId: 'viewer', role: 'ADMIN' })).toMatchObject({
      status: 200,
      body: { userId: 'viewer', role: 'ADMIN', email: 'viewer@acme.dev', name: 'Name of viewer' },
    });
    expect((await key('GET', path)).body.memberships).toMatchObject([{ userId: 'viewer', role: 'ADMIN' }]);
    expect(await key('PUT', path, { userId: 'stranger', role: 'ADMIN' })).toMatchObject({
      status: 404,
      body: { error: 'User is not a member of this organization' },
    });
    expect(await key('DELETE', path, { userId: 'viewer' })).toMatchObject({
      status: 200,
      body: { message: 'Project membership deleted successfully', userId: 'viewer' },
    });
    expect(await key('DELETE', path, { userId: 'viewer' })).toMatchObject({
      status: 404,
      body: { error: 'Project membership not found' },
    });
    expect(await key('GET', `${api}/projects/theirs/memberships`)).toMatchObject({
      status: 404,
      body: { error: "Project not found or you don't have access to it" },
    });
  });
});

describe('projects of an organization', () => {
  test('are listed with their metadata and times', async () => {
    expect((await key('GET', `${api}/organizations/projects`)).body).toEqual({
      projects: ['prod', 'staging'].map((id) => ({
        id,
        name: expect.any(String) as string,
        metadata: { tier: id },
        createdAt: '2026-03-01T00:00:00.000Z',
        updatedAt: '2026-03-01T00:00:00.000Z',
      })),
    });
  });

  test('are made and changed', async () => {
    const made = await key('POST', `${api}/projects`, { name: 'Shop', metadata: { team: 'a' }, retention: 0 });
    expect(made).toMatchObject({ status: 201, body: { name: 'Shop', metadata: { team: 'a' } } });
    const path = `${api}/projects/${made.body.id}`;
    expect(await key('PUT', path, { name: 'Store' })).toMatchObject({
      status: 200,
      body: { id: made.body.id, name: 'Store', metadata: { team: 'a' } },
    });
    expect(await key('PUT', path, { name: 'Store', metadata: {} })).toMatchObject({ body: { metadata: {} } });
    expect(await key('POST', `${api}/projects`, { name: 'Store', retention: 0 })).toMatchObject({ status: 409 });
  });

  test.each([
    [{}, 'Project name is missing'],
    [undefined, 'Project name is missing'],
    [{ name: 'ab' }, 'Invalid project name. Should be between 3 and 60 characters'],
    [{ name: 'Shop', metadata: 'a' }, 'Invalid metadata. Should be a JSON object'],
    [{ name: 'Shop', retention: 2 }, 'Invalid retention value. Must be 0 or at least 3 days'],
    [{ name: 'Shop', retention: 30 }, 'Removing data by age is not supported by this version: send retention 0'],
  ])('are refused in words: %j', async (body, message) => {
    expect(await key('POST', `${api}/projects`, body)).toMatchObject({ status: 400, body: { message } });
    expect(await key('PUT', `${api}/projects/prod`, body)).toMatchObject({ status: 400, body: { message } });
  });
});

test("keys of an organization are listed to its key, without the project's", async () => {
  await scene.keys.create({ projectId: 'prod' });
  const { apiKeys } = (await key('GET', `${api}/organizations/apiKeys`)).body;
  expect(apiKeys).toMatchObject([
    { publicKey: expect.stringMatching(/^pk-lf-/), displaySecretKey: expect.any(String) },
  ]);
  expect(apiKeys[0]).not.toHaveProperty('secretKey');
});

describe('the admin API (S9.8)', () => {
  const path = '/api/admin/organizations';

  test('reads, makes, changes and deletes organizations', async () => {
    const { admin } = scene;
    expect((await admin('GET', path)).body.organizations).toMatchObject([
      {
        id: 'acme',
        name: 'Acme',
        metadata: {},
        projects: [{ id: 'prod', metadata: { tier: 'prod' } }, { id: 'staging' }],
      },
      { id: 'other', projects: [{ id: 'theirs' }] },
    ]);
    const made = await admin('POST', path, { name: 'Umbrella', metadata: { cost: 1 } });
    expect(made).toMatchObject({ status: 201, body: { name: 'Umbrella', metadata: { cost: 1 }, projects: [] } });
    const own = `${path}/${made.body.id}`;
    expect(await admin('PUT', own, { name: 'Umbrella 2' })).toMatchObject({
      status: 200,
      body: { name: 'Umbrella 2', metadata: { cost: 1 } },
    });
    expect((await admin('GET', own)).body.name).toBe('Umbrella 2');
    expect(await admin('DELETE', own)).toMatchObject({ status: 200, body: { success: true } });
    expect(await admin('GET', own)).toMatchObject({ status: 404, body: { error: 'Organization not found' } });
    expect(await admin('DELETE', `${path}/acme`)).toMatchObject({
      status: 400,
      body: { error: 'Cannot delete organization with existing projects' },
    });
    expect(await scene.auditOf('organization')).toMatchObject([
      { actor_kind: 'adminKey', organization_id: null, action: 'delete', object_id: made.body.id },
    ]);
  });

  test('makes, lists and revokes keys of an organization', async () => {
    const { admin } = scene;
    const made = await admin('POST', `${path}/acme/apiKeys`, { note: 'by the admin' });
    expect(made).toMatchObject({ status: 201, body: { note: 'by the admin', secretKey: expect.any(String) } });
    expect((await admin('GET', `${path}/acme/apiKeys`)).body.apiKeys).toHaveLength(2);
    expect(await admin('DELETE', `${path}/other/apiKeys/${made.body.id}`)).toMatchObject({ status: 404 });
    expect(await admin('DELETE', `${path}/acme/apiKeys/${made.body.id}`)).toMatchObject({ status: 200 });
    expect(await admin('POST', `${path}/acme/apiKeys`)).toMatchObject({ status: 201, body: { note: null } });
    expect(await admin('POST', `${path}/nowhere/apiKeys`)).toMatchObject({ status: 404 });
  });

  test.each([
    [undefined, 'Unauthorized: No authorization header provided'],
    ['Bearer wrong', 'Unauthorized: Invalid token'],
    ['Basic abc', 'Unauthorized: Invalid token'],
  ])('is closed to %j', async (authorization, error) => {
    const ask = scene.client(authorization === undefined ? {} : { authorization });
    expect(await ask('GET', path)).toMatchObject({ status: 401, body: { error } });
  });

  test('is closed to people and to other keys', async () => {
    expect(await (await scene.as('owner'))('GET', path)).toMatchObject({ status: 401 });
    expect(await key('GET', path)).toMatchObject({ status: 401 });
  });

  test('opens no route of projects or organizations', async () => {
    for (const one of [`${api}/x/organization`, `${api}/organizations/memberships`, `${api}/x/api-keys`])
      expect(await scene.admin('GET', one), one).toMatchObject({ status: 401 });
  });
});
