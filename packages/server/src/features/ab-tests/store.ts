import type {
  AbArm,
  AbComparison,
  AbKeyAs,
  AbResult,
  AbTest,
  AbTestState,
  AbUnit,
} from '@tracehouse/contract/x-ab-tests';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { json, type Sql, sql } from '../../stores/postgres/sql.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import type { Segment } from './assign.ts';

/** A test as the clock has it: where the job has not written down yet that it began or ended by time, reads say so all the same. */
export interface TestRow {
  id: string;
  prompt_name: string;
  label: string;
  name: string | null;
  hypothesis: string | null;
  state: AbTestState;
  /** As it was written down last. */
  written_state: AbTestState;
  salt: string;
  unit: AbUnit;
  key_as: AbKeyAs;
  cache_seconds: number;
  environments: string[] | null;
  primary_measure: string;
  smallest_effect: number;
  arms: AbArm[];
  start_at: Date | null;
  end_at: Date | null;
  ended_at: Date | null;
  end_reason: AbTest['endReason'];
  shipped_version: number | null;
  /** Id of a person, who may be gone; null: a key. */
  created_by: string | null;
  /** The name of that person. */
  author: string | null;
  created_at: Date;
  updated_at: Date;
}

/** A time of running under one set of shares; see the migration. */
export interface StretchRow {
  test_id: string;
  stretch: number;
  number: number;
  from_at: Date;
  to_at: Date | null;
  shares: number[];
  segments: Segment[];
}

const isOpen = sql`state IN ('scheduled', 'running', 'paused')`;
const hasPassed = (at: Date): Sql => sql`${isOpen} AND end_at <= ${at}`;

const stateAt = (at: Date): Sql => sql`
  CASE WHEN ${hasPassed(at)} THEN 'ended' WHEN state = 'scheduled' AND start_at <= ${at} THEN 'running' ELSE state END`;

const columnsAt = (at: Date): Sql => sql`
  id, prompt_name, label, name, hypothesis, ${stateAt(at)} AS state, state AS written_state, salt, unit, key_as, cache_seconds, environments,
  primary_measure, smallest_effect, arms, start_at, end_at, CASE WHEN ${hasPassed(at)} THEN end_at ELSE ended_at END AS ended_at,
  CASE WHEN ${hasPassed(at)} THEN 'end-time' ELSE end_reason END AS end_reason, shipped_version, created_by,
  (SELECT COALESCE(u.name, u.email) FROM users u WHERE u.id = created_by) AS author, created_at, updated_at`;

export async function insertTest(db: Postgres, scope: ProjectScope, row: TestRow): Promise<void> {
  await db.rows(sql`
    INSERT INTO ab_tests (id, project_id, prompt_name, label, name, hypothesis, state, salt, unit, key_as, cache_seconds,
      environments, primary_measure, smallest_effect, arms, start_at, end_at, created_by, created_at, updated_at)
    VALUES (${row.id}, ${scope.projectId}, ${row.prompt_name}, ${row.label}, ${row.name}, ${row.hypothesis}, ${row.state},
      ${row.salt}, ${row.unit}, ${row.key_as}, ${row.cache_seconds}, ${row.environments}, ${row.primary_measure},
      ${row.smallest_effect}, ${json(row.arms)}, ${row.start_at}, ${row.end_at}, ${row.created_by}, ${row.created_at},
      ${row.updated_at})`);
}

/** All that may change of a test. */
export async function updateTest(db: Postgres, scope: ProjectScope, row: TestRow): Promise<void> {
  await db.rows(sql`
    UPDATE ab_tests
    SET name = ${row.name}, hypothesis = ${row.hypothesis}, state = ${row.state}, unit = ${row.unit}, key_as = ${row.key_as},
      cache_seconds = ${row.cache_seconds}, environments = ${row.environments}, primary_measure = ${row.primary_measure},
      smallest_effect = ${row.smallest_effect}, arms = ${json(row.arms)}, start_at = ${row.start_at}, end_at = ${row.end_at},
      ended_at = ${row.ended_at}, end_reason = ${row.end_reason}, shipped_version = ${row.shipped_version},
      updated_at = ${row.updated_at},
      -- Counted anew once it is known what the key is.
      result = CASE WHEN unit = ${row.unit} AND key_as = ${row.key_as} THEN result END
    WHERE project_id = ${scope.projectId} AND id = ${row.id}`);
}

export async function deleteTest(db: Postgres, { projectId }: ProjectScope, id: string): Promise<void> {
  await db.rows(sql`DELETE FROM ab_tests WHERE project_id = ${projectId} AND id = ${id}`);
}

export async function selectTest(
  db: Postgres,
  { projectId }: ProjectScope,
  id: string,
  at: Date,
): Promise<TestRow | null> {
  const [row] = await db.rows<TestRow>(sql`
    SELECT ${columnsAt(at)} FROM ab_tests WHERE project_id = ${projectId} AND id = ${id}`);
  return row ?? null;
}

/** Newest first. */
export const selectTests = (
  db: Postgres,
  { projectId }: ProjectScope,
  {
    prompt,
    label,
    states,
    after,
    limit,
  }: {
    prompt?: string | undefined;
    label?: string | undefined;
    states?: readonly string[] | undefined;
    after: { createdAt: Date; id: string } | null;
    limit: number;
  },
  at: Date,
): Promise<TestRow[]> =>
  db.rows<TestRow>(sql`
    SELECT ${columnsAt(at)}
    FROM ab_tests
    WHERE project_id = ${projectId}
      ${prompt === undefined ? sql`` : sql`AND prompt_name = ${prompt}`}
      ${label === undefined ? sql`` : sql`AND label = ${label}`}
      ${states === undefined ? sql`` : sql`AND ${stateAt(at)} = ANY(${states}::text[])`}
      ${after === null ? sql`` : sql`AND (created_at, id) < (${after.createdAt}, ${after.id})`}
    ORDER BY created_at DESC, id DESC
    LIMIT ${limit}`);

/** Those of a prompt (null: of all) that are open by what was written down last: the clock may have ended some. */
export const selectOpen = (
  db: Postgres,
  { projectId }: ProjectScope,
  promptName: string | null,
  at: Date,
): Promise<TestRow[]> =>
  db.rows<TestRow>(sql`
    SELECT ${columnsAt(at)}
    FROM ab_tests
    WHERE project_id = ${projectId} AND (${promptName}::text IS NULL OR prompt_name = ${promptName}) AND ${isOpen}
    ORDER BY created_at, id`);

/** In the order they came. */
export const selectStretches = (db: Postgres, testIds: readonly string[]): Promise<StretchRow[]> =>
  db.rows<StretchRow>(sql`
    SELECT test_id, stretch, number, from_at, to_at, shares, segments
    FROM ab_test_phases
    WHERE test_id = ANY(${testIds}::text[])
    ORDER BY test_id, stretch`);

export async function insertStretch(db: Postgres, row: StretchRow): Promise<void> {
  await db.rows(sql`
    INSERT INTO ab_test_phases (test_id, stretch, number, from_at, to_at, shares, segments)
    VALUES (${row.test_id}, ${row.stretch}, ${row.number}, ${row.from_at}, ${row.to_at}, ${json(row.shares)},
      ${json(row.segments)})`);
}

/** Its end and its split; nothing else of a stretch changes. */
export async function updateStretch(db: Postgres, row: StretchRow): Promise<void> {
  await db.rows(sql`
    UPDATE ab_test_phases
    SET to_at = ${row.to_at}, shares = ${json(row.shares)}, segments = ${json(row.segments)}
    WHERE test_id = ${row.test_id} AND stretch = ${row.stretch}`);
}

export async function deleteStretch(db: Postgres, { test_id, stretch }: StretchRow): Promise<void> {
  await db.rows(sql`DELETE FROM ab_test_phases WHERE test_id = ${test_id} AND stretch = ${stretch}`);
}

/** Results by phase, once they are frozen. */
export async function selectFrozen(
  db: Postgres,
  { projectId }: ProjectScope,
  id: string,
): Promise<Record<string, AbResult> | null> {
  const [row] = await db.rows<{ result: Record<string, AbResult> | null }>(sql`
    SELECT result FROM ab_tests WHERE project_id = ${projectId} AND id = ${id}`);
  return row?.result ?? null;
}

/** Nothing is kept when the test has changed since it was read: what its key is may have been corrected meanwhile. */
export async function freezeResult(
  db: Postgres,
  { projectId }: ProjectScope,
  { id, updated_at }: Pick<TestRow, 'id' | 'updated_at'>,
  result: Record<string, AbResult>,
): Promise<void> {
  await db.rows(sql`
    UPDATE ab_tests SET result = ${json(result)}
    WHERE project_id = ${projectId} AND id = ${id} AND state = 'ended' AND result IS NULL AND updated_at = ${updated_at}`);
}

/** All that the job has to look at: open, or ended and not frozen. */
export const selectUnderWay = (db: Postgres): Promise<{ project_id: string; id: string; prompt_name: string }[]> =>
  db.rows(sql`
    SELECT t.project_id, t.id, t.prompt_name
    FROM ab_tests t
    JOIN projects p ON p.id = t.project_id AND p.deleted_at IS NULL
    WHERE t.state IN ('scheduled', 'running', 'paused') OR (t.state = 'ended' AND t.result IS NULL)
    ORDER BY t.project_id, t.id`);

export type SnapshotArm = { arm: number } & Pick<AbComparison, 'difference' | 'low' | 'high'>;

/** False when another process was first. */
export async function insertSnapshot(
  db: Postgres,
  {
    testId,
    phase,
    at,
    arms,
    result,
  }: { testId: string; phase: number; at: Date; arms: SnapshotArm[]; result: AbResult },
): Promise<boolean> {
  const rows = await db.rows(sql`
    INSERT INTO ab_test_snapshots (test_id, phase, at, arms, result)
    VALUES (${testId}, ${phase}, ${at}, ${json(arms)}, ${json(result)})
    ON CONFLICT DO NOTHING
    RETURNING phase`);
  if (rows.length === 0) return false;
  await db.rows(sql`
    UPDATE ab_test_snapshots SET result = NULL
    WHERE test_id = ${testId} AND result IS NOT NULL AND (phase, at) <> (${phase}, ${at})`);
  return true;
}

export const hasSnapshot = async (db: Postgres, testId: string, phase: number, at: Date): Promise<boolean> =>
  (await db.rows(sql`SELECT 1 FROM ab_test_snapshots WHERE test_id = ${testId} AND phase = ${phase} AND at = ${at}`))
    .length > 0;

/** Oldest first. */
export const selectSnapshots = (
  db: Postgres,
  { projectId }: ProjectScope,
  testId: string,
): Promise<{ phase: number; at: Date; arms: SnapshotArm[]; result: AbResult | null }[]> =>
  db.rows(sql`
    SELECT s.phase, s.at, s.arms, s.result
    FROM ab_test_snapshots s
    JOIN ab_tests t ON t.id = s.test_id
    WHERE t.project_id = ${projectId} AND t.id = ${testId}
    ORDER BY s.phase, s.at`);
