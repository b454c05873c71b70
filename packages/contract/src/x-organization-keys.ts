import * as z from 'zod';
import { defineRoute } from './route.ts';
import { ApiKeyList, ApiKey, CreatedApiKey, DeletedApiKey, NewApiKey } from './x-api-keys.ts';

/** Keys of the organization that a request names: for its REST API and SCIM, never for traces. As those of a project otherwise. */

export const listOrganizationApiKeys = defineRoute({
  method: 'GET',
  path: '/api/public/x/organization-keys',
  scope: 'organization:CRUD_apiKeys',
  summary: "The organization's API keys, newest first, without their secrets",
  response: ApiKeyList,
});

export const createOrganizationApiKey = defineRoute({
  method: 'POST',
  path: '/api/public/x/organization-keys',
  scope: 'organization:CRUD_apiKeys',
  summary: 'Make a key pair; the secret is in this answer and nowhere else',
  body: NewApiKey,
  status: 201,
  response: CreatedApiKey,
});

const byId = z.object({ id: z.string() });

export const renameOrganizationApiKey = defineRoute({
  method: 'PATCH',
  path: '/api/public/x/organization-keys/:id',
  scope: 'organization:CRUD_apiKeys',
  summary: 'Change the name of a key',
  params: byId,
  body: NewApiKey,
  response: ApiKey,
});

export const revokeOrganizationApiKey = defineRoute({
  method: 'DELETE',
  path: '/api/public/x/organization-keys/:id',
  scope: 'organization:CRUD_apiKeys',
  summary: 'Revoke a key pair; the next request with it is refused',
  params: byId,
  response: DeletedApiKey,
});
