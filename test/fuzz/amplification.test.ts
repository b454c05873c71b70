import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { projectApi } from '../harness/project-api.ts';
import { startServer, type TestServer } from '../harness/server.ts';
import { forgetPeakRss, peakRssMb, send, watchStalls } from './attack.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ screens: false });
});
afterAll(() => server.stop());

const MEGABYTE = 1024 * 1024;
const otlp = '/api/public/otel/v1/traces';
const protobuf = { 'content-type': 'application/x-protobuf' };
const json = { 'content-type': 'application/json' };
const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
const list = (item: string, bytes: number): string =>
  Array(Math.floor(bytes / (item.length + 1)))
    .fill(item)
    .join(',');

/** Bodies within the limit of bytes that cost far more than they weigh. */
const bodies: readonly [
  name: string,
  path: string,
  headers: Record<string, string>,
  make: () => Buffer,
  statuses: number[],
][] = [
  ['millions of empty groups', otlp, protobuf, () => Buffer.alloc(15 * MEGABYTE, Buffer.from('0a00', 'hex')), [400]],
  [
    'millions of empty scopes',
    otlp,
    protobuf,
    () => {
      const inside = Buffer.alloc(2 * MEGABYTE, Buffer.from('1200', 'hex'));
      return Buffer.concat([Buffer.from('0a80808001', 'hex'), inside]);
    },
    [400],
  ],
  [
    'millions of empty spans',
    otlp,
    protobuf,
    () => {
      const inside = Buffer.alloc(2 * MEGABYTE, Buffer.from('1200', 'hex'));
      return Buffer.concat([Buffer.from('0a85808001', 'hex'), Buffer.from('1280808001', 'hex'), inside]);
    },
    [200, 400],
  ],
  [
    'millions of empty groups',
    otlp,
    json,
    () => Buffer.from(`{"resourceSpans":[${list('{}', 15 * MEGABYTE)}]}`),
    [400],
  ],
  [
    'millions of empty spans',
    otlp,
    json,
    () => Buffer.from(`{"resourceSpans":[{"scopeSpans":[{"spans":[${list('{}', 15 * MEGABYTE)}]}]}]}`),
    [400],
  ],
  ['lists in lists', otlp, json, () => Buffer.from(nested(7 * MEGABYTE)), [200, 400]],
  [
    'lists in lists, of an attribute',
    otlp,
    json,
    () => Buffer.from(`{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":${nested(7 * MEGABYTE)}}]}]}]}`),
    [200, 400],
  ],
  [
    'blanks, compressed two hundredfold',
    otlp,
    { ...json, 'content-encoding': 'gzip' },
    () => gzipSync(Buffer.alloc(60 * MEGABYTE, ' ')),
    [413],
  ],
  [
    'empty lists, compressed',
    otlp,
    { ...json, 'content-encoding': 'zstd' },
    () => zstdCompressSync(Buffer.from(`{"resourceSpans":[${list('[]', 60 * MEGABYTE)}]}`)),
    [413],
  ],
  [
    'millions of events',
    '/api/public/ingestion',
    json,
    () => Buffer.from(`{"batch":[${list('{}', 15 * MEGABYTE)}]}`),
    [400],
  ],
  [
    'lists in lists',
    '/api/public/ingestion',
    json,
    () => Buffer.from(`{"batch":[{"a":${nested(7 * MEGABYTE)}}]}`),
    [400],
  ],
  [
    'an event of wrong fields',
    '/api/public/ingestion',
    json,
    () =>
      Buffer.from(
        `{"batch":[{"id":"e","type":"generation-create","timestamp":"2026-11-20T10:00:00Z","body":{"id":"g","modelParameters":{${Array.from({ length: 300_000 }, (_, i) => `"k${i}":[1]`).join(',')}}}}]}`,
      ),
    [400],
  ],
  ['millions of scores', '/api/public/scores', json, () => Buffer.from(`[${list('{}', 15 * MEGABYTE)}]`), [400]],
  [
    'lists in lists',
    '/api/public/scores',
    json,
    () => Buffer.from(`[{"traceId":"t","name":"n","value":1,"metadata":${nested(7 * MEGABYTE)}}]`),
    [400],
  ],
  [
    'more events than a batch may have',
    '/api/public/ingestion',
    json,
    () => Buffer.from(`{"batch":[${Array(10_001).fill('{}').join(',')}]}`),
    [413],
  ],
  [
    'more scores than a list may have',
    '/api/public/scores',
    json,
    () => Buffer.from(`[${Array(10_001).fill('{}').join(',')}]`),
    [413],
  ],
  [
    'scores of wrong fields',
    '/api/public/scores',
    json,
    () => Buffer.from(`[${Array(10_000).fill('{}').join(',')}]`),
    [207],
  ],
  [
    'events of wrong fields',
    '/api/public/ingestion',
    json,
    () => Buffer.from(`{"batch":[${Array(10_000).fill('{}').join(',')}]}`),
    [207],
  ],
  [
    'a megabyte of key',
    '/api/public/scores',
    json,
    () => Buffer.from(`{"traceId":"t","name":"n","value":1,"metadata":{"${'k'.repeat(MEGABYTE)}":1}}`),
    [200],
  ],
];

describe('a body that costs more than it weighs', () => {
  test.each(bodies)('%s to %s is answered, in bounds', async (_name, path, headers, make, statuses) => {
    const body = make();
    forgetPeakRss(server.pid);
    const before = peakRssMb(server.pid);
    const watch = watchStalls(server.url);
    const { status, text } = await send(server.url, { path, headers, body }, projectApi(server).authorization);
    const stallMs = await watch.stop();
    expect(stallMs).toBeLessThan(2000);
    expect(statuses).toContain(status);
    expect(text.length).toBeLessThan(4 * MEGABYTE);
    expect(peakRssMb(server.pid) - before).toBeLessThan(500);
  });
});
