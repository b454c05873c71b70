import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { sql } from '../../stores/postgres/sql.ts';
import { seedTwoOrganizations } from '../scenario.ts';
import { openTestPostgres } from '../../stores/test-stores.ts';
import { openSsoSite } from './site.ts';
import { startStandInProvider, type StandInPerson, type StandInProvider } from './stand-in-provider.ts';

const ada: StandInPerson = { sub: 'ada-1', email: 'ada@acme.dev', email_verified: true };
const MAPPING = '{"admin": "OWNER", "operator": "MEMBER", "guest": "NONE"}';
const SETTINGS = {
  TRACEHOUSE_SSO_ROLE_CLAIM: 'realm_access.roles',
  TRACEHOUSE_SSO_ROLE_MAPPING: MAPPING,
  TRACEHOUSE_SSO_ROLE_ORG_ID: 'acme',
};

let postgres: Postgres;
let provider: StandInProvider;

beforeAll(async () => {
  postgres = await openTestPostgres();
  provider = await startStandInProvider();
});
afterAll(async () => {
  await provider.close();
  await postgres.close();
});
beforeEach(async () => {
  provider.straighten();
  await postgres.script('DELETE FROM users; DELETE FROM organizations; DELETE FROM audit_log');
  await seedTwoOrganizations(postgres);
  const at = new Date();
  await postgres.rows(
    sql`INSERT INTO users (id, email, created_at, updated_at) VALUES ('boss', 'boss@acme.dev', ${at}, ${at})`,
  );
  await postgres.rows(sql`
    INSERT INTO organization_memberships (organization_id, user_id, role, created_at, updated_at)
    VALUES ('acme', 'boss', 'OWNER', ${at}, ${at})`);
});

const open = (settings: Record<string, string> = {}) =>
  openSsoSite(postgres, { ...provider.env('KEYCLOAK'), ...SETTINGS, ...settings });
const withRoles = (...roles: unknown[]): StandInPerson => ({ ...ada, realm_access: { roles } });
const roles = async (): Promise<Record<string, string>> =>
  Object.fromEntries(
    (
      await postgres.rows<{ organization_id: string; role: string }>(sql`
        SELECT m.organization_id, m.role
        FROM organization_memberships m
        JOIN users u ON u.id = m.user_id
        WHERE u.email = 'ada@acme.dev'`)
    ).map(({ organization_id, role }) => [organization_id, role]),
  );
const setRole = (role: string) =>
  postgres.rows(sql`
    UPDATE organization_memberships SET role = ${role}
    WHERE user_id = (SELECT id FROM users WHERE email = 'ada@acme.dev')`);

describe('roles from a claim', () => {
  test('are off unless the settings say so', async () => {
    const site = await openSsoSite(postgres, provider.env('KEYCLOAK'));
    await site.signIn(provider, withRoles('admin'));
    expect(await roles()).toEqual({});
  });

  test.each([
    ['one that is mapped', ['operator', 'offline_access'], { acme: 'MEMBER' }],
    ['several: the highest, up to the maximum', ['guest', 'operator', 'admin'], { acme: 'ADMIN' }],
    ['none that is mapped: no member is made', ['offline_access', 'Admin'], {}],
    ['the word default: nothing special', ['default'], {}],
    ['names of what every object has', ['constructor', '__proto__'], {}],
    ['something else than names', [{ admin: true }, 7, null], {}],
  ])('of %s', async (_, said, expected) => {
    await (await open()).signIn(provider, withRoles(...said));
    expect(await roles()).toEqual(expected);
  });

  test('follow each sign-in, down too', async () => {
    const site = await open();
    await site.signIn(provider, withRoles('admin'));
    expect(await roles()).toEqual({ acme: 'ADMIN' });
    await site.signIn(provider, withRoles('operator'));
    expect(await roles()).toEqual({ acme: 'MEMBER' });
    await site.signIn(provider, withRoles());
    expect(await roles()).toEqual({ acme: 'VIEWER' });
    await site.signIn(provider, withRoles('guest'));
    expect(await roles()).toEqual({ acme: 'NONE' });
  });

  test('the default is for members, and may be nothing', async () => {
    const site = await open({ TRACEHOUSE_SSO_ROLE_MAPPING: '{"admin": "ADMIN", "default": null}' });
    await site.signIn(provider, withRoles('admin'));
    await site.signIn(provider, withRoles());
    expect(await roles()).toEqual({ acme: 'ADMIN' });
  });

  test('a claim that is missing changes nothing, and is in the log', async () => {
    const site = await open();
    await site.signIn(provider, withRoles('admin'));
    for (const claims of [{}, { realm_access: {} }, { realm_access: { roles: 7 } }, { realm_access: 'admin' }])
      await site.signIn(provider, { ...ada, ...claims });
    expect(await roles()).toEqual({ acme: 'ADMIN' });
    expect(JSON.stringify(site.lines)).toContain('a sign-in came without the claim that gives roles');
  });

  test('a role above the maximum was given by a person, and stays', async () => {
    const site = await open();
    await site.signIn(provider, withRoles('admin'));
    await setRole('OWNER');
    await site.signIn(provider, withRoles('operator'));
    expect(await roles()).toEqual({ acme: 'OWNER' });
  });

  test('the maximum may be the owner, and the last owner stays one', async () => {
    const site = await open({ TRACEHOUSE_SSO_ROLE_MAX: 'OWNER' });
    await site.signIn(provider, withRoles('admin'));
    expect(await roles()).toEqual({ acme: 'OWNER' });
    await postgres.rows(sql`DELETE FROM users WHERE id = 'boss'`);
    const { location } = await site.signIn(provider, withRoles('operator'));
    expect(location).not.toContain('error');
    expect(await roles()).toEqual({ acme: 'OWNER' });
  });

  test('a claim whose name has dots is found by its whole name first', async () => {
    const site = await open({ TRACEHOUSE_SSO_ROLE_CLAIM: 'https://acme.dev/roles' });
    await site.signIn(provider, { ...ada, 'https://acme.dev/roles': 'operator' });
    expect(await roles()).toEqual({ acme: 'MEMBER' });
  });

  test('are read from the ID token and userinfo, never from the access token', async () => {
    const site = await open();
    provider.bend.claims = (claims) => ({ ...claims, realm_access: undefined });
    provider.bend.userinfo = (claims) => ({ ...claims, realm_access: undefined });
    await site.signIn(provider, withRoles('admin'));
    expect(await roles()).toEqual({});
    provider.straighten();
    provider.bend.claims = (claims) => ({ ...claims, realm_access: undefined });
    await site.signIn(provider, withRoles('operator'));
    expect(await roles()).toEqual({ acme: 'MEMBER' });
  });

  test('without a named organization are for the only one there is, else for none', async () => {
    const site = await open({ TRACEHOUSE_SSO_ROLE_ORG_ID: '' });
    await site.signIn(provider, withRoles('operator'));
    expect(await roles()).toEqual({});
    await postgres.rows(sql`DELETE FROM organizations WHERE id = 'other'`);
    await site.signIn(provider, withRoles('operator'));
    expect(await roles()).toEqual({ acme: 'MEMBER' });
  });

  test('each change is in the audit log, with the claim that made it', async () => {
    const site = await open();
    await site.signIn(provider, withRoles('operator'));
    await site.signIn(provider, withRoles('operator'));
    await site.signIn(provider, withRoles('admin'));
    const lines = await postgres.rows(sql`
      SELECT actor_kind, actor_name, action, before, after FROM audit_log WHERE object_type = 'membership' ORDER BY at`);
    expect(lines).toEqual([
      {
        actor_kind: 'system',
        actor_name: 'Keycloak: realm_access.roles',
        action: 'create',
        before: null,
        after: { role: 'MEMBER', source: 'claims' },
      },
      {
        actor_kind: 'system',
        actor_name: 'Keycloak: realm_access.roles',
        action: 'update',
        before: { role: 'MEMBER' },
        after: { role: 'ADMIN', source: 'claims' },
      },
    ]);
  });
});
