/** Search parameters as people read them: plain text, `+` for a space, `: , . / * @ -` as they are. */

export const parseSearch = (text: string): Record<string, string> => Object.fromEntries(new URLSearchParams(text));

/** With the leading `?`, or empty. Undefined and empty values are left out. */
export function stringifySearch(search: Record<string, unknown>): string {
  const pairs = Object.entries(search).filter(([, value]) => value !== undefined && value !== '');
  return pairs.length === 0
    ? ''
    : `?${pairs.map(([key, value]) => `${escape(key)}=${escape(String(value))}`).join('&')}`;
}

const readable: Record<string, string> = { '%20': '+', '%3A': ':', '%2C': ',', '%2F': '/', '%40': '@' };

const escape = (text: string) =>
  encodeURIComponent(text).replace(/%(?:20|3A|2C|2F|40)/gu, (code) => readable[code] ?? code);
