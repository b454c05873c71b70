import type { Micros, StoredObservation } from '../../ingest/observation.ts';
import { compareUtf8, fieldsOf } from '../../ingest/resolve-trace.ts';
import type { ClickHouse, QueryOptions } from '../../stores/clickhouse/clickhouse.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { clickhouse, type ClickHouseSql, join, string, uint, uint64 } from '../../stores/clickhouse/sql.ts';
import { textSearchSettings } from '../../stores/clickhouse/text-search.ts';
import { traceIsOneOf } from '../filters/reach.ts';
import { HOUR, startsIn, type TimeRange } from '../filters/time.ts';
import { anyPlace, firstPlaces, hitOf, textConditions, type TextPlace } from './selection.ts';
import { selectTraceRows } from './store.ts';

/** A row that has the text, in whatever version. */
export interface Hit {
  traceId: string;
  /** `cityHash64` of it, decimal. */
  hash: string;
  kind: string;
  id: string;
  /** Exact; 64 bits. */
  version: string;
  start: Micros;
  /** Where in the row it was found; empty when that was not asked. */
  places: readonly TextPlace[];
}

/** A trace by rows of it that have the text. */
export interface HitTrace {
  id: string;
  /** `cityHash64` of the id, decimal. */
  hash: string;
  /** Start of the first of these rows: the trace is no later. */
  first: Micros;
  /** By their identity. */
  hits: Map<string, Hit>;
}

/** Rows come in the order of the key and end with the last that is wanted; else the engine would read some ahead. */
const findSettings = { ...textSearchSettings, read_in_order_use_buffering: 0 };

/**
 * The newest rows in the range that meet `where` and have the text. The time comes last, for it is in the key, or first, where
 * text of many rows would be read. Never both: with more than 32 conditions the engine looks into no index for those under an OR.
 */
export async function selectHits(
  db: ClickHouse,
  scope: ProjectScope,
  {
    range,
    isTimeFirst = false,
    text,
    where,
    limit,
  }: { range: TimeRange; isTimeFirst?: boolean; text: ClickHouseSql; where: ClickHouseSql; limit: number },
  options?: QueryOptions,
): Promise<FoundRow[]> {
  const time = startsIn(range);
  const project = clickhouse`project_id = ${string(scope.projectId)}`;
  return db.rows(
    clickhouse`
      SELECT trace_id AS traceId, toString(cityHash64(trace_id)) AS hash, kind, id, toString(row_version) AS version,
        toUnixTimestamp64Micro(start_time) AS start
      FROM observations
      PREWHERE ${isTimeFirst ? clickhouse`${time} AND ${where}` : where} AND ${text}
      WHERE ${isTimeFirst ? project : clickhouse`${project} AND ${time}`}
      ORDER BY toStartOfHour(start_time) DESC, start_time DESC
      LIMIT ${uint(limit)}`,
    { ...options, settings: findSettings },
  );
}

/** Whether a row in the range, in whatever version, says when its trace was: without one that is when its first row starts. */
export async function saysTraceTimes(
  db: ClickHouse,
  scope: ProjectScope,
  range: TimeRange,
  options?: QueryOptions,
): Promise<boolean> {
  const rows = await db.rows(
    clickhouse`
      SELECT 1 AS said FROM observations
      PREWHERE kind = 'trace'
      WHERE project_id = ${string(scope.projectId)} AND source = 'json' AND ${startsIn(range)}
      LIMIT 1`,
    options,
  );
  return rows.length > 0;
}

/** What is found at once. */
export type FoundRow = Omit<Hit, 'places'>;

/** Adds rows found at a place (null: wherever) to what is known of their traces. */
export function noteHits(known: Map<string, HitTrace>, rows: readonly FoundRow[], place: TextPlace | null): void {
  for (const row of rows) {
    let trace = known.get(row.traceId);
    if (!trace)
      known.set(row.traceId, (trace = { id: row.traceId, hash: row.hash, first: row.start, hits: new Map() }));
    trace.first = Math.min(trace.first, row.start);
    const key = versionKey(row);
    const other = trace.hits.get(key);
    const places = place === null || other?.places.length === 0 ? [] : [...(other?.places ?? []), place];
    trace.hits.set(key, { ...row, places });
  }
}

const versionKey = ({ kind, id, version }: Pick<Hit, 'kind' | 'id' | 'version'>): string =>
  JSON.stringify([kind, id, version]);

/** The traces with a row in the range that has the text and is in force; null when too many rows have it to be looked at. */
export async function selectTracesWith(
  db: ClickHouse,
  scope: ProjectScope,
  { range, value }: { range: TimeRange; value: string },
  options?: QueryOptions,
): Promise<string[] | null> {
  const { input, output, said, name, id } = textConditions(value);
  const answers = await Promise.all(
    [clickhouse`(${input} OR ${output} OR ${said})`, name, id].map((text) =>
      selectHits(db, scope, { range, text, where: clickhouse`true`, limit: FEW_HITS }, options),
    ),
  );
  if (answers.some(({ length }) => length === FEW_HITS)) return null;
  const traces = new Map<string, HitTrace>();
  for (const rows of answers) noteHits(traces, rows, null);
  return (await hitsInForce(db, scope, traces)).map(({ traceId }) => traceId);
}

/** What traces with these hits say now is read in 50 ms. */
const FEW_HITS = 1_000;

/** The first hit of each of these traces that no later version has replaced; a row that has the text at any place is one. */
export const selectHitsOf = async (
  db: ClickHouse,
  scope: ProjectScope,
  traceIds: readonly string[],
  value: string,
  options?: QueryOptions,
): Promise<Hit[]> => hitsInForce(db, scope, await selectRowsWith(db, scope, traceIds, value, options));

/** Those of these traces that have the text, with all their rows, in whatever version, that have it at any place. */
export async function selectRowsWith(
  db: ClickHouse,
  scope: ProjectScope,
  traceIds: readonly string[],
  value: string,
  options?: QueryOptions,
): Promise<Map<string, HitTrace>> {
  const traces = new Map<string, HitTrace>();
  if (traceIds.length === 0) return traces;
  const rows = await selectHits(
    db,
    scope,
    { range: { from: null, to: null }, text: anyPlace(value), where: traceIsOneOf(traceIds), limit: NO_LIMIT },
    options,
  );
  noteHits(traces, rows, null);
  return traces;
}

async function hitsInForce(db: ClickHouse, scope: ProjectScope, traces: Map<string, HitTrace>): Promise<Hit[]> {
  const versions = await selectTraceRows(db, scope, [...traces.values()], fieldsOf([]));
  return [...traces.values()].flatMap(({ id, hits }) => firstInForce(versions.get(id) ?? [], hits) ?? []);
}

export const NO_LIMIT = 100_000;

type InForce = Pick<StoredObservation, 'kind' | 'id' | 'rowVersion'>;

/** The first of the hits whose row is among those in force; what is said about the trace comes last. */
export const firstInForce = (rows: readonly InForce[], hits: ReadonlyMap<string, Hit>): Hit | undefined =>
  among(rows, hits).toSorted(
    (a, b) => Number(a.kind === 'trace') - Number(b.kind === 'trace') || a.start - b.start || compareUtf8(a.id, b.id),
  )[0];

/** All of the hits whose row is among those in force, the first first. */
export const hitsInForceOf = (rows: readonly InForce[], hits: ReadonlyMap<string, Hit> = new Map()): Hit[] =>
  among(rows, hits).toSorted((a, b) => a.start - b.start || compareUtf8(`${a.kind} ${a.id}`, `${b.kind} ${b.id}`));

const among = (rows: readonly InForce[], hits: ReadonlyMap<string, Hit>): Hit[] =>
  rows.flatMap(({ kind, id, rowVersion }) => hits.get(versionKey({ kind, id, version: String(rowVersion) })) ?? []);

export interface HitRow {
  traceId: string;
  observationId: string;
  field: string;
  preview: string;
}

/** Characters of a hit's preview, and how many of them stand before the text. */
const PREVIEW = 200;
const BEFORE = 60;

/**
 * The text around each hit. Read by the table's key: these are the only payloads a search reads, and to read one is to read
 * its column's neighbours too, so each hit is looked at where it was found.
 */
export async function selectHitTexts(
  db: ClickHouse,
  scope: ProjectScope,
  hits: readonly Hit[],
  value: string,
  options?: QueryOptions,
): Promise<HitRow[]> {
  const alike = Map.groupBy(hits, ({ places }) => firstPlaces(places).join());
  const texts = await Promise.all([...alike.values()].map((some) => selectTextsAt(db, scope, some, value, options)));
  return texts.flat();
}

async function selectTextsAt(
  db: ClickHouse,
  scope: ProjectScope,
  hits: readonly Hit[],
  value: string,
  options?: QueryOptions,
): Promise<HitRow[]> {
  const { field, text } = hitOf(value, firstPlaces(hits[0]?.places ?? []));
  return db.rows(
    clickhouse`
      SELECT trace_id AS traceId, id AS observationId, ${field} AS field,
        substringUTF8(${text} AS text, greatest(1, toInt64(positionCaseInsensitiveUTF8(text, ${string(value)})) - ${uint(BEFORE)}), ${uint(PREVIEW)}) AS preview
      FROM observations
      ${rowsOfHits(scope, hits)}
      LIMIT 1 BY trace_id`,
    options,
  );
}

/** `WHERE …`: the rows of these hits, by the table's key. */
export function rowsOfHits(scope: ProjectScope, hits: readonly Hit[]): ClickHouseSql {
  // As numbers: each call of a function would take the engine 0.1 ms to understand, and a page has hundreds.
  const places = join(
    hits.map(({ hash, start }) => clickhouse`(${uint(Math.floor(start / HOUR) * 3600)}, ${uint64(hash)})`),
    ', ',
  );
  return clickhouse`
      PREWHERE (trace_id, kind, id, row_version) IN (${keysOf(hits)})
      WHERE project_id = ${string(scope.projectId)} AND (toStartOfHour(start_time), cityHash64(trace_id)) IN (${places})`;
}

const keysOf = (hits: readonly Hit[]): ClickHouseSql =>
  join(
    hits.map(
      ({ traceId, kind, id, version }) =>
        clickhouse`(${string(traceId)}, ${string(kind)}, ${string(id)}, ${uint64(version)})`,
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
