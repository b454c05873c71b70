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
  await page.getByRole('button', { name: 'You: Test owner' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.goto('/');
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
});
