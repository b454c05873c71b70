import {
  acceptInvitation,
  createInvitation,
  listInvitations,
  readInvitation,
  renewInvitation,
  revokeInvitation,
  signUpInvited,
} from '@tracehouse/contract/x-invitations';
import { Answer, bind, type BoundRoute } from '../../http/bind.ts';
import { ForbiddenError } from '../../http/errors.ts';
import type { SessionCookie } from '../sessions/cookies.ts';
import { refuseOtherSites } from '../sessions/same-origin.ts';
import type { Sessions } from '../sessions/sessions.ts';
import { startSession } from '../sessions/start-session.ts';
import type { Invitations } from './invitations.ts';

/** Invitations, for the pages of members and for who got a link. */
export const invitationRoutes = ({
  invitations,
  sessions,
  sessionCookie,
  url,
}: {
  invitations: Invitations;
  sessions: Pick<Sessions, 'start'>;
  sessionCookie: SessionCookie;
  /** NEXTAUTH_URL. */
  url: string | undefined;
}): BoundRoute[] => [
  bind(listInvitations, async ({ organization }) => ({ data: await invitations.list(organization) })),
  bind(createInvitation, ({ organization, body, actor }) => invitations.create(organization, body, actor)),
  bind(renewInvitation, ({ organization, params, actor }) => invitations.renew(organization, params.id, actor)),
  bind(revokeInvitation, async ({ organization, params, actor }) => {
    await invitations.revoke(organization, params.id, actor);
    return { success: true as const };
  }),

  bind(readInvitation, async ({ body }) => invitations.read(body.token)),
  bind(acceptInvitation, async ({ principal, body, actor }) => {
    if (principal.kind !== 'person') throw new ForbiddenError('This is for a signed-in person');
    return invitations.accept(body.token, principal, actor);
  }),
  bind(signUpInvited, async ({ headers, body, ip }) => {
    refuseOtherSites(headers, url);
    const { userId, ...place } = await invitations.signUp(body, { ip, userAgent: headers['user-agent'] ?? null });
    return new Answer(place, { headers: await startSession({ sessions, sessionCookie }, userId, { headers, ip }) });
  }),
];
