import type { Condition } from '@tracehouse/contract/filter';
import { type ClickHouseSql, clickhouse, ClickHouseSql as Sql, string } from '../../stores/clickhouse/sql.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import {
  type FilterColumn,
  type FilterColumns,
  type KeyedText,
  metadataColumn,
  number,
  text,
  timeColumn,
} from '../filters/column.ts';
import { traceMeets } from '../traces/service.ts';

/** What is not beside the times is looked up in `scores` itself, of which the newest version counts. */
const inScores =
  (scope: ProjectScope, column: FilterColumn): FilterColumn =>
  (condition) =>
    clickhouse`id IN (
    SELECT id FROM scores FINAL WHERE project_id = ${string(scope.projectId)} AND ${column(condition)})`;

const ofTrace =
  (scope: ProjectScope, column: string): FilterColumn =>
  (condition: Condition): ClickHouseSql =>
    traceMeets(scope, [{ ...condition, column }]);

const metadata: KeyedText = {
  at: (key) => clickhouse`metadata[${string(key)}]`,
  has: (key) => clickhouse`mapContains(metadata, ${string(key)})`,
  isEmpty: clickhouse`empty(metadata)`,
  any: (test) => clickhouse`arrayExists(value -> ${test}, mapValues(metadata))`,
};

/** Columns of a list of scores. */
// oxfmt-ignore
export const scoreColumns = (scope: ProjectScope): FilterColumns => ({
  id:            text('id'),
  timestamp:     timeColumn(Sql.trusted('timestamp')),
  name:          text('name'),
  dataType:      text('data_type'),
  source:        text('source'),
  value:         number('value'),
  stringValue:   text('string_value'),
  environment:   text('environment'),
  traceId:       text('trace_id'),
  observationId: text('observation_id'),
  sessionId:     text('session_id'),
  datasetRunId:  text('dataset_run_id'),
  configId:      text('config_id'),
  queueId:       text('queue_id'),
  authorUserId:  text('author_user_id'),
  comment:       inScores(scope, text('comment')),
  metadata:      inScores(scope, metadataColumn(metadata)),
  userId:        ofTrace(scope, 'userId'),
  traceName:     ofTrace(scope, 'traceName'),
  traceTags:     ofTrace(scope, 'traceTags'),
  tags:          ofTrace(scope, 'tags'),
});
