import * as z from 'zod';
import { Metadata, OrganizationName } from './names.ts';
import { ProjectOfOrganization } from './organizations.ts';
import { CreatedProjectApiKey, NewProjectApiKey, ProjectApiKey } from './projects.ts';
import { defineRoute } from './route.ts';

/** The whole installation, by `Authorization: Bearer <ADMIN_API_KEY>` (S9.8). Errors are `{error}`. */

const AdminOrganization = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: z.iso.datetime(),
  metadata: z.record(z.string(), z.unknown()),
  projects: z.array(ProjectOfOrganization),
});

const OrganizationWish = z.object({ name: OrganizationName, metadata: Metadata.nullish() });
const adminRoute = { scope: 'admin', family: 'terse' } as const;
const ofOrganization = z.object({ organizationId: z.string() });

export const adminListOrganizations = defineRoute({
  ...adminRoute,
  method: 'GET',
  path: '/api/admin/organizations',
  summary: 'All organizations with their projects',
  response: z.object({ organizations: z.array(AdminOrganization) }),
});

export const adminCreateOrganization = defineRoute({
  ...adminRoute,
  method: 'POST',
  path: '/api/admin/organizations',
  summary: 'Make an organization, of which nobody is a member yet',
  audit: 'organization',
  body: OrganizationWish,
  status: 201,
  response: AdminOrganization,
});

export const adminReadOrganization = defineRoute({
  ...adminRoute,
  method: 'GET',
  path: '/api/admin/organizations/:organizationId',
  summary: 'One organization',
  params: ofOrganization,
  response: AdminOrganization,
});

export const adminUpdateOrganization = defineRoute({
  ...adminRoute,
  method: 'PUT',
  path: '/api/admin/organizations/:organizationId',
  summary: 'Change name and metadata; metadata that is not given stays',
  audit: 'organization',
  params: ofOrganization,
  body: OrganizationWish,
  response: AdminOrganization,
});

export const adminDeleteOrganization = defineRoute({
  ...adminRoute,
  method: 'DELETE',
  path: '/api/admin/organizations/:organizationId',
  summary: 'Delete an organization; 400 while it has projects',
  audit: 'organization',
  params: ofOrganization,
  response: z.object({ success: z.literal(true) }),
});

export const adminListOrganizationKeys = defineRoute({
  ...adminRoute,
  method: 'GET',
  path: '/api/admin/organizations/:organizationId/apiKeys',
  summary: 'API keys of an organization, oldest first',
  params: ofOrganization,
  response: z.object({ apiKeys: z.array(ProjectApiKey) }),
});

export const adminCreateOrganizationKey = defineRoute({
  ...adminRoute,
  method: 'POST',
  path: '/api/admin/organizations/:organizationId/apiKeys',
  summary: 'Make a key pair for an organization; the secret is in this answer and nowhere else',
  audit: 'apiKey',
  params: ofOrganization,
  body: z.object({ note: NewProjectApiKey.shape.note }).optional(),
  status: 201,
  response: CreatedProjectApiKey,
});

export const adminDeleteOrganizationKey = defineRoute({
  ...adminRoute,
  method: 'DELETE',
  path: '/api/admin/organizations/:organizationId/apiKeys/:apiKeyId',
  summary: 'Revoke a key pair of an organization',
  audit: 'apiKey',
  params: ofOrganization.extend({ apiKeyId: z.string() }),
  response: z.object({ success: z.literal(true) }),
});
