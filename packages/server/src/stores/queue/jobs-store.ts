import type { Postgres } from '../postgres/postgres.ts';
import { exactText, json, plainText, type Sql, sql } from '../postgres/sql.ts';
import type { ProjectScope } from '../scope.ts';

export type JobState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled';

/** A job as it is kept. */
export interface JobRow {
  id: string;
  projectId: string;
  kind: string;
  subject: string;
  payload: unknown;
  state: JobState;
  attempts: number;
  cancelRequested: boolean;
  progressDone: number;
  progressTotal: number | null;
  counts: Record<string, number>;
  checkpoint: unknown;
  error: string | null;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
}

/** How far a job is: written together, so that counts and the place where it goes on agree. */
export interface JobProgress {
  done: number;
  total: number | null;
  counts: Record<string, number>;
  checkpoint: unknown;
}

interface Columns {
  id: string;
  project_id: string;
  kind: string;
  subject: string;
  payload: unknown;
  state: JobState;
  attempts: number;
  cancel_requested: boolean;
  progress_done: string | number;
  progress_total: string | number | null;
  counts: Record<string, number>;
  checkpoint: unknown;
  error: string | null;
  created_at: Date;
  started_at: Date | null;
  finished_at: Date | null;
}

const columns = sql`id, project_id, kind, subject, payload, state, attempts, cancel_requested, progress_done,
  progress_total, counts, checkpoint, error, created_at, started_at, finished_at`;

const toRow = (row: Columns): JobRow => ({
  id: row.id,
  projectId: row.project_id,
  kind: row.kind,
  subject: plainText(row.subject),
  payload: row.payload,
  state: row.state,
  attempts: row.attempts,
  cancelRequested: row.cancel_requested,
  progressDone: Number(row.progress_done),
  progressTotal: row.progress_total === null ? null : Number(row.progress_total),
  counts: row.counts,
  checkpoint: row.checkpoint,
  error: row.error,
  createdAt: row.created_at,
  startedAt: row.started_at,
  finishedAt: row.finished_at,
});

async function one(db: Postgres, statement: Sql): Promise<JobRow | null> {
  const [row] = await db.rows<Columns>(statement);
  return row ? toRow(row) : null;
}

/** Null when one of the kind is under way for the subject. */
export const insertJob = (
  db: Postgres,
  scope: ProjectScope,
  job: { id: string; kind: string; subject: string; payload: unknown; at: Date },
): Promise<JobRow | null> =>
  one(
    db,
    sql`
    INSERT INTO jobs (id, project_id, kind, subject, payload, state, run_at, created_at)
    VALUES (${job.id}, ${scope.projectId}, ${job.kind}, ${exactText(job.subject)}, ${json(job.payload)}, 'queued', ${job.at}, ${job.at})
    ON CONFLICT (project_id, kind, subject) WHERE state IN ('queued', 'running') DO NOTHING
    RETURNING ${columns}`,
  );

/** How many of the project have not ended. */
export async function countUnfinished(db: Postgres, { projectId }: ProjectScope): Promise<number> {
  const [row] = await db.rows<{ jobs: number }>(sql`
    SELECT count(*)::int AS jobs FROM jobs WHERE project_id = ${projectId} AND state IN ('queued', 'running')`);
  return row?.jobs ?? 0;
}

/** Removes what ended before. */
export const deleteEnded = (db: Postgres, { projectId }: ProjectScope, before: Date): Promise<unknown> =>
  db.rows(sql`DELETE FROM jobs WHERE project_id = ${projectId} AND finished_at < ${before}`);

export const selectJob = (db: Postgres, { projectId }: ProjectScope, id: string): Promise<JobRow | null> =>
  one(db, sql`SELECT ${columns} FROM jobs WHERE project_id = ${projectId} AND id = ${id}`);

/** Newest first. */
export async function selectJobs(
  db: Postgres,
  { projectId }: ProjectScope,
  { kind, subject, limit }: { kind?: string | undefined; subject?: string | undefined; limit: number },
): Promise<JobRow[]> {
  const rows = await db.rows<Columns>(sql`
    SELECT ${columns}
    FROM jobs
    WHERE project_id = ${projectId}
      ${kind === undefined ? sql`` : sql`AND kind = ${kind}`}
      ${subject === undefined ? sql`` : sql`AND subject = ${exactText(subject)}`}
    ORDER BY created_at DESC, id DESC
    LIMIT ${limit}`);
  return rows.map(toRow);
}

/** One that waits ends at once, one that runs is told; null when there is none that has not ended. */
export const requestCancel = (
  db: Postgres,
  { projectId }: ProjectScope,
  id: string,
  at: Date,
): Promise<JobRow | null> =>
  one(
    db,
    sql`
    UPDATE jobs
    SET cancel_requested = true,
      state = CASE state WHEN 'queued' THEN 'cancelled' ELSE state END,
      finished_at = CASE state WHEN 'queued' THEN ${at}::timestamptz END
    WHERE project_id = ${projectId} AND id = ${id} AND state IN ('queued', 'running')
    RETURNING ${columns}`,
  );

/**
 * Takes the next job that is due, or whose worker has gone, for `lease`. The project whose last one began longest ago comes
 * first, so that one with many jobs does not keep others waiting. Two that ask at once get different ones.
 */
export const claimJob = (
  db: Postgres,
  { lease, at, until }: { lease: string; at: Date; until: Date },
): Promise<JobRow | null> =>
  one(
    db,
    sql`
    UPDATE jobs
    SET state = 'running', lease = ${lease}, leased_until = ${until}, attempts = attempts + 1,
      started_at = COALESCE(started_at, ${at})
    WHERE id = (
      SELECT due.id
      FROM jobs AS due
      WHERE (due.state = 'queued' AND due.run_at <= ${at}) OR (due.state = 'running' AND due.leased_until < ${at})
      ORDER BY (SELECT max(other.started_at) FROM jobs AS other WHERE other.project_id = due.project_id) NULLS FIRST,
        due.run_at, due.id
      LIMIT 1
      FOR UPDATE SKIP LOCKED
    )
    RETURNING ${columns}`,
  );

/** A running job of ours. */
interface Held {
  id: string;
  lease: string;
}

/** Keeps it ours; null when it is not any more. */
export async function renewLease(
  db: Postgres,
  { id, lease }: Held,
  until: Date,
  progress: JobProgress | null,
): Promise<{ cancelRequested: boolean } | null> {
  const [row] = await db.rows<{ cancel_requested: boolean }>(sql`
    UPDATE jobs
    SET leased_until = ${until} ${progress === null ? sql`` : setProgress(progress)}
    WHERE id = ${id} AND lease = ${lease} AND state = 'running'
    RETURNING cancel_requested`);
  return row ? { cancelRequested: row.cancel_requested } : null;
}

/** A job that has got on begins to count its attempts again. */
const setProgress = ({ done, total, counts, checkpoint }: JobProgress): Sql => sql`,
  attempts = 1, progress_done = ${done}, progress_total = ${total}, counts = ${json(counts)},
  checkpoint = ${checkpoint === null ? null : json(checkpoint)}`;

/** The end of an attempt. Nothing happens when the job is not ours any more. */
export async function endAttempt(
  db: Postgres,
  { id, lease }: Held,
  end:
    | { state: 'done' | 'failed' | 'cancelled'; error: string | null; at: Date }
    | { state: 'queued'; error: string | null; runAt: Date; isAttempt: boolean },
  progress: JobProgress | null,
): Promise<void> {
  await db.rows(sql`
    UPDATE jobs
    SET lease = NULL, leased_until = NULL, state = ${end.state}, error = ${end.error},
      ${
        end.state === 'queued'
          ? sql`run_at = ${end.runAt}, attempts = attempts - ${end.isAttempt ? 0 : 1}`
          : sql`finished_at = ${end.at}`
      }
      ${progress === null ? sql`` : setPlace(progress)}
    WHERE id = ${id} AND lease = ${lease} AND state = 'running'`);
}

const setPlace = ({ done, total, counts, checkpoint }: JobProgress): Sql => sql`,
  progress_done = ${done}, progress_total = ${total}, counts = ${json(counts)},
  checkpoint = ${checkpoint === null ? null : json(checkpoint)}`;
