import { createHash } from 'node:crypto';
import { InvalidRequestError } from '../../http/errors.ts';
import { SNIFF_BYTES } from './sniff.ts';

/**
 * Passes bytes on and throws when they are not what was announced, at the latest after the last one. `head` is their beginning.
 * @throws InvalidRequestError, also when the sender goes before the last one
 */
export function verified(
  source: AsyncIterable<Uint8Array>,
  { sha256, sizeBytes }: { sha256: string; sizeBytes: number },
): { content: AsyncIterable<Uint8Array>; head(): Uint8Array } {
  let head = Buffer.alloc(0);
  async function* check(): AsyncIterable<Uint8Array> {
    const hash = createHash('sha256');
    let size = 0;
    for await (const chunk of untilItEnds(source)) {
      size += chunk.length;
      if (size > sizeBytes) throw new InvalidRequestError(`The file has more than the ${sizeBytes} bytes announced`);
      if (head.length < SNIFF_BYTES) head = Buffer.concat([head, chunk.subarray(0, SNIFF_BYTES)]);
      hash.update(chunk);
      yield chunk;
    }
    if (size < sizeBytes) throw new InvalidRequestError(`The file has ${size} bytes, announced were ${sizeBytes}`);
    if (hash.digest('base64') !== sha256)
      throw new InvalidRequestError('The SHA-256 of the file is not the one announced');
  }
  return { content: check(), head: () => head };
}

async function* untilItEnds(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  try {
    yield* source;
  } catch (cause) {
    throw new InvalidRequestError('The upload ended before its last byte', { cause });
  }
}
