import type { SessionUser } from '@tracehouse/contract/session';
import type { Settings } from '../../config/settings.ts';
import { ForbiddenError, UnauthorizedError } from '../../http/errors.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { personActor, type RefusalAudit } from '../audit/audit.ts';
import type { Passwords } from './passwords.ts';
import type { RateLimits } from './rate-limits.ts';
import type { Sessions } from '../sessions/sessions.ts';
import { needsSso, PASSWORDS_OFF, ssoNeeded } from './sign-in-policy.ts';
import { selectUserByEmail, updatePasswordHash } from './users-store.ts';

const SIGN_IN = { place: null, action: 'sign-in', objectType: 'session', objectId: null };

export type SignIn = ReturnType<typeof createSignIn>;

export function createSignIn({
  settings,
  postgres,
  passwords,
  sessions,
  limits,
  auditRefusal,
  now,
}: {
  settings: Pick<Settings, 'signIn'>;
  postgres: Postgres;
  passwords: Pick<Passwords, 'hash' | 'verify'>;
  sessions: Pick<Sessions, 'start'>;
  limits: Pick<RateLimits, 'signIn'>;
  auditRefusal: RefusalAudit;
  now: () => Date;
}) {
  return {
    /**
     * A new session. Whether the address is unknown, disabled, without a password or the password wrong cannot be told
     * apart, neither by the answer nor by its time. `replaces` is the token the browser came with.
     * @throws ForbiddenError where passwords are not for this address, UnauthorizedError, TooManyRequestsError, OverloadedError when too many hashes are waiting
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
      if (settings.signIn.passwordDisabled) throw new ForbiddenError(PASSWORDS_OFF);
      if (needsSso(settings, address)) throw new ForbiddenError(ssoNeeded(address));
      await limits.signIn.count({ email: address, ip });
      const user = await selectUserByEmail(postgres, address);
      const { right, outdated } = await passwords.verify(user?.password_hash ?? null, password);
      if (!user || !right || user.disabled_at !== null) {
        // What nobody has as an address may be a password in the wrong field: it is written nowhere.
        const actor = personActor({ id: user?.id ?? null, email: user?.email ?? null }, { ip, userAgent });
        await auditRefusal(actor, { ...SIGN_IN, refusedFor: user?.disabled_at ? 'disabled' : 'wrong password' });
        throw new UnauthorizedError('E-mail or password is not right.');
      }
      if (outdated) await updatePasswordHash(postgres, user.id, await passwords.hash(password), now());
      await limits.signIn.succeeded({ email: address, ip });
      const token = await sessions.start({ userId: user.id, method: 'password', userAgent, ip, replaces });
      return { user: { id: user.id, email: user.email, name: user.name }, token };
    },
  };
}
