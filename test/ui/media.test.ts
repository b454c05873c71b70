import { createHash } from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { projectApi } from '../harness/project-api.ts';
import { useStage } from './browser.ts';
import { modelCall, sendTrace } from './send.ts';

const stage = useStage();

/** A picture of colours running into each other. */
function picture(width: number, height: number): Buffer {
  const rows = Array.from({ length: height }, (_, y) =>
    Buffer.from([
      0,
      ...Array.from({ length: width }, (_, x) => [(255 * x) / width, (255 * y) / height, 160].map(Math.floor)).flat(),
    ]),
  );
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8);
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(data.length, 0);
    ends.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
  };
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** A tone of a second. */
function tone(): Buffer {
  const samples = Buffer.from(Array.from({ length: 8000 }, (_, n) => 128 + Math.round(60 * Math.sin(n / 3))));
  const header = Buffer.alloc(44);
  header.write('RIFF');
  header.writeUInt32LE(36 + samples.length, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(8000, 24);
  header.writeUInt32LE(8000, 28);
  header.writeUInt16LE(1, 32);
  header.writeUInt16LE(8, 34);
  header.write('data', 36);
  header.writeUInt32LE(samples.length, 40);
  return Buffer.concat([header, samples]);
}

/** Uploads as SDKs do; answers what they leave in the text. */
async function upload(traceId: string, contentType: string, bytes: Buffer, isSent = true): Promise<string> {
  const { authorization } = projectApi(stage.server);
  const sha256Hash = createHash('sha256').update(bytes).digest('base64');
  const answer = await fetch(`${stage.server.url}/api/public/media`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ traceId, field: 'input', contentType, contentLength: bytes.length, sha256Hash }),
  });
  const { mediaId, uploadUrl } = (await answer.json()) as { mediaId: string; uploadUrl: string | null };
  if (isSent && uploadUrl !== null) {
    const headers = { 'content-type': contentType, 'x-amz-checksum-sha256': sha256Hash };
    expect((await fetch(uploadUrl, { method: 'PUT', headers, body: new Uint8Array(bytes) })).status).toBe(200);
  }
  return `@@@langfuseMedia:type=${contentType}|id=${mediaId}|source=base64_data_uri@@@`;
}

test.each(['light', 'dark'] as const)('files are shown where the text refers to them (%s)', async (theme) => {
  const traceId = createHash('md5').update(theme).digest('hex');
  const files = {
    image: await upload(traceId, 'image/png', picture(480, 270)),
    sound: await upload(traceId, 'audio/wav', tone()),
    page: await upload(traceId, 'text/html', Buffer.from('<script>document.title = "run"</script>')),
    drawing: await upload(traceId, 'image/svg+xml', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')),
    lie: await upload(traceId, 'image/jpeg', Buffer.from('<html>not an image</html>')),
    missing: await upload(traceId, 'video/mp4', Buffer.from(`never sent ${theme}`), false),
  };
  const content = [
    { type: 'text', text: 'What do you see, and what does she say?' },
    { type: 'image_url', image_url: { url: files.image } },
    { type: 'input_audio', input_audio: { data: files.sound, format: 'wav' } },
  ];
  await sendTrace(
    stage.server,
    [
      {
        name: 'look and listen',
        attributes: modelCall(900, 40, {
          'langfuse.observation.input': JSON.stringify([{ role: 'user', content }]),
          'langfuse.observation.output': `A sunset. ${files.page} ${files.drawing} ${files.lie} ${files.missing}`,
          'langfuse.observation.metadata.scan': files.image,
        }),
      },
    ],
    { traceId },
  );
  const { page } = await stage.openSignedIn({ theme });
  await page.goto(`/project/test-project/traces/${traceId}`);
  const panel = page.getByRole('region', { name: 'Observation details' });
  const image = panel.getByRole('img', { name: 'The file (image/png' }).first();
  await image.waitFor();
  await expect.poll(() => image.evaluate((shown: HTMLImageElement) => shown.naturalWidth)).toBe(480);
  await panel.getByText('[video/mp4: Media not yet uploaded]').waitFor();
  const sound = panel.locator('audio');
  await expect.poll(() => sound.evaluate((player: HTMLAudioElement) => player.duration)).toBe(1);
  // What is no image, whatever it is called, is a link; so is what could run something.
  await panel.getByRole('link', { name: /^image\/jpeg/u }).waitFor();
  await panel.getByRole('link', { name: /^image\/svg\+xml/u }).waitFor();
  const download = page.waitForEvent('download');
  await panel.getByRole('link', { name: /^text\/html/u }).click();
  expect((await download).suggestedFilename()).toMatch(/\.html$/u);
  expect(await page.title()).not.toBe('run');

  await panel.getByRole('button', { name: 'Enlarge the image' }).first().click();
  await panel.getByRole('button', { name: 'Make the image smaller' }).click();
  const shots = process.env['SCREENSHOTS'];
  if (shots !== undefined) await page.screenshot({ path: `${shots}/media-${theme}.png` });
});

test('an image that came as base64 inside a span is shown in its panel, and small in the list', async () => {
  const data = picture(200, 100).toString('base64');
  const parts = [
    { type: 'text', content: 'What is this?' },
    { type: 'blob', mime_type: 'image/png', content: data },
  ];
  const traceId = await sendTrace(stage.server, [
    {
      name: 'look',
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.request.model': 'gpt-4o-mini',
        'gen_ai.input.messages': JSON.stringify([{ role: 'user', parts }]),
      },
    },
  ]);
  const { page } = await stage.openSignedIn({});
  await page.goto(`/project/test-project/traces/${traceId}`);
  const image = page.getByRole('region', { name: 'Observation details' }).getByRole('img', { name: /image\/png/u });
  await expect.poll(() => image.evaluate((shown: HTMLImageElement) => shown.naturalWidth)).toBe(200);
  await page.goto('/project/test-project/traces');
  const row = page.getByRole('row').filter({ hasText: 'What is this?' });
  const small = row.getByRole('img', { name: 'image/png' });
  await expect.poll(() => small.evaluate((shown: HTMLImageElement) => shown.naturalWidth)).toBe(200);
  expect((await small.boundingBox())?.height).toBe(20);
  const shots = process.env['SCREENSHOTS'];
  if (shots !== undefined) await page.screenshot({ path: `${shots}/media-list.png` });
});
