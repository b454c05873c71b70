import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { deleteIdentity, listIdentities, startLink } from '@tracehouse/contract/sso';
import { call } from '../../api/call.ts';

const IDENTITIES = ['account identities'];

export const useIdentities = () =>
  useQuery({ queryKey: IDENTITIES, queryFn: async ({ signal }) => (await call(listIdentities, { signal })).data });

/** Leaves for the provider, to come back to this page. */
export const useStartLink = () =>
  useMutation({
    async mutationFn({ provider, password }: { provider: string; password?: string }) {
      const { url } = await call(startLink, {
        params: { provider },
        body: { returnTo: location.pathname, ...(password !== undefined && { password }) },
      });
      location.assign(url);
    },
  });

export function useUnlink() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (provider: string) => call(deleteIdentity, { params: { provider } }),
    onSuccess: () => client.invalidateQueries({ queryKey: IDENTITIES }),
  });
}
