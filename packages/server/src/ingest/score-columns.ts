import type { InsertTarget } from '../stores/clickhouse/clickhouse.ts';
import { columnsOf, count, flag, float, map, text, time } from '../stores/clickhouse/column.ts';
import type { RowBinaryWriter } from '../stores/clickhouse/row-binary.ts';
import type { ScoreRow } from './score.ts';

const column = columnsOf<ScoreRow>();

/** The columns of a row, in the order they are written. */
// oxfmt-ignore
export const scoreColumns = [
  column('project_id',          text,       (row) => row.projectId),
  column('id',                  text,       (row) => row.id),
  column('name',                text,       (row) => row.name),
  column('data_type',           text,       (row) => row.dataType),
  column('value',               float,      (row) => row.value),
  column('string_value',        text,       (row) => row.stringValue),
  column('long_string_value',   text,       (row) => row.longStringValue),
  column('source',              text,       (row) => row.source),
  column('trace_id',            text,       (row) => row.traceId),
  column('observation_id',      text,       (row) => row.observationId),
  column('session_id',          text,       (row) => row.sessionId),
  column('dataset_run_id',      text,       (row) => row.datasetRunId),
  column('comment',             text,       (row) => row.comment),
  column('metadata',            map(text),  (row) => row.metadata),
  column('config_id',           text,       (row) => row.configId),
  column('queue_id',            text,       (row) => row.queueId),
  column('author_user_id',      text,       (row) => row.authorUserId),
  column('execution_trace_id',  text,       (row) => row.executionTraceId),
  column('environment',         text,       (row) => row.environment),
  column('clocks',              text,       (row) => row.clocks),
  column('timestamp',           time,       (row) => row.timestamp),
  column('created_at',          time,       (row) => row.createdAt),
  column('updated_at',          time,       (row) => row.updatedAt),
  column('row_version',         count,      (row) => row.rowVersion),
  column('is_deleted',          flag,       (row) => row.isDeleted),
];

/** Where score rows go; the columns are those of `encodeScore`, in its order. */
export const scoreTarget: InsertTarget = { table: 'scores', columns: scoreColumns };

/** Appends one row in RowBinary. */
export function encodeScore(out: RowBinaryWriter, row: ScoreRow): void {
  for (const { write } of scoreColumns) write(out, row);
}
