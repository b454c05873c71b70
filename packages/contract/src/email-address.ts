import * as z from 'zod';

/** What a mailbox may be called here: printable, without what separates addresses or quotes in a header. */
const ADDRESS = /^[^\s@<>()[\]\\,;:"\p{C}]+@[^\s@<>()[\]\\,;:"\p{C}]+$/u;

/** The address in the one form that is stored and compared, which is lower case; null for what is none. */
export function emailAddressOf(text: string): string | null {
  const address = text.trim().toLowerCase();
  return address.length <= 254 && ADDRESS.test(address) ? address : null;
}

/** What follows the @, in lower case; empty without one. */
export const domainOf = (address: string): string => /@([^@]*)$/.exec(address.trim())?.[1]?.toLowerCase() ?? '';

/** An address in any case; comes out as `emailAddressOf` makes it. */
export const EmailAddress = z
  .string('E-mail address is missing')
  .max(320, 'E-mail address is too long')
  .transform((text, context) => {
    const address = emailAddressOf(text);
    if (address !== null) return address;
    context.addIssue('This is not an e-mail address');
    return z.NEVER;
  });
