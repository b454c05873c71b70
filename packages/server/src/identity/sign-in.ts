import type { SessionUser } from '@tracehouse/contract/session';
import { UnauthorizedError } from '../http/errors.ts';
import type { Postgres } from '../stores/postgres/postgres.ts';
import type { Passwords } from './passwords.ts';
import type { SignInLimits } from './rate-limits.ts';
import type { Sessions } from './sessions.ts';
import { selectUserByEmail, updatePasswordHash } from './users-store.ts';

export type SignIn = ReturnType<typeof createSignIn>;

export function createSignIn({
  postgres,
  passwords,
  sessions,
  limits,
  now,
}: {
  postgres: Postgres;
  passwords: Pick<Passwords, 'hash' | 'verify'>;
  sessions: Pick<Sessions, 'start'>;
  limits: Pick<SignInLimits, 'count' | 'succeeded'>;
  now: () => Date;
}) {
  return {
    /**
     * A new session. Whether the address is unknown, disabled, without a password or the password wrong cannot be told
     * apart, neither by the answer nor by its time. `replaces` is the token the browser came with.
     * @throws UnauthorizedError, TooManyRequestsError, OverloadedError when too many hashes are waiting
     */
    async withPassword({
      email,
      password,
      ip,
      userAgent,
      replaces,
    }: {
      email: string;
      password: string;
      ip: string;
      userAgent: string | undefined;
      replaces: string | undefined;
    }): Promise<{ user: SessionUser; token: string }> {
      const address = email.trim().toLowerCase();
      await limits.count({ email: address, ip });
      const user = await selectUserByEmail(postgres, address);
      const { right, outdated } = await passwords.verify(user?.password_hash ?? null, password);
      if (!user || !right || user.disabled_at !== null) throw new UnauthorizedError('E-mail or password is not right.');
      if (outdated) await updatePasswordHash(postgres, user.id, await passwords.hash(password), now());
      await limits.succeeded({ email: address, ip });
      const token = await sessions.start({ userId: user.id, method: 'password', userAgent, ip, replaces });
      return { user: { id: user.id, email: user.email, name: user.name }, token };
    },
  };
}
