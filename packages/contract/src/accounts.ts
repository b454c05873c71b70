import * as z from 'zod';

import { NewPassword, PersonName } from './account-rules.ts';
import { EmailAddress } from './email-address.ts';
import { defineRoute } from './route.ts';
import { SessionUser } from './session.ts';

/** Six digits out of a mail, however they were pasted. */
export const LoginCode = z
  .string('The code is missing')
  .max(50)
  .transform((text) => text.replace(/[\s-]/g, ''))
  .refine((code) => /^\d{6}$/.test(code), 'The code has six digits');

/** Which ways in are open, as the pages before the sign-in need it. */
export const SignInOptions = z.object({
  /** Sign-in by password; asked for a domain: for its people. */
  password: z.boolean(),
  /** Some domains sign in by SSO alone: the page asks for the address first, then again for its domain. */
  emailFirst: z.boolean(),
  signUp: z.boolean(),
  /** Whether the form for signing up asks for a code out of a mail first. */
  emailVerification: z.boolean(),
  /** Whether a new password can be set with a code out of a mail. */
  reset: z.boolean(),
  /** Buttons for SSO, in their order; `POST /api/auth/signin/{id}` begins. */
  providers: z.array(z.object({ id: z.string(), name: z.string() })),
});
export type SignInOptions = z.output<typeof SignInOptions>;

export const readSignInOptions = defineRoute({
  method: 'GET',
  path: '/api/auth/options',
  scope: 'public',
  summary: 'Which ways to sign in and up are open, for everyone or for the people of an e-mail domain',
  query: z.object({ domain: z.string().max(254).optional() }),
  response: SignInOptions,
});

/** Body of `POST /api/auth/signup` (S9.2). */
export const SignUp = z.object({
  name: PersonName,
  email: EmailAddress,
  password: NewPassword,
  /** Out of a mail; needed where the address has to be verified first. */
  code: LoginCode.optional(),
});
export type SignUp = z.output<typeof SignUp>;

/** Not validated by the declaration: what is wrong is answered 422 with `{message}` (S9.2), as is who may not sign up. */
export const signUp = defineRoute({
  method: 'POST',
  path: '/api/auth/signup',
  scope: 'public',
  family: 'bare',
  summary: 'Make an account; asked by a page of this site it also signs in',
  audit: 'user',
  body: z.unknown() as z.ZodType<unknown, z.input<typeof SignUp>>,
  response: z.object({ message: z.literal('User created') }),
});

const CODE_SENT = { none: 'a code that is sent changes nothing' };
const AddressOnly = z.object({ email: EmailAddress });
const Sent = z.object({ sent: z.literal(true) });

/** Whether a mail goes out, and which, the answer does not tell. */
export const requestSignUpCode = defineRoute({
  method: 'POST',
  path: '/api/auth/signup/code',
  scope: 'public',
  family: 'bare',
  summary: 'Send a code for signing up to an address',
  audit: CODE_SENT,
  body: AddressOnly,
  response: Sent,
});

/** As `requestSignUpCode`. */
export const requestPasswordCode = defineRoute({
  method: 'POST',
  path: '/api/auth/password/code',
  scope: 'public',
  family: 'bare',
  summary: 'Send a code for a new password to an address',
  audit: CODE_SENT,
  body: AddressOnly,
  response: Sent,
});

export const resetPassword = defineRoute({
  method: 'POST',
  path: '/api/auth/password/reset',
  scope: 'public',
  family: 'bare',
  summary: 'Set a new password with a code out of a mail; ends all sessions and begins one',
  audit: 'password',
  body: z.object({ email: EmailAddress, code: LoginCode, password: NewPassword }),
  response: z.object({ user: SessionUser }),
});
