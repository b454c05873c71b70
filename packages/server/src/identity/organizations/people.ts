import { isAtLeast, type Role } from '@tracehouse/contract/roles';
import type { Member, ProjectMember } from '@tracehouse/contract/x-members';
import { ForbiddenError, NotFoundError } from '../../http/errors.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import type { Actor } from '../audit/audit.ts';
import {
  removeOrganizationMember,
  removeProjectRole,
  setOrganizationRole,
  setProjectRole,
} from '../members/members.ts';
import { lockOrganization, selectOrganizationRole, selectProjectRole } from '../members/organizations-store.ts';
import {
  selectMember,
  selectMembers,
  selectOwnRoles,
  selectProjectMembers,
  type ProjectMemberRow,
} from './people-store.ts';
import type { InOrganization } from './store.ts';
import { selectUser } from '../accounts/users-store.ts';

export type People = ReturnType<typeof createPeople>;

/** Members of organizations and projects, as people and organization keys see and change them. */
export function createPeople({ postgres, now }: { postgres: Postgres; now: () => Date }) {
  const by = (actor: Actor) => ({ actor, source: 'person' as const, at: now() });

  return {
    async list({ organizationId }: InOrganization): Promise<Member[]> {
      const [members, ownRoles] = await Promise.all([
        selectMembers(postgres, organizationId),
        selectOwnRoles(postgres, organizationId),
      ]);
      return members.map((member) => ({
        userId: member.user_id,
        email: member.email,
        name: member.name,
        role: member.role,
        source: member.source,
        since: member.created_at.toISOString(),
        lastSignInAt: member.last_sign_in_at?.toISOString() ?? null,
        isDisabled: member.disabled_at !== null,
        projectRoles: ownRoles
          .filter(({ user_id }) => user_id === member.user_id)
          .map(({ project_id, project_name, role, source }) => ({
            projectId: project_id,
            projectName: project_name,
            role,
            source,
          })),
      }));
    },

    /** Of somebody who is a member already. @throws NotFoundError, ForbiddenError */
    async setRole(
      { organizationId }: InOrganization,
      { userId, role }: { userId: string; role: Role },
      actor: Actor,
    ): Promise<void> {
      await postgres.transaction(async (tx) => {
        await lockOrganization(tx, organizationId);
        const member = await selectMember(tx, organizationId, userId);
        if (!member) throw new NotFoundError('Nobody with this id is a member of this organization');
        await refuseAbove(tx, organizationId, actor, [member.role, role]);
        await setOrganizationRole(tx, { organizationId, userId, role }, by(actor));
      });
    },

    /** Whoever the installation knows becomes a member. @throws NotFoundError, ForbiddenError */
    async putMember(
      { organizationId }: InOrganization,
      { userId, role }: { userId: string; role: Role },
      actor: Actor,
    ): Promise<{ userId: string; role: Role; email: string; name: string | null }> {
      return postgres.transaction(async (tx) => {
        const user = await selectUser(tx, userId);
        if (!user) throw new NotFoundError('User not found');
        await setOrganizationRole(tx, { organizationId, userId, role }, by(actor));
        return { userId, role, email: user.email, name: user.name };
      });
    },

    /** False when there is no such member. @throws ForbiddenError */
    async remove({ organizationId }: InOrganization, userId: string, actor: Actor): Promise<boolean> {
      return postgres.transaction(async (tx) => {
        await lockOrganization(tx, organizationId);
        const member = await selectMember(tx, organizationId, userId);
        if (!member) return false;
        if (actor.id !== userId) await refuseAbove(tx, organizationId, actor, [member.role]);
        return removeOrganizationMember(tx, { organizationId, userId }, by(actor));
      });
    },

    async listOfProject({ projectId }: ProjectScope): Promise<ProjectMember[]> {
      return (await selectProjectMembers(postgres, projectId)).map(toProjectMember);
    },

    /** Who has a role of the project's own. */
    async ownRolesOf(projectId: string): Promise<{ userId: string; role: Role; email: string; name: string | null }[]> {
      const rows = await selectProjectMembers(postgres, projectId);
      return rows.flatMap(({ user_id, email, name, project_role }) =>
        project_role === null ? [] : [{ userId: user_id, role: project_role, email, name }],
      );
    },

    /** @throws NotFoundError for who is no member of the organization, ForbiddenError */
    async setProjectRole(
      { organizationId, projectId }: ProjectPlace,
      { userId, role }: { userId: string; role: Role },
      actor: Actor,
    ): Promise<{ userId: string; role: Role; email: string; name: string | null }> {
      return postgres.transaction(async (tx) => {
        await lockOrganization(tx, organizationId);
        const member = await selectMember(tx, organizationId, userId);
        if (!member) throw new NotFoundError('User is not a member of this organization');
        const present = await selectProjectRole(tx, userId, projectId);
        await refuseAboveInProject(tx, projectId, actor, [present?.role ?? member.role, role]);
        await setProjectRole(tx, { organizationId, projectId, userId, role }, by(actor));
        return { userId, role, email: member.email, name: member.name };
      });
    },

    /** False when the project has no role of its own for them. @throws ForbiddenError */
    async removeProjectRole(
      { organizationId, projectId }: ProjectPlace,
      userId: string,
      actor: Actor,
    ): Promise<boolean> {
      return postgres.transaction(async (tx) => {
        await lockOrganization(tx, organizationId);
        const member = await selectMember(tx, organizationId, userId);
        if (!member) return false;
        const present = await selectProjectRole(tx, userId, projectId);
        // The organization's role counts again: it may be more than the person who asks has.
        await refuseAboveInProject(tx, projectId, actor, [present?.role ?? member.role, member.role]);
        return removeProjectRole(tx, { organizationId, projectId, userId }, by(actor));
      });
    },

    refuseAbove: (db: Postgres, organizationId: string, actor: Actor, roles: readonly Role[]): Promise<void> =>
      refuseAbove(db, organizationId, actor, roles),
  };
}

interface ProjectPlace {
  readonly organizationId: string;
  readonly projectId: string;
}

/** Keys of the organization and of the installation may give any role. */
async function refuseAbove(db: Postgres, organizationId: string, actor: Actor, roles: readonly Role[]): Promise<void> {
  if (actor.kind !== 'person' || actor.id === null) return;
  const own = await selectOrganizationRole(db, organizationId, actor.id);
  refuseHigher(own?.role ?? 'NONE', roles);
}

async function refuseAboveInProject(
  db: Postgres,
  projectId: string,
  actor: Actor,
  roles: readonly Role[],
): Promise<void> {
  if (actor.kind !== 'person' || actor.id === null) return;
  const own = await selectProjectRole(db, actor.id, projectId);
  refuseHigher(own?.role ?? 'NONE', roles);
}

function refuseHigher(own: Role, roles: readonly Role[]): void {
  const higher = roles.find((role) => !isAtLeast(own, role));
  if (higher === undefined) return;
  throw new ForbiddenError(
    `You are ${own} here: only somebody who is ${higher} can give the role ${higher}, or change somebody who has it.`,
  );
}

const toProjectMember = (row: ProjectMemberRow): ProjectMember => ({
  userId: row.user_id,
  email: row.email,
  name: row.name,
  role: row.project_role ?? row.organization_role,
  organizationRole: row.organization_role,
  projectRole: row.project_role,
  source: row.project_source ?? row.organization_source,
  isDisabled: row.disabled_at !== null,
});
