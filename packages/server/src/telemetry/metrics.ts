import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { EngineFigures } from '../stores/clickhouse/vitals.ts';
import type { ProbeState } from './probe.ts';
import { createRegistry, type Registry } from './prometheus.ts';

/** How finely the delay of the event loop is watched: twenty times a second costs nothing that can be measured. */
const LOOP_RESOLUTION_MS = 50;

export interface MetricsNeeds {
  /** The journal's; asked at each scrape. */
  backlog(): { backlogRows: number; backlogBytes: number; oldestMs: number };
  /** Null where it is switched off. */
  probe(): ProbeState | null;
  /** Each of these answers within the time of a scrape. */
  postgresAnswers(): Promise<boolean>;
  engineAnswers(): Promise<boolean>;
  /** Null when they were not to be had in time. */
  engineFigures(): Promise<EngineFigures | null>;
  /** When role-sync had its last success; null when it had none. */
  lastRoleSync(): Promise<Date | null>;
  /** Roles in organizations that this process has changed, by where the change came from. */
  roleChanges(): ReadonlyMap<string, number>;
  version: string;
}

/** A request that was answered; `route` is the declared path, `other` for what is none. */
export interface AnsweredRequest {
  method: string;
  route: string;
  status: number;
  ms: number;
}

/** What a door made of a request: how many spans, events and scores it stored and did not, and why. A receipt is one. */
export interface DoorOutcome {
  door: string;
  status: number;
  stored: number;
  rejected: number;
  /** Of deleted traces. */
  acknowledgedOnly: number;
  /** Of a bounded set, as `problems`. */
  codes: readonly string[];
  /** The first ones alone where there are many. */
  problems: readonly { code: string; count: number }[];
}

export type Metrics = ReturnType<typeof createMetrics>;

/**
 * What this process tells Prometheus: listed for operators in docs/operations.md, which a test compares. Labels never name a
 * project, a key or anything else a client chooses: their number would have no bound.
 */
export function createMetrics(needs: MetricsNeeds) {
  const registry = createRegistry();
  const { counter, gauge, histogram } = registry;
  const requests = counter('tracehouse_http_requests_total', 'Requests answered.');
  const scim = counter('langfuse_scim_requests_total', 'Requests to SCIM answered.');
  const durations = histogram(
    'tracehouse_http_request_duration_seconds',
    'From the head of a request to the end of its answer.',
    [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
  );
  const items = counter('tracehouse_ingestion_items_total', 'Spans, events and scores, by what became of them.');
  const problems = counter('tracehouse_ingestion_problems_total', 'Why items were not stored as sent.');
  const refusals = counter('tracehouse_ingestion_refused_requests_total', 'Requests refused as a whole.');
  const readBacks = counter(
    'tracehouse_ingestion_read_back_total',
    'Traces and observations that the JSON door looked up in the engine.',
  );
  const strangers = counter(
    'tracehouse_ingestion_unattributed_requests_total',
    'Requests for ingestion with a key that no project has.',
  );

  gauge(
    'tracehouse_journal_backlog_rows',
    'Rows acknowledged and not yet in the engine.',
    () => needs.backlog().backlogRows,
  );
  gauge('tracehouse_journal_backlog_bytes', 'Their bytes.', () => needs.backlog().backlogBytes);
  gauge('tracehouse_journal_oldest_seconds', 'Age of the oldest of them.', () => needs.backlog().oldestMs / 1000);
  const commits = histogram(
    'tracehouse_journal_commit_duration_seconds',
    'Taking over one segment of the journal into the engine.',
    [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
  );
  const committedRows = counter('tracehouse_journal_committed_rows_total', 'Rows taken over into the engine.');
  const setAside = counter(
    'tracehouse_journal_rejected_rows_total',
    'Rows the engine refused for what they say; set aside.',
  );
  // There from the start, so that a rate sees the first ones.
  for (const each of [committedRows, setAside, strangers, readBacks]) each.add({}, 0);
  const waits = histogram(
    'tracehouse_read_wait_seconds',
    'How long a read waited for acknowledged rows to be in the engine.',
    [0.001, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
  );

  probeMetrics(registry, needs.probe);
  const refreshStores = storeMetrics(registry, needs);
  const refreshRoles = roleMetrics(registry, needs);
  const loop = processMetrics(registry, needs.version);

  return {
    answered({ method, route, status, ms }: AnsweredRequest): void {
      requests.add({ method, route, status });
      const op = scimOperation(method, route);
      if (op !== null) scim.add({ op, code: status });
      durations.observe({ method, route }, ms / 1000);
    },
    received(request: DoorOutcome): void {
      const door = request.door.toLowerCase();
      const count = (outcome: string, by: number): void => {
        if (by > 0) items.add({ door, outcome }, by);
      };
      count('stored', request.stored);
      count('rejected', request.rejected);
      count('acknowledged_only', request.acknowledgedOnly);
      if (request.status >= 400) refusals.add({ door, reason: request.codes[0] ?? 'server_error' });
      else for (const { code, count: by } of request.problems) problems.add({ door, reason: code }, by);
    },
    readBack: (entities: number): void => readBacks.add({}, entities),
    unattributed: (): void => strangers.add({}, 1),
    committed(rows: number, ms: number): void {
      committedRows.add({}, rows);
      commits.observe({}, ms / 1000);
    },
    rejected: (rows: number): void => setAside.add({}, rows),
    waited: (ms: number): void => waits.observe({}, ms / 1000),
    async render(): Promise<string> {
      await Promise.all([refreshStores(), refreshRoles()]);
      return registry.render();
    },
    close: (): void => void loop.disable(),
  };
}

function probeMetrics({ gauge, total }: Registry, probe: MetricsNeeds['probe']): void {
  gauge('tracehouse_probe_age_seconds', 'Since the newest trace of the probe that was read back was sent.', () => {
    const state = probe();
    return state === null ? undefined : state.ageMs / 1000;
  });
  gauge('tracehouse_probe_latency_seconds', 'From sending it to having read it by id and in the list.', () => {
    const latencyMs = probe()?.latencyMs ?? null;
    return latencyMs === null ? undefined : latencyMs / 1000;
  });
  total('tracehouse_probe_runs_total', 'Traces of the probe, by what became of them.', () => {
    const state = probe();
    if (state === null) return undefined;
    return [
      [{ outcome: 'success' }, state.successes],
      [{ outcome: 'failure' }, state.failures],
    ];
  });
}

/** Answers what asks the stores, once a scrape. Named as dashboards of role-sync know them. */
function roleMetrics({ gauge, total }: Registry, { lastRoleSync, roleChanges }: MetricsNeeds): () => Promise<void> {
  let last: Date | null = null;
  gauge(
    'langfuse_role_sync_last_success_timestamp_seconds',
    'When a run of role-sync last told that nothing failed; of several organizations the one that has waited longest.',
    () => (last === null ? undefined : last.getTime() / 1000),
  );
  total('langfuse_org_role_changes_total', 'Roles in organizations given, changed and taken.', () =>
    [...roleChanges()].map(([source, changes]) => [{ source }, changes]),
  );
  return async () => {
    last = await lastRoleSync();
  };
}

const SCIM = '/api/public/scim/';
const SCIM_WRITES: Record<string, string> = { POST: 'create', PUT: 'replace', PATCH: 'update', DELETE: 'delete' };

/** Null for what is not SCIM. `route` is a declared path, so that there are few. */
function scimOperation(method: string, route: string): string | null {
  if (!route.startsWith(SCIM)) return null;
  const [collection = '', id] = route.slice(SCIM.length).split('/');
  if (collection === '.search' || id === '.search') return 'list';
  if (collection !== 'Users' && collection !== 'Groups') return 'discover';
  return SCIM_WRITES[method] ?? (id === undefined ? 'list' : 'read');
}

/** Answers what asks the stores, once a scrape. */
function storeMetrics(
  { gauge, total }: Registry,
  { postgresAnswers, engineAnswers, engineFigures }: MetricsNeeds,
): () => Promise<void> {
  let engine: EngineFigures | null = null;
  let isPostgresUp = false;
  let isEngineUp = false;
  gauge('tracehouse_store_up', 'Whether a store answers.', () => [
    [{ store: 'postgres' }, Number(isPostgresUp)],
    [{ store: 'clickhouse' }, Number(isEngineUp)],
  ]);
  gauge('tracehouse_engine_memory_bytes', 'What the engine has allocated.', () => engine?.memoryBytes);
  gauge('tracehouse_engine_parts', 'Active parts of its tables.', () => engine?.parts);
  gauge(
    'tracehouse_engine_partition_parts_max',
    'Most parts of one partition; inserts slow down at 1,000.',
    () => engine?.mostPartsInPartition,
  );
  gauge('tracehouse_engine_rows', 'Rows of all tables, old versions included.', () => engine?.rows);
  gauge('tracehouse_engine_disk_bytes', 'What these take on disk.', () => engine?.diskBytes);
  total('tracehouse_engine_read_rows_total', 'Rows that queries and commits have read.', () => engine?.readRows);
  return async () => {
    [isPostgresUp, isEngineUp, engine] = await Promise.all([postgresAnswers(), engineAnswers(), engineFigures()]);
  };
}

/** Names that dashboards for Node know, where there is one. */
function processMetrics({ gauge, total }: Registry, version: string) {
  const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  loop.enable();
  // The histogram holds the time between two looks, so what is more than the resolution is delay.
  const delayS = (ns: number): number => Math.max(0, ns / 1e9 - LOOP_RESOLUTION_MS / 1000);
  gauge('nodejs_eventloop_lag_p99_seconds', 'Delay of the event loop since the last scrape.', () =>
    delayS(loop.percentile(99)),
  );
  gauge('nodejs_eventloop_lag_p999_seconds', 'As above, of 999 in 1000.', () => delayS(loop.percentile(99.9)));
  gauge('nodejs_eventloop_lag_max_seconds', 'The longest of them.', () => {
    const max = delayS(loop.max);
    loop.reset();
    return max;
  });
  total(
    'tracehouse_eventloop_busy_seconds_total',
    'Time the event loop was at work.',
    () => performance.eventLoopUtilization().active / 1000,
  );
  total('process_cpu_seconds_total', 'CPU time of all threads, user and system.', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  gauge('process_resident_memory_bytes', 'Memory in RAM.', () => process.memoryUsage.rss());
  gauge('nodejs_heap_size_used_bytes', 'Of the JavaScript heap.', () => process.memoryUsage().heapUsed);
  gauge('process_start_time_seconds', 'Start, seconds since 1970.', () => performance.timeOrigin / 1000);
  gauge('tracehouse_info', 'The version of the contract served.', () => [[{ version }, 1]]);
  return loop;
}
