/**
 * A line for a list from the first 200 characters of a payload. Of a chat it is what the user said last, as far as the
 * preview reaches; anything else stays as it was received. Line breaks are shown as ⏎.
 */
export function previewLine(preview: string | null): string {
  if (preview === null) return '';
  return (saidIn(preview) ?? preview).replace(/\r?\n/gu, '⏎');
}

const message = /"role"\s*:\s*"(\w+)"\s*,\s*"content"\s*:\s*(?:\[\s*\{[^{}]*?"text"\s*:\s*)?"((?:[^"\\]|\\.)*)/gu;

function saidIn(preview: string): string | null {
  if (!/^\s*[[{]/u.test(preview)) return null;
  const said = [...preview.matchAll(message)];
  const last = said.findLast(([, role]) => role === 'user') ?? said.findLast(([, role]) => role === 'assistant');
  return last?.[2] === undefined || last[2] === '' ? null : unescape(last[2]);
}

const escapes: Record<string, string> = { n: '\n', t: '\t', r: '\r', b: '', f: '' };

/** JSON escapes; the text may be cut in the middle of one. */
const unescape = (text: string) =>
  text.replace(/\\(?:u([0-9a-fA-F]{4})|(.)|$)/gu, (_, code?: string, letter?: string) =>
    code
      ? String.fromCharCode(parseInt(code, 16))
      : letter === undefined || letter === 'u'
        ? ''
        : (escapes[letter] ?? letter),
  );
