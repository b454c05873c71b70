import { createHash } from 'node:crypto';
import { LangfuseClient, LangfuseMedia } from '@langfuse/client';
import { startObservation } from '@langfuse/tracing';
import { afterAll, expect, inject, test } from 'vitest';
import { projectApi } from '../harness/project-api.ts';
import { readBack } from '../harness/read-back.ts';
import { langfuseProcessor, register } from './tracing.ts';

const server = inject('server');
const api = projectApi(server);
const processor = langfuseProcessor(server);
register(processor);
const { url: baseUrl, publicKey, secretKey } = server;
const client = new LangfuseClient({ baseUrl, publicKey, secretKey });
afterAll(() => client.shutdown());

/** One pixel. */
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const bytes = Buffer.from(PIXEL, 'base64');
const mediaId = createHash('sha256').update(bytes).digest('base64url').slice(0, 22);

test('an image inside a message is uploaded by the SDK, and what stands for it leads to its bytes', async () => {
  const content = [
    { type: 'text', text: 'What is this?' },
    { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } },
  ];
  const generation = startObservation(
    'look',
    { model: 'gpt-4o-mini', input: [{ role: 'user', content }] },
    { asType: 'generation' },
  );
  generation.end();
  await processor.forceFlush();

  const { observation } = await readBack(api, generation.traceId);
  const { input } = observation('look') as { input: [{ content: [unknown, { image_url: { url: string } }] }] };
  const token = input[0].content[1].image_url.url;
  expect(token).toBe(`@@@langfuseMedia:type=image/png|id=${mediaId}|source=base64_data_uri@@@`);
  const media = await client.api.media.get(mediaId);
  expect(media).toMatchObject({ contentType: 'image/png', contentLength: bytes.length });
  const file = await fetch(media.url);
  expect(file.headers.get('content-type')).toBe('image/png');
  expect(Buffer.from(await file.arrayBuffer())).toEqual(bytes);
  const resolved = await client.media.resolveReferences({ obj: { input }, resolveWith: 'base64DataUri' });
  expect(JSON.stringify(resolved)).toContain(`data:image/png;base64,${PIXEL}`);
});

test('a file that the application wraps itself is stored once, whoever refers to it', async () => {
  const wrapped = () =>
    new LangfuseMedia({ source: 'bytes', contentBytes: Buffer.from('a note'), contentType: 'text/plain' });
  const first = startObservation('first', { output: wrapped() as unknown as string, metadata: { file: wrapped() } });
  first.end();
  await processor.forceFlush();
  const second = startObservation('second', { input: { attached: wrapped() } });
  second.end();
  await processor.forceFlush();

  const id = createHash('sha256').update('a note').digest('base64url').slice(0, 22);
  const token = `@@@langfuseMedia:type=text/plain|id=${id}|source=base64_data_uri@@@`;
  expect((await readBack(api, first.traceId)).observation('first')).toMatchObject({
    output: token,
    metadata: { file: token },
  });
  expect((await readBack(api, second.traceId)).observation('second').input).toEqual({ attached: token });
  expect(await (await fetch((await client.api.media.get(id)).url)).text()).toBe('a note');
});
