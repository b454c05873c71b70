import { expect, test } from 'vitest';
import { useStage } from './browser.ts';

const stage = useStage();

test('a wrong pair is refused in words, and the address asked for opens after the right one, with its query', async () => {
  const { page } = await stage.open();
  await page.goto('/project/test-project/traces?q=level:ERROR&t=7d');
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.getByLabel('E-mail').fill(stage.server.email);
  await page.getByLabel('Password').fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('E-mail or password is not right.').waitFor();

  await page.getByLabel('Password').fill(stage.server.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Traces', level: 1 }).waitFor();
  expect(new URL(page.url()).search).toBe('?q=level:ERROR&t=7d');
});

test('an unknown person and a wrong password read the same', async () => {
  const { page } = await stage.open();
  await page.goto('/sign-in');
  await page.getByLabel('E-mail').fill('nobody@example.com');
  await page.getByLabel('Password').fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('E-mail or password is not right.').waitFor();
});

test('a link to another host is not followed after sign-in', async () => {
  const { page } = await stage.open();
  await page.goto('/sign-in?next=//evil.example/x');
  await page.getByLabel('E-mail').fill(stage.server.email);
  await page.getByLabel('Password').fill(stage.server.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
  expect(new URL(page.url()).origin).toBe(stage.server.url);
});

test('a new person signs up with the rules in view, is in, and is told what is missing', async () => {
  const { page } = await stage.open();
  await page.goto('/sign-in?next=/account/profile');
  await page.getByRole('link', { name: 'Create an account' }).click();
  await page.getByLabel('Name').fill('Ada');
  await page.getByLabel('E-mail').fill('ada@example.com');
  await page.getByLabel('Password', { exact: true }).fill('correct horse');
  const rules = page.getByRole('list', { name: 'What the password needs' });
  await expect
    .poll(() => rules.getByRole('listitem').allInnerTexts())
    .toEqual([
      expect.stringMatching(/At least 8 characters\s*, done/u),
      expect.stringMatching(/A letter\s*, done/u),
      expect.stringMatching(/A digit\s*, missing/u),
      expect.stringMatching(/A special character\s*, done/u),
    ]);
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByText('Password needs: a digit').waitFor();
  await page.getByLabel('Password', { exact: true }).fill('correct horse 9');
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByRole('heading', { name: 'Profile' }).waitFor();
  await page.goto('/');
  await page.getByText('ada@example.com may not see any project.').waitFor();
});

test('a taken address is told so, and the form keeps what was typed', async () => {
  const { page } = await stage.open();
  await page.goto('/sign-up');
  await page.getByLabel('Name').fill('Eve');
  await page.getByLabel('E-mail').fill(stage.server.email);
  await page.getByLabel('Password', { exact: true }).fill('correct horse 9');
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByText('User with email already exists. Please sign in.').waitFor();
  expect(await page.getByLabel('Name').inputValue()).toBe('Eve');
});

test('without mail there is no way to reset a password, and the page says why', async () => {
  const { page } = await stage.open();
  await page.goto('/sign-in');
  await page.getByRole('link', { name: 'Create an account' }).waitFor();
  expect(await page.getByRole('link', { name: 'Forgot your password?' }).count()).toBe(0);
  await page.goto('/reset-password');
  await page.getByText('This installation sends no mail').waitFor();
});

test('managers of passwords know the fields by their names', async () => {
  const { page } = await stage.open();
  await page.goto('/sign-in');
  expect(await page.getByLabel('E-mail').getAttribute('autocomplete')).toBe('username');
  expect(await page.getByLabel('Password').getAttribute('autocomplete')).toBe('current-password');
});

test('the sign-in page stays within 200 KB, fonts included', async () => {
  const { page } = await stage.open();
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  let bytes = 0;
  session.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength));
  await page.goto('/sign-in');
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
  await page.waitForLoadState('networkidle');
  expect(bytes / 1000).toBeLessThan(200);
});

test('a session that ends leaves the page, asks to sign in, and goes on', async () => {
  const { page } = await stage.openSignedIn();
  await page.goto('/project/test-project/traces?q=name:chat&t=7d');
  await page.getByRole('textbox', { name: 'Filter' }).waitFor();
  await page.context().clearCookies();
  // By key, since a request of the page itself may have brought up the dialog, and a button behind one cannot be pressed.
  await page.keyboard.press('r');
  const dialog = page.getByRole('dialog', { name: 'Your session has ended' });
  await dialog.waitFor();
  await dialog.getByLabel('Password').fill(stage.server.password);
  await dialog.getByRole('button', { name: 'Sign in' }).click();
  await dialog.waitFor({ state: 'hidden' });
  expect(await page.getByRole('textbox', { name: 'Filter' }).inputValue()).toBe('name:chat');
});

test('signing out ends the session', async () => {
  const { page } = await stage.openSignedIn();
  await page.goto('/project/test-project/settings/api-keys');
  await page.getByRole('button', { name: 'You: Test owner' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.goto('/');
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
});
