import type { Micros } from '../../ingest/observation.ts';
import type { ClickHouse, QueryOptions } from '../../stores/clickhouse/clickhouse.ts';
import { currentRows } from '../../stores/clickhouse/resolved-traces.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { clickhouse, type ClickHouseSql, join, micros, string, uint } from '../../stores/clickhouse/sql.ts';
import { textSearchSettings } from '../../stores/clickhouse/text-search.ts';
import { traceIsOneOf } from '../filters/reach.ts';
import { startsIn, type TimeRange } from '../filters/time.ts';
import { hitOf } from './selection.ts';

/** A row that has the text, in whatever version. */
export interface Hit {
  traceId: string;
  kind: string;
  id: string;
  /** Exact; 64 bits. */
  version: string;
  start: Micros;
}

/** A trace by rows of it that have the text. */
export interface HitTrace {
  id: string;
  /** `cityHash64` of the id, decimal. */
  hash: string;
  /** Start of the first of these rows: the trace is no later. */
  first: Micros;
  hits: Hit[];
}

/** Of one trace; its other rows with the text are not needed to know that it has it. */
const MOST_HITS = 100;

/** The traces that have rows in the range which meet `where`, the one with the latest first hit first. */
export async function selectHitTraces(
  db: ClickHouse,
  scope: ProjectScope,
  { range, where, limit }: { range: TimeRange; where: ClickHouseSql; limit: number },
  options?: QueryOptions,
): Promise<HitTrace[]> {
  const rows = await db.rows<Omit<HitTrace, 'hits'> & { hits: [Micros, string, string, string][] }>(
    clickhouse`
      SELECT trace_id AS id, toString(cityHash64(trace_id)) AS hash, min(start) AS first,
        groupArraySorted(${uint(MOST_HITS)})((start, kind, row_id, toString(version))) AS hits
      FROM (
        SELECT trace_id, kind, id AS row_id, max(row_version) AS version,
          toUnixTimestamp64Micro(argMax(start_time, row_version)) AS start
        FROM observations
        WHERE project_id = ${string(scope.projectId)} AND ${startsIn(range)} AND ${where}
        GROUP BY trace_id, kind, row_id
      )
      GROUP BY trace_id
      ORDER BY first DESC, id DESC
      LIMIT ${uint(limit)}`,
    { ...options, settings: textSearchSettings },
  );
  return rows.map(({ hits, ...trace }) => ({
    ...trace,
    hits: hits.map(([start, kind, id, version]) => ({ traceId: trace.id, kind, id, version, start })),
  }));
}

/** Of each trace the first hit that no later version has replaced. */
export async function selectHitsInForce(
  db: ClickHouse,
  scope: ProjectScope,
  traces: readonly HitTrace[],
  options?: QueryOptions,
): Promise<Hit[]> {
  if (traces.length === 0) return [];
  return db.rows(
    clickhouse`
      SELECT trace_id AS traceId, kind, id, toString(row_version) AS version, toUnixTimestamp64Micro(start_time) AS start
      FROM ${currentRows(scope, traceIsOneOf(traces.map(({ id }) => id)), clickhouse`row_version start_time`)}
      WHERE (trace_id, kind, id, row_version) IN (${keysOf(traces.flatMap(({ hits }) => hits))})
      ORDER BY kind = 'trace', start_time, id
      LIMIT 1 BY trace_id`,
    options,
  );
}

/** The first hit of each of these traces; a row that meets one of the conditions is one. */
export async function selectHitsOf(
  db: ClickHouse,
  scope: ProjectScope,
  traceIds: readonly string[],
  conditions: readonly ClickHouseSql[],
  options?: QueryOptions,
): Promise<Hit[]> {
  if (traceIds.length === 0) return [];
  const where = clickhouse`${traceIsOneOf(traceIds)} AND (${join(conditions, ' OR ')})`;
  const range = { from: null, to: null };
  const traces = await selectHitTraces(db, scope, { range, where, limit: traceIds.length }, options);
  return selectHitsInForce(db, scope, traces, options);
}

export interface HitRow {
  traceId: string;
  observationId: string;
  field: string;
  preview: string;
}

/** Characters of a hit's preview, and how many of them stand before the text. */
const PREVIEW = 200;
const BEFORE = 60;

/** The text around each hit. Read by the table's key: these are the only payloads a search reads. */
export async function selectHitTexts(
  db: ClickHouse,
  scope: ProjectScope,
  hits: readonly Hit[],
  value: string,
  options?: QueryOptions,
): Promise<HitRow[]> {
  if (hits.length === 0) return [];
  const { field, text } = hitOf(value);
  const places = join(
    hits.map(({ traceId, start }) => clickhouse`(toStartOfHour(${micros(start)}), cityHash64(${string(traceId)}))`),
    ', ',
  );
  return db.rows(
    clickhouse`
      SELECT trace_id AS traceId, id AS observationId, ${field} AS field,
        substringUTF8(${text} AS text, greatest(1, toInt64(positionCaseInsensitiveUTF8(text, ${string(value)})) - ${uint(BEFORE)}), ${uint(PREVIEW)}) AS preview
      FROM observations
      WHERE project_id = ${string(scope.projectId)} AND (toStartOfHour(start_time), cityHash64(trace_id)) IN (${places})
        AND (trace_id, kind, id, row_version) IN (${keysOf(hits)})
      LIMIT 1 BY trace_id`,
    options,
  );
}

const keysOf = (hits: readonly Hit[]): ClickHouseSql =>
  join(
    hits.map(
      ({ traceId, kind, id, version }) =>
        clickhouse`(${string(traceId)}, ${string(kind)}, ${string(id)}, toUInt64(${string(version)}))`,
    ),
    ', ',
  );

/** The hour of the project's first row; null when it has none. */
export async function selectOldestStart(
  db: ClickHouse,
  scope: ProjectScope,
  options?: QueryOptions,
): Promise<Micros | null> {
  const [row] = await db.rows<{ start: Micros }>(
    clickhouse`
      SELECT toUnixTimestamp(toStartOfHour(start_time)) * 1000000 AS start FROM observations
      WHERE project_id = ${string(scope.projectId)}
      ORDER BY toStartOfHour(start_time)
      LIMIT 1`,
    options,
  );
  return row?.start ?? null;
}
