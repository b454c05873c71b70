import {
  readSignInOptions,
  requestPasswordCode,
  requestSignUpCode,
  resetPassword,
  signUp,
  SignUp,
} from '@tracehouse/contract/accounts';
import {
  changePassword,
  listAccountSessions,
  readAccount,
  requestEmailCode,
  revokeAccountSession,
  revokeAccountSessions,
  updateAccount,
  verifyEmail,
} from '@tracehouse/contract/x-account';
import type { Settings } from '../../config/settings.ts';
import { Answer, bind, type BoundRoute } from '../../http/bind.ts';
import { ForbiddenError, UnprocessableError } from '../../http/errors.ts';
import type { Actor } from '../audit/audit.ts';
import type { AccountOwner, Accounts } from './accounts.ts';
import type { SessionCookie } from '../sessions/cookies.ts';
import type { Mailer } from './mailer.ts';
import type { PasswordResets } from './password-reset.ts';
import type { Principal } from '../principal.ts';
import { isSameOrigin, refuseOtherSites } from '../sessions/same-origin.ts';
import type { Sessions } from '../sessions/sessions.ts';
import { startSession } from '../sessions/start-session.ts';
import { isSignUpClosed, mayUsePassword } from './sign-in-policy.ts';
import type { SignUps } from './sign-up.ts';

interface AccountParts {
  settings: Pick<Settings, 'signIn' | 'server' | 'providers'>;
  sessions: Pick<Sessions, 'start'>;
  sessionCookie: SessionCookie;
  mailer: Pick<Mailer, 'isOn'>;
  signUps: SignUps;
  passwordResets: PasswordResets;
  accounts: Accounts;
}

export const accountRoutes = (parts: AccountParts): BoundRoute[] => [...entryRoutes(parts), ...ownRoutes(parts)];

/** For who is not in yet. */
function entryRoutes({ settings, mailer, signUps, passwordResets, ...parts }: AccountParts): BoundRoute[] {
  const { url } = settings.server;
  return [
    bind(readSignInOptions, ({ query: { domain } }) => {
      const password = domain === undefined ? !settings.signIn.passwordDisabled : mayUsePassword(settings, domain);
      return {
        password,
        emailFirst: settings.signIn.ssoDomains.length > 0,
        signUp: password && !isSignUpClosed(settings),
        emailVerification: settings.signIn.emailVerificationRequired,
        reset: password && mailer.isOn,
        providers: settings.providers.map(({ id, name }) => ({ id, name })),
      };
    }),

    bind(signUp, async ({ headers, body, ip }) => {
      // Scripts make accounts too; a page of another site does not.
      const isOwnPage = isSameOrigin(headers, url);
      if (!isOwnPage && (headers['sec-fetch-site'] ?? headers['origin']) !== undefined) refuseOtherSites(headers, url);
      const checked = SignUp.safeParse(body);
      if (!checked.success) throw new UnprocessableError(checked.error.issues[0]?.message ?? 'This is not valid');
      const { userId } = await signUps.create(checked.data, { ip, userAgent: headers['user-agent'] });
      const answer = { message: 'User created' as const };
      return isOwnPage ? new Answer(answer, { headers: await startSession(parts, userId, { headers, ip }) }) : answer;
    }),

    bind(requestSignUpCode, async ({ headers, body, ip }) => {
      refuseOtherSites(headers, url);
      await signUps.sendCode(body.email, ip);
      return { sent: true as const };
    }),

    bind(requestPasswordCode, async ({ headers, body, ip }) => {
      refuseOtherSites(headers, url);
      await passwordResets.sendCode(body.email, ip);
      return { sent: true as const };
    }),

    bind(resetPassword, async ({ headers, body, ip }) => {
      refuseOtherSites(headers, url);
      const user = await passwordResets.reset(body, { ip, userAgent: headers['user-agent'] });
      return new Answer({ user }, { headers: await startSession(parts, user.id, { headers, ip }) });
    }),
  ];
}

/** For the person who asks. */
const ownRoutes = ({ accounts, ...parts }: AccountParts): BoundRoute[] => [
  bind(readAccount, ({ principal, actor, ip }) => accounts.read(ownerOf(principal, actor, ip))),
  bind(updateAccount, ({ principal, actor, ip, body }) => accounts.rename(ownerOf(principal, actor, ip), body.name)),
  bind(changePassword, async ({ principal, actor, ip, body, headers }) => {
    const owner = ownerOf(principal, actor, ip);
    await accounts.changePassword(owner, body);
    return new Answer(
      { success: true as const },
      { headers: await startSession(parts, owner.userId, { headers, ip }) },
    );
  }),
  bind(requestEmailCode, async ({ principal, actor, ip }) => {
    await accounts.sendEmailCode(ownerOf(principal, actor, ip));
    return { sent: true as const };
  }),
  bind(verifyEmail, ({ principal, actor, ip, body }) => accounts.verifyEmail(ownerOf(principal, actor, ip), body.code)),
  bind(listAccountSessions, async ({ principal, actor, ip }) => ({
    data: await accounts.listSessions(ownerOf(principal, actor, ip)),
  })),
  bind(revokeAccountSession, async ({ principal, actor, ip, params }) => {
    await accounts.endSession(ownerOf(principal, actor, ip), params.id);
    return { success: true as const };
  }),
  bind(revokeAccountSessions, async ({ principal, actor, ip, query: { others } }) => {
    await accounts.endSessions(ownerOf(principal, actor, ip), { others: others === 'true' });
    const answer = { success: true as const };
    return others === 'true' ? answer : new Answer(answer, { headers: { 'set-cookie': parts.sessionCookie.clear() } });
  }),
];

/** Routes of the scope `session` only get here with a person. */
function ownerOf(principal: Principal, actor: Actor, ip: string): AccountOwner {
  if (principal.kind !== 'person') throw new ForbiddenError('This is for who is signed in');
  return { userId: principal.userId, sessionId: principal.sessionId, ip, actor };
}
