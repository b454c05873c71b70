import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { createDirectJournal } from '../ingest/direct-journal.ts';
import { emptyRow, type Micros, type ObservationRow } from '../ingest/observation.ts';
import type { ScoreRow } from '../ingest/score.ts';
import { openChdb } from '../stores/clickhouse/chdb.ts';
import { migrateClickHouse } from '../stores/clickhouse/migrate.ts';
import { migratePostgres } from '../stores/postgres/migrate.ts';
import { openPglite } from '../stores/postgres/pglite.ts';
import { sql } from '../stores/postgres/sql.ts';
import { type ProjectScope, projectScope } from '../stores/scope.ts';
import { createObservations } from './observations/service.ts';
import { createSessions } from './sessions/service.ts';
import { createDeletedTraces } from './traces/deletion.ts';
import { createTraceScreens } from './traces/screen-service.ts';
import { createTraces } from './traces/service.ts';

/** For tests of the features that read traces: real engines in this process, over a directory of their own. */
export async function openHarness() {
  const directory = await mkdtemp(join(tmpdir(), 'tracehouse-'));
  const clickhouse = await openChdb(directory);
  const postgres = await openPglite(undefined);
  await Promise.all([migrateClickHouse(clickhouse), migratePostgres(postgres)]);
  const journal = createDirectJournal(clickhouse, pino({ level: 'silent' }));
  const now = (): Date => new Date(START / 1000 + 3_600_000);
  const deleted = createDeletedTraces({ postgres, now });
  const traces = createTraces({ clickhouse, journal, deleted, forgetTraces: () => undefined, now });
  await postgres.rows(sql`INSERT INTO organizations (id, name, created_at, updated_at)
    VALUES ('organization', 'Organization', ${now()}, ${now()})`);
  return {
    clickhouse,
    postgres,
    journal,
    deleted,
    traces,
    screens: createTraceScreens({ clickhouse, journal, now }),
    observations: createObservations({ clickhouse, journal, now }),
    sessions: createSessions({ clickhouse, journal, traces }),
    async project(id: string): Promise<ProjectScope> {
      await postgres.rows(sql`
        INSERT INTO projects (id, organization_id, name, created_at, updated_at)
        VALUES (${id}, 'organization', ${id}, ${now()}, ${now()})`);
      return projectScope(id);
    },
    /** As a door would, in one block. */
    async store({ projectId }: ProjectScope, rows: Sample[], scores: Partial<ScoreRow>[] = []): Promise<void> {
      await journal.append({
        projectId,
        observations: rows.map((row) => sampleRow(projectId, row)),
        scores: scores.map((score, i) => ({ ...sampleScore(projectId, i), ...score })),
      });
    },
    async close() {
      await journal.close();
      await clickhouse.close();
      await postgres.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export type Harness = Awaited<ReturnType<typeof openHarness>>;

/** 2026-11-20T10:00:00Z; `at` of a sample counts seconds from here. */
export const START: Micros = Date.UTC(2026, 10, 20, 10) * 1000;
export const at = (seconds: number): Micros => START + Math.round(seconds * 1_000_000);

/** What a test says of a row: trace `t`, starting at `at` seconds, lasting `lasts`; the rest is that nothing was said. */
export type Sample = Partial<Omit<ObservationRow, 'projectId'>> & { id: string; at?: number; lasts?: number };

let version = 1;

function sampleRow(projectId: string, { id, at: seconds = 0, lasts = 1, ...row }: Sample): ObservationRow {
  const startTime = at(seconds);
  const base = emptyRow({
    projectId,
    kind: 'observation',
    id,
    traceId: 't',
    startTime,
    source: 'otlp',
  });
  const endTime = row.kind === 'trace' ? null : startTime + lasts * 1_000_000;
  version += 1;
  return {
    ...base,
    endTime,
    name: row.kind === 'trace' ? '' : id,
    createdAt: startTime,
    updatedAt: startTime,
    rowVersion: version,
    ...row,
  };
}

const sampleScore = (projectId: string, i: number): ScoreRow => ({
  projectId,
  id: `score-${(version += 1)}-${i}`,
  name: 'quality',
  dataType: 'NUMERIC',
  value: 0,
  stringValue: '',
  longStringValue: '',
  source: 'API',
  traceId: 't',
  observationId: '',
  sessionId: '',
  datasetRunId: '',
  comment: '',
  metadata: {},
  configId: '',
  queueId: '',
  authorUserId: '',
  executionTraceId: '',
  environment: 'default',
  clocks: '',
  timestamp: START,
  createdAt: START,
  updatedAt: START,
  rowVersion: version,
  isDeleted: false,
});
