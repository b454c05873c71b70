import { promisify } from 'node:util';
import { gunzip, inflate as inflateZlib, inflateRaw, zstdDecompress } from 'node:zlib';

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
 * The body without its content encoding: gzip, zstd, deflate, or none. Runs on the thread pool, and stops at the limit instead
 * of inflating first and measuring after.
 * @throws BodyTooLargeError, BodyEncodingError
 */
export async function inflate(body: Uint8Array, encoding: string | undefined): Promise<Uint8Array> {
  if (body.byteLength > bodyLimits.compressed) {
    throw new BodyTooLargeError(
      `The body is ${mebibytes(body.byteLength)} MB, the limit is ${mebibytes(bodyLimits.compressed)} MB: ` +
        'send fewer spans a request (OTEL_BSP_MAX_EXPORT_BATCH_SIZE) or shorter input and output',
    );
  }
  const name = (encoding ?? '').trim().toLowerCase();
  if (name === '' || name === 'identity') return body;
  const decoder = decoders.find(({ names }) => names.some((each) => name.includes(each)));
  if (!decoder)
    throw new BodyEncodingError(`Unsupported content-encoding '${encoding}': use gzip, zstd, deflate or none`);
  if (body.byteLength === 0) throw new BodyEncodingError('Failed to decompress request body');

  const byRatio = Math.max(bodyLimits.ratioFloor, body.byteLength * bodyLimits.ratio);
  const maxOutputLength = Math.min(bodyLimits.inflated, byRatio);
  try {
    return await decoder.run(body, { maxOutputLength });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') {
      throw new BodyEncodingError('Failed to decompress request body', { cause });
    }
    throw new BodyTooLargeError(
      byRatio < bodyLimits.inflated
        ? `The body inflates to more than ${bodyLimits.ratio} times its size: send it with a lower compression or uncompressed`
        : `The body inflates to more than ${mebibytes(bodyLimits.inflated)} MB: ` +
            'send fewer spans a request (OTEL_BSP_MAX_EXPORT_BATCH_SIZE) or shorter input and output',
      { cause },
    );
  }
}

type Decompress = (body: Uint8Array, options: { maxOutputLength: number }) => Promise<Buffer>;

const zlib: Decompress = promisify(inflateZlib);
const raw: Decompress = promisify(inflateRaw);

const decoders: readonly { names: string[]; run: Decompress }[] = [
  { names: ['gzip'], run: promisify(gunzip) },
  { names: ['zstd'], run: promisify(zstdDecompress) },
  // "deflate" means a zlib stream, but some clients send the bare one: the zlib header tells them apart (RFC 1950 2.2).
  { names: ['deflate'], run: (body, options) => (((body[0] ?? 0) & 15) === 8 ? zlib : raw)(body, options) },
];

const mebibytes = (bytes: number): number => Math.round(bytes / 1024 / 1024);
