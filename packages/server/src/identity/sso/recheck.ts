import * as oidc from 'openid-client';
import type { Logger } from 'pino';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import type { Recheck } from '../sessions/sessions.ts';
import { updateRefreshToken } from '../sessions/sessions-store.ts';
import type { Providers } from './providers.ts';
import type { Sealing } from './sealing.ts';

/**
 * Asks a session's provider by its refresh token: somebody disabled there, or whose session was ended there without word to us,
 * gets none. A provider that does not answer ends nothing.
 */
export function createRecheck({
  postgres,
  providers,
  tokens,
  everyMinutes,
  log,
}: {
  postgres: Postgres;
  providers: Providers;
  tokens: Sealing;
  everyMinutes: number;
  log: Logger;
}): Recheck {
  return {
    everyMinutes,
    async stillStands({ id, user_id: userId, method, refresh_token: sealed }) {
      const provider = providers.get(method);
      const refreshToken = (await tokens.open(sealed ?? undefined))?.['token'];
      // Of a provider that is gone from the settings, or sealed with another key: nobody vouches for it.
      if (!provider || typeof refreshToken !== 'string') return false;
      try {
        const renewed = await oidc.refreshTokenGrant(await provider.connect(), refreshToken);
        const next = renewed.refresh_token;
        if (next !== undefined && next !== refreshToken)
          await updateRefreshToken(postgres, id, await tokens.seal({ token: next }));
        return true;
      } catch (error) {
        const isOver = error instanceof oidc.ResponseBodyError && error.error === 'invalid_grant';
        const { message } = error as Error;
        if (isOver) log.info({ userId, provider: method }, 'a session ended, as its provider says');
        else log.warn({ provider: method, reason: message }, 'a provider could not be asked whether a session stands');
        return !isOver;
      }
    },
  };
}
