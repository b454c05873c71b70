import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import {
  changePassword,
  listAccountSessions,
  readAccount,
  requestEmailCode,
  revokeAccountSession,
  revokeAccountSessions,
  updateAccount,
  verifyEmail,
  type Account,
} from '@tracehouse/contract/x-account';
import { call } from '../../api/call.ts';
import { sessionQuery } from '../../app/session.ts';

const ACCOUNT = ['account'];
const SESSIONS = ['account sessions'];

export const useAccount = () => useQuery({ queryKey: ACCOUNT, queryFn: ({ signal }) => call(readAccount, { signal }) });

export function useRename() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => call(updateAccount, { body: { name } }),
    onSuccess: (account: Account) => {
      client.setQueryData(ACCOUNT, account);
      return client.invalidateQueries({ queryKey: sessionQuery.queryKey });
    },
  });
}

export const useEmailCode = () => useMutation({ mutationFn: () => call(requestEmailCode) });

export function useVerifyEmail() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (code: string) => call(verifyEmail, { body: { code } }),
    onSuccess: (account: Account) => {
      client.setQueryData(ACCOUNT, account);
      // Invitations may have become memberships.
      return client.invalidateQueries({ queryKey: sessionQuery.queryKey });
    },
  });
}

export function useChangePassword() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { current: string; password: string }) => call(changePassword, { body }),
    onSuccess: () => client.invalidateQueries({ queryKey: SESSIONS }),
  });
}

export const useSessions = () =>
  useQuery({ queryKey: SESSIONS, queryFn: ({ signal }) => call(listAccountSessions, { signal }) });

export function useEndSession() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => call(revokeAccountSession, { params: { id } }),
    onSuccess: () => client.invalidateQueries({ queryKey: SESSIONS }),
  });
}

/** All, or all others. */
export function useEndSessions() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ others }: { others: boolean }) =>
      call(revokeAccountSessions, { query: { others: others ? 'true' : 'false' } }),
    onSuccess: (_, { others }) => (others ? client.invalidateQueries({ queryKey: SESSIONS }) : client.clear()),
  });
}
