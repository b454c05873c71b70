import { defineRoute } from '@tracehouse/contract/route';
import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { askerGone } from '../stores/asker.ts';
import { ClickHouseError } from '../stores/clickhouse/clickhouse.ts';
import { projectScope } from '../stores/scope.ts';
import { Answer, bind } from './bind.ts';
import { OverloadedError, UnauthorizedError } from './errors.ts';
import { ALL_BODIES_BYTES, BODY_LIMIT_BYTES, closeHttpServer, createHttpServer } from './server.ts';

const readThing = defineRoute({
  method: 'GET',
  path: '/api/public/things/:id',
  scope: 'traces:read',
  summary: 'One thing',
  params: z.object({ id: z.string() }),
  query: z.object({
    limit: z.coerce.number().int().min(1).optional(),
    tags: z.union([z.string(), z.array(z.string())]).optional(),
  }),
  response: z.unknown(),
});
const createThing = defineRoute({
  method: 'POST',
  path: '/api/public/things',
  scope: 'traces:create',
  summary: 'A new thing',
  body: z.object({ name: z.string() }),
  status: 201,
  response: z.unknown(),
});
const storeThing = defineRoute({
  method: 'PUT',
  path: '/api/public/things',
  scope: 'traces:create',
  summary: 'Bytes of a thing',
  rawBody: 'stream',
  response: z.unknown(),
});
const failingThing = defineRoute({
  method: 'GET',
  path: '/api/public/failures/:kind',
  scope: 'public',
  summary: 'Fails as told',
  params: z.object({ kind: z.string() }),
});
const failures: Record<string, Error> = {
  overloaded: new OverloadedError('Later', 7),
  heavy: new ClickHouseError('Timeout exceeded', 159),
  bug: new TypeError('secret internals'),
};

let server: FastifyInstance;
beforeAll(async () => {
  server = await createHttpServer({
    log: pino({ level: 'silent' }),
    authenticator: {
      authenticate: async ({ headers, route }) => {
        if (route.scope !== 'public' && headers['authorization'] === undefined)
          throw new UnauthorizedError('No authorization header');
        return { kind: 'public' };
      },
    },
    routes: [
      bind(readThing, ({ params, query }) => ({ ...params, ...query })),
      bind(createThing, ({ body }) => new Answer(body, { headers: { 'x-made': 'yes' } })),
      bind(failingThing, ({ params }) => {
        throw failures[params.kind] ?? new Error('unknown');
      }),
    ],
  });
});
afterAll(() => server.close());

const key = { authorization: 'Basic a' };

describe('a declared route', () => {
  test('gets its path segment decoded, whatever 800 characters it has', async () => {
    const id = `a/b:c#1? ü%2F\\"'${'漢'.repeat(790)}`.slice(0, 800);
    const { statusCode, body } = await server.inject({
      url: `/api/public/things/${encodeURIComponent(id)}`,
      headers: key,
    });
    expect([statusCode, JSON.parse(body)]).toEqual([200, { id }]);
  });

  test('takes an empty parameter for an absent one, and a repeated one as a list', async () => {
    const { body } = await server.inject({ url: '/api/public/things/x?limit=&tags=a&tags=b', headers: key });
    expect(JSON.parse(body)).toEqual({ id: 'x', tags: ['a', 'b'] });
  });

  test('answers the same with a slash at its end', async () => {
    expect((await server.inject({ url: '/api/public/things/x/', headers: key })).statusCode).toBe(200);
  });

  test('names the field that is wrong', async () => {
    const { statusCode, body } = await server.inject({ url: '/api/public/things/x?limit=0', headers: key });
    expect([statusCode, JSON.parse(body)]).toMatchObject([
      400,
      { message: 'Invalid request data', error: [{ path: ['limit'] }] },
    ]);
  });

  test('answers its own status, and headers where the handler says so', async () => {
    const made = await server.inject({
      method: 'POST',
      url: '/api/public/things',
      headers: key,
      payload: { name: 'n' },
    });
    expect([made.statusCode, made.headers['x-made'], made.json()]).toEqual([201, 'yes', { name: 'n' }]);
  });
});

test('a long list arrives whole, with its length', async () => {
  const data = Array.from({ length: 500 }, (_, i) => ({ id: i, text: `${'漢'.repeat(700)} ${i}` }));
  const long = await createHttpServer({
    log: pino({ level: 'silent' }),
    authenticator: { authenticate: async () => ({ kind: 'public' }) },
    routes: [bind(readThing, () => ({ data }))],
  });
  try {
    const { statusCode, headers, rawPayload } = await long.inject({ url: '/api/public/things/x' });
    const whole = Buffer.from(JSON.stringify({ data }));
    expect([statusCode, headers['content-length']]).toEqual([200, String(whole.length)]);
    expect(rawPayload.equals(whole)).toBe(true);
  } finally {
    await long.close();
  }
});

describe('what is refused', () => {
  test.each([
    ['no key', { url: '/api/public/things/x' }, 401, { message: 'No authorization header' }],
    ['an unknown route', { url: '/api/public/nothing' }, 404, { error: 'LangfuseNotFoundError' }],
    [
      'another method, before any key is asked for',
      { method: 'DELETE', url: '/api/public/things/x' },
      405,
      { message: 'Method not allowed', error: 'MethodNotAllowedError' },
    ],
    [
      'a body that is no JSON',
      {
        method: 'POST',
        url: '/api/public/things',
        headers: { ...key, 'content-type': 'application/json' },
        payload: '{"name":',
      },
      400,
      { message: 'Invalid JSON' },
    ],
    [
      'a body of another kind',
      {
        method: 'POST',
        url: '/api/public/things',
        headers: { ...key, 'content-type': 'text/plain' },
        payload: 'hello',
      },
      400,
      { message: 'Invalid request data' },
    ],
    [
      'a body over 16 MB',
      {
        method: 'POST',
        url: '/api/public/things',
        headers: { ...key, 'content-type': 'application/json' },
        payload: 'x'.repeat(16 * 1024 * 1024 + 1),
      },
      413,
      { message: 'The body exceeds 16 MB. Send fewer items a request, or compress it.' },
    ],
    ['a query that the engine stopped', { url: '/api/public/failures/heavy' }, 422, { error: 'Request timed out' }],
  ] as const)('%s', async (_what, request, status, body) => {
    const answer = await server.inject(request as { url: string });
    expect([answer.statusCode, answer.json()]).toMatchObject([status, body]);
  });

  test('what may pass by itself says when to come back', async () => {
    const { statusCode, headers } = await server.inject({ url: '/api/public/failures/overloaded' });
    expect([statusCode, headers['retry-after']]).toEqual([503, '7']);
  });

  test('a fault of ours tells nothing of its insides', async () => {
    const { statusCode, body } = await server.inject({ url: '/api/public/failures/bug' });
    expect(statusCode).toBe(500);
    expect(body).not.toContain('secret');
    expect(JSON.parse(body)).toMatchObject({ message: 'Internal Server Error' });
  });
});

test('who leaves is known to have gone, for everything asked on that connection, by whatever reads for it', async () => {
  const gone: string[] = [];
  const both = Promise.withResolvers<void>();
  const left = await createHttpServer({
    log: pino({ level: 'silent' }),
    authenticator: { authenticate: async () => ({ kind: 'public' }) },
    routes: [
      bind(readThing, async ({ params, signal }) => {
        await new Promise((resolve) => askerGone()!.addEventListener('abort', resolve));
        gone.push(`${params.id} ${signal.aborted}`);
        if (gone.length === 2) both.resolve();
      }),
    ],
  });
  await left.listen({ port: 0, host: '127.0.0.1' });
  const socket = connect((left.server.address() as AddressInfo).port, '127.0.0.1');
  const asked = ['a', 'b'].map((id) => `GET /api/public/things/${id} HTTP/1.1\r\nhost: x\r\n\r\n`).join('');
  socket.write(asked, () => setTimeout(() => socket.resetAndDestroy(), 100));
  await both.promise;
  expect(gone.toSorted()).toEqual(['a true', 'b true']);
  await left.close();
});

test('closing lets a request under way finish', async () => {
  const begun = Promise.withResolvers<void>();
  const closing = await createHttpServer({
    log: pino({ level: 'silent' }),
    authenticator: {
      authenticate: async () => ({
        kind: 'projectKey',
        keyId: 'k',
        publicKey: 'pk',
        organizationId: 'o',
        scope: projectScope('p'),
      }),
    },
    routes: [
      bind(createThing, async ({ body }) => {
        begun.resolve();
        await new Promise((resolve) => setTimeout(resolve, 300));
        return body;
      }),
    ],
  });
  await closing.listen({ port: 0, host: '127.0.0.1' });
  const { port } = closing.server.address() as AddressInfo;
  const asked = fetch(`http://127.0.0.1:${port}/api/public/things`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'n' }),
  });
  await begun.promise;
  await closeHttpServer(closing);
  expect((await asked).status).toBe(201);
});

test('what comes on an open connection while the server closes is told when to come back', async () => {
  const begun = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  let calls = 0;
  const closing = await createHttpServer({
    log: pino({ level: 'silent' }),
    authenticator: { authenticate: async () => ({ kind: 'public' }) },
    routes: [
      bind(readThing, async () => {
        calls += 1;
        begun.resolve();
        await finish.promise;
        return {};
      }),
    ],
  });
  const stopping = Promise.withResolvers<void>();
  closing.addHook('preClose', async () => stopping.resolve());
  await closing.listen({ port: 0, host: '127.0.0.1' });
  const socket = connect((closing.server.address() as AddressInfo).port, '127.0.0.1');
  socket.write('GET /api/public/things/1 HTTP/1.1\r\nhost: x\r\n\r\n');
  await begun.promise;
  const closed = closeHttpServer(closing);
  await stopping.promise;
  const second = once(closing.server, 'request');
  socket.write('GET /api/public/things/2 HTTP/1.1\r\nhost: x\r\n\r\n');
  await second;
  finish.resolve();
  const answers = await text(socket);
  await closed;
  expect(calls).toBe(1);
  expect(answers).toMatch(/^HTTP\/1.1 200 /);
  expect(answers).toMatch(/HTTP\/1.1 503 [^]*retry-after: 5\r\n[^]*"message":"The server is stopping/i);
});

test('closing does not wait for clients that have connected and say nothing, or half of a request', async () => {
  const closing = await createHttpServer({
    log: pino({ level: 'silent' }),
    authenticator: { authenticate: () => Promise.reject(new UnauthorizedError('no')) },
    routes: [],
  });
  await closing.listen({ port: 0, host: '127.0.0.1' });
  const { port } = closing.server.address() as AddressInfo;
  const silent = connect(port, '127.0.0.1');
  const half = connect(port, '127.0.0.1');
  await Promise.all([once(silent, 'connect'), once(half, 'connect')]);
  await new Promise<void>((resolve) => half.write('GET /api/pub', () => resolve()));
  silent.resume();
  half.on('error', () => undefined);
  await closeHttpServer(closing, { finishMs: 200 });
  await Promise.all([silent, half].map((socket) => socket.destroyed || once(socket, 'close')));
  expect([silent.destroyed, half.destroyed]).toEqual([true, true]);
});

test('what browsers have begun to send leaves room for the servers of their project: anyone can read a public key', async () => {
  const scope = projectScope('p');
  const key = { keyId: 'k', publicKey: 'pk', organizationId: 'o', scope };
  const shared = await createHttpServer({
    log: pino({ level: 'silent' }),
    authenticator: {
      authenticate: async ({ headers }) => ({ kind: headers['x-browser'] ? 'browserKey' : 'projectKey', ...key }),
    },
    routes: [bind(createThing, ({ body }) => body)],
  });
  await shared.listen({ port: 0, host: '127.0.0.1' });
  const { port } = shared.server.address() as AddressInfo;
  const half = ALL_BODIES_BYTES / 2 / BODY_LIMIT_BYTES;
  const post = 'POST /api/public/things HTTP/1.1\r\nhost: x\r\nx-browser: yes\r\nexpect: 100-continue\r\n';
  const begun = await Promise.all(
    Array.from({ length: half }, async () => {
      const socket = connect(port, '127.0.0.1');
      socket.write(`${post}content-length: ${BODY_LIMIT_BYTES}\r\n\r\n`);
      await once(socket, 'data'); // it may go on
      return socket;
    }),
  );
  const status = async (who: Record<string, string>): Promise<number> => {
    const headers = { 'content-type': 'application/json', ...who };
    const url = `http://127.0.0.1:${port}/api/public/things`;
    return (await fetch(url, { method: 'POST', headers, body: JSON.stringify({ name: 'n' }) })).status;
  };
  await expect.poll(() => status({ 'x-browser': 'yes' })).toBe(503);
  expect(await status({})).toBe(201);
  for (const socket of begun) socket.destroy();
  await shared.close();
});

describe('other origins', () => {
  const origin = 'https://app.example.com';

  test('may call with a key', async () => {
    const { headers } = await server.inject({ url: '/api/public/things/x', headers: { ...key, origin } });
    expect(headers['access-control-allow-origin']).toBe(origin);
    expect(headers['access-control-allow-credentials']).toBeUndefined();
  });

  test('get no answer to read where a cookie speaks', async () => {
    const { headers } = await server.inject({ url: '/api/public/things/x', headers: { cookie: 'a=b', origin } });
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });

  test('may ask beforehand, with any header', async () => {
    const { statusCode, headers } = await server.inject({
      method: 'OPTIONS',
      url: '/api/public/things/x',
      headers: {
        origin,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'authorization,x-langfuse-sdk-name',
      },
    });
    expect(statusCode).toBe(204);
    expect(headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'GET,HEAD,PUT,PATCH,POST,DELETE',
      'access-control-allow-headers': 'authorization,x-langfuse-sdk-name',
    });
  });
});

test('every answer forbids inline code and other hosts', async () => {
  const { headers } = await server.inject({ url: '/api/public/nothing' });
  expect(headers['content-security-policy']).toMatch(/default-src 'none'/);
  expect(headers['content-security-policy']).not.toMatch(/unsafe|https?:|\*/);
  expect(headers['x-content-type-options']).toBe('nosniff');
});

/** What a listening server answers to these bytes, sent one piece at a time with a pause before each but the first. */
async function talk(pieces: readonly string[], pauseMs: number): Promise<{ answer: string; tookMs: number }> {
  const from = performance.now();
  const socket = connect(slowPort, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk) => (answer += chunk.toString()));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => undefined); // the other side may be gone already
  for (const [index, piece] of pieces.entries()) {
    if (index > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    if (!socket.destroyed) socket.write(piece);
  }
  await closed;
  return { answer, tookMs: performance.now() - from };
}

let slow: FastifyInstance;
let slowPort: number;

describe('who is slow, or sends what nobody asked for', () => {
  const post = 'POST /api/public/things HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';
  const drips = Array.from({ length: 100 }, () => 'x');

  beforeAll(async () => {
    slow = await createHttpServer({
      log: pino({ level: 'silent' }),
      authenticator: {
        authenticate: async ({ headers }) => {
          if (headers['authorization'] === undefined) throw new UnauthorizedError('No authorization header');
          return { kind: 'public' };
        },
      },
      routes: [
        bind(createThing, ({ body }) => body),
        bind(storeThing, async ({ body }) => ({ bytes: (await buffer(body as Readable)).length })),
      ],
      timeouts: { headersMs: 300, requestMs: 600, silenceMs: 5_000, checkEveryMs: 50 },
    });
    await slow.listen({ port: 0, host: '127.0.0.1' });
    slowPort = (slow.server.address() as AddressInfo).port;
  });
  afterAll(() => slow.close());

  test.each([
    ['headers that do not end', [post, ...drips]],
    ['a body that comes byte by byte', [`${post}authorization: Basic a\r\ncontent-length: 1000\r\n\r\n`, ...drips]],
  ])('%s: the connection is given up with 408', async (_what, pieces) => {
    const { answer, tookMs } = await talk(pieces, 30);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(tookMs).toBeLessThan(5_000);
  });

  test('what is stored as it comes may take as long as it moves', async () => {
    const put = post.replace('POST', 'PUT').replace('application/json', 'image/png');
    const { answer, tookMs } = await talk(
      [`${put}authorization: Basic a\r\nconnection: close\r\ncontent-length: 100\r\n\r\n`, ...drips],
      10,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 [^]*"bytes":100/);
    expect(tookMs).toBeGreaterThan(1_000);
  });

  test('a megabyte of headers is refused', async () => {
    const { answer } = await talk([`${post}x-large: ${'x'.repeat(1024 * 1024)}\r\n\r\n`], 0);
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
  });

  test('without a key the answer does not wait for the body', async () => {
    const { answer } = await talk([`${post}connection: close\r\ncontent-length: 16000000\r\n\r\n{`], 0);
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
  });
});
