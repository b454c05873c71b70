import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { deleteProject, renameProject, transferProject } from '@tracehouse/contract/x-projects';
import { call } from '../../api/call.ts';
import { refreshPlaces } from '../../app/session.ts';

export function useRenameProject(project: string) {
  const client = useQueryClient();
  const router = useRouter();
  return useMutation({
    mutationFn: (name: string) => call(renameProject, { project, body: { name } }),
    onSuccess: () => refreshPlaces(client, router),
  });
}

/** The page that asked is gone with the project: whoever calls leaves it first. */
export const useDeleteProject = (project: string) =>
  useMutation({ mutationFn: () => call(deleteProject, { project }) });

export const useTransferProject = (projectId: string, organization: string) =>
  useMutation({
    mutationFn: (to: string) =>
      call(transferProject, { organization, params: { projectId }, body: { organizationId: to } }),
  });
