import { emailAddressOf } from '@tracehouse/contract/email-address';
import type { Role } from '@tracehouse/contract/roles';
import {
  NewScimUser,
  type ReplacedScimUser,
  type ScimListQuery,
  type ScimPatch,
  scimUrns,
} from '@tracehouse/contract/scim';
import { ROLE_SYNC_USER_AGENT } from '@tracehouse/contract/x-role-sync-runs';
import { ConflictError, NotFoundError, ScimError, ValidationError } from '../../http/errors.ts';
import { type Postgres, PostgresError } from '../../stores/postgres/postgres.ts';
import type { OrganizationScope } from '../../stores/scope.ts';
import { type Actor, recordAudit } from '../audit/audit.ts';
import { removeOrganizationMember, setOrganizationRole } from '../members/members.ts';
import type { NewUsers } from '../accounts/new-user.ts';
import { lockOrganization, selectOrganizationRole } from '../members/organizations-store.ts';
import { selectUserByEmail } from '../accounts/users-store.ts';
import { filterCondition } from './filter.ts';
import { patchPerson, type WantedPerson } from './patch.ts';
import { readRole, withoutNothing } from './resource.ts';
import {
  type Attributes,
  deletePersonRecord,
  deleteSessionsOfStranger,
  isUnproved,
  personFilterables,
  type PersonRow,
  selectPeople,
  selectPerson,
  selectPersonByName,
  upsertPersonRecord,
} from './store.ts';

/** As upstream; more than these at once nobody gets. */
const COUNT = 100;
const MAX_COUNT = 1000;

export type ScimUsers = ReturnType<typeof createScimUsers>;

/**
 * People of an organization as its identity provider sees them. Active is who is a member. A person is known by one's account,
 * but what is said of them is kept in the organization's own record: neither does it change the account, nor does an answer tell
 * whether there was one before.
 */
export function createScimUsers({
  postgres,
  newUsers,
  now,
  newId,
}: {
  postgres: Postgres;
  newUsers: Pick<NewUsers, 'create'>;
  now: () => Date;
  newId: () => string;
}) {
  /** One at a time in an organization, all or nothing. */
  const change = async <Result>(scope: OrganizationScope, work: (tx: Postgres) => Promise<Result>): Promise<Result> => {
    try {
      return await postgres.transaction(async (tx) => {
        await lockOrganization(tx, scope.organizationId);
        return work(tx);
      });
    } catch (error) {
      if (error instanceof PostgresError && AT_ONCE.has(error.code)) throw atOnce();
      throw error;
    }
  };

  const read = async (db: Postgres, scope: OrganizationScope, id: string): Promise<PersonRow> => {
    const person = await selectPerson(db, scope, id);
    if (!person) throw new NotFoundError('User not found');
    return person;
  };

  return {
    /** @throws ScimError, invalidFilter */
    async list(
      scope: OrganizationScope,
      { filter, startIndex, count }: ScimListQuery,
    ): Promise<{ total: number; startIndex: number; rows: PersonRow[] }> {
      const from = Math.max(1, startIndex ?? 1);
      const limit = Math.min(MAX_COUNT, Math.max(0, count ?? COUNT));
      const condition = filter === undefined ? undefined : filterCondition(filter, personFilterables);
      const { total, rows } = await selectPeople(postgres, scope, { condition, offset: from - 1, limit });
      return { total, startIndex: from, rows };
    },

    /** @throws NotFoundError */
    find: (scope: OrganizationScope, id: string): Promise<PersonRow> => read(postgres, scope, id),

    /** @throws ConflictError for somebody who is active, ScimError */
    create: (scope: OrganizationScope, actor: Actor, body: NewScimUser): Promise<PersonRow> =>
      change(scope, async (tx) => {
        const userName = userNameOf(body);
        if (userName === null) throw new ScimError('invalidValue', 'userName is required');
        const attributes = withAddress(attributesOf(body, {}), userName);
        const known =
          (await selectPersonByName(tx, scope, userName)) ?? (await join(tx, scope, actor, userName, attributes));
        if (known.active && known.user_name !== NEWCOMER) throw taken();
        // Who has just become a member by the defaults for everyone keeps that role, unless another one is said.
        const role = saidRole(body, null) ?? (known.active ? known.role : 'NONE');
        return settle(tx, scope, actor, known, {
          userName,
          externalId: body.externalId ?? null,
          attributes,
          active: body.active ?? true,
          role,
        });
      }),

    /** What is left out of `body` stays. @throws NotFoundError, ForbiddenError for the last owner, ConflictError, ScimError */
    replace: (scope: OrganizationScope, actor: Actor, id: string, body: ReplacedScimUser): Promise<PersonRow> =>
      change(scope, async (tx) => {
        if (!body.schemas?.includes(scimUrns.user))
          throw new ScimError('invalidSyntax', `schemas must name ${scimUrns.user}`);
        const person = await read(tx, scope, id);
        return settle(tx, scope, actor, person, {
          userName: userNameOf(body) ?? person.user_name,
          externalId: body.externalId === undefined ? person.external_id : body.externalId,
          attributes: attributesOf(body, person.attributes),
          active: body.active ?? person.active,
          role: saidRole(body, person.role) ?? person.role,
        });
      }),

    /** @throws NotFoundError, ForbiddenError for the last owner, ConflictError, ScimError */
    patch: (scope: OrganizationScope, actor: Actor, id: string, body: ScimPatch): Promise<PersonRow> =>
      change(scope, async (tx) => {
        const person = await read(tx, scope, id);
        return settle(tx, scope, actor, person, await patchPerson(person, body));
      }),

    /**
     * Gives roles that `decide` reads out of the same moment, in its order, all or none.
     * @throws ScimError for somebody the organization does not know, ForbiddenError for the last owner
     */
    changeRoles: (
      scope: OrganizationScope,
      actor: Actor,
      decide: (tx: Postgres) => Promise<{ userId: string; role: Role }[]>,
    ): Promise<void> =>
      change(scope, async (tx) => {
        for (const { userId, role } of await decide(tx)) {
          const person = await selectPerson(tx, scope, userId);
          if (!person) throw new ScimError('invalidValue', `There is no user '${userId.slice(0, 100)}'`);
          await settle(tx, scope, actor, person, { ...said(person), role });
        }
      }),

    /** The account stays. Done when the organization does not know them. @throws ForbiddenError for the last owner */
    remove: (scope: OrganizationScope, actor: Actor, id: string): Promise<void> =>
      change(scope, async (tx) => {
        const person = await selectPerson(tx, scope, id);
        if (!person) return;
        await endMembership(tx, scope, actor, id);
        if (!(await deletePersonRecord(tx, scope, id)) || person.is_member) return;
        await recordAudit(tx, actor, now(), { ...lineOf(scope, id), action: 'delete', before: said(person) });
      }),
  };

  /** Whoever has the address; else a new account. */
  async function join(
    tx: Postgres,
    scope: OrganizationScope,
    actor: Actor,
    userName: string,
    attributes: Attributes,
  ): Promise<PersonRow> {
    const email = addressOf(userName, attributes) ?? `${newId()}@${NO_ADDRESS}`;
    const account = await selectUserByEmail(tx, email);
    const known = account && (await selectPerson(tx, scope, account.id));
    if (known) return known;
    const userId =
      account?.id ??
      (await newUsers.create(tx, { email, name: nameIn(attributes), passwordHash: null, isVerified: false }, actor))
        ?.userId;
    if (userId === undefined) throw atOnce();
    // A new account may have become a member by the defaults for everyone.
    const granted = await selectOrganizationRole(tx, scope.organizationId, userId);
    const at = now();
    return {
      id: userId,
      user_name: NEWCOMER,
      external_id: null,
      said_external_id: null,
      attributes: {},
      role: granted?.role ?? 'NONE',
      active: granted !== null,
      is_member: granted !== null,
      has_record: false,
      created_at: at,
      updated_at: at,
    };
  }

  /** Makes a person be what is wanted, and writes down what of it is new. */
  async function settle(
    tx: Postgres,
    scope: OrganizationScope,
    actor: Actor,
    before: PersonRow,
    wanted: WantedPerson,
  ): Promise<PersonRow> {
    checkLengths({ ...wanted.attributes, userName: wanted.userName, externalId: wanted.externalId });
    const { id } = before;
    const at = now();
    const namesake = await selectPersonByName(tx, scope, wanted.userName);
    if (namesake && namesake.id !== id) throw taken();

    const waits = wanted.active && !before.is_member && (await isUnproved(tx, id));
    const isMember = wanted.active && !waits;
    const role = isMember ? null : wanted.role;
    if (isMember) {
      const member = { organizationId: scope.organizationId, userId: id, role: wanted.role };
      await setOrganizationRole(tx, member, { actor, source: sourceOf(actor), at });
    } else if (before.is_member) await endMembership(tx, scope, actor, id);

    const isSaidAnew =
      wanted.userName !== before.user_name ||
      wanted.externalId !== before.external_id ||
      canonical(wanted.attributes) !== canonical(before.attributes);
    const isLaterAnew =
      role !== (before.is_member ? null : before.role) || waits !== (before.active && !before.is_member);
    if (isSaidAnew || (isLaterAnew && (before.has_record || !isMember))) {
      await upsertPersonRecord(tx, scope, {
        userId: id,
        userName: wanted.userName,
        // A subject that only shows is no word of the client's.
        externalId: wanted.externalId === before.external_id ? before.said_external_id : wanted.externalId,
        attributes: wanted.attributes,
        role,
        waits,
        createdAt: before.created_at,
        at,
      });
    }
    // What became of the membership has its own line.
    if (isSaidAnew || (isLaterAnew && isMember === before.is_member)) {
      await recordAudit(tx, actor, at, {
        ...lineOf(scope, id),
        action: before.has_record ? 'update' : 'create',
        ...(before.user_name !== NEWCOMER && { before: said(before) }),
        after: wanted,
      });
    }
    return read(tx, scope, id);
  }

  /** With the sessions of who is a member nowhere then. */
  async function endMembership(tx: Postgres, scope: OrganizationScope, actor: Actor, userId: string): Promise<void> {
    const member = { organizationId: scope.organizationId, userId };
    const ended = await removeOrganizationMember(tx, member, { actor, source: sourceOf(actor), at: now() });
    if (ended) await deleteSessionsOfStranger(tx, userId);
  }
}

/** Role sync is a client of SCIM as others are; pages show its roles as its own. */
const sourceOf = ({ userAgent }: Actor) => (userAgent === ROLE_SYNC_USER_AGENT ? 'role-sync' : 'scim');

/** Of whom nothing has been said yet. */
const NEWCOMER = '';

/** Addresses of those of whom none was said; nobody can have one in this domain (RFC 2606). */
const NO_ADDRESS = 'scim.invalid';

/** SQLSTATEs of two changes at once: taken meanwhile, cannot be serialized, deadlock. */
const AT_ONCE = new Set(['23505', '40001', '40P01']);
const atOnce = () => new ConflictError('Somebody changed this at the same moment; read it and send the change again');
const taken = () => new ConflictError('User with this userName already exists');

const lineOf = ({ organizationId }: OrganizationScope, objectId: string) => ({
  place: { organizationId },
  objectType: 'scimUser',
  objectId,
});

const said = ({ user_name: userName, external_id: externalId, attributes, active, role }: PersonRow): WantedPerson => ({
  userName,
  externalId,
  attributes,
  active,
  role,
});

/** The first role that is said; of a resource that is sent back, the one of two places that is new. */
function saidRole({ roles, [scimUrns.role]: extension }: NewScimUser, current: Role | null): Role | null {
  const first = roles?.[0];
  const role = first === undefined ? null : readRole(typeof first === 'string' ? first : first.value);
  const orgRole = extension?.orgRole == null ? null : readRole(extension.orgRole);
  return role === null || (role === current && orgRole !== null) ? orgRole : role;
}

/** Null when none is said. An address is in the form in which addresses are compared. */
function userNameOf({ userName }: NewScimUser): string | null {
  const name = userName?.trim() ?? '';
  return name === '' ? null : (emailAddressOf(name) ?? name);
}

/** Whoever is called by an address has it, unless others are said. */
function withAddress(attributes: Attributes, userName: string): Attributes {
  if (attributes.emails !== undefined || emailAddressOf(userName) === null) return attributes;
  return { ...attributes, emails: [{ primary: true, value: userName, type: 'work' }] };
}

/** What `body` says, over what was said before: `null` takes it away. */
function attributesOf({ displayName, name, emails }: NewScimUser, before: Attributes): Attributes {
  const wanted = {
    displayName: displayName === undefined ? before.displayName : displayName,
    name: name === undefined ? before.name : name,
    emails: emails === undefined ? before.emails : emails,
  };
  return withoutNothing(wanted) as Attributes;
}

/** Equal for equal values, whatever the order of their keys. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );

/** The mailbox by which the account is known; null when none is said. */
function addressOf(userName: string, { emails = [] }: Attributes): string | null {
  const primary = emails.find((email) => email.primary)?.value;
  for (const text of [userName, primary, ...emails.map(({ value }) => value)]) {
    const address = text === undefined ? null : emailAddressOf(text);
    if (address !== null) return address;
  }
  return null;
}

const MAX_NAME = 100;

function nameIn({ displayName, name = {} }: Attributes): string | null {
  const parts = [name.givenName, name.familyName].filter((part) => part !== undefined && part !== '');
  return (name.formatted || displayName || parts.join(' ')).slice(0, MAX_NAME) || null;
}

/** A patch brings values past the schema of the route. @throws ValidationError */
function checkLengths(value: object): void {
  const { error } = NewScimUser.safeParse(value);
  if (error) throw new ValidationError(error.issues);
}
