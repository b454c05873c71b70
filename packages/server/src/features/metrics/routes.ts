import { readDailyMetrics, readMetricsV1, readMetricsV2 } from '@tracehouse/contract/metrics';
import { bind, type BoundRoute } from '../../http/bind.ts';
import type { Metrics } from './service.ts';

export const metricsRoutes = (metrics: Metrics): BoundRoute[] => [
  bind(readMetricsV1, ({ scope, query }) => metrics.answer(scope, query.query, 'v1')),
  bind(readMetricsV2, ({ scope, query }) => metrics.answer(scope, query.query, 'v2')),
  bind(readDailyMetrics, ({ scope, query }) => metrics.daily(scope, query)),
];
