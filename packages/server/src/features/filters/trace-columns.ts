import type { ProjectScope } from '../../stores/scope.ts';
import { type ClickHouseSql, clickhouse, ClickHouseSql as Sql, string } from '../../stores/clickhouse/sql.ts';
import {
  type FilterColumn,
  type FilterColumns,
  type KeyedText,
  metadataColumn,
  timeColumn,
  text,
  number,
  list,
  flag,
} from './column.ts';
import { scoresColumn } from './scores.ts';

const { trusted } = Sql;

/** Whether there is one is told by the preview: payloads are read only to be searched. */
const payload =
  (column: 'input' | 'output'): FilterColumn =>
  (condition) =>
    text(condition.type === 'null' ? `${column}_preview` : column)(condition);

/** Milliseconds from the first start to the last end; NULL while nothing has ended. */
export const traceMillis = `if(ended_count = 0, NULL, intDiv(toUnixTimestamp64Micro(last_end), 1000) - intDiv(toUnixTimestamp64Micro(first_start), 1000))`;
/** Seconds, as the wire counts. */
const latency = `(${traceMillis} / 1000)`;

/** `2026-11` of a time. */
export const month = (time: string): string => `formatDateTime(${time}, '%Y-%m')`;

const rootReceived = {
  attributes: 'root_attributes',
  resourceAttributes: 'root_resource_attributes',
  scope: { name: 'root_scope.1', version: 'root_scope.2' },
};
/** A key of a trace's metadata; what its root received is found under `attributes.`, `resourceAttributes.` and `scope.`. */
export const traceMetadata: KeyedText = keyedText({ metadata: 'metadata', ...rootReceived });
/** The same without what the root says of itself. */
export const saidMetadata: KeyedText = keyedText({ metadata: 'said_metadata', ...rootReceived });

/** Columns of a list of traces (S8.8.4), over the columns of `resolvedTraces`. */
// oxfmt-ignore
export const traceColumns = (scope: ProjectScope): FilterColumns => ({
  id:               text('trace_id'),
  traceId:          text('trace_id'),
  traceName:        text('name'),
  name:             text('name'),
  environment:      text('environment'),
  timestamp:        timeColumn(clickhouse`timestamp`),
  timestampMonth:   text(month('timestamp')),
  userId:           text('user_id'),
  sessionId:        text('session_id'),
  metadata:         metadataColumn(traceMetadata),
  saidMetadata:     metadataColumn(saidMetadata),
  version:          text('version'),
  release:          text('release'),
  level:            text('level'),
  traceTags:        list('tags'),
  tags:             list('tags'),
  bookmarked:       flag('bookmarked'),
  public:           flag('public'),
  running:          flag('running'),
  inputTokens:      number('input_tokens'),
  outputTokens:     number('output_tokens'),
  totalTokens:      number('total_tokens'),
  errorCount:       number('error_count'),
  warningCount:     number('warning_count'),
  defaultCount:     number('default_count'),
  debugCount:       number('debug_count'),
  observationCount: number('observation_count'),
  latency:          number(latency),
  inputCost:        number('input_cost'),
  outputCost:       number('output_cost'),
  totalCost:        number('total_cost'),
  models:           list('models'),
  providers:        list('providers'),
  input:            payload('input'),
  output:           payload('output'),
  datasetId:        text('dataset_id'),
  // No comments are kept yet, so every count is 0.
  commentCount:     number('toUInt64(0)'),
  scores:           scoresColumn(scope, 'trace'),
  scores_avg:       scoresColumn(scope, 'trace'),
  score_categories: scoresColumn(scope, 'trace'),
  score_booleans:   scoresColumn(scope, 'trace'),
});

/** Maps of text behind one name: `metadata` under its own keys and dotted paths, the others under a prefix. */
export function keyedText(maps: {
  metadata: string;
  attributes: string;
  resourceAttributes: string;
  scope: { name: string; version: string };
}): KeyedText {
  const own = trusted(maps.metadata);
  const elsewhere = (key: string): { map: ClickHouseSql; key: string } | null => {
    for (const name of ['attributes', 'resourceAttributes'] as const) {
      if (key.startsWith(`${name}.`)) return { map: trusted(maps[name]), key: key.slice(name.length + 1) };
    }
    return null;
  };
  return {
    at(key) {
      const other = elsewhere(key);
      if (other) return clickhouse`${other.map}[${string(other.key)}]`;
      if (key === 'scope.name') return trusted(maps.scope.name);
      if (key === 'scope.version') return trusted(maps.scope.version);
      const dot = key.indexOf('.');
      if (dot < 0) return clickhouse`${own}[${string(key)}]`;
      // `a.b.c` is a key of its own, or a path into the JSON under `a`.
      const path = key.slice(dot + 1).split('.');
      const nested = path.reduce(
        (sql, part) => clickhouse`${sql}, ${string(part)}`,
        clickhouse`${own}[${string(key.slice(0, dot))}]`,
      );
      return clickhouse`if(mapContains(${own}, ${string(key)}), ${own}[${string(key)}],
        if(JSONType(${nested}) = 'String', JSONExtractString(${nested}), JSONExtractRaw(${nested})))`;
    },
    has(key) {
      const other = elsewhere(key);
      if (other) return clickhouse`mapContains(${other.map}, ${string(other.key)})`;
      return clickhouse`(mapContains(${own}, ${string(key)}) OR ${this.at(key)} != '')`;
    },
    isEmpty: clickhouse`empty(${own})`,
    any: (test) => clickhouse`arrayExists(value -> ${test}, mapValues(${own}))`,
  };
}
