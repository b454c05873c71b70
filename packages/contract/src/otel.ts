import * as z from 'zod';
import { defineRoute } from './route.ts';

/** Bases exporters are given: the Langfuse one, and the OTLP default of a bare host and port. */
const bases = ['/api/public/otel', ''] as const;

/** `POST …/v1/traces`: protobuf or JSON, answered by an ExportTraceServiceResponse in the same form. */
export const exportTraces = bases.map((base) =>
  defineRoute({
    method: 'POST',
    path: `${base}/v1/traces`,
    scope: 'traces:create',
    summary: 'Receive spans over OTLP/HTTP',
    family: 'otlp',
    rawBody: true,
    response: z.unknown(),
  }),
);

/** Accepted and not kept: an exporter set to one endpoint logs an error at every flush when these are missing. */
export const exportIgnored = bases.flatMap((base) =>
  (['metrics', 'logs'] as const).map((signal) =>
    defineRoute({
      method: 'POST',
      path: `${base}/v1/${signal}`,
      scope: 'traces:create',
      summary: `Accept OTLP ${signal}, which are not kept`,
      family: 'otlp',
      rawBody: true,
      response: z.object({ message: z.literal('OK') }),
    }),
  ),
);
