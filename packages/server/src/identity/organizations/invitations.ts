import { createHash, randomBytes } from 'node:crypto';
import { NewPassword, PersonName } from '@tracehouse/contract/account-rules';
import { emailAddressOf } from '@tracehouse/contract/email-address';
import { isAtLeast } from '@tracehouse/contract/roles';
import type {
  AcceptedInvitation,
  Invitation,
  InvitationOffer,
  NewInvitation,
  SentInvitation,
} from '@tracehouse/contract/x-invitations';
import type { Settings } from '../../config/settings.ts';
import {
  ConflictError,
  ForbiddenError,
  InvalidRequestError,
  NotFoundError,
  UnprocessableError,
} from '../../http/errors.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { type Actor, personActor, recordAudit, type Visit } from '../audit/audit.ts';
import {
  deleteInvitation,
  insertInvitation,
  type InvitationRow,
  selectInvitation,
  selectInvitationByToken,
  selectInvitationOf,
  selectInvitations,
  updateInvitationToken,
} from '../members/invitations-store.ts';
import { joinByInvitation } from '../members/join.ts';
import type { Mailer } from '../accounts/mailer.ts';
import { invitationMail } from '../accounts/mails.ts';
import type { NewUsers } from '../accounts/new-user.ts';
import { lockOrganization, selectOrganizationRole } from '../members/organizations-store.ts';
import type { Passwords } from '../accounts/passwords.ts';
import type { RateLimits } from '../accounts/rate-limits.ts';
import { needsSso, PASSWORDS_OFF, ssoNeeded } from '../accounts/sign-in-policy.ts';
import { selectUserByEmail } from '../accounts/users-store.ts';
import type { People } from './people.ts';
import { NO_PROJECT } from './projects.ts';
import { type InOrganization, selectProjectIn } from './store.ts';

const DAYS = 7;
const GONE = 'This invitation has been used or taken back, or is too old. Ask for a new one.';
const TAKEN = 'User with email already exists. Please sign in.';

export type Invitations = ReturnType<typeof createInvitations>;

/**
 * Addresses that may become members. Where mail is set up the link goes to the mailbox and nowhere else, so that who has it has
 * shown that the mailbox is theirs; else whoever invites hands it over, and it opens this organization alone.
 */
export function createInvitations({
  settings,
  postgres,
  people,
  newUsers,
  passwords,
  mailer,
  limits,
  site,
  now,
  newId,
}: {
  settings: Pick<Settings, 'signIn'>;
  postgres: Postgres;
  people: Pick<People, 'refuseAbove'>;
  newUsers: Pick<NewUsers, 'create' | 'prove'>;
  passwords: Pick<Passwords, 'hash'>;
  mailer: Pick<Mailer, 'isOn' | 'later'>;
  limits: Pick<RateLimits, 'signUp' | 'sendCode'>;
  /** Where people reach the product. */
  site: string;
  now: () => Date;
  newId: () => string;
}) {
  const newLink = () => {
    const token = randomBytes(32).toString('base64url');
    const expiresAt = new Date(now().getTime() + DAYS * 86_400_000);
    return { link: `${site}/invite#${token}`, tokenHash: hashOf(token), isMailed: mailer.isOn, expiresAt };
  };

  /** @throws TooManyRequestsError: nobody is to fill somebody's mailbox in our name */
  async function countMail(email: string, { ip }: Actor): Promise<void> {
    if (mailer.isOn) await limits.sendCode.count({ email, ip: ip ?? '' });
  }

  function send(row: InvitationRow, link: string): SentInvitation {
    if (!mailer.isOn) return { ...toWire(row), link, isMailed: false };
    const { organization_name: organization, invited_by: invitedBy } = row;
    mailer.later(async () => invitationMail(row.email, { organization, invitedBy, link, days: DAYS }));
    return { ...toWire(row), link: null, isMailed: true };
  }

  const toWire = (row: InvitationRow): Invitation => ({
    id: row.id,
    email: row.email,
    role: row.role,
    project: projectOf(row),
    invitedBy: row.invited_by,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    isExpired: row.expires_at <= now(),
  });

  /** @throws NotFoundError */
  async function byId(tx: Postgres, organizationId: string, id: string): Promise<InvitationRow> {
    const row = await selectInvitation(tx, organizationId, id);
    if (!row) throw new NotFoundError('Invitation not found');
    return row;
  }

  /** @throws NotFoundError */
  async function byToken(tx: Postgres, token: string): Promise<InvitationRow> {
    const row = await selectInvitationByToken(tx, hashOf(token));
    if (!row || row.expires_at <= now()) throw new NotFoundError(GONE);
    return row;
  }

  return {
    list: async ({ organizationId }: InOrganization): Promise<Invitation[]> =>
      (await selectInvitations(postgres, organizationId)).map(toWire),

    /** @throws InvalidRequestError, NotFoundError, ConflictError, ForbiddenError, TooManyRequestsError */
    async create({ organizationId }: InOrganization, wish: NewInvitation, actor: Actor): Promise<SentInvitation> {
      const { role, projectId = null, projectRole = null } = wish;
      const email = emailAddressOf(wish.email);
      if (email === null) throw new InvalidRequestError('This is not an e-mail address');
      await countMail(email, actor);
      const { link, ...token } = newLink();
      const row = await postgres.transaction(async (tx) => {
        await lockOrganization(tx, organizationId);
        await people.refuseAbove(tx, organizationId, actor, projectRole === null ? [role] : [role, projectRole]);
        if (projectId !== null && !(await selectProjectIn(tx, organizationId, projectId)))
          throw new NotFoundError(NO_PROJECT);
        const user = await selectUserByEmail(tx, email);
        if (user && (await selectOrganizationRole(tx, organizationId, user.id)))
          throw new ConflictError(`${email} is a member already`);
        const [earlier, at] = [await selectInvitationOf(tx, organizationId, email), now()];
        if (earlier && earlier.expires_at > at)
          throw new ConflictError(`${email} is invited already: send the invitation again, or take it back first`);
        if (earlier) await deleteInvitation(tx, earlier.id);
        const id = newId();
        const invitedBy = actor.kind === 'person' ? actor.id : null;
        await insertInvitation(tx, {
          id,
          organizationId,
          email,
          role,
          projectId,
          projectRole,
          ...token,
          invitedBy,
          at,
        });
        await recordAudit(tx, actor, at, {
          place: { organizationId },
          action: 'create',
          objectType: 'invitation',
          objectId: id,
          after: { email, role, projectId, projectRole },
        });
        return selectInvitation(tx, organizationId, id);
      });
      return send(row!, link);
    },

    /** The link of before ends. @throws NotFoundError, ForbiddenError, TooManyRequestsError */
    async renew({ organizationId }: InOrganization, id: string, actor: Actor): Promise<SentInvitation> {
      const { email } = await byId(postgres, organizationId, id);
      await countMail(email, actor);
      const { link, ...token } = newLink();
      const row = await postgres.transaction(async (tx) => {
        await lockOrganization(tx, organizationId);
        const before = await byId(tx, organizationId, id);
        // Who sees its link could else take a role above the own.
        await people.refuseAbove(tx, organizationId, actor, rolesOf(before));
        await updateInvitationToken(tx, id, token);
        await recordAudit(tx, actor, now(), {
          place: { organizationId },
          action: 'renew',
          objectType: 'invitation',
          objectId: id,
          before: { email: before.email, expiresAt: before.expires_at },
          after: { email: before.email, expiresAt: token.expiresAt },
        });
        return { ...before, expires_at: token.expiresAt };
      });
      return send(row, link);
    },

    /** @throws NotFoundError */
    async revoke({ organizationId }: InOrganization, id: string, actor: Actor): Promise<void> {
      await postgres.transaction(async (tx) => {
        const before = await byId(tx, organizationId, id);
        await deleteInvitation(tx, id);
        await recordAudit(tx, actor, now(), {
          place: { organizationId },
          action: 'delete',
          objectType: 'invitation',
          objectId: id,
          before: { email: before.email, role: before.role },
        });
      });
    },

    /** @throws NotFoundError */
    async read(token: string): Promise<InvitationOffer> {
      const row = await byToken(postgres, token);
      const project = projectOf(row);
      return {
        organization: row.organization_name,
        project: project?.name ?? null,
        role: project?.role ?? row.role,
        invitedBy: row.invited_by,
        email: row.email,
        hasAccount: (await selectUserByEmail(postgres, row.email)) !== null,
        expiresAt: row.expires_at.toISOString(),
      };
    },

    /** @throws NotFoundError, ForbiddenError for somebody with another address */
    async accept(token: string, person: { userId: string; email: string }, actor: Actor): Promise<AcceptedInvitation> {
      return postgres.transaction(async (tx) => {
        const row = await byToken(tx, token);
        if (row.email !== person.email)
          throw new ForbiddenError(
            `This invitation is for ${row.email}, and you are signed in as ${person.email}. Sign out and open the link again, or ask for an invitation of ${person.email}.`,
          );
        // Takes all invitations of the address, this one too, when it was not proved before.
        if (row.is_mailed) await newUsers.prove(tx, { userId: person.userId, through: 'session' }, actor);
        const left = await deleteInvitation(tx, row.id);
        if (left) await joinByInvitation(tx, person.userId, left, actor, now());
        return placeOf(row);
      });
    },

    /**
     * A new person, who need not come by an open sign-up (D12).
     * @throws UnprocessableError for what is wrong with name and password, and for who is here already; NotFoundError,
     * TooManyRequestsError
     */
    async signUp(
      { token, name, password }: { token: string; name: unknown; password: unknown },
      { ip, userAgent }: Visit & { ip: string },
    ): Promise<AcceptedInvitation & { userId: string }> {
      const [givenName, givenPassword] = [PersonName.safeParse(name), NewPassword.safeParse(password)];
      if (!givenName.success) throw refusal(givenName.error.issues[0]?.message);
      if (!givenPassword.success) throw refusal(givenPassword.error.issues[0]?.message);
      const { email } = await byToken(postgres, token);
      if (settings.signIn.passwordDisabled) throw refusal(PASSWORDS_OFF);
      if (needsSso(settings, email)) throw refusal(ssoNeeded(email));
      await limits.signUp.count({ email, ip });
      const passwordHash = await passwords.hash(givenPassword.data);
      return postgres.transaction(async (tx) => {
        const row = await byToken(tx, token);
        const at = now();
        const person = { email, name: givenName.data, passwordHash, isVerified: row.is_mailed };
        const created = await newUsers.create(tx, person, { ip, userAgent });
        if (!created) throw refusal(TAKEN);
        const left = await deleteInvitation(tx, row.id);
        const actor = personActor({ id: created.userId, email }, { ip, userAgent });
        if (left) await joinByInvitation(tx, created.userId, left, actor, at);
        return { ...placeOf(row), userId: created.userId };
      });
    },
  };
}

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();
const refusal = (why = 'This is not valid'): UnprocessableError => new UnprocessableError(why);

const projectOf = ({ project_id, project_name, project_role }: InvitationRow): Invitation['project'] =>
  project_id === null || project_name === null || project_role === null
    ? null
    : { id: project_id, name: project_name, role: project_role };

const placeOf = ({ organization_id, project_id }: InvitationRow): AcceptedInvitation => ({
  organizationId: organization_id,
  projectId: project_id,
});

const rolesOf = ({ role, project_role }: InvitationRow) =>
  project_role === null ? [role] : [isAtLeast(role, project_role) ? role : project_role];
