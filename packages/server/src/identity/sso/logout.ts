import { createRemoteJWKSet, customFetch, jwtVerify, type JWTPayload } from 'jose';
import * as oidc from 'openid-client';
import type { Logger } from 'pino';
import { NotFoundError } from '../../http/errors.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { recordAudit, systemActor } from '../audit/audit.ts';
import type { EndedSessionRow } from '../sessions/sessions-store.ts';
import { CLOCK_TOLERANCE_S, type Provider, type Providers } from './providers.ts';
import { reasonOf } from './refusals.ts';
import type { Sealing } from './sealing.ts';
import { deleteProviderSessions, insertLogoutToken, lockProviderSession } from './store.ts';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const ASYMMETRIC = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const MAX_AGE_S = 180;
/** A sign-in that was under way when its session ended arrives within this time, and no token is good for longer. */
const REMEMBERED_MS = 15 * 60_000;

export type SsoLogout = ReturnType<typeof createSsoLogout>;

/** Signing out here ends the provider's session, and the other way round. */
export function createSsoLogout({
  postgres,
  providers,
  tokens,
  url,
  now,
  log,
}: {
  postgres: Postgres;
  providers: Providers;
  tokens: Sealing;
  url: string;
  now: () => Date;
  log: Logger;
}) {
  const verifiers = new Map<string, { jwksUri: string; keys: ReturnType<typeof createRemoteJWKSet> }>();

  return {
    /** Where the browser ends the provider's session, once ours has ended; `url` null: it cannot, and that session goes on. `provider` is its id. */
    async farewell(session: EndedSessionRow): Promise<{ url: string | null; provider: string } | null> {
      const provider = providers.get(session.method);
      if (!provider || session.issuer === null) return null;
      const idToken = (await tokens.open(session.id_token ?? undefined))?.['token'];
      try {
        const config = await provider.connect();
        if (config.serverMetadata().end_session_endpoint === undefined) return { url: null, provider: provider.id };
        const address = oidc.buildEndSessionUrl(config, {
          post_logout_redirect_uri: `${url}/sign-in`,
          ...(typeof idToken === 'string' && { id_token_hint: idToken }),
        });
        return { url: address.href, provider: provider.id };
      } catch (error) {
        log.warn({ provider: provider.id, reason: reasonOf(error) }, 'the session at a provider could not be ended');
        return { url: null, provider: provider.id };
      }
    },

    /**
     * The provider says that a session of its, or all of a person's, has ended (OpenID Connect Back-Channel Logout 1.0, 2.6).
     * False: this is no logout token of that provider for us. @throws NotFoundError
     */
    async backChannel(id: string, token: string): Promise<boolean> {
      const provider = providers.get(id);
      if (!provider) throw new NotFoundError(`No provider '${id.slice(0, 50)}' is set up here`);
      let payload: JWTPayload;
      try {
        payload = await verify(provider, token);
      } catch (error) {
        log.warn({ provider: id, reason: reasonOf(error) }, 'a logout token was refused');
        return false;
      }
      const { iss: issuer = '', jti = '', sub: subject = null } = payload;
      const sid = typeof payload['sid'] === 'string' ? payload['sid'] : null;
      await postgres.transaction(async (tx) => {
        if (sid !== null) await lockProviderSession(tx, issuer, sid);
        const expiresAt = new Date(now().getTime() + REMEMBERED_MS);
        if (!(await insertLogoutToken(tx, { issuer, jti, sid, expiresAt }))) return;
        for (const session of await deleteProviderSessions(tx, { issuer, sid, subject })) {
          await recordAudit(tx, systemActor(provider.name), now(), {
            place: null,
            action: 'sign-out',
            objectType: 'session',
            objectId: session.id,
            before: { userId: session.user_id, method: id },
          });
        }
      });
      return true;
    },
  };

  async function verify(provider: Provider, token: string): Promise<JWTPayload> {
    const { issuer, jwks_uri: jwksUri } = (await provider.connect()).serverMetadata();
    if (jwksUri === undefined) throw new Error('the provider publishes no keys');
    const { payload } = await jwtVerify(token, keysOf(provider, jwksUri), {
      issuer,
      audience: provider.clientId,
      algorithms: provider.idTokenAlg === undefined ? ASYMMETRIC : [provider.idTokenAlg],
      maxTokenAge: MAX_AGE_S,
      clockTolerance: CLOCK_TOLERANCE_S,
      currentDate: now(),
      requiredClaims: ['iat', 'jti', 'events'],
    });
    const isLogout = EVENT in Object(payload['events']);
    if (!isLogout || 'nonce' in payload || (payload.sub === undefined && typeof payload['sid'] !== 'string'))
      throw new Error('not a logout token');
    return payload;
  }

  /** One a provider: it remembers the keys. */
  function keysOf(provider: Provider, jwksUri: string): ReturnType<typeof createRemoteJWKSet> {
    const known = verifiers.get(provider.id);
    if (known?.jwksUri === jwksUri) return known.keys;
    const fetch = async (address: string, options: object): Promise<Response> =>
      provider.fetch(address, options as Parameters<typeof provider.fetch>[1]);
    const keys = createRemoteJWKSet(new URL(jwksUri), { [customFetch]: fetch });
    verifiers.set(provider.id, { jwksUri, keys });
    return keys;
  }
}
