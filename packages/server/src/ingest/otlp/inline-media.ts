// Files that spans and log records carry in their texts (S1.12): taken out, a token stands for each. What is found, in whichever convention it
// came: data URIs anywhere in a text, and the blocks of `blocks` in JSON. The rest of the text stays as it was received.
import { createHash } from 'node:crypto';
import { MEDIA_TYPES, type MediaType } from '@tracehouse/contract/media';
import type { ObservationRow } from '../observation.ts';
import { type TextField, withTexts } from '../row-texts.ts';

/** Bytes; what is smaller stays in the text. */
export const MIN_FILE_BYTES = 1024;
/** Of an export; what is beyond stays in the text. */
export const MAX_FILES = 1000;
/** How deep in JSON a block is looked for. */
const MAX_DEPTH = 10;

/** A file, and the place that refers to it. */
export interface InlineFile {
  traceId: string;
  observationId: string;
  field: 'input' | 'output' | 'metadata';
  /** SHA-256, base64. */
  sha256: string;
  contentType: MediaType;
  bytes: Uint8Array;
}

const places: Record<TextField, InlineFile['field']> = {
  input: 'input',
  traceInput: 'input',
  output: 'output',
  traceOutput: 'output',
  metadata: 'metadata',
  traceMetadata: 'metadata',
  attributes: 'metadata',
};

/** What refers to the files of a text. */
type Place = Pick<InlineFile, 'traceId' | 'observationId' | 'field'>;

/** The row with tokens for the files in its texts; `files` gets these. No file has more than `maxBytes`. */
export function takeFiles(row: ObservationRow, maxBytes: number, files: InlineFile[]): ObservationRow {
  const { traceId, id: observationId } = row;
  return withTexts(row, (text, where) =>
    takeFilesOfText(text, { traceId, observationId, field: places[where] }, maxBytes, files),
  );
}

/** The same of a text alone. */
export function takeFilesOfText(text: string, place: Place, maxBytes: number, files: InlineFile[]): string {
  if (!mayHoldFiles(text)) return text;
  return withTokens(text, ({ contentType, bytes }, source) => {
    if (bytes.length < MIN_FILE_BYTES || bytes.length > maxBytes || files.length >= MAX_FILES) return null;
    const digest = createHash('sha256').update(bytes).digest();
    files.push({ ...place, sha256: digest.toString('base64'), contentType, bytes });
    const mediaId = digest.toString('base64url').slice(0, 22);
    return `@@@langfuseMedia:type=${contentType}|id=${mediaId}|source=${source}@@@`;
  });
}

const MARK = /(?:media|mime)(?:_t|T)ype|input_audio/;
/** As told by samples, for every text of every span is looked at: base64 of a file has more than two steps without any break. */
function mayHoldFiles(text: string): boolean {
  if (text.length < MIN_FILE_BYTES) return false;
  for (let at = 0; at + RUN < text.length; at += STEP) if (isRun(text, at)) return true;
  return text.includes(String.raw`\\x`);
}
/** Characters; no file's base64 is shorter than twice the step. */
const STEP = Math.floor((MIN_FILE_BYTES * 4) / 3 / 2);
const RUN = 20;

function isRun(text: string, from: number): boolean {
  for (let at = from; at < from + RUN; at += 1) if (BASE64[text.charCodeAt(at)] !== 1) return false;
  return true;
}
const BASE64 = new Uint8Array(128);
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_')
  BASE64[character.charCodeAt(0)] = 1;

interface Found {
  contentType: MediaType;
  bytes: Buffer;
}
/** Null: it stays in the text. */
type Replace = (found: Found, source: 'base64_data_uri' | 'bytes') => string | null;

const withTokens = (text: string, replace: Replace): string => withoutDataUris(withoutBlocks(text, replace), replace);

const DATA_URI = /data:([\w.+-]{1,100}\/[\w.+-]{1,100})(?:;[\w.+-]{1,100}=[\w.+-]{1,100}){0,5};base64,/g;
/** Where base64 ends. Of one pattern with what comes before it, the engine would remember each character of megabytes. */
const NO_BASE64 = /[^A-Za-z0-9+/=_-]/g;

function withoutDataUris(text: string, replace: Replace): string {
  if (!text.includes(';base64,')) return text;
  const parts: string[] = [];
  let from = 0;
  for (const match of text.matchAll(DATA_URI)) {
    if (match.index < from) continue;
    const start = match.index + match[0].length;
    NO_BASE64.lastIndex = start;
    const end = NO_BASE64.exec(text)?.index ?? text.length;
    const token = replaced(match[1]!, text.slice(start, end), 'base64_data_uri', replace);
    if (token === null) continue;
    parts.push(text.slice(from, match.index), token);
    from = end;
  }
  return parts.length === 0 ? text : parts.join('') + text.slice(from);
}

type Json = Readonly<Record<string, unknown>>;

/** What a block of JSON says of a file in it: its type, and where its bytes are. */
const blocks: readonly ((block: Json) => { type: unknown; data: unknown } | null)[] = [
  // Anthropic
  (block) => (block['type'] === 'base64' ? { type: block['media_type'], data: block['data'] } : null),
  // LangChain
  (block) => (block['type'] === 'media' ? { type: block['mime_type'], data: block['data'] } : null),
  // The GenAI conventions
  (block) => (block['type'] === 'blob' ? { type: block['mime_type'], data: block['content'] } : null),
  // AI SDK
  (block) =>
    block['type'] === 'file' || block['type'] === 'image'
      ? { type: block['mediaType'] ?? block['mimeType'], data: block['data'] ?? block['image'] }
      : null,
  // Gemini
  (block) => inlineData(block['inline_data'] ?? block['inlineData']),
  // OpenAI
  (block) => (block['type'] === 'input_audio' ? audio(block['input_audio']) : null),
];

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;
const inlineData = (data: unknown) =>
  isObject(data) ? { type: data['mime_type'] ?? data['mimeType'], data: data['data'] } : null;
const audio = (data: unknown) =>
  isObject(data) ? { type: `audio/${String(data['format'])}`, data: data['data'] } : null;

function withoutBlocks(text: string, replace: Replace): string {
  if (!MARK.test(text)) return text;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return text; // no JSON
  }
  const parts: string[] = [];
  let from = 0;
  for (const { type, data } of blocksIn(value, 0)) {
    const token = replaced(type, data, 'bytes', replace);
    if (token === null) continue;
    // In the order of the text, but for keys that are numbers; those stay.
    const literal = JSON.stringify(data);
    const at = text.indexOf(literal, from);
    if (at < 0) continue;
    parts.push(text.slice(from, at), JSON.stringify(token));
    from = at + literal.length;
  }
  return parts.length === 0 ? text : parts.join('') + text.slice(from);
}

function* blocksIn(value: unknown, depth: number): Iterable<{ type: string; data: string }> {
  if (!isObject(value) || depth > MAX_DEPTH) return;
  if (!Array.isArray(value)) {
    for (const read of blocks) {
      const { type, data } = read(value) ?? {};
      if (typeof type !== 'string' || typeof data !== 'string') continue;
      yield { type, data };
      return;
    }
  }
  for (const inside of Object.values(value)) yield* blocksIn(inside, depth + 1);
}

const types = new Set<string>(MEDIA_TYPES);
const isMediaType = (type: string): type is MediaType => types.has(type);

function replaced(type: string, data: string, source: 'base64_data_uri' | 'bytes', replace: Replace): string | null {
  if (data.length < MIN_FILE_BYTES) return null;
  const contentType = type.split(';')[0]!.trim().toLowerCase();
  const bytes = isMediaType(contentType) ? bytesOf(data) : null;
  return bytes && replace({ contentType: contentType as MediaType, bytes }, source);
}

/** Of base64, with either alphabet, or of bytes as Python writes them. */
function bytesOf(data: string): Buffer | null {
  if (/^b['"]/.test(data)) return pythonBytes(data);
  NO_BASE64.lastIndex = 0;
  return NO_BASE64.test(data) ? null : Buffer.from(data, 'base64');
}

const ESCAPES: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, '\\': 92, "'": 39, '"': 34 };

/** `b'\x89PNG'` */
function pythonBytes(text: string): Buffer | null {
  if (text.at(-1) !== text[1]) return null;
  const bytes = Buffer.alloc(text.length);
  let length = 0;
  for (let i = 2; i < text.length - 1; i += 1) {
    let code = text.charCodeAt(i);
    if (code === 92) {
      i += 1;
      if (text[i] === 'x') {
        code = Number.parseInt(text.slice(i + 1, i + 3), 16);
        i += 2;
      } else code = ESCAPES[text[i] ?? ''] ?? Number.NaN;
    }
    if (!(code < 256)) return null;
    bytes[length++] = code;
  }
  return bytes.subarray(0, length);
}
