import { randomBytes } from 'node:crypto';
import type { ProjectAccess } from '../harness/project-api.ts';

/** A span to send: milliseconds are relative to the trace's start. */
export interface SpanToSend {
  name: string;
  id?: string;
  parent?: string;
  start?: number;
  end?: number;
  error?: string;
  attributes?: Record<string, string | number | boolean | readonly string[]>;
}

export const newTraceId = (): string => randomBytes(16).toString('hex');
export const newSpanId = (): string => randomBytes(8).toString('hex');

/** Sends spans over OTLP with the project's key; answers the trace's id. @throws when they are not accepted */
export async function sendTrace(
  { url, publicKey, secretKey }: ProjectAccess,
  spans: readonly SpanToSend[],
  { traceId = newTraceId(), startedAt = new Date(Date.now() - 5000) }: { traceId?: string; startedAt?: Date } = {},
): Promise<string> {
  const nanos = (ms: number) => `${startedAt.getTime() + ms}000000`;
  const body = {
    resourceSpans: [
      {
        scopeSpans: [
          {
            scope: { name: 'test' },
            spans: spans.map(({ name, id, parent, start = 0, end = 1000, error, attributes = {} }) => ({
              traceId,
              spanId: id ?? newSpanId(),
              ...(parent !== undefined && { parentSpanId: parent }),
              name,
              kind: 1,
              startTimeUnixNano: nanos(start),
              endTimeUnixNano: nanos(end),
              attributes: Object.entries(attributes).map(([key, value]) => ({ key, value: attributeValue(value) })),
              status: error === undefined ? {} : { code: 2, message: error },
            })),
          },
        ],
      },
    ],
  };
  const answer = await fetch(`${url}/api/public/otel/v1/traces`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`The door answered ${answer.status}: ${await answer.text()}`);
  return traceId;
}

function attributeValue(value: string | number | boolean | readonly string[]): object {
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (typeof value === 'string') return { stringValue: value };
  return { arrayValue: { values: value.map((one) => ({ stringValue: one })) } };
}

type Attributes = NonNullable<SpanToSend['attributes']>;

/** Attributes of a model call whose price is known. */
export const modelCall = (input: number, output: number, more: Attributes = {}): Attributes => ({
  'langfuse.observation.type': 'generation',
  'langfuse.observation.model.name': 'gpt-4o-mini',
  'langfuse.observation.usage_details': JSON.stringify({ input, output }),
  ...more,
});

/** Creates a version of a prompt with the project's key, as a client does. @throws when it is refused */
export async function createPrompt({ url, publicKey, secretKey }: ProjectAccess, prompt: object): Promise<void> {
  const answer = await fetch(`${url}/api/public/v2/prompts`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ config: {}, ...prompt }),
  });
  if (answer.status !== 201) throw new Error(`The prompt was not created: ${answer.status} ${await answer.text()}`);
}

/** Asks the API with the project's key; answers the body. @throws when it is refused */
export async function askApi(
  { url, publicKey, secretKey }: ProjectAccess,
  method: string,
  path: string,
  body?: object,
): Promise<Record<string, unknown>> {
  const answer = await fetch(`${url}/api/public/${path}`, {
    method,
    headers: {
      authorization: `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}

/** Starts an A/B test of versions 1 and 2 by `production`, 70 to 30; answers its id. */
export async function startTest(access: ProjectAccess, prompt: string): Promise<string> {
  const arms = [
    { version: 1, share: 70 },
    { version: 2, share: 30 },
  ];
  const { id } = await askApi(access, 'POST', 'x/ab-tests', { prompt, label: 'production', arms });
  await askApi(access, 'POST', `x/ab-tests/${String(id)}/start`, {});
  return String(id);
}
