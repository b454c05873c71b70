import type { ClickHouse, QueryOptions } from '../../stores/clickhouse/clickhouse.ts';
import { type ClickHouseSql, clickhouse, join, string, uint } from '../../stores/clickhouse/sql.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { currentScores } from '../filters/scores.ts';
import { around, HOUR, startsIn, type TimeRange } from '../filters/time.ts';

/** A screen waits for it. */
const options: QueryOptions = { timeoutMs: 10_000 };
/** Names that clients invent may be without number; of those that most calls have. */
const MAX_NAMES = 5_000;
const MAX_VERSIONS = 1_000;
const MAX_SCORES = 2_000;

export interface UsageRow {
  calls: number;
  p50_latency_ms: number | null;
  input: number;
  output: number;
  cost: string | null;
  unpriced_calls: number;
  /** ISO 8601, UTC, milliseconds. */
  last_used_at: string;
}

// A mean of nothing is NaN, which JSON does not have.
const usage = clickhouse`
  toFloat64(count()) AS calls,
  if(countIf(latency IS NOT NULL) = 0, NULL, quantileIf(0.5)(ifNull(latency, 0), latency IS NOT NULL)) AS p50_latency_ms,
  toFloat64(sum(input_tokens)) AS input,
  toFloat64(sum(output_tokens)) AS output,
  toString(sum(total_cost)) AS cost,
  toFloat64(countIf(model != '' AND total_cost IS NULL)) AS unpriced_calls,
  formatDateTime(max(start_time), '%Y-%m-%dT%H:%i:%S.000Z', 'UTC') AS last_used_at`;

/** As a table expression: model calls in force that name a prompt, without those of the product itself and of experiments. */
function calls(scope: ProjectScope, range: TimeRange, name: string | null): ClickHouseSql {
  const startingIn = (times: TimeRange): ClickHouseSql =>
    clickhouse`project_id = ${string(scope.projectId)} AND kind = 'observation' AND ${startsIn(times)}`;
  const isNamed = name === null ? clickhouse`prompt_name != ''` : clickhouse`prompt_name = ${string(name)}`;
  // An older version of a row may have named a prompt, or started in the range, where the newest does not: what ever did is looked at
  // as it is now. Versions that the engine will merge start in the same hour.
  return clickhouse`(
    SELECT trace_id, id, prompt_name, prompt_version, start_time, input_tokens, output_tokens, total_cost, model,
      (toUnixTimestamp64Micro(end_time) - toUnixTimestamp64Micro(start_time)) / 1000 AS latency
    FROM (
      SELECT trace_id, id, type, environment, prompt_name, prompt_version, start_time, end_time, input_tokens, output_tokens,
        total_cost, model, is_deleted
      FROM observations
      WHERE ${startingIn(around(range, HOUR))} AND (trace_hash, id) IN (
        SELECT trace_hash, id FROM observations WHERE ${startingIn(range)} AND ${isNamed})
      ORDER BY row_version DESC
      LIMIT 1 BY trace_id, id)
    WHERE is_deleted = 0 AND type = 'GENERATION' AND ${isNamed} AND ${startsIn(range)}
      AND environment NOT LIKE 'langfuse-%' AND environment != 'sdk-experiment')`;
}

/** Of each prompt, those with most calls first. */
export const selectPromptUsage = (
  db: ClickHouse,
  scope: ProjectScope,
  range: TimeRange,
): Promise<(UsageRow & { name: string })[]> =>
  db.rows(
    clickhouse`
    SELECT prompt_name AS name, ${usage}
    FROM ${calls(scope, range, null)}
    GROUP BY name
    ORDER BY count() DESC, name
    LIMIT ${uint(MAX_NAMES)}`,
    options,
  );

/** Of each version of one prompt, the newest first. */
export const selectVersionUsage = (
  db: ClickHouse,
  scope: ProjectScope,
  range: TimeRange,
  name: string,
): Promise<(UsageRow & { version: number })[]> =>
  db.rows(
    clickhouse`
    SELECT assumeNotNull(prompt_version) AS version, ${usage}
    FROM ${calls(scope, range, name)}
    WHERE prompt_version IS NOT NULL
    GROUP BY version
    ORDER BY version DESC
    LIMIT ${uint(MAX_VERSIONS)}`,
    options,
  );

export interface ScoreRow {
  version: number;
  name: string;
  data_type: 'NUMERIC' | 'BOOLEAN' | 'CATEGORICAL';
  scores: number;
  average: number | null;
  deviation: number | null;
  most_common: string;
}

/** Scores of the calls of each version and of the traces that have such a call; one of a trace counts once a version. */
export const selectVersionScores = (
  db: ClickHouse,
  scope: ProjectScope,
  range: TimeRange,
  name: string,
): Promise<ScoreRow[]> => {
  const some = clickhouse`(SELECT trace_id, id, assumeNotNull(prompt_version) AS version
    FROM ${calls(scope, range, name)} WHERE prompt_version IS NOT NULL)`;
  const types = join(['NUMERIC', 'BOOLEAN', 'CATEGORICAL'].map(string), ', ');
  const scores = currentScores(scope, clickhouse`trace_id IN (SELECT trace_id FROM ${some})`);
  return db.rows(
    clickhouse`
    SELECT version, name, toString(data_type) AS data_type, toFloat64(count()) AS scores,
      if(any(data_type) = 'CATEGORICAL', NULL, avg(value)) AS average,
      if(any(data_type) = 'CATEGORICAL' OR count() < 2, NULL, stddevSamp(value)) AS deviation,
      topK(1)(string_value)[1] AS most_common
    FROM ${scores} AS scored
    INNER JOIN (SELECT DISTINCT trace_id, arrayJoin(['', id]) AS observation_id, version FROM ${some}) AS owner USING (trace_id, observation_id)
    WHERE data_type IN (${types})
    GROUP BY version, name, data_type
    ORDER BY version DESC, count() DESC, name
    LIMIT ${uint(MAX_SCORES)}`,
    options,
  );
};
