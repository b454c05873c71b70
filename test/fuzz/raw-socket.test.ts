import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { projectApi } from '../harness/project-api.ts';
import { startServer, type TestServer } from '../harness/server.ts';
import { errorsOf } from './attack.ts';
import { createRandom } from './random.ts';
import { allRoutes, pathOf } from './routes.ts';

let server: TestServer;
let key: string;
let logged = 0;

beforeAll(async () => {
  server = await startServer({ screens: false });
  key = `authorization: ${projectApi(server).authorization}\r\n`;
  const batch = Array.from({ length: 500 }, (_, i) => ({
    id: `e-${i}`,
    type: 'trace-create',
    timestamp: new Date().toISOString(),
    body: { id: `t-${i}`, name: 'large', input: 'x'.repeat(10_000) },
  }));
  const stored = await fetch(`${server.url}/api/public/ingestion`, {
    method: 'POST',
    headers: { authorization: projectApi(server).authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ batch }),
  });
  if (stored.status !== 207) throw new Error(`storing answered ${stored.status}`);
}, 120_000);
afterAll(() => server.stop());

/** After whatever was sent: the process answers, it is the same (nothing starts it again), and has logged no fault of its own. */
afterEach(async () => {
  const answer = await fetch(`${server.url}/api/public/health`);
  const faults = errorsOf(server.log().slice(logged));
  logged = server.log().length;
  if (!answer.ok || faults.length > 0) throw new Error(`health ${answer.status}; logged: ${faults.join('\n')}`);
});

const open = (url = server.url): Socket => {
  const { hostname, port } = new URL(url);
  return connect({ port: Number(port), host: hostname, allowHalfOpen: true });
};

/**
 * What comes back until the server closes the connection. `isAll`: this end says that nothing more comes, which Node answers by
 * giving up what is not finished.
 */
function say(bytes: string | Buffer, { url, isAll = false }: { url?: string; isAll?: boolean } = {}): Promise<string> {
  return new Promise((resolve) => {
    const socket = open(url);
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', () => undefined); // reset: what has come until then counts
    socket.on('end', () => socket.destroy());
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
    if (isAll) socket.end(bytes);
    else socket.write(bytes);
  });
}

const statusesOf = (answer: string): number[] =>
  [...answer.matchAll(/HTTP\/1\.[01] (\d{3}) /g)].map(([, status]) => Number(status));

const methods = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND', 'PURGE', 'QUERY'];

describe('every route, by every method', () => {
  test.each([
    ['without a key', () => ''],
    ['with a key', () => key],
  ])('%s: answered or refused', async (_who, authorization) => {
    const wrong: string[] = [];
    for (const route of await allRoutes()) {
      const path = pathOf(route, () => 'nobody');
      const url = /^\/(api\/(health|ready)|metrics)$/.test(path) ? server.workerUrl : server.url;
      for (const method of methods) {
        const request = `${method} ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${authorization()}content-length: 0\r\n\r\n`;
        const [status, ...more] = statusesOf(await say(request, { url }));
        const isRight = status !== undefined && status < 500 && more.length === 0;
        // A declared route is served; what it is asked for need not be there.
        const isServed = method !== route.method || status !== 404 || path.includes('nobody');
        if (!isRight || !isServed) wrong.push(`${method} ${path}: ${status} ${more.join(' ')}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});

const post = (more: string, body = ''): string =>
  `POST /api/public/ingestion HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n${key}${more}\r\n${body}`;
const chunked = (body: string): string => post('transfer-encoding: chunked\r\n', body);
const get = (more: string, connection = 'close'): string =>
  `GET /api/public/health HTTP/1.1\r\nhost: x\r\nconnection: ${connection}\r\n${more}\r\n`;

/** No status is a connection that was closed without an answer. */
const messages: readonly [name: string, bytes: () => string | Buffer, statuses: number[]][] = [
  ['the preface of HTTP/2', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', [400]],
  [
    'an upgrade to HTTP/2',
    () => get('upgrade: h2c\r\nhttp2-settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n', 'upgrade, close'),
    [200],
  ],
  [
    'an upgrade to a web socket',
    () => get('upgrade: websocket\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n', 'upgrade, close'),
    [200],
  ],
  ['a TLS handshake', () => Buffer.from('16030100c8010000c40303', 'hex'), [400]],
  ['nothing but NUL', () => Buffer.alloc(10_000), [400]],
  ['another version', () => 'GET / HTTP/9.9\r\nhost: x\r\n\r\n', [400]],
  ['CONNECT', () => 'CONNECT 127.0.0.1:22 HTTP/1.1\r\nhost: x\r\n\r\n', []],
  [
    'an address with a host in it',
    () => 'GET http://evil.example/api/public/health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
    [200, 404],
  ],
  ['an asterisk for an address', () => 'OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', [404]],
  ['an address of slashes', () => `GET ${'/'.repeat(5000)} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`, [404]],
  [
    'an address that decodes to nothing',
    () => 'GET /api/public/traces/%ff%fe%00 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
    [400],
  ],
  [
    'an address with half an escape',
    () => 'GET /api/public/traces/%E4%A HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
    [400],
  ],
  ['an address of 100 kB', () => `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, [431]],
  ['a header of 100 kB', () => get(`x-large: ${'x'.repeat(100_000)}\r\n`), [431]],
  ['ten thousand headers', () => get('a: b\r\n'.repeat(10_000)), [431]],
  ['a thousand headers', () => get('a: b\r\n'.repeat(1000)), [200, 431]],
  ['the same header with many values', () => get('content-length: 0\r\n'.repeat(3)), [400]],
  ['a header without a name', () => get(': x\r\n'), [400]],
  ['a header with a NUL in it', () => get('x-nul: a\0b\r\n'), [400]],
  ['a header named __proto__', () => get('__proto__: x\r\nconstructor: y\r\n'), [200]],
  ['a folded header', () => get('x-folded: a\r\n b\r\n'), [200, 400]],
  ['no host', () => 'GET /api/public/health HTTP/1.1\r\n\r\n', [400]],
  [
    'a credential of every byte',
    () => Buffer.from(get('').replace('\r\n\r\n', `\r\nauthorization: Basic ${everyByte}\r\n\r\n`), 'latin1'),
    [200, 400],
  ],
  ['an expectation nobody knows', () => post('expect: a miracle\r\ncontent-length: 2\r\n', '{}'), [417]],
  ['a negative length', () => post('content-length: -1\r\n', '{}'), [400]],
  ['a length with an exponent', () => post('content-length: 1e3\r\n', '{}'), [400]],
  ['a hexadecimal length', () => post('content-length: 0x2\r\n', '{}'), [400]],
  ['a length with a sign', () => post('content-length: +2\r\n', '{}'), [400]],
  ['two lengths', () => post('content-length: 2\r\ncontent-length: 3\r\n', '{}'), [400]],
  ['two lengths in one', () => post('content-length: 2, 2\r\n', '{}'), [400]],
  ['a length beyond all numbers', () => post('content-length: 99999999999999999999999\r\n', '{}'), [400]],
  ['a length beyond all memory', () => post('content-length: 9007199254740991\r\n', '{}'), [413]],
  ['a length and chunks', () => post('content-length: 2\r\ntransfer-encoding: chunked\r\n', '0\r\n\r\n'), [400]],
  ['a length that is too short', () => post('content-length: 2\r\n', '{"batch":[]}'), [400]],
  ['chunks of another coding', () => post('transfer-encoding: gzip, chunked\r\n', '0\r\n\r\n'), [400]],
  ['chunks that are not the last coding', () => post('transfer-encoding: chunked, identity\r\n', '0\r\n\r\n'), [400]],
  ['chunks', () => chunked('c\r\n{"batch":[]}\r\n0\r\n\r\n'), [207]],
  ['chunks with trailers', () => chunked('c\r\n{"batch":[]}\r\n0\r\nauthorization: Basic x\r\n\r\n'), [207]],
  ['chunks and then garbage', () => chunked('c\r\n{"batch":[]}\r\n0\r\n\r\n\x01\x02garbage'), [207, 400]],
  ['a chunk longer than it says', () => chunked('2\r\n{"batch":[]}\r\n0\r\n\r\n'), [400]],
  ['a chunk whose length is no number', () => chunked('xyz\r\n{}\r\n0\r\n\r\n'), [400]],
  ['a chunk of negative length', () => chunked('-1\r\n{}\r\n0\r\n\r\n'), [400]],
  ['a chunk beyond all numbers', () => chunked('fffffffffffffffff\r\n{}\r\n0\r\n\r\n'), [400]],
  ['a chunk with an endless extension', () => chunked(`2;${'x'.repeat(100_000)}\r\n{}\r\n0\r\n\r\n`), [400, 413]],
  ['17 MB in chunks', () => chunked(`${'100000\r\n'.concat('x'.repeat(0x100000), '\r\n').repeat(17)}0\r\n\r\n`), [413]],
  ['requests one behind the other', () => get('', 'keep-alive').repeat(100) + get(''), Array<number>(101).fill(200)],
  ['a request and then garbage', () => `${get('', 'keep-alive')}\x01\x02\x03 garbage\r\n\r\n`, [200, 400]],
  ['a request hidden in the body of another', () => post('content-length: 2\r\n', `{}${get('')}`), [400]],
];

const unfinished: readonly [name: string, bytes: () => string, statuses: number[]][] = [
  ['HTTP/0.9', () => 'GET /api/public/health\r\n', [400]],
  ['nothing but line ends', () => '\r\n'.repeat(10_000), []],
  ['a header that never ends', () => 'GET / HTTP/1.1\r\nhost: x\r\nx-open: ', [400]],
  ['an expectation, and no body', () => post('expect: 100-continue\r\ncontent-length: 2\r\n'), [100, 400]],
  ['a length that is too long', () => post('content-length: 100\r\n', '{"batch":'), [400]],
  ['a chunk shorter than it says', () => chunked('ff\r\n{"batch":[]}\r\n'), [400]],
  ['a chunk that never comes', () => chunked('ff\r\n'), [400]],
];

const everyByte = Array.from({ length: 255 }, (_, i) => String.fromCodePoint(i + 1))
  .filter((character) => character !== '\r' && character !== '\n')
  .join('');

describe('what is no request, or only just one', () => {
  test.each(messages)('%s', async (_name, bytes, statuses) => {
    expectStatuses(await say(bytes()), statuses);
  });

  test.each(unfinished)('%s, and then the end', async (_name, bytes, statuses) => {
    expectStatuses(await say(bytes(), { isAll: true }), statuses);
  });

  test('bytes that a seed makes up, alone and inside of requests', async () => {
    for (let index = 0; index < 300; index += 1) {
      const random = createRandom(`raw ${index}`);
      const request = Buffer.from(
        random.pick([post('content-length: 12\r\n', '{"batch":[]}'), get(''), chunked('0\r\n\r\n')]),
      );
      const at = random.below(request.length);
      const bytes = random.pick([
        () => random.bytes(1 + random.below(3000)),
        () => Buffer.concat([request.subarray(0, at), random.bytes(1 + random.below(20)), request.subarray(at)]),
        () => Buffer.concat([request.subarray(0, at), request.subarray(at + 1 + random.below(20))]),
        () => Buffer.concat([request, random.bytes(random.below(100))]),
      ])();
      const answer = await say(bytes, { isAll: true });
      expect(statusesOf(answer).filter((status) => status >= 500)).toEqual([]);
    }
  });
});

/** One of several that are right, or all of them one after the other. */
function expectStatuses(answer: string, statuses: readonly number[]): void {
  const got = statusesOf(answer);
  const isRight = got.join() === statuses.join() || (got.length === 1 && statuses.includes(got[0]!));
  expect(isRight, `answered ${got.join()}: ${answer.slice(0, 300)}`).toBe(true);
}

describe('who leaves early', () => {
  const upload = (): Buffer => Buffer.from(post('content-length: 300000\r\n', `{"batch":[${' '.repeat(299_988)}]}`));
  const lists = ['/api/public/traces?limit=100', '/api/public/observations', '/api/public/x/traces?limit=100'];
  const asked = (count = lists.length): string =>
    lists
      .slice(0, count)
      .map((path) => `GET ${path} HTTP/1.1\r\nhost: x\r\n${key}\r\n`)
      .join('');

  /** `leave` breaks the connection once it is asked to. */
  const leaving = (leave: (socket: Socket) => void) =>
    ({
      'in the middle of an upload': (index: number) =>
        new Promise<void>((resolve) => {
          const bytes = upload();
          const socket = open().on('error', () => undefined);
          socket.on('close', () => resolve()).resume();
          socket.write(bytes.subarray(0, 1 + ((index * 7919) % bytes.length)), () =>
            setTimeout(leave, index % 20, socket),
          );
        }),
      'before the answer': (index: number) =>
        new Promise<void>((resolve) => {
          const socket = open().on('error', () => undefined);
          socket.on('close', () => resolve()).resume();
          socket.write(asked(), () => setTimeout(leave, index % 40, socket));
        }),
      'in the middle of the answer': () =>
        new Promise<void>((resolve) => {
          const socket = open().on('error', () => undefined);
          socket.on('close', () => resolve());
          socket.once('data', () => leave(socket)).write(asked(1));
        }),
    }) as const;

  for (const [how, leave] of [
    ['with a goodbye', (socket: Socket) => void socket.destroy()],
    ['with a reset', (socket: Socket) => void socket.resetAndDestroy()],
  ] as const) {
    for (const [when, one] of Object.entries(leaving(leave))) {
      test(`${when}, ${how}`, async () => {
        for (let from = 0; from < 20; from += 5) {
          await Promise.all(Array.from({ length: 5 }, (_, i) => one(from + i)));
        }
      });
    }
  }

  test('reads nothing of its answer for a while, and then the answer is whole', async () => {
    const socket = open().on('error', () => undefined);
    socket.pause();
    socket.write(`GET /api/public/traces?limit=100 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${key}\r\n`);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    const [, body = ''] = Buffer.concat(chunks).toString().split('\r\n\r\n');
    expect((JSON.parse(body) as { data: unknown[] }).data).toHaveLength(100);
  });
});
