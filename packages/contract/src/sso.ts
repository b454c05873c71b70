import * as z from 'zod';

import { defineRoute } from './route.ts';

const Provider = z.object({ provider: z.string().max(100) });
/** An address of the provider, for the browser to go to. */
const Away = z.object({ url: z.string() });

export const startSignIn = defineRoute({
  method: 'POST',
  path: '/api/auth/signin/:provider',
  scope: 'public',
  summary: 'Begin to sign in at an identity provider; answers the address to open there',
  audit: { none: 'the line is written at its end' },
  params: Provider,
  body: z
    .object({
      /** Where to go on afterwards: a path of this site. */
      returnTo: z.string().max(4000).optional(),
    })
    .optional(),
  response: Away,
});

export const finishSignIn = defineRoute({
  method: 'GET',
  path: '/api/auth/callback/:provider',
  scope: 'public',
  summary:
    'Where an identity provider sends the browser back to; redirects to the page asked for, or to one that says why not',
  params: Provider,
  query: z.record(z.string(), z.unknown()),
});

/** Why somebody was not let in at the end of a sign-in, for the page that says so; `code: null` when nothing was refused. */
export const SsoRefusal = z.union([
  z.object({ code: z.string(), provider: z.string(), email: z.string().nullable() }),
  z.object({ code: z.null() }),
]);
export type SsoRefusal = z.output<typeof SsoRefusal>;

export const readSsoRefusal = defineRoute({
  method: 'GET',
  path: '/api/auth/refusal',
  scope: 'public',
  summary: 'Why the last sign-in at an identity provider from this browser was refused',
  response: SsoRefusal,
});

/** An account that waits for its password, once, to be linked; `email: null` when none does. */
export const PendingLink = z.union([
  z.object({ email: z.string(), provider: z.string(), hasPassword: z.boolean() }),
  z.object({ email: z.null() }),
]);
export type PendingLink = z.output<typeof PendingLink>;

export const readPendingLink = defineRoute({
  method: 'GET',
  path: '/api/auth/link',
  scope: 'public',
  summary: 'Which account waits to be linked to a sign-in at an identity provider',
  response: PendingLink,
});

export const provePendingLink = defineRoute({
  method: 'POST',
  path: '/api/auth/link',
  scope: 'public',
  summary: 'Link the account that waits, by its password; signs in and answers where to go on',
  audit: 'identity',
  body: z.object({ password: z.string().min(1).max(1000) }),
  response: Away,
});

/** `sub`, `sid` and the rest are in the token (OpenID Connect Back-Channel Logout 1.0). */
export const backChannelLogout = defineRoute({
  method: 'POST',
  path: '/api/auth/backchannel-logout/:provider',
  scope: 'public',
  summary: 'Told by an identity provider that a session there has ended; ends ours',
  audit: 'session',
  params: Provider,
  body: z.string('is not form-encoded').optional(),
});

/** A sign-in at an identity provider that opens the account. */
export const LinkedIdentity = z.object({
  /** Of the provider. */
  id: z.string(),
  provider: z.string(),
  email: z.string().nullable(),
  linkedAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime(),
});
export type LinkedIdentity = z.output<typeof LinkedIdentity>;

export const listIdentities = defineRoute({
  method: 'GET',
  path: '/api/public/x/account/identities',
  scope: 'session',
  summary: 'Which sign-ins at identity providers open the own account',
  response: z.object({ data: z.array(LinkedIdentity) }),
});

export const startLink = defineRoute({
  method: 'POST',
  path: '/api/public/x/account/identities/:provider',
  scope: 'session',
  summary: 'Begin to link a sign-in at an identity provider to the own account; answers the address to open there',
  audit: { none: 'the line is written at its end' },
  params: Provider,
  body: z.object({
    /** Of the account, where it has one. */
    password: z.string().max(1000).optional(),
    returnTo: z.string().max(4000).optional(),
  }),
  response: Away,
});

export const deleteIdentity = defineRoute({
  method: 'DELETE',
  path: '/api/public/x/account/identities/:provider',
  scope: 'session',
  summary: 'Unlink a sign-in at an identity provider from the own account; the other sessions it opened end',
  audit: 'identity',
  params: Provider,
  response: z.object({ success: z.literal(true) }),
});
