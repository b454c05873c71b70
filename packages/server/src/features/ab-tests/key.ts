/** How a key arrives with a fetch. A key never causes an error, and is never stored or logged. */

/** What templates make of nobody. */
const NOBODY = new Set(['None', 'null', 'undefined', 'NaN', '[object Object]']);
const MAX_KEY_BYTES = 1_000;

/** What counts as no key, for `assign-sql.ts` too. */
export const noKey = { texts: ['', ...NOBODY], maxBytes: MAX_KEY_BYTES } as const;

/** Whether a text names somebody: byte for byte, without trimming. */
export const isKey = (text: string): boolean =>
  text !== '' && !NOBODY.has(text) && Buffer.byteLength(text) <= MAX_KEY_BYTES;

/** `production@user-1` is the label `production` for the key `user-1`: labels hold no `@`, so the first one parts them. */
export function parseKeyedLabel(text: string): { label: string; key: string | null } {
  const at = text.indexOf('@');
  if (at < 0) return { label: text, key: null };
  const key = text.slice(at + 1);
  return { label: text.slice(0, at), key: isKey(key) ? key : null };
}

/**
 * The key of a fetch: the first that names somebody of query `abKey`, header `x-tracehouse-ab-key` and the key behind the label.
 * @param header as Node gives it: one character a byte, so that it is read as UTF-8 here
 */
export function keyOf({
  query,
  header,
  behindLabel,
}: {
  query?: string | undefined;
  header?: string | undefined;
  behindLabel: string | null;
}): string | null {
  const texts = [query, header === undefined ? undefined : Buffer.from(header, 'latin1').toString(), behindLabel];
  return texts.find((text) => text != null && isKey(text)) ?? null;
}
