import type { Transform } from 'node:stream';
import { createGunzip, createInflate, createInflateRaw, createZstdDecompress } from 'node:zlib';

/** Bytes. The ratio counts only above its floor: a small body of repetitions compresses a thousandfold and harms nobody. */
export const bodyLimits = {
  compressed: 16 * 1024 * 1024,
  inflated: 64 * 1024 * 1024,
  ratio: 100,
  ratioFloor: 1024 * 1024,
} as const;

/** The body is larger than one request may be; the caller answers 413. The message says what to change. */
export class BodyTooLargeError extends Error {
  override name = 'BodyTooLargeError';
}

/** The body is not what `content-encoding` says; the caller answers 400. */
export class BodyEncodingError extends Error {
  override name = 'BodyEncodingError';
}

/**
 * The body without its content encoding: gzip, zstd, deflate, or none; in pieces, as they came. Runs on the thread pool, and stops
 * at the limit instead of inflating first and measuring after. `reserve` is told of the bytes as they come, and may throw.
 * @throws BodyTooLargeError, BodyEncodingError
 */
export async function inflate(
  body: Uint8Array,
  encoding: string | undefined,
  reserve: (bytes: number) => void = () => undefined,
): Promise<Uint8Array[]> {
  if (body.byteLength > bodyLimits.compressed) {
    throw new BodyTooLargeError(
      `The body is ${mebibytes(body.byteLength)} MB, the limit is ${mebibytes(bodyLimits.compressed)} MB: ` +
        'send fewer spans a request (OTEL_BSP_MAX_EXPORT_BATCH_SIZE) or shorter input and output',
    );
  }
  const decoder = decoderOf(encoding);
  if (decoder === null) return [body];
  if (body.byteLength === 0) throw new BodyEncodingError('Failed to decompress request body');

  const byRatio = Math.max(bodyLimits.ratioFloor, body.byteLength * bodyLimits.ratio);
  const most = Math.min(bodyLimits.inflated, byRatio);
  const pieces: Uint8Array[] = [];
  let inflated = 0;
  for await (const piece of piecesOf(decoder(body), body)) {
    inflated += piece.length;
    if (inflated > most) {
      throw new BodyTooLargeError(
        byRatio < bodyLimits.inflated
          ? `The body inflates to more than ${bodyLimits.ratio} times its size: send it with a lower compression or uncompressed`
          : `The body inflates to more than ${mebibytes(bodyLimits.inflated)} MB: ` +
              'send fewer spans a request (OTEL_BSP_MAX_EXPORT_BATCH_SIZE) or shorter input and output',
      );
    }
    reserve(piece.length);
    pieces.push(piece);
  }
  return pieces;
}

/**
 * How the body begins without its content encoding, up to about so many bytes.
 * @throws BodyEncodingError
 */
export async function inflateStart(body: Uint8Array, encoding: string | undefined, bytes: number): Promise<Uint8Array> {
  const decoder = decoderOf(encoding);
  if (decoder === null) return body.subarray(0, bytes);
  const pieces: Uint8Array[] = [];
  let inflated = 0;
  for await (const piece of piecesOf(decoder(body), body)) {
    pieces.push(piece);
    inflated += piece.length;
    if (inflated >= bytes) break;
  }
  return Buffer.concat(pieces);
}

/** Null for a body as it is. @throws BodyEncodingError */
function decoderOf(encoding: string | undefined): ((body: Uint8Array) => Transform) | null {
  const name = (encoding ?? '').trim().toLowerCase();
  if (name === '' || name === 'identity') return null;
  const decoder = decoders.find(({ names }) => names.some((each) => name.includes(each)));
  if (!decoder) {
    throw new BodyEncodingError(`Unsupported content-encoding '${encoding}': use gzip, zstd, deflate or none`);
  }
  return decoder.open;
}

/** What comes out of `decoder` for `body`. @throws BodyEncodingError */
async function* piecesOf(decoder: Transform, body: Uint8Array): AsyncGenerator<Buffer> {
  decoder.end(body);
  try {
    for await (const piece of decoder) yield piece as Buffer;
  } catch (cause) {
    throw new BodyEncodingError('Failed to decompress request body', { cause });
  }
}

/** Larger pieces mean fewer ways to the thread pool and back; a small body needs no large one. */
const options = ({ length }: Uint8Array) => ({ chunkSize: Math.min(256 * 1024, Math.max(16 * 1024, length * 8)) });

const decoders: readonly { names: string[]; open(body: Uint8Array): Transform }[] = [
  { names: ['gzip'], open: (body) => createGunzip(options(body)) },
  { names: ['zstd'], open: (body) => createZstdDecompress(options(body)) },
  // "deflate" means a zlib stream, but some clients send the bare one: the zlib header tells them apart (RFC 1950 2.2).
  {
    names: ['deflate'],
    open: (body) => (((body[0] ?? 0) & 15) === 8 ? createInflate(options(body)) : createInflateRaw(options(body))),
  },
];

const mebibytes = (bytes: number): number => Math.round(bytes / 1024 / 1024);
