import type { InsertTarget } from '../stores/clickhouse/clickhouse.ts';
import {
  columnsOf,
  count,
  decimal,
  flag,
  list,
  map,
  nullable,
  text,
  time,
  uint32,
} from '../stores/clickhouse/column.ts';
import type { RowBinaryWriter } from '../stores/clickhouse/row-binary.ts';
import type { ObservationRow } from './observation.ts';

const column = columnsOf<ObservationRow>();

/** Characters of input and output that lists show (S0.3), which is of a trace: what its root lends it. */
const PREVIEW = 200;
/** Of other observations, whether there is any: 200 characters of all were an eighth of the disk. */
const ANY = 1;
const preview = (row: ObservationRow, payload: string): string => {
  const length = row.kind === 'trace' || row.parentId === '' || row.isAppRoot ? PREVIEW : ANY;
  return payload.length <= length ? payload : payload.slice(0, length).toWellFormed();
};
const sum = (usage: Readonly<Record<string, number>>, part: 'input' | 'output'): number =>
  Object.entries(usage).reduce((total, [key, units]) => (key.includes(part) ? total + units : total), 0);

/** The columns of a row, in the order they are written. */
// oxfmt-ignore
export const observationColumns = [
  column('project_id',             text,              (row) => row.projectId),
  column('kind',                   text,              (row) => row.kind),
  column('id',                     text,              (row) => row.id),
  column('trace_id',               text,              (row) => row.traceId),
  column('parent_id',              text,              (row) => row.parentId),
  column('type',                   text,              (row) => row.type),
  column('name',                   text,              (row) => row.name),
  column('start_time',             time,              (row) => row.startTime),
  column('end_time',               nullable(time),    (row) => row.endTime),
  column('completion_start_time',  nullable(time),    (row) => row.completionStartTime),
  column('event_time',             time,              (row) => row.eventTime),
  column('environment',            text,              (row) => row.environment),
  column('version',                text,              (row) => row.version),
  column('release',                text,              (row) => row.release),
  column('level',                  text,              (row) => row.level),
  column('status_message',         text,              (row) => row.statusMessage),
  column('trace_name',             text,              (row) => row.traceName),
  column('user_id',                text,              (row) => row.userId),
  column('session_id',             text,              (row) => row.sessionId),
  column('tags',                   list(text),        (row) => row.tags),
  column('public',                 nullable(flag),    (row) => row.public),
  column('bookmarked',             nullable(flag),    (row) => row.bookmarked),
  column('trace_input',            text,              (row) => row.traceInput),
  column('trace_output',           text,              (row) => row.traceOutput),
  column('trace_metadata',         map(text),         (row) => row.traceMetadata),
  column('is_app_root',            flag,              (row) => row.isAppRoot),
  column('model',                  text,              (row) => row.model),
  column('provider',               text,              (row) => row.provider),
  column('model_id',               text,              (row) => row.modelId),
  column('model_parameters',       text,              (row) => row.modelParameters),
  column('usage',                  map(count),        (row) => row.usage),
  column('provided_usage',         map(count),        (row) => row.providedUsage),
  column('input_tokens',           count,             (row) => sum(row.usage, 'input')),
  column('output_tokens',          count,             (row) => sum(row.usage, 'output')),
  column('total_tokens',           count,             (row) => row.usage['total'] ?? Object.values(row.usage).reduce((a, b) => a + b, 0)),
  column('cost',                   map(decimal),      (row) => row.cost),
  column('provided_cost',          map(decimal),      (row) => row.providedCost),
  column('total_cost',             nullable(decimal), (row) => row.totalCost),
  column('cost_source',            text,              (row) => row.costSource),
  column('pricing_tier_id',        text,              (row) => row.pricingTierId),
  column('pricing_tier_name',      text,              (row) => row.pricingTierName),
  column('prices',                 map(decimal),      (row) => row.prices),
  column('prompt_id',              text,              (row) => row.promptId),
  column('prompt_name',            text,              (row) => row.promptName),
  column('prompt_version',         nullable(uint32),  (row) => row.promptVersion),
  column('input',                  text,              (row) => row.input),
  column('output',                 text,              (row) => row.output),
  column('input_preview',          text,              (row) => preview(row, row.input)),
  column('output_preview',         text,              (row) => preview(row, row.output)),
  column('metadata',               map(text),         (row) => row.metadata),
  column('attributes',             map(text),         (row) => row.attributes),
  column('resource_attributes',    map(text),         (row) => row.resourceAttributes),
  column('events',                 text,              (row) => row.events),
  column('tool_definitions',       map(text),         (row) => row.toolDefinitions),
  column('tool_calls',             list(text),        (row) => row.toolCalls),
  column('tool_call_names',        list(text),        (row) => row.toolCallNames),
  column('experiment_id',          text,              (row) => row.experimentId),
  column('experiment_name',        text,              (row) => row.experimentName),
  column('experiment_description', text,              (row) => row.experimentDescription),
  column('experiment_metadata',    text,              (row) => row.experimentMetadata),
  column('experiment_dataset_id',  text,              (row) => row.experimentDatasetId),
  column('experiment_item_id',     text,              (row) => row.experimentItemId),
  column('experiment_item_version', text,             (row) => row.experimentItemVersion),
  column('experiment_item_metadata', text,            (row) => row.experimentItemMetadata),
  column('experiment_item_root_id', text,             (row) => row.experimentItemRootId),
  column('experiment_item_expected_output', text,     (row) => row.experimentItemExpectedOutput),
  column('source',                 text,              (row) => row.source),
  column('public_key',             text,              (row) => row.publicKey),
  column('sdk_name',               text,              (row) => row.sdkName),
  column('sdk_version',            text,              (row) => row.sdkVersion),
  column('service_name',           text,              (row) => row.serviceName),
  column('service_version',        text,              (row) => row.serviceVersion),
  column('scope_name',             text,              (row) => row.scopeName),
  column('scope_version',          text,              (row) => row.scopeVersion),
  column('scope_attributes',       text,              (row) => row.scopeAttributes),
  column('size_bytes',             count,             (row) => row.sizeBytes),
  column('time_adjusted',          flag,              (row) => row.timeAdjusted),
  column('clocks',                 text,              (row) => row.clocks),
  column('created_at',             time,              (row) => row.createdAt),
  column('updated_at',             time,              (row) => row.updatedAt),
  column('row_version',            count,             (row) => row.rowVersion),
  column('is_deleted',             flag,              (row) => row.isDeleted),
  column('payload_blobs',          list(text),        (row) => row.payloadBlobs),
];

/** Where observation rows go; the columns are those of `encodeObservation`, in its order. */
export const observationTarget: InsertTarget = { table: 'observations', columns: observationColumns };

/** Appends one row in RowBinary. */
export function encodeObservation(out: RowBinaryWriter, row: ObservationRow): void {
  for (const { write } of observationColumns) write(out, row);
}
