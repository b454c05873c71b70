import { deleteTrace, deleteTraces, listTracesV1, readTraceV1 } from '@tracehouse/contract/traces';
import { searchText } from '@tracehouse/contract/x-search';
import { listTraces, readHistogram, readPayload, readTraceSkeleton } from '@tracehouse/contract/x-traces';
import { Answer, bind, type BoundRoute } from '../../http/bind.ts';
import type { TraceScreens } from './screen-service.ts';
import type { Traces } from './service.ts';

export const tracesRoutes = (traces: Traces): BoundRoute[] => [
  bind(listTracesV1, ({ scope, query }) => traces.list(scope, query)),
  bind(readTraceV1, ({ scope, params, query }) => traces.get(scope, params.traceId, query.fields)),
  bind(deleteTrace, async ({ scope, actor, params }) => {
    await traces.delete(scope, actor, [params.traceId]);
    return { message: 'Trace deleted successfully' };
  }),
  bind(deleteTraces, async ({ scope, actor, body }) => {
    await traces.delete(scope, actor, body.traceIds);
    return { message: 'Traces deleted successfully' };
  }),
];

export const traceScreenRoutes = (screens: TraceScreens): BoundRoute[] => [
  bind(listTraces, ({ scope, query, signal }) => screens.list(scope, query, signal)),
  bind(readHistogram, ({ scope, query, signal }) => screens.histogram(scope, query, signal)),
  bind(searchText, ({ scope, query, signal }) => screens.hits(scope, query, signal)),
  bind(readTraceSkeleton, ({ scope, params }) => screens.skeleton(scope, params.traceId)),
  bind(readPayload, async ({ scope, params: { traceId, hash } }) => {
    // Hostile text: whoever opens it by itself gets a file, in which nothing runs.
    const headers = {
      'content-type': 'text/plain; charset=utf-8',
      'content-disposition': `attachment; filename="${hash.slice(0, 16)}.txt"`,
      'content-security-policy': "sandbox; default-src 'none'",
      'cache-control': 'private, max-age=3600, immutable',
    };
    return new Answer(await screens.payload(scope, traceId, hash), { headers });
  }),
];
