import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { useStage } from './browser.ts';
import { createPrompt, modelCall, newSpanId, sendTrace } from './send.ts';

const stage = useStage();
const TONE = '@@@langfusePrompt:name=support/tone|label=production@@@';
const HOSTILE = '<img src=x onerror=alert(1)> مرحبا 😀 ';

let traceId: string;
beforeAll(async () => {
  await createPrompt(stage.server, { name: 'support/tone', prompt: 'Be kind to {{company}}.', labels: ['production'] });
  for (const [at, message] of ['copied from the code', 'cites its sources', 'shorter greeting'].entries()) {
    await createPrompt(stage.server, {
      name: 'support/answer',
      type: 'chat',
      prompt: [
        { role: 'system', content: `Version ${at + 1}. ${TONE} Ask for the order number.` },
        { type: 'placeholder', name: 'history' },
        { role: 'user', content: '{{question}}' },
      ],
      labels: at === 1 ? ['production'] : [],
      config: { model: 'gpt-4o-mini' },
      commitMessage: message,
      tags: ['billing'],
    });
  }
  await createPrompt(stage.server, {
    name: 'a b/c#1?.x',
    prompt: `${HOSTILE}${'long'.repeat(500)}`,
    labels: ['production'],
  });
  const root = newSpanId();
  traceId = await sendTrace(stage.server, [
    { name: 'agent', id: root, end: 3000 },
    {
      name: 'answer',
      parent: root,
      end: 2000,
      attributes: modelCall(1000, 100, {
        'langfuse.observation.prompt.name': 'support/answer',
        'langfuse.observation.prompt.version': 2,
      }),
    },
    {
      name: 'other',
      parent: root,
      end: 2000,
      attributes: modelCall(1000, 100, {
        'langfuse.observation.prompt.name': 'support/tone',
        'langfuse.observation.prompt.version': 1,
      }),
    },
  ]);
});

const versionRow = (page: Page, number: number) =>
  page.getByRole('navigation', { name: 'Versions' }).getByRole('link', { name: new RegExp(`^v${number}\\b`, 'u') });

test('prompts are found by folder and by words of their text, with keys alone', async () => {
  const { page, faults } = await stage.openSignedIn();
  await page.goto('/project/test-project/settings/api-keys');
  await page.getByRole('heading', { name: 'API keys' }).waitFor();
  await page.keyboard.press('g');
  await page.keyboard.press('p');
  await page.getByRole('row', { name: 'support/answer, chat' }).waitFor();
  await page.getByRole('navigation', { name: 'Folders' }).getByRole('link', { name: 'support', exact: true }).click();
  await page.getByRole('row', { name: 'a b/c#1?.x, text' }).waitFor({ state: 'detached' });
  expect(new URL(page.url()).searchParams.get('folder')).toBe('support');

  await page.keyboard.press('/');
  await page.keyboard.type('order number');
  const row = page.getByRole('row', { name: 'support/answer, chat' });
  await row.locator('mark', { hasText: 'order number' }).waitFor();
  await page.getByRole('row', { name: 'support/tone, text' }).waitFor({ state: 'detached' });
  await page.reload();
  await row.locator('mark', { hasText: 'order number' }).waitFor();
  await page.getByRole('grid', { name: 'Prompts' }).focus();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: /^Version \d/u }).waitFor();

  await page.goBack();
  await page.getByLabel('Search prompts').fill('nowhere to be found');
  await page.getByText(/has this in its name, tags, labels or text/u).waitFor();
  await page.getByText('Clear search', { exact: true }).click();
  await row.waitFor();
  expect(faults).toEqual([]);
});

test('a version shows what it asks for, what it includes and what it was used for', async () => {
  const { page, faults } = await stage.openSignedIn();
  await page.goto('/project/test-project/prompts/support%2Fanswer');
  await page.getByRole('heading', { name: /^Version 2 by API/u }).waitFor();
  const text = page.getByRole('region', { name: 'Version 2' });
  await text.getByText('history', { exact: true }).waitFor();
  const reference = text.getByRole('link', { name: '@support/tone (production)' });
  await reference.focus();
  await page.getByRole('tooltip').getByText('Be kind to {{company}}.').waitFor();
  await page.keyboard.press('Escape');
  await text.getByRole('button', { name: 'Resolved' }).click();
  await reference.waitFor({ state: 'detached' });
  await text.getByText('{{company}}').waitFor();

  const details = page.getByRole('complementary', { name: 'Version details' });
  await details.getByRole('tab', { name: 'curl' }).click();
  await details.getByText('/v2/prompts/support%2Fanswer?label=production').waitFor();
  await expect.poll(() => details.getByText(/^Calls1/u).count()).toBe(1);
  await details.getByRole('link', { name: 'Traces using v2' }).click();
  await page.getByRole('row', { name: /^agent/u }).waitFor();
  expect(new URL(page.url()).searchParams.get('q')).toBe('prompt:support/answer prompt.version:2');
  await page.getByRole('textbox', { name: 'Filter' }).fill('prompt:support/answer prompt.version:1');
  await page.getByText(/^No traces match this filter/u).waitFor();

  await page.goto(`/project/test-project/traces/${traceId}`);
  await page.getByRole('row', { name: /^answer/u }).click();
  await page.getByRole('link', { name: 'support/answer v2' }).click();
  await page.getByRole('heading', { name: /^Version 2 by API/u }).waitFor();
  expect(new URL(page.url()).searchParams.get('version')).toBe('2');
  expect(faults).toEqual([]);
});

test('a label is moved after what it is used for was said; clients get the other version at once', async () => {
  const { page, faults } = await stage.openSignedIn();
  await page.goto('/project/test-project/prompts/support%2Fanswer?version=3');
  await page.getByRole('button', { name: 'Move production' }).click();
  const dialog = page.getByRole('dialog', { name: 'Move production' });
  await dialog.getByText('production: 2 → 3, used once in the past day.').waitFor();
  await dialog.getByRole('button', { name: 'Move production to v3' }).click();
  await dialog.waitFor({ state: 'detached' });
  await versionRow(page, 3).getByText('production').waitFor();
  const { url, publicKey, secretKey } = stage.server;
  const fetched = await fetch(`${url}/api/public/v2/prompts/support%2Fanswer`, {
    headers: { authorization: `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString('base64')}` },
  });
  expect(await fetched.json()).toMatchObject({ version: 3 });

  await page.getByRole('button', { name: 'Add label' }).click();
  const adding = page.getByRole('dialog', { name: 'Label a version of support/answer' });
  await adding.getByRole('combobox', { name: 'Label' }).fill('Not A Label');
  await adding.getByText(/^Label must be lowercase/u).waitFor();
  await adding.getByRole('combobox', { name: 'Label' }).fill('staging');
  await adding.getByRole('button', { name: 'Move staging to v3' }).click();
  await adding.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Move staging' }).click();
  await page.getByLabel('To version').selectOption('none');
  await page.getByRole('button', { name: 'Take staging away' }).click();
  await page.getByRole('button', { name: 'Move staging' }).waitFor({ state: 'detached' });
  expect(faults).toEqual([]);
});

test('what others include cannot be deleted, a copy can; names of any kind have addresses', async () => {
  const { page, faults } = await stage.openSignedIn();
  const more = () => page.getByRole('button', { name: 'More', exact: true });
  await page.goto('/project/test-project/prompts/support%2Ftone');
  await page.getByRole('heading', { name: /^Version 1 by API/u }).waitFor();
  await more().click();
  await page.getByRole('menuitem', { name: 'Delete prompt …' }).click();
  const refused = page.getByRole('dialog', { name: 'Delete support/tone?' });
  await refused.getByRole('button', { name: 'Delete prompt' }).click();
  await refused
    .getByRole('alert')
    .getByText(/support\/answer/u)
    .waitFor();
  await refused.getByRole('button', { name: 'Cancel' }).click();

  await more().click();
  await page.getByRole('menuitem', { name: 'Copy or rename …' }).click();
  const copying = page.getByRole('dialog', { name: 'Copy support/tone' });
  await copying.getByLabel('New name').fill('support/tone two');
  await copying.getByRole('button', { name: 'Copy', exact: true }).click();
  await page.getByRole('heading', { name: /tone two$/u, level: 1 }).waitFor();
  await more().click();
  await page.getByRole('menuitem', { name: 'Edit tags …' }).click();
  await page.getByLabel('Add tags, with commas between').fill('tried, kept');
  await page.getByRole('button', { name: 'Save tags' }).click();
  await page.getByText('kept', { exact: true }).waitFor();
  await more().click();
  await page.getByRole('menuitem', { name: 'Delete prompt …' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete prompt' }).click();
  await page.getByRole('row', { name: 'support/tone, text' }).waitFor();
  await page.getByRole('row', { name: 'support/tone two, text' }).waitFor({ state: 'detached' });

  await page.goto('/project/test-project/prompts');
  await page.getByRole('row', { name: 'a b/c#1?.x, text' }).getByRole('link').click();
  await page.getByText(HOSTILE.trim()).waitFor();
  expect(page.url()).toContain('/prompts/a%20b%2Fc%231%3F.x');
  await page.reload();
  await page.getByText(HOSTILE.trim()).waitFor();
  await page.goto('/project/test-project/prompts/no%2Fsuch');
  await page.getByText('No prompt with this name in project Test project.').waitFor();
  expect(faults).toEqual([]);
});

test('a protected label is locked for members, who are told whom to ask', async () => {
  const owner = (await stage.openSignedIn()).page;
  await owner.goto('/project/test-project/settings/prompts');
  await owner.getByLabel('Label to protect').fill('production');
  await owner.getByRole('button', { name: 'Protect' }).click();
  await owner.getByRole('button', { name: 'Remove protected label production' }).waitFor();

  await owner.goto('/organization/test-organization/settings/members');
  await owner.getByRole('button', { name: 'Invite' }).click();
  const dialog = owner.getByRole('dialog');
  await dialog.getByLabel('E-mail').fill('grace@acme.dev');
  await dialog.getByRole('combobox', { name: 'Role' }).selectOption('MEMBER');
  await dialog.getByRole('button', { name: 'Invite' }).click();
  const link = (await owner.getByRole('dialog', { name: 'Invited' }).locator('.code').textContent()) ?? '';
  const { page } = await stage.open();
  await page.goto(link);
  await page.getByLabel('Name').fill('Grace Hopper');
  await page.getByRole('textbox', { name: 'Password' }).fill('correct horse 1!');
  await page.getByRole('button', { name: /^Sign up and join/u }).click();
  await page.getByRole('heading', { name: 'Projects' }).waitFor();

  await page.goto('/project/test-project/prompts/support%2Fanswer');
  const move = page.getByRole('button', { name: 'Move production' });
  await move.waitFor();
  expect(await move.getAttribute('title')).toBe(
    'production is protected. You need the role Admin or higher in project Test project to do this. Owners: Test owner.',
  );
  await page.goto('/project/test-project/settings/prompts');
  const protect = page.getByRole('button', { name: 'Protect' });
  await protect.waitFor();
  expect(await protect.getAttribute('aria-disabled')).toBe('true');
});

test('what fails says why, and can be tried again', async () => {
  const { page } = await stage.openSignedIn();
  await page.route('**/api/public/x/prompts*', (route) =>
    route.fulfill({ status: 503, contentType: 'application/json', body: '{"message":"The store is busy"}' }),
  );
  await page.goto('/project/test-project/prompts');
  await page.getByText('Could not load prompts.').waitFor();
  await page.getByText('The store is busy').waitFor();
  await page.unroute('**/api/public/x/prompts*');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('row', { name: 'support/answer, chat' }).waitFor();
});
