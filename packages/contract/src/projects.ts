import * as z from 'zod';
import { defineRoute } from './route.ts';

/** A project as its key sees it; SDKs build links from `id` (S10.1). */
export const Project = z.object({
  id: z.string(),
  name: z.string(),
  organization: z.object({ id: z.string(), name: z.string() }),
  metadata: z.record(z.string(), z.unknown()),
});
export type Project = z.output<typeof Project>;

export const listProjects = defineRoute({
  method: 'GET',
  path: '/api/public/projects',
  scope: 'project:read',
  summary: 'The project of the key: always one entry',
  response: z.object({ data: z.array(Project) }),
});

/** A key pair without its secret (S9.7). Times are ISO 8601, UTC, milliseconds. */
export const ProjectApiKey = z.object({
  id: z.string(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
  lastUsedAt: z.iso.datetime().nullable(),
  note: z.string().nullable(),
  publicKey: z.string(),
  displaySecretKey: z.string(),
});

const ofProject = z.object({ projectId: z.string() });

export const listProjectApiKeys = defineRoute({
  method: 'GET',
  path: '/api/public/projects/:projectId/apiKeys',
  scope: 'organization',
  summary: "A project's API keys, oldest first",
  params: ofProject,
  response: z.object({ apiKeys: z.array(ProjectApiKey) }),
});

/** A pair made elsewhere needs both keys, with the prefixes of generated ones. */
export const NewProjectApiKey = z
  .object({
    note: z.string().max(200).nullish(),
    publicKey: z.string().max(200).nullish(),
    secretKey: z.string().max(200).nullish(),
  })
  .refine(
    ({ publicKey, secretKey }) => (typeof publicKey === 'string') === (typeof secretKey === 'string'),
    'publicKey and secretKey come together',
  )
  .refine(({ publicKey }) => publicKey?.startsWith('pk-lf-') ?? true, 'publicKey must start with pk-lf-')
  .refine(({ secretKey }) => secretKey?.startsWith('sk-lf-') ?? true, 'secretKey must start with sk-lf-');

export const createProjectApiKey = defineRoute({
  method: 'POST',
  path: '/api/public/projects/:projectId/apiKeys',
  scope: 'organization',
  summary: 'Make a key pair for a project, or store one made elsewhere',
  audit: 'apiKey',
  params: ofProject,
  body: NewProjectApiKey,
  status: 201,
  response: ProjectApiKey.pick({
    id: true,
    createdAt: true,
    note: true,
    publicKey: true,
    displaySecretKey: true,
  }).extend({
    secretKey: z.string(),
  }),
});

export const deleteProjectApiKey = defineRoute({
  method: 'DELETE',
  path: '/api/public/projects/:projectId/apiKeys/:apiKeyId',
  scope: 'organization',
  summary: 'Revoke a key pair of a project',
  audit: 'apiKey',
  params: ofProject.extend({ apiKeyId: z.string() }),
  response: z.object({ success: z.literal(true) }),
});
