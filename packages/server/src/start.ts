import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { DataDirectory } from './config/data-directory.ts';
import { loadSecrets } from './config/secrets.ts';
import type { Settings } from './config/settings.ts';
import { createObservations } from './features/observations/service.ts';
import { observationsRoutes } from './features/observations/routes.ts';
import { sessionsRoutes } from './features/sessions/routes.ts';
import { createSessions as createTraceSessions } from './features/sessions/service.ts';
import { createDeletedTraces, type DeletedTraces } from './features/traces/deletion.ts';
import { traceScreenRoutes, tracesRoutes } from './features/traces/routes.ts';
import { createTraceScreens } from './features/traces/screen-service.ts';
import { createTraces } from './features/traces/service.ts';
import { createAuthenticator } from './http/auth.ts';
import { createIngestionLimits, type IngestionLimitSettings } from './http/ingestion-limits.ts';
import { createHttpServer } from './http/server.ts';
import { systemRoutes, type Vitals, workerRoutes } from './http/system-routes.ts';
import { createApiKeys } from './identity/api-keys.ts';
import { createSessionCookie } from './identity/cookies.ts';
import { deleteExpired } from './identity/expired.ts';
import { createFirstLogin } from './identity/first-start.ts';
import { initializeHeadless } from './identity/headless-init.ts';
import { createPasswords } from './identity/passwords.ts';
import { createSignInLimits } from './identity/rate-limits.ts';
import { identityRoutes } from './identity/routes.ts';
import { createSessions } from './identity/sessions.ts';
import { createSignIn } from './identity/sign-in.ts';
import { createDoorLog } from './ingest/door-log.ts';
import { createJsonDoor } from './ingest/json/ingest.ts';
import { createReadEntities, createReadScores } from './ingest/json/read-entities.ts';
import { createScores } from './ingest/json/scores.ts';
import { createStatementStore } from './ingest/json/statement-store.ts';
import type { Journal } from './ingest/journal.ts';
import { openSegmentJournal } from './ingest/journal/segment-journal.ts';
import { createOtlpDoor } from './ingest/otlp/door.ts';
import { createPricing } from './ingest/price/pricing.ts';
import { ingestRoutes, otlpRoutes } from './ingest/routes.ts';
import { listen, listenIfFree } from './listen.ts';
import type { ClickHouse } from './stores/clickhouse/clickhouse.ts';
import { setInsertDurability } from './stores/clickhouse/durability.ts';
import { countItemsSince } from './stores/clickhouse/stored-items.ts';
import { hasRecentRows } from './stores/clickhouse/vitals.ts';
import { createEpochs } from './stores/epochs.ts';
import { openStores, type Stores } from './stores/open.ts';
import { sql } from './stores/postgres/sql.ts';
import type { ProjectScope } from './stores/scope.ts';

export interface Running {
  /** Where people reach the product. */
  url: string;
  /** Lets requests under way finish, stores what they brought, then closes the stores. */
  stop(): Promise<void>;
}

const now = (): Date => new Date();
const newId = (): string => randomUUID();

/** Role `all`: the product, the worker's health and the OTLP port in this process. Order: stores → people → doors → ports. */
export async function startAll({
  settings,
  directory,
  log,
  uiDirectory,
}: {
  settings: Settings;
  directory: DataDirectory;
  log: Logger;
  uiDirectory: string | undefined;
}): Promise<Running> {
  const { hostname, port, workerPort, otlpPort, trustedProxies = [] } = settings.server;
  const url =
    settings.server.url ?? `http://${hostname === '0.0.0.0' || hostname === '::' ? 'localhost' : hostname}:${port}`;
  const secrets = await loadSecrets(settings, directory);
  const stores = await openStores({
    databaseUrl: settings.stores.databaseUrl,
    inside: directory.inside,
    fsync: settings.ingestion.fsync === 'on',
  });
  const servers: FastifyInstance[] = [];
  let stopping = false;
  const identity = await openIdentity({ settings, stores, directory, log, url, salt: secrets.salt });
  const limits = createIngestionLimits({ settings: limitsOf(settings), now });
  const deleted = createDeletedTraces({ postgres: stores.postgres, now });
  const journal = await openJournal({ settings, directory, stores, deleted, log });
  const countedSince = limits.countsItemsSince();
  // Before the doors open, so that a restart gives no quota twice.
  if (countedSince) {
    for (const { projectId, items } of await countItemsSince(stores.clickhouse, countedSince))
      limits.count(projectId, items);
  }
  const product = openProduct({
    clickhouse: stores.clickhouse,
    journal,
    deleted,
    log,
    now,
    countStored: ({ projectId }, items) => limits.count(projectId, items),
  });
  const vitals: Vitals = {
    storesProblem: () => storesProblem(stores),
    ingestionProblem: () => journal.state().problem,
    hasRecentEvents: () => hasRecentRows(stores.clickhouse, now()),
    isStopping: () => stopping,
  };
  const authenticator = createAuthenticator({ postgres: stores.postgres, url: settings.server.url, ...identity });
  const serve = async (
    routes: Parameters<typeof createHttpServer>[0]['routes'],
    ui?: string,
  ): Promise<FastifyInstance> => {
    const server = await createHttpServer({
      routes,
      authenticator,
      admit: limits.admit,
      log,
      trustedProxies,
      ...(ui !== undefined && { uiDirectory: ui }),
    });
    servers.push(server);
    return server;
  };

  const main = await serve(
    [
      ...systemRoutes(vitals),
      ...identityRoutes({ postgres: stores.postgres, url: settings.server.url, ...identity }),
      ...product.routes,
    ],
    uiDirectory,
  );
  await listen(main, hostname, port, 'PORT');
  await listen(await serve(workerRoutes(vitals)), hostname, workerPort, 'TRACEHOUSE_WORKER_PORT');
  if (otlpPort !== null) {
    await listenIfFree(await serve(otlpRoutes(product.otlp)), hostname, otlpPort, 'TRACEHOUSE_OTLP_PORT', log);
  }
  return {
    url,
    async stop() {
      stopping = true;
      await Promise.all(servers.map((server) => server.close()));
      await journal.close();
      await identity.apiKeys.settled();
      await stores.close();
    },
  };
}

const limitsOf = ({ ingestion }: Settings): IngestionLimitSettings => ({
  requestsPerMinute: ingestion.requestsPerMinute ?? null,
  browserRequestsPerMinute: ingestion.browserRequestsPerMinute ?? null,
  itemsPerDay: ingestion.itemsPerDay ?? null,
});

async function openIdentity({
  settings,
  stores: { postgres },
  directory,
  log,
  url,
  salt,
}: {
  settings: Settings;
  stores: Stores;
  directory: DataDirectory;
  log: Logger;
  url: string;
  salt: string;
}) {
  const apiKeys = createApiKeys({ postgres, salt, epochs: createEpochs(), now, newId, log });
  const passwords = createPasswords();
  const sessions = createSessions({ postgres, maxAgeMinutes: settings.signIn.sessionMaxAgeMinutes, now, newId });
  const signIn = createSignIn({ postgres, passwords, sessions, limits: createSignInLimits(postgres), now });
  await deleteExpired(postgres, now());
  const initialized = await initializeHeadless({ postgres, settings, apiKeys, passwords, now, newId, log });
  if (!initialized) await createFirstLogin({ postgres, directory, apiKeys, passwords, url, now, newId });
  return { apiKeys, sessions, signIn, sessionCookie: createSessionCookie(settings) };
}

async function openJournal({
  settings,
  directory,
  stores: { clickhouse },
  deleted,
  log,
}: {
  settings: Settings;
  directory: DataDirectory;
  stores: Stores;
  deleted: DeletedTraces;
  log: Logger;
}) {
  const fsync = settings.ingestion.fsync === 'on';
  await setInsertDurability(clickhouse, { fsync });
  return openSegmentJournal({
    directory: directory.inside('journal'),
    clickhouse,
    log,
    fsync,
    maxBytes: settings.ingestion.journalMaxMb * 1024 * 1024,
    deletedTraces: deleted.all,
  });
}

/** What the product does for a project, on open stores: its doors and its features. */
export function openProduct({
  clickhouse,
  journal,
  deleted,
  log,
  now,
  countStored = () => undefined,
}: {
  clickhouse: ClickHouse;
  journal: Journal;
  deleted: DeletedTraces;
  log: Logger;
  now: () => Date;
  /** Told how many items each request brought, for quotas. */
  countStored?(scope: ProjectScope, items: number): void;
}) {
  const nowMicros = (): number => now().getTime() * 1000;
  const deletedTraces = deleted.isDeleted;
  const doorLog = createDoorLog({ now, newId });
  const { priceRow: price } = createPricing();
  const store = createStatementStore({
    journal,
    readEntities: createReadEntities(clickhouse),
    readScores: createReadScores(clickhouse),
    deletedTraces,
    price,
    countStored,
  });
  const otlp = createOtlpDoor({
    journal,
    deletedTraces,
    price,
    noteStored: (scope, rows) => {
      store.overwritten(scope, rows);
      countStored(scope, rows.length);
    },
    doorLog,
    now: nowMicros,
  });
  const json = createJsonDoor({ store, doorLog, log, now: nowMicros });
  const scores = createScores({ store, doorLog, now: nowMicros, newId });
  const traces = createTraces({ clickhouse, journal, deleted, forgetTraces: store.forgetTraces, now });
  return {
    otlp,
    routes: [
      ...ingestRoutes({ otlp, json, scores, doorLog }),
      ...tracesRoutes(traces),
      ...traceScreenRoutes(createTraceScreens({ clickhouse, journal, now })),
      ...observationsRoutes(createObservations({ clickhouse, journal, now })),
      ...sessionsRoutes(createTraceSessions({ clickhouse, journal, traces })),
    ],
  };
}

/** Anyone may read it, so it says no more than which; requests that fail log why. */
async function storesProblem({ postgres, clickhouse }: Stores): Promise<string> {
  const [people, machines] = await Promise.allSettled([postgres.rows(sql`SELECT 1`), clickhouse.ping()]);
  return [
    ...(people.status === 'rejected' ? ['PostgreSQL does not answer'] : []),
    ...(machines.status === 'rejected' ? ['ClickHouse does not answer'] : []),
  ].join('. ');
}
