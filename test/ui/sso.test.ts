import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { startIdentityProvider } from '../harness/identity-provider.ts';
import { useStage } from './browser.ts';

const stage = useStage({
  async start(url) {
    const { env, stop, url: origin } = await startIdentityProvider(url);
    return { env: { ...env, LANGFUSE_DEFAULT_ORG_ROLE: 'VIEWER' }, origins: [origin], stop };
  },
});

/** On the provider's page. */
async function signInThere(page: Page, email: string): Promise<void> {
  await page.getByLabel('Address').fill(email);
  await page.getByRole('button', { name: 'Continue' }).click();
}
const begin = (page: Page) => page.getByRole('button', { name: 'Continue with Acme login' }).click();

test('a person signs in at the provider, and the address asked for opens, with its query', async () => {
  const { page } = await stage.open();
  await page.goto('/project/test-project/traces?q=level:ERROR&t=7d');
  await begin(page);
  await signInThere(page, 'ada@acme.dev');
  await page.getByRole('heading', { name: 'Traces', level: 1 }).waitFor();
  expect(new URL(page.url()).search).toBe('?q=level:ERROR&t=7d');
  await page.getByRole('button', { name: 'You: ada' }).waitFor();
});

test('signing out ends the session at the provider too', async () => {
  const { page } = await stage.open();
  await page.goto('/sign-in');
  await begin(page);
  await signInThere(page, 'bob@acme.dev');
  await page.getByRole('button', { name: 'You: bob' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  // The provider's own question.
  await page.getByRole('button', { name: 'Yes, sign me out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await begin(page);
  await page.getByLabel('Address').waitFor();
});

test('a refused sign-in is explained in words, with whose account it is and the code', async () => {
  const { page } = await stage.open();
  await page.goto('/sign-in');
  await begin(page);
  await signInThere(page, stage.server.email);
  await page.getByRole('heading', { name: 'Not signed in' }).waitFor();
  const alert = page.getByRole('alert');
  await alert.getByText(`An account with ${stage.server.email} exists here.`).waitFor();
  await alert.getByText('OAuthAccountNotLinked').waitFor();
  await page.getByRole('link', { name: 'Back to sign-in' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
});

test('a link to that page shows words of ours alone', async () => {
  const { page } = await stage.open();
  await page.goto('/auth/error?error=OAuthAccountNotLinked&email=boss@evil.example&provider=Call+0800');
  const alert = page.getByRole('alert');
  await alert.getByText('An account with your e-mail address exists here.').waitFor();
  expect(await page.getByText(/evil|0800/).count()).toBe(0);
});

test('who stops at the provider comes back to a page that says so', async () => {
  const { page } = await stage.open();
  await page.goto('/sign-in');
  await begin(page);
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByRole('heading', { name: 'Not signed in' }).waitFor();
  await page.getByText('Acme login did not let you in, or you stopped there.').waitFor();
});

test('a person links the provider in Account › Security by the password, signs in with it, and unlinks it', async () => {
  const { page } = await stage.openSignedIn();
  await page.goto('/account/security');
  await page.getByRole('button', { name: 'Link Acme login', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Link Acme login', exact: true });
  await dialog.getByLabel('Password').fill(stage.server.password);
  await dialog.getByRole('button', { name: 'Continue' }).click();
  await signInThere(page, 'owner@private.example');
  await page.getByText('owner@private.example').waitFor();
  expect(new URL(page.url()).pathname).toBe('/account/security');

  const { page: other } = await stage.open();
  await other.goto('/sign-in');
  await begin(other);
  await signInThere(other, 'owner@private.example');
  await other.getByRole('button', { name: 'You: Test owner' }).waitFor();

  await page.getByRole('button', { name: 'Unlink Acme login', exact: true }).click();
  await page.getByRole('button', { name: 'Link Acme login', exact: true }).waitFor();
});

test('a session that ends is taken up again by signing in in another tab', async () => {
  const { page } = await stage.open();
  await page.goto('/project/test-project/traces?q=name:chat&t=7d');
  await begin(page);
  await signInThere(page, 'cleo@acme.dev');
  await page.getByRole('textbox', { name: 'Filter' }).waitFor();
  await page.context().clearCookies();
  // By key, since a request of the page itself may have brought up the dialog, and a button behind one cannot be pressed.
  await page.keyboard.press('r');
  const dialog = page.getByRole('dialog', { name: 'Your session has ended' });
  const opened = page.context().waitForEvent('page');
  await dialog.getByRole('link', { name: 'Sign in with Acme login in another tab' }).click();
  const tab = await opened;
  await begin(tab);
  await signInThere(tab, 'cleo@acme.dev');
  await dialog.waitFor({ state: 'hidden' });
  expect(await page.getByRole('textbox', { name: 'Filter' }).inputValue()).toBe('name:chat');
});
