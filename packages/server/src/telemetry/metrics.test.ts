import { readFile } from 'node:fs/promises';
import { exportTraces } from '@tracehouse/contract/otel';
import { pino } from 'pino';
import { afterEach, expect, test } from 'vitest';
import { bind } from '../http/bind.ts';
import { OverloadedError } from '../http/errors.ts';
import { createHttpServer } from '../http/server.ts';
import { metricsRoutes } from '../http/system-routes.ts';
import { createMetrics, type DoorOutcome } from './metrics.ts';

const clean: (() => unknown)[] = [];
afterEach(async () => {
  for (const each of clean.splice(0)) await each();
});

const partly: DoorOutcome = {
  door: 'OTLP',
  status: 200,
  stored: 5,
  rejected: 3,
  acknowledgedOnly: 1,
  codes: ['bad_id', 'deleted_trace'],
  problems: [
    { code: 'bad_id', count: 3 },
    { code: 'deleted_trace', count: 1 },
  ],
};
const refused: DoorOutcome = {
  door: 'JSON',
  status: 503,
  stored: 0,
  rejected: 0,
  acknowledgedOnly: 0,
  codes: ['overloaded'],
  problems: [{ code: 'overloaded', count: 1 }],
};

/** A server whose only route of its own answers 503, and its metrics. */
async function serve({ token, isInternal = true }: { token?: string; isInternal?: boolean } = {}) {
  const metrics = createMetrics({
    backlog: () => ({ backlogRows: 3, backlogBytes: 4_000, oldestMs: 1_500 }),
    probe: () => ({ ageMs: 10_000, latencyMs: 250, successes: 7, failures: 1, problem: '' }),
    postgresAnswers: async () => true,
    engineAnswers: async () => true,
    engineFigures: async () => ({
      memoryBytes: 1,
      parts: 2,
      mostPartsInPartition: 3,
      rows: 4,
      diskBytes: 5,
      readRows: 6,
    }),
    lastRoleSync: async () => new Date('2026-11-30T14:00:00Z'),
    roleChanges: () => new Map([['role-sync', 2]]),
    version: '1.2.3',
  });
  const server = await createHttpServer({
    log: pino({ level: 'silent' }),
    authenticator: { authenticate: async () => ({ kind: 'public' }) },
    onAnswered: metrics.answered,
    routes: [
      ...metricsRoutes({ render: metrics.render, token, isInternal }),
      bind(exportTraces[1]!, () => {
        throw new OverloadedError('later', 1);
      }),
    ],
  });
  clean.push(() => server.close(), metrics.close);
  const get = (url: string, headers = {}) => server.inject({ url, headers });
  return { server, metrics, get, scrape: async () => (await get('/metrics')).body };
}

test('requests are counted by declared route and status, whatever a client calls for', async () => {
  const { server, get, scrape } = await serve();
  await server.inject({ method: 'POST', url: '/v1/traces', payload: '{}' });
  for (const path of ['/api/public/traces/"\n1', '/wp-login.php', '/v1/traces']) await get(encodeURI(path));
  const text = await scrape();
  expect(text).toContain('tracehouse_http_requests_total{method="POST",route="/v1/traces",status="503"} 1\n');
  expect(text).toContain('tracehouse_http_requests_total{method="GET",route="/v1/traces",status="405"} 1\n');
  expect(text).toContain('tracehouse_http_requests_total{method="GET",route="other",status="404"} 2\n');
  expect(text).toContain('tracehouse_http_request_duration_seconds_count{method="GET",route="other"} 2\n');
  expect(text).not.toContain('wp-login');
});

test('every line is one of the format, and every metric is in docs/operations.md, and the other way round', async () => {
  const { metrics, get } = await serve();
  metrics.received(partly);
  metrics.received({ ...refused, status: 413 });
  metrics.committed(5, 20);
  metrics.waited(0);
  await get('/nothing');
  const { headers, body } = await get('/metrics');
  expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  for (const line of body.trimEnd().split('\n')) {
    expect(line).toMatch(
      /^# (HELP [a-z0-9_]+ \S.*|TYPE [a-z0-9_]+ (counter|gauge|histogram))$|^[a-z0-9_]+(\{([a-z]+="[^"]*",?)+\})? [-+.e\d]+$/,
    );
  }
  const told = [...body.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
  const page = await readFile(new URL('../../../../docs/operations.md', import.meta.url), 'utf8');
  const described = [...page.matchAll(/^\| `([a-z0-9_]+)/gm)].map(([, name]) => name);
  expect(described.toSorted()).toEqual(told.toSorted());
});

test('requests to SCIM are counted by what they do, whoever they name', async () => {
  const { metrics, scrape } = await serve();
  const answered = (method: string, route: string, status: number): void =>
    metrics.answered({ method, route, status, ms: 1 });
  answered('GET', '/api/public/scim/Users', 200);
  answered('GET', '/api/public/scim/Users/:id', 404);
  answered('PATCH', '/api/public/scim/Users/:id', 200);
  answered('PATCH', '/api/public/scim/Groups/:id', 200);
  answered('GET', '/api/public/scim/ServiceProviderConfig', 200);
  answered('GET', '/api/public/traces', 200);
  expect((await scrape()).match(/^langfuse_scim_requests_total.*/gm)).toEqual([
    'langfuse_scim_requests_total{op="list",code="200"} 1',
    'langfuse_scim_requests_total{op="read",code="404"} 1',
    'langfuse_scim_requests_total{op="update",code="200"} 2',
    'langfuse_scim_requests_total{op="discover",code="200"} 1',
  ]);
});

test('what was measured is said in seconds and bytes', async () => {
  const { metrics, scrape } = await serve();
  metrics.received(partly);
  metrics.received({ ...refused, status: 503 });
  metrics.committed(5, 20);
  metrics.rejected(2);
  const text = await scrape();
  for (const line of [
    'tracehouse_ingestion_items_total{door="otlp",outcome="stored"} 5',
    'tracehouse_ingestion_items_total{door="otlp",outcome="rejected"} 3',
    'tracehouse_ingestion_items_total{door="otlp",outcome="acknowledged_only"} 1',
    'tracehouse_ingestion_problems_total{door="otlp",reason="bad_id"} 3',
    'tracehouse_ingestion_refused_requests_total{door="json",reason="overloaded"} 1',
    'tracehouse_journal_backlog_rows 3',
    'tracehouse_journal_oldest_seconds 1.5',
    'tracehouse_journal_committed_rows_total 5',
    'tracehouse_journal_commit_duration_seconds_sum 0.02',
    'tracehouse_journal_rejected_rows_total 2',
    'tracehouse_probe_age_seconds 10',
    'langfuse_role_sync_last_success_timestamp_seconds 1796047200',
    'langfuse_org_role_changes_total{source="role-sync"} 2',
    'tracehouse_probe_latency_seconds 0.25',
    'tracehouse_probe_runs_total{outcome="failure"} 1',
    'tracehouse_store_up{store="postgres"} 1',
    'tracehouse_engine_partition_parts_max 3',
    'tracehouse_engine_read_rows_total 6',
    'tracehouse_ingestion_read_back_total 0',
    'tracehouse_info{version="1.2.3"} 1',
  ]) {
    expect(text).toContain(`${line}\n`);
  }
});

test('without a token metrics are served inside alone', async () => {
  const { get } = await serve({ isInternal: false });
  const { statusCode, body } = await get('/metrics');
  expect(statusCode).toBe(404);
  expect(body).toContain('TRACEHOUSE_METRICS_TOKEN');
});

test.each([true, false])('with a token only who has it is answered, inside %s', async (isInternal) => {
  const { get } = await serve({ token: 'token-of-the-scraper', isInternal });
  expect((await get('/metrics')).statusCode).toBe(401);
  expect((await get('/metrics', { authorization: 'Bearer token-of-the-scrapes' })).statusCode).toBe(401);
  expect((await get('/metrics', { authorization: 'Bearer token-of-the-scraper' })).statusCode).toBe(200);
});
