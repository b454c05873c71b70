import type { SessionUser } from '@tracehouse/contract/session';
import type { Settings } from '../../config/settings.ts';
import { ForbiddenError, UnprocessableError } from '../../http/errors.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { personActor, recordAudit } from '../audit/audit.ts';
import { type LoginCodes, WRONG_CODE } from './login-codes.ts';
import type { Mailer } from './mailer.ts';
import { resetMail } from './mails.ts';
import type { NewUsers } from './new-user.ts';
import type { Passwords } from './passwords.ts';
import type { RateLimits } from './rate-limits.ts';
import { deleteSessionsOf } from '../sessions/sessions-store.ts';
import { mayUsePassword, needsSso, PASSWORDS_OFF, ssoNeeded } from './sign-in-policy.ts';
import { NO_MAIL } from './sign-up.ts';
import { selectUserByEmail, updatePasswordHash, type UserRow } from './users-store.ts';

export type PasswordResets = ReturnType<typeof createPasswordResets>;

/** A new password for who has the mailbox. Nothing tells whether an address has an account: the mail is decided after the answer. */
export function createPasswordResets({
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
  passwords: Pick<Passwords, 'hash'>;
  newUsers: Pick<NewUsers, 'prove'>;
  codes: LoginCodes;
  mailer: Pick<Mailer, 'isOn' | 'later'>;
  limits: Pick<RateLimits, 'sendCode'>;
  /** Where people reach the product. */
  site: string;
  now: () => Date;
}) {
  function refuseByPolicy(email: string): void {
    if (!mailer.isOn) throw new ForbiddenError(NO_MAIL);
    if (!mayUsePassword(settings, email))
      throw new ForbiddenError(needsSso(settings, email) ? ssoNeeded(email) : PASSWORDS_OFF);
  }
  /** Null for nobody, and for who is shut out. */
  async function findUser(email: string): Promise<UserRow | null> {
    const user = await selectUserByEmail(postgres, email);
    return user?.disabled_at === null ? user : null;
  }

  return {
    /** @throws ForbiddenError, TooManyRequestsError, OverloadedError */
    async sendCode(email: string, ip: string): Promise<void> {
      refuseByPolicy(email);
      await limits.sendCode.count({ email, ip });
      mailer.later(async () =>
        (await findUser(email)) ? resetMail(email, await codes.make(email, 'reset'), site) : null,
      );
    },

    /** Ends every session of the person. @throws UnprocessableError for a wrong code, ForbiddenError, TooManyRequestsError */
    async reset(
      { email, code, password }: { email: string; code: string; password: string },
      { ip, userAgent }: { ip: string; userAgent: string | undefined },
    ): Promise<SessionUser> {
      refuseByPolicy(email);
      await codes.take({ email, ip }, 'reset', code);
      // Shut out since the code was sent.
      const user = await findUser(email);
      if (!user) throw new UnprocessableError(WRONG_CODE);
      const passwordHash = await passwords.hash(password);
      await postgres.transaction(async (tx) => {
        const actor = personActor(user, { ip, userAgent });
        await newUsers.prove(tx, { userId: user.id, through: 'mailbox' }, actor);
        await updatePasswordHash(tx, user.id, passwordHash, now());
        await deleteSessionsOf(tx, user.id);
        await recordAudit(tx, actor, now(), {
          place: null,
          action: 'reset',
          objectType: 'password',
          objectId: user.id,
        });
      });
      return { id: user.id, email: user.email, name: user.name };
    },
  };
}
