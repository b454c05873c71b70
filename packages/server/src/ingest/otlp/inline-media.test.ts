import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { at, type Harness, MAX_MEDIA_BYTES, openHarness, type Project } from '../../features/harness.ts';
import { emptyRow, type ObservationRow } from '../observation.ts';
import { encodedSpan, spanId } from './encoded-span.ts';
import { type InlineFile, takeFiles } from './inline-media.ts';

/** A picture, as far as its first bytes say; the rest is of this text. */
const picture = (of: string, size = 3000): Buffer =>
  Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    Buffer.alloc(size, createHash('sha256').update(of).digest()),
  ]);
const idOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('base64url').slice(0, 22);
const tokenOf = (bytes: Buffer, source = 'bytes', type = 'image/png'): string =>
  `@@@langfuseMedia:type=${type}|id=${idOf(bytes)}|source=${source}@@@`;
const python = (bytes: Buffer): string =>
  `b'${[...bytes].map((byte) => (byte < 32 || byte > 126 || byte === 39 || byte === 92 ? `\\x${byte.toString(16).padStart(2, '0')}` : String.fromCharCode(byte))).join('')}'`;

const rowWith = (fields: Partial<ObservationRow>): ObservationRow => ({
  ...emptyRow({ projectId: 'p', kind: 'observation', id: 's', traceId: 't', startTime: 0, source: 'otlp' }),
  ...fields,
});
function taken(input: string): { text: string; files: InlineFile[] } {
  const files: InlineFile[] = [];
  return { text: takeFiles(rowWith({ input }), 1_000_000, files).input, files };
}

const bytes = picture('a');
const base64 = bytes.toString('base64');
describe('a file inside a text is taken out, in', () => {
  test.each<[name: string, block: (data: string) => unknown, data: string, source?: string, type?: string]>([
    [
      'a data URI',
      (data) => ({ type: 'image_url', image_url: { url: data } }),
      `data:image/png;base64,${base64}`,
      'base64_data_uri',
    ],
    [
      'a data URI with parameters',
      (data) => ({ url: data }),
      `data:image/png;name=a.png;base64,${base64}`,
      'base64_data_uri',
    ],
    [
      'a block of Anthropic',
      (data) => ({ type: 'image', source: { type: 'base64', media_type: 'image/png', data } }),
      base64,
    ],
    ['a block of LangChain', (data) => ({ type: 'media', mime_type: 'image/png', data }), base64],
    [
      'a blob part of the GenAI conventions',
      (data) => ({ type: 'blob', modality: 'image', mime_type: 'image/png', content: data }),
      base64,
    ],
    ['a file part of the AI SDK', (data) => ({ type: 'file', mediaType: 'image/png', data }), base64],
    ['an image part of the AI SDK', (data) => ({ type: 'image', mediaType: 'image/png', image: data }), base64],
    ['inlineData of Gemini', (data) => ({ inlineData: { mimeType: 'image/png', data } }), base64],
    [
      'inline_data of Gemini, with the other alphabet',
      (data) => ({ inline_data: { mime_type: 'image/png', data } }),
      bytes.toString('base64url'),
    ],
    [
      'inline_data as Python writes bytes',
      (data) => ({ inline_data: { mime_type: 'image/png', data } }),
      python(bytes),
    ],
    [
      'sound of OpenAI',
      (data) => ({ type: 'input_audio', input_audio: { format: 'wav', data } }),
      base64,
      'bytes',
      'audio/wav',
    ],
  ])('%s', (_, block, data, source, type) => {
    const wrapped = (text: string): string =>
      JSON.stringify([{ role: 'user', n: 12345678901234567890n.toString(), content: ['Look', block(text)] }], null, 1);
    const { text, files } = taken(wrapped(data));
    expect(text).toBe(wrapped(tokenOf(bytes, source, type)));
    expect(files).toHaveLength(1);
    expect(Buffer.from(files[0]!.bytes).equals(bytes)).toBe(true);
    expect(files[0]).toMatchObject({
      traceId: 't',
      observationId: 's',
      field: 'input',
      contentType: type ?? 'image/png',
    });
  });

  test('plain text, several times, with the rest as it was', () => {
    const other = picture('b');
    const uri = (file: Buffer): string => `data:image/png;base64,${file.toString('base64')}`;
    const { text, files } = taken(`First ${uri(bytes)}, then ${uri(other)} and ${uri(bytes)}.`);
    const token = (file: Buffer): string => tokenOf(file, 'base64_data_uri');
    expect(text).toBe(`First ${token(bytes)}, then ${token(other)} and ${token(bytes)}.`);
    expect(files).toHaveLength(3);
  });
});

test.each([
  ['a small one', `data:image/png;base64,${Buffer.alloc(100).toString('base64')} ${' '.repeat(2000)}`],
  ['one of a type that no file has', `data:image/x-new;base64,${base64}`],
  ['one that is larger than a file may be', `data:image/png;base64,${Buffer.alloc(1_000_001).toString('base64')}`],
  ['what is no base64', JSON.stringify({ type: 'media', mime_type: 'image/png', data: 'no base64! '.repeat(200) })],
  [
    'half of Python bytes',
    JSON.stringify({ inline_data: { mime_type: 'image/png', data: `b'\\x8${'a'.repeat(2000)}` } }),
  ],
])('%s stays in the text', (_, text) => {
  expect(taken(text)).toEqual({ text, files: [] });
});

test('any text with any blocks is mapped without an error, and numbers stay as they were', () => {
  const json = fc.json({ maxDepth: 4 });
  fc.assert(
    fc.property(json, fc.string(), fc.constantFrom('media_type', 'mimeType', 'input_audio'), (value, text, key) => {
      const block = `{"type":"base64","${key}":"image/png","data":"${base64}","n":1.0e2}`;
      const { text: changed } = taken(`[${value},${block},${JSON.stringify(text)}]`);
      expect(changed).toContain(`"n":1.0e2}`);
      expect(changed.startsWith(`[${value},`)).toBe(true);
    }),
    { numRuns: 100 },
  );
});

describe('through the doors', () => {
  let harness: Harness;
  let project: Project;
  let other: Project;
  beforeAll(async () => {
    harness = await openHarness();
    project = await harness.project('inline');
    other = await harness.project('other');
  }, 60_000);
  afterAll(() => harness.close());
  const blobs = async (): Promise<string[]> =>
    (await Array.fromAsync(harness.blobs.list('media/'))).map(({ name }) => name);
  const send = (to: Project, encoding: 'protobuf' | 'json', traceId: string, attributes: Record<string, string>) => {
    const { body, type } = encodedSpan(encoding, { traceId, at: at(0), attributes });
    return to.send('/otel/v1/traces', body, { 'content-type': type });
  };

  test.each(['protobuf', 'json'] as const)(
    'a span with an image is stored with a file that can be read (%s)',
    async (encoding) => {
      const image = picture(encoding);
      const traceId = createHash('md5').update(encoding).digest('hex');
      const data = image.toString('base64');
      const content = [{ type: 'blob', mime_type: 'image/png', content: data }];
      const messages = JSON.stringify([{ role: 'user', parts: content }]);
      const answer = await send(project, encoding, traceId, {
        'gen_ai.operation.name': 'chat',
        'gen_ai.input.messages': messages,
        'langfuse.observation.metadata.scan': `data:image/png;base64,${data}`,
      });
      expect(answer.status).toBe(200);
      const { body } = await project.get(`/observations/${spanId}`);
      expect(JSON.stringify(body)).not.toContain(data);
      expect(body.metadata.scan).toBe(tokenOf(image, 'base64_data_uri'));
      expect(JSON.stringify(body.input)).toContain(tokenOf(image));
      const media = await project.get(`/media/${idOf(image)}`);
      expect(media.body).toMatchObject({ contentType: 'image/png', contentLength: image.length });
      const file = await harness.follow(media.body.url);
      expect(file.body.equals(image)).toBe(true);
      expect(file.headers).toMatchObject({ 'content-type': 'image/png' });
      expect((await other.get(`/media/${idOf(image)}`)).status).toBe(404);
      await project.delete(`/traces/${traceId}`);
      expect((await project.get(`/media/${idOf(image)}`)).status).toBe(404);
      expect(await blobs()).toEqual([]);
    },
  );

  test('a large export has its files taken out in the thread; the same bytes are stored once', async () => {
    const [image, second] = [picture('large', 200_000), picture('second', 250_000)];
    const uri = (file: Buffer): string => `data:image/png;base64,${file.toString('base64')}`;
    const traceId = 'e'.repeat(32);
    const sound = Buffer.concat([Buffer.from('RIFF0000WAVE'), Buffer.alloc(MAX_MEDIA_BYTES)]);
    expect(
      (
        await send(project, 'protobuf', traceId, {
          'langfuse.observation.input': `${uri(image)} ${uri(second)}`,
          'langfuse.observation.output': uri(image),
          'langfuse.observation.metadata.tooLarge': uri(sound).replace('image/png', 'audio/wav'),
        })
      ).status,
    ).toBe(200);
    const { body } = await project.get(`/observations/${spanId}`);
    const token = (file: Buffer): string => tokenOf(file, 'base64_data_uri');
    expect(body).toMatchObject({ input: `${token(image)} ${token(second)}`, output: token(image) });
    expect(body.metadata.tooLarge).toContain('data:audio/wav;base64,');
    expect(await blobs()).toHaveLength(2);
    await send(other, 'protobuf', traceId, { 'langfuse.observation.input': uri(image) });
    expect(await blobs()).toHaveLength(3);
    await project.delete(`/traces/${traceId}`);
    expect(await blobs()).toHaveLength(1);
    expect((await other.get(`/media/${idOf(image)}`)).status).toBe(200);
    await other.delete(`/traces/${traceId}`);
    // What comes late for a deleted trace leaves no file.
    expect((await send(project, 'json', traceId, { 'langfuse.observation.input': uri(image) })).status).toBe(200);
    expect(await blobs()).toEqual([]);
  });

  test('log records about a span are stored with a file, whether the message is their body or an attribute', async () => {
    const [asked, answered, seen] = [picture('asked'), picture('answered'), picture('seen')];
    const traceId = 'f'.repeat(32);
    const text = (value: string) => ({ stringValue: value });
    const part = (file: Buffer) => ({ type: 'blob', mime_type: 'image/png', content: file.toString('base64') });
    const record = (name: string, said: object) => ({
      timeUnixNano: `${at(0) * 1000}`,
      traceId,
      spanId,
      eventName: name,
      ...said,
    });
    const uri = `data:image/png;base64,${answered.toString('base64')}`;
    const logRecords = [
      record('gen_ai.user.message', {
        body: { kvlistValue: { values: [{ key: 'content', value: text(JSON.stringify([part(asked)])) }] } },
      }),
      record('gen_ai.choice', {
        body: {
          kvlistValue: {
            values: [
              { key: 'message', value: { kvlistValue: { values: [{ key: 'content', value: text(`Here: ${uri}`) }] } } },
            ],
          },
        },
      }),
      record('gen_ai.client.inference.operation.details', {
        spanId: 'b'.repeat(16),
        attributes: [
          {
            key: 'gen_ai.output.messages',
            value: text(JSON.stringify([{ role: 'assistant', parts: [part(seen)] }])),
          },
        ],
      }),
    ];
    const logs = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ scope: { name: 'x' }, logRecords }] }] });
    const sendLogs = () => project.send('/otel/v1/logs', logs, { 'content-type': 'application/json' });
    // Sent again they are the same records.
    for (let i = 0; i < 2; i += 1) expect(await sendLogs()).toMatchObject({ status: 200, body: {} });
    const { body } = await project.get(`/observations/${spanId}`);
    expect(body.input).toHaveLength(1);
    expect(JSON.stringify(body.input)).toContain(tokenOf(asked));
    expect(JSON.stringify(body.output)).toContain(`Here: ${tokenOf(answered, 'base64_data_uri')}`);
    const other = await project.get(`/observations/${'b'.repeat(16)}`);
    expect(JSON.stringify(other.body.output)).toContain(tokenOf(seen));
    for (const file of [asked, answered, seen]) {
      const media = await project.get(`/media/${idOf(file)}`);
      expect((await harness.follow(media.body.url)).body.equals(file)).toBe(true);
    }
    await project.delete(`/traces/${traceId}`);
    expect(await blobs()).toEqual([]);
    expect((await sendLogs()).status).toBe(200);
    expect(await blobs()).toEqual([]);
  });
});
