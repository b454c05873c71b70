/** What a mailbox may be called here: printable, without what separates addresses or quotes in a header. */
const ADDRESS = /^[^\s@<>()[\]\\,;:"\p{C}]+@[^\s@<>()[\]\\,;:"\p{C}]+$/u;

/** The address in the one form that is stored and compared, which is lower case; null for what is none. */
export function emailAddressOf(text: string): string | null {
  const address = text.trim().toLowerCase();
  return address.length <= 254 && ADDRESS.test(address) ? address : null;
}
