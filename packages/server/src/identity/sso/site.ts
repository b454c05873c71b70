import { readSettings } from '../../config/settings.ts';
import { createAuthenticator } from '../../http/auth.ts';
import { createHttpServer } from '../../http/server.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { accountRoutes } from '../accounts/account-routes.ts';
import { createIdentity } from '../identity.ts';
import { createPasswords } from '../accounts/passwords.ts';
import { identityRoutes } from '../routes.ts';
import { createTestKeys, createTestLog } from '../scenario.ts';
import { type Browser, openBrowser } from './browser.ts';
import { ssoRoutes } from './routes.ts';
import type { StandInPerson, StandInProvider } from './stand-in-provider.ts';

export const URL_OF_SITE = 'http://localhost:3000';
let ids = 0;

/** For tests: the routes of identity with these settings, on the real clock, which `advance` moves on. */
export async function openSsoSite(postgres: Postgres, env: Record<string, string>) {
  const settings = readSettings({ role: 'all', env: { NEXTAUTH_URL: URL_OF_SITE, ...env } });
  const { keys: apiKeys } = createTestKeys(postgres);
  const { log, lines } = createTestLog();
  let ahead = 0;
  const passwords = createPasswords();
  const identity = createIdentity({
    settings,
    secrets: { nextauthSecret: 'secret of the test', encryptionKey: '9f'.repeat(32) },
    postgres,
    passwords,
    site: settings.server.url ?? URL_OF_SITE,
    now: () => new Date(Date.now() + ahead),
    newId: () => `id-${(ids += 1)}`,
    log,
  });
  const { url } = settings.server;
  const server = await createHttpServer({
    routes: [
      ...identityRoutes({ postgres, settings, ...identity }),
      ...accountRoutes({ settings, ...identity }),
      ...ssoRoutes({ url, ...identity }),
    ],
    authenticator: createAuthenticator({ postgres, apiKeys, url, ...identity }),
    log,
  });

  return {
    server,
    passwords,
    lines,
    browser: () => openBrowser(server),
    advance: (ms: number): void => void (ahead += ms),
    /** A browser in which the person has signed in at the provider, and where it was sent then. */
    async signIn(
      provider: StandInProvider,
      person: StandInPerson,
      { browser = openBrowser(server), id = 'keycloak', returnTo = '/project/prod/traces?q=x' } = {},
    ): Promise<{ browser: Browser; location: string; cookies: string[] }> {
      const { body } = await browser.post(`/api/auth/signin/${id}`, { returnTo });
      const { headers, cookies } = await browser.arrive(provider.authorize((body as { url: string }).url, person));
      return { browser, location: String(headers['location']), cookies };
    },
  };
}

export type SsoSite = Awaited<ReturnType<typeof openSsoSite>>;
