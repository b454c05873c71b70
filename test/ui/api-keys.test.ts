import { expect, test } from 'vitest';
import { useStage } from './browser.ts';

const stage = useStage();

const statusWith = async (publicKey: string, secretKey: string) => {
  const authorization = `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString('base64')}`;
  return (await fetch(`${stage.server.url}/api/public/projects`, { headers: { authorization } })).status;
};

test('a key made here is usable at once, its secret is shown once, and revoked it stops', async () => {
  const { page } = await stage.openSignedIn();
  await page.goto('/project/test-project/settings/api-keys');
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('Shop backend');
  await page.getByRole('dialog').getByRole('button', { name: 'Create key' }).click();
  const created = page.getByRole('dialog', { name: 'Key created' });
  const environment = (await created.locator('pre').textContent()) ?? '';
  const publicKey = /PUBLIC_KEY="([^"]+)"/u.exec(environment)?.[1] ?? '';
  const secretKey = /SECRET_KEY="([^"]+)"/u.exec(environment)?.[1] ?? '';
  expect(environment).toContain(`LANGFUSE_BASE_URL="${stage.server.url}"`);
  expect(await statusWith(publicKey, secretKey)).toBe(200);
  expect(await statusWith(publicKey, `${secretKey}x`)).toBe(401);

  await created.getByRole('button', { name: 'I have copied the secret' }).click();
  await page.getByRole('row', { name: 'Shop backend' }).waitFor();
  expect(await page.content()).not.toContain(secretKey);

  await page.getByRole('button', { name: 'Revoke Shop backend' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke key' }).click();
  await page.getByRole('row', { name: 'Shop backend' }).waitFor({ state: 'detached' });
  expect(await statusWith(publicKey, secretKey)).toBe(401);
});
