import type { Page } from 'playwright-core';
import { afterAll, expect, test } from 'vitest';
import { openMailbox } from '../../packages/server/src/identity/accounts/mailbox.ts';
import { useStage } from './browser.ts';

const mailbox = await openMailbox();
const stage = useStage({ env: () => mailbox.env });
afterAll(() => mailbox.close());

const NEW = 'a better horse 8';
let people = 0;

/** Somebody new on a page of their own, so that no test depends on another. */
async function openAsSomebody(): Promise<{ page: Page; email: string; password: string }> {
  const { page } = await stage.open();
  const person = { email: `person-${(people += 1)}@example.com`, password: 'correct horse 9' };
  await page.goto('/sign-up?next=/account/profile');
  await page.getByLabel('Name').fill('Some Body');
  await page.getByLabel('E-mail').fill(person.email);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByRole('heading', { name: 'Profile' }).waitFor();
  return { page, ...person };
}
async function signInAgain(page: Page, email: string, password: string): Promise<void> {
  await page.goto('/sign-in?next=/account/sessions');
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}
const codeFor = async (email: string): Promise<string> => {
  await expect.poll(() => mailbox.codeFor(email), { timeout: 10_000 }).toMatch(/^\d{6}$/u);
  return mailbox.codeFor(email);
};

test('the account is reached from the name in the sidebar', async () => {
  const { page } = await stage.openSignedIn();
  await page.goto('/project/test-project/settings/api-keys');
  await page.getByRole('button', { name: 'You: Test owner' }).click();
  await page.getByRole('menuitem', { name: 'Your account' }).click();
  await page.getByRole('heading', { name: 'Profile' }).waitFor();
  await page.getByText(stage.server.email).waitFor();
});

test('a name is saved, and one that breaks the rules is refused at its field', async () => {
  const { page } = await openAsSomebody();
  await page.getByLabel('Name').fill('Some <b>');
  await page.getByRole('button', { name: 'Save name' }).click();
  await page.getByRole('alert').waitFor();
  await page.getByLabel('Name').fill('Some One');
  await page.getByRole('button', { name: 'Save name' }).click();
  await page.getByText('Saved', { exact: true }).waitFor();
  await page.reload();
  await page.getByLabel('Name').waitFor();
  expect(await page.getByLabel('Name').inputValue()).toBe('Some One');
});

test('an address is verified with a code', async () => {
  const { page, email } = await openAsSomebody();
  await page.getByRole('button', { name: 'Send a code' }).click();
  await page.getByLabel('Code from the mail').fill(await codeFor(email));
  await page.getByRole('button', { name: 'Verify address' }).click();
  await page.getByText('Yes', { exact: true }).waitFor();
});

test('a password is changed with the one before it, and the page goes on', async () => {
  const { page, email, password } = await openAsSomebody();
  await page.getByRole('link', { name: 'Security' }).click();
  await page.getByLabel('Current password').fill('wrong');
  await page.getByLabel('New password').fill(NEW);
  await page.getByRole('button', { name: 'Change password' }).click();
  await page.getByText('The current password is not right.').waitFor();
  await page.getByLabel('Current password').fill(password);
  await page.getByLabel('New password').fill(NEW);
  await page.getByRole('button', { name: 'Change password' }).click();
  await page.getByText('Saved', { exact: true }).waitFor();
  await page.getByRole('link', { name: 'Sessions' }).click();
  await page.getByText('This browser').waitFor();
  const { page: other } = await stage.open();
  await signInAgain(other, email, NEW);
  await other.getByText('This browser').waitFor();
});

test('a forgotten password is replaced by a code', async () => {
  const { email } = await openAsSomebody();
  const { page } = await stage.open();
  await page.goto('/sign-in?next=/account/sessions');
  await page.getByRole('link', { name: 'Forgot your password?' }).click();
  await page.getByRole('heading', { name: 'New password' }).waitFor();
  await page.getByLabel('E-mail').fill(email);
  await page.getByRole('button', { name: 'Send code' }).click();
  await page.getByLabel('Code from the mail').fill('000000');
  await page.getByLabel('New password').fill(NEW);
  await page.getByRole('button', { name: 'Set password and sign in' }).click();
  await page.getByText('The code is not right or no longer good.').waitFor();
  await page.getByLabel('Code from the mail').fill(await codeFor(email));
  await page.getByRole('button', { name: 'Set password and sign in' }).click();
  await page.getByText('This browser').waitFor();
});

test('a session elsewhere is listed and ended', async () => {
  const { page, email, password } = await openAsSomebody();
  const { page: other } = await stage.open();
  await signInAgain(other, email, password);
  await other.getByText('This browser').waitFor();
  await page.getByRole('link', { name: 'Sessions' }).click();
  await page.getByRole('grid', { name: 'Sessions' }).getByText('By password').waitFor();
  await page.getByRole('button', { name: 'End Chrome on Linux' }).click();
  await page.getByRole('grid', { name: 'Sessions' }).getByText('By password').waitFor({ state: 'detached' });
  await other.goto('/account/profile');
  await other.getByRole('heading', { name: 'Sign in' }).waitFor();
});

test('signing out everywhere ends this session too', async () => {
  const { page } = await openAsSomebody();
  await page.getByRole('link', { name: 'Sessions' }).click();
  await page.getByRole('button', { name: 'Sign out everywhere', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Sign out everywhere?' });
  await dialog.getByRole('button', { name: 'Sign out everywhere' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.goto('/account/profile');
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
});
