import type { Locator, Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { useStage } from './browser.ts';
import { createPrompt } from './send.ts';

const stage = useStage();
const page = (path: string) => `/project/test-project/prompts/${path}`;
const save = (on: Page) => on.getByRole('button', { name: /^Save version/u });

/** As a keyboard does: `fill` changes the page behind the editor's back. */
async function write(editor: Locator, text: string): Promise<void> {
  await editor.click();
  await editor.press('ControlOrMeta+a');
  await editor.page().keyboard.insertText(text);
}

beforeAll(async () => {
  const name = 'support/answer';
  const versions = [
    ['You help {{company}}.\nBe kind.\nAsk for everything you need.', 0.7],
    ['You help {{company}}.\nBe kind.\nAsk for one thing at a time.', 0.2],
  ] as const;
  for (const [system, temperature] of versions) {
    await createPrompt(stage.server, {
      name,
      type: 'chat',
      prompt: [
        { role: 'system', content: system },
        { type: 'placeholder', name: 'history' },
        { role: 'user', content: '{{question}}' },
      ],
      config: { temperature },
      labels: ['production'],
    });
  }
  await createPrompt(stage.server, { name: 'draft', prompt: 'Hello', labels: [] });
  await createPrompt(stage.server, { name: 'raced', prompt: 'First line\nSecond line', labels: [] });
  await createPrompt(stage.server, { name: 'windows', prompt: 'One\r\nTwo', labels: [] });
  await createPrompt(stage.server, {
    name: 'hostile',
    prompt: '<img src=x onerror="globalThis.hacked=1"> </script><script>globalThis.hacked=1</script>\nمرحبا بالعالم',
    labels: [],
  });
});

test('U87, U88: what was typed survives a reload and leaving, shows as a dot, and goes when it is discarded', async () => {
  const { page: on, faults } = await stage.openSignedIn();
  await on.goto(page('draft/edit'));
  const text = on.getByRole('textbox', { name: 'Text', exact: true });
  await write(text, 'Hello {{name}}');
  await on.getByLabel('Variables and placeholders').getByText('name', { exact: true }).waitFor();
  await expect.poll(() => on.title()).toMatch(/^• Edit draft/u);
  await on.reload();
  await expect.poll(() => text.textContent()).toBe('Hello {{name}}');
  expect(await on.getByRole('heading', { level: 1 }).textContent()).toContain('Unsaved changes');

  await on.getByRole('link', { name: 'Prompts' }).first().click();
  const asks = on.getByRole('dialog', { name: 'Leave with unsaved changes?' });
  await asks.getByRole('button', { name: 'Stay' }).click();
  expect(on.url()).toContain('/draft/edit');
  await on.getByRole('link', { name: 'Prompts' }).first().click();
  await asks.getByRole('button', { name: 'Leave, keep the draft' }).click();
  await on.getByRole('heading', { name: 'Prompts', level: 1 }).waitFor();
  await on.goto(page('draft'));
  await on
    .getByRole('navigation', { name: 'Versions' })
    .getByRole('link', { name: /draft, unsaved/u })
    .click();
  await expect.poll(() => text.textContent()).toBe('Hello {{name}}');
  await on.getByRole('button', { name: 'Discard changes' }).click();
  await expect.poll(() => text.textContent()).toBe('Hello');
  await expect.poll(() => on.title()).toMatch(/^Edit draft/u);
  await on.reload();
  await expect.poll(() => text.textContent()).toBe('Hello');
  expect(faults).toEqual([]);
});

test('opening an editor changes nothing, whatever the lines end in', async () => {
  const { page: on, faults } = await stage.openSignedIn();
  await on.goto(page('windows/edit'));
  const text = on.getByRole('textbox', { name: 'Text', exact: true });
  await expect.poll(() => text.textContent()).toBe('OneTwo');
  await on.getByText('Text and config are those of version 1.').waitFor();
  await on.getByLabel('What changed').fill('a message');
  await on.getByText('Unsaved changes:').waitFor();
  await on.getByRole('button', { name: 'Discard changes' }).click();
  await on.getByText('Unsaved changes:').waitFor({ state: 'detached' });
  expect(faults).toEqual([]);
});

test('U89, U90: editing from version 1 starts from it and says so; the change is shown, and saved as the next version', async () => {
  const { page: on, faults } = await stage.openSignedIn();
  await on.goto(page('support%2Fanswer/edit?from=1'));
  await on.getByText('Starts from version 1, not from the newest (version 2).').waitFor();
  await on.getByText('Text and config are those of version 1.').waitFor();
  const system = on.getByRole('textbox', { name: 'Text of message 1' });
  expect(await system.textContent()).toContain('everything you need');
  await write(on.getByRole('textbox', { name: 'Text of message 3' }), '{{question}} {{tone}}');
  await write(on.getByRole('textbox', { name: 'Config' }), '{"temperature": }');
  await on.getByText('The config is not JSON yet: look at line 1, column 17.').waitFor();
  await save(on).click();
  await on.getByRole('alert').filter({ hasText: 'not JSON yet' }).waitFor();
  await write(on.getByRole('textbox', { name: 'Config' }), '{"temperature": 0.5}');
  const before = on.getByRole('complementary', { name: 'Before saving' });
  await before.getByText('4 lines differ from version 1.').waitFor();
  await before.getByText('{{question}} {{tone}}').waitFor();
  await before.getByRole('tab', { name: 'Preview' }).click();
  await before.getByText('Includes no other prompt').waitFor();

  // The last message goes to the top by the keys of its handle, and keeps the focus.
  const handle = on.getByRole('button', { name: 'Move message 3: arrow up or down' });
  await handle.focus();
  await on.keyboard.press('ArrowUp');
  await on.keyboard.press('ArrowUp');
  await on.getByText('Moved to place 1 of 3.').waitFor();
  expect(await on.getByRole('textbox', { name: 'Text of message 1' }).textContent()).toBe('{{question}} {{tone}}');
  await on.keyboard.press('ArrowDown');
  await on.keyboard.press('ArrowDown');
  await on.getByText('Moved to place 3 of 3.').waitFor();

  await on.getByLabel('What changed').fill('asks for the tone');
  await on.getByRole('checkbox', { name: /^production/u }).check();
  await on.getByRole('textbox', { name: 'Text of message 1' }).click();
  await on.keyboard.press('ControlOrMeta+s');
  await expect.poll(() => on.url()).toMatch(/support%2Fanswer\?version=3$/u);
  await on.getByText('asks for the tone').first().waitFor();
  await on.goto(page('support%2Fanswer/edit'));
  await on.getByText('Starts from version 3, the newest.').waitFor();
  await on.getByText('now v3').waitFor();
  expect(await on.title()).toMatch(/^Edit/u);
  expect(faults).toEqual([]);
});

test('U87: a version that came meanwhile is shown as a difference, and asks', async () => {
  const { page: on, faults } = await stage.openSignedIn();
  await on.goto(page('raced/edit'));
  await write(on.getByRole('textbox', { name: 'Text', exact: true }), 'First line\nSecond line of mine');
  await createPrompt(stage.server, { name: 'raced', prompt: 'First line\nSecond line of theirs', labels: [] });
  await save(on).click();
  const asks = on.getByRole('dialog', { name: 'Version 2 came meanwhile' });
  await asks.getByText('theirs', { exact: true }).waitFor();
  await asks.getByText('mine', { exact: true }).waitFor();
  await asks.getByRole('button', { name: 'Go on editing' }).click();
  await save(on).click();
  await asks.getByRole('button', { name: 'Save mine as version 3' }).click();
  await expect.poll(() => on.url()).toMatch(/raced\?version=3$/u);
  expect(faults).toEqual([]);
});

test('a new chat says what is missing, what it includes, and what it cannot', async () => {
  const { page: on, faults } = await stage.openSignedIn();
  await on.goto('/project/test-project/prompts/new?folder=team');
  await expect.poll(() => on.getByLabel(/^Name/u).inputValue()).toBe('team/');
  await on.getByLabel(/^Name/u).fill('team/new one');
  await on.getByRole('button', { name: 'Chat' }).click();
  await on.getByRole('button', { name: 'Remove message 2' }).click();
  await on.getByRole('button', { name: 'Placeholder' }).click();
  await on.getByRole('textbox', { name: 'Name of placeholder 2' }).fill('who');
  const system = on.getByRole('textbox', { name: 'Text of message 1' });
  await write(system, 'Hi {{who}} @@@langfusePrompt:name=nowhere|label=production@@@');
  await on.getByText('is a placeholder and a variable').waitFor();
  await on.getByRole('alert').filter({ hasText: 'nowhere' }).waitFor();
  await save(on).click();
  await on.getByRole('alert').filter({ hasText: 'who: a placeholder cannot be named as a variable.' }).waitFor();
  await write(system, 'Hi {{you}}. @@@langfusePrompt:name=draft|version=1@@@');
  await on.getByText('version 1', { exact: false }).first().waitFor();
  await on.getByText('Hello').waitFor();
  await on.getByLabel('New label').fill('Not A Label');
  await on.getByRole('button', { name: 'Add', exact: true }).click();
  await on.getByText('A label has up to 36').waitFor();
  await on.getByLabel('New label').fill('staging');
  await on.getByRole('button', { name: 'Add', exact: true }).click();
  await on.getByRole('checkbox', { name: /^staging/u }).waitFor();
  await save(on).click();
  await expect.poll(() => on.url()).toMatch(/team%2Fnew(\+|%20)one\?version=1$/u);
  expect(faults).toEqual([]);
});

test('U90: any two versions are compared by an address: text by message, and config', async () => {
  const { page: on, faults } = await stage.openSignedIn();
  await on.goto(page('support%2Fanswer/compare?a=1&b=2'));
  await on.getByText('everything you need', { exact: true }).waitFor();
  expect(await on.getByText('one thing at a time', { exact: true }).getAttribute('class')).toContain('add');
  await on.getByText('"temperature": 0.').first().waitFor();
  await on.getByRole('button', { name: 'Swap' }).click();
  await expect.poll(() => on.url()).toContain('a=2&b=1');
  await expect.poll(() => on.getByText('one thing at a time', { exact: true }).getAttribute('class')).toContain('del');
  await on.getByRole('button', { name: 'Words' }).click();
  await expect.poll(() => on.url()).toContain('mode=words');
  await on.reload();
  await on.locator('ins', { hasText: 'everything you need' }).waitFor();
  await on.getByLabel('After').selectOption('2');
  await on.getByText('Text and config are the same in both versions.').waitFor();
  await on.goto(page('support%2Fanswer/compare?a=99&b=2'));
  await on.getByText('There is no version “99” of this prompt.').waitFor();
  expect(faults).toEqual([]);
});

test('a text is only a text, whatever it holds, in its editor and in a comparison', async () => {
  const { page: on, faults } = await stage.openSignedIn();
  await on.goto(page('hostile/edit'));
  const text = on.getByRole('textbox', { name: 'Text', exact: true });
  await expect.poll(() => text.textContent()).toContain('<img src=x onerror');
  await text.press('ControlOrMeta+End');
  // Letters that are keys of the page elsewhere are only letters here.
  await on.keyboard.type(' g t ? [');
  await expect.poll(() => text.textContent()).toContain('مرحبا بالعالم g t ? [');
  await on.getByRole('complementary', { name: 'Before saving' }).getByText('2 lines differ').waitFor();
  expect(await on.evaluate(() => 'hacked' in globalThis)).toBe(false);
  expect(await on.locator('img').count()).toBe(0);
  await on.getByRole('button', { name: 'Discard changes' }).click();
  expect(faults).toEqual([]);
});
