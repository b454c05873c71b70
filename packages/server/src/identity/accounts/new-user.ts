/*
 * How a person comes to be, whatever the way in: sign-up form, SSO, SCIM, headless initialization, invitation. Two steps:
 *
 *   create   the row and the default memberships of S9.3, which everyone gets, whether or not the address is proved
 *   prove    what an address by itself grants: only once somebody showed that the mailbox is theirs
 *
 * Who may come at all (AUTH_DISABLE_SIGNUP and the like) is for the way in to decide: the two differ by way.
 */
import type { Settings } from '../../config/settings.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { emailAddressOf } from '@tracehouse/contract/email-address';
import { type Actor, personActor, recordAudit, type Visit } from '../audit/audit.ts';
import { initialOrganizationId } from '../setup/initial-organization.ts';
import {
  insertOrganizationRole,
  insertProjectRole,
  organizationExists,
  selectOrganizationIds,
  selectProject,
} from '../members/organizations-store.ts';
import { grantWaitingRoles } from '../scim/waiting.ts';
import { deleteSessionsOf } from '../sessions/sessions-store.ts';
import { deleteInvitationsOf } from '../members/invitations-store.ts';
import { joinByInvitation } from '../members/join.ts';
import { deleteIdentitiesOf } from '../sso/store.ts';
import { insertUser, updateEmailVerified, updatePasswordHash } from './users-store.ts';

/** A person to be. */
export interface NewUser {
  /** In any case, as somebody typed it or a provider says it. */
  email: string;
  /** Null: nobody said one. */
  name: string | null;
  /** From `passwords.hash`; null: signs in by a provider, or sets one by a code to the mailbox. */
  passwordHash: string | null;
  /**
   * Whether the mailbox is known to be this person's: a provider whose word counts says so, a code or the link of an invitation
   * came back, or the operator names it (headless initialization). Without it the address grants nothing.
   */
  isVerified: boolean;
}

export type NewUsers = ReturnType<typeof createNewUsers>;

/** Every function writes in the transaction it is given, so that a person and what led to them come to be together. */
export function createNewUsers({
  settings,
  now,
  newId,
}: {
  settings: Pick<Settings, 'init' | 'newUsers'>;
  now: () => Date;
  newId: () => string;
}) {
  return {
    /**
     * Null when somebody has the address already (also when they came at the same moment): then nothing is written. `by` is for
     * the audit log: who does it, or from where the person does.
     * @throws RangeError for an address `emailAddressOf` refuses; a way in that takes one from outside looks first
     */
    async create(
      tx: Postgres,
      { email, name, passwordHash, isVerified }: NewUser,
      by: Actor | Visit = NOWHERE,
    ): Promise<{ userId: string } | null> {
      const address = emailAddressOf(email);
      if (address === null) throw new RangeError('not an e-mail address');
      const [userId, at] = [newId(), now()];
      const isNew = await insertUser(tx, {
        id: userId,
        email: address,
        name,
        passwordHash,
        emailVerifiedAt: isVerified ? at : null,
        at,
      });
      if (!isNew) return null;
      const user = { userId, email: address };
      const actor = actorFor(user, by);
      await recordAudit(tx, actor, at, {
        place: null,
        action: 'create',
        objectType: 'user',
        objectId: userId,
        after: { email: address, name, isVerified },
      });
      await grantDefaultMemberships(tx, { userId, settings, at });
      if (isVerified) await takeInvitations(tx, user, actor, at);
      return { userId };
    },

    /**
     * Somebody showed that the mailbox is theirs. `through` a session of the account itself: they go on as before. From
     * elsewhere (a code for a new password, a provider, an invitation's link): then whoever made the account may have been a
     * stranger who typed this address, so its password, sessions and links to providers end first. An address that was proved
     * before is left alone.
     * Invitations of the address become memberships.
     */
    async prove(
      tx: Postgres,
      { userId, through }: { userId: string; through: 'session' | 'mailbox' },
      by: Actor | Visit = NOWHERE,
    ): Promise<void> {
      const at = now();
      const email = await updateEmailVerified(tx, userId, at);
      if (email === null) return;
      if (through === 'mailbox') {
        await updatePasswordHash(tx, userId, null, at);
        await deleteSessionsOf(tx, userId);
        await deleteIdentitiesOf(tx, userId);
      }
      const user = { userId, email };
      const actor = actorFor(user, by);
      await recordAudit(tx, actor, at, { place: null, action: 'verify', objectType: 'user', objectId: userId });
      await grantWaitingRoles(tx, userId, at);
      await takeInvitations(tx, user, actor, at);
    },
  };
}

const NOWHERE: Visit = { ip: null, userAgent: null };

const actorFor = ({ userId, email }: { userId: string; email: string }, by: Actor | Visit): Actor =>
  'kind' in by ? by : personActor({ id: userId, email }, by);

/** Those whose time is over end unused. */
async function takeInvitations(
  tx: Postgres,
  { userId, email }: { userId: string; email: string },
  actor: Actor,
  at: Date,
): Promise<void> {
  for (const invitation of await deleteInvitationsOf(tx, email))
    if (invitation.expires_at > at) await joinByInvitation(tx, userId, invitation, actor, at);
}

/** The memberships every new user gets (S9.3). Existing ones stay, unknown ids are passed over. */
async function grantDefaultMemberships(
  tx: Postgres,
  {
    userId,
    settings: { init, newUsers },
    at,
  }: { userId: string; settings: Pick<Settings, 'init' | 'newUsers'>; at: Date },
): Promise<void> {
  const organizationIds =
    newUsers.organizationIds ?? (await impliedOrganization(tx, newUsers, initialOrganizationId(init)));
  for (const organizationId of organizationIds) {
    if (!(await organizationExists(tx, organizationId))) continue;
    await insertOrganizationRole(tx, {
      organizationId,
      userId,
      role: newUsers.organizationRole ?? 'VIEWER',
      source: 'default',
      at,
    });
  }
  for (const projectId of newUsers.projectIds ?? []) {
    const project = await selectProject(tx, projectId);
    if (!project) continue;
    const organizationId = project.organization_id;
    const role = newUsers.projectRole;
    // Outside the default organizations the project's role becomes the organization's.
    if (organizationIds.includes(organizationId))
      await insertProjectRole(tx, { organizationId, projectId, userId, role, source: 'default', at });
    else await insertOrganizationRole(tx, { organizationId, userId, role, source: 'default', at });
  }
}

/** A role that names no organization is for headless initialization's, else for the only one there is (S9.4, Ours (e)). */
async function impliedOrganization(
  tx: Postgres,
  { organizationRole }: Settings['newUsers'],
  initialId: string | undefined,
): Promise<string[]> {
  if (organizationRole === undefined) return [];
  if (initialId !== undefined) return [initialId];
  const ids = await selectOrganizationIds(tx, 2);
  return ids.length === 1 ? ids : [];
}
