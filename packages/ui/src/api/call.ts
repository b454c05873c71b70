import type { Route } from '@tracehouse/contract/route';
import type * as z from 'zod';

/** The API refused, or could not be reached (`status` 0). `message` is what it said, in words. */
export class CallError extends Error {
  readonly status: number;
  readonly route: string;
  readonly requestId: string | null;
  readonly time: Date;
  readonly retryAfterS: number | null;
  constructor(
    message: string,
    details: { status: number; route: string; requestId?: string | null; retryAfterS?: number | null; cause?: unknown },
  ) {
    super(message, { cause: details.cause });
    this.name = 'CallError';
    this.status = details.status;
    this.route = details.route;
    this.requestId = details.requestId ?? null;
    this.retryAfterS = details.retryAfterS ?? null;
    this.time = new Date();
  }
}

interface CallOptions<Params, Query, Body> {
  /** Project that a session request is about (sent as `x-tracehouse-project`). */
  project?: string;
  /** Organization that a session request is about (sent as `x-tracehouse-organization`). */
  organization?: string;
  params?: Params;
  query?: Query;
  body?: Body;
  signal?: AbortSignal;
}

/**
 * Calls a declared route and answers its body. The server's answer is typed by the same declaration, so it is not
 * checked again here. @throws CallError
 */
export async function call<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType>(
  route: Route<P, Q, B, R>,
  { project, organization, params, query, body, signal }: CallOptions<z.input<P>, z.input<Q>, z.input<B>> = {},
): Promise<z.output<R>> {
  const headers = headersFor(project, organization);
  if (body !== undefined) headers['content-type'] = 'application/json';
  const response = await send(route, fillPath(route.path, params) + queryText(query), {
    method: route.method,
    headers,
    credentials: 'same-origin',
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  });
  return (await readBody(route, response)) as z.output<R>;
}

/** Calls a declared route whose answer is text; `onReceived` is told how many bytes have come. @throws CallError */
export async function callText<P extends z.ZodType>(
  route: Route<P>,
  { project, params, signal }: Pick<CallOptions<z.input<P>, never, never>, 'project' | 'params' | 'signal'>,
  onReceived: (bytes: number) => void,
): Promise<string> {
  const response = await send(route, fillPath(route.path, params), {
    method: route.method,
    headers: headersFor(project),
    credentials: 'same-origin',
    ...(signal && { signal }),
  });
  if (!response.ok || response.body === null) return String(await readBody(route, response));
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  const parts: string[] = [];
  let received = 0;
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    parts.push(decoder.decode(chunk.value, { stream: true }));
    onReceived((received += chunk.value.length));
  }
  return parts.join('') + decoder.decode();
}

function headersFor(project: string | undefined, organization?: string): Record<string, string> {
  return {
    accept: 'application/json',
    ...(project !== undefined && { 'x-tracehouse-project': project }),
    ...(organization !== undefined && { 'x-tracehouse-organization': organization }),
  };
}

async function send({ method, path }: Route, address: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(address, init);
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new CallError('The server could not be reached.', { status: 0, route: `${method} ${path}`, cause });
  }
}

async function readBody({ method, path }: Route, response: Response): Promise<unknown> {
  const text = await response.text();
  const body = parse(text);
  if (response.ok) return body;
  const { message } = (body ?? {}) as { message?: unknown };
  throw new CallError(typeof message === 'string' ? message : `The server answered ${response.status}.`, {
    status: response.status,
    route: `${method} ${path}`,
    requestId: response.headers.get('x-request-id'),
    retryAfterS: Number(response.headers.get('retry-after')) || null,
  });
}

/** Undefined for a body that is not JSON, such as a proxy's error page. */
function parse(text: string): unknown {
  try {
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}

function fillPath(path: string, params: unknown): string {
  const values = (params ?? {}) as Record<string, string>;
  return path.replace(/:([A-Za-z]+)|\*/gu, (star, name: string | undefined) =>
    encodeURIComponent(values[name ?? star] ?? ''),
  );
}

function queryText(query: unknown): string {
  const pairs = Object.entries((query ?? {}) as Record<string, unknown>).filter(([, value]) => value !== undefined);
  if (pairs.length === 0) return '';
  return `?${new URLSearchParams(pairs.map(([key, value]) => [key, String(value)])).toString()}`;
}
