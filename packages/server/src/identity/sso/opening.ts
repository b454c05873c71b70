import type { Logger } from 'pino';
import type { Settings } from '../../config/settings.ts';
import { ConflictError } from '../../http/errors.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { personActor, recordAudit } from '../audit/audit.ts';
import type { Sessions } from '../sessions/sessions.ts';
import type { SsoCookies } from './cookies.ts';
import type { Grant, ProviderIdentity } from './profile.ts';
import type { Provider } from './providers.ts';
import { applyRoleClaims } from './role-claims.ts';
import type { Sealing } from './sealing.ts';
import { insertIdentity, selectAccountOfIdentity } from './store.ts';
import type { Step, Visit } from './visit.ts';

interface Account {
  id: string;
  email: string;
}

export type Opening = ReturnType<typeof createOpening>;

/** The end of each way in: the roles of this sign-in, its session, its line in the audit log; one transaction. */
export function createOpening({
  sessions,
  settings,
  tokens,
  cookies,
  url,
  now,
  newId,
  log,
}: {
  sessions: Pick<Sessions, 'start'>;
  settings: Pick<Settings, 'sso' | 'newUsers' | 'init'>;
  tokens: Sealing;
  cookies: Pick<SsoCookies, 'refusal'>;
  url: string;
  now: () => Date;
  newId: () => string;
  log: Logger;
}) {
  const sealed = async (token: string | null): Promise<string | null> =>
    token === null ? null : tokens.seal({ token });

  return {
    async open(
      tx: Postgres,
      {
        provider,
        grant: { identity, idToken, refreshToken },
        account,
        how,
        returnTo,
        visit,
      }: {
        provider: Provider;
        grant: Grant;
        account: Account;
        how: 'known' | 'new' | 'linked';
        /** A path of ours. */
        returnTo: string;
        visit: Visit;
      },
    ): Promise<Step> {
      const at = now();
      await applyRoleClaims(tx, { identity, userId: account.id, provider, settings, at, log });
      const id = newId();
      const token = await sessions.start(
        {
          id,
          userId: account.id,
          method: provider.id,
          provider: {
            issuer: identity.issuer,
            subject: identity.subject,
            sid: identity.providerSession,
            idToken: await sealed(idToken),
            // Kept only where it is used.
            refreshToken: settings.sso.recheckMinutes === undefined ? null : await sealed(refreshToken),
          },
          userAgent: visit.userAgent,
          ip: visit.ip,
          replaces: visit.replaces,
        },
        tx,
      );
      await recordAudit(tx, { ...personActor(account, visit), sessionId: id }, at, {
        place: null,
        action: 'sign-in',
        objectType: 'session',
        objectId: id,
        after: { method: provider.id, account: how, emailVerified: identity.emailVerified },
      });
      return { location: `${url}${returnTo}`, cookies: [cookies.refusal.clear()], token };
    },

    /** Gives an identity to an account. @throws ConflictError when another account has it */
    async link(tx: Postgres, identity: ProviderIdentity, account: Account, visit: Visit): Promise<void> {
      const at = now();
      if (!(await insertIdentity(tx, identity, account.id, at))) {
        if ((await selectAccountOfIdentity(tx, identity))?.id === account.id) return;
        throw new ConflictError('This sign-in belongs to another account.');
      }
      const { provider, issuer, subject, email, emailVerified } = identity;
      await recordAudit(tx, personActor(account, visit), at, {
        place: null,
        action: 'link',
        objectType: 'identity',
        objectId: `${issuer} ${subject}`,
        after: { provider, email, emailVerified },
      });
    },
  };
}
