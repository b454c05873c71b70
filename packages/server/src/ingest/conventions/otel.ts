import type { Convention } from './convention.ts';
import { means, payload, text } from './readers.ts';

/** OpenTelemetry's general conventions, and what bare instrumentations agree on. */
export const otel = {
  name: 'otel',
  source:
    'opentelemetry.io/docs/specs/semconv 1.45, read 2026-11-23; `input` and `output`: ' +
    'docs.pipecat.ai/api-reference/server/utilities/opentelemetry, read 2026-11-30',
  // oxfmt-ignore
  rules: [
    // attribute                              field             read as                            known from
    ['deployment.environment.name',          'environment',    text,                              'documentation'],
    ['resource:deployment.environment.name', 'environment',    text,                              'seen'],
    ['deployment.environment',               'environment',    text,                              'documentation'],
    ['resource:deployment.environment',      'environment',    text,                              'seen'],
    ['resource:service.version',             'version',        text,                              'seen'],
    ['resource:service.name',                'serviceName',    text,                              'seen'],
    ['resource:service.version',             'serviceVersion', text,                              'seen'],
    ['error.message',                        'errorMessage',   text,                              'seen'], // LiteLLM leaves the status empty
    ['input',                                'input',          payload,                           'documentation'], // Pipecat
    ['output',                               'output',         payload,                           'documentation'],
    ['model',                                'type',           means('GENERATION'),               'documentation'],
    ['model',                                'model',          text,                              'documentation'],
  ],
} as const satisfies Convention;
