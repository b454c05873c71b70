import type { ProjectScope } from '../scope.ts';
import { clickhouse, ClickHouseSql, string } from './sql.ts';

const { trusted } = ClickHouseSql;

/** What the definitions below, and filters, read of a row. */
// oxfmt-ignore
const rowColumnNames = [
  'trace_id', 'kind', 'id', 'parent_id', 'type', 'name', 'start_time', 'end_time', 'completion_start_time', 'event_time',
  'environment', 'version', 'release', 'level', 'status_message', 'trace_name', 'user_id', 'session_id', 'tags', 'public',
  'bookmarked', 'trace_input', 'trace_output', 'trace_metadata', 'is_app_root', 'model', 'provider', 'model_id',
  'input_tokens', 'output_tokens', 'total_tokens', 'cost', 'total_cost', 'cost_source', 'prompt_name', 'prompt_version',
  'input', 'output', 'input_preview', 'output_preview', 'metadata', 'attributes', 'resource_attributes',
  'tool_definitions', 'tool_calls', 'tool_call_names', 'experiment_id', 'experiment_name', 'experiment_dataset_id',
  'source', 'sdk_name', 'sdk_version', 'service_name', 'service_version', 'scope_name', 'scope_version',
  'scope_attributes', 'created_at', 'updated_at', 'row_version', 'is_deleted', 'payload_blobs',
];
const rowColumns = rowColumnNames.join(', ');
/** What filters read of a row besides. */
const unresolvedNames = ['usage'];

/** What `derived` reads, and what any statement may. */
const rowIdentity = ['trace_id', 'kind', 'id', 'parent_id', 'is_app_root', 'source', 'is_deleted'];

/** The engine looks at every column that a statement names, on each level, before it finds out which are needed. */
const rowColumnsIn = (text: string, more: readonly string[] = []): string => {
  const words = new Set([...rowIdentity, ...(text.match(/\b[a-z_]+\b/g) ?? [])]);
  return [...[...rowColumnNames, ...unresolvedNames].filter((name) => words.has(name)), ...more].join(', ');
};

/**
 * A row counts once: the newest version of its id, wherever in time older ones lie. Statements about a trace share its id
 * and are united when read, so of them the newest of each key (each hour) counts.
 */
const newestFirst = `ORDER BY row_version DESC
    LIMIT 1 BY project_id, trace_id, kind, id, if(kind = 'trace', intDiv(toUnixTimestamp64Micro(start_time), 3600000000), 0)`;

/**
 * What follows from a row alone. `trace_rank` is the precedence of what it says about its trace: 4 for a statement about
 * the trace by itself, (3 for an explicit `langfuse.trace.*` on a span, see `lent`,) 2 for the root, 1 for any span. An
 * observation of the JSON door says nothing about its trace, which has an event of its own: it has rank 0, and its values
 * count only where that event is missing.
 */
const derived = `(kind = 'observation' AND (parent_id = '' OR is_app_root = 1)) AS is_root,
    multiIf(kind = 'trace', 4, source = 'json', 0, is_root, 2, 1) AS trace_rank`;

/** Later of equal rank wins; the id makes the choice the same on every read. */
const order = (rank = 'r.trace_rank'): string => `(${rank}, r.is_root, r.event_time, r.id)`;

/** The value said with the highest precedence. */
const said = (value: string): string => `argMaxIf(${value}, ${order()}, ${value} != '')`;

/** The same for a value of the row's own which counts for the trace, or, of a span, only when nobody says more. */
function own(value: string, rank = 'r.trace_rank'): string {
  const best = `argMaxIf((toString(${value}), ${rank}), ${order(rank)}, ${value} != '')`;
  return `if(${best}.2 = 0 AND has_trace_event, '', ${best}.1)`;
}

/** A value the root lends to its trace, unless a span says it explicitly in `explicit`. */
const lent = (explicit: string, value: string): string =>
  own(
    `multiIf(${explicit} != '', ${explicit}, r.kind = 'trace' OR r.is_root, ${value}, '')`,
    `if(${explicit} != '', greatest(3, r.trace_rank), r.trace_rank)`,
  );

const plainMap = (map: string): string => `CAST(${map}, 'Map(String, String)')`;

/** By key, statements of higher precedence over lower ones; `rows` are those whose own metadata is the trace's too. */
const mergedMetadata = (rows: string): string => `arrayFold(
    (merged, one) -> mapUpdate(merged, one.2),
    arraySort(one -> one.1, arrayFilter(one -> NOT (one.1.1 = 0 AND has_trace_event), arrayConcat(
      groupArrayIf((${order('greatest(3, r.trace_rank)')}, ${plainMap('r.trace_metadata')}), notEmpty(r.trace_metadata)),
      groupArrayIf((${order()}, ${plainMap('r.metadata')}), notEmpty(r.metadata) AND (${rows}))
    ))),
    CAST(map(), 'Map(String, String)')
  )`;

/** What the root span of a trace received over OTLP lends to the metadata of v1 reads (S1.6). */
const ofOtlpRoot = (value: string): string =>
  `argMaxIf(${value}, (r.event_time, r.id), r.is_root AND r.source = 'otlp')`;

const costOf = (part: 'input' | 'output'): string =>
  `sumIf(arraySum(mapValues(mapFilter((key, usd) -> key LIKE '%${part}%', r.cost))), r.kind = 'observation')`;
const levelCount = (level: string): string => `countIf(r.kind = 'observation' AND r.level = '${level}')`;
const calls = `r.kind = 'observation' AND r.type IN ('GENERATION', 'EMBEDDING') AND r.model != ''`;

/** Column of a resolved trace → how it follows from the trace's rows. Times are DateTime64(6), `''` is "not said". */
// oxfmt-ignore
export const traceColumns: Record<string, string> = {
  has_trace_event:         `countIf(r.kind = 'trace' AND r.source = 'json') > 0`,
  name:                    lent('r.trace_name', 'r.name'),
  user_id:                 said('r.user_id'),
  session_id:              said('r.session_id'),
  release:                 said('r.release'),
  version:                 own('r.version'),
  // Who says nothing gets 'default' (S1.7), so that is what is left when nobody says more.
  environment:             `if(${own(`if(r.environment = 'default', '', r.environment)`)} AS said_environment = '', 'default', said_environment)`,
  tags:                    'arraySort(groupUniqArrayArray(r.tags))',
  public:                  'ifNull(argMaxIf(r.public, (r.event_time, r.id), r.public IS NOT NULL), 0)',
  bookmarked:              'ifNull(argMaxIf(r.bookmarked, (r.event_time, r.id), r.bookmarked IS NOT NULL), 0)',
  input:                   lent('r.trace_input', 'r.input'),
  output:                  lent('r.trace_output', 'r.output'),
  input_preview:           lent('substringUTF8(r.trace_input, 1, 200)', 'r.input_preview'),
  output_preview:          lent('substringUTF8(r.trace_output, 1, 200)', 'r.output_preview'),
  metadata:                mergedMetadata(`r.kind = 'trace' OR r.is_root`),
  // Without what the root says of itself: that is not for the other observations.
  said_metadata:           mergedMetadata(`r.kind = 'trace'`),
  root_attributes:         ofOtlpRoot(plainMap('r.attributes')),
  root_resource_attributes: ofOtlpRoot(plainMap('r.resource_attributes')),
  root_scope:              ofOtlpRoot('(r.scope_name, r.scope_version, r.scope_attributes)'),
  has_otlp_root:           `countIf(r.is_root AND r.source = 'otlp') > 0`,
  // v2 shows the trace's event as a root when it carries a payload and no root came over OTLP (D3).
  has_trace_root:          `has_otlp_root = 0 AND countIf(r.kind = 'trace' AND r.source = 'json' AND (r.trace_input != '' OR r.trace_output != '' OR notEmpty(r.trace_metadata))) > 0`,
  timestamp:               `if(has_trace_event, minIf(r.start_time, r.kind = 'trace' AND r.source = 'json'), min(r.start_time))`,
  first_start:             `minIf(r.start_time, r.kind = 'observation')`,
  last_end:                `maxIf(greatest(ifNull(r.end_time, r.start_time), r.start_time), r.kind = 'observation')`,
  ended_count:             `countIf(r.kind = 'observation' AND r.end_time IS NOT NULL)`,
  running:                 `countIf(r.is_root AND r.end_time IS NULL AND r.type != 'EVENT') > 0`,
  observation_count:       `countIf(r.kind = 'observation')`,
  observation_ids:         `groupArrayIf(r.id, r.kind = 'observation')`,
  total_cost:              `sumIf(r.total_cost, r.kind = 'observation')`,
  input_cost:              costOf('input'),
  output_cost:             costOf('output'),
  input_tokens:            `sumIf(r.input_tokens, r.kind = 'observation')`,
  output_tokens:           `sumIf(r.output_tokens, r.kind = 'observation')`,
  total_tokens:            `sumIf(r.total_tokens, r.kind = 'observation')`,
  calls:                   `countIf(${calls})`,
  unpriced_calls:          `countIf(${calls} AND r.total_cost IS NULL AND r.total_tokens > 0)`,
  models:                  `arraySort(groupUniqArrayIf(r.model, r.model != ''))`,
  providers:               `arraySort(groupUniqArrayIf(r.provider, r.provider != ''))`,
  error_count:             levelCount('ERROR'),
  warning_count:           levelCount('WARNING'),
  default_count:           levelCount('DEFAULT'),
  debug_count:             levelCount('DEBUG'),
  level:                   `multiIf(${levelCount('ERROR')} > 0, 'ERROR', ${levelCount('WARNING')} > 0, 'WARNING', ${levelCount('DEFAULT')} > 0 OR ${levelCount('DEBUG')} = 0, 'DEFAULT', 'DEBUG')`,
  error_message:           `argMinIf(r.status_message, (r.start_time, r.id), r.level = 'ERROR' AND r.status_message != '')`,
  dataset_id:              `anyIf(r.experiment_dataset_id, r.experiment_dataset_id != '')`,
  created_at:              'min(r.created_at)',
  updated_at:              'max(r.updated_at)',
  payload_blobs:           'arraySort(groupUniqArrayArray(r.payload_blobs))',
};

/** The aggregates read columns of the rows under their own names, which results share: hence the prefix `r.`. */
const selectOf = (names: readonly string[]): string =>
  names.map((name) => `${traceColumns[name]} AS ${name}`).join(',\n  ');

/** The columns a text names, and those they are defined by. The engine takes 16 ms to find out that the others are not needed. */
export function namedIn(text: string): string[] {
  const words = new Set(text.match(/(?<!\br\.)\b[a-z_]+\b/g));
  const named = Object.keys(traceColumns).filter((name) => words.has(name));
  const definitions = named.map((name) => traceColumns[name]).join(' ');
  const isClosed = Object.keys(traceColumns).every(
    (name) => words.has(name) || !new RegExp(`(?<!\\br\\.)\\b${name}\\b`).test(definitions),
  );
  return isClosed ? named : namedIn(`${text} ${definitions}`);
}

/**
 * As a table expression: the rows of a project that are in force. `where` may only name what no later version changes.
 * `usedBy` is the text that reads the columns: what is named there is there.
 */
export function currentRows(scope: ProjectScope, where: ClickHouseSql, usedBy: ClickHouseSql): ClickHouseSql {
  const columns = trusted(rowColumnsIn(usedBy.text));
  return clickhouse`(
    SELECT ${columns}, ${trusted(derived)}
    FROM (
      SELECT ${columns}
      FROM observations
      WHERE project_id = ${string(scope.projectId)} AND ${where}
      ${trusted(newestFirst)}
    )
    WHERE is_deleted = 0
  )`;
}

/**
 * The same of a short time, by what the engine keeps when it merges: a row whose newest version starts before or after the time
 * may be there with an older one. `unchanged` is what no later version changes, which rows are chosen by before they are read.
 * For statements with `ofSomeParts`, or of all versions in whole hours. `hash`: whether `trace_hash` is among the columns.
 */
export function finalRows(
  scope: ProjectScope,
  { unchanged, where }: { unchanged: ClickHouseSql; where: ClickHouseSql },
  usedBy: ClickHouseSql,
  { hash = false }: { hash?: boolean } = {},
): ClickHouseSql {
  return clickhouse`(
    SELECT ${trusted(rowColumnsIn(usedBy.text, hash ? ['trace_hash'] : []))}, ${trusted(derived)}
    FROM observations FINAL
    PREWHERE ${unchanged}
    WHERE project_id = ${string(scope.projectId)} AND ${where}
  )`;
}

/**
 * For FINAL the engine opens every part of the hours there are rows of, unless told that those without a row of the time may be left out.
 * Of a small part, which is one file, it reads 128 KB at a time for each column of a granule, which has 180 KB of all columns.
 */
export const ofSomeParts = { defer_partition_pruning_after_final: 0, max_read_buffer_size_local_fs: 32_768 } as const;

/**
 * As a table expression: one row a trace, resolved from its rows (architecture, "A trace is read from its rows"). `where`
 * chooses traces by `trace_id` and `cityHash64(trace_id)` alone: a trace needs all of its rows. `usedBy` is the text that
 * reads the columns: it has `trace_id` and whatever columns are named there. `merged`: for many traces, rows as the engine keeps
 * them when it merges, half the cost of sorting versions, but for those that this condition leaves out.
 */
export function resolvedTraces(
  scope: ProjectScope,
  where: ClickHouseSql,
  usedBy: ClickHouseSql,
  merged?: ClickHouseSql,
): ClickHouseSql {
  const columns = trusted(
    ['r.trace_id AS trace_id', selectOf(namedIn(usedBy.text))].filter((part) => part !== '').join(', '),
  );
  const rows = merged
    ? finalRows(scope, { unchanged: where, where: merged }, columns)
    : currentRows(scope, where, columns);
  return clickhouse`(
    SELECT ${columns}
    FROM ${rows} AS r
    GROUP BY r.trace_id
  )`;
}

/** The view `traces`: the same definition over all projects, for whoever opens the engine with a client of its own. */
export const tracesView = `CREATE OR REPLACE VIEW traces ON CLUSTER '{cluster}' AS
SELECT r.project_id AS project_id, r.trace_id AS trace_id, ${selectOf(Object.keys(traceColumns))}
FROM (
  SELECT project_id, ${rowColumns}, ${derived}
  FROM (
    SELECT project_id, ${rowColumns}
    FROM observations
    ${newestFirst}
  )
  WHERE is_deleted = 0
) AS r
GROUP BY r.project_id, r.trace_id`;
