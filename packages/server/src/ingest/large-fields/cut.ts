// What of a row is too large for it, and what stays there instead: the beginning of the text, and a note that says where the
// whole is. The note counts only where the row's `payloadBlobs` name the same hash, which no sender can fill; what merely looks
// like one is text like any other. Plain, for it runs in the thread that prepares large exports too.
import { createHash } from 'node:crypto';
import type { ObservationRow } from '../observation.ts';

/** Bytes of a field that stay in its row; what is larger becomes a blob. */
export const MAX_FIELD_BYTES = 1024 * 1024;
/** Characters of it that stay all the same: what lists show and what search looks through. */
export const KEPT_CHARACTERS = 65_536;

/** A whole field, to be stored under the hash of its bytes. */
export interface LargeText {
  /** SHA-256, hexadecimal. */
  hash: string;
  bytes: Uint8Array;
}

/** A field of which a row has the beginning. */
export interface CutText {
  /** As far as the row has it. */
  preview: string;
  hash: string;
  sizeBytes: number;
}

const texts = ['input', 'output', 'traceInput', 'traceOutput'] as const;
const maps = ['metadata', 'traceMetadata', 'attributes'] as const;

/** The row with its large fields cut, and these whole; null where none is. */
export function cutRow(row: ObservationRow): { row: ObservationRow; large: LargeText[] } | null {
  const large: LargeText[] = [];
  const changed: Partial<ObservationRow> = {};
  for (const field of texts) {
    const text = row[field];
    if (isLarge(text)) changed[field] = cut(text, large);
  }
  for (const field of maps) {
    const values = row[field];
    for (const key in values) {
      if (!isLarge(values[key]!)) continue;
      // Defined, not set: a key may be called `__proto__`.
      const whole = (changed[field] ??= Object.defineProperties({}, Object.getOwnPropertyDescriptors(values)));
      Object.defineProperty(whole, key, { value: cut(values[key]!, large) });
    }
  }
  if (large.length === 0) return null;
  const payloadBlobs = [...new Set([...row.payloadBlobs, ...large.map(({ hash }) => hash)])];
  return { row: { ...row, ...changed, payloadBlobs }, large };
}

/** A character is three bytes at the most. */
const isLarge = (text: string): boolean =>
  text.length * 3 > MAX_FIELD_BYTES && (text.length > MAX_FIELD_BYTES || Buffer.byteLength(text) > MAX_FIELD_BYTES);

function cut(text: string, large: LargeText[]): string {
  const bytes = Buffer.from(text);
  const hash = createHash('sha256').update(bytes).digest('hex');
  if (!large.some((other) => other.hash === hash)) large.push({ hash, bytes });
  return `${text.slice(0, KEPT_CHARACTERS).toWellFormed()}\n… [cut here: ${bytes.length} bytes in all, payload ${hash}]`;
}

const NOTE = /\n… \[cut here: (\d{1,15}) bytes in all, payload ([0-9a-f]{64})\]$/;
const NOTE_CHARACTERS = 130;

/** What a text was cut from, if it was: `blobs` are those its rows name. */
export function readCut(text: string, blobs: ReadonlySet<string>): CutText | null {
  if (!text.endsWith(']') || blobs.size === 0) return null;
  const [note, sizeBytes, hash] = NOTE.exec(text.slice(-NOTE_CHARACTERS)) ?? [];
  if (note === undefined || hash === undefined || !blobs.has(hash)) return null;
  return { preview: text.slice(0, -note.length), hash, sizeBytes: Number(sizeBytes) };
}
