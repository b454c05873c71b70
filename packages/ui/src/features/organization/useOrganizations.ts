import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import {
  createOrganization,
  deleteOrganization,
  readOrganization,
  updateOrganization,
} from '@tracehouse/contract/x-organizations';
import { createProject, listProjectDeletions } from '@tracehouse/contract/x-projects';
import { call } from '../../api/call.ts';
import { refreshPlaces } from '../../app/session.ts';

const keyOf = (organization: string) => ['organization', organization];

export const useOrganizationDetails = (organization: string) =>
  useQuery({
    queryKey: keyOf(organization),
    queryFn: ({ signal }) => call(readOrganization, { organization, signal }),
  });

/** Asks again while one is under way. */
export const useDeletions = (organization: string) =>
  useQuery({
    queryKey: [...keyOf(organization), 'deletions'],
    queryFn: ({ signal }) => call(listProjectDeletions, { organization, signal }),
    refetchInterval: ({ state }) => (state.data?.data.length ? 1000 : false),
  });

/** After it the session names other places: it is asked again before the page goes on. */
function useChange<Input, Output>(change: (input: Input) => Promise<Output>, organization?: string) {
  const client = useQueryClient();
  const router = useRouter();
  return useMutation({
    mutationFn: change,
    onSuccess: async () => {
      if (organization !== undefined) void client.invalidateQueries({ queryKey: keyOf(organization) });
      await refreshPlaces(client, router);
    },
  });
}

export const useCreateOrganization = () => useChange((name: string) => call(createOrganization, { body: { name } }));

export const useRenameOrganization = (organization: string) =>
  useChange((name: string) => call(updateOrganization, { organization, body: { name } }), organization);

export const useDeleteOrganization = (organization: string) =>
  useChange<void, unknown>(() => call(deleteOrganization, { organization }));

export const useCreateProject = (organization: string) =>
  useChange((name: string) => call(createProject, { organization, body: { name } }), organization);
