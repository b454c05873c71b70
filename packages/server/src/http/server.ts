import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { Readable, Transform } from 'node:stream';
import fastifyStatic from '@fastify/static';
import type { Route, RouteFamily } from '@tracehouse/contract/route';
import { SCIM_PATH } from '@tracehouse/contract/scim';
import { RECEIPT_HEADER } from '@tracehouse/contract/x-receipts';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { type Actor, actorOf, type AuditEntry } from '../identity/audit/audit.ts';
import type { Principal } from '../identity/principal.ts';
import { readFor } from '../stores/asker.ts';
import { ClickHouseError, engineCodes } from '../stores/clickhouse/clickhouse.ts';
import { PostgresError } from '../stores/postgres/postgres.ts';
import type { OrganizationScope, ProjectScope } from '../stores/scope.ts';
import { Answer, type BoundRoute } from './bind.ts';
import { type BodyBudget, type BodyRoom, createBodyBudget } from './body-budget.ts';
import {
  ApiError,
  errorBody,
  ForbiddenError,
  InvalidRequestError,
  MethodNotAllowedError,
  NotFoundError,
  OverloadedError,
  TooHeavyError,
  TooLargeError,
  TooManyRequestsError,
  ValidationError,
} from './errors.ts';
import { allowOrigin, answerPreflight, securityHeaders } from './headers.ts';
import { toJson } from './json-answer.ts';
import { parseJson, parseJsonInTurns } from './json-body.ts';
import type { RefusedRequest, RefusedSender } from './refused-request.ts';

/** Bytes of a request body as sent; what is inside may inflate further, which the doors bound themselves. */
export const BODY_LIMIT_BYTES = 16 * 1024 * 1024;
/** Ids have up to 800 characters, each up to twelve bytes when percent-encoded. */
const MAX_PARAM_LENGTH = 10_000;
/** Routes that anyone may call take a credential or a question, nothing large. */
export const PUBLIC_BODY_LIMIT_BYTES = 64 * 1024;
/** All bodies on their way in or being handled, unless less memory is given. */
export const ALL_BODIES_BYTES = 256 * 1024 * 1024;
/**
 * A connection that says nothing, or only a little at a time, is given up: the headers of a request must be there within 20 s,
 * the whole of it within 60 (16 MB at 2.2 Mbit/s), and a connection on which nothing moves is closed after 2 minutes, which is
 * longer than any answer takes. Node answers 408. What is stored as it comes (`rawBody: 'stream'`) may take as long as it moves.
 */
export const TIMEOUTS = { headersMs: 20_000, requestMs: 60_000, silenceMs: 120_000, checkEveryMs: 5_000 };
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

interface Authenticator {
  /** @throws UnauthorizedError, ForbiddenError */
  authenticate(input: {
    headers: Record<string, string | undefined>;
    method: string;
    query: Record<string, unknown>;
    route: Route;
  }): Promise<Principal>;
  /** The project of a key that was not let in; null when that cannot be told. */
  attribute?(headers: Record<string, string | undefined>, error: unknown): Promise<RefusedSender | null>;
}

export interface HttpServerOptions {
  routes: readonly BoundRoute[];
  authenticator: Authenticator;
  log: Logger;
  /** Folder of the built UI; without it every path outside the API is 404. */
  uiDirectory?: string;
  /** Addresses and networks whose `X-Forwarded-For` is believed; none: the caller is who connects. */
  trustedProxies?: readonly string[];
  /** What all bodies on their way in or being handled may take. */
  maxBodiesBytes?: number;
  /** Asked about each request for ingestion before its body is read; answers headers of the answer. @throws TooManyRequestsError */
  admit?(principal: Principal): Record<string, string>;
  /** Told of each request once its answer has left, also of those that were refused. `route` is the declared path or `other`. */
  onAnswered?(request: { method: string; route: string; status: number; ms: number }): void;
  /** Told of each request for ingestion that is refused; answers the id of its receipt, null without one. Never rejects. */
  refused?(request: RefusedRequest): Promise<string | null>;
  /** Told of each change that somebody known may not make. Never rejects. */
  onForbidden?(actor: Actor, entry: AuditEntry & { refusedFor: string }): Promise<void>;
  timeouts?: typeof TIMEOUTS;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; null until the request was authenticated. */
    principal: Principal | null;
    /** What its body holds of the room for bodies; null for a request that is not expected to have one. */
    bodyRoom: BodyRoom | null;
  }
}

/**
 * A server with these routes, not yet listening. Life of a request: authenticate → admit → read the body → validate → handle →
 * answer. Who may not send is refused before a byte of the body is kept.
 */
export async function createHttpServer({
  routes,
  authenticator,
  log,
  uiDirectory,
  trustedProxies = [],
  maxBodiesBytes = ALL_BODIES_BYTES,
  admit = () => ({}),
  onAnswered,
  refused = async () => null,
  onForbidden,
  timeouts = TIMEOUTS,
}: HttpServerOptions): Promise<FastifyInstance> {
  const server = Fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: timeouts.requestMs,
    connectionTimeout: timeouts.silenceMs,
    http: { headersTimeout: timeouts.headersMs, connectionsCheckingInterval: timeouts.checkEveryMs },
    forceCloseConnections: 'idle',
    // Its own refusal does not say when to come back.
    return503OnClosing: false,
    genReqId: () => randomUUID(),
    rewriteUrl: ({ url = '/' }) => (url.startsWith(SCIM_PATH + SCIM_PATH) ? url.slice(SCIM_PATH.length) : url),
    trustProxy: trustedProxies.length > 0 ? [...trustedProxies] : false,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_PARAM_LENGTH },
  });
  // One parser for every content type: routes decide what their bytes are.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  let isClosing = false;
  server.addHook('preClose', async () => {
    isClosing = true;
  });
  server.addHook('onRequest', (request, reply, next) => {
    securityHeaders(reply);
    if (isKeyRoute(request)) allowOrigin(request, reply);
    if (!isClosing) next();
    // Neither authenticated nor in the ledger: its stores close next.
    else
      answerError(
        new OverloadedError('The server is stopping; send this again', RESTART_S),
        familyOf(request),
        request,
        reply,
        log,
      );
  });
  if (onAnswered !== undefined) {
    const paths = new Set(routes.map(({ route }) => route.path));
    server.addHook('onResponse', (request, reply, next) => {
      const path = request.routeOptions.url ?? '';
      const route = paths.has(path) ? path : 'other'; // files of the screens, and what is not there
      onAnswered({ method: request.method, route, status: reply.statusCode, ms: reply.elapsedTime });
      next();
    });
  }
  server.setErrorHandler(async (error, request, reply) => {
    if (isIngestion(request)) {
      const receiptId = await refused(await refusalOf(request, error, authenticator));
      if (receiptId !== null) reply.header(RECEIPT_HEADER, receiptId);
    }
    const forbidden = onForbidden && forbiddenChange(error, request);
    if (forbidden) await onForbidden(forbidden.actor, forbidden.entry);
    return answerError(error, familyOf(request), request, reply, log);
  });
  server.setNotFoundHandler((request, reply) => {
    if (request.method === 'OPTIONS' && isKeyRoute(request)) return answerPreflight(request, reply);
    const page = uiDirectory !== undefined && request.method === 'GET' && !/^\/(api|v1|assets)\//.test(request.url);
    if (page) return reply.header('cache-control', 'no-cache').sendFile('index.html', uiDirectory);
    return answerError(
      new NotFoundError(`No route ${request.method} ${request.url.split('?')[0] ?? ''}`),
      request.url.startsWith(`${SCIM_PATH}/`) ? 'scim' : 'standard',
      request,
      reply,
      log,
    );
  });
  server.decorateRequest('principal', null);
  server.decorateRequest('bodyRoom', null);
  const budget = createBodyBudget({ maxBytes: maxBodiesBytes });
  const gate = { authenticator, admit, budget };
  for (const bound of routes) if (bound.route.rawBody !== 'stream') register(server, bound, gate);
  const slow = excuseFromTimeout(server);
  void server.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (request, body, done) => {
      slow.add(request.raw.socket);
      done(null, body);
    });
    for (const bound of routes) if (bound.route.rawBody === 'stream') register(scope, bound, gate);
  });
  refuseOtherMethods(server, routes);
  if (uiDirectory !== undefined) {
    await server.register(fastifyStatic, {
      root: uiDirectory,
      wildcard: false,
      // The build leaves a .br and a .gz beside each text file.
      preCompressed: true,
      // File names under assets/ carry a hash of their content.
      setHeaders: (reply, path) =>
        void reply.header(
          'cache-control',
          path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
        ),
    });
  }
  return server;
}

const isKeyRoute = ({ url }: FastifyRequest): boolean => url.startsWith('/api/public/') || url.startsWith('/v1/');
const familyOf = (request: FastifyRequest): RouteFamily =>
  (request.routeOptions.config as RouteConfig | undefined)?.family ?? 'standard';

interface RouteConfig {
  family?: RouteFamily;
  /** Its senders keep what they send and try again after a 503. */
  isRetried?: boolean;
  /** The ledger tells what became of its requests. */
  isIngestion?: boolean;
}

const isIngestion = (request: FastifyRequest): boolean =>
  (request.routeOptions.config as RouteConfig | undefined)?.isIngestion ?? false;

async function refusalOf(
  request: FastifyRequest,
  thrown: unknown,
  authenticator: Pick<Authenticator, 'attribute'>,
): Promise<RefusedRequest> {
  const headers = plainHeaders(request);
  const error = toApiError(thrown, request.routeOptions) ?? thrown;
  const { principal } = request;
  // Where the store cannot be asked whose key it is, nobody is told.
  const sender =
    principal === null ? await authenticator.attribute?.(headers, error).catch(() => null) : senderOf(principal);
  return {
    path: request.routeOptions.url ?? '',
    sender: sender ?? null,
    headers,
    body: Buffer.isBuffer(request.body) ? request.body : null,
    error,
  };
}

/** A change that was refused to somebody known; null for anything else. What clients send is in the ledger instead. */
function forbiddenChange(
  error: unknown,
  request: FastifyRequest,
): { actor: Actor; entry: AuditEntry & { refusedFor: string } } | null {
  if (!(error instanceof ForbiddenError) || request.method === 'GET' || isIngestion(request)) return null;
  const principal = request.principal ?? error.principal;
  const actor = principal && actorOf(principal, { ip: request.ip, userAgent: request.headers['user-agent'] });
  if (!principal || !actor) return null;
  const scope = scopeOf(principal) as ProjectScope | null;
  const organization = organizationOf(principal) as OrganizationScope | null;
  return {
    actor,
    entry: {
      place: scope ?? organization,
      action: request.method.toLowerCase(),
      objectType: 'route',
      objectId: request.url.split('?')[0] ?? '',
      refusedFor: error.message,
    },
  };
}

const senderOf = (principal: Principal): RefusedSender | null =>
  'scope' in principal && principal.scope !== null
    ? { scope: principal.scope, publicKey: 'publicKey' in principal ? principal.publicKey : '' }
    : null;

interface Gate {
  authenticator: Authenticator;
  admit(principal: Principal): Record<string, string>;
  budget: BodyBudget;
}

function register(
  server: FastifyInstance,
  { route, handle }: BoundRoute,
  { authenticator, admit, budget }: Gate,
): void {
  const writes = route.method === 'POST' || route.method === 'PATCH';
  const takesData = writes && (route.scope === 'traces:create' || route.scope === 'scores');
  server.route({
    method: route.method,
    url: route.path,
    config: {
      family: route.family,
      isIngestion: takesData,
      isRetried: takesData || route.method === 'DELETE' || route.rawBody === 'stream',
    },
    ...(route.scope === 'public' && route.rawBody !== 'stream' && { bodyLimit: PUBLIC_BODY_LIMIT_BYTES }),
    async onRequest(request, reply) {
      const headers = plainHeaders(request);
      const query = withoutEmpty(request.query as Record<string, unknown>);
      const principal = await authenticator.authenticate({ headers, method: request.method, query, route });
      request.principal = principal;
      if (takesData) reply.headers(admit(principal));
      // What is not kept in memory takes no room there.
      if (route.method === 'GET' || route.rawBody === 'stream') return;
      const room = budget.take(payerOf(principal), headers['content-length']);
      request.bodyRoom = room;
      reply.raw.once('close', room.leave);
    },
    preParsing: (request, _reply, payload, done) => {
      const { bodyRoom: room } = request;
      const isUnstated = room !== null && request.headers['content-length'] === undefined;
      done(null, isUnstated ? counted(payload, room) : payload);
    },
    async handler(request, reply) {
      const headers = plainHeaders(request);
      const query = withoutEmpty(request.query as Record<string, unknown>);
      const principal = request.principal!;
      const signal = goneOf(request.raw.socket);
      const context = {
        scope: scopeOf(principal),
        organization: organizationOf(principal),
        principal,
        actor: actorOf(principal, { ip: request.ip, userAgent: headers['user-agent'] }) as Actor,
        params: check(route.params, request.params),
        query: check(route.query, query),
        body: await bodyOf(route, request),
        headers,
        ip: request.ip,
        signal,
        reserve: (bytes: number): void => request.bodyRoom?.grow(bytes),
      };
      const answer = await (route.method === 'GET' ? readFor(signal, () => handle(context)) : handle(context));
      return send(reply, route, answer);
    },
  });
}

/** A body whose length nobody stated, counted as it comes. */
function counted(payload: Readable, room: BodyRoom): Readable {
  const through = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      try {
        room.grow(chunk.length);
        done(null, chunk);
      } catch (error) {
        done(error as Error);
      }
    },
  });
  // Not a pipeline: that would end the connection before the refusal is on it.
  payload.once('error', (error) => through.destroy(error));
  return payload.pipe(through);
}

async function bodyOf(route: Route, request: FastifyRequest): Promise<unknown> {
  if (route.rawBody === false) return check(route.body, await parseBody(request));
  // Without a content type no parser runs.
  return request.body ?? (route.rawBody === 'stream' ? request.raw : Buffer.alloc(0));
}

/** Answers the connections on which a request may take longer than `TIMEOUTS.requestMs`; silence ends them all the same. */
function excuseFromTimeout(server: FastifyInstance): WeakSet<Socket> {
  const excused = new WeakSet<Socket>();
  const others = server.server.listeners('clientError');
  server.server.removeAllListeners('clientError');
  server.server.on('clientError', function (this: unknown, error: NodeJS.ErrnoException, socket: Socket) {
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && excused.has(socket)) return;
    for (const answer of others) answer.call(this, error, socket);
  });
  return excused;
}

/** Whose share of the room for bodies a request takes. Anyone can read a public key: what comes with it must not keep the project's servers out. */
function payerOf(principal: Principal): string {
  const projectId = scopeOf(principal)?.projectId ?? '';
  return principal.kind === 'browserKey' ? `${projectId} browser` : projectId;
}

const goneByConnection = new WeakMap<Socket, AbortSignal>();

/** Fires when the connection closes: also for what was asked on it before an earlier question was answered. */
function goneOf(socket: Socket): AbortSignal {
  const known = goneByConnection.get(socket);
  if (known) return known;
  const gone = new AbortController();
  goneByConnection.set(socket, gone.signal);
  if (socket.destroyed) gone.abort();
  else socket.once('close', () => gone.abort());
  return gone.signal;
}

/** A known path with another method is 405, whoever asks. */
function refuseOtherMethods(server: FastifyInstance, routes: readonly BoundRoute[]): void {
  const paths = new Map<string, { family: RouteFamily; methods: Set<string> }>();
  for (const { route } of routes) {
    const entry = paths.get(route.path) ?? { family: route.family, methods: new Set<string>() };
    entry.methods.add(route.method);
    paths.set(route.path, entry);
  }
  for (const [url, { family, methods }] of paths) {
    const others = METHODS.filter((method) => !methods.has(method));
    if (others.length === 0) continue;
    server.route({
      method: others,
      url,
      config: { family },
      exposeHeadRoute: false,
      handler: () => {
        throw new MethodNotAllowedError();
      },
    });
  }
}

function check(schema: Route['body'], value: unknown): unknown {
  const result = schema.safeParse(value);
  if (!result.success) throw new ValidationError(result.error.issues);
  return result.data;
}

/** Bodies above are parsed in turns. */
const SHORT_BODY_BYTES = 256 * 1024;

async function parseBody(request: FastifyRequest): Promise<unknown> {
  const body = request.body;
  if (!Buffer.isBuffer(body) || body.length === 0) return undefined;
  const type = request.headers['content-type'] ?? 'application/json';
  if (!type.includes('json')) return body.toString();
  try {
    return body.length <= SHORT_BODY_BYTES ? parseJson(body) : await parseJsonInTurns(body);
  } catch (cause) {
    throw new InvalidRequestError((cause as Error).message, { cause });
  }
}

/** Upstream takes an empty parameter for an absent one (S10.4). */
const withoutEmpty = (query: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ''));

const plainHeaders = ({ headers }: FastifyRequest): Record<string, string | undefined> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );

const organizationOf = (principal: Principal): OrganizationScope =>
  ('organization' in principal ? principal.organization : null) as OrganizationScope;

/** Routes whose scope needs a project only get here with one; the others do not look. */
const scopeOf = (principal: Principal): ProjectScope => ('scope' in principal ? principal.scope : null) as ProjectScope;

async function send(reply: FastifyReply, route: Route, answer: unknown): Promise<FastifyReply> {
  const { body, status, headers } = answer instanceof Answer ? answer : new Answer(answer);
  reply.code(status ?? route.status).headers(headers);
  if (body === undefined || body === null) return reply.send();
  if (body instanceof Readable) return reply.send(body);
  if (Buffer.isBuffer(body) || body instanceof Uint8Array) return reply.send(Buffer.from(body));
  if (!reply.hasHeader('content-type')) reply.header('content-type', 'application/json; charset=utf-8');
  const json = typeof body === 'object' ? await toJson(body) : JSON.stringify(body);
  if (typeof json === 'string') return reply.send(json);
  reply.header(
    'content-length',
    json.reduce((sum, { length }) => sum + length, 0),
  );
  return reply.send(Readable.from(json));
}

/** 167 and 168: there is more in it than the engine takes. */
const TOO_HEAVY = new Set<number>([engineCodes.time, engineCodes.memory, engineCodes.killed, 167, 168]);
/** What is wrong in its form may be that it is longer than the engine takes. */
const isTooHeavy = ({ code, message }: ClickHouseError): boolean =>
  TOO_HEAVY.has(code) || (code === engineCodes.syntax && message.includes('Max query size exceeded'));

/** A store that does not answer, or has no room, time, memory or file descriptor left. */
const isOfAStore = (error: unknown): boolean =>
  error instanceof ClickHouseError ||
  error instanceof PostgresError ||
  (error as { syscall?: unknown }).syscall !== undefined;

function toApiError(
  error: unknown,
  { bodyLimit = BODY_LIMIT_BYTES, config }: FastifyRequest['routeOptions'],
): ApiError | null {
  if (error instanceof ApiError) return error;
  // What was to be stored or deleted is sent again by itself only after a 503.
  if ((config as RouteConfig | undefined)?.isRetried === true && isOfAStore(error)) {
    return new OverloadedError('This could not be done for now; send it again', 2, { cause: error });
  }
  if (error instanceof ClickHouseError && isTooHeavy(error)) {
    return new TooHeavyError('This query took too long or too much memory. Narrow the time range or the filter.');
  }
  const { code, statusCode } = error as { code?: string; statusCode?: number };
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    const limit = bodyLimit < 1024 * 1024 ? `${bodyLimit / 1024} kB` : `${bodyLimit / 1024 / 1024} MB`;
    return new TooLargeError(`The body exceeds ${limit}. Send fewer items a request, or compress it.`);
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new ApiError(statusCode, 'InvalidRequestError', (error as Error).message);
  }
  return null;
}

function answerError(
  error: unknown,
  family: RouteFamily,
  request: FastifyRequest,
  reply: FastifyReply,
  log: Logger,
): FastifyReply {
  const known = toApiError(error, request.routeOptions);
  if (known === null) {
    log.error(
      { err: error, requestId: request.id, method: request.method, route: request.routeOptions.url },
      'request failed',
    );
    const body =
      family === 'scim'
        ? errorBody(new ApiError(500, 'InternalError', 'Internal server error'), 'scim')
        : { message: 'Internal Server Error', error: `See the server log for request ${request.id}` };
    return reply.code(500).type('application/json; charset=utf-8').send(JSON.stringify(body));
  }
  if (known instanceof OverloadedError || known instanceof TooManyRequestsError)
    reply.header('retry-after', String(known.retryAfterS));
  if (known instanceof TooManyRequestsError) reply.headers(known.headers);
  if (known.status >= 500)
    log.warn({ err: known, requestId: request.id, route: request.routeOptions.url }, 'request refused for now');
  return reply
    .code(known.status)
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(errorBody(known, family)));
}

/** When to come back to a server that stops. */
const RESTART_S = 5;

/** How long requests under way may take to finish when the server closes. */
const FINISH_MS = 10_000;

/**
 * Takes no more requests and lets those under way finish, for ten seconds at the most. Connections are closed as they fall idle:
 * one that was answering when the server began to close would stay open for as long as its client likes.
 */
export async function closeHttpServer(
  server: FastifyInstance,
  { finishMs = FINISH_MS }: { finishMs?: number } = {},
): Promise<void> {
  const closing = server.close();
  const closeIdle = setInterval(() => server.server.closeIdleConnections(), 100);
  const closeAll = setTimeout(() => server.server.closeAllConnections(), finishMs);
  try {
    await closing;
  } finally {
    clearInterval(closeIdle);
    clearTimeout(closeAll);
  }
}
