import * as z from 'zod';
import { ProjectName } from './names.ts';
import { defineRoute } from './route.ts';
import { OrganizationProject } from './x-organizations.ts';

/** Projects: to make, rename, move and delete them. Those of a key's REST API are in `projects.ts`. */

/** Body of `POST /api/public/x/projects` and of `PATCH /api/public/x/project`; a name is there once in an organization, else 409. */
export const NewProject = z.object({ name: ProjectName });
export type NewProject = z.output<typeof NewProject>;

export const createProject = defineRoute({
  method: 'POST',
  path: '/api/public/x/projects',
  scope: 'projects:create',
  summary: 'Make a project in the organization',
  body: NewProject,
  status: 201,
  response: OrganizationProject,
});

export const renameProject = defineRoute({
  method: 'PATCH',
  path: '/api/public/x/project',
  scope: 'project:update',
  summary: 'Rename the project',
  body: NewProject,
  response: OrganizationProject,
});

export const transferProject = defineRoute({
  method: 'POST',
  path: '/api/public/x/projects/:projectId/transfer',
  scope: 'projects:transfer_org',
  summary:
    'Move a project with its data and keys to another organization, in which the person may make projects; roles of its own end',
  params: z.object({ projectId: z.string() }),
  body: z.object({ organizationId: z.string() }),
  response: z.object({ success: z.literal(true) }),
});

/** `failed`: the data is not readable, but not all removed; the next start of the program tries again. */
export const DeletionState = z.enum(['queued', 'running', 'failed']);
export type DeletionState = z.output<typeof DeletionState>;

/** A project that is gone for everyone while its data is being removed; once that is done it is in no list. */
export const ProjectDeletion = z.object({
  projectId: z.string(),
  projectName: z.string(),
  state: DeletionState,
  /** Rows and files; `total` is null until they are counted. */
  progress: z.object({ done: z.int(), total: z.int().nullable() }),
  /** Why the last attempt failed, in words; null when none did. */
  error: z.string().nullable(),
  startedAt: z.iso.datetime(),
});
export type ProjectDeletion = z.output<typeof ProjectDeletion>;

export const deleteProject = defineRoute({
  method: 'DELETE',
  path: '/api/public/x/project',
  scope: 'project:delete',
  summary: 'Delete the project with all its data: at once for everyone, its keys and its readers; on the disk as a job',
  status: 202,
  response: ProjectDeletion,
});

export const listProjectDeletions = defineRoute({
  method: 'GET',
  path: '/api/public/x/project-deletions',
  scope: 'organization:read',
  summary: "Deletions of the organization's projects that are under way, newest first",
  response: z.object({ data: z.array(ProjectDeletion) }),
});
