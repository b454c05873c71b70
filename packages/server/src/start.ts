import { randomUUID } from 'node:crypto';
import { CONTRACT_VERSION } from '@tracehouse/contract/health';
import type { Route } from '@tracehouse/contract/route';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { DataDirectory } from './config/data-directory.ts';
import { loadSecrets, type Secrets } from './config/secrets.ts';
import { planMemory } from './config/memory.ts';
import type { Settings } from './config/settings.ts';
import { createDeletedTraces, type DeletedTraces } from './features/traces/deletion.ts';
import { createAuthenticator } from './http/auth.ts';
import { createIngestionLimits, type IngestionLimitSettings } from './http/ingestion-limits.ts';
import { closeHttpServer, createHttpServer } from './http/server.ts';
import { metricsRoutes, systemRoutes, type Vitals, workerRoutes } from './http/system-routes.ts';
import { accountRoutes } from './identity/accounts/account-routes.ts';
import { type ApiKeys, createApiKeys } from './identity/keys/api-keys.ts';
import { roleChanges } from './identity/members/members.ts';
import { deleteExpired } from './identity/accounts/expired.ts';
import { createFirstLogin } from './identity/setup/first-start.ts';
import { initializeHeadless } from './identity/setup/headless-init.ts';
import { createIdentity } from './identity/identity.ts';
import { createPasswords } from './identity/accounts/passwords.ts';
import type { Principal } from './identity/principal.ts';
import { ensureProbeProject, PROBE_PROJECT_ID } from './identity/setup/probe-project.ts';
import { organizationRoutes } from './identity/organizations/routes.ts';
import { identityRoutes } from './identity/routes.ts';
import { scimRoutes } from './identity/scim/routes.ts';
import { createScim } from './identity/scim/scim.ts';
import { createSignedLinks } from './identity/signed-links.ts';
import { ssoRoutes } from './identity/sso/routes.ts';
import { tellOfRefusals } from './ingest/ledger/engine-refusals.ts';
import { openSegmentJournal } from './ingest/journal/segment-journal.ts';
import { otlpRoutes } from './ingest/routes.ts';
import { listen, listenIfFree, localOrigin } from './listen.ts';
import { everyNight, everyNowAndThen, type Nightly } from './nightly.ts';
import { setInsertDurability } from './stores/clickhouse/durability.ts';
import { countItemsSince } from './stores/clickhouse/stored-items.ts';
import { buildTextIndexes } from './stores/clickhouse/text-index.ts';
import { hasRecentRows, selectEngineFigures } from './stores/clickhouse/vitals.ts';
import { createEpochs, type Epochs } from './stores/epochs.ts';
import { openStores, type Stores } from './stores/open.ts';
import { sql } from './stores/postgres/sql.ts';
import { createMetrics, type Metrics } from './telemetry/metrics.ts';
import { createProbe, type Probe, sendTo } from './telemetry/probe.ts';
import { openProduct } from './product.ts';

export interface Running {
  /** Where people reach the product. */
  url: string;
  /** Which routes each port serves, and where this process reaches it: for tests that go over all there is. */
  served: readonly { origin: string; routes: readonly Route[] }[];
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
  screens,
}: {
  settings: Settings;
  directory: DataDirectory;
  log: Logger;
  /** Makes the screens ready and answers their folder; runs while the stores open. */
  screens: (() => Promise<string>) | undefined;
}): Promise<Running> {
  const { hostname, port, workerPort, otlpPort, trustedProxies = [] } = settings.server;
  const url =
    settings.server.url ?? `http://${hostname === '0.0.0.0' || hostname === '::' ? 'localhost' : hostname}:${port}`;
  const secrets = await loadSecrets(settings, directory);
  const memory = planMemory(settings.stores.memoryMb);
  const [stores, uiDirectory] = await Promise.all([
    openStores({
      databaseUrl: settings.stores.databaseUrl,
      inside: directory.inside,
      fsync: settings.ingestion.fsync === 'on',
      engineMemoryBytes: memory.engine,
      log,
    }),
    screens?.(),
  ]);
  const servers: FastifyInstance[] = [];
  const tables = new Map<FastifyInstance, readonly Route[]>();
  let stopping = false;
  const epochs = createEpochs();
  const identity = await openIdentity({ settings, stores, directory, log, url, secrets, epochs });
  const limits = createIngestionLimits({ settings: limitsOf(settings), now });
  const deleted = createDeletedTraces({ postgres: stores.postgres, now });
  let probe: Probe | null = null;
  const metrics = createMetrics({
    backlog: () => journal.state(),
    probe: () => probe?.state() ?? null,
    postgresAnswers: () => answersInTime(stores.postgres.rows(sql`SELECT 1`)),
    engineAnswers: () => answersInTime(stores.clickhouse.ping()),
    engineFigures: () => inTime(selectEngineFigures(stores.clickhouse, SCRAPE_MS), null),
    lastRoleSync: () => inTime(product.roleSyncRuns.lastSuccess(), null),
    roleChanges: () => roleChanges,
    version: CONTRACT_VERSION,
  });
  const journal = await openJournal({ settings, directory, stores, deleted, log, metrics });
  const links = createSignedLinks({ secret: secrets.encryptionKey, url, now });
  const countedSince = limits.countsItemsSince();
  // Before the doors open, so that a restart gives no quota twice.
  if (countedSince) {
    for (const { projectId, items } of await countItemsSince(stores.clickhouse, countedSince))
      limits.count(projectId, items);
  }
  const product = openProduct({
    clickhouse: stores.clickhouse,
    postgres: stores.postgres,
    epochs,
    journal,
    deleted,
    log,
    now,
    media: {
      blobs: stores.blobs,
      links,
      maxBytes: settings.media.maxBytes,
      linkMs: settings.media.linkSeconds * 1000,
      takesFromSpans: settings.media.takesFromSpans,
    },
    auditRetentionDays: settings.audit.retentionDays ?? null,
    countStored: ({ projectId }, items) => limits.count(projectId, items),
    onReceipt: (receipt) => {
      if (receipt.projectId !== PROBE_PROJECT_ID) metrics.received(receipt);
    },
    onUnattributed: metrics.unattributed,
    onReadBack: metrics.readBack,
  });
  const vitals: Vitals = {
    storesProblem: () => storesProblem(stores),
    ingestionProblem: () => journal.state().problem,
    hasRecentEvents: () => hasRecentRows(stores.clickhouse, now(), PROBE_PROJECT_ID),
    probeProblem: () =>
      settings.telemetry.probe === 'on' ? (probe?.state().problem ?? '') : 'The probe is off (TRACEHOUSE_PROBE)',
    isStopping: () => stopping,
  };
  const scrape = { render: metrics.render, token: settings.telemetry.metricsToken };
  const authenticator = createAuthenticator({
    postgres: stores.postgres,
    links,
    adminKey: settings.admin.apiKey,
    url: settings.server.url,
    ...identity,
  });
  const serve = async (
    routes: Parameters<typeof createHttpServer>[0]['routes'],
    ui?: string,
  ): Promise<FastifyInstance> => {
    const server = await createHttpServer({
      routes,
      authenticator,
      maxBodiesBytes: memory.bodies,
      // What the probe finds must not be a limit meant for clients.
      admit: (principal) => (isProbe(principal) ? {} : limits.admit(principal)),
      refused: product.refusals.refused,
      onAnswered: metrics.answered,
      onForbidden: identity.auditRefusal,
      log,
      trustedProxies,
      ...(ui !== undefined && { uiDirectory: ui }),
    });
    servers.push(server);
    tables.set(
      server,
      routes.map(({ route }) => route),
    );
    return server;
  };

  const main = await serve(
    [
      ...systemRoutes(vitals),
      ...metricsRoutes({ ...scrape, isInternal: false }),
      ...identityRoutes({ postgres: stores.postgres, settings, ...identity }),
      ...accountRoutes({ settings, ...identity }),
      ...ssoRoutes({ url: settings.server.url, ...identity }),
      ...scimRoutes({ ...createScim({ postgres: stores.postgres, newUsers: identity.newUsers, now, newId }), url }),
      ...organizationRoutes({ postgres: stores.postgres, settings, now, newId, ...identity }),
      ...product.routes,
    ],
    uiDirectory,
  );
  await listen(main, hostname, port, 'PORT');
  const worker = await serve([...workerRoutes(vitals), ...metricsRoutes({ ...scrape, isInternal: true })]);
  await listen(worker, hostname, workerPort, 'TRACEHOUSE_WORKER_PORT');
  if (otlpPort !== null) {
    await listenIfFree(await serve(otlpRoutes(product.doors)), hostname, otlpPort, 'TRACEHOUSE_OTLP_PORT', log);
  }
  if (settings.telemetry.probe === 'on') {
    probe = await startProbe({ settings, stores, apiKeys: identity.apiKeys, secrets, origin: localOrigin(main), log });
  }
  await product.resumeDeletions();
  product.queue.start();
  const textIndexes = startTextIndexes({ settings, stores, log });
  const orphans = everyNight({
    hour: 2,
    forHours: 4,
    now,
    async work(signal) {
      await deleteExpired(stores.postgres, now());
      await product.removeOrphans(signal);
    },
    onFailure: (error) => log.error({ err: error }, 'what nothing refers to any more could not be removed'),
  });
  const oldAudit = everyNight({
    hour: 4,
    forHours: 2,
    now,
    async work(signal) {
      const removed = await product.sweepAuditLog(signal);
      if (removed > 0) log.info({ removed }, 'old lines of the audit log removed');
    },
    onFailure: (error) => log.error({ err: error }, 'old lines of the audit log could not be removed'),
  });
  const abTests = everyNowAndThen({
    pauseMs: 60_000,
    work: product.sweepAbTests,
    onFailure: (error) => log.error({ err: error }, 'A/B tests could not be looked after; the next minute tries again'),
  });
  return {
    url,
    served: [...tables].flatMap(([server, routes]) =>
      server.server.listening ? [{ origin: localOrigin(server), routes }] : [],
    ),
    async stop() {
      stopping = true;
      probe?.stop();
      await Promise.all([
        product.queue.stop(),
        textIndexes?.stop(),
        orphans.stop(),
        oldAudit.stop(),
        abTests.stop(),
        ...servers.map((server) => closeHttpServer(server)),
      ]);
      await product.refusals.close();
      product.tokenCounts.close();
      await journal.close();
      await identity.apiKeys.settled();
      await identity.mailer.close();
      metrics.close();
      await stores.close();
    },
  };
}

/** Null when switched off. */
function startTextIndexes({
  settings,
  stores: { clickhouse },
  log,
}: {
  settings: Settings;
  stores: Stores;
  log: Logger;
}): Nightly | null {
  const hour = settings.search.indexHour;
  if (hour === null) return null;
  return everyNight({
    hour,
    forHours: 4,
    now,
    work: (signal) =>
      buildTextIndexes(clickhouse, {
        signal,
        onBuilt: (gap, tookMs) => log.info({ ...gap, tookMs }, 'text index built'),
      }),
    onFailure: (error) => log.error({ err: error }, 'text indexes could not be built; the next night tries again'),
  });
}

/** A scrape waits for the stores this long at the most; what has not answered by then counts as down. */
const SCRAPE_MS = 3_000;

async function inTime<Result, Late>(work: Promise<Result>, late: Late): Promise<Result | Late> {
  const timer = Promise.withResolvers<Late>();
  const timeout = setTimeout(() => timer.resolve(late), SCRAPE_MS);
  try {
    return await Promise.race([work, timer.promise]);
  } catch {
    return late;
  } finally {
    clearTimeout(timeout);
  }
}

const answersInTime = (work: Promise<unknown>): Promise<boolean> =>
  inTime(
    work.then(() => true),
    false,
  );

const isProbe = (principal: Principal): boolean =>
  'scope' in principal && principal.scope?.projectId === PROBE_PROJECT_ID;

async function startProbe({
  settings,
  stores: { postgres },
  apiKeys,
  secrets: { encryptionKey },
  origin,
  log,
}: {
  settings: Settings;
  stores: Stores;
  apiKeys: ApiKeys;
  secrets: Secrets;
  origin: string;
  log: Logger;
}): Promise<Probe> {
  const keys = await ensureProbeProject({ postgres, apiKeys, encryptionKey, now });
  const intervalMs = settings.telemetry.probeIntervalS * 1000;
  const probe = createProbe({ send: sendTo(origin, keys), intervalMs, log, now, newId });
  probe.start();
  return probe;
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
  secrets,
  epochs,
}: {
  settings: Settings;
  stores: Stores;
  directory: DataDirectory;
  log: Logger;
  url: string;
  secrets: Secrets;
  epochs: Epochs;
}) {
  const apiKeys = createApiKeys({ postgres, salt: secrets.salt, epochs, now, newId, log });
  const passwords = createPasswords();
  const identity = createIdentity({ settings, secrets, postgres, passwords, site: url, now, newId, log });
  const { newUsers } = identity;
  await deleteExpired(postgres, now());
  const initialized = await initializeHeadless({ postgres, settings, apiKeys, passwords, newUsers, now, log });
  if (!initialized) await createFirstLogin({ postgres, directory, apiKeys, passwords, newUsers, url, now, newId });
  return { apiKeys, ...identity };
}

async function openJournal({
  settings,
  directory,
  stores: { clickhouse },
  deleted,
  log,
  metrics,
}: {
  settings: Settings;
  directory: DataDirectory;
  stores: Stores;
  deleted: DeletedTraces;
  log: Logger;
  metrics: Metrics;
}) {
  const fsync = settings.ingestion.fsync === 'on';
  await setInsertDurability(clickhouse, { fsync });
  const tell = tellOfRefusals({ now, newId, log });
  return openSegmentJournal({
    directory: directory.inside('journal'),
    clickhouse,
    log,
    fsync,
    maxBytes: settings.ingestion.journalMaxMb * 1024 * 1024,
    deletedTraces: deleted.all,
    onWait: metrics.waited,
    onApplied: metrics.committed,
    onRejected(rejected, own) {
      metrics.rejected(rejected.rows ?? 1);
      tell(rejected, own);
    },
  });
}

/** Anyone may read it, so it says no more than which; requests that fail log why. */
async function storesProblem({ postgres, clickhouse }: Stores): Promise<string> {
  const [people, machines] = await Promise.allSettled([postgres.rows(sql`SELECT 1`), clickhouse.ping()]);
  return [
    ...(people.status === 'rejected' ? ['PostgreSQL does not answer'] : []),
    ...(machines.status === 'rejected' ? ['ClickHouse does not answer'] : []),
  ].join('. ');
}
