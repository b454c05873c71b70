import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import {
  readSignInOptions,
  requestPasswordCode,
  requestSignUpCode,
  resetPassword,
  signUp,
  type SignInOptions,
} from '@tracehouse/contract/accounts';
import { domainOf } from '@tracehouse/contract/email-address';
import { call, CallError } from '../../api/call.ts';
import { welcome } from '../../app/session.ts';

/** Of an e-mail domain, or of everyone. */
const signInOptionsQuery = (domain?: string) =>
  queryOptions({
    queryKey: ['sign-in options', domain ?? null],
    queryFn: ({ signal }): Promise<SignInOptions> =>
      call(readSignInOptions, { query: domain === undefined ? {} : { domain }, signal }),
    staleTime: 60_000,
  });

/** Where the server does not answer: what most installations have. */
const usual: SignInOptions = {
  password: true,
  emailFirst: false,
  signUp: true,
  emailVerification: false,
  reset: false,
  providers: [],
};

/** Which ways in are open; null for the moment until it is known. */
export function useSignInOptions(): SignInOptions | null {
  const { data, isPending } = useQuery(signInOptionsQuery());
  return data ?? (isPending ? null : usual);
}

/** Asks which ways in the people of an address have. */
export function useOptionsOfAddress() {
  const client = useQueryClient();
  return useMutation({ mutationFn: (email: string) => client.fetchQuery(signInOptionsQuery(domainOf(email))) });
}

export const useSignUpCode = () =>
  useMutation({ mutationFn: (email: string) => call(requestSignUpCode, { body: { email } }) });
export const usePasswordCode = () =>
  useMutation({ mutationFn: (email: string) => call(requestPasswordCode, { body: { email } }) });

/** Makes the account; the person is signed in afterwards. */
export function useSignUp(onDone: () => void) {
  const client = useQueryClient();
  return useMutation({
    async mutationFn(person: { name: string; email: string; password: string; code?: string }) {
      await call(signUp, { body: person });
      await welcome(client);
    },
    onSuccess: onDone,
  });
}

/** Sets the password; the person is signed in afterwards. */
export function useResetPassword(onDone: () => void) {
  const client = useQueryClient();
  return useMutation({
    async mutationFn(body: { email: string; code: string; password: string }) {
      await call(resetPassword, { body });
      await welcome(client);
    },
    onSuccess: onDone,
  });
}

/** What was refused, in words for the form; the wire puts its own before some. */
export function explainRefusal(error: Error): string {
  if (error instanceof CallError && error.status === 429)
    return `Too many tries. Try again in ${error.retryAfterS ?? 60} s.`;
  return error.message.replace(/^Signup: Error creating user: /u, '');
}
