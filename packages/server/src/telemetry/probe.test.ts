import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createDeletedTraces } from '../features/traces/deletion.ts';
import { createAuthenticator } from '../http/auth.ts';
import { createHttpServer } from '../http/server.ts';
import { systemRoutes } from '../http/system-routes.ts';
import type { ApiKeys } from '../identity/keys/api-keys.ts';
import { selectAccess, selectOrganizationIds, selectProject } from '../identity/members/organizations-store.ts';
import { ensureProbeProject, type KeyPair, PROBE_PROJECT_ID } from '../identity/setup/probe-project.ts';
import { createTestKeys } from '../identity/scenario.ts';
import { openTestPostgres, plantStores } from '../stores/test-stores.ts';
import { createSignedLinks } from '../identity/signed-links.ts';
import { openSegmentJournal, type SegmentJournal } from '../ingest/journal/segment-journal.ts';
import { listen, localOrigin } from '../listen.ts';
import { openProduct } from '../product.ts';
import { openDiskBlobs } from '../stores/blobs/disk.ts';
import { openChdb } from '../stores/clickhouse/chdb.ts';
import type { ClickHouse } from '../stores/clickhouse/clickhouse.ts';
import { clickhouse as statement } from '../stores/clickhouse/sql.ts';
import { hasRecentRows } from '../stores/clickhouse/vitals.ts';
import type { Postgres } from '../stores/postgres/postgres.ts';
import { createEpochs } from '../stores/epochs.ts';
import { sql } from '../stores/postgres/sql.ts';
import { createProbe, type Probe, sendTo } from './probe.ts';

const MINUTE_MS = 60_000;
const log = pino({ level: 'silent' });

let directory: string;
let postgres: Postgres;
let clickhouse: ClickHouse;
let journal: SegmentJournal;
let server: FastifyInstance;
let apiKeys: ApiKeys;
let keys: KeyPair;
let probe: Probe;
/** What becomes of rows on their way into the engine: nothing is lost, or all are, and nobody notices. */
let insertPath: 'works' | 'loses' = 'works';
let clockMs = 0;
let time = Date.parse('2026-11-20T10:00:00Z');
const now = (): Date => new Date(time);

/** The product with real keys on a port of its own; its engine says that it has taken rows, whether it has or not. */
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tracehouse-probe-'));
  await plantStores(directory, ['clickhouse']);
  clickhouse = await openChdb(join(directory, 'clickhouse'));
  postgres = await openTestPostgres();
  const lossy: ClickHouse = {
    ...clickhouse,
    insertFile: async (...args) => {
      if (insertPath === 'works') await clickhouse.insertFile(...args);
    },
  };
  const deleted = createDeletedTraces({ postgres, now });
  journal = await openSegmentJournal({
    directory: join(directory, 'journal'),
    clickhouse: lossy,
    log,
    fsync: false,
    maxBytes: 64 * 1024 * 1024,
    deletedTraces: deleted.all,
  });
  const media = {
    blobs: await openDiskBlobs(join(directory, 'blobs'), { fsync: false }),
    links: createSignedLinks({ secret: 'secret', url: '', now }),
    maxBytes: 1,
    linkMs: 1,
    takesFromSpans: true,
  };
  apiKeys = createTestKeys(postgres).keys;
  keys = await ensureProbeProject({ postgres, apiKeys, encryptionKey: 'f'.repeat(64), now });
  server = await createHttpServer({
    log,
    routes: [
      ...openProduct({ clickhouse: lossy, postgres, epochs: createEpochs(), journal, deleted, log, now, media }).routes,
      ...systemRoutes({
        storesProblem: async () => '',
        ingestionProblem: () => journal.state().problem,
        hasRecentEvents: () => hasRecentRows(clickhouse, now(), PROBE_PROJECT_ID),
        probeProblem: () => probe.state().problem,
        isStopping: () => false,
      }),
    ],
    authenticator: createAuthenticator({
      postgres,
      apiKeys,
      sessions: { find: async () => null },
      sessionCookie: { read: () => undefined },
      url: undefined,
    }),
  });
  await listen(server, '127.0.0.1', 0, '');
});
afterAll(async () => {
  await server.close();
  await journal.close();
  await clickhouse.close();
  await postgres.close();
  await rm(directory, { recursive: true, force: true });
});
beforeEach(() => {
  insertPath = 'works';
  probe = createProbe({
    send: sendTo(localOrigin(server), keys),
    intervalMs: MINUTE_MS,
    log,
    now,
    newId: randomUUID,
    clockMs: () => clockMs,
  });
});

/** As many minutes as the probe lives through. */
async function live(minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute += 1) {
    clockMs += MINUTE_MS;
    time += MINUTE_MS;
    await probe.run();
  }
}

async function health(query = ''): Promise<{ status: number; text: string }> {
  const { statusCode, body } = await server.inject({ url: `/api/public/health${query}` });
  return { status: statusCode, text: (JSON.parse(body) as { status: string }).status };
}

test('a trace that goes through the door and is read back keeps the probe fresh', async () => {
  await live(3);
  expect(probe.state()).toMatchObject({ ageMs: 0, successes: 3, failures: 0, problem: '' });
  expect(await health('?failIfProbeStale=true')).toEqual({ status: 200, text: 'OK' });
});

describe('while rows are acknowledged, taken over and gone', () => {
  test('the process is healthy and ready, and the probe is stale within two minutes and says why', async () => {
    await live(1);
    insertPath = 'loses';
    await live(2);
    clockMs += 1;
    expect(await health()).toMatchObject({ status: 200 });
    expect((await server.inject({ url: '/api/public/ready' })).statusCode).toBe(200);
    expect(await health('?failIfProbeStale=true')).toEqual({
      status: 503,
      text: 'No trace of the probe was read back for 120 s: the trace was accepted, and reading it by id answers an older one',
    });

    insertPath = 'works';
    await live(1);
    expect(await health('?failIfProbeStale=true')).toEqual({ status: 200, text: 'OK' });
  });

  test('one lost trace alone is no alarm', async () => {
    await live(1);
    insertPath = 'loses';
    await live(1);
    expect(probe.state()).toMatchObject({ failures: 1, problem: '' });
  });
});

test('a refused key is told by the probe as well', async () => {
  probe = createProbe({
    send: sendTo(localOrigin(server), { ...keys, secretKey: 'sk-lf-wrong' }),
    intervalMs: MINUTE_MS,
    log,
    now,
    newId: randomUUID,
    clockMs: () => clockMs,
  });
  await live(3);
  expect(probe.state().problem).toMatch(/^No trace .* POST \/api\/public\/otel\/v1\/traces answered 401 /);
});

test('what is listed and not counted is told too', async () => {
  const send = sendTo(localOrigin(server), keys);
  probe = createProbe({
    send: async (method, path, options) =>
      path.startsWith('/api/public/v2/metrics?') ? { status: 200, body: { data: [] } } : send(method, path, options),
    intervalMs: MINUTE_MS,
    log,
    now,
    newId: randomUUID,
    clockMs: () => clockMs,
  });
  await live(3);
  expect(probe.state().problem).toMatch(/: the trace was accepted, and metrics do not count it once$/);
});

test('what is stored is one row a month, however often the probe ran', async () => {
  time = Date.parse('2027-01-05T10:00:00Z');
  await live(2);
  time = Date.parse('2027-02-05T10:00:00Z');
  await live(2);
  const count = await clickhouse.rows<{ rows: number }>(statement`
    SELECT toUInt32(count()) AS rows
    FROM observations FINAL
    WHERE project_id = 'tracehouse-probe' AND start_time >= toDateTime('2027-01-01')`);
  expect(count).toEqual([{ rows: 2 }]);
});

test('no list, default or health check knows the hidden project', async () => {
  await live(1);
  expect(await selectOrganizationIds(postgres, 10)).toEqual([]);
  expect(await selectProject(postgres, PROBE_PROJECT_ID)).toBeNull();
  expect(await health('?failIfNoRecentEvents=true')).toMatchObject({ status: 503 });

  // Even of a person somebody has made a member by hand.
  await postgres.rows(sql`
    INSERT INTO users (id, email, created_at, updated_at) VALUES ('u', 'u@example.com', ${now()}, ${now()})`);
  await postgres.rows(sql`
    INSERT INTO organization_memberships (organization_id, user_id, role, created_at, updated_at)
    SELECT id, 'u', 'OWNER', ${now()}, ${now()} FROM organizations`);
  expect(await selectAccess(postgres, 'u')).toEqual([]);
});

test('the key is the same at every start, and another one once the secret is', async () => {
  const ensure = (encryptionKey: string) => ensureProbeProject({ postgres, apiKeys, encryptionKey, now });
  expect(await ensure('f'.repeat(64))).toEqual(keys);
  const next = await ensure('e'.repeat(64));
  expect(next).not.toEqual(keys);
  expect(await apiKeys.list({ projectId: PROBE_PROJECT_ID })).toMatchObject([{ publicKey: next.publicKey }]);
});
