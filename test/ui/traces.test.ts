import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { useStage } from './browser.ts';
import { modelCall, newSpanId, sendTrace } from './send.ts';

const stage = useStage();
const minute = 60_000;

beforeAll(async () => {
  const send = (
    name: string,
    minutesAgo: number,
    more: { error?: string; attributes?: Record<string, string | readonly string[]>; end?: number } = {},
  ) =>
    sendTrace(
      stage.server,
      [
        {
          name,
          ...more,
          attributes: {
            'langfuse.observation.input': `question of ${name}`,
            'langfuse.observation.output': `answer of ${name}`,
            ...more.attributes,
          },
        },
      ],
      { startedAt: new Date(Date.now() - minutesAgo * minute) },
    );
  await send('fast', 1, { end: 100 });
  await send('slow', 2, { end: 9000 });
  await send('broken', 3, { error: 'card was refused' });
  await send('مرحبا', 4, { attributes: { 'langfuse.observation.input': 'أين طلبي؟' } });
  await send('tagged', 5, { attributes: { 'langfuse.trace.tags': ['vip', 'beta'], 'user.id': 'u-1' } });
  await send('old', 60 * 24 * 3);
  const parent = newSpanId();
  await sendTrace(stage.server, [
    { name: 'priced', id: parent, end: 2000 },
    { name: 'call', parent, attributes: modelCall(1000, 500) },
  ]);
  // Enough for several pages, older than the rest of the day.
  for (let index = 0; index < 130; index++) await send(`row ${index}`, 300 + index);
});

/** Names of the rows that are traces, in order; a row is named by name and time, the footer has no index. */
const names = (page: Page) =>
  page
    .getByRole('grid', { name: 'Traces' })
    .locator('[role="row"][aria-label]')
    .evaluateAll((rows) =>
      rows.map((row) => (row.getAttribute('aria-label') ?? '').replace(/ (?:[A-Z][a-z]{2} \d+ )?[\d:.]+$/u, '')),
    );

const grid = (page: Page) => page.getByRole('grid', { name: 'Traces' });

test('the filter survives reload, back and forward, and finds exactly its rows', async () => {
  const { page } = await stage.openSignedIn();
  await page.goto('/project/test-project/traces');
  await grid(page).getByRole('row', { name: /^fast/u }).waitFor();
  const filter = page.getByRole('textbox', { name: 'Filter' });
  await filter.fill('level:ERROR');
  await filter.press('Enter');
  await expect.poll(() => names(page)).toEqual(['broken']);
  expect(new URL(page.url()).search).toBe('?q=level:ERROR');

  await filter.fill('latency:>5s');
  await filter.press('Enter');
  await expect.poll(() => names(page)).toEqual(['slow']);

  await page.reload();
  await expect.poll(() => names(page)).toEqual(['slow']);
  expect(await filter.inputValue()).toBe('latency:>5s');

  await page.goBack();
  await expect.poll(() => names(page)).toEqual(['broken']);
  expect(await filter.inputValue()).toBe('level:ERROR');
  await page.goForward();
  await expect.poll(() => names(page)).toEqual(['slow']);
});

test.each([
  ['name:fast', ['fast']],
  ['-name:row* -name:fast', ['priced', 'slow', 'broken', 'مرحبا', 'tagged']],
  ['tags:vip tags:beta', ['tagged']],
  ['user:u-1', ['tagged']],
  ['status:*refused*', ['broken']],
  ['model:gpt-4o-mini', ['priced']],
  ['cost:>0', ['priced']],
  ['"question of slow"', ['slow']],
  ['أين', ['مرحبا']],
  ['answer slow', ['slow']],
])('the filter %s finds %j', async (q, expected) => {
  const { page } = await stage.openSignedIn();
  await page.goto(`/project/test-project/traces?t=24h&q=${encodeURIComponent(q)}`);
  await expect.poll(() => names(page)).toEqual(expected);
});

test('a filter that cannot be read is explained, and the correction is one press away', async () => {
  const { page } = await stage.openSignedIn();
  await page.goto('/project/test-project/traces');
  const filter = page.getByRole('textbox', { name: 'Filter' });
  await filter.fill('latncy:>5s');
  await page.getByText('“latncy” is no field. Did you mean latency?').waitFor();
  await page.getByRole('button', { name: 'Use latency' }).click();
  await expect.poll(() => names(page)).toEqual(['slow']);
});

test('a bad value of the address is ignored and named', async () => {
  const { page } = await stage.openSignedIn();
  await page.goto('/project/test-project/traces?t=yesterday&sort=colour');
  await page.getByText('“yesterday” is no time range. It was ignored.').waitFor();
  await page.getByText('“colour” is no column to sort by. It was ignored.').waitFor();
  await grid(page).getByRole('row', { name: /^fast/u }).waitFor();
});

test('the time range is chosen, kept in the address and for the next visit', async () => {
  const { page } = await stage.openSignedIn();
  await page.goto('/project/test-project/traces');
  await grid(page).getByRole('row', { name: /^fast/u }).waitFor();
  await page.getByRole('button', { name: 'Time range: Past 24 hours' }).click();
  await page.getByRole('button', { name: 'Past 7 days' }).click();
  expect(new URL(page.url()).search).toBe('?t=7d');
  await page.goto('/project/test-project/traces?q=name:old');
  await expect.poll(() => names(page)).toEqual(['old']);
});

test('an empty result says how many there are in all', async () => {
  const { page } = await stage.openSignedIn();
  await page.goto('/project/test-project/traces?t=24h&q=name:old');
  await page.getByText('No traces match this filter in the past 24 hours.').waitFor();
  await page.getByRole('button', { name: 'Search all time (1 found)' }).click();
  await expect.poll(() => names(page)).toEqual(['old']);
});

test('U3 U4 back restores filter, scroll and row after a trace was opened by keyboard', async () => {
  const { page } = await stage.openSignedIn();
  await page.goto('/project/test-project/traces?t=24h&q=name:row*');
  await grid(page)
    .getByRole('row', { name: /^row 0 /u })
    .waitFor();
  await grid(page).focus();
  for (let step = 0; step < 8; step++) await page.keyboard.press('PageDown');
  const active = grid(page).locator('[aria-selected="true"]');
  const name = (await active.getAttribute('aria-label')) ?? '';
  await page.keyboard.press('Enter');
  await page.getByRole('treegrid', { name: 'Observations' }).waitFor();
  // The list's keys stay in the address, so previous and next walk the same list.
  expect(new URL(page.url()).searchParams.get('q')).toBe('name:row*');
  await page.getByRole('button', { name: 'Next trace (J)' }).waitFor();
  await page.goBack();
  await grid(page).getByRole('row', { name }).waitFor();
  expect(await active.getAttribute('aria-label')).toBe(name);
});

test('sorting by cost puts the priced trace first', async () => {
  const { page } = await stage.openSignedIn();
  await page.goto('/project/test-project/traces?t=24h');
  await page.getByRole('columnheader', { name: 'Cost' }).getByRole('button').click();
  await expect.poll(async () => (await names(page))[0]).toBe('priced');
  expect(new URL(page.url()).search).toBe('?t=24h&sort=-cost');
});

test('U15 a pasted id opens its trace whatever the range', async () => {
  const { page } = await stage.openSignedIn();
  const traceId = await sendTrace(stage.server, [{ name: 'long ago' }], {
    startedAt: new Date(Date.now() - 40 * 24 * 60 * minute),
  });
  await page.goto('/project/test-project/traces?t=1h');
  await page.getByRole('textbox', { name: 'Filter' }).fill(traceId);
  await page.getByRole('link', { name: 'Open trace' }).click();
  await page
    .getByRole('treegrid', { name: 'Observations' })
    .getByRole('row', { name: /^long ago/u })
    .waitFor();
});

test('a search is stopped with Escape and gone on with', async () => {
  const { page } = await stage.openSignedIn();
  // Answers only when told to, as a search through much text would.
  let answer: (() => void) | undefined;
  await page.route(/\/x\/traces\?/u, async (route) => {
    if (!route.request().url().includes('question')) return route.fallback();
    await new Promise<void>((resolve) => (answer = resolve));
    return route.continue().catch(() => undefined);
  });
  await page.goto('/project/test-project/traces?t=24h&q=%22question+of+slow%22');
  await page.getByRole('status').filter({ hasText: 'Searching …' }).waitFor();
  const failed = page.waitForEvent('requestfailed', (request) => request.url().includes('/x/traces?'));
  await page.keyboard.press('Escape');
  await failed;
  await page.getByRole('status').filter({ hasText: 'Search stopped.' }).waitFor();
  answer?.();
  await page.unrouteAll({ behavior: 'ignoreErrors' });
  await page.getByRole('button', { name: 'Search on' }).click();
  await expect.poll(() => names(page)).toEqual(['slow']);
  expect(await page.getByRole('button', { name: 'Search on' }).count()).toBe(0);
});
