import type { Logger } from 'pino';
import type { Secrets } from '../../config/secrets.ts';
import type { Settings } from '../../config/settings.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import type { NewUsers } from '../accounts/new-user.ts';
import type { Passwords } from '../accounts/passwords.ts';
import type { RateLimits } from '../accounts/rate-limits.ts';
import { createSessions } from '../sessions/sessions.ts';
import { createSsoCookies } from './cookies.ts';
import { createIdentities } from './identities.ts';
import { createSsoLogout } from './logout.ts';
import { createOpening } from './opening.ts';
import { createProof } from './proof.ts';
import { createProviders } from './providers.ts';
import { createRecheck } from './recheck.ts';
import { createRefusals } from './refusals.ts';
import { createSealing } from './sealing.ts';
import { createSsoSignIn } from './sign-in.ts';

export type Sso = ReturnType<typeof createSso>['sso'];

/** Sign-in at identity providers, and the sessions, which ask them whether they still stand. `url` is our own address. */
export function createSso({
  settings,
  secrets,
  postgres,
  passwords,
  limits,
  newUsers,
  url,
  now,
  newId,
  log,
}: {
  settings: Settings;
  secrets: Pick<Secrets, 'nextauthSecret' | 'encryptionKey'>;
  postgres: Postgres;
  passwords: Pick<Passwords, 'verify'>;
  limits: Pick<RateLimits, 'signIn'>;
  newUsers: Pick<NewUsers, 'create' | 'prove'>;
  url: string;
  now: () => Date;
  newId: () => string;
  log: Logger;
}) {
  const providers = createProviders({ settings, now });
  const cookies = createSsoCookies({ url });
  // A change of NEXTAUTH_SECRET only breaks sign-ins under way.
  const forCookies = (purpose: string) => createSealing({ secret: secrets.nextauthSecret, purpose, now });
  const tokens = createSealing({ secret: secrets.encryptionKey, purpose: 'tokens of providers', now });
  const { recheckMinutes: everyMinutes } = settings.sso;
  const sessions = createSessions({
    postgres,
    maxAgeMinutes: settings.signIn.sessionMaxAgeMinutes,
    ...(everyMinutes !== undefined && { recheck: createRecheck({ postgres, providers, tokens, everyMinutes, log }) }),
    now,
    newId,
  });
  const shared = {
    postgres,
    providers,
    settings,
    sessions,
    passwords,
    limits,
    newUsers,
    cookies,
    url,
    now,
    newId,
    log,
  };
  const opening = createOpening({ ...shared, tokens });
  const refusals = createRefusals({ ...shared, sealing: forCookies('sso refusal') });
  const proof = createProof({ ...shared, opening, sealing: tokens });
  const signIn = createSsoSignIn({ ...shared, opening, proof, refusals, sealing: forCookies('sso attempt') });
  const identities = createIdentities({ ...shared, signIn, isPasswordOff: settings.signIn.passwordDisabled });
  const logout = createSsoLogout({ ...shared, tokens });
  return { sessions, sso: { signIn, proof, refusals, logout, identities } };
}
