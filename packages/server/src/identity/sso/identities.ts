import { ConflictError, NotFoundError, UnprocessableError } from '../../http/errors.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { type Actor, recordAudit } from '../audit/audit.ts';
import type { Passwords } from '../accounts/passwords.ts';
import type { RateLimits } from '../accounts/rate-limits.ts';
import type { Providers } from './providers.ts';
import type { SsoSignIn } from './sign-in.ts';
import { deleteIdentity, selectAccount, selectIdentities, selectSessionStart } from './store.ts';

interface Person {
  userId: string;
  sessionId: string;
}

/** Whoever has no password is known by a sign-in this young. */
const FRESH_MS = 10 * 60_000;

/** The sign-ins at providers that open an account, as its owner sees and changes them. */
export function createIdentities({
  postgres,
  providers,
  passwords,
  limits,
  signIn,
  isPasswordOff,
  now,
}: {
  postgres: Postgres;
  providers: Providers;
  passwords: Pick<Passwords, 'verify'>;
  limits: Pick<RateLimits, 'signIn'>;
  signIn: SsoSignIn;
  /** AUTH_DISABLE_USERNAME_PASSWORD. */
  isPasswordOff: boolean;
  now: () => Date;
}) {
  return {
    async list(userId: string) {
      const rows = await selectIdentities(postgres, userId);
      return rows.map(({ provider: id, email, created_at: linkedAt, last_login_at: lastUsedAt }) => ({
        id,
        provider: providers.get(id)?.name ?? id,
        email,
        linkedAt,
        lastUsedAt,
      }));
    },

    /** A stolen session alone must not add a way in of its own. @throws UnprocessableError, ConflictError, TooManyRequestsError, NotFoundError, OverloadedError */
    async start({
      person: { userId, sessionId },
      provider,
      password,
      returnTo,
      cookie,
      ip,
    }: {
      person: Person;
      provider: string;
      password: string | undefined;
      returnTo: string | undefined;
      cookie: string | undefined;
      ip: string;
    }): Promise<{ url: string; cookies: string[] }> {
      const account = await selectAccount(postgres, userId);
      if (!account) throw new NotFoundError('There is no such account');
      if (account.password_hash === null) {
        const startedAt = await selectSessionStart(postgres, sessionId);
        if (startedAt === null || now().getTime() - startedAt.getTime() > FRESH_MS)
          throw new ConflictError('Sign out and in again, then link within ten minutes.');
      } else {
        const attempt = { email: account.email, ip };
        await limits.signIn.count(attempt);
        const { right } = await passwords.verify(account.password_hash, password ?? '');
        if (!right) throw new UnprocessableError('This is not the password of the account.');
        await limits.signIn.succeeded(attempt);
      }
      return signIn.start({ provider, returnTo, linkTo: userId, cookie });
    },

    /** The other sessions it opened end. @throws NotFoundError, ConflictError when it is the last way in */
    async remove({ userId, sessionId }: Person, provider: string, actor: Actor): Promise<void> {
      await postgres.transaction(async (tx) => {
        const account = await selectAccount(tx, userId, { lock: true });
        const all = await selectIdentities(tx, userId);
        const gone = all.filter((row) => row.provider === provider);
        if (!account || gone.length === 0) throw new NotFoundError('No sign-in at this provider is linked');
        const hasOther = all.some((row) => row.provider !== provider && providers.has(row.provider));
        if (!hasOther && (account.password_hash === null || isPasswordOff))
          throw new ConflictError('This is the only way into the account. Link another one, or set a password, first.');
        for (const { issuer, subject, email } of gone) {
          await deleteIdentity(tx, userId, { issuer, subject }, sessionId);
          await recordAudit(tx, actor, now(), {
            place: null,
            action: 'unlink',
            objectType: 'identity',
            objectId: `${issuer} ${subject}`,
            before: { provider, email },
          });
        }
      });
    },
  };
}
