import type { InsertTarget } from '../../stores/clickhouse/clickhouse.ts';
import { columnsOf, count, flag, list, millis, text, uint32 } from '../../stores/clickhouse/column.ts';
import type { RowBinaryWriter } from '../../stores/clickhouse/row-binary.ts';
import type { ReceiptRow, RefusedBodyRow } from './receipt.ts';

const column = columnsOf<ReceiptRow>();

// oxfmt-ignore
const columns = [
  column('project_id',         text,       (row) => row.projectId),
  column('id',                 text,       (row) => row.id),
  column('time',               millis,     (row) => row.time),
  column('door',               text,       (row) => row.door),
  column('route',              text,       (row) => row.route),
  column('status',             uint32,     (row) => row.status),
  column('outcome',            text,       (row) => row.outcome),
  column('requests',           uint32,     (row) => row.requests),
  column('received',           uint32,     (row) => row.received),
  column('stored',             uint32,     (row) => row.stored),
  column('rejected',           uint32,     (row) => row.rejected),
  column('acknowledged_only',  uint32,     (row) => row.acknowledgedOnly),
  column('adjusted',           uint32,     (row) => row.adjusted),
  column('codes',              list(text), (row) => row.codes),
  column('problems',           text,       (row) => (row.problems.length === 0 ? '' : JSON.stringify(row.problems))),
  column('public_key',         text,       (row) => row.publicKey),
  column('sdk_name',           text,       (row) => row.sdkName),
  column('sdk_version',        text,       (row) => row.sdkVersion),
  column('user_agent',         text,       (row) => row.userAgent),
  column('trace_ids',          list(text), (row) => row.traceIds),
  column('trace_count',        uint32,     (row) => row.traceCount),
  column('body_bytes',         count,      (row) => row.bodyBytes),
  column('handled_us',         count,      (row) => row.handledUs),
  column('row_version',        count,      (row) => row.rowVersion),
];

/** Where receipts go; the columns are those of `encodeReceipt`, in its order. */
export const receiptTarget: InsertTarget = { table: 'receipts', columns };

/** Appends one row in RowBinary. */
export function encodeReceipt(out: RowBinaryWriter, row: ReceiptRow): void {
  for (const { write } of columns) write(out, row);
}

const bodyColumn = columnsOf<RefusedBodyRow>();

// oxfmt-ignore
const bodyColumns = [
  bodyColumn('project_id',  text,       (row) => row.projectId),
  bodyColumn('receipt_id',  text,       (row) => row.receiptId),
  bodyColumn('time',        millis,     (row) => row.time),
  bodyColumn('encoding',    text,       (row) => row.encoding),
  bodyColumn('items',       list(text), (row) => row.items),
  bodyColumn('is_cut',      flag,       (row) => row.isCut),
  bodyColumn('trace_ids',   list(text), (row) => row.traceIds),
  bodyColumn('row_version', count,      (row) => row.rowVersion),
];

/** Where refused bodies go; the columns are those of `encodeRefusedBody`, in its order. */
export const refusedBodyTarget: InsertTarget = { table: 'refused_bodies', columns: bodyColumns };

/** Appends one row in RowBinary. */
export function encodeRefusedBody(out: RowBinaryWriter, row: RefusedBodyRow): void {
  for (const { write } of bodyColumns) write(out, row);
}
