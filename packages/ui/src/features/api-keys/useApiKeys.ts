import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { createApiKey, listApiKeys, revokeApiKey, type ApiKey } from '@tracehouse/contract/x-api-keys';
import {
  createOrganizationApiKey,
  listOrganizationApiKeys,
  revokeOrganizationApiKey,
} from '@tracehouse/contract/x-organization-keys';
import { call } from '../../api/call.ts';
import { forgetSecret, keepSecret } from '../../app/known-secrets.ts';

/** Whose keys: a project's, which send and read traces, or an organization's, for its REST API and SCIM. */
export type KeyOwner = { project: string } | { organization: string };

const keyOf = (owner: KeyOwner) => ['api keys', owner];

export const useApiKeys = (owner: KeyOwner) =>
  useQuery({
    queryKey: keyOf(owner),
    queryFn: ({ signal }) =>
      'project' in owner
        ? call(listApiKeys, { ...owner, signal })
        : call(listOrganizationApiKeys, { ...owner, signal }),
  });

/** The answer holds the secret; a project's is kept in this tab. */
export function useCreateApiKey(owner: KeyOwner) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (note: string) => {
      const body = note === '' ? {} : { note };
      return 'project' in owner
        ? call(createApiKey, { ...owner, body })
        : call(createOrganizationApiKey, { ...owner, body });
    },
    onSuccess: (key) => {
      if ('project' in owner) keepSecret(key.publicKey, key.secretKey);
      return client.invalidateQueries({ queryKey: keyOf(owner) });
    },
  });
}

export function useRevokeApiKey(owner: KeyOwner) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id }: ApiKey) =>
      'project' in owner
        ? call(revokeApiKey, { ...owner, params: { id } })
        : call(revokeOrganizationApiKey, { ...owner, params: { id } }),
    onSuccess: (_, key) => {
      forgetSecret(key.publicKey);
      return client.invalidateQueries({ queryKey: keyOf(owner) });
    },
  });
}
