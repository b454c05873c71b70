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

/**
 * `POST …/v1/logs`: GenAI events become part of the observation of their span; other records are accepted and not kept. Answered
 * by an ExportLogsServiceResponse in the form of the request.
 */
export const exportLogs = bases.map((base) =>
  defineRoute({
    method: 'POST',
    path: `${base}/v1/logs`,
    scope: 'traces:create',
    summary: 'Receive the GenAI events among log records over OTLP/HTTP',
    family: 'otlp',
    rawBody: true,
    response: z.unknown(),
  }),
);

/** Accepted and not kept: an exporter set to one endpoint logs an error at every flush when it is missing. */
export const exportIgnored = bases.map((base) =>
  defineRoute({
    method: 'POST',
    path: `${base}/v1/metrics`,
    scope: 'traces:create',
    summary: 'Accept OTLP metrics, which are not kept',
    family: 'otlp',
    rawBody: true,
    response: z.object({ message: z.literal('OK') }),
  }),
);
