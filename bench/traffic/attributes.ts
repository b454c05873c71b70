import type { Conversation, Step } from './conversations.ts';

/** What the SDK that writes OTLP attributes says of a span. */
export function attributesOf(trace: Conversation, step: Step): [string, string | readonly string[]][] {
  return [
    ['langfuse.environment', trace.environment],
    ['langfuse.release', trace.release],
    ['user.id', trace.userId],
    ['session.id', trace.sessionId],
    ['langfuse.trace.name', trace.name],
    ['langfuse.trace.tags', trace.tags],
    ...Object.entries(trace.metadata).map(([key, value]): [string, string] => [
      `langfuse.trace.metadata.${key}`,
      value,
    ]),
    ['langfuse.observation.type', step.type],
    ['langfuse.observation.input', step.input],
    ['langfuse.observation.output', step.output],
    ...(step.failed
      ? ([
          ['langfuse.observation.level', 'ERROR'],
          ['langfuse.observation.status_message', 'upstream timed out'],
        ] as [string, string][])
      : []),
    ...(step.model === ''
      ? []
      : ([
          ['langfuse.observation.model.name', step.model],
          ['langfuse.observation.model.parameters', '{"temperature":0.2,"max_tokens":1024}'],
          ['langfuse.observation.usage_details', JSON.stringify(step.usage)],
        ] as [string, string][])),
  ];
}

export const resourceAttributes: [string, string][] = [
  ['service.name', 'assistant'],
  ['service.version', '1.14.2'],
  ['deployment.environment.name', 'production'],
  ['telemetry.sdk.language', 'nodejs'],
  ['telemetry.sdk.name', 'opentelemetry'],
  ['telemetry.sdk.version', '2.12.0'],
];

export const scope = { name: 'langfuse-sdk', version: '5.11.1' } as const;
