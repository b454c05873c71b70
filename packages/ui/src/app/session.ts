import { isAtLeast, type Role } from '@tracehouse/contract/roles';
import {
  readSession,
  signInWithPassword,
  signOut as signOutRoute,
  type Session,
  type SessionProject,
  type SignedIn,
} from '@tracehouse/contract/session';
import { queryOptions, useQuery, type QueryClient } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';
import { call, CallError } from '../api/call.ts';

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: ({ signal }): Promise<Session> => call(readSession, { signal }),
  staleTime: 5 * 60_000,
});

/** Who is signed in; null while it is not known or nobody is. */
export function useSession(): SignedIn | null {
  const { data } = useQuery(sessionQuery);
  return data?.user ? data : null;
}

export interface ProjectPlace {
  project: SessionProject;
  organization: { id: string; name: string };
}

/** Every project of a session with its organization, in the order of the session. */
export const projectsOf = (session: SignedIn): ProjectPlace[] =>
  session.organizations.flatMap((organization) => organization.projects.map((project) => ({ project, organization })));

/** Roles as pages say them. */
export const roleWords: Record<Role, string> = {
  NONE: 'None',
  VIEWER: 'Viewer',
  MEMBER: 'Member',
  ADMIN: 'Admin',
  OWNER: 'Owner',
};

/** Undefined when the role is enough, else the sentence that says what is missing. */
export function missingRole(
  place: Pick<SessionProject, 'role' | 'name' | 'owners'>,
  least: Role,
  kind: 'project' | 'organization' = 'project',
): string | undefined {
  if (isAtLeast(place.role, least)) return undefined;
  const owners = place.owners.length > 0 ? ` Owners: ${place.owners.join(', ')}.` : '';
  return `You need the role ${roleWords[least]} or higher in ${kind} ${place.name} to do this.${owners}`;
}

/** After a change of names, roles, projects or organizations: the session is asked again, and pages show what it says. */
export async function refreshPlaces(client: QueryClient, router: { invalidate(): Promise<void> }): Promise<void> {
  await client.fetchQuery({ ...sessionQuery, staleTime: 0 });
  await router.invalidate();
}

/** @throws CallError 401 for a wrong pair, 429 after too many tries */
export async function signIn(client: QueryClient, email: string, password: string): Promise<void> {
  await call(signInWithPassword, { body: { email, password } });
  await welcome(client);
}

/** Somebody has just signed in: what was known before is asked again. */
export async function welcome(client: QueryClient): Promise<void> {
  setEnded(false);
  await client.invalidateQueries();
  await client.fetchQuery({ ...sessionQuery, staleTime: 0 });
}

/**
 * Ends the session. One that came from an identity provider has to end there too: then this leaves the page, and does not
 * return.
 */
export async function signOut(client: QueryClient): Promise<void> {
  const { url, provider } = await call(signOutRoute);
  client.clear();
  if (provider === null) return;
  location.assign(url ?? `/sign-in?${new URLSearchParams({ left: provider })}`);
  await new Promise(() => undefined);
}

/** Goes on when the person has signed in in another tab, where they said they would; as somebody else the page begins anew. */
export function useSignedInElsewhere(
  client: QueryClient,
  { userId, isExpected }: { userId: string; isExpected: boolean },
): void {
  const { data } = useQuery({
    queryKey: ['session elsewhere'],
    queryFn: ({ signal }): Promise<Session> => call(readSession, { signal }),
    enabled: isExpected,
    refetchInterval: 2_000,
    gcTime: 0,
  });
  const now = data?.user?.id;
  useEffect(() => {
    if (now === undefined) return;
    if (now === userId) void welcome(client);
    else location.reload();
  }, [client, now, userId]);
}

/** In words, what to do about a sign-in that failed. */
export function explainSignIn(error: Error): string {
  if (!(error instanceof CallError)) return error.message;
  if (error.status === 401) return 'E-mail or password is not right.';
  if (error.status === 429) return `Too many tries. Try again in ${error.retryAfterS ?? 60} s.`;
  return error.message;
}

// A session that ends while a page is open: the page stays, a dialog asks to sign in again.
let ended = false;
const listeners = new Set<() => void>();

/** To be called with every error of a query: a 401 of a project route means that the session is over. */
export function noticeError(error: Error): void {
  if (error instanceof CallError && error.status === 401) setEnded(true);
}

export const useSessionEnded = (): boolean =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => ended,
  );

function setEnded(value: boolean): void {
  ended = value;
  for (const listener of listeners) listener();
}
