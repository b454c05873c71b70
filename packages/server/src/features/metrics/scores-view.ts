import { currentRows, resolvedTraces } from '../../stores/clickhouse/resolved-traces.ts';
import { anyOf, clickhouse, type ClickHouseSql, join } from '../../stores/clickhouse/sql.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { conditionsSql } from '../filters/column.ts';
import { observationColumns, ofTheTrace } from '../filters/observation-columns.ts';
import { scoreColumns, scoresIn } from '../scores/service.ts';
import { type DeclaredDimension, type DeclaredMeasure, dimensionsOf, measuresOf } from './declare.ts';
import type { Asked, View } from './view.ts';

type ScoresView = 'scores-numeric' | 'scores-categorical' | 'scores-boolean';

/** What each view has of its own: data types, the dimension of what was given, and whether that is a number. */
const kinds: Record<ScoresView, { dataTypes: readonly string[]; dimension: Record<string, DeclaredDimension> }> = {
  'scores-numeric': { dataTypes: ['NUMERIC', 'BOOLEAN'], dimension: { value: { shows: 'number' } } },
  'scores-categorical': { dataTypes: ['CATEGORICAL'], dimension: { stringValue: {} } },
  'scores-boolean': { dataTypes: ['BOOLEAN'], dimension: { booleanValue: { shows: 'flag' } } },
};

const isMany = true;

// oxfmt-ignore
const dimensions: Record<string, DeclaredDimension> = {
  id:                       { isMany },
  environment:              {},
  name:                     {},
  evaluatorId:              { isMany },
  source:                   {},
  dataType:                 {},
  traceId:                  { isMany },
  configId:                 {},
  timestampMonth:           {},
  timestampDay:             {},
  observationId:            { isMany },
  traceName:                { of: 'trace' },
  tags:                     { of: 'trace', shows: 'list' },
  userId:                   { of: 'trace', isMany },
  sessionId:                { of: 'trace', isMany, own: 'session_id' },
  datasetRunId:             { isMany },
  traceRelease:             { of: 'trace' },
  traceVersion:             { of: 'trace' },
  observationName:          { of: 'observation', column: 'name' },
  observationModelName:     { of: 'observation', column: 'model' },
  observationPromptName:    { of: 'observation', column: 'promptName' },
  observationPromptVersion: { of: 'observation', column: 'promptVersion', shows: 'number' },
  experimentName:           { of: 'observation', isMany, since: 'v2' },
  experimentId:             { of: 'observation', isMany, since: 'v2' },
};

const count: Record<string, DeclaredMeasure> = { count: { value: 'toUInt8(1)' } };
const numeric: Record<string, DeclaredMeasure> = { ...count, value: {} };

/** Scores of some data types, by the time they are of; those of sessions and runs too. */
export const scoresView =
  (kind: ScoresView) =>
  (scope: ProjectScope, { range, version }: Asked): View => {
    const { dataTypes, dimension } = kinds[kind];
    const filters = scoreColumns(scope);
    const ofTypes = clickhouse`data_type IN ${anyOf(dataTypes)}`;
    const scored = (what: ClickHouseSql): ClickHouseSql =>
      clickhouse`trace_id IN (SELECT trace_id FROM ${scoresIn(scope, range, clickhouse`${ofTypes} AND ${what}`)})`;
    const anyTime = { from: null, to: null };
    const observations = observationColumns({ scope, traces: clickhouse`true`, said: anyTime, rows: anyTime });
    const lists = { row: filters, trace: ofTheTrace(scope), observation: observations };
    return {
      dimensions: dimensionsOf({ ...dimensions, ...dimension }, lists, version),
      measures: measuresOf(kind === 'scores-numeric' ? numeric : count, lists, version),
      filters,
      time: { name: 'timestamp', value: clickhouse`timestamp` },
      from: (conditions) => ({
        rows: scoresIn(scope, range, join([ofTypes, ...conditionsSql(filters, conditions)], ' AND ')),
        where: clickhouse`true`,
      }),
      join: {
        trace: (values) => clickhouse`
          LEFT JOIN (
            SELECT trace_id AS trace_beside, ${values}
            FROM ${resolvedTraces(scope, scored(clickhouse`trace_id != ''`), values)}
          ) AS trace
          ON t.trace_id = trace_beside`,
        observation: (values) => clickhouse`
          LEFT JOIN (
            SELECT trace_id AS observed_trace, id AS observed, ${values}
            FROM ${currentRows(scope, clickhouse`kind = 'observation' AND ${scored(clickhouse`observation_id != ''`)}`, values)}
          ) AS observation
          ON t.trace_id = observed_trace AND observation_id = observed`,
      },
    };
  };
