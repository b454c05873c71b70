import { clickhouse, join } from '../../stores/clickhouse/sql.ts';
import { finalRows, resolvedTraces } from '../../stores/clickhouse/resolved-traces.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { conditionsSql } from '../filters/column.ts';
import { millisBetween, observationColumns, ofTheTrace, partsOf } from '../filters/observation-columns.ts';
import { rowsAround, tracesIn } from '../filters/reach.ts';
import { currentScores } from '../filters/scores.ts';
import { sayingRange, startsIn } from '../filters/time.ts';
import { type DeclaredDimension, type DeclaredMeasure, dimensionsOf, measuresOf } from './declare.ts';
import type { Asked, Version, View } from './view.ts';

const isMany = true;

// oxfmt-ignore
const dimensions: Record<string, DeclaredDimension> = {
  id:                  { isMany },
  traceId:             { isMany },
  traceName:           { of: 'trace' },
  environment:         {},
  parentObservationId: { isMany },
  type:                {},
  name:                { shows: 'name' },
  level:               {},
  version:             {},
  tags:                { of: 'trace', shows: 'list' },
  providedModelName:   {},
  promptName:          {},
  promptVersion:       { shows: 'number' },
  userId:              { of: 'trace', isMany },
  sessionId:           { of: 'trace', isMany },
  traceRelease:        { of: 'trace' },
  traceVersion:        { of: 'trace' },
  startTimeMonth:      {},
  toolNames:           { shows: 'items' },
  calledToolNames:     { shows: 'items' },
  isRootObservation:   { shows: 'flag', since: 'v2' },
  release:             { of: 'trace', since: 'v2' },
  costType:            { shows: 'items', since: 'v2' },
  usageType:           { shows: 'items', since: 'v2' },
  experimentName:      { isMany, since: 'v2' },
  experimentDatasetId: { isMany, since: 'v2' },
  experimentId:        { isMany, since: 'v2' },
};

/** As the two lists show it: for v1 an event has no end. */
const latencyOf: Record<Version, string> = {
  v1: `if(type = 'EVENT', NULL, ${millisBetween('start_time', 'end_time')})`,
  v2: millisBetween('start_time', 'end_time'),
};

const seconds = `nullIf(${millisBetween('start_time', 'end_time')} / 1000, 0)`;

// oxfmt-ignore
const measures = (version: Version): Record<string, DeclaredMeasure> => ({
  count:                 { value: 'toUInt8(1)' },
  latency:               { value: latencyOf[version] },
  streamingLatency:      { value: millisBetween('completion_start_time', 'end_time') },
  inputTokens:           {},
  outputTokens:          {},
  totalTokens:           {},
  outputTokensPerSecond: { value: `nullIf(output_tokens, 0) / ${seconds}` },
  tokensPerSecond:       { value: `nullIf(total_tokens, 0) / ${seconds}` },
  inputCost:             {},
  outputCost:            {},
  totalCost:             {},
  timeToFirstToken:      { value: millisBetween('start_time', 'completion_start_time') },
  countScores:           { of: 'scores', value: 'score_count' },
  toolDefinitions:       {},
  toolCalls:             {},
  traceId:               { value: 'trace_hash', is: 'text', since: 'v2' },
  uniqueUserIds:         { of: 'trace', column: 'userId', is: 'distinct', since: 'v2' },
  uniqueSessionIds:      { of: 'trace', column: 'sessionId', is: 'distinct', since: 'v2' },
  costByType:            { value: `arraySum(mapValues(${partsOf('cost')}))`, since: 'v2', by: { dimension: 'costType', value: (type) => clickhouse`cost[${type}]` } },
  usageByType:           { value: `arraySum(mapValues(${partsOf('usage')}))`, since: 'v2', by: { dimension: 'usageType', value: (type) => clickhouse`usage[${type}]` } },
});

/**
 * Observations in force, each once; what a trace says of itself is none, also where v2 lists it as a root. What asks nothing of
 * traces is one scan.
 */
export function observationsView(
  scope: ProjectScope,
  { range, version, counting = clickhouse`true`, around }: Asked,
): View {
  const traces = around ? rowsAround(range) : tracesIn(scope, range);
  const filters = observationColumns({ scope, traces, said: sayingRange(range), rows: range, merged: around });
  const lists = { row: filters, trace: ofTheTrace(scope) };
  return {
    dimensions: dimensionsOf(dimensions, lists, version),
    measures: measuresOf(measures(version), lists, version),
    filters,
    time: { name: 'startTime', value: clickhouse`start_time` },
    from: (conditions, usedBy) => ({
      rows: finalRows(
        scope,
        {
          unchanged: clickhouse`kind = 'observation'`,
          where: join([startsIn(range), counting, ...conditionsSql(filters, conditions)], ' AND '),
        },
        usedBy,
        { hash: true },
      ),
      where: clickhouse`true`,
    }),
    join: {
      trace: (values) => clickhouse`
        LEFT JOIN (
          SELECT cityHash64(trace_id) AS trace_beside, ${values}
          FROM ${resolvedTraces(scope, traces, values, around)}
        ) AS trace
        ON t.trace_hash = trace_beside`,
      scores: (values) => clickhouse`
        LEFT JOIN (
          SELECT trace_id AS scored_trace, observation_id AS scored, ${values}
          FROM (
            SELECT trace_id, observation_id, count() AS score_count
            FROM ${currentScores(scope, clickhouse`observation_id != ''`)}
            GROUP BY trace_id, observation_id
          )
        ) AS scores
        ON t.trace_id = scored_trace AND t.id = scored`,
    },
  };
}
