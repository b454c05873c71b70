import { expect, test } from 'vitest';
import { useStage } from './browser.ts';

const stage = useStage();
const PASSWORD = 'correct horse 1!';

test('an invited person signs up by the link, sees what the role allows, and loses it when removed', async () => {
  const owner = (await stage.openSignedIn()).page;
  await owner.goto('/project/test-project/settings/api-keys');
  await owner.getByRole('link', { name: 'Organization settings' }).click();
  // The settings of the project have links of the same names.
  await owner.waitForURL('**/organization/test-organization/settings/general');
  await owner.getByRole('link', { name: 'Members' }).click();
  await owner.getByRole('button', { name: 'Invite' }).click();
  const dialog = owner.getByRole('dialog');
  await dialog.getByLabel('E-mail').fill('grace@acme.dev');
  await dialog.getByRole('combobox', { name: 'Role' }).selectOption('VIEWER');
  await dialog.getByRole('button', { name: 'Invite' }).click();
  const link = (await owner.getByRole('dialog', { name: 'Invited' }).locator('.code').textContent()) ?? '';
  expect(link).toMatch(new RegExp(`^${stage.server.url}/invite#`, 'u'));
  await owner.getByRole('button', { name: 'Done' }).click();
  await owner.getByText('Viewer in all projects').waitFor();

  const { page } = await stage.open();
  await page.goto(link);
  await page.getByText('invites grace@acme.dev as Viewer').waitFor();
  await page.getByLabel('Name').fill('Grace Hopper');
  await page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
  await page.getByRole('button', { name: /^Sign up and join/u }).click();
  await page.getByRole('heading', { name: 'Projects' }).waitFor();
  const create = page.getByRole('button', { name: 'New project' });
  expect(await create.getAttribute('title')).toBe(
    'You need the role Admin or higher in organization Test organization to do this. Owners: Test owner.',
  );
  await page.getByRole('main').getByRole('link').first().click();
  await page.getByRole('heading', { name: 'Get your first trace in' }).waitFor();

  await owner.reload();
  await owner.getByRole('combobox', { name: 'Role of grace@acme.dev' }).selectOption('MEMBER');
  await owner.getByText('Grace Hopper is Member now').waitFor();
  await owner.getByRole('button', { name: 'Remove grace@acme.dev' }).click();
  await owner.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await owner.getByRole('row', { name: /^Grace Hopper/u }).waitFor({ state: 'detached' });
  await page.goto('/project/test-project/traces');
  await page.getByRole('heading', { name: /not found/iu }).waitFor();
});

test('the last owner cannot step down, and is told why', async () => {
  const { page } = await stage.openSignedIn();
  await page.goto('/organization/test-organization/settings/members');
  await page.getByRole('combobox', { name: `Role of ${stage.server.email}` }).selectOption('MEMBER');
  await page.getByText(/This is the last owner of the organization/u).waitFor();
});

test('a project is made, renamed, and deleted after its name was typed', async () => {
  const { page } = await stage.openSignedIn();
  await page.goto('/organization/test-organization');
  await page.getByRole('button', { name: 'New project' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('Staging');
  await page.getByRole('dialog').getByRole('button', { name: 'Create project' }).click();
  await page.getByRole('heading', { name: 'Get your first trace in' }).waitFor();
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'General' }).click();
  await page.getByLabel('Name').fill('Staging Europe');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('button', { name: /Staging Europe$/u }).waitFor();

  await page.getByRole('button', { name: 'Delete project' }).click();
  const dialog = page.getByRole('dialog');
  const confirm = dialog.getByRole('button', { name: 'Delete project' });
  expect(await confirm.getAttribute('aria-disabled')).toBe('true');
  await dialog.getByLabel(/^Type/u).fill('Staging Europe');
  await confirm.click();
  await page.getByRole('heading', { name: 'Projects' }).waitFor();
  await page.getByRole('link', { name: 'Staging Europe' }).waitFor({ state: 'detached' });
});

test('a key of the organization opens its REST API, and none of its traces', async () => {
  const { page } = await stage.openSignedIn();
  await page.goto('/organization/test-organization/settings/api-keys');
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('SCIM of Okta');
  await page.getByRole('dialog').getByRole('button', { name: 'Create key' }).click();
  const created = page.getByRole('dialog', { name: 'Key created' });
  await created.waitFor();
  const [publicKey, secretKey] = await created.locator('dd .code').allTextContents();
  const status = async (path: string) => {
    const authorization = `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString('base64')}`;
    return (await fetch(`${stage.server.url}/api/public${path}`, { headers: { authorization } })).status;
  };
  expect(await status('/organizations/projects')).toBe(200);
  expect(await status('/traces')).toBe(403);
});
