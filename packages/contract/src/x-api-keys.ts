import * as z from 'zod';

import { defineRoute } from './route.ts';

/**
 * A key pair of a project as listed. `displaySecretKey` is the first 6 and last 4 characters (S9.1), never the secret.
 * Times are ISO 8601, UTC, milliseconds.
 */
export const ApiKey = z.object({
  id: z.string(),
  publicKey: z.string(),
  displaySecretKey: z.string(),
  note: z.string().nullable(),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime().nullable(),
  expiresAt: z.iso.datetime().nullable(),
});
export type ApiKey = z.output<typeof ApiKey>;

/** Answer of `GET /api/public/x/api-keys`: the project's keys, newest first. */
export const ApiKeyList = z.object({ data: z.array(ApiKey) });
export type ApiKeyList = z.output<typeof ApiKeyList>;

/** Body of `POST /api/public/x/api-keys`. */
export const NewApiKey = z.object({ note: z.string().trim().max(200).nullish() });
export type NewApiKey = z.output<typeof NewApiKey>;

/** 201 of `POST /api/public/x/api-keys`: the only answer that ever holds the secret. */
export const CreatedApiKey = ApiKey.extend({ secretKey: z.string() });
export type CreatedApiKey = z.output<typeof CreatedApiKey>;

/** Answer of `DELETE /api/public/x/api-keys/{id}`. */
export const DeletedApiKey = z.object({ success: z.literal(true) });
export type DeletedApiKey = z.output<typeof DeletedApiKey>;

export const listApiKeys = defineRoute({
  method: 'GET',
  path: '/api/public/x/api-keys',
  scope: 'apiKeys:read',
  summary: "The project's API keys, without their secrets",
  response: ApiKeyList,
});

export const createApiKey = defineRoute({
  method: 'POST',
  path: '/api/public/x/api-keys',
  scope: 'apiKeys:CUD',
  summary: 'Make a key pair; the secret is in this answer and nowhere else',
  body: NewApiKey,
  status: 201,
  response: CreatedApiKey,
});

export const renameApiKey = defineRoute({
  method: 'PATCH',
  path: '/api/public/x/api-keys/:id',
  scope: 'apiKeys:CUD',
  summary: 'Change the name of a key',
  params: z.object({ id: z.string() }),
  body: NewApiKey,
  response: ApiKey,
});

export const revokeApiKey = defineRoute({
  method: 'DELETE',
  path: '/api/public/x/api-keys/:id',
  scope: 'apiKeys:CUD',
  summary: 'Revoke a key pair; the next request with it is refused',
  params: z.object({ id: z.string() }),
  response: DeletedApiKey,
});
