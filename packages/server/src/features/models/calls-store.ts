import { observationReader } from '../../ingest/read-rows.ts';
import type { Micros, ObservationRow } from '../../ingest/observation.ts';
import type { ClickHouse, QueryOptions } from '../../stores/clickhouse/clickhouse.ts';
import { anyOf, type ClickHouseSql, clickhouse, join, micros, string, uint } from '../../stores/clickhouse/sql.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { startsIn } from '../filters/time.ts';

/** Model names that clients invent may be without number. */
const MAX_NAMES = 10_000;

/** Names of the project's calls; null when there are too many to look at each. */
export async function selectModelNames(db: ClickHouse, scope: ProjectScope): Promise<string[] | null> {
  const rows = await db.rows<{ name: string }>(clickhouse`
    SELECT DISTINCT toString(model) AS name
    FROM observations
    WHERE project_id = ${string(scope.projectId)} AND kind = 'observation' AND model != ''
    LIMIT ${uint(MAX_NAMES + 1)}`);
  return rows.length > MAX_NAMES ? null : rows.map(({ name }) => name);
}

/** Which calls to price again. */
export interface CallSelection {
  /** Null: of whatever name. */
  names: readonly string[] | null;
  /** Those it has priced count whatever their name is. */
  modelId: string;
  from: Micros | null;
  /** Written since then, by somebody else than a recalculation; null: whenever. */
  since: Micros | null;
}

/**
 * A row that a recalculation wrote keeps the version of what it read, plus one. Spans without an end have versions that lie
 * below all others, so they count as written.
 */
const selected = ({ projectId }: ProjectScope, { names, modelId, from, since }: CallSelection): ClickHouseSql => {
  const byName = names === null ? clickhouse`model != ''` : clickhouse`model IN ${anyOf(names)}`;
  return join(
    [
      clickhouse`project_id = ${string(projectId)} AND kind = 'observation'`,
      clickhouse`(${byName} OR model_id = ${string(modelId)})`,
      startsIn({ from, to: null }),
      ...(since === null
        ? []
        : [clickhouse`updated_at >= ${micros(since)} AND (row_version >= ${uint(since)} OR end_time IS NULL)`]),
    ],
    ' AND ',
  );
};

/** Hours that hold such calls, the newest first, with about how many. */
export async function selectHours(
  db: ClickHouse,
  scope: ProjectScope,
  selection: CallSelection,
  options: QueryOptions,
): Promise<{ hour: Micros; calls: number }[]> {
  const rows = await db.rows<{ hour: number; calls: number }>(
    clickhouse`
    SELECT toUnixTimestamp(toStartOfHour(start_time)) AS hour, toFloat64(uniqExact(cityHash64(trace_id, id))) AS calls
    FROM observations
    WHERE ${selected(scope, selection)}
    GROUP BY hour
    ORDER BY hour DESC`,
    options,
  );
  return rows.map(({ hour, calls }) => ({ hour: hour * 1_000_000, calls }));
}

/** A call's place in the order of its hour. */
export interface CallPlace {
  hash: string;
  id: string;
}

export interface CallKey extends CallPlace {
  traceId: string;
  sizeBytes: number;
}

/** Calls of an hour in the order of the table, after a place. */
export async function selectCallKeys(
  db: ClickHouse,
  scope: ProjectScope,
  selection: CallSelection,
  { hour, after, limit }: { hour: Micros; after: CallPlace | null; limit: number },
  options: QueryOptions,
): Promise<CallKey[]> {
  const rows = await db.rows<{ hash: string; id: string; trace_id: string; size: number }>(
    clickhouse`
    SELECT toString(cityHash64(trace_id)) AS hash, id, trace_id, toFloat64(max(size_bytes)) AS size
    FROM observations
    WHERE ${selected(scope, selection)} AND ${isInHour(hour)}
      ${after === null ? clickhouse`` : clickhouse`AND (cityHash64(trace_id), id) > (toUInt64(${string(after.hash)}), ${string(after.id)})`}
    GROUP BY trace_id, id
    ORDER BY cityHash64(trace_id), id
    LIMIT ${uint(limit)}`,
    options,
  );
  return rows.map(({ hash, id, trace_id, size }) => ({ hash, id, traceId: trace_id, sizeBytes: size }));
}

/** The newest row of each, whatever it says by now; deleted ones too. */
export async function selectCalls(
  db: ClickHouse,
  scope: ProjectScope,
  hour: Micros,
  keys: readonly CallKey[],
  options: QueryOptions,
): Promise<ObservationRow[]> {
  const hashes = [...new Set(keys.map(({ hash }) => hash))].map((hash) => clickhouse`toUInt64(${string(hash)})`);
  const answer = await db.binary(
    clickhouse`
    SELECT ${observationReader.select()}
    FROM observations
    WHERE project_id = ${string(scope.projectId)} AND ${isInHour(hour)} AND kind = 'observation'
      AND cityHash64(trace_id) IN (${join(hashes, ', ')}) AND id IN ${anyOf(keys.map(({ id }) => id))}
    ORDER BY row_version DESC
    LIMIT 1 BY trace_id, id`,
    options,
  );
  return observationReader.parse(answer);
}

const isInHour = (hour: Micros): ClickHouseSql =>
  clickhouse`toStartOfHour(start_time) = toStartOfHour(${micros(hour)})`;

export interface NamedCalls {
  model: string;
  provider: string;
  calls: number;
  /** With usage, and without a cost. */
  unpriced: number;
  /** ISO 8601. */
  last: string;
}

/** Names of the calls that start from then on, those without a price first, then by their number. */
export const selectNamedCalls = (
  db: ClickHouse,
  { projectId }: ProjectScope,
  { from, limit }: { from: Micros; limit: number },
  options: QueryOptions,
): Promise<NamedCalls[]> =>
  db.rows(
    clickhouse`
    SELECT toString(model) AS model, toString(any(provider)) AS provider, toFloat64(count()) AS calls,
      toFloat64(countIf(total_cost IS NULL AND total_tokens > 0)) AS unpriced,
      formatDateTime(max(start_time), '%Y-%m-%dT%H:%i:%S.000Z', 'UTC') AS last
    FROM (
      SELECT model, provider, total_cost, total_tokens, start_time, is_deleted
      FROM observations
      WHERE project_id = ${string(projectId)} AND kind = 'observation' AND ${startsIn({ from, to: null })}
      ORDER BY row_version DESC
      LIMIT 1 BY trace_id, id
    )
    WHERE is_deleted = 0 AND model != ''
    GROUP BY model
    ORDER BY unpriced > 0 DESC, calls DESC
    LIMIT ${uint(limit)}`,
    options,
  );
