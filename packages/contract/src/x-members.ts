import * as z from 'zod';
import { Role } from './roles.ts';
import { defineRoute } from './route.ts';

/*
 * People of the organization or the project that a request names, with their roles. Nobody gives a role above their own or changes
 * somebody above themselves, and the last owner stays one: both are 403 in words.
 */

/** Where a role comes from: given by a person, an invitation, LANGFUSE_DEFAULT_*, SCIM, role-sync, claims at sign-in, LANGFUSE_INIT_*. */
export const RoleSource = z.enum(['person', 'invitation', 'default', 'scim', 'role-sync', 'claims', 'init']);
export type RoleSource = z.output<typeof RoleSource>;

/** Times are ISO 8601, UTC, milliseconds. */
export const Member = z.object({
  userId: z.string(),
  email: z.string(),
  name: z.string().nullable(),
  role: Role,
  source: RoleSource,
  /** Of the membership. */
  since: z.iso.datetime(),
  /** Null: never, or before this was recorded. */
  lastSignInAt: z.iso.datetime().nullable(),
  /** May not sign in: switched off by SCIM. */
  isDisabled: z.boolean(),
  /** Projects where another role counts than the organization's. */
  projectRoles: z.array(z.object({ projectId: z.string(), projectName: z.string(), role: Role, source: RoleSource })),
});
export type Member = z.output<typeof Member>;

export const listMembers = defineRoute({
  method: 'GET',
  path: '/api/public/x/members',
  scope: 'organizationMembers:read',
  summary: 'Members of the organization with their roles and where these come from; owners first, then by address',
  response: z.object({ data: z.array(Member) }),
});

const ofUser = z.object({ userId: z.string() });
/** Body of `PUT /api/public/x/members/{userId}` and of `PUT /api/public/x/project-members/{userId}`. */
export const NewRole = z.object({ role: Role });
export type NewRole = z.output<typeof NewRole>;
const Done = z.object({ success: z.literal(true) });

export const setMemberRole = defineRoute({
  method: 'PUT',
  path: '/api/public/x/members/:userId',
  scope: 'organizationMembers:CUD',
  summary: 'Change the role of a member',
  params: ofUser,
  body: NewRole,
  response: Done,
});

export const removeMember = defineRoute({
  method: 'DELETE',
  path: '/api/public/x/members/:userId',
  scope: 'organizationMembers:CUD',
  summary: 'Take a member out of the organization, with all roles in its projects',
  params: ofUser,
  response: Done,
});

/** Somebody as seen from a project. */
export const ProjectMember = z.object({
  userId: z.string(),
  email: z.string(),
  name: z.string().nullable(),
  /** The role that counts: the project's own, else the organization's. */
  role: Role,
  organizationRole: Role,
  /** Null: the organization's counts. */
  projectRole: Role.nullable(),
  /** Of the role that counts. */
  source: RoleSource,
  isDisabled: z.boolean(),
});
export type ProjectMember = z.output<typeof ProjectMember>;

export const listProjectMembers = defineRoute({
  method: 'GET',
  path: '/api/public/x/project-members',
  scope: 'projectMembers:read',
  summary: 'All members of the organization with the role each has in this project; owners first, then by address',
  response: z.object({ data: z.array(ProjectMember) }),
});

export const setProjectMemberRole = defineRoute({
  method: 'PUT',
  path: '/api/public/x/project-members/:userId',
  scope: 'projectMembers:CUD',
  summary: "Give a member of the organization a role in this project, which counts instead of the organization's",
  params: ofUser,
  body: NewRole,
  response: Done,
});

export const removeProjectMember = defineRoute({
  method: 'DELETE',
  path: '/api/public/x/project-members/:userId',
  scope: 'projectMembers:CUD',
  summary: "Take back the role in this project: the organization's counts again",
  params: ofUser,
  response: Done,
});
