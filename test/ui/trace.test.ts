import { expect, test } from 'vitest';
import { projectApi } from '../harness/project-api.ts';
import { useStage } from './browser.ts';
import { modelCall, newSpanId, newTraceId, sendTrace } from './send.ts';

const stage = useStage();

test('the cost on screen equals the API', async () => {
  const root = newSpanId();
  const call = newSpanId();
  const traceId = await sendTrace(stage.server, [
    { name: 'priced', id: root, end: 3000 },
    { name: 'answer', id: call, parent: root, start: 100, end: 2000, attributes: modelCall(123_456, 7890) },
  ]);
  const trace = await projectApi(stage.server).trace(traceId);
  const observation = trace.observations.find(({ id }) => id === call);
  expect(trace.totalCost).toBeGreaterThan(0);

  const { page } = await stage.openSignedIn();
  await page.goto(`/project/test-project/traces/${traceId}?observation=${call}`);
  const receipt = page.getByTestId('total-cost');
  await receipt.waitFor();
  expect(Number((await receipt.getAttribute('title'))?.slice(1))).toBeCloseTo(
    observation?.calculatedTotalCost ?? -1,
    12,
  );
  expect(Number((await page.getByTestId('trace-cost').getAttribute('title'))?.slice(1))).toBeCloseTo(
    trace.totalCost,
    12,
  );
  const { input = 0, output = 0 } = observation?.costDetails ?? {};
  const panel = page.getByRole('region', { name: 'Observation details' });
  expect(await panel.textContent()).toContain(`$${input.toFixed(6)}`);
  expect(await panel.textContent()).toContain(`$${output.toFixed(6)}`);

  await page.goto('/project/test-project/traces?t=1h');
  const row = page.getByRole('row', { name: /^priced/u });
  expect(await row.textContent()).toContain(`$${trace.totalCost.toFixed(3)}`);
});

test('U80 a model without a price has no cost, and the sum beside priced calls is a lower bound', async () => {
  const root = newSpanId();
  const unpriced = newSpanId();
  const traceId = await sendTrace(stage.server, [
    { name: 'mixed', id: root },
    { name: 'known', parent: root, attributes: modelCall(10_000, 5000) },
    {
      name: 'unknown',
      id: unpriced,
      parent: root,
      attributes: modelCall(10, 5, { 'langfuse.observation.model.name': 'llama-local' }),
    },
  ]);
  const { page } = await stage.openSignedIn();
  await page.goto(`/project/test-project/traces/${traceId}?observation=${unpriced}`);
  await page.getByText('No price for model llama-local.').waitFor();
  expect(await page.getByTestId('trace-cost').textContent()).toMatch(/^≥ \$/u);
  expect(await page.getByTestId('trace-cost').getAttribute('title')).toContain('1 of 2 calls have no price');
});

test('a missing parent is named, and is adopted without a reload when it arrives', async () => {
  const traceId = newTraceId();
  const late = newSpanId();
  await sendTrace(stage.server, [{ name: 'child', parent: late, start: 100, end: 900 }], { traceId });
  const { page } = await stage.openSignedIn();
  await page.goto(`/project/test-project/traces/${traceId}`);
  const tree = page.getByRole('treegrid', { name: 'Observations' });
  await tree.getByRole('row', { name: 'Parent not received, 1 observations' }).waitFor();
  await tree.getByText(late).waitFor();
  await sendTrace(stage.server, [{ name: 'the parent', id: late, end: 1000 }], { traceId });
  await tree.getByRole('row', { name: /^the parent/u }).waitFor();
  expect(await tree.getByRole('row', { name: /^child/u }).getAttribute('aria-level')).toBe('2');
});

test('the selected observation is in the address, moves by keyboard and survives a reload', async () => {
  const root = newSpanId();
  const failed = newSpanId();
  const traceId = await sendTrace(stage.server, [
    { name: 'walk', id: root },
    { name: 'first', parent: root, start: 100, end: 200 },
    { name: 'second', id: failed, parent: root, start: 300, end: 400, error: 'second failed' },
  ]);
  const { page } = await stage.openSignedIn();
  await page.goto(`/project/test-project/traces/${traceId}`);
  const tree = page.getByRole('treegrid', { name: 'Observations' });
  await tree.focus();
  await page.keyboard.press('ArrowDown');
  await page
    .getByRole('region', { name: 'Observation details' })
    .getByRole('heading', { name: /^first/u })
    .waitFor();
  await page.keyboard.press('!');
  await page.getByRole('region', { name: 'Observation details' }).getByText('second failed').waitFor();
  expect(new URL(page.url()).searchParams.get('observation')).toBe(failed);
  await page.reload();
  await page
    .getByRole('region', { name: 'Observation details' })
    .getByRole('heading', { name: /^second/u })
    .waitFor();
});

test('messages, JSON, metadata and attributes of a call are shown as they were sent', async () => {
  const call = newSpanId();
  const traceId = await sendTrace(stage.server, [
    {
      name: 'chat',
      id: call,
      attributes: modelCall(21, 9, {
        'langfuse.observation.input': '[{"role":"user","content":"Where is my refund?"}]',
        'langfuse.observation.output':
          '{"role":"assistant","content":null,"tool_calls":[{"id":"c","function":{"name":"pay","arguments":"{\\"amount\\":89.00,\\"id\\":9007199254740993}"}}]}',
        'langfuse.observation.metadata.tenant': 'acme',
        'langfuse.observation.metadata.flag': 'false',
        'http.route': '/chat',
      }),
    },
  ]);
  const { page } = await stage.openSignedIn();
  await page.goto(`/project/test-project/traces/${traceId}`);
  const panel = page.getByRole('region', { name: 'Observation details' });
  await panel.getByText('Where is my refund?').waitFor();
  const text = (await panel.textContent()) ?? '';
  expect(text).toContain('amount 89.00');
  expect(text).toContain('id 9007199254740993');
  expect(text).toContain('tenantacme');
  expect(text).toContain('flagfalse');
  expect(text).toContain('http.route/chat');

  await panel.getByRole('tab', { name: 'JSON' }).click();
  await panel.getByText('Output', { exact: true }).hover();
  await panel.getByRole('button', { name: 'Copy raw' }).nth(1).click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toContain('"arguments":"{\\"amount\\":89.00,\\"id\\":9007199254740993}"');
  expect(new URL(page.url()).searchParams.get('tab')).toBe('json');
});

test('scores are shown with their reason', async () => {
  const root = newSpanId();
  const traceId = await sendTrace(stage.server, [{ name: 'judged', id: root }]);
  const { publicKey, secretKey, url } = stage.server;
  const answer = await fetch(`${url}/api/public/scores`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({
      traceId,
      observationId: root,
      name: 'helpful',
      value: 0.4,
      comment: 'The refund was not made.',
    }),
  });
  expect(answer.status).toBe(200);
  const { page } = await stage.openSignedIn();
  await page.goto(`/project/test-project/traces/${traceId}`);
  const panel = page.getByRole('region', { name: 'Observation details' });
  await panel.getByText('The refund was not made.').waitFor();
  expect(await panel.textContent()).toContain('0.4');
});

test("U60 upstream's links and ids with any character open", async () => {
  const traceId = await sendTrace(stage.server, [{ name: 'linked' }]);
  const { page } = await stage.openSignedIn();
  for (const path of [`/trace/${traceId}`, `/public/traces/${traceId}`]) {
    await page.goto(path);
    await page.getByRole('treegrid', { name: 'Observations' }).waitFor();
    expect(new URL(page.url()).pathname).toBe(`/project/test-project/traces/${traceId}`);
  }
  const { url, publicKey, secretKey } = stage.server;
  const id = 'a/b:c#1? ä%2F';
  const answer = await fetch(`${url}/api/public/ingestion`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({
      batch: [
        {
          id: newTraceId(),
          type: 'trace-create',
          timestamp: new Date().toISOString(),
          body: { id, name: 'odd id', timestamp: new Date().toISOString() },
        },
      ],
    }),
  });
  expect(answer.status).toBe(207);
  await page.goto(`/project/test-project/traces/${encodeURIComponent(id)}`);
  await page
    .getByRole('heading', { name: 'odd id', level: 1 })
    .or(page.getByRole('heading', { name: /odd id$/u, level: 1 }))
    .first()
    .waitFor();
});

test('an id that does not exist is answered with what to do', async () => {
  const { page } = await stage.openSignedIn();
  await page.goto('/project/test-project/traces/ffffffffffffffffffffffffffffffff');
  await page.getByText('No trace with this id in project Test project.').waitFor();
  await page.getByRole('link', { name: 'All traces' }).waitFor();
  await page.goto('/nowhere');
  await page.getByRole('heading', { name: 'Not found' }).waitFor();
});
