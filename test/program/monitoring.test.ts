import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ screens: false, env: { TRACEHOUSE_PROBE_INTERVAL_S: '5' } });
});
afterAll(() => server.stop());

const PROBE_HEALTH = '/api/public/health?failIfProbeStale=true';

const authorization = (): string => `Basic ${btoa(`${server.publicKey}:${server.secretKey}`)}`;

async function ask(url: string, init?: RequestInit): Promise<{ status: number; text: string }> {
  const answer = await fetch(url, init);
  return { status: answer.status, text: await answer.text() };
}

const scrape = async (): Promise<string> => (await ask(`${server.workerUrl}/metrics`)).text;

/** The value of a series; undefined when it is not there. */
function valueOf(text: string, series: string): number | undefined {
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

test('the probe of a new installation is fresh, and what it does shows nowhere but in the metrics', async () => {
  await expect
    .poll(async () => valueOf(await scrape(), 'tracehouse_probe_runs_total{outcome="success"}'), { timeout: 45_000 })
    .toBeGreaterThan(0);
  const text = await scrape();
  expect(valueOf(text, 'tracehouse_probe_latency_seconds')).toBeGreaterThan(0);
  expect(valueOf(text, 'tracehouse_store_up{store="postgres"}')).toBe(1);
  expect(valueOf(text, 'tracehouse_store_up{store="clickhouse"}')).toBe(1);
  for (const figure of ['memory_bytes', 'parts', 'partition_parts_max', 'rows', 'disk_bytes']) {
    expect(valueOf(text, `tracehouse_engine_${figure}`), figure).toBeGreaterThan(0);
  }
  expect(valueOf(text, 'tracehouse_ingestion_items_total{door="otlp",outcome="stored"}')).toBeUndefined();
  await expect.poll(async () => (await ask(`${server.url}${PROBE_HEALTH}`)).status, { timeout: 60_000 }).toBe(200);
  expect((await ask(`${server.url}/api/public/health?failIfNoRecentEvents=true`)).status).toBe(503);

  const signIn = await fetch(`${server.url}/api/auth/signin/password`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: server.url },
    body: JSON.stringify({ email: server.email, password: server.password }),
  });
  const cookie = signIn.headers.get('set-cookie')!.split(';')[0]!;
  const session = await ask(`${server.url}/api/auth/session`, { headers: { cookie, origin: server.url } });
  expect(session.text).toContain(server.projectId);
  const traces = await ask(`${server.url}/api/public/traces`, { headers: { authorization: authorization() } });
  for (const { text } of [session, traces]) expect(text).not.toMatch(/probe/i);
});

test('what a client sends and is refused is counted, and names nobody', async () => {
  const time = new Date().toISOString();
  const batch = [
    { id: '1', type: 'trace-create', timestamp: time, body: { id: 'counted', name: 'counted' } },
    { id: '2', type: 'span-create', timestamp: time, body: { id: 'span', traceId: 'counted' } },
    { id: '3', type: 'no-such-type', timestamp: time, body: {} },
  ];
  const post = (path: string, body: string) =>
    ask(`${server.url}${path}`, {
      method: 'POST',
      headers: { authorization: authorization(), 'content-type': 'application/json' },
      body,
    });
  expect((await post('/api/public/ingestion', JSON.stringify({ batch }))).status).toBe(207);
  expect((await post('/api/public/otel/v1/traces', '{"resourceSpans":')).status).toBe(400);
  const text = await scrape();
  for (const [series, value] of [
    ['tracehouse_ingestion_items_total{door="json",outcome="stored"}', 2],
    ['tracehouse_ingestion_items_total{door="json",outcome="rejected"}', 1],
    ['tracehouse_ingestion_problems_total{door="json",reason="unknown_type"}', 1],
    ['tracehouse_ingestion_refused_requests_total{door="otlp",reason="malformed"}', 1],
    ['tracehouse_http_requests_total{method="POST",route="/api/public/ingestion",status="207"}', 1],
    ['tracehouse_http_requests_total{method="POST",route="/api/public/otel/v1/traces",status="400"}', 1],
  ] as const) {
    expect(valueOf(text, series), series).toBe(value);
  }
  for (const secret of [server.projectId, server.publicKey, 'counted', server.email])
    expect(text).not.toContain(secret);
  expect((await ask(`${server.url}/metrics`)).status).toBe(404);
});

test('a door that stores nothing any more is told by the probe, which is fresh again once it does', async () => {
  const journal = join(server.dataDirectory, 'journal');
  const statusOf = async (path: string) => (await ask(`${server.url}${path}`)).status;
  await rename(journal, `${journal}-away`);
  await expect.poll(() => statusOf(PROBE_HEALTH), { timeout: 60_000 }).toBe(503);
  expect((await ask(`${server.url}${PROBE_HEALTH}`)).text).toMatch(
    /No trace of the probe was read back for \d+ s: POST \S+ answered 503 /,
  );
  expect(await statusOf('/api/public/health')).toBe(200);
  await rename(`${journal}-away`, journal);
  await expect.poll(() => statusOf(PROBE_HEALTH), { timeout: 60_000 }).toBe(200);
});
