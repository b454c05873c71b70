import type { RoleSyncCounts, RoleSyncReport } from '@tracehouse/contract/x-role-sync-runs';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { json, sql } from '../../stores/postgres/sql.ts';
import type { OrganizationScope } from '../../stores/scope.ts';

export interface RoleSyncRunRow {
  id: string;
  received_at: Date;
  started_at: Date;
  duration_ms: number;
  result: RoleSyncReport['result'];
  dry_run: boolean;
  message: string | null;
  problems: string[];
  counts: RoleSyncCounts;
}

const columns = sql`id, received_at, started_at, duration_ms, result, dry_run, message, problems, counts`;

export async function insertRun(
  db: Postgres,
  { organizationId }: OrganizationScope,
  row: RoleSyncRunRow,
): Promise<void> {
  await db.rows(sql`
    INSERT INTO role_sync_runs (organization_id, ${columns})
    VALUES (${organizationId}, ${row.id}, ${row.received_at}, ${row.started_at}, ${row.duration_ms}, ${row.result},
            ${row.dry_run}, ${row.message}, ${row.problems}, ${json(row.counts)})`);
}

/** Newest first. */
export const selectRuns = (
  db: Postgres,
  { organizationId }: OrganizationScope,
  { limit }: { limit: number },
): Promise<RoleSyncRunRow[]> =>
  db.rows<RoleSyncRunRow>(sql`
    SELECT ${columns}
    FROM role_sync_runs
    WHERE organization_id = ${organizationId}
    ORDER BY received_at DESC, id DESC
    LIMIT ${limit}`);

/** All but the newest. */
export async function deleteOldRuns(
  db: Postgres,
  { organizationId }: OrganizationScope,
  { keep }: { keep: number },
): Promise<void> {
  await db.rows(sql`
    DELETE FROM role_sync_runs
    WHERE organization_id = ${organizationId}
      AND id IN (
        SELECT id
        FROM role_sync_runs
        WHERE organization_id = ${organizationId}
        ORDER BY received_at DESC, id DESC
        OFFSET ${keep})`);
}

/**
 * Of all organizations: when the one that has waited longest for a run without failures had its last. Null when none had one since
 * `since`.
 */
export async function selectLastSuccess(db: Postgres, since: Date): Promise<Date | null> {
  const [row] = await db.rows<{ at: Date | null }>(sql`
    SELECT min(last.at) AS at
    FROM (
      SELECT max(received_at) AS at
      FROM role_sync_runs
      WHERE result = 'success' AND NOT dry_run AND received_at >= ${since}
      GROUP BY organization_id) AS last`);
  return row?.at ?? null;
}
