import * as z from 'zod';

import { Role } from './roles.ts';
import { defineRoute } from './route.ts';

export const SessionUser = z.object({ id: z.string(), email: z.string(), name: z.string().nullable() });
export type SessionUser = z.output<typeof SessionUser>;

/** Whom to ask for more: names, or addresses of those without one; at most five. Empty for an owner, who may do everything. */
const owners = z.array(z.string());

/** `role` is the role that counts in this project: the project's own, else the organization's. */
export const SessionProject = z.object({ id: z.string(), name: z.string(), role: Role, owners });
export type SessionProject = z.output<typeof SessionProject>;

export const SessionOrganization = z.object({
  id: z.string(),
  name: z.string(),
  role: Role,
  owners,
  projects: z.array(SessionProject),
});
export type SessionOrganization = z.output<typeof SessionOrganization>;

/** Answer of `GET /api/auth/session`: who is signed in and what they may open; `user: null` when nobody is. */
export const SignedIn = z.object({
  user: SessionUser,
  organizations: z.array(SessionOrganization),
  /** Whether this person may make organizations. */
  canCreateOrganizations: z.boolean(),
});
export type SignedIn = z.output<typeof SignedIn>;
export const Session = z.union([SignedIn, z.object({ user: z.null() })]);
export type Session = z.output<typeof Session>;

/** Body of `POST /api/auth/signin/password`. */
export const PasswordSignIn = z.object({ email: z.string().min(1).max(320), password: z.string().min(1).max(1000) });
export type PasswordSignIn = z.output<typeof PasswordSignIn>;

/** 200 of `POST /api/auth/signin/password`; 401 and 429 answer `{message}`, 429 also `Retry-After`. */
export const PasswordSignInResult = z.object({ user: SessionUser });
export type PasswordSignInResult = z.output<typeof PasswordSignInResult>;

export const readSession = defineRoute({
  method: 'GET',
  path: '/api/auth/session',
  scope: 'public',
  summary: 'Who is signed in, with organizations, projects and roles',
  response: Session,
});

export const signInWithPassword = defineRoute({
  method: 'POST',
  path: '/api/auth/signin/password',
  scope: 'public',
  summary: 'Sign in with e-mail and password; sets the session cookie',
  audit: { none: 'the table of sessions tells who is signed in; what is refused is written' },
  body: PasswordSignIn,
  response: PasswordSignInResult,
});

export const signOut = defineRoute({
  method: 'POST',
  path: '/api/auth/signout',
  scope: 'public',
  summary: "End the session of the cookie; answers where the browser ends the identity provider's session too",
  audit: { none: 'the table of sessions tells who is signed in' },
  response: z.object({
    /** Null: there is no session elsewhere, or it cannot be ended from here. */
    url: z.string().nullable(),
    /** Id of the identity provider the session came from. */
    provider: z.string().nullable(),
  }),
});
