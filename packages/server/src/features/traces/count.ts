import type { ClickHouse } from '../../stores/clickhouse/clickhouse.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { countTraces, selectTableState, type TraceSelection } from './store.ts';

const MAX_PROJECTS = 1_000;

/**
 * Counts traces. That of a whole project reads every row, 30 ms a million, and each page of a v1 list wants it: it is remembered
 * for as long as the table is made of the same parts, whose names are never used again.
 */
export function createTraceCounts({ clickhouse: db }: { clickhouse: ClickHouse }) {
  const known = new Map<string, { state: string; traces: number }>();

  return async function count(scope: ProjectScope, selection: TraceSelection): Promise<number> {
    const { range, where } = selection;
    if (range.from !== null || range.to !== null || where.length > 0) return countTraces(db, scope, selection);
    // Before the count: what changes meanwhile makes it one of a state that is gone.
    const state = await selectTableState(db);
    const last = known.get(scope.projectId);
    if (last?.state === state) return last.traces;
    const traces = await countTraces(db, scope, selection);
    known.delete(scope.projectId);
    known.set(scope.projectId, { state, traces });
    const oldest = known.keys().next();
    if (known.size > MAX_PROJECTS && !oldest.done) known.delete(oldest.value);
    return traces;
  };
}
