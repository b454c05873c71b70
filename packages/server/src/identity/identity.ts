import type { Logger } from 'pino';
import type { Secrets } from '../config/secrets.ts';
import type { Settings } from '../config/settings.ts';
import type { Postgres } from '../stores/postgres/postgres.ts';
import { createAccounts } from './accounts/accounts.ts';
import { createRefusalAudit } from './audit/audit.ts';
import { createSessionCookie } from './sessions/cookies.ts';
import { createLoginCodes } from './accounts/login-codes.ts';
import { createMailer } from './accounts/mailer.ts';
import { createNewUsers } from './accounts/new-user.ts';
import { createPasswordResets } from './accounts/password-reset.ts';
import type { Passwords } from './accounts/passwords.ts';
import { createRateLimits } from './accounts/rate-limits.ts';
import { createSignIn } from './accounts/sign-in.ts';
import { createSignUps } from './accounts/sign-up.ts';
import { createSso } from './sso/sso.ts';

/** All that lets people in, wired; nothing is started or stored yet. `site` is where people reach the product. */
export function createIdentity({
  settings,
  secrets,
  postgres,
  passwords,
  site,
  now,
  newId,
  log,
}: {
  settings: Settings;
  secrets: Pick<Secrets, 'nextauthSecret' | 'encryptionKey'>;
  postgres: Postgres;
  passwords: Passwords;
  site: string;
  now: () => Date;
  newId: () => string;
  log: Logger;
}) {
  const limits = createRateLimits(postgres);
  const newUsers = createNewUsers({ settings, now, newId });
  const { sessions, sso } = createSso({
    settings,
    secrets,
    postgres,
    passwords,
    limits,
    newUsers,
    url: site,
    now,
    newId,
    log,
  });
  const mailer = createMailer({ settings, log });
  const codes = createLoginCodes({ postgres, passwords, limits, now, newId });
  const auditRefusal = createRefusalAudit({
    postgres,
    now,
    onFailure: (error) => log.warn({ err: error }, 'a refusal is missing in the audit log'),
  });
  const parts = { settings, postgres, passwords, newUsers, codes, mailer, limits, site, now };
  return {
    sessions,
    sso,
    sessionCookie: createSessionCookie(settings),
    newUsers,
    passwords,
    limits,
    site,
    mailer,
    auditRefusal,
    signIn: createSignIn({ settings, postgres, passwords, sessions, limits, auditRefusal, now }),
    signUps: createSignUps(parts),
    passwordResets: createPasswordResets(parts),
    accounts: createAccounts(parts),
  };
}
