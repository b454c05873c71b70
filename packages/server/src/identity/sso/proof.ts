import { createHash, randomBytes } from 'node:crypto';
import { NotFoundError, UnauthorizedError } from '../../http/errors.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import type { Passwords } from '../accounts/passwords.ts';
import type { RateLimits } from '../accounts/rate-limits.ts';
import { ATTEMPT_S, type SsoCookies } from './cookies.ts';
import type { Opening } from './opening.ts';
import type { Grant } from './profile.ts';
import type { Provider, Providers } from './providers.ts';
import type { Sealing } from './sealing.ts';
import { type AccountRow, insertPendingLink, selectAccount, selectPendingLink, takePendingLink } from './store.ts';
import type { Step, Visit } from './visit.ts';

const OVER = 'This took too long, or is done already. Sign in again.';

export type Proof = ReturnType<typeof createProof>;

/**
 * Somebody came from a provider with the address of an account, which the provider has not verified: the account's password,
 * typed once, links the two. It counts also where nobody signs in by password any more.
 */
export function createProof({
  postgres,
  providers,
  passwords,
  limits,
  opening,
  sealing,
  cookies,
  url,
  now,
}: {
  postgres: Postgres;
  providers: Providers;
  passwords: Pick<Passwords, 'verify'>;
  limits: Pick<RateLimits, 'signIn'>;
  opening: Opening;
  sealing: Sealing;
  cookies: Pick<SsoCookies, 'link'>;
  url: string;
  now: () => Date;
}) {
  return {
    async ask(
      tx: Postgres,
      {
        provider,
        grant,
        account,
        returnTo,
      }: { provider: Provider; grant: Grant; account: AccountRow; returnTo: string },
    ): Promise<Step> {
      const token = randomBytes(32).toString('base64url');
      await insertPendingLink(tx, {
        tokenHash: hashOf(token),
        userId: account.id,
        link: { provider: provider.id, sealed: await sealing.seal({ grant, returnTo }) },
        expiresAt: new Date(now().getTime() + ATTEMPT_S * 1000),
      });
      return { location: `${url}/auth/link`, cookies: [cookies.link.write(token)] };
    },

    /** Whose password is asked for; null when nothing waits. */
    async pending(
      cookie: string | undefined,
    ): Promise<{ provider: string; email: string; hasPassword: boolean } | null> {
      const found = await find(cookie);
      if (!found) return null;
      const { provider, account } = found;
      return { provider: provider.name, email: account.email, hasPassword: account.password_hash !== null };
    },

    /**
     * Links and signs in.
     * @throws NotFoundError when nothing waits any more, UnauthorizedError, TooManyRequestsError, OverloadedError
     */
    async prove(password: string, visit: Visit): Promise<Step> {
      const found = await find(visit.cookie);
      if (!found) throw new NotFoundError(OVER);
      const { provider, account, tokenHash } = found;
      const attempt = { email: account.email, ip: visit.ip };
      await limits.signIn.count(attempt);
      const { right } = await passwords.verify(account.password_hash, password);
      if (!right) throw new UnauthorizedError('This is not the password of the account.');
      await limits.signIn.succeeded(attempt);
      return postgres.transaction(async (tx) => {
        const taken = await takePendingLink(tx, tokenHash, now());
        const opened =
          taken && ((await sealing.open(taken.identity.sealed)) as { grant: Grant; returnTo: string } | null);
        if (!opened) throw new NotFoundError(OVER);
        const { grant, returnTo } = opened;
        await opening.link(tx, grant.identity, account, visit);
        const step = await opening.open(tx, { provider, grant, account, how: 'linked', returnTo, visit });
        return { ...step, cookies: [...step.cookies, cookies.link.clear()] };
      });
    },
  };

  async function find(cookie: string | undefined) {
    const token = cookies.link.read(cookie);
    if (token === undefined) return null;
    const tokenHash = hashOf(token);
    const row = await selectPendingLink(postgres, tokenHash, now());
    const provider = row && providers.get(row.identity.provider);
    const account = row && (await selectAccount(postgres, row.user_id));
    if (!provider || !account || account.disabled_at !== null) return null;
    return { tokenHash, provider, account };
  }
}

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();
