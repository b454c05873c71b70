import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { createApiKey, listApiKeys, revokeApiKey, type ApiKey } from '@tracehouse/contract/x-api-keys';
import { call } from '../../api/call.ts';
import { forgetSecret, keepSecret } from '../../app/known-secrets.ts';

const keyOf = (project: string) => ['api keys', project];

export const useApiKeys = (project: string) =>
  useQuery({ queryKey: keyOf(project), queryFn: ({ signal }) => call(listApiKeys, { project, signal }) });

/** The answer holds the secret; it is kept in this tab. */
export function useCreateApiKey(project: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (note: string) => call(createApiKey, { project, body: note === '' ? {} : { note } }),
    onSuccess: (key) => {
      keepSecret(key.publicKey, key.secretKey);
      return client.invalidateQueries({ queryKey: keyOf(project) });
    },
  });
}

export function useRevokeApiKey(project: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (key: ApiKey) => call(revokeApiKey, { project, params: { id: key.id } }),
    onSuccess: (_, key) => {
      forgetSecret(key.publicKey);
      return client.invalidateQueries({ queryKey: keyOf(project) });
    },
  });
}
