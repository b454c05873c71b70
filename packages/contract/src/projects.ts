import * as z from 'zod';
import { Metadata, ProjectName } from './names.ts';
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

/** Body of `POST /api/public/projects`; the first thing that is wrong is the message of the answer (S9.7). */
export const NewProject = z.object({
  name: ProjectName,
  metadata: Metadata.nullish(),
  /** Days after which data is removed; 0: never. Nothing removes data by age yet, so anything else is refused. */
  retention: z
    .int('Invalid retention value. Must be 0 or at least 3 days')
    .refine((days) => days === 0 || days >= 3, 'Invalid retention value. Must be 0 or at least 3 days')
    .refine((days) => days === 0 || days < 3, 'Removing data by age is not supported by this version: send retention 0')
    .nullish(),
});
export type NewProject = z.output<typeof NewProject>;

export const createProject = defineRoute({
  method: 'POST',
  path: '/api/public/projects',
  scope: 'organization',
  summary: 'Make a project; 409 when the organization has one of the name',
  audit: 'project',
  body: z.unknown() as z.ZodType<unknown, z.input<typeof NewProject>>,
  status: 201,
  response: Project,
});

const ofProject = z.object({ projectId: z.string() });

export const updateProject = defineRoute({
  method: 'PUT',
  path: '/api/public/projects/:projectId',
  scope: 'organization',
  summary: 'Change name and metadata; metadata that is not given stays',
  audit: 'project',
  params: ofProject,
  body: z.unknown() as z.ZodType<unknown, z.input<typeof NewProject>>,
  response: Project,
});

export const deleteProject = defineRoute({
  method: 'DELETE',
  path: '/api/public/projects/:projectId',
  scope: 'organization',
  summary: 'Delete a project with all its data: gone at once for everyone, removed from the disk soon',
  audit: 'project',
  params: ofProject,
  status: 202,
  response: z.object({ success: z.literal(true), message: z.string() }),
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

/** A key pair that was just made: the only answer with its secret. */
export const CreatedProjectApiKey = ProjectApiKey.pick({
  id: true,
  createdAt: true,
  note: true,
  publicKey: true,
  displaySecretKey: true,
}).extend({ secretKey: z.string() });

export const createProjectApiKey = defineRoute({
  method: 'POST',
  path: '/api/public/projects/:projectId/apiKeys',
  scope: 'organization',
  summary: 'Make a key pair for a project, or store one made elsewhere',
  audit: 'apiKey',
  params: ofProject,
  body: NewProjectApiKey,
  status: 201,
  response: CreatedProjectApiKey,
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
