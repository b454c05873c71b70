import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import type { Random } from './random.ts';

/** Ways to spoil bytes that know nothing of what they mean. */
const spoilers: readonly ((bytes: Buffer, random: Random) => Buffer)[] = [
  (bytes, random) => bytes.subarray(0, random.below(bytes.length)),
  (bytes, random) => bytes.subarray(random.below(bytes.length)),
  (bytes, random) => {
    const changed = Buffer.from(bytes);
    for (let left = 1 + random.below(8); left > 0 && changed.length > 0; left -= 1) {
      changed[random.below(changed.length)]! ^= 1 << random.below(8);
    }
    return changed;
  },
  (bytes, random) => insert(bytes, random, random.bytes(1 + random.below(16))),
  // Invalid UTF-8: a lone continuation, an overlong NUL, half a surrogate, past the last code point.
  (bytes, random) =>
    insert(bytes, random, Buffer.from(random.pick(['80', 'c080', 'eda080', 'f4908080', 'ff', 'e4b8']), 'hex')),
  // Lengths that lie: the largest varints.
  (bytes, random) =>
    insert(
      bytes,
      random,
      Buffer.from(random.pick(['ffffffff0f', 'ffffffffffffffffff01', 'ffffffffffffffffffff', '8080808080']), 'hex'),
    ),
  (bytes, random) => {
    const from = random.below(bytes.length);
    return insert(bytes, random, bytes.subarray(from, from + random.below(200)));
  },
  (bytes, random) => {
    const from = random.below(bytes.length);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + random.below(100))]);
  },
  (bytes) => Buffer.concat([bytes, bytes]),
  (_bytes, random) => random.bytes(random.below(500)),
];

function insert(bytes: Buffer, random: Random, what: Uint8Array): Buffer {
  const at = random.below(bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, at), what, bytes.subarray(at)]);
}

/** The bytes, spoilt in one to three ways. */
export function spoilBytes(bytes: Buffer, random: Random): Buffer {
  let spoilt = bytes;
  for (let left = 1 + random.below(3); left > 0; left -= 1) spoilt = random.pick(spoilers)(spoilt, random);
  return spoilt;
}

export interface Encoded {
  body: Buffer;
  encoding: string | undefined;
}

/** Small bodies that inflate to far more than anyone may send. Made once: they take a while. */
const bombs: readonly Encoded[] = [
  { body: gzipSync(Buffer.alloc(200_000_000)), encoding: 'gzip' },
  { body: zstdCompressSync(Buffer.alloc(200_000_000)), encoding: 'zstd' },
  { body: deflateSync(Buffer.alloc(50_000_000, ' ')), encoding: 'deflate' },
  { body: gzipSync(gzipSync(Buffer.alloc(200_000_000))), encoding: 'gzip, gzip' },
];

/** Right compression, most of the time; `right` says whether the body inside arrives as it is. */
export function compress(body: Buffer, random: Random): Encoded & { right: boolean } {
  if (random.chance(0.7)) return { body, encoding: random.pick([undefined, undefined, 'identity']), right: true };
  if (random.chance(0.6)) {
    return random.pick([
      () => ({ body: gzipSync(body), encoding: 'gzip', right: true }),
      () => ({ body: zstdCompressSync(body), encoding: 'zstd', right: true }),
      () => ({ body: deflateSync(body), encoding: 'deflate', right: true }),
    ])();
  }
  return random.pick([
    () => ({ ...random.pick(bombs), right: false }),
    () => ({ body: spoilBytes(gzipSync(body), random), encoding: 'gzip', right: false }),
    () => ({ body: spoilBytes(zstdCompressSync(body), random), encoding: 'zstd', right: false }),
    () => ({
      body,
      encoding: random.pick(['gzip', 'br', 'zstd', 'compress', 'x'.repeat(2000), 'gzip;q=0']),
      right: false,
    }),
  ])();
}
