import * as z from 'zod';
import { ProjectApiKey } from './projects.ts';
import { Role } from './roles.ts';
import { defineRoute } from './route.ts';

/** The organization of an organization's key (S9.7). Errors are `{error}`. */

const Membership = z.object({ userId: z.string(), role: Role, email: z.string(), name: z.string() });
const Memberships = z.object({ memberships: z.array(Membership) });
const MembershipRequest = z.object({ userId: z.string(), role: Role });
const MemberToRemove = z.object({ userId: z.string() });
const Removed = z.object({ message: z.string(), userId: z.string() });

const organizationRoute = { scope: 'organization', family: 'terse' } as const;

export const listMemberships = defineRoute({
  ...organizationRoute,
  method: 'GET',
  path: '/api/public/organizations/memberships',
  summary: 'Members of the organization with their roles',
  response: Memberships,
});

export const putMembership = defineRoute({
  ...organizationRoute,
  method: 'PUT',
  path: '/api/public/organizations/memberships',
  summary: 'Give somebody a role in the organization, member or not',
  audit: 'membership',
  body: MembershipRequest,
  response: Membership,
});

export const deleteMembership = defineRoute({
  ...organizationRoute,
  method: 'DELETE',
  path: '/api/public/organizations/memberships',
  summary: 'Take somebody out of the organization; nothing happens when they are no member',
  audit: 'membership',
  body: MemberToRemove,
  response: Removed,
});

/** Times are ISO 8601, UTC, milliseconds. */
export const ProjectOfOrganization = z.object({
  id: z.string(),
  name: z.string(),
  metadata: z.record(z.string(), z.unknown()),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});

export const listOrganizationProjects = defineRoute({
  ...organizationRoute,
  method: 'GET',
  path: '/api/public/organizations/projects',
  summary: 'Projects of the organization, oldest first',
  response: z.object({ projects: z.array(ProjectOfOrganization) }),
});

export const listOrganizationKeys = defineRoute({
  ...organizationRoute,
  method: 'GET',
  path: '/api/public/organizations/apiKeys',
  summary: 'API keys of the organization, oldest first',
  response: z.object({ apiKeys: z.array(ProjectApiKey) }),
});

const ofProject = z.object({ projectId: z.string() });

export const listProjectMemberships = defineRoute({
  ...organizationRoute,
  method: 'GET',
  path: '/api/public/projects/:projectId/memberships',
  summary: 'Who has a role of the project itself',
  params: ofProject,
  response: Memberships,
});

export const putProjectMembership = defineRoute({
  ...organizationRoute,
  method: 'PUT',
  path: '/api/public/projects/:projectId/memberships',
  summary: 'Give a member of the organization a role in the project',
  audit: 'projectMembership',
  params: ofProject,
  body: MembershipRequest,
  response: Membership,
});

export const deleteProjectMembership = defineRoute({
  ...organizationRoute,
  method: 'DELETE',
  path: '/api/public/projects/:projectId/memberships',
  summary: "Take back somebody's role in the project",
  audit: 'projectMembership',
  params: ofProject,
  body: MemberToRemove,
  response: Removed,
});
