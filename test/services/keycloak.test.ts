import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Postgres } from '../../packages/server/src/stores/postgres/postgres.ts';
import { openPostgresServer } from '../../packages/server/src/stores/postgres/server.ts';
import { sql } from '../../packages/server/src/stores/postgres/sql.ts';
import { type Keycloak, KEYCLOAK_PASSWORD, startKeycloak } from '../harness/keycloak.ts';
import { freePorts } from '../harness/ports.ts';
import { startProcess } from '../harness/process.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';
import { startServer, type TestServer } from '../harness/server.ts';

/*
 * The product against the real Keycloak, through a real browser. Keycloak has two addresses, as in a cluster: the browser goes to
 * `auth.localhost`, which is no name to the server.
 */

const ORGANIZATION = 'test-organization';
const ORGANIZATION_KEY = { publicKey: 'pk-lf-test-organization', secretKey: 'sk-lf-test-organization' };
const OWN_PASSWORD = 'of this installation 1!';

let postgres: PostgresServer;
let database: Postgres;
let keycloak: Keycloak;
let server: TestServer;
let browser: Browser;

beforeAll(async () => {
  const [port] = (await freePorts(1)) as [number];
  const url = `http://127.0.0.1:${port}`;
  [postgres, keycloak, browser] = await Promise.all([
    startPostgres(),
    startKeycloak(url),
    chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] }),
  ]);
  const DATABASE_URL = await postgres.createDatabase('sso');
  server = await startServer({
    env: {
      DATABASE_URL,
      PORT: String(port),
      NEXTAUTH_URL: url,
      ...keycloak.env,
      TRACEHOUSE_INIT_ORG_PUBLIC_KEY: ORGANIZATION_KEY.publicKey,
      TRACEHOUSE_INIT_ORG_SECRET_KEY: ORGANIZATION_KEY.secretKey,
      AUTH_KEYCLOAK_ALLOW_ACCOUNT_LINKING: 'true',
      TRACEHOUSE_SSO_RECHECK_MINUTES: '5',
      TRACEHOUSE_SSO_ROLE_CLAIM: 'realm_access.roles',
      TRACEHOUSE_SSO_ROLE_MAPPING:
        '{"admin": "OWNER", "langfuse-admin": "ADMIN", "operator": "MEMBER", "langfuse-member": "MEMBER"}',
    },
  });
  database = openPostgresServer(DATABASE_URL);
});
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
});
afterAll(async () => {
  await browser?.close();
  await database?.close();
  await server?.stop();
  await Promise.all([keycloak?.stop(), postgres?.stop()]);
});

/** A page of a browser that nobody has used yet. */
async function open(): Promise<Page> {
  const context = await browser.newContext({ baseURL: server.url, locale: 'en-US' });
  const page = await context.newPage();
  page.setDefaultTimeout(40_000);
  return page;
}

/** From our page to Keycloak's form. */
async function goToKeycloak(page: Page): Promise<void> {
  await page.goto('/sign-in');
  await page.getByRole('button', { name: 'Continue with Keycloak' }).click();
  await page.locator('#username').waitFor();
}

/** Up to where the browser is on a page of ours again. */
async function signIn(page: Page, username: string): Promise<void> {
  await goToKeycloak(page);
  await page.locator('#username').fill(username);
  await page.locator('#password').fill(KEYCLOAK_PASSWORD);
  await page.locator('#kc-login').click();
  await page.waitForURL((address) => address.origin === server.url && !address.pathname.startsWith('/api/'));
}

interface Session {
  user: { id: string; email: string; name: string } | null;
  organizations?: { id: string; role: string }[];
}
const session = (page: Page): Promise<Session> =>
  page.evaluate(async () => (await (await fetch('/api/auth/session')).json()) as Session);
const roleOf = async (page: Page): Promise<string | undefined> =>
  (await session(page)).organizations?.find(({ id }) => id === ORGANIZATION)?.role;

/** An account of this installation with a password. */
async function signUp(email: string): Promise<void> {
  const answer = await fetch(`${server.url}/api/auth/signup`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'Somebody', email, password: OWN_PASSWORD }),
  });
  expect(answer.status).toBe(200);
}
const passwordOpens = async (email: string): Promise<boolean> => {
  const answer = await fetch(`${server.url}/api/auth/signin/password`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: server.url },
    body: JSON.stringify({ email, password: OWN_PASSWORD }),
  });
  return answer.ok;
};

test('a person signs in at the outer address, while the server knows the inner one alone', async () => {
  const page = await open();
  await signIn(page, 'lena');
  expect((await session(page)).user).toMatchObject({ email: 'lena@example.com' });
  expect(
    await database.rows(sql`SELECT issuer, email_verified FROM identities WHERE email = 'lena@example.com'`),
  ).toEqual([{ issuer: keycloak.issuer.external, email_verified: true }]);
});

describe('roles of the realm', () => {
  test.each([
    ['lena', 'its own', 'ADMIN'],
    ['ada', 'its own, above the maximum', 'ADMIN'],
    ['comp', 'through a composite', 'MEMBER'],
    ['sub', 'through a sub-group, whose role is a composite', 'MEMBER'],
    ['grp', 'through a group', 'ADMIN'],
    ['near', 'spelt otherwise: no member', undefined],
  ])('%s: %s', async (username, _, role) => {
    const page = await open();
    await signIn(page, username);
    expect(await roleOf(page)).toBe(role);
  });
});

describe('an account of the same address', () => {
  test('is linked when Keycloak has verified it, and the password of whoever made it opens it no more', async () => {
    await signUp('mira@example.com');
    expect(await passwordOpens('mira@example.com')).toBe(true);
    const page = await open();
    await signIn(page, 'mira');
    expect((await session(page)).user).toMatchObject({ email: 'mira@example.com', name: 'Somebody' });
    expect(await passwordOpens('mira@example.com')).toBe(false);
  });

  test('is linked by its password, typed once, when Keycloak has not verified it', async () => {
    await signUp('unverified@example.com');
    const page = await open();
    await signIn(page, 'unverified');
    await page.getByRole('heading', { name: 'Link your account' }).waitFor();
    expect((await session(page)).user).toBeNull();
    await page.getByLabel('Password').fill('wrong');
    await page.getByRole('button', { name: 'Link and sign in' }).click();
    await page.getByText('This is not the password of the account.').waitFor();
    await page.getByLabel('Password').fill(OWN_PASSWORD);
    await page.getByRole('button', { name: 'Link and sign in' }).click();
    await page.waitForURL((address) => !address.pathname.startsWith('/auth/'));
    expect((await session(page)).user).toMatchObject({ email: 'unverified@example.com' });

    const later = await open();
    await signIn(later, 'unverified');
    expect((await session(later)).user).toMatchObject({ email: 'unverified@example.com' });
  });
});

describe('signing out', () => {
  test('here ends the session there: Keycloak asks for the password again', async () => {
    const page = await open();
    await signIn(page, 'otto');
    expect(await keycloak.sessions('otto')).toBe(1);
    await page.getByRole('button', { name: /^You: / }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect((await session(page)).user).toBeNull();
    expect(await keycloak.sessions('otto')).toBe(0);
    await goToKeycloak(page);
  });

  test('there ends the session here, without a request of the browser', async () => {
    const [page, second] = [await open(), await open()];
    await signIn(page, 'dev');
    await signIn(second, 'dev');
    await keycloak.logout('dev');
    // Keycloak tells of each of its sessions by itself.
    const left = async () =>
      (
        await database.rows(
          sql`SELECT s.id FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.email = 'dev@example.com'`,
        )
      ).length;
    await expect.poll(left, { timeout: 30_000 }).toBe(0);
    expect((await session(page)).user).toBeNull();
    expect((await session(second)).user).toBeNull();
  });
});

describe('somebody disabled in Keycloak', () => {
  test('is not let in there', async () => {
    const page = await open();
    await goToKeycloak(page);
    await page.locator('#username').fill('disabled');
    await page.locator('#password').fill(KEYCLOAK_PASSWORD);
    await page.locator('#kc-login').click();
    await page.getByText(/account is disabled|invalid username or password/iu).waitFor();
  });

  test('is out here as soon as Keycloak is asked again', async () => {
    const page = await open();
    await signIn(page, 'grp');
    await keycloak.update('grp', { enabled: false });
    expect((await session(page)).user).toMatchObject({ email: 'grp@example.com' });
    await database.rows(sql`UPDATE sessions SET provider_checked_at = ${new Date(Date.now() - 6 * 60_000)}`);
    expect((await session(page)).user).toBeNull();
  });

  test('others are asked too, and stay', async () => {
    const page = await open();
    await signIn(page, 'plain');
    const longAgo = new Date(Date.now() - 6 * 60_000);
    await database.rows(sql`UPDATE sessions SET provider_checked_at = ${longAgo}`);
    expect((await session(page)).user).toMatchObject({ email: 'plain@example.com' });
    const [row] = await database.rows<{ provider_checked_at: Date }>(sql`
      SELECT s.provider_checked_at FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.email = 'plain@example.com'`);
    expect(row!.provider_checked_at.getTime()).toBeGreaterThan(longAgo.getTime());
  });
});

describe('role sync', () => {
  const main = fileURLToPath(new URL('../../packages/server/src/main.ts', import.meta.url));

  /** The job as a scheduler runs it. */
  async function synchronize(): Promise<{ code: unknown; counts: Record<string, number> }> {
    const job = startProcess(process.execPath, [main, 'role-sync'], {
      env: {
        SYNC_KEYCLOAK_URL: keycloak.internal,
        SYNC_KEYCLOAK_REALM: 'matherlynet',
        SYNC_KEYCLOAK_CLIENT_SECRET: 'test-only-langfuse-sync-secret',
        SYNC_TARGET_URL: server.url,
        SYNC_PUBLIC_KEY: ORGANIZATION_KEY.publicKey,
        SYNC_SECRET_KEY: ORGANIZATION_KEY.secretKey,
        SYNC_ROLE_MAPPING: '{admin: ADMIN, langfuse-admin: ADMIN, operator: MEMBER, langfuse-member: MEMBER}',
        SYNC_PROVISION: 'true',
      },
    });
    const code = await job.ended;
    const summary = job.output().match(/^\{"summary".*$/m)?.[0];
    if (summary === undefined) throw new Error(job.output());
    return { code, counts: (JSON.parse(summary) as { counts: Record<string, number> }).counts };
  }
  const roles = async (): Promise<Record<string, string>> => {
    const rows = await database.rows<{ email: string; role: string }>(sql`
      SELECT u.email, om.role
      FROM organization_memberships om
      JOIN users u ON u.id = om.user_id
      WHERE om.organization_id = ${ORGANIZATION}`);
    return Object.fromEntries(rows.map(({ email, role }) => [email, role]));
  };

  test('gives everybody the role that the realm says, and writes nothing the second time', async () => {
    const first = await synchronize();
    expect(first).toMatchObject({ code: 0, counts: { failed: 0, ambiguous: 0 } });
    const after = await roles();
    expect(after).toMatchObject({
      'owner@example.com': 'OWNER', // whom Keycloak does not know
      'ada@example.com': 'ADMIN',
      'lena@example.com': 'ADMIN',
      'both@example.com': 'ADMIN',
      'otto@example.com': 'MEMBER',
      'mira@example.com': 'MEMBER',
      'comp@example.com': 'MEMBER', // by a composite
      'lead@example.com': 'ADMIN', // by a composite of composites
      'sub@example.com': 'MEMBER', // by a group
      'mixed.case@example.com': 'MEMBER',
    });
    // No role of the mapping, or no address that Keycloak vouches for: not made members.
    for (const name of ['near', 'disabled']) expect(after).not.toHaveProperty(`${name}@example.com`);
    expect(await synchronize()).toMatchObject({
      code: 0,
      counts: { planned: 0, updated: 0, provisioned: 0, failed: 0 },
    });
    expect(await roles()).toEqual(after);
  });

  test('takes the rights of whoever is disabled there, and gives them back', async () => {
    await keycloak.update('lead', { enabled: false });
    expect(await synchronize()).toMatchObject({ code: 0, counts: { updated: 1 } });
    expect(await roles()).toMatchObject({ 'lead@example.com': 'NONE' });
    await keycloak.update('lead', { enabled: true });
    expect(await synchronize()).toMatchObject({ code: 0, counts: { updated: 1 } });
    expect(await roles()).toMatchObject({ 'lead@example.com': 'ADMIN' });
  });
});
