import {
  createOrganization,
  deleteOrganization,
  leaveOrganization,
  readOrganization,
  updateOrganization,
} from '@tracehouse/contract/x-organizations';
import {
  listMembers,
  listProjectMembers,
  removeMember,
  removeProjectMember,
  setMemberRole,
  setProjectMemberRole,
} from '@tracehouse/contract/x-members';
import { createProject, renameProject, transferProject } from '@tracehouse/contract/x-projects';
import { bind, type BoundRoute } from '../../http/bind.ts';
import { ForbiddenError, NotFoundError } from '../../http/errors.ts';
import type { Principal } from '../principal.ts';
import { type Organizations, toOrganizationProject } from './organizations.ts';
import type { People } from './people.ts';
import type { Projects } from './projects.ts';

const done = { success: true as const };
const NO_MEMBER = 'Nobody with this id is a member of this organization';

interface OrganizationParts {
  organizations: Organizations;
  people: People;
  projects: Projects;
  /** LANGFUSE_ALLOWED_ORGANIZATION_CREATORS. */
  mayCreateOrganizations(userId: string): Promise<boolean>;
}

/** What the pages of an organization, its members and its projects ask. */
export const pageRoutes = ({
  organizations,
  people,
  projects,
  mayCreateOrganizations,
}: OrganizationParts): BoundRoute[] => [
  bind(readOrganization, ({ organization, principal }) => organizations.read(organization, userIdOf(principal))),
  bind(updateOrganization, async ({ organization, principal, body, actor }) => {
    await organizations.update(organization.organizationId, body, actor);
    return organizations.read(organization, userIdOf(principal));
  }),
  bind(deleteOrganization, async ({ organization, actor }) => {
    await organizations.delete(
      organization.organizationId,
      'This organization has projects, or the data of one is still being removed. Delete its projects first.',
      actor,
    );
    return done;
  }),
  bind(createOrganization, async ({ principal, body: { name }, actor }) => {
    const person = personOf(principal);
    if (!(await mayCreateOrganizations(person.userId)))
      throw new ForbiddenError(
        'You may not make organizations here (LANGFUSE_ALLOWED_ORGANIZATION_CREATORS). Ask who runs this server.',
      );
    const { id } = await organizations.create({ name, ownerId: person.userId }, actor);
    return { id, name, role: 'OWNER' as const };
  }),
  bind(leaveOrganization, async ({ principal, params, actor }) => {
    const { userId } = personOf(principal);
    if (!(await people.remove(params, userId, actor))) throw new NotFoundError('You are no member of it');
    return done;
  }),

  bind(listMembers, async ({ organization }) => ({ data: await people.list(organization) })),
  bind(setMemberRole, async ({ organization, params: { userId }, body: { role }, actor }) => {
    await people.setRole(organization, { userId, role }, actor);
    return done;
  }),
  bind(removeMember, async ({ organization, params: { userId }, actor }) => {
    if (!(await people.remove(organization, userId, actor))) throw new NotFoundError(NO_MEMBER);
    return done;
  }),

  bind(listProjectMembers, async ({ scope }) => ({ data: await people.listOfProject(scope) })),
  bind(setProjectMemberRole, async ({ organization, scope, params: { userId }, body: { role }, actor }) => {
    await people.setProjectRole({ ...organization, ...scope }, { userId, role }, actor);
    return done;
  }),
  bind(removeProjectMember, async ({ organization, scope, params: { userId }, actor }) => {
    if (!(await people.removeProjectRole({ ...organization, ...scope }, userId, actor)))
      throw new NotFoundError('There is no role in this project to take back');
    return done;
  }),

  bind(createProject, async ({ organization, body, actor }) =>
    toOrganizationProject(await projects.create(organization, body, actor)),
  ),
  bind(renameProject, async ({ organization, scope, body, actor }) =>
    toOrganizationProject(await projects.update(organization, scope.projectId, body, actor)),
  ),
  bind(transferProject, async ({ organization, params: { projectId }, body, actor }) => {
    await projects.transfer(organization, projectId, body.organizationId, actor);
    return done;
  }),
];

const userIdOf = (principal: Principal): string | null => (principal.kind === 'person' ? principal.userId : null);

function personOf(principal: Principal): { userId: string } {
  if (principal.kind === 'person') return principal;
  throw new ForbiddenError('This is for a signed-in person');
}
