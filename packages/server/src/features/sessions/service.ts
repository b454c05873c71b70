import type { PageMeta } from '@tracehouse/contract/pagination';
import type { SessionsQuery, TraceSession } from '@tracehouse/contract/sessions';
import type { Trace } from '@tracehouse/contract/traces';
import { NotFoundError } from '../../http/errors.ts';
import type { Journal } from '../../ingest/journal.ts';
import type { ClickHouse } from '../../stores/clickhouse/clickhouse.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { rangeBetween, toIso } from '../filters/time.ts';
import type { Traces } from '../traces/service.ts';
import { countSessions, selectSession, selectSessions, type SessionRow } from './store.ts';

export type Sessions = ReturnType<typeof createSessions>;

export function createSessions({
  clickhouse: db,
  journal,
  traces,
}: {
  clickhouse: ClickHouse;
  journal: Journal;
  traces: Traces;
}) {
  return {
    async list(scope: ProjectScope, query: SessionsQuery): Promise<{ data: TraceSession[]; meta: PageMeta }> {
      const { page, limit, fromTimestamp, toTimestamp, environment } = query;
      const selection = { range: rangeBetween(fromTimestamp, toTimestamp), environments: environment };
      await journal.barrier({ projectId: scope.projectId });
      const [rows, totalItems] = await Promise.all([
        selectSessions(db, scope, selection, { offset: (page - 1) * limit, limit }),
        countSessions(db, scope, selection),
      ]);
      return {
        data: rows.map((row) => toSession(scope, row)),
        meta: { page, limit, totalItems, totalPages: Math.ceil(totalItems / limit) },
      };
    },

    /** @throws NotFoundError */
    async get(scope: ProjectScope, id: string): Promise<TraceSession & { traces: Trace[] }> {
      await journal.barrier({ projectId: scope.projectId });
      const [row, ofSession] = await Promise.all([selectSession(db, scope, id), traces.ofSession(scope, id)]);
      if (!row) throw new NotFoundError('Session not found within authorized project');
      return { ...toSession(scope, row), traces: ofSession };
    },
  };
}

const toSession = ({ projectId }: ProjectScope, { id, createdAt, environment }: SessionRow): TraceSession => ({
  id,
  createdAt: toIso(createdAt),
  projectId,
  environment,
});
