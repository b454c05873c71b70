import * as z from 'zod';
import { OrganizationName } from './names.ts';
import { Role } from './roles.ts';
import { defineRoute } from './route.ts';

/*
 * The organization that a request names (header `x-tracehouse-organization`), as its pages show it. Members, invitations, projects
 * and keys have files of their own.
 */

/** Times are ISO 8601, UTC, milliseconds. */
export const OrganizationProject = z.object({ id: z.string(), name: z.string(), createdAt: z.iso.datetime() });
export type OrganizationProject = z.output<typeof OrganizationProject>;

export const OrganizationDetails = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: z.iso.datetime(),
  /** Whom to ask for more: names, or addresses of those without one. */
  owners: z.array(z.string()),
  /** Without those in which the person's own role is NONE, and those under deletion. Oldest first. */
  projects: z.array(OrganizationProject),
});
export type OrganizationDetails = z.output<typeof OrganizationDetails>;

export const readOrganization = defineRoute({
  method: 'GET',
  path: '/api/public/x/organization',
  scope: 'organization:read',
  summary: 'The organization with its projects and owners',
  response: OrganizationDetails,
});

/** Body of `PATCH /api/public/x/organization`. */
export const OrganizationChange = z.object({ name: OrganizationName });
export type OrganizationChange = z.output<typeof OrganizationChange>;

export const updateOrganization = defineRoute({
  method: 'PATCH',
  path: '/api/public/x/organization',
  scope: 'organization:update',
  summary: 'Rename the organization',
  body: OrganizationChange,
  response: OrganizationDetails,
});

export const deleteOrganization = defineRoute({
  method: 'DELETE',
  path: '/api/public/x/organization',
  scope: 'organization:delete',
  summary: 'Delete the organization; 400 while it has projects, also those whose deletion is under way',
  response: z.object({ success: z.literal(true) }),
});

/** Body of `POST /api/public/x/organizations`. */
export const NewOrganization = z.object({ name: OrganizationName });
export type NewOrganization = z.output<typeof NewOrganization>;

export const createOrganization = defineRoute({
  method: 'POST',
  path: '/api/public/x/organizations',
  scope: 'session',
  summary: 'Make an organization and own it; 403 for who may not (LANGFUSE_ALLOWED_ORGANIZATION_CREATORS)',
  audit: 'organization',
  body: NewOrganization,
  status: 201,
  response: z.object({ id: z.string(), name: z.string(), role: Role }),
});

export const leaveOrganization = defineRoute({
  method: 'POST',
  path: '/api/public/x/organizations/:organizationId/leave',
  scope: 'session',
  summary: 'Give up the own membership; 403 for the last owner',
  audit: 'membership',
  params: z.object({ organizationId: z.string() }),
  response: z.object({ success: z.literal(true) }),
});
