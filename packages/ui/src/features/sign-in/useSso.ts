import { queryOptions, useMutation, useQuery } from '@tanstack/react-query';
import { provePendingLink, readPendingLink, readSsoRefusal, startSignIn } from '@tracehouse/contract/sso';
import { call } from '../../api/call.ts';

/** Leaves for the provider's own page, to come back signed in. Not a form: its redirect would not pass the content policy. */
export const useStartSignIn = () =>
  useMutation({
    async mutationFn({ provider, returnTo }: { provider: string; returnTo: string | undefined }) {
      const { url } = await call(startSignIn, {
        params: { provider },
        body: returnTo === undefined ? {} : { returnTo },
      });
      location.assign(url);
    },
  });

const refusalQuery = queryOptions({
  queryKey: ['sso refusal'],
  queryFn: ({ signal }) => call(readSsoRefusal, { signal }),
});

/** Why the last sign-in at a provider from this browser was refused. */
export const useRefusal = () => useQuery(refusalQuery);

const pendingLinkQuery = queryOptions({
  queryKey: ['pending link'],
  queryFn: ({ signal }) => call(readPendingLink, { signal }),
});

/** The account that waits for its password. */
export const usePendingLink = () => useQuery(pendingLinkQuery);

/** Links it and goes on where the person wanted to: a new page, for somebody else may have been signed in on this one. */
export const useProveLink = () =>
  useMutation({
    async mutationFn(password: string) {
      const { url } = await call(provePendingLink, { body: { password } });
      location.assign(url);
    },
  });
