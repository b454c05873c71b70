import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { createAbTestSweep } from './features/ab-tests/jobs.ts';
import { createLabelTests } from './features/ab-tests/label-tests.ts';
import { createAbResults } from './features/ab-tests/results.ts';
import { abTestsRoutes } from './features/ab-tests/routes.ts';
import { createAbTests } from './features/ab-tests/service.ts';
import { auditRoutes } from './features/audit/routes.ts';
import { createAuditLog } from './features/audit/service.ts';
import { metricsRoutes } from './features/metrics/routes.ts';
import { createMetrics } from './features/metrics/service.ts';
import { createSuperseded } from './features/filters/superseded.ts';
import { mediaRoutes } from './features/media/routes.ts';
import { createMedia, type MediaNeeds } from './features/media/service.ts';
import { ledgerRoutes } from './features/ledger/routes.ts';
import { createLedger } from './features/ledger/service.ts';
import { jobsRoutes } from './features/jobs/routes.ts';
import { createJobs } from './features/jobs/service.ts';
import { recalculateCosts } from './features/models/jobs.ts';
import { modelsRoutes } from './features/models/routes.ts';
import { createModels } from './features/models/service.ts';
import { selectModels } from './features/models/store.ts';
import { facetsRoutes } from './features/facets/routes.ts';
import { createFacets } from './features/facets/service.ts';
import { createObservations } from './features/observations/service.ts';
import { observationsRoutes } from './features/observations/routes.ts';
import { promptScreenRoutes, promptsRoutes, promptUsageRoutes } from './features/prompts/routes.ts';
import { createPrompts } from './features/prompts/service.ts';
import { createPromptUsages } from './features/prompts/usage-service.ts';
import { roleSyncRunsRoutes } from './features/role-sync-runs/routes.ts';
import { createRoleSyncRuns } from './features/role-sync-runs/service.ts';
import { purgeProject } from './features/project-deletion/jobs.ts';
import { projectDeletionRoutes } from './features/project-deletion/routes.ts';
import { createGate, createProjectDeletions } from './features/project-deletion/service.ts';
import { scoreConfigsRoutes } from './features/score-configs/routes.ts';
import { createScoreConfigs } from './features/score-configs/service.ts';
import { scoresRoutes } from './features/scores/routes.ts';
import { createScoreReads } from './features/scores/service.ts';
import { sessionsRoutes } from './features/sessions/routes.ts';
import { createSessions as createTraceSessions } from './features/sessions/service.ts';
import type { DeletedTraces } from './features/traces/deletion.ts';
import { traceScreenRoutes, tracesRoutes } from './features/traces/routes.ts';
import { createTraceScreens } from './features/traces/screen-service.ts';
import { createTraces } from './features/traces/service.ts';
import { selectProjectIds } from './identity/members/organizations-store.ts';
import { createJsonDoor } from './ingest/json/ingest.ts';
import { createReadEntities, createReadIds, createReadScores, readWhole } from './ingest/json/read-entities.ts';
import { createScores } from './ingest/json/scores.ts';
import { createSingleObjects } from './ingest/json/single-objects.ts';
import { createStatementStore, type StatementStoreNeeds } from './ingest/json/statement-store.ts';
import { createStoredIds, noteIds } from './ingest/json/stored-ids.ts';
import type { Journal } from './ingest/journal.ts';
import { createLargeFields } from './ingest/large-fields/large-fields.ts';
import type { ReceiptRow } from './ingest/ledger/receipt.ts';
import { createRefusals } from './ingest/ledger/refusals.ts';
import { createRefusedBodies } from './ingest/ledger/refused-items.ts';
import { createOtlpDoor } from './ingest/otlp/door.ts';
import { createLogDoor } from './ingest/otlp/log-door.ts';
import { createPreparer } from './ingest/otlp/preparer.ts';
import { createReceivesLogs } from './ingest/otlp/receives-logs.ts';
import { createSpansUnderWay } from './ingest/otlp/spans-under-way.ts';
import { createProjectPricing } from './ingest/price/project-pricing.ts';
import { createRecentTraces, noteRecent } from './ingest/recent-traces/recent-traces.ts';
import { ingestRoutes } from './ingest/routes.ts';
import { createTokenCounts } from './ingest/price/token-counts.ts';
import type { ClickHouse } from './stores/clickhouse/clickhouse.ts';
import type { Epochs } from './stores/epochs.ts';
import type { Postgres } from './stores/postgres/postgres.ts';
import { createQueue, runnable } from './stores/queue/queue.ts';
import type { ProjectScope } from './stores/scope.ts';

const newId = (): string => randomUUID();

/** What the product does for a project, on open stores: its doors and its features. */
export function openProduct({
  clickhouse,
  postgres,
  epochs,
  journal: wholeJournal,
  deleted,
  log,
  now,
  media,
  auditRetentionDays = null,
  countStored = () => undefined,
  onReceipt = () => undefined,
  onUnattributed = () => undefined,
  onReadBack = () => undefined,
  settleMs,
  shared,
}: {
  clickhouse: ClickHouse;
  postgres: Postgres;
  epochs: Epochs;
  journal: Journal;
  deleted: DeletedTraces;
  log: Logger;
  now: () => Date;
  /** Where several processes write: last states that they share. */
  shared?: StatementStoreNeeds['shared'];
  /** Where files are kept, how their links are made, and their limits. */
  media: Pick<MediaNeeds, 'blobs' | 'links' | 'maxBytes' | 'linkMs'> & {
    /** Whether files inside spans become files of their own. */
    takesFromSpans: boolean;
  };
  /** How long lines of the audit log are kept; null: for ever. */
  auditRetentionDays?: number | null;
  /** Told how many items each request brought, for quotas. */
  countStored?(scope: ProjectScope, items: number): void;
  /** Told what a door made of each request. */
  onReceipt?(receipt: ReceiptRow): void;
  /** Told of each request for ingestion with a key that no project has. */
  onUnattributed?(): void;
  /** Told how many traces and observations the JSON door looks up in the engine. */
  onReadBack?(entities: number): void;
  /** See `RecalculationNeeds`. */
  settleMs?: number;
}) {
  const nowMicros = (): number => now().getTime() * 1000;
  const gate = createGate();
  const ownJournal = gate.before(wholeJournal);
  const largeFields = createLargeFields({
    clickhouse,
    blobs: media.blobs,
    journal: ownJournal,
    projectIds: () => selectProjectIds(postgres),
    now,
  });
  const { settled } = largeFields.journal;
  const storedIds = createStoredIds({ readIds: createReadIds(clickhouse), settled, now: nowMicros });
  // What other processes store is not told here.
  const recent = shared ? undefined : createRecentTraces({ clickhouse, settled, log, now: nowMicros });
  const journal = recent ? noteRecent(noteIds(largeFields.journal, storedIds), recent) : largeFields.journal;
  const deletedTraces = deleted.isDeleted;
  const refusedBodies = createRefusedBodies(now);
  const told = { refusedBodies, onReceipt };
  const refusals = createRefusals({ journal, deletedTraces, onUnattributed, log, now, newId, ...told });
  const configs = createScoreConfigs({ postgres, epochs, now, newId });
  const ledger = createLedger({ clickhouse, journal, deletedAt: deleted.deletedAt, now });
  const tokenCounts = createTokenCounts();
  const pricing = createProjectPricing({
    readModels: (scope) => selectModels(postgres, scope),
    counts: tokenCounts,
    epochs,
    now,
  });
  const readEntities = createReadEntities(clickhouse, { onRead: onReadBack });
  const store = createStatementStore({
    journal,
    readEntities: readWhole(readEntities, largeFields),
    readScores: createReadScores(clickhouse),
    ...(shared ? { shared } : { storedIds }),
    deletedTraces,
    pricing: pricing.of,
    countStored,
  });
  const receivesLogs = createReceivesLogs({ postgres, epochs, settled: journal.settled, now });
  const spansUnderWay = createSpansUnderWay();
  const files = createMedia({ postgres, deletedTraces, now, newId, ...media });
  const inlineFiles = { maxFileBytes: media.takesFromSpans ? media.maxBytes : 0, keepFiles: files.keep };
  const otlp = createOtlpDoor({
    journal,
    deletedTraces,
    pricing,
    preparer: createPreparer({ log }),
    ...inlineFiles,
    store,
    receivesLogs,
    spansUnderWay,
    noteStored: (scope, rows) => {
      store.overwritten(scope, rows);
      countStored(scope, rows.length);
    },
    ...told,
    now: nowMicros,
  });
  const logs = createLogDoor({
    store,
    receivesLogs,
    spansUnderWay,
    ...inlineFiles,
    refusals,
    onReceipt,
    now: nowMicros,
  });
  const json = createJsonDoor({ store, findConfigs: configs.find, log, now: nowMicros, ...told });
  const scores = createScores({ store, findConfigs: configs.find, now: nowMicros, newId, ...told });
  const prompts = createPrompts({ postgres, epochs, tests: createLabelTests({ now }), now, newId });
  const traces = createTraces({
    clickhouse,
    journal,
    deleted,
    forgetTraces: store.forgetTraces,
    forgetRefused: ledger.forgetTraces,
    forgetMedia: files.forgetTraces,
    largeFields,
    pricing,
    prompts,
    recent,
    now,
  });
  const superseded = createSuperseded({ clickhouse });
  const metrics = createMetrics({ clickhouse, journal, superseded });
  const queue = createQueue({
    postgres,
    jobs: [
      runnable(recalculateCosts, {
        clickhouse,
        journal,
        store,
        largeFields,
        models: pricing.models,
        now,
        ...(settleMs !== undefined && { settleMs }),
      }),
      runnable(purgeProject, { clickhouse, postgres, blobs: media.blobs, journal, largeFields, now }),
    ],
    log,
    now,
    newId,
  });
  const projectDeletions = createProjectDeletions({ postgres, queue, epochs, gate, now });
  const abTests = createAbTests({ postgres, prompts, now, newId });
  const abResults = createAbResults({ postgres, clickhouse, now });
  const jobs = createJobs({ queue, now });
  const auditLog = createAuditLog({ postgres, retentionDays: auditRetentionDays, now });
  const roleSyncRuns = createRoleSyncRuns({ postgres, now, newId });
  const singleObjects = createSingleObjects({ store, onReceipt, now: nowMicros, newId });
  const doors = { otlp, logs, json, scores, singleObjects, refusals, now, newId };
  return {
    doors,
    refusals,
    async removeOrphans(signal: AbortSignal) {
      await files.removeOrphans(signal);
      await largeFields.removeOrphans(signal);
    },
    /** Removes the lines of the audit log that are older than they are kept; answers how many. */
    sweepAuditLog: auditLog.sweep,
    /** What A/B tests need by the clock; to be called every minute. */
    sweepAbTests: createAbTestSweep({ postgres, prompts, results: abResults, log, now }),
    /** The way for rows past the doors. */
    journal,
    tokenCounts,
    roleSyncRuns,
    /** Jobs; they run once it is started. */
    queue,
    /** To be called before the queue is started. */
    resumeDeletions: projectDeletions.resume,
    routes: [
      ...projectDeletionRoutes(projectDeletions),
      ...auditRoutes(auditLog),
      ...jobsRoutes(jobs),
      ...ingestRoutes(doors),
      ...ledgerRoutes(ledger),
      ...mediaRoutes(files),
      ...metricsRoutes(metrics),
      ...modelsRoutes(createModels({ postgres, clickhouse, pricing, jobs, now, newId })),
      ...tracesRoutes(traces),
      ...traceScreenRoutes(createTraceScreens({ clickhouse, journal, largeFields, recent, now })),
      ...facetsRoutes(createFacets({ clickhouse, superseded, now })),
      ...observationsRoutes(createObservations({ clickhouse, journal, largeFields, pricing, prompts, now })),
      ...scoresRoutes(
        createScoreReads({ clickhouse, postgres, journal, traces, deleteScores: store.deleteScores, now }),
      ),
      ...promptsRoutes(prompts),
      ...abTestsRoutes(abTests, abResults),
      ...promptScreenRoutes(prompts),
      ...promptUsageRoutes(createPromptUsages({ clickhouse })),
      ...roleSyncRunsRoutes(roleSyncRuns),
      ...scoreConfigsRoutes(configs),
      ...sessionsRoutes(createTraceSessions({ clickhouse, journal, traces })),
    ],
  };
}
