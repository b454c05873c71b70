import {
  deleteMembership,
  deleteProjectMembership,
  listMemberships,
  listOrganizationKeys,
  listOrganizationProjects,
  listProjectMemberships,
  putMembership,
  putProjectMembership,
} from '@tracehouse/contract/organizations';
import { createProject, NewProject, updateProject } from '@tracehouse/contract/projects';
import type { Role } from '@tracehouse/contract/roles';
import { bind, type BoundRoute } from '../../http/bind.ts';
import { InvalidRequestError, NotFoundError } from '../../http/errors.ts';
import { type ApiKeys, keyToWire } from '../keys/api-keys.ts';
import type { Organizations } from './organizations.ts';
import type { People } from './people.ts';
import type { Projects } from './projects.ts';
import type { OrganizationProjectRow } from './store.ts';

/** What the key of an organization may ask (S9.7). Its deletion of projects is in `features/project-deletion`. */
export function restRoutes({
  organizations,
  people,
  projects,
  apiKeys,
}: {
  organizations: Organizations;
  people: People;
  projects: Projects;
  apiKeys: Pick<ApiKeys, 'list'>;
}): BoundRoute[] {
  const toProject = async ({ id, name, metadata, organization_id }: OrganizationProjectRow) => {
    const organization = await organizations.get(organization_id);
    return { id, name, metadata, organization: { id: organization.id, name: organization.name } };
  };
  return [
    bind(listMemberships, async ({ organization }) => ({
      memberships: (await people.list(organization)).map(toMembership),
    })),
    bind(putMembership, async ({ organization, body, actor }) =>
      toMembership(await people.putMember(organization, body, actor)),
    ),
    bind(deleteMembership, async ({ organization, body: { userId }, actor }) => {
      await people.remove(organization, userId, actor);
      return { message: 'Membership deleted successfully', userId };
    }),

    bind(listOrganizationProjects, async ({ organization }) => ({
      projects: (await projects.list(organization)).map(projectToWire),
    })),
    bind(listOrganizationKeys, async ({ organization: { organizationId } }) => ({
      apiKeys: (await apiKeys.list({ organizationId })).map(keyToWire),
    })),

    bind(createProject, async ({ organization, body, actor }) =>
      toProject(await projects.create(organization, checked(body), actor)),
    ),
    bind(updateProject, async ({ organization, params: { projectId }, body, actor }) =>
      toProject(await projects.update(organization, projectId, checked(body), actor)),
    ),

    bind(listProjectMemberships, async ({ organization, params: { projectId } }) => {
      await projects.get(organization, projectId);
      return { memberships: (await people.ownRolesOf(projectId)).map(toMembership) };
    }),
    bind(putProjectMembership, async ({ organization, params: { projectId }, body, actor }) => {
      await projects.get(organization, projectId);
      return toMembership(await people.setProjectRole({ ...organization, projectId }, body, actor));
    }),
    bind(deleteProjectMembership, async ({ organization, params: { projectId }, body: { userId }, actor }) => {
      await projects.get(organization, projectId);
      if (!(await people.removeProjectRole({ ...organization, projectId }, userId, actor)))
        throw new NotFoundError('Project membership not found');
      return { message: 'Project membership deleted successfully', userId };
    }),
  ];
}

/** @throws InvalidRequestError with the first thing that is wrong */
function checked(body: unknown): { name: string; metadata?: Record<string, unknown> } {
  const { data, error } = NewProject.safeParse(body ?? {});
  if (!data) throw new InvalidRequestError(error.issues[0]?.message ?? 'Invalid request data');
  return { name: data.name, ...(data.metadata && { metadata: data.metadata }) };
}

/** SDKs want a text for the name. */
const toMembership = ({
  userId,
  role,
  email,
  name,
}: {
  userId: string;
  role: Role;
  email: string;
  name: string | null;
}) => ({ userId, role, email, name: name ?? '' });

/** A project as the APIs of organizations list it. */
export const projectToWire = ({ id, name, metadata, created_at, updated_at }: OrganizationProjectRow) => ({
  id,
  name,
  metadata,
  createdAt: created_at.toISOString(),
  updatedAt: updated_at.toISOString(),
});
