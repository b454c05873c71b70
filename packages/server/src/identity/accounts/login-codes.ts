import { randomInt } from 'node:crypto';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { UnprocessableError } from '../../http/errors.ts';
import type { Passwords } from './passwords.ts';
import type { RateLimits } from './rate-limits.ts';
import { deleteLoginCode, insertLoginCode, selectCodeToTry } from './login-codes-store.ts';

/** Minutes a code is good. */
export const CODE_MINUTES = 3;
export const CODE_TRIES = 5;

/** A new password; or that the mailbox is somebody's, before or after the account exists. */
export type CodePurpose = 'reset' | 'verify';

export const WRONG_CODE = 'The code is not right or no longer good. Ask for a new one.';

export type LoginCodes = ReturnType<typeof createLoginCodes>;

/** Codes of six digits that come back from a mailbox. The newest of an address and purpose is the only one that is good. */
export function createLoginCodes({
  postgres,
  passwords,
  limits,
  now,
  newId,
}: {
  postgres: Postgres;
  passwords: Pick<Passwords, 'hash' | 'verify'>;
  limits: Pick<RateLimits, 'tryCode'>;
  now: () => Date;
  newId: () => string;
}) {
  return {
    /** The code, of which only the hash is kept. `email` in lower case, as below. */
    async make(email: string, purpose: CodePurpose): Promise<string> {
      const code = String(randomInt(1_000_000)).padStart(6, '0');
      const codeHash = await passwords.hash(code);
      const expiresAt = new Date(now().getTime() + CODE_MINUTES * 60_000);
      await insertLoginCode(postgres, { id: newId(), email, purpose, codeHash, expiresAt });
      return code;
    },

    /**
     * Takes a code that is right: at most once, within its time and among its first tries. No code to compare costs the same.
     * @throws UnprocessableError for a wrong one, TooManyRequestsError
     */
    async take({ email, ip }: { email: string; ip: string }, purpose: CodePurpose, code: string): Promise<void> {
      await limits.tryCode.count({ email, ip });
      const tried = await selectCodeToTry(postgres, { email, purpose, tries: CODE_TRIES, at: now() });
      const { right } = await passwords.verify(tried?.code_hash ?? null, code);
      if (tried === null || !right || !(await deleteLoginCode(postgres, tried.id)))
        throw new UnprocessableError(WRONG_CODE);
      await limits.tryCode.succeeded({ email, ip });
    },
  };
}
