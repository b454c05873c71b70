// What can be done for an export without asking anybody: decode → map → price → encode. For large ones a thread of its own
// does it (preparing-thread.ts), so all that goes in and comes out is plain.
import { RowBinaryWriter } from '../../stores/clickhouse/row-binary.ts';
import { beginRow, endRecord } from '../journal/segment.ts';
import type { EncodedRows } from '../journal.ts';
import { cutRow, type LargeText, largeText, largeTextsOf, MAX_FIELD_BYTES } from '../large-fields/cut.ts';
import { encodeObservation } from '../observation-columns.ts';
import type { ObservationRow } from '../observation.ts';
import type { OwnModel } from '../price/own-models.ts';
import { type InlineFile, MIN_FILE_BYTES, takeFiles } from './inline-media.ts';
import { decodeJson } from './json.ts';
import { mapExport, type MappedExport, type MapOptions } from './map.ts';
import { decodeProtobuf } from './protobuf.ts';

/** An export to be prepared. */
export interface PrepareJob {
  /** The body, inflated. */
  pieces: Uint8Array[];
  isProtobuf: boolean;
  options: MapOptions;
  /** Of a file in a text that is taken out; 0: none is. */
  maxFileBytes: number;
  /** The project's own, which price its calls before the built-in ones. */
  models: readonly OwnModel[];
  /** Positions of rows that are wanted as they are, and nothing else. */
  only?: readonly number[];
}

/** Its rows, encoded. Columns instead of objects: fifty thousand of those take a while to cross from one thread to another. */
export interface PreparedRows {
  rejected: MappedExport['rejected'];
  /** Of each row. */
  ids: string[];
  /** Of each row, a position in `traceIds`. */
  traces: Uint32Array;
  traceIds: string[];
  /** Of each row, microseconds. */
  startTimes: Float64Array;
  /** Positions of rows whose times were replaced. */
  adjusted: Uint32Array;
  /** One record of the journal. */
  bytes: Uint8Array;
  /** Of each row, where its bytes end. */
  ends: Uint32Array;
  unwritable: { row: number; message: string }[];
  /** Fields that are too large for their rows, whole. */
  large: { row: number; text: LargeText }[];
  /** Files for which tokens stand in the rows. */
  files: InlineFile[];
}

/** @throws OtlpParseError */
export function decodeAndMap({
  pieces,
  isProtobuf,
  options,
  maxFileBytes,
}: Omit<PrepareJob, 'models'>): MappedExport & Pick<PreparedRows, 'files'> {
  const body = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  const mapped = mapExport((isProtobuf ? decodeProtobuf : decodeJson)(body), options);
  const files: InlineFile[] = [];
  if (maxFileBytes === 0 || body.length < MIN_FILE_BYTES) return { ...mapped, files };
  return { ...mapped, rows: mapped.rows.map((row) => takeFiles(row, maxFileBytes, files)), files };
}

/** @throws OtlpParseError */
export function prepareRows(job: PrepareJob, price: (row: ObservationRow) => ObservationRow): PreparedRows {
  const size = job.pieces.reduce((sum, { length }) => sum + length, 0);
  const { rows, rejected, files } = decodeAndMap(job);
  // Not less: short buffers are cut from one that the thread cannot give away.
  const out = new RowBinaryWriter(Math.max(64 * 1024, Math.ceil(size * 1.25)));
  const positions = new Map<string, number>();
  const traces = new Uint32Array(rows.length);
  const ends = new Uint32Array(rows.length);
  const unwritable: PreparedRows['unwritable'] = [];
  const large: PreparedRows['large'] = [];
  for (const [i, row] of rows.entries()) {
    const { traceId } = row;
    const position = positions.get(traceId) ?? positions.size;
    positions.set(traceId, position);
    traces[i] = position;
    const start = out.length;
    try {
      beginRow(out);
      const priced = price(row);
      const whole = size > MAX_FIELD_BYTES ? largeTextsOf(priced).map((text) => [text, largeText(text)] as const) : [];
      encodeObservation(out, whole.length === 0 ? priced : cutRow(priced, new Map(whole)));
      for (const [, text] of whole) large.push({ row: i, text });
    } catch (error) {
      // One value that no column takes must not cost the sender the other rows.
      out.truncate(start);
      unwritable.push({ row: i, message: error instanceof Error ? error.message : String(error) });
    }
    ends[i] = out.length;
  }
  if (out.length > 0) endRecord(out, 0);
  return {
    rejected,
    ids: rows.map(({ id }) => id),
    traces,
    traceIds: [...positions.keys()],
    startTimes: Float64Array.from(rows, ({ startTime }) => startTime),
    adjusted: Uint32Array.from(rows.flatMap(({ timeAdjusted }, i) => (timeAdjusted ? [i] : []))),
    bytes: out.bytes(),
    ends,
    unwritable,
    large,
    files,
  };
}

/** Some of an export's rows, unpriced. */
export function rowsOnly(job: PrepareJob, only: readonly number[]): ObservationRow[] {
  const { rows } = decodeAndMap(job);
  return only.map((position) => rows[position]!);
}

/** The record without the rows of some traces, and without single ones. */
export function rowsWithout(
  { traces, traceIds, bytes, ends, unwritable, large }: PreparedRows,
  left: ReadonlySet<string>,
  leftRows: ReadonlySet<number> = new Set(),
): Omit<EncodedRows, 'keys'> {
  if (left.size === 0 && leftRows.size === 0) {
    const messages = unwritable.map(({ message }) => message);
    return {
      bytes,
      rows: ends.length - unwritable.length,
      traces: new Set(traceIds),
      unwritable: messages,
      large: large.map(({ text }) => text),
    };
  }
  const isLeft = (row: number): boolean => leftRows.has(row) || left.has(traceIds[traces[row]!]!);
  const out = new RowBinaryWriter(bytes.length);
  let rows = 0;
  for (const [i, end] of ends.entries()) {
    const start = i === 0 ? 0 : ends[i - 1]!;
    if (start === end || isLeft(i)) continue;
    const at = out.length;
    out.raw(bytes.subarray(start, end));
    // The first of the record had its frame filled in.
    out.patchUint32(at, 0);
    out.patchUint32(at + 4, 0);
    rows += 1;
  }
  if (rows > 0) endRecord(out, 0);
  return {
    bytes: out.bytes(),
    rows,
    traces: new Set(traceIds.filter((traceId) => !left.has(traceId))),
    unwritable: unwritable.filter(({ row }) => !isLeft(row)).map(({ message }) => message),
    large: large.filter(({ row }) => !isLeft(row)).map(({ text }) => text),
  };
}
