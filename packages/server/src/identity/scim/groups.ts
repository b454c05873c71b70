import { Role } from '@tracehouse/contract/roles';
import {
  type ScimListQuery,
  type ScimPatch,
  type ScimProjection,
  scimUrns,
  type WrittenScimGroup,
} from '@tracehouse/contract/scim';
import { filter as matcher } from 'scim2-parse-filter';
import { ConflictError, NotFoundError, ScimError } from '../../http/errors.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import type { OrganizationScope } from '../../stores/scope.ts';
import type { Actor } from '../audit/audit.ts';
import { attributesIn, parseFilter } from './filter.ts';
import { plainPatch, showsAttribute } from './resource.ts';
import { selectRoleMembers, selectRoles } from './store.ts';
import type { ScimUsers } from './users.ts';

/** A role and who has it; `members` is null where nobody asked for them. */
export interface RoleGroup {
  role: Role;
  members: Member[] | null;
}
interface Member {
  value: string;
  display: string;
}

/** People whose role one request may change. */
const MAX_CHANGES = 1000;

export type ScimGroups = ReturnType<typeof createScimGroups>;

/**
 * The roles of an organization as groups. One person has one role: who is added to a group leaves the one they were in, who is
 * taken out of theirs stays a member without rights.
 */
export function createScimGroups({ postgres, users }: { postgres: Postgres; users: Pick<ScimUsers, 'changeRoles'> }) {
  const withMembers = async (
    db: Postgres,
    scope: OrganizationScope,
    roles: readonly Role[],
    projection: ScimProjection,
  ): Promise<RoleGroup[]> => {
    if (!showsAttribute('members', projection)) return roles.map((role) => ({ role, members: null }));
    const people = await selectRoleMembers(db, scope, roles);
    return roles.map((role) => ({
      role,
      members: people
        .filter((person) => person.role === role)
        .map(({ id, user_name }) => ({ value: id, display: user_name })),
    }));
  };

  const find = async (scope: OrganizationScope, id: string, projection: ScimProjection): Promise<RoleGroup> => {
    const [group] = await withMembers(postgres, scope, [roleOf(id)], projection);
    return group!;
  };

  const write = async (
    scope: OrganizationScope,
    actor: Actor,
    role: Role,
    wanted: (members: readonly Member[]) => ReadonlySet<string>,
  ): Promise<void> =>
    users.changeRoles(scope, actor, async (tx) => {
      const [group] = await withMembers(tx, scope, [role], {});
      const before = group?.members ?? [];
      const after = wanted(before);
      const known = new Set(before.map(({ value }) => value));
      const changes = [
        // First, so that one owner can take the place of another.
        ...[...after].filter((userId) => !known.has(userId)).map((userId) => ({ userId, role })),
        ...[...known].filter((userId) => !after.has(userId)).map((userId) => ({ userId, role: 'NONE' as const })),
      ];
      if (changes.length > MAX_CHANGES)
        throw new ScimError('invalidValue', `One request changes ${MAX_CHANGES} members at the most`);
      return changes;
    });

  return {
    /** @throws ScimError, invalidFilter */
    async list(
      scope: OrganizationScope,
      { filter, startIndex, count, ...projection }: ScimListQuery,
    ): Promise<{ total: number; startIndex: number; groups: RoleGroup[] }> {
      const roles = filter === undefined ? Role.options : await selectRoles(postgres, scope, filter);
      const from = Math.max(1, startIndex ?? 1);
      const page = roles.slice(from - 1, from - 1 + Math.max(0, count ?? roles.length));
      return { total: roles.length, startIndex: from, groups: await withMembers(postgres, scope, page, projection) };
    },

    /** @throws NotFoundError */
    find,

    /** Roles are fixed. @throws ConflictError for one there is, ScimError for another */
    create({ displayName }: WrittenScimGroup): never {
      const role = Role.safeParse(displayName?.trim().toUpperCase());
      if (role.success) throw new ConflictError(`The group ${role.data} is there; link to it`);
      throw new ScimError('invalidValue', `Groups are the roles ${Role.options.join(', ')}; link to one of them`);
    },

    /** @throws NotFoundError, ForbiddenError for the last owner, ScimError */
    async replace(
      scope: OrganizationScope,
      actor: Actor,
      id: string,
      { displayName, members }: WrittenScimGroup,
      projection: ScimProjection,
    ): Promise<RoleGroup> {
      const role = roleOf(id);
      checkName(role, displayName);
      if (members) await write(scope, actor, role, () => new Set(members.map(({ value }) => value)));
      return find(scope, id, projection);
    },

    /** @throws NotFoundError, ForbiddenError for the last owner, ScimError */
    async patch(
      scope: OrganizationScope,
      actor: Actor,
      id: string,
      body: ScimPatch,
      projection: ScimProjection,
    ): Promise<RoleGroup> {
      const role = roleOf(id);
      const steps = plainPatch(body).flatMap((operation) => readStep(role, operation));
      await write(scope, actor, role, (before) => {
        const displays = new Map(before.map(({ value, display }) => [value, display]));
        let members = new Set(displays.keys());
        for (const step of steps)
          members = step([...members].map((value) => ({ value, display: displays.get(value) ?? '' })));
        return members;
      });
      return find(scope, id, projection);
    },
  };
}

function roleOf(id: string): Role {
  const role = Role.safeParse(id);
  if (!role.success) throw new NotFoundError('Group not found');
  return role.data;
}

function checkName(role: Role, name: unknown): void {
  if (name === undefined || name === null || String(name).toUpperCase() === role) return;
  throw new ScimError('mutability', `A group is called as its role: ${role}`);
}

/** Who is in the group after it. */
type Step = (members: readonly Member[]) => Set<string>;

/** What clients say of groups and we do not keep. */
const passedOver = new Set(['id', 'externalid', 'schemas', 'meta']);

function readStep(role: Role, { op, path, value }: ReturnType<typeof plainPatch>[number]): Step[] {
  const core = `${scimUrns.group.toLowerCase()}:`;
  const said = path.toLowerCase().startsWith(core) ? path.slice(core.length) : path;
  const [, name = '', filter] = /^([a-z]+)(?:\[(.+)\])?$/i.exec(said) ?? [];
  if (filter === undefined && passedOver.has(name.toLowerCase())) return [];
  if (filter === undefined && name.toLowerCase() === 'displayname') {
    checkName(role, op === 'remove' ? '' : value);
    return [];
  }
  if (name.toLowerCase() !== 'members') throw new ScimError('invalidPath', `Invalid path '${path.slice(0, 100)}'`);
  if (filter !== undefined) {
    if (op !== 'remove') throw new ScimError('invalidPath', 'Members that a filter finds can be removed');
    const tree = parseFilter(filter);
    if (!attributesIn(tree).every((attribute) => attribute === 'value' || attribute === 'display'))
      throw new ScimError('invalidFilter', 'Members are found by value and display');
    const matches = matcher(tree);
    return [(members) => new Set(members.filter((member) => !matches(member)).map((member) => member.value))];
  }
  const ids = value === undefined || value === null ? null : idsOf(value);
  if (op === 'remove') {
    // Without a value: all of them.
    const gone = new Set(ids);
    return [(members) => new Set(ids ? valuesOf(members).filter((id) => !gone.has(id)) : [])];
  }
  return [(members) => new Set([...(op === 'add' ? valuesOf(members) : []), ...(ids ?? [])])];
}

const valuesOf = (members: readonly Member[]): string[] => members.map(({ value }) => value);

/** Of members as objects, as upstream's clients write them, or as plain ids. */
function idsOf(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).map((member: unknown) => {
    const id = typeof member === 'object' && member !== null && 'value' in member ? member.value : member;
    if (typeof id !== 'string') throw new ScimError('invalidValue', 'A member has the id of a user as its value');
    return id;
  });
}
