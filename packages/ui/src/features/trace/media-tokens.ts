/** What an SDK left in a text in place of the bytes it uploaded (S8.5). */
export interface MediaToken {
  contentType: string;
  mediaId: string;
}

// The id is a hash; what is longer than it could be is some other text.
const TOKEN = /@@@langfuseMedia:type=([^|@]{1,100})\|id=([\w-]{1,64})\|source=[^|@]{1,100}@@@/gu;

/** Whether the text begins with a token. */
export const isToken = (text: string): boolean => typeof splitAtTokens(text)[0] === 'object';

/** The text in order, each token apart; blanks between two of them say nothing. */
export function splitAtTokens(text: string): (string | MediaToken)[] {
  if (!text.includes('@@@langfuseMedia:')) return [text];
  const parts: (string | MediaToken)[] = [];
  let from = 0;
  for (const match of text.matchAll(TOKEN)) {
    const between = text.slice(from, match.index);
    if (between.trim() !== '') parts.push(between);
    parts.push({ contentType: match[1]!, mediaId: match[2]! });
    from = match.index + match[0].length;
  }
  const rest = text.slice(from);
  if (parts.length === 0 || rest.trim() !== '') parts.push(rest);
  return parts;
}

/** How a file can be shown in a page; the server calls it so only when its bytes are of that kind. */
export function shownAs(contentType: string): 'image' | 'audio' | 'video' | 'download' {
  const kind = contentType.split('/')[0];
  if (contentType === 'image/svg+xml') return 'download';
  return kind === 'image' || kind === 'audio' || kind === 'video' ? kind : 'download';
}
