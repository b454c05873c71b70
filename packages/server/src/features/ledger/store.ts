import type { RefusedBody } from '@tracehouse/contract/x-receipts';
import type { ReceiptRow } from '../../ingest/ledger/receipt.ts';
import type { Micros } from '../../ingest/observation.ts';
import type { ClickHouse } from '../../stores/clickhouse/clickhouse.ts';
import { currentRows } from '../../stores/clickhouse/resolved-traces.ts';
import { clickhouse, join, micros, string, strings, uint } from '../../stores/clickhouse/sql.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { traceIs } from '../filters/reach.ts';

/** As it leaves the engine; `problems` is JSON text, times are microseconds. */
export interface StoredReceipt extends Pick<
  ReceiptRow,
  'id' | 'time' | 'door' | 'route' | 'status' | 'outcome' | 'requests' | 'received' | 'stored' | 'rejected'
> {
  acknowledged_only: number;
  adjusted: number;
  codes: string[];
  problems: string;
  public_key: string;
  sdk_name: string;
  sdk_version: string;
  user_agent: string;
  trace_ids: string[];
  trace_count: number;
  body_bytes: string;
  handled_us: string;
}

const columns = (
  maxTraces: number,
) => clickhouse`r.id AS id, toUnixTimestamp64Milli(r.time) * 1000 AS time, door, route, status, outcome, requests, received,
    stored, rejected, acknowledged_only, adjusted, codes, problems, public_key, sdk_name, sdk_version, user_agent,
    arraySlice(r.trace_ids, 1, ${uint(maxTraces)}) AS trace_ids,
    trace_count, toString(r.body_bytes) AS body_bytes, toString(r.handled_us) AS handled_us`;

/** As many as a row has. */
const MAX_TRACES = 1_000;

/** What is asked of a list; absent is any. */
export interface ReceiptFilter {
  from: Micros;
  to: Micros | null;
  outcome?: string | undefined;
  code?: string | undefined;
  traceId?: string | undefined;
  publicKey?: string | undefined;
}

export interface ReceiptPosition {
  time: Micros;
  id: string;
}

/** Newest first. */
export function selectReceipts(
  db: ClickHouse,
  scope: ProjectScope,
  filter: ReceiptFilter,
  { after, limit, maxTraces }: { after?: ReceiptPosition | undefined; limit: number; maxTraces: number },
): Promise<StoredReceipt[]> {
  const { from, to, outcome, code, traceId, publicKey } = filter;
  const range = join(
    [
      clickhouse`project_id = ${string(scope.projectId)} AND r.time >= ${micros(from)}`,
      ...(to === null ? [] : [clickhouse`r.time < ${micros(to)}`]),
      ...(after === undefined ? [] : [clickhouse`(r.time, r.id) < (${micros(after.time)}, ${string(after.id)})`]),
      // The pair alone is not seen to bound the key.
      ...(after === undefined ? [] : [clickhouse`r.time <= ${micros(after.time)}`]),
    ],
    ' AND ',
  );
  const asked = join(
    [
      ...(outcome === undefined ? [] : [clickhouse`outcome = ${string(outcome)}`]),
      ...(code === undefined ? [] : [clickhouse`has(codes, ${string(code)})`]),
      ...(traceId === undefined ? [] : [clickhouse`has(r.trace_ids, ${string(traceId)})`]),
      ...(publicKey === undefined ? [] : [clickhouse`public_key = ${string(publicKey)}`]),
      clickhouse`true`,
    ],
    ' AND ',
  );
  // A receipt that was corrected may be asked for by what it said before: those are few, and found by an index of their own.
  return db.rows(clickhouse`
    SELECT ${columns(maxTraces)}
    FROM receipts AS r
    WHERE ${range} AND ${asked}
      AND r.id NOT IN (SELECT r.id FROM receipts AS r WHERE ${range} AND row_version > 1 AND NOT (${asked}))
    ORDER BY r.time DESC, r.id DESC, row_version DESC
    LIMIT 1 BY r.time, r.id
    LIMIT ${uint(limit)}`);
}

/** `time` is that of its id. Null when it is not there. */
export async function selectReceipt(
  db: ClickHouse,
  scope: ProjectScope,
  { id, time }: ReceiptPosition,
): Promise<StoredReceipt | null> {
  const [row] = await db.rows<StoredReceipt>(clickhouse`
    SELECT ${columns(MAX_TRACES)}
    FROM receipts AS r
    WHERE project_id = ${string(scope.projectId)} AND r.time = ${micros(time)} AND r.id = ${string(id)}
    ORDER BY row_version DESC
    LIMIT 1`);
  return row ?? null;
}

/** Null when nothing was kept. */
export async function selectRefusedBody(
  db: ClickHouse,
  scope: ProjectScope,
  { id, time }: ReceiptPosition,
  { since }: { since: Micros },
): Promise<RefusedBody | null> {
  if (time < since) return null;
  const [row] = await db.rows<{ encoding: RefusedBody['encoding']; items: string[]; is_cut: number }>(clickhouse`
    SELECT encoding, items, is_cut
    FROM refused_bodies
    WHERE project_id = ${string(scope.projectId)} AND time = ${micros(time)} AND receipt_id = ${string(id)}
    LIMIT 1`);
  return row ? { encoding: row.encoding, items: row.items, isCut: row.is_cut === 1 } : null;
}

export interface StoredTrace {
  observations: number;
  /** Statements about the trace by itself included. */
  rows: number;
  scores: number;
  start: Micros;
  last_received: Micros;
}

/** Null when nothing of the trace is there. */
export async function selectStoredTrace(
  db: ClickHouse,
  scope: ProjectScope,
  traceId: string,
): Promise<StoredTrace | null> {
  const counts = clickhouse`toUInt32(countIf(kind = 'observation')) AS observations, toUInt32(count()) AS rows,
    toUnixTimestamp64Micro(min(start_time)) AS start, toUnixTimestamp64Micro(max(updated_at)) AS last_received`;
  const [[rows], [scores]] = await Promise.all([
    db.rows<Omit<StoredTrace, 'scores'>>(
      clickhouse`SELECT ${counts} FROM ${currentRows(scope, traceIs(traceId), counts)}`,
    ),
    db.rows<{ scores: number; start: Micros; last_received: Micros }>(clickhouse`
      SELECT toUInt32(count()) AS scores, toUnixTimestamp64Micro(min(timestamp)) AS start,
        toUnixTimestamp64Micro(max(updated_at)) AS last_received
      FROM scores FINAL
      WHERE project_id = ${string(scope.projectId)} AND trace_id = ${string(traceId)}`),
  ]);
  if (!rows || !scores || rows.rows + scores.scores === 0) return null;
  if (rows.rows === 0) return { ...rows, ...scores };
  return { ...rows, scores: scores.scores, last_received: Math.max(rows.last_received, scores.last_received) };
}

export interface Unattributed {
  code: string;
  requests: number;
  message: string;
  last: Micros;
}

/** Refused requests that name no trace, by reason. */
export const selectUnattributed = (
  db: ClickHouse,
  scope: ProjectScope,
  { since }: { since: Micros },
): Promise<Unattributed[]> =>
  db.rows(clickhouse`
    SELECT code, toUInt32(sum(requests)) AS requests, argMax(message, time) AS message,
      toUnixTimestamp64Milli(max(time)) * 1000 AS last
    FROM (
      SELECT time, arrayJoin(codes) AS code, requests, JSONExtractString(problems, 1, 'message') AS message
      FROM receipts
      WHERE project_id = ${string(scope.projectId)} AND time >= ${micros(since)} AND outcome = 'rejected' AND empty(trace_ids)
      ORDER BY row_version DESC
      LIMIT 1 BY receipts.id, code
    )
    GROUP BY code
    ORDER BY requests DESC, code`);

/** Whether anything refused is kept of the project. */
export async function hasRefusedBodies(db: ClickHouse, scope: ProjectScope): Promise<boolean> {
  const rows = await db.rows(clickhouse`
    SELECT 1 FROM refused_bodies WHERE project_id = ${string(scope.projectId)} LIMIT 1`);
  return rows.length > 0;
}

/** What was refused about these traces, or has one of their ids anywhere inside. */
export async function deleteRefusedBodies(
  db: ClickHouse,
  scope: ProjectScope,
  traceIds: readonly string[],
): Promise<void> {
  // In protobuf an id is its bytes.
  const binary = traceIds.filter((id) => /^([0-9a-f]{2})+$/.test(id));
  await db.run(
    clickhouse`
      DELETE FROM refused_bodies
      WHERE project_id = ${string(scope.projectId)} AND (
        hasAny(trace_ids, ${strings(traceIds)})
        OR arrayExists(id -> arrayExists(item -> position(item, id) > 0, items), ${strings(traceIds)})
        OR (encoding = 'base64' AND arrayExists(id -> arrayExists(item -> position(tryBase64Decode(item), unhex(id)) > 0, items),
          ${strings(binary)})))`,
    // 2: done on every replica when the statement returns.
    { settings: { lightweight_deletes_sync: 2 } },
  );
}
