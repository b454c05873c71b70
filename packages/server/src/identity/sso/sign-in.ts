import * as oidc from 'openid-client';
import type { Logger } from 'pino';
import * as z from 'zod';
import type { Settings } from '../../config/settings.ts';
import { NotFoundError, OverloadedError } from '../../http/errors.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { personActor, recordAudit } from '../audit/audit.ts';
import type { NewUsers } from '../accounts/new-user.ts';
import { isSignUpClosed } from '../accounts/sign-in-policy.ts';
import type { Sessions } from '../sessions/sessions.ts';
import { type Admission, admit, type SsoRefusal } from './admission.ts';
import { ATTEMPT_S, type SsoCookies } from './cookies.ts';
import type { Opening } from './opening.ts';
import { ownPath } from './own-path.ts';
import { type Grant, redeem } from './profile.ts';
import type { Proof } from './proof.ts';
import { type Provider, ProviderUnavailableError, type Providers } from './providers.ts';
import { codeOf, reasonOf, type Refusals } from './refusals.ts';
import type { Sealing } from './sealing.ts';
import { lockProviderSession, selectAccount, selectAccountOfIdentity, wasLoggedOut } from './store.ts';
import type { Step, Visit } from './visit.ts';

/** What a sign-in under way is, sealed in the browser's cookie. */
const Attempt = z.object({
  provider: z.string(),
  state: z.string(),
  nonce: z.string().optional(),
  verifier: z.string().optional(),
  returnTo: z.string(),
  /** The account to link, where a signed-in person began it. */
  linkTo: z.string().optional(),
});
type Attempt = z.output<typeof Attempt>;

export type SsoSignIn = ReturnType<typeof createSsoSignIn>;

/**
 * Signing in at a provider takes two requests:
 *
 *   start    a page asks; the browser gets an address of the provider and a sealed cookie that only this sign-in has
 *   finish   the browser comes back with a code: code → tokens → who it is → admission → roles, session, audit
 */
export function createSsoSignIn({
  postgres,
  providers,
  settings,
  sessions,
  newUsers,
  opening,
  proof,
  refusals,
  sealing,
  cookies,
  url,
  now,
  log,
}: {
  postgres: Postgres;
  providers: Providers;
  settings: Pick<Settings, 'signIn'>;
  sessions: Pick<Sessions, 'find'>;
  newUsers: Pick<NewUsers, 'create' | 'prove'>;
  opening: Opening;
  proof: Proof;
  refusals: Refusals;
  /** For the cookies of sign-ins under way. */
  sealing: Sealing;
  cookies: Pick<SsoCookies, 'attempt'>;
  /** Our own address, which the redirect URI begins with. */
  url: string;
  now: () => Date;
  log: Logger;
}) {
  const isClosed = isSignUpClosed(settings);

  return {
    /** @throws NotFoundError, OverloadedError when the provider does not answer */
    async start({
      provider: id,
      returnTo,
      linkTo,
      cookie,
    }: {
      provider: string;
      returnTo: string | undefined;
      linkTo?: string;
      /** The header. */
      cookie: string | undefined;
    }): Promise<{ url: string; cookies: string[] }> {
      const provider = providerOf(id);
      const config = await connect(provider);
      const state = oidc.randomState();
      const attempt: Attempt = {
        provider: id,
        state,
        ...(provider.nonce && { nonce: oidc.randomNonce() }),
        ...(provider.pkce && { verifier: oidc.randomPKCECodeVerifier() }),
        returnTo: ownPath(returnTo, url),
        ...(linkTo !== undefined && { linkTo }),
      };
      const address = await authorizationUrl(provider, config, attempt);
      const sealed = await sealing.seal(attempt, ATTEMPT_S);
      return {
        url: address.href,
        cookies: [...cookies.attempt.clearMany(cookie), cookies.attempt.write(state, sealed)],
      };
    },

    /** `query` as it was received, without its question mark. @throws NotFoundError */
    async finish(id: string, query: string, visit: Visit): Promise<Step> {
      const provider = providerOf(id);
      const state = new URLSearchParams(query).get('state') ?? '';
      const opened = Attempt.safeParse(await sealing.open(cookies.attempt.read(visit.cookie, state)));
      // Of another browser, of another provider, used before, or too old.
      if (!opened.success || opened.data.provider !== id || opened.data.state !== state)
        return refusals.refuse('AttemptExpired', provider, null);
      const grant = await exchange(provider, query, opened.data);
      const step =
        typeof grant === 'string'
          ? await refusals.refuse(grant, provider, null)
          : await enter(provider, grant, opened.data, visit);
      return { ...step, cookies: [cookies.attempt.clear(state), ...step.cookies] };
    },
  };

  function providerOf(id: string): Provider {
    const provider = providers.get(id);
    if (!provider) throw new NotFoundError(`No provider '${id.slice(0, 50)}' is set up here`);
    return provider;
  }

  async function connect(provider: Provider): Promise<oidc.Configuration> {
    try {
      return await provider.connect();
    } catch (cause) {
      if (!(cause instanceof ProviderUnavailableError)) throw cause;
      log.warn({ provider: provider.id, reason: reasonOf(cause) }, 'a provider does not answer');
      throw new OverloadedError(`${provider.name} does not answer. Try again in a minute.`, 10, { cause });
    }
  }

  async function authorizationUrl(
    provider: Provider,
    config: oidc.Configuration,
    { state, nonce, verifier }: Attempt,
  ): Promise<URL> {
    const { scope } = provider;
    return oidc.buildAuthorizationUrl(config, {
      redirect_uri: callbackOf(provider),
      ...(scope !== '' && { scope }),
      state,
      ...(nonce !== undefined && { nonce }),
      ...(verifier !== undefined && {
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      }),
      ...provider.parameters,
    });
  }

  function callbackOf(provider: Provider): string {
    return `${url}/api/auth/callback/${provider.id}`;
  }

  async function exchange(provider: Provider, query: string, attempt: Attempt): Promise<Grant | SsoRefusal> {
    const { state, nonce, verifier } = attempt;
    try {
      return await redeem(provider, new URL(`${callbackOf(provider)}?${query}`), { state, nonce, verifier });
    } catch (error) {
      const code = codeOf(error);
      log.warn({ provider: provider.id, code, reason: reasonOf(error) }, 'a sign-in at a provider failed');
      return code;
    }
  }

  async function enter(provider: Provider, grant: Grant, attempt: Attempt, visit: Visit): Promise<Step> {
    // Before the transaction, which an embedded database runs alone.
    const person = attempt.linkTo === undefined ? null : await sessions.find(visit.replaces);
    const isStillIn = person !== null && person.userId === attempt.linkTo;
    for (let tries = 0; tries < 3; tries += 1) {
      const step = await postgres.transaction((tx) =>
        tryToEnter(tx, provider, grant, { ...attempt, isStillIn }, visit),
      );
      if (step !== 'again') return step;
    }
    return refusals.refuse('OAuthCallback', provider, grant.identity.email);
  }

  async function tryToEnter(
    tx: Postgres,
    provider: Provider,
    grant: Grant,
    { linkTo, isStillIn, returnTo }: Attempt & { isStillIn: boolean },
    visit: Visit,
  ): Promise<Step | 'again'> {
    const { identity } = grant;
    const admission = (await isOver(tx, grant))
      ? ({ kind: 'refused', code: 'SignedOut' } as const)
      : linkTo === undefined
        ? await admit(tx, identity, provider, { newUsers, isSignUpClosed: isClosed, visit, now })
        : isStillIn
          ? await admitLink(tx, grant, linkTo, visit)
          : ({ kind: 'refused', code: 'AttemptExpired' } as const);
    switch (admission.kind) {
      case 'again':
        return 'again';
      case 'refused':
        await recordAudit(tx, personActor({ id: linkTo ?? null, email: identity.email }, visit), now(), {
          place: null,
          action: linkTo === undefined ? 'sign-in' : 'link',
          objectType: 'session',
          objectId: null,
          after: { method: provider.id, emailVerified: identity.emailVerified },
          refusedFor: admission.code,
        });
        return refusals.refuse(admission.code, provider, identity.email);
      case 'prove':
        return proof.ask(tx, { provider, grant, account: admission.account, returnTo });
      case 'in': {
        const { account, how } = admission;
        return opening.open(tx, { provider, grant, account, how, returnTo, visit });
      }
    }
  }

  /** Whether the provider told us that its session has ended before this sign-in arrived; a logout that comes now waits. */
  async function isOver(tx: Postgres, { identity: { issuer, providerSession } }: Grant): Promise<boolean> {
    if (providerSession === null) return false;
    await lockProviderSession(tx, issuer, providerSession);
    return wasLoggedOut(tx, issuer, providerSession);
  }

  /** For a signed-in person, who typed the password when it began. */
  async function admitLink(tx: Postgres, { identity }: Grant, userId: string, visit: Visit): Promise<Admission> {
    const account = await selectAccount(tx, userId);
    if (!account) return { kind: 'refused', code: 'AttemptExpired' };
    const owner = await selectAccountOfIdentity(tx, identity);
    if (owner && owner.id !== userId) return { kind: 'refused', code: 'IdentityTaken' };
    if (!owner) await opening.link(tx, identity, account, visit);
    return { kind: 'in', account, how: 'linked' };
  }
}
