import { readSettings } from '../../config/settings.ts';
import { createAuthenticator } from '../../http/auth.ts';
import { createHttpServer } from '../../http/server.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { accountRoutes } from '../accounts/account-routes.ts';
import { createIdentity } from '../identity.ts';
import { createPasswords } from '../accounts/passwords.ts';
import { organizationRoutes } from '../organizations/routes.ts';
import { identityRoutes } from '../routes.ts';
import { createIds, createTestKeys, createTestLog } from '../scenario.ts';

let sites = 0;

/** Headers of a page of the site itself. */
export const here = { 'sec-fetch-site': 'same-origin' };

/** For tests: the routes of identity over `postgres`, on a clock of the test's, with these settings; passwords are counted. */
export async function openSite(postgres: Postgres, env: Record<string, string> = {}) {
  const settings = readSettings({ role: 'all', env });
  const { keys: apiKeys, clock } = createTestKeys(postgres);
  const { log, lines } = createTestLog();
  const real = createPasswords();
  let hashed = 0;
  const passwords = {
    hash: (...args: Parameters<typeof real.hash>) => ((hashed += 1), real.hash(...args)),
    verify: (...args: Parameters<typeof real.verify>) => ((hashed += 1), real.verify(...args)),
  };
  const newId = createIds(`site-${(sites += 1)}`);
  const identity = createIdentity({
    settings,
    secrets: { nextauthSecret: 'secret of the test', encryptionKey: '9f'.repeat(32) },
    postgres,
    passwords,
    site: 'https://traces.acme.dev',
    now: clock.now,
    newId,
    log,
  });
  const routes = [
    ...identityRoutes({ postgres, settings, ...identity }),
    ...organizationRoutes({ postgres, apiKeys, settings, now: clock.now, newId, ...identity }),
    ...accountRoutes({ settings, ...identity }),
  ];
  const server = await createHttpServer({
    trustedProxies: settings.server.trustedProxies ?? [],
    routes,
    authenticator: createAuthenticator({ postgres, apiKeys, url: settings.server.url, ...identity }),
    log,
  });

  async function ask(path: string, { method = 'GET', headers = {}, body, from = '127.0.0.1' }: Ask = {}) {
    const answer = await server.inject({
      method,
      url: path,
      remoteAddress: from,
      headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { payload: JSON.stringify(body) }),
    });
    return {
      status: answer.statusCode,
      headers: answer.headers,
      body: (answer.body === '' ? undefined : answer.json()) as Record<string, unknown>,
      setCookie: String(answer.headers['set-cookie'] ?? ''),
    };
  }

  return {
    server,
    routes: routes.map(({ route }) => route),
    keys: apiKeys,
    clock,
    lines,
    mailer: identity.mailer,
    ask,
    post: (path: string, body: unknown, headers: Record<string, string> = here) =>
      ask(path, { method: 'POST', headers, body }),
    signIn: (email: string, password: string, headers: Record<string, string> = here) =>
      ask('/api/auth/signin/password', { method: 'POST', headers, body: { email, password } }),
    /** How many hashes were made or compared since the last time this was asked. */
    hashed(): number {
      const count = hashed;
      hashed = 0;
      return count;
    },
  };
}

interface Ask {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH';
  headers?: Record<string, string>;
  body?: unknown;
  /** Network address of the caller. */
  from?: string;
}

export type Site = Awaited<ReturnType<typeof openSite>>;
/** Of an answer that sets the session's cookie: what the browser sends from then on. */
export const cookieOf = ({ setCookie }: { setCookie: string }): string => setCookie.split(';')[0] ?? '';
