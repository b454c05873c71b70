import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { useStage } from './browser.ts';
import { createPrompt, modelCall, newSpanId, sendTrace, startTest } from './send.ts';

const stage = useStage();
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let traceId: string;
beforeAll(async () => {
  const root = newSpanId();
  const failed = newSpanId();
  traceId = await sendTrace(stage.server, [
    {
      name: 'agent',
      id: root,
      end: 3000,
      attributes: { 'langfuse.observation.type': 'agent', 'user.id': 'u-1', 'langfuse.trace.tags': ['vip'] },
    },
    {
      name: 'answer',
      parent: root,
      start: 100,
      end: 2000,
      attributes: modelCall(21, 9, {
        'langfuse.observation.input': '[{"role":"user","content":"Hi"}]',
        'langfuse.observation.metadata.tenant': 'acme',
      }),
    },
    { name: 'pay', id: failed, parent: root, start: 2100, end: 2200, error: 'refused' },
    { name: 'mail', parent: newSpanId(), start: 2300, end: 2400 },
  ]);
  await createPrompt(stage.server, { name: 'support/tone', prompt: 'Be kind to {{company}}.', labels: ['production'] });
  await createPrompt(stage.server, {
    name: 'support/answer',
    type: 'chat',
    prompt: [
      { role: 'system', content: 'Hi. @@@langfusePrompt:name=support/tone|label=production@@@ Ask.' },
      { type: 'placeholder', name: 'history' },
      { role: 'user', content: '{{question}}' },
    ],
    labels: ['production'],
    config: { model: 'gpt-5-mini' },
    tags: ['billing'],
    commitMessage: 'first chat form',
  });
  for (const name of ['tested', 'untested']) {
    await createPrompt(stage.server, { name, prompt: 'Greet and thank.', labels: ['production'] });
    await createPrompt(stage.server, { name, prompt: 'Greet.', labels: [] });
  }
  await startTest(stage.server, 'tested');
});

/** Run in a page of the browser's own privileges: the policy of the page allows no foreign script. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const results = await page.evaluate(() =>
    (globalThis as unknown as { axe: { run(options: object): Promise<AxeResults> } }).axe.run({
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
    }),
  );
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.html.slice(0, 200)} ${node.failureSummary ?? ''}`),
  );
}

const pages: [name: string, path: () => string, ready: (page: Page) => Promise<unknown>][] = [
  ['setup', () => '/project/test-project/setup', (page) => page.getByRole('tab', { name: 'curl' }).waitFor()],
  ['traces', () => '/project/test-project/traces', (page) => page.getByRole('row', { name: /^agent/u }).waitFor()],
  [
    'trace',
    () => `/project/test-project/traces/${traceId}`,
    (page) => page.getByRole('tab', { name: 'Metadata' }).waitFor(),
  ],
  [
    'trace as JSON',
    () => `/project/test-project/traces/${traceId}?tab=json`,
    (page) => page.getByRole('tabpanel', { name: 'JSON' }).waitFor(),
  ],
  [
    'prompts',
    () => '/project/test-project/prompts?folder=support&q=kind',
    (page) => page.locator('mark', { hasText: 'kind' }).first().waitFor(),
  ],
  [
    'a prompt that is edited',
    () => '/project/test-project/prompts/support%2Fanswer/edit',
    (page) => page.getByRole('textbox', { name: 'Config' }).waitFor(),
  ],
  [
    'a new prompt',
    () => '/project/test-project/prompts/new',
    (page) => page.getByRole('textbox', { name: 'Config' }).waitFor(),
  ],
  [
    'two versions compared',
    () => '/project/test-project/prompts/untested/compare',
    (page) => page.getByText('2 lines differ').waitFor(),
  ],
  [
    'an A/B test that is set up',
    () => '/project/test-project/prompts/untested/ab-test',
    (page) => page.getByRole('button', { name: 'Create draft' }).waitFor(),
  ],
  [
    'an A/B test that runs',
    () => '/project/test-project/prompts/tested/ab-test',
    (page) =>
      page
        .getByText(/^Collecting: /u)
        .first()
        .waitFor(),
  ],
  [
    'a prompt',
    () => '/project/test-project/prompts/support%2Fanswer',
    async (page) => {
      await page.getByRole('link', { name: '@support/tone (production)' }).focus();
      await page.getByRole('tooltip').waitFor();
    },
  ],
  [
    'protected labels',
    () => '/project/test-project/settings/prompts',
    (page) => page.getByLabel('Label to protect').waitFor(),
  ],
  [
    'API keys',
    () => '/project/test-project/settings/api-keys',
    (page) =>
      page
        .getByRole('button', { name: /^Revoke/u })
        .first()
        .waitFor(),
  ],
  [
    'members of the organization',
    () => '/organization/test-organization/settings/members',
    (page) => page.getByRole('row', { name: /^Test owner/u }).waitFor(),
  ],
  [
    'general settings of the organization',
    () => '/organization/test-organization/settings/general',
    (page) => page.getByRole('button', { name: 'Delete organization' }).waitFor(),
  ],
  [
    'SSO and SCIM',
    () => '/organization/test-organization/settings/sso',
    (page) => page.getByText('Never run for this organization.').waitFor(),
  ],
  [
    'members of the project',
    () => '/project/test-project/settings/members',
    (page) => page.getByRole('row', { name: /^Test owner/u }).waitFor(),
  ],
  ['organizations', () => '/organizations', (page) => page.getByRole('heading', { name: 'Organizations' }).waitFor()],
  [
    'models',
    () => '/project/test-project/settings/models',
    (page) =>
      page
        .getByRole('row', { name: /built in/u })
        .first()
        .waitFor(),
  ],
  [
    'a new model',
    () => '/project/test-project/settings/models?model=new&name=llama-local',
    (page) => page.getByText('Matches llama-local').waitFor(),
  ],
  [
    'an audit log',
    () => '/project/test-project/settings/audit-log',
    (page) => page.getByRole('heading', { name: 'Audit log' }).waitFor(),
  ],
  ['profile', () => '/account/profile', (page) => page.getByLabel('Name').waitFor()],
  ['refused sign-in', () => '/auth/error?error=OAuthAccountNotLinked', (page) => page.getByRole('alert').waitFor()],
  ['nothing to link', () => '/auth/link', (page) => page.getByText('Nothing waits to be linked').waitFor()],
  ['security', () => '/account/security', (page) => page.getByLabel('New password').waitFor()],
  ['sessions', () => '/account/sessions', (page) => page.getByText('This browser').waitFor()],
  ['not found', () => '/nowhere', (page) => page.getByRole('heading', { name: 'Not found' }).waitFor()],
];

for (const theme of ['light', 'dark'] as const) {
  test(`axe finds nothing on any page, ${theme}`, async () => {
    const { page, faults } = await stage.openSignedIn({ theme });
    for (const [name, path, ready] of pages) {
      await page.goto(path());
      await ready(page);
      expect({ name, violations: await violations(page) }).toEqual({ name, violations: [] });
    }
    await page.context().clearCookies();
    for (const [path, heading] of [
      ['/sign-in', 'Sign in'],
      ['/sign-up', 'Create an account'],
      ['/reset-password', 'New password'],
    ] as const) {
      await page.goto(path);
      await page.getByRole('heading', { name: heading }).waitFor();
      await page.getByRole('link').first().waitFor();
      expect({ path, violations: await violations(page) }).toEqual({ path, violations: [] });
    }
    expect(faults).toEqual([]);
  });
}

test('menus, dialogs and pickers open without a style or script of their own', async () => {
  const { page, faults } = await stage.openSignedIn();
  await page.goto('/project/test-project/settings/api-keys');
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: /^You:/u }).click();
  expect(await violations(page)).toEqual([]);
  await page.getByRole('menuitemradio', { name: 'Dark' }).click();
  expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark');
  await page.reload();
  expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark');
  await page.goto('/project/test-project/traces');
  await page.getByRole('button', { name: /^Time range/u }).click();
  await page.getByRole('dialog', { name: 'Time range' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: /^Environment/u }).click();
  await page.getByRole('menu').waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys of this page' }).waitFor();
  expect(faults).toEqual([]);
});

test('the first load of the traces list stays within 350 KB, fonts included', async () => {
  const { page } = await stage.openSignedIn();
  const context = await page
    .context()
    .browser()
    ?.newContext({ baseURL: stage.server.url, storageState: await page.context().storageState() });
  if (!context) throw new Error('The browser has gone');
  const fresh = await context.newPage();
  const session = await context.newCDPSession(fresh);
  await session.send('Network.enable');
  let bytes = 0;
  const files = new Map<string, string>();
  session.on('Network.responseReceived', ({ requestId, response }) => files.set(requestId, response.url));
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if (!files.get(requestId)?.includes('/api/')) bytes += encodedDataLength;
  });
  await fresh.goto('/project/test-project/traces');
  await fresh.getByRole('row', { name: /^agent/u }).waitFor();
  await context.close();
  expect(bytes / 1000).toBeLessThan(350);
});
