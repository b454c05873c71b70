import { listRoleSyncRuns, reportRoleSyncRun } from '@tracehouse/contract/x-role-sync-runs';
import { bind, type BoundRoute } from '../../http/bind.ts';
import type { RoleSyncRuns } from './service.ts';

export const roleSyncRunsRoutes = (runs: RoleSyncRuns): BoundRoute[] => [
  bind(reportRoleSyncRun, ({ organization, body }) => runs.keep(organization, body)),
  bind(listRoleSyncRuns, ({ organization, query }) => runs.list(organization, query)),
];
