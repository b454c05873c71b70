import { listObservationsV1, listObservationsV2, readObservationV1 } from '@tracehouse/contract/observations';
import { readObservationDetail } from '@tracehouse/contract/x-traces';
import { bind, type BoundRoute } from '../../http/bind.ts';
import type { Observations } from './service.ts';

export const observationsRoutes = (observations: Observations): BoundRoute[] => [
  bind(listObservationsV1, ({ scope, query }) => observations.list(scope, query)),
  bind(readObservationV1, ({ scope, params }) => observations.get(scope, params.observationId)),
  bind(listObservationsV2, ({ scope, query }) => observations.listV2(scope, query)),
  bind(readObservationDetail, ({ scope, params, query }) =>
    observations.detail(scope, query.traceId, params.observationId),
  ),
];
