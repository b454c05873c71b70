import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { useStage } from './browser.ts';

const stage = useStage();
const path = '/project/test-project/settings/audit-log';
const prices = { matchPattern: '^audited$', unit: 'TOKENS', inputPrice: 0.000001 };

async function api(method: string, route: string, body: unknown): Promise<{ id: string }> {
  const { url, publicKey, secretKey } = stage.server;
  const answer = await fetch(`${url}/api/public${route}`, {
    method,
    headers: {
      authorization: `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify(body),
  });
  expect(answer.ok, await answer.clone().text()).toBe(true);
  return (await answer.json()) as { id: string };
}

let model: string;
beforeAll(async () => {
  ({ id: model } = await api('POST', '/models', { modelName: 'audited model', ...prices }));
  await api('PUT', `/x/models/${model}`, { modelName: 'audited model', ...prices, inputPrice: 0.000002 });
  await api('POST', '/score-configs', { name: 'helpful', dataType: 'NUMERIC' });
  await api('POST', '/models', { modelName: '=1+1 <b>bold</b>', ...prices, matchPattern: '^formula$' });
  await api('DELETE', '/traces', { traceIds: ['a-trace', 'another-trace'] });
});

const details = (page: Page) => page.getByRole('region', { name: 'Audit line details' });

test('a line says who did what, and what it was before', async () => {
  const { page, faults } = await stage.openSignedIn();
  await page.goto('/project/test-project/settings/api-keys');
  await page.getByRole('link', { name: 'Audit log' }).click();
  const row = page.getByRole('row', { name: /updated model audited model/u });
  await row.waitFor();
  await row.click();
  await details(page)
    .getByRole('heading', { name: /pk-lf-test updated model audited model/u })
    .waitFor();
  await details(page).getByText('What changed').waitFor();
  expect(await details(page).getByText('0.000001').count()).toBeGreaterThan(0);
  expect(page.url()).toContain('line=');
  await page.reload();
  await details(page).getByRole('button', { name: 'Its history' }).click();
  await expect.poll(() => page.url()).toContain(`object=${model}`);
  await page.getByRole('row', { name: /created model audited model/u }).waitFor();
  await page.getByRole('row', { name: /score config/u }).waitFor({ state: 'detached' });
  await page.keyboard.press('Escape');
  await details(page).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Remove this filter' }).click();
  await page.getByRole('row', { name: /created model =1/u }).waitFor();
  expect(faults).toEqual([]);
});

test('it is searched, narrowed and read with the keyboard alone; the address holds the filter', async () => {
  const { page, faults } = await stage.openSignedIn();
  await page.goto(path);
  await page.getByRole('row', { name: /deleted trace another-trace/u }).waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('audited');
  await expect.poll(() => page.url()).toContain('q=audited');
  await page
    .getByRole('row', { name: /deleted trace/u })
    .first()
    .waitFor({ state: 'detached' });
  await page.getByRole('grid', { name: 'Audit log' }).focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await details(page)
    .getByRole('heading', { name: /updated model/u })
    .waitFor();
  await page.getByLabel('Search the audit log').fill('nothing has this in it');
  await page.getByText('No lines match this filter.').waitFor();
  await page.getByRole('button', { name: 'Clear filter' }).click();
  await page.getByLabel('Object', { exact: true }).selectOption('trace');
  await expect.poll(() => page.url()).toContain('type=trace');
  await page.getByRole('row', { name: /deleted trace a-trace/u }).waitFor();
  await page.reload();
  await page.getByRole('row', { name: /deleted trace a-trace/u }).waitFor();
  expect(await page.getByRole('row', { name: /model/u }).count()).toBe(0);
  expect(faults).toEqual([]);
});

test('an export holds what the filter finds', async () => {
  const { page, faults } = await stage.openSignedIn();
  await page.goto(`${path}?q=formula`);
  await page.getByRole('row', { name: /created model/u }).waitFor();
  const waiting = page.waitForEvent('download');
  await page.getByRole('link', { name: /^CSV/u }).click();
  const download = await waiting;
  expect(download.suggestedFilename()).toBe('audit-log.csv');
  const text = await readFile(await download.path(), 'utf8');
  expect(text.split('\r\n').filter((line) => line !== '')).toHaveLength(2);
  expect(text).toContain(`"'=1+1 <b>bold</b>"`);
  expect(faults).toEqual([]);
});

test("an organization's log holds those of its projects", async () => {
  const { page, faults } = await stage.openSignedIn();
  await page.goto(`/organization/test-organization/settings/audit-log`);
  const row = page.getByRole('row', { name: /updated model audited model/u });
  await row.waitFor();
  await row.getByText('Test project').waitFor();
  await row.click();
  await details(page).getByText('What changed').waitFor();
  const waiting = page.waitForEvent('download');
  await page.getByRole('link', { name: /^NDJSON/u }).click();
  const text = await readFile(await (await waiting).path(), 'utf8');
  expect(text).toContain(model);
  expect(faults).toEqual([]);
});
