/*
 * A segment is a file of rows for one table, in the engine's own format, so that it is the journal and the input of the INSERT
 * at once:
 *
 *   header   RowBinaryWithNamesAndTypes: the columns it was written with, so a later version applies it as it is
 *   record*  the rows of one request; the first two columns of its first row are `_len` (bytes that follow them up to the end
 *            of the record) and `_crc` (their CRC-32), in its other rows both are 0; the INSERT leaves the two out
 *
 * `<number>.<table>.<CRC-32 of the header>.rows` names it; numbers grow, also from one process to the next.
 */
import { crc32 } from 'node:zlib';
import type { InsertTarget } from '../../stores/clickhouse/clickhouse.ts';
import { RowBinaryWriter } from '../../stores/clickhouse/row-binary.ts';

const FRAME = [
  { name: '_len', type: 'UInt32' },
  { name: '_crc', type: 'UInt32' },
];
const FRAME_BYTES = 8;

/** How a file begins; `columns` are those of the table, without the frame. */
export interface SegmentHeader {
  bytes: Buffer;
  columns: readonly string[];
}

export function segmentHeader(target: InsertTarget): SegmentHeader {
  const out = new RowBinaryWriter(8 * 1024);
  const columns = [...FRAME, ...target.columns];
  out.varuint(columns.length);
  for (const { name } of columns) out.string(name);
  for (const { type } of columns) out.string(type);
  return { bytes: Buffer.from(out.bytes()), columns: target.columns.map(({ name }) => name) };
}

export interface SegmentName {
  number: number;
  table: string;
  /** Of the header, hexadecimal. */
  checksum: string;
}

export const checksumOf = (bytes: Uint8Array): string => crc32(bytes).toString(16).padStart(8, '0');

export const formatSegmentName = ({ number, table, checksum }: SegmentName): string =>
  `${String(number).padStart(12, '0')}.${table}.${checksum}.rows`;

/** Null for a file that is no segment. */
export function parseSegmentName(file: string): SegmentName | null {
  const match = /^(\d{12})\.([a-z_]+)\.([0-9a-f]{8})\.rows$/.exec(file);
  return match && { number: Number(match[1]), table: match[2]!, checksum: match[3]! };
}

/** Writes one row: where a record begins, its frame is filled in by `endRecord`. */
export function beginRow(out: RowBinaryWriter): void {
  out.uint32(0);
  out.uint32(0);
}

/** Closes the record that began at `start`. */
export function endRecord(out: RowBinaryWriter, start: number): void {
  const body = out.bytes().subarray(start + FRAME_BYTES);
  out.patchUint32(start, body.length);
  out.patchUint32(start + 4, crc32(body));
}

/** One record of a file that was read back. Offsets count from the start of the file. */
export interface FoundRecord {
  start: number;
  end: number;
  projectId: string;
}

export interface FoundSegment {
  header: SegmentHeader;
  records: FoundRecord[];
  /** The length of what is whole; behind it lies nothing, or what a crash tore. */
  validBytes: number;
  /** The header on the disk is damaged and must be written again. */
  isHeaderDamaged: boolean;
}

/**
 * What of a file can be applied: every whole record up to the first that is not. `known` is the header this version writes,
 * which stands in for one that is damaged. Null when the columns are not known.
 */
export function readSegment(file: Buffer, checksum: string, known: SegmentHeader | undefined): FoundSegment | null {
  let header = parseHeader(file);
  const isHeaderDamaged = header === null || checksumOf(header.bytes) !== checksum;
  if (isHeaderDamaged) {
    if (known === undefined || checksumOf(known.bytes) !== checksum) return null;
    header = known;
  }
  const records: FoundRecord[] = [];
  let start = header!.bytes.length;
  // A record has at least its project; zeros, as a file system may leave them at the end of a file, are none.
  while (start + FRAME_BYTES < file.length) {
    const end = start + FRAME_BYTES + file.readUInt32LE(start);
    const body = start + FRAME_BYTES;
    if (end <= body || end > file.length || crc32(file.subarray(body, end)) !== file.readUInt32LE(start + 4)) break;
    records.push({ start, end, projectId: stringAt(file, body).value });
    start = end;
  }
  return { header: header!, records, validBytes: start, isHeaderDamaged };
}

/** Null when it is none. */
function parseHeader(file: Buffer): SegmentHeader | null {
  try {
    const count = varuintAt(file, 0);
    if (count.value < FRAME.length || count.value > 10_000) return null;
    let at = count.next;
    const words: string[] = [];
    for (let i = 0; i < 2 * count.value; i += 1) {
      const word = stringAt(file, at);
      words.push(word.value);
      at = word.next;
    }
    return { bytes: file.subarray(0, at), columns: words.slice(FRAME.length, count.value) };
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function varuintAt(file: Buffer, at: number): { value: number; next: number } {
  let value = 0;
  for (let i = 0; i < 5; i += 1) {
    const byte = file.readUInt8(at + i);
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { value, next: at + i + 1 };
  }
  throw new RangeError('no length');
}

function stringAt(file: Buffer, at: number): { value: string; next: number } {
  const { value: length, next } = varuintAt(file, at);
  if (next + length > file.length) throw new RangeError('longer than the file');
  return { value: file.toString('utf8', next, next + length), next: next + length };
}
