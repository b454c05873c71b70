import { expect, test } from 'vitest';
import { useStage } from './browser.ts';
import { modelCall, sendTrace } from './send.ts';

const stage = useStage();

test('of a field above 1 MB the beginning is shown, and the whole when it is asked for', async () => {
  const input = `The beginning. ${'one line of a long document\n'.repeat(60_000)}The end.`;
  const traceId = await sendTrace(stage.server, [
    {
      name: 'summarize',
      attributes: modelCall(900, 40, {
        'langfuse.observation.input': input,
        'langfuse.observation.output': 'Short.',
        'langfuse.observation.metadata.document': `${input} Again.`,
      }),
    },
  ]);
  const { page } = await stage.openSignedIn({});
  await page.goto(`/project/test-project/traces/${traceId}`);
  const large = page.getByRole('list', { name: 'Large fields' }).first();
  await large.getByText('Input is 1.7 MB; its beginning is shown').waitFor();
  await large.getByText('Metadata document is 1.7 MB').waitFor();
  const shots = process.env['SCREENSHOTS'];
  if (shots !== undefined) await page.screenshot({ path: `${shots}/large-fields.png` });
  const saved = page.waitForEvent('download');
  await large.getByRole('button', { name: 'Download Metadata document' }).click();
  const download = await saved;
  expect(download.suggestedFilename()).toBe('document.txt');
  const chunks: Buffer[] = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
  expect(Buffer.concat(chunks).toString()).toBe(`${input} Again.`);
  await large.getByRole('button', { name: 'Show all of Input' }).click();
  await expect.poll(() => large.getByText('its beginning is shown').count()).toBe(0);
});
