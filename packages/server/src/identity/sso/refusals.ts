import * as oidc from 'openid-client';
import * as z from 'zod';
import type { SsoRefusal } from './admission.ts';
import { ATTEMPT_S, type SsoCookies } from './cookies.ts';
import { type Provider, ProviderUnavailableError } from './providers.ts';
import type { Sealing } from './sealing.ts';
import type { Step } from './visit.ts';

const Refusal = z.object({ code: z.string(), provider: z.string(), email: z.string().nullable() });
export type Refusal = z.output<typeof Refusal>;

export type Refusals = ReturnType<typeof createRefusals>;

/**
 * Sends a browser to the page that says why it may not come in. The address carries the code alone; whose account it is travels
 * in a sealed cookie, so that no link makes our page show somebody's text.
 */
export function createRefusals({
  cookies,
  sealing,
  url,
}: {
  cookies: Pick<SsoCookies, 'refusal'>;
  sealing: Sealing;
  url: string;
}) {
  return {
    async refuse(code: SsoRefusal, provider: Pick<Provider, 'name'>, email: string | null): Promise<Step> {
      const sealed = await sealing.seal({ code, provider: provider.name, email }, ATTEMPT_S);
      return { location: `${url}/auth/error?error=${code}`, cookies: [cookies.refusal.write(sealed)] };
    },

    /** Null when nothing was refused lately. */
    async read(cookie: string | undefined): Promise<Refusal | null> {
      const said = Refusal.safeParse(await sealing.open(cookies.refusal.read(cookie)));
      return said.success ? said.data : null;
    },
  };
}

/** What a failed exchange with a provider means for who wants to come in. */
export function codeOf(error: unknown): SsoRefusal {
  if (error instanceof ProviderUnavailableError) return 'ProviderUnavailable';
  if (error instanceof oidc.AuthorizationResponseError)
    return error.error === 'access_denied' ? 'AccessDenied' : 'OAuthCallback';
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  const isNetwork = code === 'OAUTH_TIMEOUT' || code === 'OAUTH_ABORT' || isFailedFetch(error) || isFailedFetch(cause);
  return isNetwork ? 'ProviderUnavailable' : 'OAuthCallback';
}

/** Fetch throws this when nobody answers. */
const isFailedFetch = (error: unknown): boolean => error instanceof TypeError && error.message === 'fetch failed';

/** For the log, and never the error itself: its causes hold tokens. */
export function reasonOf(error: unknown): string {
  const { message, code, error: said, error_description: description, cause } = error as Record<string, unknown>;
  const why = cause instanceof Error ? cause.message : undefined;
  return [message, code, said, description, why].filter((part) => typeof part === 'string' && part !== '').join('; ');
}
