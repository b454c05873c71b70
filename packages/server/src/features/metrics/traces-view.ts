import { clickhouse } from '../../stores/clickhouse/sql.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { currentScores } from '../filters/scores.ts';
import { traceColumns, traceMillis } from '../filters/trace-columns.ts';
import { tracesThatMeet } from '../traces/service.ts';
import { type DeclaredDimension, type DeclaredMeasure, dimensionsOf, measuresOf } from './declare.ts';
import type { Asked, View } from './view.ts';

// oxfmt-ignore
const dimensions: Record<string, DeclaredDimension> = {
  id:             { isMany: true },
  name:           { shows: 'name' },
  tags:           { shows: 'list' },
  userId:         { isMany: true },
  sessionId:      { isMany: true },
  release:        {},
  version:        {},
  environment:    {},
  timestampMonth: {},
};

// oxfmt-ignore
const measures: Record<string, DeclaredMeasure> = {
  count:             { value: 'toUInt8(1)' },
  observationsCount: { column: 'observationCount' },
  scoresCount:       { of: 'scores', value: 'score_count' },
  uniqueUserIds:     { column: 'userId', is: 'distinct' },
  uniqueSessionIds:  { column: 'sessionId', is: 'distinct' },
  latency:           { value: traceMillis },
  totalTokens:       {},
  totalCost:         {},
};

/** Traces as the lists resolve them, by their own time. */
export function tracesView(scope: ProjectScope, { range, version, around }: Asked): View {
  const filters = traceColumns(scope);
  const lists = { row: filters };
  return {
    dimensions: dimensionsOf(dimensions, lists, version),
    measures: measuresOf(measures, lists, version),
    filters,
    time: { name: 'timestamp', value: clickhouse`timestamp` },
    from: (conditions, usedBy) => tracesThatMeet(scope, range, conditions, usedBy, around),
    join: {
      scores: (values) => clickhouse`
        LEFT JOIN (
          SELECT trace_id AS scored_trace, ${values}
          FROM (SELECT trace_id, count() AS score_count FROM ${currentScores(scope, clickhouse`trace_id != ''`)} GROUP BY trace_id)
        ) AS scores
        ON t.trace_id = scored_trace`,
    },
  };
}
