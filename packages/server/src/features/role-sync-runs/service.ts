import { KEPT_RUNS, type RoleSyncReport, type RoleSyncRun } from '@tracehouse/contract/x-role-sync-runs';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import type { OrganizationScope } from '../../stores/scope.ts';
import { deleteOldRuns, insertRun, type RoleSyncRunRow, selectLastSuccess, selectRuns } from './store.ts';

/** An organization that has not been synchronised for so long does so no more. */
const FORGOTTEN_AFTER_MS = 30 * 24 * 3_600_000;

export type RoleSyncRuns = ReturnType<typeof createRoleSyncRuns>;

/** What runs of role-sync, jobs outside of this process, have told. */
export function createRoleSyncRuns({
  postgres,
  now,
  newId,
}: {
  postgres: Postgres;
  now: () => Date;
  newId: () => string;
}) {
  return {
    async keep(organization: OrganizationScope, report: RoleSyncReport): Promise<{ id: string }> {
      const { startedAt, durationMs, dryRun, ...same } = report;
      const row = { id: newId(), received_at: now(), started_at: new Date(startedAt), duration_ms: durationMs };
      await postgres.transaction(async (tx) => {
        await insertRun(tx, organization, { ...row, dry_run: dryRun, ...same });
        await deleteOldRuns(tx, organization, { keep: KEPT_RUNS });
      });
      return { id: row.id };
    },

    async list(organization: OrganizationScope, page: { limit: number }): Promise<{ data: RoleSyncRun[] }> {
      return { data: (await selectRuns(postgres, organization, page)).map(toWire) };
    },

    /** For the metric: of several organizations the one that has waited longest. Null: none, or none in the last 30 days. */
    lastSuccess: (): Promise<Date | null> =>
      selectLastSuccess(postgres, new Date(now().getTime() - FORGOTTEN_AFTER_MS)),
  };
}

const toWire = (row: RoleSyncRunRow): RoleSyncRun => ({
  id: row.id,
  receivedAt: row.received_at.toISOString(),
  startedAt: row.started_at.toISOString(),
  durationMs: row.duration_ms,
  result: row.result,
  dryRun: row.dry_run,
  message: row.message,
  problems: row.problems,
  counts: row.counts,
});
