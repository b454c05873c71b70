import { deleteProject as deleteProjectByKey } from '@tracehouse/contract/projects';
import { deleteProject, listProjectDeletions } from '@tracehouse/contract/x-projects';
import { bind, type BoundRoute } from '../../http/bind.ts';
import type { ProjectDeletions } from './service.ts';

export const projectDeletionRoutes = (deletions: ProjectDeletions): BoundRoute[] => [
  bind(deleteProjectByKey, async ({ organization: { organizationId }, params: { projectId }, actor }) => {
    await deletions.delete({ organizationId, projectId }, actor);
    return {
      success: true as const,
      message: 'Project deletion has been initiated: it is gone for everyone, and its data is being removed.',
    };
  }),
  bind(deleteProject, ({ organization: { organizationId }, scope: { projectId }, actor }) =>
    deletions.delete({ organizationId, projectId }, actor),
  ),
  bind(listProjectDeletions, async ({ organization }) => ({ data: await deletions.list(organization) })),
];
