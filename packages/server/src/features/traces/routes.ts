import { deleteTrace, deleteTraces, listTracesV1, readTraceV1 } from '@tracehouse/contract/traces';
import { bind, type BoundRoute } from '../../http/bind.ts';
import type { Traces } from './service.ts';

export const tracesRoutes = (traces: Traces): BoundRoute[] => [
  bind(listTracesV1, ({ scope, query }) => traces.list(scope, query)),
  bind(readTraceV1, ({ scope, params, query }) => traces.get(scope, params.traceId, query.fields)),
  bind(deleteTrace, async ({ scope, params }) => {
    await traces.delete(scope, [params.traceId]);
    return { message: 'Trace deleted successfully' };
  }),
  bind(deleteTraces, async ({ scope, body }) => {
    await traces.delete(scope, body.traceIds);
    return { message: 'Traces deleted successfully' };
  }),
];
