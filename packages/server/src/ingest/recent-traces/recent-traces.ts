import type { Logger } from 'pino';
import type { ClickHouse } from '../../stores/clickhouse/clickhouse.ts';
import { clickhouse, micros, string } from '../../stores/clickhouse/sql.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { type Journal, type Receipt, type RowKey, withAppend } from '../journal.ts';
import type { Micros, ObservationRow } from '../observation.ts';
import { type RecentCandidates, RecentOfProject } from './recent-of-project.ts';

/** Where a page reaches further back few rows come in, and the engine tells as fast. */
const KEPT: Micros = 5 * 60_000_000;
/** Of all projects together: some 40 MB. */
const MAX_TRACES = 60_000;
const MAX_ROWS = 800_000;
/** Of the traces, what goes when there are too many. */
const DROPPED_SHARE = 0.2;
const HOUR: Micros = 3_600_000_000;

export type RecentTraces = ReturnType<typeof createRecentTraces>;

/**
 * Which traces of a project can be its newest, known from the rows that this process has stored: the engine would read all rows of
 * the last seconds for it, which lie sorted by trace in parts that are not merged yet. For a process that alone writes to its engine.
 *
 * A trace began when its first row did (or the event says that tells of it), and of rows that were sent again the newest version
 * counts. What is not sure makes a trace look newer than it is, never older: who lists traces reads their rows anyway.
 */
export function createRecentTraces({
  clickhouse: db,
  settled,
  log,
  now,
}: {
  clickhouse: ClickHouse;
  settled: Journal['settled'];
  log: Pick<Logger, 'warn'>;
  now: () => Micros;
}) {
  const projects = new Map<string, RecentOfProject>();

  function ofProject(projectId: string): RecentOfProject {
    const known = projects.get(projectId);
    if (known) return known;
    const made = new RecentOfProject();
    projects.set(projectId, made);
    return made;
  }

  /** Of rows that were stored without being noted here: none is newer than the floor, and they are of these traces. */
  async function learn({ projectId }: ProjectScope, project: RecentOfProject): Promise<void> {
    await settled(projectId);
    const from = now() - HOUR;
    const ofProject = clickhouse`FROM observations WHERE project_id = ${string(projectId)}`;
    const [row] = await db.rows<{ last: number }>(clickhouse`
      SELECT toFloat64(toUnixTimestamp64Micro(max(start_time))) AS last ${ofProject}
        AND toStartOfHour(start_time) >= toStartOfHour(${micros(from)})`);
    project.floor = Math.max(project.floor, from, row?.last ?? 0);
    project.isKnown = true;
    const hashes = await db.binary(clickhouse`SELECT DISTINCT CRC32(trace_id) AS hash ${ofProject} ORDER BY hash`);
    project.older.complete(new Uint32Array(new Uint8Array(hashes).buffer));
  }

  function makeRoom(): void {
    const total = (of: (project: RecentOfProject) => number): number =>
      [...projects.values()].reduce((sum, project) => sum + of(project), 0);
    for (const [id, project] of projects) {
      project.dropOlder(now() - KEPT);
      // Its floor goes with it, and is learnt again.
      if (project.traces.size === 0) projects.delete(id);
    }
    while (total(({ traces }) => traces.size) > MAX_TRACES || total(({ rows }) => rows) > MAX_ROWS) {
      for (const project of projects.values()) project.dropOldest(DROPPED_SHARE);
    }
  }

  let sweptAt = -Infinity;
  let addedRows = 0;

  return {
    /** To be called once rows are in the engine, whatever door they came by. */
    add(projectId: string, keys: readonly RowKey[]): void {
      const project = ofProject(projectId);
      const oldest = now() - KEPT;
      for (const key of keys) project.add(key, oldest);
      addedRows += keys.length;
      if (now() - sweptAt < KEPT / 5 && addedRows < MAX_ROWS / 20) return;
      sweptAt = now();
      addedRows = 0;
      makeRoom();
    },

    /** Undefined where too little is known to tell `count` of them. */
    newest(scope: ProjectScope, count: number): RecentCandidates | undefined {
      const project = projects.get(scope.projectId);
      if (!project) return undefined;
      if (project.isKnown) return project.newest(count, now());
      project.learning ??= learn(scope, project).catch((error: unknown) => {
        // Meanwhile lists are found in the engine, or at least their rows are read without a bound.
        log.warn({ err: error, projectId: scope.projectId }, 'what a project has stored before could not be read');
        project.learning = undefined;
      });
      return undefined;
    },
  };
}

/** The journal, with rows noted once they are in the engine, whatever door they came by. */
export const noteRecent = (journal: Journal, recent: Pick<RecentTraces, 'add'>): Journal =>
  withAppend(journal, async (block) => {
    const keys = block.encoded?.keys ?? block.observations.map(keyOf);
    const receipt = await journal.append(block);
    if (keys.length > 0) noteWhenStored(recent, receipt, block.projectId, keys);
    return receipt;
  });

/** Apart, so that what waits until the rows are stored does not hold the rows. */
function noteWhenStored(
  recent: Pick<RecentTraces, 'add'>,
  { applied }: Receipt,
  projectId: string,
  keys: readonly RowKey[],
): void {
  void applied.then(() => recent.add(projectId, keys));
}

const keyOf = ({ id, kind, traceId, startTime, source, isDeleted }: ObservationRow): RowKey => ({
  id,
  kind,
  traceId,
  startTime,
  source,
  isDeleted,
});
