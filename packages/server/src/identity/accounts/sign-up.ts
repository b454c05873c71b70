import type { SignUp } from '@tracehouse/contract/accounts';
import type { Settings } from '../../config/settings.ts';
import { ForbiddenError, UnprocessableError } from '../../http/errors.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import type { LoginCodes } from './login-codes.ts';
import type { Mailer } from './mailer.ts';
import { knownAddressMail, verifyMail } from './mails.ts';
import type { NewUsers } from './new-user.ts';
import type { Passwords } from './passwords.ts';
import type { RateLimits } from './rate-limits.ts';
import { isSignUpClosed, needsSso, PASSWORDS_OFF, ssoNeeded } from './sign-in-policy.ts';
import { selectUserByEmail } from './users-store.ts';

export type SignUps = ReturnType<typeof createSignUps>;

/**
 * Signing up with a password (S9.2). Where the address has to be verified first, nothing tells whether it has an account: codes
 * are sent, or not, after the answer, and only who has the mailbox gets further. Where it need not be, upstream's wire says
 * "already exists"; how often one may ask is limited (docs/security.md).
 */
export function createSignUps({
  settings,
  postgres,
  passwords,
  newUsers,
  codes,
  mailer,
  limits,
  site,
}: {
  settings: Pick<Settings, 'signIn'>;
  postgres: Postgres;
  passwords: Pick<Passwords, 'hash'>;
  newUsers: Pick<NewUsers, 'create'>;
  codes: LoginCodes;
  mailer: Pick<Mailer, 'isOn' | 'later'>;
  limits: Pick<RateLimits, 'signUp' | 'sendCode'>;
  /** Where people reach the product. */
  site: string;
}) {
  /** By settings alone, so that it says nothing of who is known here. */
  function refuseByPolicy(email: string): void {
    if (settings.signIn.passwordDisabled) throw refusal(PASSWORDS_OFF);
    if (needsSso(settings, email)) throw refusal(ssoNeeded(email));
    if (isSignUpClosed(settings)) throw refusal(CLOSED);
  }

  return {
    /**
     * A new person with a password; answers the id.
     * @throws UnprocessableError for who may not come or is here already, ForbiddenError without the code where one is needed,
     * TooManyRequestsError
     */
    async create(
      { name, email, password, code }: SignUp,
      { ip, userAgent }: { ip: string; userAgent: string | undefined },
    ): Promise<{ userId: string }> {
      refuseByPolicy(email);
      await limits.signUp.count({ email, ip });
      const isVerified = await checkCode(email, code, ip);
      // Before it is known whether the address is taken, so that the time does not tell.
      const passwordHash = await passwords.hash(password);
      const created = await postgres.transaction((tx) =>
        newUsers.create(tx, { email, name, passwordHash, isVerified }, { ip, userAgent }),
      );
      if (!created) throw refusal('User with email already exists. Please sign in.');
      return created;
    },

    /** @throws UnprocessableError, ForbiddenError where no mail is sent, TooManyRequestsError, OverloadedError */
    async sendCode(email: string, ip: string): Promise<void> {
      refuseByPolicy(email);
      if (!mailer.isOn) throw new ForbiddenError(NO_MAIL);
      await limits.sendCode.count({ email, ip });
      mailer.later(async () =>
        (await selectUserByEmail(postgres, email))
          ? knownAddressMail(email, site)
          : verifyMail(email, await codes.make(email, 'verify'), site),
      );
    },
  };

  async function checkCode(email: string, code: string | undefined, ip: string): Promise<boolean> {
    if (code === undefined) {
      if (settings.signIn.emailVerificationRequired)
        throw new ForbiddenError('The address has to be verified first, by a code (AUTH_EMAIL_VERIFICATION_REQUIRED).');
      return false;
    }
    await codes.take({ email, ip }, 'verify', code);
    return true;
  }
}

/** Upstream's text begins so (S9.2). */
const refusal = (why: string): UnprocessableError => new UnprocessableError(`Signup: Error creating user: ${why}`);

const CLOSED =
  'New accounts are switched off here (AUTH_DISABLE_SIGNUP). Ask an owner of your organization for an invitation.';
export const NO_MAIL = 'This installation sends no mail (SMTP_CONNECTION_URL).';
