import type { Condition } from '@tracehouse/contract/filter';
import { currentRows } from '../../stores/clickhouse/resolved-traces.ts';
import { type ClickHouseSql, clickhouse, ClickHouseSql as Sql, join, string } from '../../stores/clickhouse/sql.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import {
  conditionsSql,
  type FilterColumn,
  type FilterColumns,
  flag,
  type KeyedText,
  metadataColumn,
  number,
  text,
  timeColumn,
} from '../filters/column.ts';
import { observationColumns } from '../filters/observation-columns.ts';
import { month } from '../filters/trace-columns.ts';
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

/** Of the observation that a score is about; a score of a trace alone is about none. */
const ofObservation =
  (scope: ProjectScope, column: string): FilterColumn =>
  (condition: Condition): ClickHouseSql => {
    const test = join(conditionsSql(observationColumns(everywhere(scope)), [{ ...condition, column }]), ' AND ');
    const rows = currentRows(scope, clickhouse`kind = 'observation'`, test);
    return clickhouse`(trace_id, observation_id) IN (SELECT trace_id, id FROM ${rows} WHERE ${test})`;
  };
const anyTime = { from: null, to: null };
const everywhere = (scope: ProjectScope) => ({ scope, traces: clickhouse`true`, said: anyTime, rows: anyTime });

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
  timestampMonth: text(month('timestamp')),
  timestampDay:  text(`formatDateTime(timestamp, '%Y-%m-%d')`),
  name:          text('name'),
  dataType:      text('data_type'),
  source:        text('source'),
  value:         number('value'),
  stringValue:   text('string_value'),
  booleanValue:  flag('value = 1'),
  environment:   text('environment'),
  traceId:       text('trace_id'),
  observationId: text('observation_id'),
  sessionId:     text('session_id'),
  datasetRunId:  text('dataset_run_id'),
  configId:      text('config_id'),
  // No evaluators are kept yet.
  evaluatorId:   text(`''`),
  queueId:       text('queue_id'),
  authorUserId:  text('author_user_id'),
  comment:       inScores(scope, text('comment')),
  metadata:      inScores(scope, metadataColumn(metadata)),
  userId:        ofTrace(scope, 'userId'),
  traceName:     ofTrace(scope, 'traceName'),
  traceTags:     ofTrace(scope, 'traceTags'),
  tags:          ofTrace(scope, 'tags'),
  traceRelease:  ofTrace(scope, 'release'),
  traceVersion:  ofTrace(scope, 'version'),
  observationName:          ofObservation(scope, 'name'),
  observationModelName:     ofObservation(scope, 'model'),
  observationPromptName:    ofObservation(scope, 'promptName'),
  observationPromptVersion: ofObservation(scope, 'promptVersion'),
  experimentName:           ofObservation(scope, 'experimentName'),
  experimentId:             ofObservation(scope, 'experimentId'),
});
