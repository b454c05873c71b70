import { isObject, type Json } from '../trace/json.ts';
import { readConversation, type Message } from '../trace/messages.ts';
import { splitAtTokens, type MediaToken } from '../trace/media-tokens.ts';
import { readCutJson } from './cut-json.ts';

/**
 * A line for a list from the first 200 characters of a payload. Of a chat it is what was said last, by the person before
 * the model, as far as the preview reaches; a quoted string is its text; anything else stays as it was received. Line
 * breaks are shown as ⏎.
 */
export function previewLine(preview: string | null): string {
  if (preview === null) return '';
  return (saidIn(preview) ?? preview).replace(/\r?\n/gu, '⏎');
}

/** The line, and the files that the preview names as far as it reaches, each once. */
export function previewParts(preview: string | null): { line: string; files: MediaToken[] } {
  const files = new Map<string, MediaToken>();
  for (const part of splitAtTokens(preview ?? '')) if (typeof part === 'object') files.set(part.mediaId, part);
  const texts = files.size === 0 ? [] : splitAtTokens(previewLine(preview)).filter((part) => typeof part === 'string');
  return { line: files.size === 0 ? previewLine(preview) : texts.join(' '), files: [...files.values()] };
}

/** Whose words stand for a chat; instructions only when the preview ends before anybody spoke. */
const speakers = ['user', 'assistant', 'tool', 'system', 'developer'];

function saidIn(preview: string): string | null {
  if (!/^\s*[[{"]/u.test(preview)) return null;
  const value = readCutJson(preview) as Json | undefined;
  if (value === undefined) return null;
  if (typeof value === 'string') return value;
  const messages = messagesOf(value) ?? (dropCutItem(value) ? messagesOf(value) : null) ?? [];
  const said = messages.map(({ role, parts }) => ({ role, text: lineOf(parts) })).filter(({ text }) => text !== '');
  const last = speakers
    .map((speaker) => said.findLast(({ role }) => role === speaker))
    .find((line) => line !== undefined);
  if (!last) return null;
  return last.role === 'system' || last.role === 'developer' ? `${last.role}: ${last.text}` : last.text;
}

const messagesOf = (value: Json) => readConversation({ kind: 'json', value })?.messages;

/** A message may be cut before it can be told from anything else: takes the last item off the list that the cut is in. */
function dropCutItem(value: Json | undefined): boolean {
  if (Array.isArray(value)) {
    const last = value.at(-1);
    return (Array.isArray(last) && dropCutItem(last)) || (value.length > 1 && value.pop() !== undefined);
  }
  return isObject(value) && dropCutItem(Object.values(value).at(-1));
}

/** Texts; of a message without any, its tool calls or the result it holds. */
function lineOf(parts: Message['parts']): string {
  const texts = parts.flatMap((part) => (part.kind === 'text' ? [part.text] : []));
  return (texts.length > 0 ? texts : parts.map(otherThanText)).join(' ').trim();
}

function otherThanText(part: Message['parts'][number]): string {
  if (part.kind === 'call') return `${part.name}()`;
  return part.kind === 'result' && part.result.kind === 'text' ? part.result.text : '';
}

/** Characters before a hit that fit where the cell is narrow. */
const BEFORE = 16;

/** A hit in the text around it, near the start of the line. All of the text is the hit where its case folds another way. */
export function hitParts(preview: string, sought: string): { before: string; text: string; after: string } {
  const line = preview.replace(/\r?\n/gu, '⏎');
  const at = line.toLowerCase().indexOf(sought.toLowerCase());
  if (at < 0 || sought === '') return { before: '', text: line, after: '' };
  const start = at > BEFORE ? at - BEFORE : 0;
  return {
    before: (start > 0 ? '…' : '') + line.slice(start, at),
    text: line.slice(at, at + sought.length),
    after: line.slice(at + sought.length),
  };
}
