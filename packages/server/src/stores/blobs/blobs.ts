import type { Readable } from 'node:stream';

/**
 * Objects by name, for what is too large for a row: media, and fields above 1 MB. A name is made of segments of letters, digits,
 * `-`, `_` and `.` with slashes between, and always of hashes, never of ids that a client chose.
 */
export interface Blobs {
  /**
   * Whole or not at all, and safe from loss when it answers; one of the same name is replaced. An error that `content` throws while
   * it is read leaves nothing behind.
   */
  put(name: string, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<void>;
  /** Null when there is none. Who gets a stream reads it to its end or destroys it. */
  get(name: string, range?: ByteRange): Promise<Readable | null>;
  /** Null when there is none. */
  stat(name: string): Promise<BlobStat | null>;
  /** Those that are not there are no error. */
  delete(names: readonly string[]): Promise<void>;
  /** All whose names begin with these segments (`media/ab/`, or nothing at all), in no order. */
  list(prefix: '' | `${string}/`): AsyncIterable<BlobStat>;
}

export interface BlobStat {
  name: string;
  sizeBytes: number;
  storedAt: Date;
}

/** Both ends included, from 0. */
export interface ByteRange {
  first: number;
  last: number;
}

const NAME = /^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/;

/** @throws for one that could be anything else than a place below the root. */
export function checkBlobName(name: string): void {
  if (!NAME.test(name)) throw new Error(`Not a name of a blob: ${JSON.stringify(name)}`);
}
