import * as z from 'zod';

const MAX_PASSWORD = 1000;

/** What a password that a person chooses must have (S9.2), in the order a form lists it. */
export const passwordRules = [
  { words: 'At least 8 characters', fits: (password: string) => password.length >= 8 },
  { words: 'A letter', fits: (password: string) => /\p{L}/u.test(password) },
  { words: 'A digit', fits: (password: string) => /\p{Nd}/u.test(password) },
  { words: 'A special character', fits: (password: string) => /[^\p{L}\p{M}\p{N}]/u.test(password) },
] as const;

export const NewPassword = z
  .string('Password is missing')
  .max(MAX_PASSWORD, `Password has more than ${MAX_PASSWORD} characters`)
  .refine((password) => passwordRules.every(({ fits }) => fits(password)), {
    error: ({ input }) =>
      `Password needs: ${passwordRules
        .filter(({ fits }) => !fits(String(input)))
        .map(({ words }) => words.toLowerCase())
        .join(', ')}`,
  });

/** A password to be compared with a stored one, which may be older than the rules. */
export const GivenPassword = z.string().min(1).max(MAX_PASSWORD);

/** Names end up in mails to others: nothing in them may be taken for an address of the web. */
export const PersonName = z
  .string('Name is missing')
  .trim()
  .min(1, 'Name is missing')
  .max(100, 'Name has more than 100 characters')
  .regex(
    /^\p{L}[\p{L}\p{M}\p{N} .'’-]*$/u,
    "Name begins with a letter and has letters, digits, blanks, dots, ' and - alone",
  )
  .refine((name) => !/(^|\s)www\.|\p{L}{2}\.\p{Ll}{2}/u.test(name), 'Name must not look like a web address');
