import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sql } from '../../stores/postgres/sql.ts';
import { openMailbox } from '../accounts/mailbox.ts';
import { type Answer, type Client, openScene, SITE } from './scene.ts';

const x = '/api/public/x';
const day = 86_400_000;
type Scene = Awaited<ReturnType<typeof openScene>>;
const tokenOf = (link: string): string => link.split('#')[1] ?? '';
const rolesOf = (scene: Scene, email: string) =>
  scene.postgres.rows(sql`
    SELECT om.organization_id, om.role, om.source
    FROM organization_memberships om JOIN users u ON u.id = om.user_id
    WHERE u.email = ${email} ORDER BY om.organization_id`);
/** Of an answer that sets the cookie. */
const cookieOf = ({ headers }: Answer): string => String(headers['set-cookie']).split(';')[0] ?? '';
const person = { name: 'New Person', password: 'correct horse 9!' };

describe('without mail', () => {
  let scene: Scene;
  let admin: Client;
  beforeAll(async () => {
    scene = await openScene({ env: { AUTH_DISABLE_SIGNUP: 'true' } });
  });
  afterAll(() => scene.close());
  beforeEach(async () => {
    await scene.reset();
    admin = await scene.as('admin');
  });
  const invite = (wish: object = {}, by = admin) =>
    by('POST', `${x}/invitations`, { email: 'New@Acme.dev', role: 'MEMBER', ...wish });

  test('whoever invites gets a link to hand over, whose token no table holds', async () => {
    const made = await invite();
    expect(made).toMatchObject({
      status: 201,
      body: {
        email: 'new@acme.dev',
        role: 'MEMBER',
        project: null,
        invitedBy: 'Name of admin',
        isMailed: false,
        isExpired: false,
        link: expect.stringMatching(`^${SITE}/invite#[\\w-]{43}$`),
      },
    });
    const rows = await scene.postgres.rows(sql`SELECT to_jsonb(i) AS row FROM invitations i`);
    expect(JSON.stringify([rows, await scene.auditOf('invitation')])).not.toContain(tokenOf(made.body.link));
    const listed = await (await scene.as('member'))('GET', `${x}/invitations`);
    expect(listed.body.data).toMatchObject([{ id: made.body.id, email: 'new@acme.dev' }]);
    expect(listed.body.data[0]).not.toHaveProperty('link');
  });

  test('somebody new signs up by it though sign-up is closed, is signed in, and a member of that organization', async () => {
    const { link } = (await invite({ role: 'NONE', projectId: 'prod', projectRole: 'VIEWER' })).body;
    const token = tokenOf(link);
    // Elsewhere invited too; a link that somebody else has seen opens nothing there.
    await (
      await scene.as('stranger', { organization: 'other' })
    )('POST', `${x}/invitations`, {
      email: 'new@acme.dev',
      role: 'OWNER',
    });
    expect(await scene.visitor('POST', '/api/auth/invitation', { token })).toMatchObject({
      status: 200,
      body: {
        organization: 'Acme',
        project: 'Production',
        role: 'VIEWER',
        invitedBy: 'Name of admin',
        email: 'new@acme.dev',
        hasAccount: false,
      },
    });
    const joined = await scene.visitor('POST', '/api/auth/invitation/signup', { token, ...person });
    expect(joined).toMatchObject({ status: 200, body: { organizationId: 'acme', projectId: 'prod' } });
    const signedIn = scene.client({
      cookie: cookieOf(joined),
      'sec-fetch-site': 'same-origin',
      'x-tracehouse-project': 'prod',
      'x-tracehouse-organization': 'acme',
    });
    expect((await signedIn('GET', `${x}/api-keys`)).body.message).toContain('You need the role MEMBER');
    expect(await rolesOf(scene, 'new@acme.dev')).toEqual([
      { organization_id: 'acme', role: 'NONE', source: 'invitation' },
    ]);
    expect(await scene.postgres.rows(sql`SELECT email_verified_at FROM users WHERE email = 'new@acme.dev'`)).toEqual([
      { email_verified_at: null },
    ]);
    // Used once.
    expect(await scene.visitor('POST', '/api/auth/invitation', { token })).toMatchObject({ status: 404 });
    expect((await scene.auditOf('invitation')).map(({ action }) => action)).toEqual(['create', 'create', 'accept']);
  });

  test.each([
    [{ name: '' }, /Name/],
    [{ password: 'short' }, /Password needs/],
    [{ name: 'See www.evil.example' }, /web address/],
  ])('what is wrong with a sign-up is said: %j', async (change, message) => {
    const token = tokenOf((await invite()).body.link);
    expect(await scene.visitor('POST', '/api/auth/invitation/signup', { token, ...person, ...change })).toMatchObject({
      status: 422,
      body: { message: expect.stringMatching(message) },
    });
    expect(await scene.client({})('POST', '/api/auth/invitation/signup', { token, ...person })).toMatchObject({
      status: 403,
    });
  });

  test('somebody with an account accepts signed in with the invited address, and with no other', async () => {
    await scene.addPerson('new', null);
    await scene.postgres.rows(sql`UPDATE users SET email = 'new@acme.dev' WHERE id = 'new'`);
    const { link } = (await invite()).body;
    const body = { token: tokenOf(link) };
    expect((await scene.visitor('POST', '/api/auth/invitation', body)).body.hasAccount).toBe(true);
    expect(await scene.visitor('POST', '/api/auth/invitation/signup', { ...body, ...person })).toMatchObject({
      status: 422,
      body: { message: 'User with email already exists. Please sign in.' },
    });
    expect(await (await scene.as('stranger'))('POST', '/api/auth/invitation/accept', body)).toMatchObject({
      status: 403,
      body: { message: expect.stringContaining('is for new@acme.dev, and you are signed in as stranger@other.dev') },
    });
    expect(await scene.visitor('POST', '/api/auth/invitation/accept', body)).toMatchObject({ status: 401 });
    expect(await (await scene.as('new'))('POST', '/api/auth/invitation/accept', body)).toMatchObject({
      status: 200,
      body: { organizationId: 'acme', projectId: null },
    });
    expect(await rolesOf(scene, 'new@acme.dev')).toEqual([
      { organization_id: 'acme', role: 'MEMBER', source: 'invitation' },
    ]);
  });

  test('whoever became a member meanwhile gets the higher of both roles', async () => {
    for (const [role, invited, expected] of [
      ['VIEWER', 'MEMBER', 'MEMBER'],
      ['ADMIN', 'MEMBER', 'ADMIN'],
    ] as const) {
      await scene.reset();
      const token = tokenOf((await invite({ role: invited }, await scene.as('admin'))).body.link);
      await scene.addPerson('new', 'acme', role);
      await (
        await scene.as('new')
      )('POST', '/api/auth/invitation/accept', { token });
      expect(await rolesOf(scene, 'new@acme.dev')).toMatchObject([{ role: expected }]);
    }
  });

  test('a new link ends the old one; one that is taken back, or a week old, is none', async () => {
    const first = (await invite()).body;
    const second = (await admin('POST', `${x}/invitations/${first.id}/renew`)).body;
    const read = (link: string) => scene.visitor('POST', '/api/auth/invitation', { token: tokenOf(link) });
    expect(await read(first.link)).toMatchObject({ status: 404 });
    expect(await read(second.link)).toMatchObject({ status: 200 });
    scene.clock.advance(7 * day);
    expect(await read(second.link)).toMatchObject({
      status: 404,
      body: { message: expect.stringContaining('Ask for') },
    });
    expect((await admin('GET', `${x}/invitations`)).body.data).toMatchObject([{ isExpired: true }]);
    const third = (await invite()).body;
    expect(await admin('DELETE', `${x}/invitations/${third.id}`)).toMatchObject({ status: 200 });
    expect(await admin('DELETE', `${x}/invitations/${third.id}`)).toMatchObject({ status: 404 });
    expect(await read(third.link)).toMatchObject({ status: 404 });
  });

  test('members, the invited, what is no address and a foreign project are refused in words', async () => {
    await invite();
    expect(await invite()).toMatchObject({
      status: 409,
      body: { message: expect.stringContaining('invited already') },
    });
    expect(await invite({ email: 'viewer@acme.dev' })).toMatchObject({ status: 409 });
    expect(await invite({ email: 'nobody' })).toMatchObject({ status: 400 });
    expect(await invite({ email: 'a@b.dev', projectId: 'theirs', projectRole: 'VIEWER' })).toMatchObject({
      status: 404,
    });
    expect(await invite({ email: 'a@b.dev', projectId: 'prod' })).toMatchObject({ status: 400 });
  });

  test('nobody invites to a role above the own, nor sees the link of one', async () => {
    for (const wish of [{ role: 'OWNER' }, { role: 'NONE', projectId: 'prod', projectRole: 'OWNER' }])
      expect(await invite(wish)).toMatchObject({ status: 403 });
    const { id } = (await invite({ role: 'OWNER' }, await scene.as('owner'))).body;
    expect(await admin('POST', `${x}/invitations/${id}/renew`)).toMatchObject({ status: 403 });
    expect(await invite({ email: 'a@b.dev' }, await scene.as('member'))).toMatchObject({ status: 403 });
  });

  test('another organization neither sees, renews nor takes back an invitation', async () => {
    const { id, link } = (await invite()).body;
    const others = [
      await scene.as('stranger', { organization: 'other' }),
      await scene.withKey({ organizationId: 'other' }),
    ];
    for (const other of others) {
      expect((await other('GET', `${x}/invitations`)).body.data).toEqual([]);
      expect(await other('POST', `${x}/invitations/${id}/renew`)).toMatchObject({ status: 404 });
      expect(await other('DELETE', `${x}/invitations/${id}`)).toMatchObject({ status: 404 });
    }
    expect(await scene.visitor('POST', '/api/auth/invitation', { token: tokenOf(link) })).toMatchObject({
      status: 200,
    });
  });
});

describe('with mail', () => {
  let scene: Scene;
  let mailbox: Awaited<ReturnType<typeof openMailbox>>;
  let admin: Client;
  beforeAll(async () => {
    mailbox = await openMailbox();
    scene = await openScene({ env: mailbox.env });
  });
  afterAll(async () => {
    await scene.close();
    await mailbox.close();
  });
  beforeEach(async () => {
    await scene.reset();
    mailbox.mails.length = 0;
    admin = await scene.as('admin');
  });
  const linkIn = (text: string): string => /https:\/\/\S+/.exec(text)?.[0] ?? '';

  test('the link goes to the mailbox alone, so who uses it has shown that the address is theirs', async () => {
    const made = await admin('POST', `${x}/invitations`, { email: 'new@acme.dev', role: 'MEMBER' });
    expect(made.body).toMatchObject({ link: null, isMailed: true });
    // Of another organization: becomes a membership with the proof.
    await (
      await scene.as('stranger', { organization: 'other' })
    )('POST', `${x}/invitations`, {
      email: 'new@acme.dev',
      role: 'VIEWER',
    });
    await scene.mailer.settled();
    const mail = mailbox.mails.find(({ text }) => text.includes('Acme'))!;
    expect(mail).toMatchObject({
      to: ['new@acme.dev'],
      head: expect.stringContaining('Invitation to Acme on Tracehouse'),
    });
    const token = tokenOf(linkIn(mail.text));
    const joined = await scene.visitor('POST', '/api/auth/invitation/signup', { token, ...person });
    expect(joined).toMatchObject({ status: 200, body: { organizationId: 'acme' } });
    expect(await rolesOf(scene, 'new@acme.dev')).toMatchObject([
      { organization_id: 'acme', role: 'MEMBER' },
      { organization_id: 'other', role: 'VIEWER' },
    ]);
  });

  test('names in it are no links, and nobody is sent more than a few', async () => {
    await scene.postgres.rows(sql`UPDATE organizations SET name = 'Win at https://evil.example now' WHERE id = 'acme'`);
    const made = await admin('POST', `${x}/invitations`, { email: 'new@acme.dev', role: 'MEMBER' });
    await scene.mailer.settled();
    expect(mailbox.mails[0]!.text).not.toMatch(/evil\.example|https:\/\/evil/);
    const again = [];
    for (let i = 0; i < 4; i += 1) again.push((await admin('POST', `${x}/invitations/${made.body.id}/renew`)).status);
    expect(again).toContain(429);
  });
});
