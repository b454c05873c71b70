import { randomBytes } from 'node:crypto';
import { deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { BodyEncodingError, bodyLimits, BodyTooLargeError, inflate, inflateStart } from './decompress.ts';

const body = Buffer.from('{"resourceSpans":[]}');
const megabytes = (count: number): Buffer => Buffer.alloc(count * 1024 * 1024, 'a');

test.each([
  ['no encoding', undefined, body],
  ['identity', 'identity', body],
  ['gzip', 'gzip', gzipSync(body)],
  ['GZIP', 'GZIP', gzipSync(body)],
  ['zstd', 'zstd', zstdCompressSync(body)],
  ['deflate', 'deflate', deflateSync(body)],
  ['deflate without a zlib header', 'deflate', deflateRawSync(body)],
])('a body in %s is read', async (_name, encoding, compressed) => {
  expect(Buffer.concat(await inflate(compressed, encoding)).equals(body)).toBe(true);
});

test.each([
  ['what is not gzip', 'gzip', body],
  ['a gzip cut short', 'gzip', gzipSync(body).subarray(0, 20)],
  ['nothing', 'gzip', Buffer.alloc(0)],
])('%s is refused as a wrong encoding', async (_what, encoding, compressed) => {
  await expect(inflate(compressed, encoding)).rejects.toThrow(
    new BodyEncodingError('Failed to decompress request body'),
  );
});

test('an encoding we do not know is named with those we do', async () => {
  await expect(inflate(body, 'br')).rejects.toThrow(
    "Unsupported content-encoding 'br': use gzip, zstd, deflate or none",
  );
});

test('a small body of repetitions may inflate beyond the ratio', async () => {
  expect(Buffer.concat(await inflate(gzipSync(Buffer.alloc(900_000, 'a')), 'gzip')).byteLength).toBe(900_000);
});

test('a bomb is refused before it unfolds', async () => {
  await expect(inflate(gzipSync(megabytes(20)), 'gzip')).rejects.toThrow(/inflates to more than 100 times its size/);
  await expect(inflate(zstdCompressSync(megabytes(20)), 'zstd')).rejects.toThrow(BodyTooLargeError);
});

test('a body above a limit says what to change', async () => {
  await expect(inflate(megabytes(17), undefined)).rejects.toThrow(
    /17 MB, the limit is 16 MB: send fewer spans a request/,
  );
  const large = Buffer.concat([randomBytes(2 * 1024 * 1024), megabytes(bodyLimits.inflated / 1024 / 1024)]);
  await expect(inflate(gzipSync(large), 'gzip')).rejects.toThrow(/inflates to more than 64 MB: send fewer spans/);
});

test('each piece is counted before the next is made, and no more of them is kept than there is room for', async () => {
  let room = 1024 * 1024;
  const full = new Error('full');
  const reserve = (bytes: number): void => {
    room -= bytes;
    if (room < 0) throw full;
  };
  const large = gzipSync(Buffer.concat([randomBytes(1024 * 1024), megabytes(20)]));
  await expect(inflate(large, 'gzip', reserve)).rejects.toBe(full);
  expect(room).toBeGreaterThan(-bodyLimits.ratioFloor);
});

test('of a body that need not be read whole the start is inflated alone', async () => {
  const start = await inflateStart(gzipSync(megabytes(20)), 'gzip', 1_000);
  expect(start.length).toBeGreaterThanOrEqual(1_000);
  expect(start.length).toBeLessThan(bodyLimits.ratioFloor);
  expect(Buffer.from(await inflateStart(body, undefined, 5)).toString()).toBe('{"res');
});
