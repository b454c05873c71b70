import { cancelJob, listJobs, readJob } from '@tracehouse/contract/x-jobs';
import { bind, type BoundRoute } from '../../http/bind.ts';
import type { Jobs } from './service.ts';

export const jobsRoutes = (jobs: Jobs): BoundRoute[] => [
  bind(listJobs, ({ scope, query }) => jobs.list(scope, query)),
  bind(readJob, ({ scope, params }) => jobs.get(scope, params.jobId)),
  bind(cancelJob, ({ scope, actor, params }) => jobs.cancel(scope, actor, params.jobId)),
];
