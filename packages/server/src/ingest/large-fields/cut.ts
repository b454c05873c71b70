// What of a row is too large for it, and what stays there instead: the beginning of the text, and a note that says where the
// whole is. The note counts only where the row's `payloadBlobs` name the same hash, which no sender can fill; what merely looks
// like one is text like any other. Plain, for it runs in the thread that prepares large exports too.
import { createHash } from 'node:crypto';
import type { ObservationRow } from '../observation.ts';
import { mapFields, textFields, withTexts } from '../row-texts.ts';

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

/** The fields of a row that are too large for it, each text once. */
export function largeTextsOf(row: ObservationRow): string[] {
  const large = new Set<string>();
  for (const field of textFields) if (isLarge(row[field])) large.add(row[field]);
  for (const field of mapFields) {
    const values = row[field];
    for (const key in values) if (isLarge(values[key]!)) large.add(values[key]!);
  }
  return large.size === 0 ? NONE : [...large];
}
const NONE: string[] = [];

/** A character is three bytes at the most. */
const isLarge = (text: string): boolean =>
  text.length * 3 > MAX_FIELD_BYTES && (text.length > MAX_FIELD_BYTES || Buffer.byteLength(text) > MAX_FIELD_BYTES);

/** Of a text, at once; elsewhere than in a thread of its own the hash is better left to another (large-fields.ts). */
export function largeText(text: string): LargeText {
  const bytes = Buffer.from(text);
  return { hash: createHash('sha256').update(bytes).digest('hex'), bytes };
}

/** The row with the beginning of these texts in the place of the whole. */
export function cutRow(row: ObservationRow, large: ReadonlyMap<string, LargeText>): ObservationRow {
  const cut = new Map([...large].map(([text, whole]) => [text, cutText(text, whole)]));
  const hashes = Array.from(large.values(), ({ hash }) => hash);
  return {
    ...withTexts(row, (text) => cut.get(text) ?? text),
    payloadBlobs: [...new Set([...row.payloadBlobs, ...hashes])],
  };
}

const cutText = (text: string, { hash, bytes }: LargeText): string =>
  `${text.slice(0, KEPT_CHARACTERS).toWellFormed()}\n… [cut here: ${bytes.length} bytes in all, payload ${hash}]`;

const NOTE = /\n… \[cut here: (\d{1,15}) bytes in all, payload ([0-9a-f]{64})\]$/;
const NOTE_CHARACTERS = 130;

/** What a text was cut from, if it was: `blobs` are those its rows name. */
export function readCut(text: string, blobs: ReadonlySet<string>): CutText | null {
  if (!text.endsWith(']') || blobs.size === 0) return null;
  const [note, sizeBytes, hash] = NOTE.exec(text.slice(-NOTE_CHARACTERS)) ?? [];
  if (note === undefined || hash === undefined || !blobs.has(hash)) return null;
  return { preview: text.slice(0, -note.length), hash, sizeBytes: Number(sizeBytes) };
}
