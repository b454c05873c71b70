import { gzipSync } from 'node:zlib';
import type { Difference } from './compare.ts';
import { compare } from './compare.ts';
import type { FixtureRequest, GoldenCase, Json } from './recording.ts';

/** An answer as it came, its body parsed when it is JSON. */
export interface Answer {
  status: number;
  headers: Headers;
  body: Json | undefined;
  text: string;
}

export interface Sent {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Buffer<ArrayBuffer> | string | undefined;
}

/** Headers that belong to the recorded connection, not to the request. */
const HOP = new Set(['host', 'connection', 'content-length', 'accept-encoding', 'transfer-encoding']);

export async function send(origin: string, { method, path, headers, body }: Sent): Promise<Answer> {
  const response = await fetch(origin + path, {
    method,
    headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP.has(name))),
    redirect: 'manual',
    ...(body === undefined ? {} : { body }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: parse(text) };
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

export const basic = (publicKey: string, secretKey: string): string =>
  `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString('base64')}`;

/** Values saved from answers (`<<name>>`), in the order of the recording. */
export type Variables = Map<string, string>;

/** The recorded request, with our values where the recording used those of earlier answers. */
export function toRequest({ request, template }: GoldenCase, variables: Variables): Sent {
  const complete = (text: string, encode: (value: string) => string): string | null => {
    let known = true;
    const filled = text.replace(/<<([\w.-]+)>>/g, (_, name: string) => {
      const value = variables.get(name);
      known &&= value !== undefined;
      return encode(value ?? '');
    });
    return known ? filled : null;
  };
  const path = (template?.path && complete(template.path, encodeURIComponent)) ?? request.path;
  const templateBody = template?.body && complete(JSON.stringify(template.body), (value) => value);
  const body = templateBody ? { json: JSON.parse(templateBody) as Json } : request.body;
  return { method: request.method, path, headers: request.headers, body: bodyOf(body, request.headers) };
}

function bodyOf(
  body: GoldenCase['request']['body'],
  headers: Record<string, string>,
): Buffer<ArrayBuffer> | string | undefined {
  if (body === null) return undefined;
  if ('text' in body) return body.text;
  if ('base64' in body) return Buffer.from(body.base64, 'base64');
  const text = JSON.stringify(body.json);
  // Recorded decompressed; only the case about a false claim sends what is not gzip.
  return headers['content-encoding'] === 'gzip' && text !== '{}' ? gzipSync(text) : text;
}

/** Fixture bodies are kept decompressed; they go out as the client sent them. */
export function toFixtureRequest({ method, path, query, headers, bodyType, body }: FixtureRequest): Sent {
  const search = new URLSearchParams(query).toString();
  const plain =
    bodyType === 'json'
      ? JSON.stringify(body)
      : bodyType === 'base64' && typeof body === 'string'
        ? Buffer.from(body, 'base64')
        : undefined;
  return {
    method,
    path: search ? `${path}?${search}` : path,
    headers,
    body: plain !== undefined && headers['content-encoding'] === 'gzip' ? gzipSync(plain) : plain,
  };
}

/** Response headers a client acts on. */
const COMPARED = [
  'content-type',
  'location',
  'access-control-allow-origin',
  'access-control-allow-methods',
  'access-control-allow-headers',
];

export function compareAnswer({ response }: GoldenCase, answer: Answer): Difference[] {
  const status =
    response.status === answer.status ? [] : [{ path: 'status', expected: response.status, got: answer.status }];
  const headers = COMPARED.flatMap((name): Difference[] => {
    const expected = mediaType(response.headers?.[name]);
    const got = mediaType(answer.headers.get(name) ?? undefined);
    return expected === undefined || expected === got ? [] : [{ path: `header ${name}`, expected, got }];
  });
  const { body } = response;
  if (body === null)
    return [
      ...status,
      ...headers,
      ...(answer.text === '' ? [] : [{ path: 'body', expected: 'none', got: answer.text.slice(0, 200) }]),
    ];
  if ('json' in body) return [...status, ...headers, ...compare(body.json, answer.body)];
  const expected = 'text' in body ? body.text : 'html' in body ? 'a page' : body.base64;
  return [
    ...status,
    ...headers,
    ...(expected === answer.text ? [] : [{ path: 'body', expected, got: answer.text.slice(0, 200) }]),
  ];
}

const mediaType = (value: string | undefined): string | undefined => value?.split(';')[0]?.trim();

/** What a person needs to see of a case that failed. */
export function explain(name: string, sent: Sent, answer: Answer | null, differences: readonly Difference[]): string {
  const show = (value: Json | undefined): string =>
    (value === undefined ? '(nothing)' : JSON.stringify(value)).slice(0, 600);
  const shown = differences
    .slice(0, 12)
    .map(({ path, expected, got }) => `  ${path}\n    expected ${show(expected)}\n    got      ${show(got)}`);
  const more = differences.length > shown.length ? [`  … and ${differences.length - shown.length} more`] : [];
  const body = typeof sent.body === 'string' ? `\n  ${sent.body.slice(0, 400)}` : '';
  return [
    `${name}: ${sent.method} ${decodeURIComponent(sent.path)}${body}`,
    ...(answer ? [`  answered ${answer.status}: ${answer.text.slice(0, 400)}`] : []),
    ...shown,
    ...more,
  ].join('\n');
}
