/*
 * Removing a deleted project's data. Nothing reads or writes it any more, so each step removes what it still finds and may be
 * repeated: rows under way settle → rows of the engine, the oldest hours first → its files are written anew, else they would
 * hold what was deleted until they are merged → blobs → what Postgres has, last the project itself, with this job.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { OverloadedError } from '../../http/errors.ts';
import { recordAudit, systemActor } from '../../identity/audit/audit.ts';
import type { Journal } from '../../ingest/journal.ts';
import type { LargeFields } from '../../ingest/large-fields/large-fields.ts';
import type { Blobs } from '../../stores/blobs/blobs.ts';
import type { ClickHouse } from '../../stores/clickhouse/clickhouse.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { defineJob } from '../../stores/queue/queue.ts';
import {
  countFiles,
  countRows,
  deleteFiles,
  deleteObservationsBefore,
  deleteProjectRow,
  deleteRows,
  deleteTraceMarks,
  rewritePartition,
  selectFiles,
  selectHours,
  selectMasked,
} from './store.ts';

/** Rows of one statement: it holds up the engine's other writes for less than a second, and tells progress. */
const ROWS = 500_000;
const BATCH = 500;
const HOUR = 3_600_000_000;
const STATEMENT_MS = 30 * 60_000;
/** Room that stays free when a file is written anew. */
const RESERVE_BYTES = 1024 ** 3;
const PAUSE_MS = 1_000;
const MAX_PAUSES = 600;

export interface PurgeNeeds {
  clickhouse: ClickHouse;
  postgres: Postgres;
  blobs: Pick<Blobs, 'delete'>;
  journal: Pick<Journal, 'settled' | 'hasRoom'>;
  largeFields: Pick<LargeFields, 'removeProject'>;
  now: () => Date;
}

export const PURGE = 'projects.delete';

export const purgeProject = defineJob({
  name: PURGE,
  payload: z.object({}),
  checkpoint: z.object({}),
  retry: { attempts: 10, backoffMs: 2_000 },
  async run(
    { clickhouse: db, postgres, blobs, journal, largeFields, now }: PurgeNeeds,
    _payload,
    { scope, log, signal, earlier, progress },
  ) {
    const options = { signal, timeoutMs: STATEMENT_MS };
    await patiently(signal, () => journal.settled(scope.projectId));
    await patiently(signal, () => journal.hasRoom());
    const counts = { rows: 0, files: 0, ...earlier.counts };
    const left = (await countRows(db, scope, options)) + (await countFiles(postgres, scope));
    const total = Math.max(earlier.total ?? 0, earlier.done + left);
    const tell = (): Promise<void> => {
      signal.throwIfAborted();
      const done = counts.rows + counts.files;
      return progress({ done, total: Math.max(done, total), counts, checkpoint: null });
    };
    await tell();
    for (const { before, rows } of chunksOf(await selectHours(db, scope, options))) {
      await deleteObservationsBefore(db, scope, before, options);
      counts.rows += rows;
      await tell();
    }
    counts.rows += await deleteRows(db, scope, options);
    await tell();
    for (const part of await selectMasked(db, options)) {
      signal.throwIfAborted();
      if (Number(part.free) > 2 * Number(part.largest) + RESERVE_BYTES) await rewritePartition(db, part, options);
      else log.warn({ table: part.table, partition: part.partition }, 'too little room to write a partition anew now');
    }
    counts.files += await largeFields.removeProject(scope, signal);
    for (let files = await selectFiles(postgres, scope, BATCH); files.length > 0;) {
      await blobs.delete(files.map(({ blob_name }) => blob_name));
      await deleteFiles(
        postgres,
        scope,
        files.map(({ id }) => id),
      );
      counts.files += files.length;
      await tell();
      files = await selectFiles(postgres, scope, BATCH);
    }
    while (await deleteTraceMarks(postgres, scope, BATCH)) signal.throwIfAborted();
    await postgres.transaction(async (tx) => {
      const project = await deleteProjectRow(tx, scope.projectId);
      if (!project) return;
      await recordAudit(tx, systemActor('deletion of projects'), now(), {
        place: { organizationId: project.organization_id },
        action: 'purge',
        objectType: 'project',
        objectId: project.id,
        before: { name: project.name },
        after: counts,
      });
    });
    log.info({ projectId: scope.projectId, ...counts }, 'a deleted project is removed');
  },
});

/** Hours in pieces of some rows; `before` is the end of the last one. */
function chunksOf(hours: readonly { hour: number; rows: number }[]): { before: number; rows: number }[] {
  const chunks: { before: number; rows: number }[] = [];
  for (const { hour, rows } of hours) {
    const last = chunks.at(-1);
    if (!last || last.rows >= ROWS) chunks.push({ before: hour + HOUR, rows });
    else {
      last.before = hour + HOUR;
      last.rows += rows;
    }
  }
  return chunks;
}

/** The journal may take nothing for a while; that is no failure of the job. */
async function patiently(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  for (let pauses = 0; ; pauses += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof OverloadedError) || pauses >= MAX_PAUSES) throw error;
      await sleep(PAUSE_MS, undefined, { signal });
    }
  }
}
