import type { InsertTarget } from '../../stores/clickhouse/clickhouse.ts';
import { RowBinaryWriter } from '../../stores/clickhouse/row-binary.ts';
import { anyOf, clickhouse, type ClickHouseSql, strings } from '../../stores/clickhouse/sql.ts';
import type { EncodedRows, Fate, RowBlock } from '../journal.ts';
import { encodeReceipt, encodeRefusedBody, receiptTarget, refusedBodyTarget } from '../ledger/receipt-columns.ts';
import { correctRefused, type ReceiptRow } from '../ledger/receipt.ts';
import { encodeObservation, observationTarget } from '../observation-columns.ts';
import { encodeScore, scoreTarget } from '../score-columns.ts';
import { beginRow, endRecord } from './segment.ts';

interface JournalTable {
  target: InsertTarget;
  /** Writes the block's rows of this table; `onUnwritable` gets those that cannot be written, which are left out. */
  encode(out: RowBinaryWriter, block: RowBlock, onUnwritable: (error: unknown) => void): Encoded;
  /** Nobody waits for its rows but who reads the ledger, so they are applied less often. */
  isLedger: boolean;
  /** Rows of one of these traces, as a condition; null when what a row says may outlive its trace. */
  isOf: ((traceIds: readonly string[]) => ClickHouseSql) | null;
}

interface Encoded {
  rows: number;
  traces: Set<string>;
  /** What was written is a record already. */
  isRecord?: true;
}

const journalTable = <Row extends { traceId: string }>(
  target: InsertTarget,
  rowsOf: (block: RowBlock) => readonly Row[] | EncodedRows,
  encodeRow: (out: RowBinaryWriter, row: Row) => void,
): JournalTable => ({
  target,
  isLedger: false,
  isOf: (traceIds) => clickhouse`trace_id IN ${anyOf(traceIds)}`,
  encode(out, block, onUnwritable) {
    const given = rowsOf(block);
    if ('bytes' in given) {
      for (const message of given.unwritable) onUnwritable(new Error(message));
      out.raw(given.bytes);
      return { rows: given.rows, traces: given.traces, isRecord: true };
    }
    const traces = new Set<string>();
    let rows = 0;
    let lastTrace: string | undefined;
    for (const row of given) {
      if (!appendRow(out, row, encodeRow, onUnwritable)) continue;
      rows += 1;
      if (row.traceId !== lastTrace) traces.add((lastTrace = row.traceId));
    }
    return { rows, traces };
  },
});

const ledgerTable = <Row>(
  target: InsertTarget,
  rowOf: (block: RowBlock) => Row | null | undefined,
  encodeRow: (out: RowBinaryWriter, row: Row) => void,
  isOf: JournalTable['isOf'],
): JournalTable => ({
  target,
  isLedger: true,
  isOf,
  encode(out, block, onUnwritable) {
    const row = rowOf(block);
    if (row === null || row === undefined) return NO_ROWS;
    return appendRow(out, row, encodeRow, onUnwritable) ? { rows: 1, traces: NO_TRACES } : NO_ROWS;
  },
});

/** False when a value has no place in its column: that must not cost the sender the other rows. */
function appendRow<Row>(
  out: RowBinaryWriter,
  row: Row,
  encodeRow: (out: RowBinaryWriter, row: Row) => void,
  onUnwritable: (error: unknown) => void,
): boolean {
  const start = out.length;
  try {
    beginRow(out);
    encodeRow(out, row);
    return true;
  } catch (error) {
    out.truncate(start);
    onUnwritable(error);
    return false;
  }
}

const NO_TRACES: Set<string> = new Set();
const NO_ROWS: Encoded = { rows: 0, traces: NO_TRACES };

/** What a block may hold. The ledger's come last: what cannot be written before is told there. */
export const journalTables: readonly JournalTable[] = [
  journalTable(observationTarget, ({ observations, encoded }) => encoded ?? observations, encodeObservation),
  journalTable(scoreTarget, ({ scores }) => scores, encodeScore),
  ledgerTable(receiptTarget, ({ ledger }) => ledger?.receipt, encodeReceipt, null),
  ledgerTable(
    refusedBodyTarget,
    ({ ledger }) => ledger?.refusedBody,
    encodeRefusedBody,
    (traceIds) => clickhouse`hasAny(trace_ids, ${strings(traceIds)})`,
  ),
];

/** The table of a segment; one of an older version that is written to no more has none. */
export const journalTableOf = (name: string): JournalTable | undefined =>
  journalTables.find(({ target }) => target.table === name);

/** A record of a batch. Offsets count from the start of the part. */
export interface BatchRecord {
  projectId: string;
  traces: Set<string>;
  isKept: boolean;
  start: number;
  end: number;
  rows: number;
  /** Of the request that brought them; null for rows of the ledger itself, and for those nobody sent. */
  receipt: ReceiptRow | null;
  settle(fate: Fate): void;
}

/** The records of one table. */
export interface BatchPart {
  out: RowBinaryWriter;
  records: BatchRecord[];
  rows: number;
}

/** What goes to the disk with one write a table. */
export interface Batch {
  parts: Map<JournalTable, BatchPart>;
  rows: number;
  bytes: number;
  /** Of the requests in it. */
  waiting: { resolve(): void; reject(error: unknown): void }[];
}

export const newBatch = (): Batch => ({ parts: new Map(), rows: 0, bytes: 0, waiting: [] });

/** Buffers that were written out and may be filled again: at 8 connections two of 1 MB serve all. */
const spare: RowBinaryWriter[] = [];
const MAX_SPARE = 4;
const MAX_SPARE_BYTES = 8 * 1024 * 1024;

/** Adds the block's records; answers the bytes they take, and how many records `settle` is called for once: not the ledger's. */
export function encodeBlock(
  batch: Batch,
  block: RowBlock,
  { settle, onUnwritable }: { settle(fate: Fate): void; onUnwritable(error: unknown, table: string): void },
): { records: number; bytes: number } {
  let count = 0;
  let bytes = 0;
  for (const table of journalTables) {
    const known = batch.parts.get(table);
    const part = known ?? { out: spare.pop() ?? new RowBinaryWriter(), records: [], rows: 0 };
    const start = part.out.length;
    const { rows, traces, isRecord } = table.encode(part.out, block, (error) => {
      if (block.ledger && !table.isLedger) correctRefused(block.ledger.receipt, 1, messageOf(error));
      onUnwritable(error, table.target.table);
    });
    if (rows === 0) {
      if (known === undefined) recycle(part.out);
      continue;
    }
    if (isRecord !== true) endRecord(part.out, start);
    const end = part.out.length;
    const { projectId, isKeptUntilApplied: isKept = false } = block;
    const receipt = table.isLedger ? null : (block.ledger?.receipt ?? null);
    const told = table.isLedger ? nobody : settle;
    part.records.push({ projectId, traces, isKept, start, end, rows, receipt, settle: told });
    part.rows += rows;
    batch.parts.set(table, part);
    batch.rows += rows;
    batch.bytes += end - start;
    if (!table.isLedger) count += 1;
    bytes += end - start;
  }
  return { records: count, bytes };
}

const nobody = (): void => undefined;
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Gives the buffers back; what they hold is on the disk or given up. */
export function releaseBatch(batch: Batch): void {
  for (const { out } of batch.parts.values()) recycle(out);
}

function recycle(out: RowBinaryWriter): void {
  out.truncate(0);
  if (spare.length < MAX_SPARE && out.capacity <= MAX_SPARE_BYTES) spare.push(out);
}
