import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { python, type PythonEnvironment } from '../harness/parts.ts';
import { run } from '../harness/process.ts';
import { useStage } from './browser.ts';
import { modelCall, sendTrace } from './send.ts';

const stage = useStage();
const root = fileURLToPath(new URL('../..', import.meta.url));

/** Proves later that the page was not loaded again. */
const mark = (page: Page) => page.evaluate(() => void Object.assign(window, { sameDocument: true }));
const isMarked = (page: Page) => page.evaluate(() => 'sameDocument' in window);

test('U128 the page holds the real key, and turns into the first trace without a reload', async () => {
  const { page } = await stage.openSignedIn();
  // A project without traces opens on its setup page.
  await page.goto('/');
  await page.getByRole('heading', { name: 'Get your first trace in' }).waitFor();
  await page.getByText(stage.server.publicKey).first().waitFor();
  await page.getByText(stage.server.url, { exact: true }).waitFor();
  expect(await page.locator('pre code').nth(1).textContent()).toContain(`publicKey: "${stage.server.publicKey}"`);
  await mark(page);

  const traceId = await sendTrace(stage.server, [
    { name: 'chat-turn', id: 'aaaaaaaaaaaaaaaa', end: 900 },
    { name: 'answer', parent: 'aaaaaaaaaaaaaaaa', start: 100, end: 800, attributes: modelCall(21, 9) },
    { name: 'log', parent: 'aaaaaaaaaaaaaaaa', start: 810, end: 820 },
  ]);
  const stored = Date.now();
  await page.getByText('First trace received: chat-turn, 3 observations.').waitFor();
  expect(Date.now() - stored).toBeLessThan(2000);
  await page.getByRole('treegrid', { name: 'Observations' }).waitFor();
  expect(new URL(page.url()).pathname).toBe(`/project/test-project/traces/${traceId}`);
  expect(await isMarked(page)).toBe(true);
});

test('U128 while waiting, the door shows what arrived and what became of it', async () => {
  const { page } = await stage.openSignedIn();
  await page.goto('/project/test-project/setup');
  const door = page.getByRole('complementary', { name: 'Live door' });
  await door.getByText('Waiting for the next request').waitFor();
  await fetch(`${stage.server.url}/api/public/otel/v1/traces`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${stage.server.publicKey}:${stage.server.secretKey}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    body: '{not json',
  });
  await door.getByText('400', { exact: true }).waitFor();
  await door.getByText('Cannot be read: Failed to parse OTel JSON Trace').waitFor();
});

test('U129 a wrong secret, and what of a batch was not stored, are named with their reason', async () => {
  const { page } = await stage.openSignedIn();
  await page.goto('/project/test-project/setup');
  const door = page.getByRole('complementary', { name: 'Live door' });
  const { url, publicKey, secretKey } = stage.server;
  const send = (secret: string, path: string, body: object) =>
    fetch(`${url}/api/public${path}`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${publicKey}:${secret}`).toString('base64')}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify(body),
    });
  await send('sk-lf-wrong', '/ingestion', { batch: [] });
  await door.getByText(`Wrong key: Wrong secret for key ${publicKey}`).waitFor();
  const timestamp = new Date().toISOString();
  const batch = [
    { id: '1', type: 'score-create', timestamp, body: { traceId: 't', name: 'n', value: 1 } },
    { id: '2', type: 'what-create', timestamp, body: { traceId: 't' } },
  ];
  await send(secretKey, '/ingestion', { batch });
  await door.getByText('1 stored, 1 rejected').waitFor();
  await door.getByText("Unknown type: There is no event of the type 'what-create'").waitFor();
});

test('the sample trace goes through the real door and opens', async () => {
  const { page } = await stage.openSignedIn();
  await page.goto('/project/test-project/setup');
  await mark(page);
  await page.getByRole('button', { name: 'Send a sample trace' }).click();
  await page.getByText('Trace received: support-agent, 13 observations.').waitFor();
  const tree = page.getByRole('treegrid', { name: 'Observations' });
  await tree.getByRole('row', { name: /^decide, generation/u }).waitFor();
  expect(await isMarked(page)).toBe(true);
  await page.getByRole('main').getByText('1 error').waitFor();
});

/** In which environment a snippet in Python runs; JavaScript runs on this repository's packages. */
const environments: Record<string, PythonEnvironment> = { Python: 'langfuse-5.0.4', LiteLLM: 'litellm-1.108.7' };

test('U127 every snippet, run as printed, makes a trace', async () => {
  const { page } = await stage.openSignedIn();
  await page.goto('/project/test-project/setup');
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.getByText('stays in this tab until you close it').waitFor();
  const declared = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  const labels = await page.getByRole('tab').allTextContents();
  expect(labels).toEqual(['JS v5', 'JS v3', 'Python', 'LiteLLM', 'OpenTelemetry', 'Vercel AI SDK', 'curl']);

  // Read before the first one runs: the page then turns into its trace.
  const printed = new Map<string, { name: string; code: string }[]>();
  for (const label of labels) {
    await page.getByRole('tab', { name: label, exact: true }).click();
    const blocks = page.locator('pre').evaluateAll((found) =>
      found.map((block) => ({
        name: block.getAttribute('aria-label') ?? '',
        code: block.querySelector('code')?.textContent ?? '',
      })),
    );
    printed.set(label, await blocks);
  }

  for (const [label, blocks] of printed) {
    const directory = await mkdtemp(join(tmpdir(), 'tracehouse-snippet-'));
    try {
      // What the install line names is what this repository has installed.
      await symlink(join(root, 'node_modules'), join(directory, 'node_modules'));
      const install = blocks.find(({ code }) => code.startsWith('npm install '))?.code ?? '';
      for (const name of install.split(' ').slice(2)) expect(declared.devDependencies).toHaveProperty([name]);
      for (const { name, code } of blocks) if (name !== 'Command') await writeFile(join(directory, name), code);
      const environment = environments[label];
      // The folder itself: a Python reached by a link elsewhere does not know its environment.
      const bin = environment === undefined ? [] : [dirname(python(environment))];
      const path = [...bin, dirname(process.execPath), process.env['PATH']].join(':');
      const before = await countTraces();
      // curl says nothing of a refusal unless it is asked to.
      const command = blocks.at(-1)?.code.replace(/^curl /u, 'curl --fail-with-body --silent --show-error ') ?? '';
      await run('bash', ['-c', command], { cwd: directory, env: { PATH: path, LITELLM_LOCAL_MODEL_COST_MAP: 'True' } });
      await expect.poll(countTraces, { timeout: 15_000, message: label }).toBe(before + 1);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }
}, 240_000);

async function countTraces(): Promise<number> {
  const { url, publicKey, secretKey } = stage.server;
  const authorization = `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString('base64')}`;
  const answer = await fetch(`${url}/api/public/traces?limit=1`, { headers: { authorization } });
  return ((await answer.json()) as { meta: { totalItems: number } }).meta.totalItems;
}
