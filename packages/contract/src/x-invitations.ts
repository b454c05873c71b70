import * as z from 'zod';
import { Role } from './roles.ts';
import { defineRoute } from './route.ts';

/*
 * Invitations: an address that may become a member of the organization that a request names. Its link is `/invite#<token>` on this
 * site: what stands after `#` is in nobody's log. The link is mailed, or where no mail is set up in the answers that make it, and
 * nowhere else, since only a hash of the token is kept.
 */

/** Times are ISO 8601, UTC, milliseconds. */
export const Invitation = z.object({
  id: z.string(),
  email: z.string(),
  role: Role,
  /** The only project it opens, with another role than the organization's; null: all that `role` opens. */
  project: z.object({ id: z.string(), name: z.string(), role: Role }).nullable(),
  /** Name or address; null: invited by a key, or by somebody who is gone. */
  invitedBy: z.string().nullable(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  isExpired: z.boolean(),
});
export type Invitation = z.output<typeof Invitation>;

/** The link is on its way to the address, and null here: it shows that the mailbox is theirs. Without SMTP, hand it over yourself. */
export const SentInvitation = Invitation.extend({ link: z.string().nullable(), isMailed: z.boolean() });
export type SentInvitation = z.output<typeof SentInvitation>;

/** Body of `POST /api/public/x/invitations`. `projectId` and `projectRole` come together. */
export const NewInvitation = z
  .object({
    email: z.string().max(320),
    role: Role,
    projectId: z.string().min(1).optional(),
    projectRole: Role.optional(),
  })
  .refine(
    ({ projectId, projectRole }) => (projectId === undefined) === (projectRole === undefined),
    'projectId and projectRole come together',
  );
export type NewInvitation = z.output<typeof NewInvitation>;

export const listInvitations = defineRoute({
  method: 'GET',
  path: '/api/public/x/invitations',
  scope: 'organizationMembers:read',
  summary: 'Invitations that nobody has accepted, newest first',
  response: z.object({ data: z.array(Invitation) }),
});

export const createInvitation = defineRoute({
  method: 'POST',
  path: '/api/public/x/invitations',
  scope: 'organizationMembers:CUD',
  summary: 'Invite an address; 409 for a member, and for an address that is invited already',
  audit: 'invitation',
  body: NewInvitation,
  status: 201,
  response: SentInvitation,
});

const byId = z.object({ id: z.string() });

export const renewInvitation = defineRoute({
  method: 'POST',
  path: '/api/public/x/invitations/:id/renew',
  scope: 'organizationMembers:CUD',
  summary: 'A new link and a new time, mailed where mail is set up; the old link ends',
  audit: 'invitation',
  params: byId,
  response: SentInvitation,
});

export const revokeInvitation = defineRoute({
  method: 'DELETE',
  path: '/api/public/x/invitations/:id',
  scope: 'organizationMembers:CUD',
  summary: 'Take an invitation back',
  audit: 'invitation',
  params: byId,
  response: z.object({ success: z.literal(true) }),
});

/** Of a link, 32 random bytes. */
export const InvitationToken = z.string().min(1).max(200);

/** What the page of a link shows. */
export const InvitationOffer = z.object({
  organization: z.string(),
  project: z.string().nullable(),
  /** In the project where there is one. */
  role: Role,
  invitedBy: z.string().nullable(),
  /** Who may accept it. */
  email: z.string(),
  /** Somebody has an account with it: they sign in and do not sign up. */
  hasAccount: z.boolean(),
  expiresAt: z.iso.datetime(),
});
export type InvitationOffer = z.output<typeof InvitationOffer>;

export const readInvitation = defineRoute({
  method: 'POST',
  path: '/api/auth/invitation',
  scope: 'public',
  family: 'bare',
  summary:
    'What the link of an invitation offers; 404 when it is unknown, used, taken back or too old. Changes nothing',
  audit: { none: 'changes nothing' },
  body: z.object({ token: InvitationToken }),
  response: InvitationOffer,
});

/** Where somebody who has accepted goes on. */
export const AcceptedInvitation = z.object({ organizationId: z.string(), projectId: z.string().nullable() });
export type AcceptedInvitation = z.output<typeof AcceptedInvitation>;

export const acceptInvitation = defineRoute({
  method: 'POST',
  path: '/api/auth/invitation/accept',
  scope: 'session',
  family: 'bare',
  summary: 'Become a member; 403 in words for who is signed in with another address',
  audit: 'invitation',
  body: z.object({ token: InvitationToken }),
  response: AcceptedInvitation,
});

/** Sign-up may be closed to others. */
export const signUpInvited = defineRoute({
  method: 'POST',
  path: '/api/auth/invitation/signup',
  scope: 'public',
  family: 'bare',
  summary: 'Make an account for the invited address, signed in and a member; what is wrong is 422 with `{message}`',
  audit: 'invitation',
  body: z.object({ token: InvitationToken, name: z.unknown(), password: z.unknown() }),
  response: AcceptedInvitation,
});
