import * as oidc from 'openid-client';
import type { ProviderSettings } from '../../config/sso-providers.ts';
import type { Settings } from '../../config/settings.ts';

/** A provider people can sign in with. */
export interface Provider extends ProviderSettings {
  /** Whether its e-mail addresses count as verified though it does not say so. */
  readonly trustEmail: boolean;
  /** What it says of itself, asked anew now and then. @throws ProviderUnavailableError */
  connect(): Promise<oidc.Configuration>;
  /** Goes through a proxy where one is set. */
  readonly fetch: oidc.CustomFetch;
}

/** The provider does not answer, or not as a provider does. */
export class ProviderUnavailableError extends Error {
  override name = 'ProviderUnavailableError';
}

const TIMEOUT_S = 10;
/** Clocks of two machines differ. */
export const CLOCK_TOLERANCE_S = 30;
/** Endpoints change with a provider's own settings; its keys are looked up by the library, sooner. */
const DISCOVERED_FOR_MS = 10 * 60_000;

export type Providers = ReadonlyMap<string, Provider>;

/** By id, in the order of their buttons. */
export function createProviders({
  settings: { providers, sso },
  now,
}: {
  settings: Pick<Settings, 'providers' | 'sso'>;
  now: () => Date;
}): Providers {
  const fetch = throughProxies({ http: sso.httpProxy, https: sso.httpsProxy });
  return new Map(
    providers.map((provider) => {
      const withFetch = { ...provider, fetch };
      const connect = remembered(() => discover(withFetch), now);
      return [provider.id, { ...withFetch, connect, trustEmail: sso.trustedEmails?.includes(provider.id) ?? false }];
    }),
  );
}

type Unconnected = ProviderSettings & Pick<Provider, 'fetch'>;

function remembered(discover: () => Promise<oidc.Configuration>, now: () => Date): () => Promise<oidc.Configuration> {
  let known: { config: Promise<oidc.Configuration>; at: number } | null = null;
  return () => {
    const time = now().getTime();
    if (known !== null && time - known.at < DISCOVERED_FOR_MS) return known.config;
    const asked = { config: discover(), at: time };
    known = asked;
    // What failed is asked again by the next who comes.
    asked.config.catch(() => {
      if (known === asked) known = null;
    });
    return asked.config;
  };
}

async function discover(provider: Unconnected): Promise<oidc.Configuration> {
  const { authority, clientId, idTokenAlg, fetch } = provider;
  const metadata = {
    ...(idTokenAlg !== undefined && { id_token_signed_response_alg: idTokenAlg }),
    [oidc.clockTolerance]: CLOCK_TOLERANCE_S,
  };
  const address = authority.kind === 'oidc' ? authority.issuer : authority.tokenEndpoint;
  const insecure = address.startsWith('http:') ? [oidc.allowInsecureRequests] : [];
  if (authority.kind === 'oauth') {
    const { issuer, authorizationEndpoint, tokenEndpoint } = authority;
    const server = { issuer, authorization_endpoint: authorizationEndpoint, token_endpoint: tokenEndpoint };
    const config = new oidc.Configuration(server, clientId, metadata, clientAuthOf(provider));
    config.timeout = TIMEOUT_S;
    config[oidc.customFetch] = fetch;
    for (const allow of insecure) allow(config);
    return config;
  }
  // By the document's own address the issuer it states is taken, and pinned, whatever address was asked: the internal one may do.
  const document = authority.byIssuer ? address : `${address}/.well-known/openid-configuration`;
  const config = await oidc
    .discovery(new URL(document), clientId, metadata, clientAuthOf(provider), {
      timeout: TIMEOUT_S,
      // Without it no signature of an ID token is looked at.
      execute: [oidc.enableNonRepudiationChecks, ...insecure],
      [oidc.customFetch]: fetch,
    })
    .catch((cause: unknown) => {
      throw new ProviderUnavailableError(`${provider.name} does not answer at ${document}`, { cause });
    });
  const { issuer } = config.serverMetadata();
  if (authority.expectedIssuer !== undefined && issuer !== authority.expectedIssuer) {
    throw new ProviderUnavailableError(
      `${document} states the issuer ${issuer}, not ${authority.expectedIssuer} as TRACEHOUSE_SSO_…_EXPECTED_ISSUER has it`,
    );
  }
  return config;
}

function clientAuthOf({ clientAuth, clientSecret }: ProviderSettings): oidc.ClientAuth {
  if (clientAuth === 'none') return oidc.None();
  return clientAuth === 'client_secret_post'
    ? oidc.ClientSecretPost(clientSecret)
    : oidc.ClientSecretBasic(clientSecret);
}

/** By scheme of the address that is called. */
function throughProxies(proxies: { http: string | undefined; https: string | undefined }): oidc.CustomFetch {
  const direct: oidc.CustomFetch = (url, options) => fetch(url, options as RequestInit);
  if (proxies.http === undefined && proxies.https === undefined) return direct;
  // Loading it takes 100 ms of each start.
  const opened = import('undici').then(({ fetch, ProxyAgent }) => ({
    fetch,
    'http:': proxies.http === undefined ? undefined : new ProxyAgent(proxies.http),
    'https:': proxies.https === undefined ? undefined : new ProxyAgent(proxies.https),
  }));
  return async (url, options) => {
    const undici = await opened;
    const dispatcher = undici[new URL(url).protocol as 'http:' | 'https:'];
    if (dispatcher === undefined) return direct(url, options);
    const init = { ...options, dispatcher } as Parameters<typeof undici.fetch>[1];
    return (await undici.fetch(url, init)) as unknown as Response;
  };
}
