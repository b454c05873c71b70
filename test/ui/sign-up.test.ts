import type { Page } from 'playwright-core';
import { afterAll, expect, test } from 'vitest';
import { openMailbox } from '../../packages/server/src/identity/accounts/mailbox.ts';
import { useStage } from './browser.ts';

const mailbox = await openMailbox();
/** Addresses are verified first, and one domain signs in by SSO alone. */
const stage = useStage({
  env: () => ({
    ...mailbox.env,
    AUTH_EMAIL_VERIFICATION_REQUIRED: 'true',
    AUTH_DOMAINS_WITH_SSO_ENFORCEMENT: 'corp.example',
  }),
});
afterAll(() => mailbox.close());

const codeFor = async (email: string): Promise<string> => {
  await expect.poll(() => mailbox.codeFor(email), { timeout: 10_000 }).toMatch(/^\d{6}$/u);
  return mailbox.codeFor(email);
};
/** As it comes out of a mail. */
const paste = async (page: Page, text: string): Promise<void> => {
  await page.evaluate((copied) => navigator.clipboard.writeText(copied), text);
  await page.getByLabel('Code from the mail').focus();
  await page.keyboard.press('Control+V');
};

test('a code that is pasted with its words makes an account', async () => {
  const { page } = await stage.open();
  await page.goto('/sign-up?next=/account/profile');
  await page.getByLabel('E-mail').fill('ada@example.com');
  await page.getByRole('button', { name: 'Send code' }).click();
  await page.getByText('A mail is on its way to ada@example.com').waitFor();
  const code = await codeFor('ada@example.com');
  await paste(page, ` ${code.slice(0, 3)} ${code.slice(3)} `);
  expect(await page.getByLabel('Code from the mail').inputValue()).toBe(code);
  await page.getByLabel('Name').fill('Ada');
  await page.getByLabel('Password', { exact: true }).fill('correct horse 9');
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByRole('heading', { name: 'Profile' }).waitFor();
  await page.getByText('Yes', { exact: true }).waitFor();
});

test('an address that has an account is asked for a code like any other, and its owner is told by mail', async () => {
  const { page } = await stage.open();
  await page.goto('/sign-up');
  await page.getByLabel('E-mail').fill(stage.server.email);
  await page.getByRole('button', { name: 'Send code' }).click();
  await page.getByText(`A mail is on its way to ${stage.server.email}`).waitFor();
  await expect
    .poll(() => mailbox.mails.findLast(({ to }) => to.includes(stage.server.email))?.head, { timeout: 10_000 })
    .toContain('Subject: You have an account already');
});

test('the address decides what is asked next: a password, or single sign-on', async () => {
  const { page } = await stage.open();
  await page.goto('/sign-in');
  await page.getByRole('button', { name: 'Continue' }).waitFor();
  expect(await page.getByLabel('Password').count()).toBe(0);
  await page.getByLabel('E-mail').fill('lin@Corp.example');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('People of corp.example sign in by single sign-on.').waitFor();
  expect(await page.getByLabel('Password').count()).toBe(0);
  await page.getByRole('button', { name: 'Use another address' }).click();
  await page.getByLabel('E-mail').fill(stage.server.email);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByLabel('Password').fill(stage.server.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
});
