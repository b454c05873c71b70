import { type Actor, recordAudit } from '../../identity/audit/audit.ts';
import type { Journal } from '../../ingest/journal.ts';
import type { LargeFields } from '../../ingest/large-fields/large-fields.ts';
import type { ClickHouse } from '../../stores/clickhouse/clickhouse.ts';
import { anyOf, clickhouse, ClickHouseSql, string } from '../../stores/clickhouse/sql.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { exactText, plainText, sql } from '../../stores/postgres/sql.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { traceIsOneOf } from '../filters/reach.ts';
import { targetHashes } from '../filters/score-reach.ts';

/** How long the doors refuse what arrives late for a deleted trace. */
const MARK_MS = 24 * 3_600_000;
/** How old the marks another process made may be before this one knows of them. */
const REFRESH_MS = 5_000;

export type DeletedTraces = ReturnType<typeof createDeletedTraces>;

interface ProjectMarks {
  /** Trace id → when it was deleted, milliseconds. */
  deletedAt: Map<string, number>;
  /** Milliseconds; the read that fills the marks. */
  loadedAt: number;
  loading: Promise<void> | null;
}

/**
 * Marks of traces deleted in the last 24 h, cached in this process. Both doors ask `isDeleted` after their last other
 * `await`, right before `journal.append`: a deletion marks first and then waits for the journal, so a row is either
 * refused here or in the journal before the deletion looks.
 */
export function createDeletedTraces({ postgres, now }: { postgres: Postgres; now: () => Date }) {
  const projects = new Map<string, ProjectMarks>();

  const marksOf = ({ projectId }: ProjectScope): ProjectMarks => {
    const marks = projects.get(projectId) ?? {
      deletedAt: new Map<string, number>(),
      loadedAt: -Infinity,
      loading: null,
    };
    projects.set(projectId, marks);
    return marks;
  };

  async function load({ projectId }: ProjectScope, marks: ProjectMarks): Promise<void> {
    const at = now().getTime();
    const rows = await postgres.rows<{ trace_id: string; deleted_at: Date }>(sql`
      SELECT trace_id, deleted_at
      FROM deleted_traces
      WHERE project_id = ${projectId} AND deleted_at > ${new Date(at - MARK_MS)}`);
    // What was marked here while the query ran is newer than its answer.
    for (const { trace_id, deleted_at } of rows) {
      const id = plainText(trace_id);
      marks.deletedAt.set(id, Math.max(deleted_at.getTime(), marks.deletedAt.get(id) ?? 0));
    }
    for (const [id, deletedAt] of marks.deletedAt) if (deletedAt <= at - MARK_MS) marks.deletedAt.delete(id);
    marks.loadedAt = at;
  }

  async function isDeleted(scope: ProjectScope, traceIds: Iterable<string>): Promise<Set<string>> {
    const marks = marksOf(scope);
    if (now().getTime() - marks.loadedAt > REFRESH_MS) {
      marks.loading ??= load(scope, marks).finally(() => (marks.loading = null));
      await marks.loading;
    }
    const oldest = now().getTime() - MARK_MS;
    const deleted = new Set<string>();
    if (marks.deletedAt.size === 0) return deleted;
    for (const id of traceIds) if ((marks.deletedAt.get(id) ?? -Infinity) > oldest) deleted.add(id);
    return deleted;
  }

  return {
    /** Those of the ids that were deleted less than 24 h ago. */
    isDeleted,

    /** When a trace was deleted; null when it was not in the last 24 h. */
    async deletedAt(scope: ProjectScope, traceId: string): Promise<Date | null> {
      if (!(await isDeleted(scope, [traceId])).has(traceId)) return null;
      return new Date(marksOf(scope).deletedAt.get(traceId)!);
    },

    /** All marks there are, of every project: what the journal of an earlier run holds of these traces must not come back. */
    async all(): Promise<{ projectId: string; traceId: string }[]> {
      const rows = await postgres.rows<{ project_id: string; trace_id: string }>(sql`
        SELECT project_id, trace_id
        FROM deleted_traces`);
      return rows.map(({ project_id, trace_id }) => ({ projectId: project_id, traceId: plainText(trace_id) }));
    },

    /** From here on the doors of this process refuse these traces, and those of others soon; and the audit log says who wants it. */
    async mark(scope: ProjectScope, actor: Actor, traceIds: readonly string[]): Promise<void> {
      const at = now();
      await postgres.transaction(async (tx) => {
        await tx.rows(sql`
          INSERT INTO deleted_traces (project_id, trace_id, deleted_at)
          SELECT ${scope.projectId}, trace_id, ${at} FROM unnest(${traceIds.map(exactText)}::text[]) AS trace_id
          ON CONFLICT (project_id, trace_id) DO UPDATE SET deleted_at = excluded.deleted_at`);
        const entries = traceIds.map((objectId) => ({
          place: scope,
          action: 'delete',
          objectType: 'trace',
          objectId,
        }));
        await recordAudit(tx, actor, at, ...entries);
      });
      // Not before: a trace whose deletion failed here goes on taking data.
      const marks = marksOf(scope);
      for (const id of traceIds) marks.deletedAt.set(id, at.getTime());
      await postgres.rows(sql`DELETE FROM deleted_traces WHERE deleted_at < ${new Date(at.getTime() - MARK_MS)}`);
    },
  };
}

export interface DeletionNeeds {
  clickhouse: ClickHouse;
  journal: Journal;
  deleted: DeletedTraces;
  /** Drops what the doors remember of these traces. */
  forgetTraces(scope: ProjectScope, traceIds: ReadonlySet<string>): void;
  /** Drops what the ledger keeps of what was refused about them. */
  forgetRefused(scope: ProjectScope, traceIds: readonly string[]): Promise<void>;
  largeFields: Pick<LargeFields, 'ofTraces'>;
  /** Drops the files that only they refer to. */
  forgetMedia(scope: ProjectScope, traceIds: readonly string[]): Promise<void>;
}

/** Marks first, waits for rows under way, then deletes observations, scores and media: gone from the next read. */
export async function deleteRows(
  { clickhouse: db, journal, deleted, forgetTraces, forgetRefused, largeFields, forgetMedia }: DeletionNeeds,
  scope: ProjectScope,
  actor: Actor,
  traceIds: readonly string[],
): Promise<void> {
  const ids = new Set(traceIds);
  // A mutation that the engine cannot write down would hold up its inserts, and its next start.
  await journal.hasRoom();
  await deleted.mark(scope, actor, [...ids]);
  await journal.settled(scope.projectId);
  const forgetLarge = await largeFields.ofTraces(scope, [...ids]);
  // 2: done on every replica when the statement returns.
  const settings = { lightweight_deletes_sync: 2 };
  const project = clickhouse`project_id = ${string(scope.projectId)}`;
  await db.run(clickhouse`DELETE FROM observations WHERE ${project} AND ${traceIsOneOf([...ids])}`, { settings });
  const scored = clickhouse`trace_id IN ${anyOf([...ids])}`;
  for (const [table, where] of [
    ['scores', scored],
    ['score_times', scored],
    ['score_targets', clickhouse`target IN (${targetHashes('trace', [...ids])})`],
  ] as const) {
    const from = clickhouse`FROM ${ClickHouseSql.trusted(table)} WHERE ${project} AND ${where}`;
    // Few traces have scores, and to ask costs less than a mutation that finds nothing.
    if ((await db.rows(clickhouse`SELECT 1 ${from} LIMIT 1`)).length > 0) {
      await db.run(clickhouse`DELETE ${from}`, { settings });
    }
  }
  await forgetLarge();
  await forgetRefused(scope, [...ids]);
  await forgetMedia(scope, [...ids]);
  forgetTraces(scope, ids);
}
