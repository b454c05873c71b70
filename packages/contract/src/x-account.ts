import * as z from 'zod';

import { GivenPassword, NewPassword, PersonName } from './account-rules.ts';
import { LoginCode } from './accounts.ts';
import { defineRoute } from './route.ts';

/** The account of who asks. Times are ISO 8601, UTC, milliseconds. */
export const Account = z.object({
  id: z.string(),
  email: z.string(),
  name: z.string().nullable(),
  isEmailVerified: z.boolean(),
  hasPassword: z.boolean(),
  /** Whether this person may sign in by password at all. */
  mayUsePassword: z.boolean(),
  /** Whether a code can be sent to the address. */
  sendsMail: z.boolean(),
  createdAt: z.iso.datetime(),
});
export type Account = z.output<typeof Account>;

/** Where somebody is signed in. `method` is `password` or the id of a provider. */
export const AccountSession = z.object({
  id: z.string(),
  method: z.string(),
  userAgent: z.string().nullable(),
  ip: z.string().nullable(),
  createdAt: z.iso.datetime(),
  lastSeenAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  /** The one that asks. */
  isCurrent: z.boolean(),
});
export type AccountSession = z.output<typeof AccountSession>;

const Done = z.object({ success: z.literal(true) });

export const readAccount = defineRoute({
  method: 'GET',
  path: '/api/public/x/account',
  scope: 'session',
  summary: 'The account of who asks',
  response: Account,
});

export const updateAccount = defineRoute({
  method: 'PATCH',
  path: '/api/public/x/account',
  scope: 'session',
  summary: 'Change the name',
  audit: 'user',
  body: z.object({ name: PersonName }),
  response: Account,
});

export const changePassword = defineRoute({
  method: 'PUT',
  path: '/api/public/x/account/password',
  scope: 'session',
  summary: 'Change the password; every other session ends, this one goes on under a new cookie',
  audit: 'password',
  body: z.object({ current: GivenPassword, password: NewPassword }),
  response: Done,
});

export const requestEmailCode = defineRoute({
  method: 'POST',
  path: '/api/public/x/account/email/code',
  scope: 'session',
  summary: 'Send a code to the own address',
  audit: { none: 'a code that is sent changes nothing' },
  response: z.object({ sent: z.literal(true) }),
});

export const verifyEmail = defineRoute({
  method: 'POST',
  path: '/api/public/x/account/email/verify',
  scope: 'session',
  summary: 'Show by the code that the own address is verified',
  audit: 'user',
  body: z.object({ code: LoginCode }),
  response: Account,
});

export const listAccountSessions = defineRoute({
  method: 'GET',
  path: '/api/public/x/account/sessions',
  scope: 'session',
  summary: 'Where one is signed in, last used first',
  response: z.object({ data: z.array(AccountSession) }),
});

export const revokeAccountSession = defineRoute({
  method: 'DELETE',
  path: '/api/public/x/account/sessions/:id',
  scope: 'session',
  summary: 'End one of the own sessions; its next request is refused',
  audit: 'session',
  params: z.object({ id: z.string() }),
  response: Done,
});

export const revokeAccountSessions = defineRoute({
  method: 'DELETE',
  path: '/api/public/x/account/sessions',
  scope: 'session',
  summary: 'Sign out everywhere, or everywhere else',
  audit: 'session',
  query: z.object({ others: z.enum(['true', 'false']).default('false') }),
  response: Done,
});
