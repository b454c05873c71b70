/** `production@user-1` is the label `production` for the key `user-1`: labels hold no `@`, so the first one parts them. */
export function parseKeyedLabel(text: string): { label: string; key: string | null } {
  const at = text.indexOf('@');
  return at < 0 ? { label: text, key: null } : { label: text.slice(0, at), key: text.slice(at + 1) };
}
