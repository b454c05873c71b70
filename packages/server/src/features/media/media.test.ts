import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Harness, MAX_MEDIA_BYTES, openHarness, type Project, PUBLIC_URL } from '../harness.ts';

let harness: Harness;
let project: Project;
let traces = 0;

beforeAll(async () => {
  harness = await openHarness();
  project = await harness.project('media');
});
afterAll(() => harness.close());

const PNG = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), randomBytes(500)]);
const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('base64');
const newTrace = (): string => `trace-${(traces += 1)}`;
/** Bytes that no other test has. */
const newFile = (text = ''): Buffer => Buffer.concat([Buffer.from(text), randomBytes(100)]);

const announce = (bytes: Buffer, said: object = {}, sender = project) =>
  sender.post('/media', {
    traceId: 'trace',
    field: 'input',
    contentType: 'image/png',
    contentLength: bytes.length,
    sha256Hash: hashOf(bytes),
    ...said,
  });

const put = (link: string, bytes: Buffer, headers: Record<string, string> = { 'content-type': 'image/png' }) =>
  harness.follow(link, { method: 'PUT', payload: bytes, headers });

/** Announced and uploaded; answers its id. */
async function upload(
  bytes: Buffer,
  said: { contentType?: string } & Record<string, unknown> = {},
  sender = project,
): Promise<string> {
  const { body } = await announce(bytes, said, sender);
  const answer = await put(body.uploadUrl, bytes, { 'content-type': said.contentType ?? 'image/png' });
  expect(answer).toMatchObject({ status: 200 });
  return body.mediaId;
}

/** What a link of now gives; null when there is no such file. */
async function download(mediaId: string, headers: Record<string, string> = {}) {
  const { status, body } = await project.get(`/media/${mediaId}`);
  return status === 404 ? null : harness.follow(body.url, { headers });
}

const storedBlobs = async (): Promise<number> => (await Array.fromAsync(harness.blobs.list('media/'))).length;

test('a file that is announced, uploaded and reported is read back by a link without a key', async () => {
  const { status, body } = await announce(PNG);
  expect(status).toBe(201);
  expect(body.mediaId).toBe(createHash('sha256').update(PNG).digest('base64url').slice(0, 22));
  expect(body.uploadUrl).toMatch(`${PUBLIC_URL}/api/public/x/media-content?`);
  // As the SDKs send it, for S3 and Azure alike.
  const headers = {
    'content-type': 'image/png',
    'x-amz-checksum-sha256': hashOf(PNG),
    'x-ms-blob-type': 'BlockBlob',
  };
  expect(await put(body.uploadUrl, PNG, headers)).toMatchObject({ status: 200 });
  const report = { uploadedAt: '2026-11-20T12:00:00.000Z', uploadHttpStatus: 200, uploadTimeMs: 12 };
  expect(await project.patch(`/media/${body.mediaId}`, report)).toMatchObject({ status: 200, body: { message: 'OK' } });
  const read = await project.get(`/media/${body.mediaId}`);
  expect(read.body).toEqual({
    mediaId: body.mediaId,
    contentType: 'image/png',
    contentLength: PNG.length,
    uploadedAt: '2026-11-20T12:00:00.000Z',
    url: expect.stringMatching(`^${PUBLIC_URL}/`),
    urlExpiry: new Date(harness.now().getTime() + 3_600_000).toISOString(),
  });
  const file = await harness.follow(read.body.url);
  expect(file).toMatchObject({ status: 200, body: PNG });
});

test('the bytes are there once they were sent, whether their sender reports it or not', async () => {
  const bytes = newFile();
  const { body } = await announce(bytes);
  expect((await project.get(`/media/${body.mediaId}`)).body.message).toBe('Media not yet uploaded');
  await put(body.uploadUrl, bytes);
  expect((await download(body.mediaId))?.body).toEqual(bytes);
  // A sender whose connection broke before the answer.
  const failure = { uploadedAt: '2026-11-20T12:00:00.000Z', uploadHttpStatus: 500, uploadHttpError: 'no answer' };
  await project.patch(`/media/${body.mediaId}`, failure);
  expect((await download(body.mediaId))?.body).toEqual(bytes);
});

test('an upload that failed says why, and can be done again', async () => {
  const bytes = newFile();
  const { body } = await announce(bytes);
  const failure = { uploadedAt: '2026-11-20T12:00:00.000Z', uploadHttpStatus: 403, uploadHttpError: 'denied' };
  await project.patch(`/media/${body.mediaId}`, failure);
  const message = 'Media upload failed with status 403: \n denied';
  expect(await project.get(`/media/${body.mediaId}`)).toMatchObject({ status: 404, body: { message } });
  const again = await announce(bytes);
  expect((await put(again.body.uploadUrl, bytes)).status).toBe(200);
  expect((await download(body.mediaId))?.body).toEqual(bytes);
});

test('a sender that reports success is believed for as long as its link is good', async () => {
  const bytes = newFile();
  const { body } = await announce(bytes);
  await project.patch(`/media/${body.mediaId}`, { uploadedAt: '2026-11-20T12:00:00.000Z', uploadHttpStatus: 200 });
  expect((await announce(bytes)).body.uploadUrl).toBeNull();
  harness.wait(3_601);
  expect((await project.get(`/media/${body.mediaId}`)).body.message).toBe('Media not yet uploaded');
  expect((await announce(bytes)).body.uploadUrl).not.toBeNull();
});

test('the same bytes are stored once a project, and never given to another', async () => {
  const other = await harness.project('other');
  const bytes = newFile();
  const mediaId = await upload(bytes);
  const before = await storedBlobs();
  expect((await announce(bytes, { traceId: newTrace() })).body).toEqual({ mediaId, uploadUrl: null });
  expect(await storedBlobs()).toBe(before);
  expect(await other.get(`/media/${mediaId}`)).toMatchObject({ status: 404 });
  // Knowing the hash is not having the bytes.
  const theirs = await announce(bytes, {}, other);
  expect(theirs.body.uploadUrl).not.toBeNull();
  expect((await other.get(`/media/${mediaId}`)).body.message).toBe('Media not yet uploaded');
});

test('what is uploaded must be what was announced', async () => {
  const bytes = newFile();
  const { body } = await announce(bytes);
  const refusals: [Buffer, Record<string, string>, RegExp][] = [
    [newFile(), { 'content-type': 'image/png' }, /SHA-256/],
    [Buffer.concat([bytes, bytes]), { 'content-type': 'image/png' }, /Content-Length is 200/],
    [bytes, { 'content-type': 'text/html' }, /Content-Type is text\/html/],
  ];
  const before = await storedBlobs();
  for (const [payload, headers, message] of refusals) {
    const answer = await put(body.uploadUrl, payload, headers);
    expect(answer.status).toBe(400);
    expect(answer.body.toString()).toMatch(message);
  }
  expect(await storedBlobs()).toBe(before);
  expect(await download(body.mediaId)).toBeNull();
});

test('a link opens one thing, for one purpose, until it expires', async () => {
  const bytes = newFile();
  const { body } = await announce(bytes);
  const altered: [string, string][] = [
    ['project=media', 'project=other'],
    ['type=image%2Fpng', 'type=text%2Fhtml'],
    ['length=100', 'length=1000'],
    [/expires=\d+/.exec(body.uploadUrl)![0], 'expires=99999999999'],
    [`media=${body.mediaId}`, 'media=another'],
    ['signature=', 'signature=A'],
  ];
  for (const [from, to] of altered) {
    expect(body.uploadUrl).toContain(from);
    expect((await put(body.uploadUrl.replace(from, to), bytes)).status, to).toBe(403);
  }
  expect((await harness.follow(body.uploadUrl)).status).toBe(403);
  await put(body.uploadUrl, bytes);
  const { url } = (await project.get(`/media/${body.mediaId}`)).body;
  expect((await put(url, bytes)).status).toBe(403);
  expect((await harness.follow(url)).status).toBe(200);
  harness.wait(3_600);
  expect((await harness.follow(url)).status).toBe(403);
  expect((await put(body.uploadUrl, bytes)).status).toBe(403);
});

test.each([
  ['text/html', '<script>alert(1)</script>', 'application/octet-stream', 'html'],
  ['image/svg+xml', '<svg onload="alert(1)"/>', 'application/octet-stream', 'svg'],
  ['image/png', '<html><script>alert(1)</script>', 'application/octet-stream', 'png'],
  ['text/html', 'GIF89a', 'image/gif', 'html'],
  ['image/jpeg', '\x89PNG\r\n\x1a\n', 'image/png', 'jpg'],
  ['audio/mp4', '\0\0\0\x20ftypisom', 'audio/mp4', 'm4a'],
  ['application/octet-stream', 'OggS', 'audio/ogg', 'bin'],
])('%s that begins with %j is a sandboxed download of type %s', async (contentType, beginning, served, extension) => {
  const bytes = Buffer.concat([Buffer.from(beginning, 'latin1'), randomBytes(30)]);
  const id = await upload(bytes, { contentType });
  const { headers } = (await download(id))!;
  expect(headers).toMatchObject({
    'content-type': served,
    'content-disposition': `attachment; filename="${id}.${extension}"`,
    'content-security-policy': "sandbox; default-src 'none'",
    'x-content-type-options': 'nosniff',
  });
});

test('players read parts', async () => {
  const bytes = newFile();
  const mediaId = await upload(bytes);
  expect(await download(mediaId, { range: 'bytes=10-19' })).toMatchObject({
    status: 206,
    headers: { 'content-range': 'bytes 10-19/100', 'content-length': '10' },
    body: bytes.subarray(10, 20),
  });
  expect((await download(mediaId, { range: 'bytes=90-' }))?.body).toEqual(bytes.subarray(90));
  expect((await download(mediaId, { range: 'bytes=-5' }))?.body).toEqual(bytes.subarray(95));
  expect(await download(mediaId, { range: 'bytes=100-' })).toMatchObject({
    status: 416,
    headers: { 'content-range': 'bytes */100' },
  });
  for (const range of ['bytes=5-1', 'bytes=0-1,3-4', 'lines=1-2', 'bytes=-']) {
    expect(await download(mediaId, { range })).toMatchObject({ status: 200, body: bytes });
  }
});

test('what is too large, of no known type or no hash is refused', async () => {
  const bytes = newFile();
  const message = `File size must be less than ${MAX_MEDIA_BYTES} bytes`;
  expect(await announce(bytes, { contentLength: MAX_MEDIA_BYTES + 1 })).toMatchObject({
    status: 400,
    body: { message },
  });
  for (const said of [
    { contentType: 'image/foo' },
    { contentLength: 0 },
    { contentLength: 1.5 },
    { sha256Hash: 'abc' },
    { sha256Hash: '='.repeat(44) },
    { field: 'expectedOutput' },
    { traceId: undefined },
    { traceId: '' },
    { datasetId: 'd', datasetItemId: 'i' },
  ]) {
    expect((await announce(bytes, said)).status, JSON.stringify(said)).toBe(400);
  }
});

test('a report about what there is not is 404, one that says nothing 400', async () => {
  const report = { uploadedAt: '2026-11-20T12:00:00.000Z', uploadHttpStatus: 200 };
  expect((await project.patch('/media/nope', report)).status).toBe(404);
  for (const bad of [{}, { ...report, uploadHttpStatus: 1e9 }, { ...report, uploadedAt: -1e15 }]) {
    expect((await project.patch('/media/nope', bad)).status).toBe(400);
  }
});

test('a deleted trace takes the files along that nothing else refers to', async () => {
  const [one, two] = [newTrace(), newTrace()];
  const [own, shared, ofItem] = [newFile(), newFile(), newFile()];
  const before = await storedBlobs();
  const ownId = await upload(own, { traceId: one, observationId: 'o', field: 'output' });
  const sharedId = await upload(shared, { traceId: one });
  await announce(shared, { traceId: two });
  const itemId = await upload(ofItem, { traceId: one });
  await announce(ofItem, { traceId: null, datasetId: one, datasetItemId: 'i' });
  await project.delete(`/traces/${one}`);
  expect(await download(ownId)).toBeNull();
  expect((await download(sharedId))?.body).toEqual(shared);
  expect((await download(itemId))?.body).toEqual(ofItem);
  await project.delete(`/traces/${two}`);
  expect(await download(sharedId)).toBeNull();
  expect(await storedBlobs()).toBe(before + 1);
});

test('late for a deleted trace: acknowledged, and nothing is stored', async () => {
  const traceId = newTrace();
  const bytes = newFile();
  const { body } = await announce(bytes, { traceId });
  await project.delete(`/traces/${traceId}`);
  expect((await put(body.uploadUrl, bytes)).status).toBe(404);
  const late = await announce(bytes, { traceId });
  expect(late).toMatchObject({ status: 201, body: { mediaId: body.mediaId, uploadUrl: null } });
  expect(await project.get(`/media/${body.mediaId}`)).toMatchObject({
    status: 404,
    body: { message: 'Media asset not found' },
  });
});

test('a trace that is deleted while the same file comes for another takes nothing from it', async () => {
  for (let round = 0; round < 10; round += 1) {
    const [gone, stays] = [newTrace(), newTrace()];
    const bytes = newFile();
    await upload(bytes, { traceId: gone });
    const [, { body }] = await Promise.all([project.delete(`/traces/${gone}`), announce(bytes, { traceId: stays })]);
    if (body.uploadUrl !== null) await put(body.uploadUrl, bytes);
    expect((await download(body.mediaId))?.body).toEqual(bytes);
  }
});

test('at night, blobs go that no file has, unless they are new', async () => {
  const bytes = newFile();
  const mediaId = await upload(bytes);
  await harness.blobs.put('media/ab/orphan', Buffer.from('x'));
  const { signal } = new AbortController();
  harness.setNow(new Date());
  await harness.removeOrphans(signal);
  expect(await harness.blobs.stat('media/ab/orphan')).not.toBeNull();
  harness.setNow(new Date(Date.now() + 25 * 3_600_000));
  await harness.removeOrphans(signal);
  expect(await harness.blobs.stat('media/ab/orphan')).toBeNull();
  expect((await download(mediaId))?.body).toEqual(bytes);
});
