import type { AbResult } from '@tracehouse/contract/x-ab-tests';
import { beforeAll, expect, test } from 'vitest';
import { useStage } from './browser.ts';
import { askApi, createPrompt, startTest } from './send.ts';

const stage = useStage();
const page = (prompt: string) => `/project/test-project/prompts/${encodeURIComponent(prompt)}/ab-test`;

const ask = (method: string, path: string, body?: object) => askApi(stage.server, method, path, body);

/** A test that runs, of a prompt of its own; answers its id. */
async function runningTest(prompt: string): Promise<string> {
  await twoVersions(prompt);
  return startTest(stage.server, prompt);
}

async function twoVersions(name: string): Promise<void> {
  await createPrompt(stage.server, { name, prompt: 'Greet by name and thank.', labels: ['production'] });
  await createPrompt(stage.server, { name, prompt: 'Greet by name.', labels: [], commitMessage: 'shorter' });
}

beforeAll(async () => {
  await twoVersions('support/answer');
  await createPrompt(stage.server, { name: 'lonely', prompt: 'One version.', labels: ['production'] });
});

test('a test is set up, started, paused, resumed, given other shares and ended, and the label moves at the end', async () => {
  const { page: on, faults } = await stage.openSignedIn();
  const press = (name: string) => on.getByRole('button', { name, exact: true }).click();
  await on.goto(page('support/answer'));
  await on.getByLabel('Share of v1 in percent').fill('70');
  await press('Create draft');
  await on.getByRole('alert').filter({ hasText: 'Shares add to 100; these add to 120.' }).waitFor();
  await on.getByLabel('Share of v2 in percent').fill('30');
  await on.getByRole('combobox', { name: 'Key', exact: true }).selectOption('slot');
  await on.getByText('production@slot:${crc32(userId) % 1000}').waitFor();
  await on.getByRole('combobox', { name: 'Key', exact: true }).selectOption('id');
  await on.getByLabel('What you expect').fill('Shorter is cheaper.');
  await press('Create draft');
  await on.getByText('Draft', { exact: true }).waitFor();
  await press('Start test');
  await on.getByText('Running', { exact: true }).waitFor();
  await on
    .getByText(/^Collecting: /u)
    .first()
    .waitFor();
  await on.getByText('and thank', { exact: false }).first().waitFor();

  await on.getByLabel('Who gets what').fill('user-1');
  const told = await on.getByText(/^gets v\d$/u).textContent();
  const served = await ask('GET', 'v2/prompts/support%2Fanswer?label=production%40user-1');
  expect(told).toBe(`gets v${String(served['version'])}`);

  await press('Pause');
  await on.getByText('Paused', { exact: true }).waitFor();
  expect(await ask('GET', 'v2/prompts/support%2Fanswer?abKey=user-1')).toMatchObject({ version: 1 });
  await press('Resume');
  await on.getByText('Running', { exact: true }).waitFor();
  await press('Change shares');
  const shares = on.getByRole('dialog', { name: 'Change shares' });
  await shares.getByRole('button', { name: 'Split evenly' }).click();
  await shares.getByRole('button', { name: 'Change shares' }).click();
  await on.getByText('Shares changed, 70 / 30 to 50 / 50. Counted from then: phase 2.').waitFor();
  await on.getByRole('link', { name: 'phase 1' }).click();
  await on.getByText('This is phase 1, as it ended.').waitFor();
  await on.getByRole('link', { name: 'Show the newest' }).click();
  await on.getByText('This is phase 1, as it ended.').waitFor({ state: 'detached' });

  await press('End test, make v2 production');
  const asks = on.getByRole('dialog', { name: 'End the test, make v2 production?' });
  await asks.getByText('Too little has arrived to compare').waitFor();
  await asks.getByRole('button', { name: 'End test' }).click();
  await on.getByText('Ended, v2 made production.').first().waitFor();
  expect(await ask('GET', 'v2/prompts/support%2Fanswer')).toMatchObject({ version: 2 });
  await press('New A/B test');
  await on.getByRole('combobox', { name: 'Label', exact: true }).waitFor();
  await on.getByText('Other tests of this prompt').waitFor();
  expect(faults).toEqual([]);
});

test('a prompt with one version says what is missing', async () => {
  const { page: on } = await stage.openSignedIn();
  await on.goto(page('lonely'));
  await on.getByText('An A/B test needs two versions.').waitFor();
  await on.goto(page('no such prompt'));
  await on.getByText(/no prompt/iu).waitFor();
});

const line = (
  measure: AbResult['comparisons'][number]['measure'],
  values: Partial<AbResult['comparisons'][number]>,
) => ({
  measure,
  arm: 2,
  scale: 'ratio' as const,
  a: 0.0021,
  b: 0.0019,
  difference: -0.093,
  low: -0.142,
  high: -0.041,
  level: 0.95,
  p: null,
  isPrimary: measure === 'cost',
  trimmed: null,
  missing: [0, 0] as [number, number],
  why: null,
  warnings: [],
  needed: null,
  ...values,
});

/** As the server answers after days of traffic, which a test cannot wait for. */
const result = (part: Partial<AbResult>): AbResult => ({
  state: 'running',
  phase: 1,
  from: '2026-11-21T09:00:00.000Z',
  to: '2026-11-25T09:00:00.000Z',
  at: '2026-11-25T09:00:00.000Z',
  sentence: 'v2 is cheaper: cost per generation 9.3 % lower (4.1 … 14.2 %), 4,102 users.',
  verdict: 'different',
  arms: [
    { version: 1, share: 70, units: 2868, generations: 8461 },
    { version: 2, share: 30, units: 1234, generations: 3714 },
  ],
  ratioCheck: { lnE: -1.2, isMismatch: false, observed: [0.699, 0.301] },
  keyCheck: { agreement: 0.992, withoutUnit: 0.03, readsAs: null },
  comparisons: [
    line('cost', {}),
    line('latencyP95', { a: 4100, b: 4590, difference: 0.12, low: 0.02, high: 0.23 }),
    line('score:solved', { a: null, b: null, difference: null, low: null, high: null, why: '63 of 100 users in v2' }),
  ],
  notes: [],
  ...part,
});
const json = (body: object) => ({ contentType: 'application/json', body: JSON.stringify(body) });

test('a result says what differs and how sure that is, as bars, in words and over time', async () => {
  const id = await runningTest('shown');
  const { page: on, faults } = await stage.openSignedIn();
  await on.route(`**/ab-tests/${id}/result*`, (route) => route.fulfill(json(result({}))));
  await on.route(`**/ab-tests/${id}/snapshots`, (route) =>
    route.fulfill(
      json({
        data: [0.2, 0.05, -0.01, -0.041].map((high, hour) => ({
          phase: 1,
          at: `2026-11-21T1${hour}:00:00.000Z`,
          arms: [{ arm: 2, difference: -0.093, low: -0.2, high }],
        })),
        latest: null,
      }),
    ),
  );
  await on.goto(page('shown'));
  await on.getByText('v2 is cheaper: cost per generation').waitFor();
  const cost = on.getByRole('row', { name: /^Cost per generation/u });
  expect(await cost.getByRole('cell').allTextContents()).toEqual([
    '$0.002108,461',
    '$0.001903,714',
    '',
    '−9.3 %',
    '−14.2 … −4.195 %',
    'v2 is cheaper',
  ]);
  expect(await on.getByRole('row', { name: /^Latency p95/u }).textContent()).toContain('v2 is slower at the tail');
  expect(await on.getByRole('row', { name: /^solved/u }).textContent()).toContain('63 of 100 users in v2');
  await on.getByText('first without 0: Nov 21 12:00').waitFor();
  await on.getByRole('button', { name: 'Show as table' }).click();
  await on.getByRole('cell', { name: '−20.0 … −1.0' }).waitFor();
  await on.getByRole('button', { name: 'Why? The key check' }).click();
  await on.getByText('below 80 % nothing is compared').waitFor();
  expect(faults).toEqual([]);
});

test('under a mismatch there are no numbers until they are asked for, and then no verdict', async () => {
  const id = await runningTest('mismatched');
  const { page: on, faults } = await stage.openSignedIn();
  const sentence = 'The split that arrived (61.2 / 38.8) is not the split configured (70 / 30).';
  await on.route(`**/ab-tests/${id}/result*`, (route) =>
    route.fulfill(
      json(
        result({ verdict: 'mismatch', sentence, ratioCheck: { lnE: 9, isMismatch: true, observed: [0.612, 0.388] } }),
      ),
    ),
  );
  await on.goto(page('mismatched'));
  await on.getByText('is not the split configured').waitFor();
  expect(await on.getByRole('table').count()).toBe(0);
  await on.getByRole('button', { name: 'Show estimates anyway' }).click();
  await on
    .getByRole('row', { name: /^Cost per generation/u })
    .getByText('−9.3 %')
    .waitFor();
  expect(await on.getByRole('columnheader', { name: 'In words' }).count()).toBe(0);
  expect(await on.getByText('v2 is cheaper').count()).toBe(0);
  expect(await on.getByText('interval at each hour').count()).toBe(0);
  expect(faults).toEqual([]);
});

test('while a result is computed the newest one that was kept stands in for it', async () => {
  const id = await runningTest('computed');
  const { page: on, faults } = await stage.openSignedIn();
  await on.route(`**/ab-tests/${id}/snapshots`, (route) => route.fulfill(json({ data: [], latest: result({}) })));
  let release: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => (release = resolve));
  await on.route(`**/ab-tests/${id}/result*`, async (route) => {
    await asked;
    await route.fulfill(json(result({ sentence: 'No difference shown yet.', verdict: 'no-difference-yet' })));
  });
  await on.goto(page('computed'));
  await on.getByText('v2 is cheaper: cost per generation').waitFor();
  await on.getByText('Being computed anew.').waitFor();
  release();
  await on.getByText('No difference shown yet.', { exact: true }).first().waitFor();
  expect(await on.getByText('Being computed anew.').count()).toBe(0);
  expect(faults).toEqual([]);
});
