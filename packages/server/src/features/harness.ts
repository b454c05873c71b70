import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InjectOptions } from 'fastify';
import { pino } from 'pino';
import { createAuthenticator } from '../http/auth.ts';
import { createIngestionLimits } from '../http/ingestion-limits.ts';
import { createHttpServer } from '../http/server.ts';
import { emptyRow, type Micros, type ObservationRow } from '../ingest/observation.ts';
import { emptyScore, type ScoreRow } from '../ingest/score.ts';
import { tellOfRefusals } from '../ingest/ledger/engine-refusals.ts';
import { openSegmentJournal } from '../ingest/journal/segment-journal.ts';
import { createSignedLinks } from '../identity/signed-links.ts';
import { createTestKeys } from '../identity/scenario.ts';
import { openProduct } from '../product.ts';
import type { Blobs } from '../stores/blobs/blobs.ts';
import { openDiskBlobs } from '../stores/blobs/disk.ts';
import { openChdb } from '../stores/clickhouse/chdb.ts';
import { clickhouse as clickhouseSql } from '../stores/clickhouse/sql.ts';
import { openPglite } from '../stores/postgres/pglite.ts';
import { createEpochs } from '../stores/epochs.ts';
import { sql } from '../stores/postgres/sql.ts';
import type { Stores } from '../stores/open.ts';
import { plantStores } from '../stores/test-stores.ts';
import { projectScope } from '../stores/scope.ts';
import { createDeletedTraces } from './traces/deletion.ts';

/**
 * For tests of the features: the product's doors and routes over real engines in this process, in a directory of their
 * own. Who asks is said by a header; a key counts where one is sent. What keys open is tested in `identity` and `http`.
 * `through` may put something between the product and its stores, which fails as a store does.
 */
export async function openHarness({
  through = (stores) => stores,
  throughBlobs = (blobs) => blobs,
  shared,
}: {
  through?(stores: HarnessStores): HarnessStores;
  throughBlobs?(blobs: Blobs): Blobs;
  /** With it there are two programs over the same stores; a request with the header `x-program: other` goes to the second. */
  shared?: NonNullable<Parameters<typeof openProduct>[0]['shared']>;
} = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'tracehouse-'));
  await plantStores(directory);
  const [clickhouseOfTests, postgresOfTests] = await Promise.all([
    openChdb(join(directory, 'clickhouse')),
    openPglite(join(directory, 'postgres')),
  ]);
  const engines = { clickhouse: clickhouseOfTests, postgres: postgresOfTests };
  const { clickhouse, postgres } = through(engines);
  let nowMs = START / 1000 + 3_600_000;
  const now = (): Date => new Date(nowMs);
  const log = pino({ level: 'silent' });
  const deleted = createDeletedTraces({ postgres, now });
  const journal = await openSegmentJournal({
    directory: join(directory, 'journal'),
    clickhouse,
    log,
    fsync: false,
    maxBytes: 64 * 1024 * 1024,
    deletedTraces: deleted.all,
    onRejected: tellOfRefusals({ now, newId: () => randomUUID(), log }),
  });
  let unattributed = 0;
  const onUnattributed = (): void => void (unattributed += 1);
  const blobs = throughBlobs(await openDiskBlobs(join(directory, 'blobs'), { fsync: false }));
  const links = createSignedLinks({ secret: 'secret of the harness', url: PUBLIC_URL, now });
  const epochs = createEpochs();
  const open = () =>
    openProduct({
      clickhouse,
      postgres,
      epochs,
      journal,
      deleted,
      log,
      now,
      media: { blobs, links, maxBytes: MAX_MEDIA_BYTES, linkMs: 3_600_000, takesFromSpans: true },
      auditRetentionDays: AUDIT_RETENTION_DAYS,
      onUnattributed,
      settleMs: 0,
      ...(shared && { shared }),
    });
  const product = open();
  product.queue.start();
  const { removeOrphans, sweepAuditLog, sweepAbTests } = product;
  const { keys } = createTestKeys(postgres, { now, advance: () => undefined }, epochs);
  const { authenticate, attribute } = createAuthenticator({
    postgres,
    apiKeys: keys,
    sessions: { find: async () => null },
    sessionCookie: { read: () => undefined },
    links,
    url: undefined,
  });
  const limits = { requestsPerMinute: null as number | null, browserRequestsPerMinute: null, itemsPerDay: null };
  const serve = ({ routes, refusals }: typeof product) =>
    createHttpServer({
      routes,
      log,
      refused: refusals.refused,
      admit: createIngestionLimits({ settings: limits, now }).admit,
      authenticator: {
        authenticate: async (input) =>
          input.headers['authorization'] !== undefined || input.route.scope === 'link'
            ? authenticate(input)
            : {
                kind: 'projectKey',
                keyId: 'key',
                publicKey: 'pk-lf-harness',
                organizationId: 'organization',
                scope: projectScope(input.headers['x-project'] ?? ''),
              },
        attribute,
      },
    });
  const server = await serve(product);
  const otherProduct = shared ? open() : product;
  const otherServer = shared ? await serve(otherProduct) : server;
  await postgres.rows(sql`INSERT INTO organizations (id, name, created_at, updated_at)
    VALUES ('organization', 'Organization', ${now()}, ${now()})`);

  return {
    clickhouse,
    sql: clickhouseSql,
    keys,
    blobs,
    removeOrphans,
    sweepAuditLog,
    sweepAbTests: () => sweepAbTests(new AbortController().signal),
    /** Tables of people, for tests of what no route writes. */
    postgres: engines.postgres,
    /** By a link that an answer gave, as anybody who has it. */
    async follow(link: string, request: Omit<InjectOptions, 'url'> = {}) {
      const answer = await server.inject({ ...request, url: link.replace(PUBLIC_URL, '') });
      return { status: answer.statusCode, headers: answer.headers, body: answer.rawPayload };
    },
    /** Of ingestion, off until it is set. */
    limits,
    /** Requests that no ledger shows. */
    unattributed: () => unattributed,
    /** Moves the clock on. */
    wait: (seconds: number) => (nowMs += seconds * 1000),
    now,
    /** Moves the clock there. */
    setNow: (time: Date) => (nowMs = time.getTime()),
    /** A new project, as a client that asks for it. */
    async project(id: string) {
      await postgres.rows(sql`
        INSERT INTO projects (id, organization_id, name, created_at, updated_at)
        VALUES (${id}, 'organization', ${id}, ${now()}, ${now()})`);
      const send = async (
        method: Method,
        path: string,
        payload: string | Buffer | undefined,
        headers: Record<string, string>,
      ) => {
        const program = headers['x-program'] === 'other' ? otherServer : server;
        const answer = await program.inject({
          method,
          url: `/api/public${path}`,
          headers: {
            'x-project': id,
            ...(payload !== undefined && { 'content-type': 'application/json' }),
            ...headers,
          },
          ...(payload !== undefined && { payload }),
        });
        const isJson = answer.headers['content-type']?.toString().includes('application/json') ?? false;
        const body = (isJson ? answer.json() : null) as Json;
        return { status: answer.statusCode, headers: answer.headers, body, text: answer.body };
      };
      const request = (method: Method, path: string, body?: unknown) =>
        send(method, path, body === undefined ? undefined : JSON.stringify(body), {});
      return {
        id,
        request,
        get: (path: string, headers: Record<string, string> = {}) => send('GET', path, undefined, headers),
        /** The rows of all pages of a list of the screens: an answer of a search may be what was found so far. */
        async everyPage(path: string): Promise<Json[]> {
          const rows: Json[] = [];
          for (let cursor: string | undefined = ''; cursor !== undefined;) {
            const { body } = await request('GET', cursor === '' ? path : `${path}&cursor=${cursor}`);
            rows.push(...body.data);
            cursor = body.meta.cursor;
          }
          return rows;
        },
        post: (path: string, body: unknown) => request('POST', path, body),
        patch: (path: string, body: unknown) => request('PATCH', path, body),
        delete: (path: string, body?: unknown) => request('DELETE', path, body),
        /** Bytes as they are. */
        send: (path: string, payload: string | Buffer, headers: Record<string, string> = {}) =>
          send('POST', path, payload, headers),
        /** Rows past the doors, in one block. */
        store: async (rows: Sample[], scores: Partial<ScoreRow>[] = []): Promise<void> => {
          await product.journal.append({
            projectId: id,
            observations: rows.map((row) => sampleRow(id, row)),
            scores: scores.map((score, i) => ({ ...sampleScore(id, i), ...score })),
          });
          // Tests also ask the engine directly.
          await journal.barrier({ projectId: id });
        },
      };
    },
    /** A new organization, as a client that has a key of it. */
    async organization(id: string) {
      await postgres.rows(sql`INSERT INTO organizations (id, name, created_at, updated_at)
        VALUES (${id}, ${id}, ${now()}, ${now()})`);
      const { publicKey, secretKey } = await keys.create({ organizationId: id });
      const authorization = `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString('base64')}`;
      return {
        authorization,
        async request(method: Method, path: string, body?: unknown) {
          const answer = await server.inject({
            method,
            url: `/api/public${path}`,
            headers: { authorization, ...(body !== undefined && { 'content-type': 'application/json' }) },
            ...(body !== undefined && { payload: JSON.stringify(body) }),
          });
          return { status: answer.statusCode, body: (answer.body === '' ? null : answer.json()) as Json };
        },
      };
    },
    async close() {
      await server.close();
      if (otherServer !== server) await otherServer.close();
      await product.queue.stop();
      for (const { refusals, tokenCounts } of new Set([product, otherProduct])) {
        await refusals.close();
        tokenCounts.close();
      }
      await journal.close();
      await keys.settled();
      await engines.clickhouse.close();
      await engines.postgres.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Where others reach the harness, as links say it. */
export const PUBLIC_URL = 'https://tracehouse.example';
/** Lines of the audit log are kept so long. */
export const AUDIT_RETENTION_DAYS = 90;
/** A file may have this many bytes. */
export const MAX_MEDIA_BYTES = 300_000;

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
type HarnessStores = Pick<Stores, 'clickhouse' | 'postgres'>;
export type Harness = Awaited<ReturnType<typeof openHarness>>;
/** An answer's body; matchers say what is expected of it. */
// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

/** A project as the harness's client sees it. */
export type Project = Awaited<ReturnType<Harness['project']>>;

/** The filter parameter of a list. */
export const filter = (...conditions: object[]): string => `filter=${encodeURIComponent(JSON.stringify(conditions))}`;

/** 2026-11-20T10:00:00Z; `at` of a sample counts seconds from here. */
const START: Micros = Date.UTC(2026, 10, 20, 10) * 1000;
export const at = (seconds: number): Micros => START + Math.round(seconds * 1_000_000);

/** What a test says of a row: trace `t`, starting at `at` seconds, lasting `lasts`; the rest is that nothing was said. */
export type Sample = Partial<Omit<ObservationRow, 'projectId'>> & { id: string; at?: number; lasts?: number };

let version = 1;

function sampleRow(projectId: string, { id, at: seconds = 0, lasts = 1, ...row }: Sample): ObservationRow {
  const startTime = at(seconds);
  const base = emptyRow({
    projectId,
    kind: 'observation',
    id,
    traceId: 't',
    startTime,
    source: 'otlp',
  });
  const endTime = row.kind === 'trace' ? null : startTime + lasts * 1_000_000;
  version += 1;
  return {
    ...base,
    endTime,
    name: row.kind === 'trace' ? '' : id,
    createdAt: startTime,
    updatedAt: startTime,
    rowVersion: version,
    ...row,
  };
}

const sampleScore = (projectId: string, i: number): ScoreRow => ({
  ...emptyScore(projectId, `score-${(version += 1)}-${i}`),
  name: 'quality',
  traceId: 't',
  timestamp: START,
  createdAt: START,
  updatedAt: START,
  rowVersion: version,
});
