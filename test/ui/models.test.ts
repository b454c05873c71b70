import { beforeAll, expect, test } from 'vitest';
import { useStage } from './browser.ts';
import { modelCall, newSpanId, sendTrace } from './send.ts';

const stage = useStage();
const MODEL = 'llama-local-2026-09-01';

let traceId: string;
beforeAll(async () => {
  const root = newSpanId();
  traceId = await sendTrace(stage.server, [
    { name: 'agent', id: root, end: 3000 },
    { name: 'priced', parent: root, start: 100, end: 900, attributes: modelCall(1000, 100) },
    {
      name: 'unpriced',
      parent: root,
      start: 1000,
      end: 2000,
      attributes: modelCall(1000, 500, { 'langfuse.observation.model.name': MODEL }),
    },
  ]);
});

test('a call without a price says so, gets one from there, and its past cost is recalculated', async () => {
  const { page, faults } = await stage.openSignedIn();
  await page.goto('/project/test-project/traces');
  await page.getByText(`No price for model ${MODEL}: 1 call in the past 30 days`).waitFor();
  await page.goto(`/project/test-project/traces/${traceId}`);
  await page.getByRole('row', { name: /unpriced/u }).click();
  await page
    .getByRole('row', { name: /unpriced/u })
    .getByText('no price')
    .waitFor();
  expect(await page.getByTestId('trace-cost').textContent()).toContain('≥');

  await page.getByRole('button', { name: 'Add price' }).click();
  const dialog = page.getByRole('dialog', { name: `Add a price for ${MODEL}` });
  expect(await dialog.getByLabel('Model name').inputValue()).toBe(MODEL);
  await dialog.getByText(`Matches ${MODEL}`, { exact: true }).waitFor();
  const pattern = dialog.getByLabel('Match pattern');
  const suggested = await pattern.inputValue();
  await pattern.fill('^llama$');
  await dialog.getByText(`Does not match ${MODEL}`).waitFor();
  await pattern.fill('(llama');
  await dialog.getByText('not a valid regex').waitFor();
  await pattern.fill(suggested);
  await dialog.getByText(`Matches ${MODEL}`, { exact: true }).waitFor();
  await dialog.getByRole('button', { name: 'Add model' }).click();
  await dialog.getByText('Give at least one price.').waitFor();
  await dialog.getByLabel(/^Price of input,/u).fill('2');
  await dialog.getByLabel(/^Price of output,/u).fill('10');
  await dialog.getByRole('button', { name: 'Add model' }).click();

  const saved = page.getByRole('dialog', { name: `Saved ${MODEL}` });
  await saved.getByRole('button', { name: 'Recalculate past calls' }).click();
  await saved.getByText('Recalculated 1 call, 1 changed.').waitFor();
  await saved.getByRole('button', { name: 'Close' }).click();
  await expect.poll(() => page.getByTestId('total-cost').textContent()).toBe('$0.007000');
  await expect.poll(() => page.getByTestId('trace-cost').textContent()).not.toContain('≥');
  expect(faults).toEqual([]);
});

test('models are searched, opened, cloned, changed and deleted, each at an address of its own', async () => {
  const { page, faults } = await stage.openSignedIn();
  await page.goto('/project/test-project/settings/models');
  await page
    .getByRole('row', { name: /built in/u })
    .first()
    .waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('gateway/gpt-4o-mini');
  await page.getByText('No model has this in its name or pattern.').waitFor();
  await page.getByText(/A call to gateway.gpt-4o-mini is priced by/u).waitFor();
  await page.getByLabel('Search models').fill('gpt-4o-mini');
  await expect.poll(() => page.url()).toContain('q=gpt-4o-mini');
  await page.reload();
  expect(await page.getByLabel('Search models').inputValue()).toBe('gpt-4o-mini');

  await page.getByRole('row', { name: 'gpt-4o-mini, built in' }).first().waitFor();
  await page.getByRole('grid', { name: 'Models' }).focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Clone, to change it' }).click();
  const clone = page.getByRole('dialog', { name: /^New model like/u });
  await clone.getByLabel('Model name').fill('my mini');
  await clone.getByLabel('Match pattern').fill('^gpt-4o-mini$');
  await clone.getByLabel(/^Price of input,/u).fill('0.07');
  await clone.getByRole('button', { name: 'Add model' }).click();
  await page.getByRole('dialog', { name: 'Saved my mini' }).getByRole('button', { name: 'Close' }).click();

  await page.getByRole('button', { name: 'Own', exact: true }).click();
  await page.getByLabel('Search models').fill('mini');
  const row = page.getByRole('row', { name: 'my mini, own' });
  await row.getByText('$0.07', { exact: true }).waitFor();
  await page.getByLabel('Search models').fill('gpt-4o-mini');
  await page.getByText(/A call to gpt-4o-mini is priced by my mini, your own/u).waitFor();

  await row.getByRole('link').click();
  await expect.poll(() => page.url()).toMatch(/model=[0-9a-f-]{36}/u);
  await page.reload();
  const open = page.getByRole('dialog', { name: 'my mini' });
  await open.getByLabel(/^Price of input,/u).fill('0.08');
  await open.getByRole('button', { name: 'Tier', exact: true }).click();
  const tier = open.getByRole('group').filter({ hasText: 'Holds when' });
  await tier.getByLabel(/^Price of input,/u).fill('0.16');
  await open.getByRole('button', { name: 'Save' }).click();
  await page
    .getByRole('dialog', { name: 'Saved my mini' })
    .getByRole('button', { name: 'Recalculate past calls' })
    .click();
  await page
    .getByText(/Recalculated \d+ calls?, 1 changed\./u)
    .first()
    .waitFor();
  await page.getByRole('button', { name: 'Close', exact: true }).first().click();
  await row.getByText('$0.08', { exact: true }).waitFor();

  await row.getByRole('link').click();
  await page.getByRole('dialog', { name: 'my mini' }).getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog', { name: 'Delete my mini?' }).getByRole('button', { name: 'Delete model' }).click();
  await page.getByRole('dialog', { name: 'Deleted my mini' }).getByRole('button', { name: 'Close' }).click();
  await row.waitFor({ state: 'detached' });
  expect(faults).toEqual([]);
});

test('what fails says why, and can be tried again', async () => {
  const { page } = await stage.openSignedIn();
  await page.route('**/api/public/x/models', (route) =>
    route.fulfill({ status: 503, contentType: 'application/json', body: '{"message":"The store is busy"}' }),
  );
  await page.goto('/project/test-project/settings/models');
  await page.getByText('Could not load models.').waitFor();
  await page.getByText('The store is busy').waitFor();
  await page.unroute('**/api/public/x/models');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page
    .getByRole('row', { name: /built in/u })
    .first()
    .waitFor();
});
