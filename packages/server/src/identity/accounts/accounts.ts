import type { Account, AccountSession } from '@tracehouse/contract/x-account';
import type { Settings } from '../../config/settings.ts';
import {
  ConflictError,
  ForbiddenError,
  NotFoundError,
  UnauthorizedError,
  UnprocessableError,
} from '../../http/errors.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { type Actor, recordAudit } from '../audit/audit.ts';
import type { LoginCodes } from './login-codes.ts';
import type { Mailer } from './mailer.ts';
import { verifyMail } from './mails.ts';
import type { NewUsers } from './new-user.ts';
import type { Passwords } from './passwords.ts';
import type { RateLimits } from './rate-limits.ts';
import { deleteSessionOf, deleteSessionsOf, selectSessionsOf } from '../sessions/sessions-store.ts';
import { mayUsePassword, needsSso, PASSWORDS_OFF, ssoNeeded } from './sign-in-policy.ts';
import { NO_MAIL } from './sign-up.ts';
import { selectUser, updatePasswordHash, updateUserName, type UserRow } from './users-store.ts';

export type Accounts = ReturnType<typeof createAccounts>;

/** Who asks, from which session and where. */
export interface AccountOwner {
  userId: string;
  sessionId: string;
  ip: string;
  actor: Actor;
}

/** What people do with their own account. */
export function createAccounts({
  settings,
  postgres,
  passwords,
  newUsers,
  codes,
  mailer,
  limits,
  site,
  now,
}: {
  settings: Pick<Settings, 'signIn'>;
  postgres: Postgres;
  passwords: Pick<Passwords, 'hash' | 'verify'>;
  newUsers: Pick<NewUsers, 'prove'>;
  codes: LoginCodes;
  mailer: Pick<Mailer, 'isOn' | 'later'>;
  limits: Pick<RateLimits, 'signIn' | 'sendCode'>;
  /** Where people reach the product. */
  site: string;
  now: () => Date;
}) {
  async function userOf({ userId }: AccountOwner): Promise<UserRow> {
    const user = await selectUser(postgres, userId);
    if (!user) throw new UnauthorizedError('Your session has ended. Sign in again.');
    return user;
  }

  const toAccount = (user: UserRow): Account => ({
    id: user.id,
    email: user.email,
    name: user.name,
    isEmailVerified: user.email_verified_at !== null,
    hasPassword: user.password_hash !== null,
    mayUsePassword: mayUsePassword(settings, user.email),
    sendsMail: mailer.isOn,
    createdAt: user.created_at.toISOString(),
  });

  return {
    async read(owner: AccountOwner): Promise<Account> {
      return toAccount(await userOf(owner));
    },

    async rename(owner: AccountOwner, name: string): Promise<Account> {
      const { name: before } = await userOf(owner);
      await postgres.transaction(async (tx) => {
        await updateUserName(tx, owner.userId, name, now());
        await recordAudit(tx, owner.actor, now(), {
          place: null,
          action: 'update',
          objectType: 'user',
          objectId: owner.userId,
          before: { name: before },
          after: { name },
        });
      });
      return toAccount(await userOf(owner));
    },

    /**
     * Every session ends, also the one that asks: the caller starts a new one.
     * @throws UnprocessableError when the current password is not right, or there is none; ForbiddenError, TooManyRequestsError
     */
    async changePassword(
      owner: AccountOwner,
      { current, password }: { current: string; password: string },
    ): Promise<void> {
      const user = await userOf(owner);
      const attempt = { email: user.email, ip: owner.ip };
      if (!mayUsePassword(settings, user.email))
        throw new ForbiddenError(needsSso(settings, user.email) ? ssoNeeded(user.email) : PASSWORDS_OFF);
      if (user.password_hash === null)
        throw new ConflictError('You have no password yet. Set one with a code sent to your address.');
      await limits.signIn.count(attempt);
      const { right } = await passwords.verify(user.password_hash, current);
      if (!right) throw new UnprocessableError('The current password is not right.');
      await limits.signIn.succeeded(attempt);
      const passwordHash = await passwords.hash(password);
      await postgres.transaction(async (tx) => {
        await updatePasswordHash(tx, user.id, passwordHash, now());
        await deleteSessionsOf(tx, user.id);
        await recordAudit(tx, owner.actor, now(), {
          place: null,
          action: 'update',
          objectType: 'password',
          objectId: user.id,
        });
      });
    },

    /** @throws ForbiddenError where no mail is sent, ConflictError when it is verified already, TooManyRequestsError */
    async sendEmailCode(owner: AccountOwner): Promise<void> {
      if (!mailer.isOn) throw new ForbiddenError(NO_MAIL);
      const { email, email_verified_at: verifiedAt } = await userOf(owner);
      if (verifiedAt !== null) throw new ConflictError('Your address is verified already.');
      await limits.sendCode.count({ email, ip: owner.ip });
      mailer.later(async () => verifyMail(email, await codes.make(email, 'verify'), site));
    },

    /** @throws UnprocessableError for a wrong code, TooManyRequestsError */
    async verifyEmail(owner: AccountOwner, code: string): Promise<Account> {
      const { email } = await userOf(owner);
      await codes.take({ email, ip: owner.ip }, 'verify', code);
      await postgres.transaction((tx) => newUsers.prove(tx, { userId: owner.userId, through: 'session' }, owner.actor));
      return toAccount(await userOf(owner));
    },

    async listSessions({ userId, sessionId }: AccountOwner): Promise<AccountSession[]> {
      return (await selectSessionsOf(postgres, userId, now())).map((row) => ({
        id: row.id,
        method: row.method,
        userAgent: row.user_agent,
        ip: row.ip,
        createdAt: row.created_at.toISOString(),
        lastSeenAt: row.last_seen_at.toISOString(),
        expiresAt: row.expires_at.toISOString(),
        isCurrent: row.id === sessionId,
      }));
    },

    /** @throws NotFoundError for one that is not the person's */
    async endSession({ userId, actor }: AccountOwner, id: string): Promise<void> {
      await postgres.transaction(async (tx) => {
        if (!(await deleteSessionOf(tx, userId, id))) throw new NotFoundError('You have no such session');
        await recordAudit(tx, actor, now(), { place: null, action: 'revoke', objectType: 'session', objectId: id });
      });
    },

    /** All of the person's, or all but the one that asks. */
    async endSessions({ userId, sessionId, actor }: AccountOwner, { others }: { others: boolean }): Promise<void> {
      await postgres.transaction(async (tx) => {
        const ended = await deleteSessionsOf(tx, userId, others ? sessionId : null);
        const entries = ended.map((id) => ({ place: null, action: 'revoke', objectType: 'session', objectId: id }));
        await recordAudit(tx, actor, now(), ...entries);
      });
    },
  };
}
