import { nextTurn } from '../turns.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const BRACKET = 0x5b;
const BRACE = 0x7b;
const CLOSING_BRACKET = 0x5d;
const CLOSING_BRACE = 0x7d;
const COLON = 0x3a;

/** Bodies below are parsed as they come: the worst of them takes a few milliseconds and megabytes. */
const FREE_BYTES = 256 * 1024;
/** Values a byte: traces have one in 25, lists of numbers one in 12. `[],[],…` has two in three, and takes a minute's memory. */
const BYTES_PER_VALUE = 8;

/** The text is not JSON, or nothing but structure: one that takes many times its size, and seconds, to parse. */
export class JsonBodyError extends Error {
  override name = 'JsonBodyError';
}

/**
 * The value of a JSON body in UTF-8; invalid bytes become U+FFFD.
 * @throws JsonBodyError
 */
export function parseJson(body: Uint8Array): unknown {
  const bytes = checked(body);
  return parsePiece(bytes.toString('utf8'));
}

/** As many bytes as are parsed at once; most values take a few milliseconds. */
const PIECE_BYTES = 128 * 1024;
/** A batch is a list in an object, an event in it an object that has a body, whose input is a list. */
const LEVELS = 5;

/**
 * The same, piece by piece, with turns for everything else in between: what `parseJson` does with 16 MB takes 0.2 s.
 * @throws JsonBodyError
 */
export async function parseJsonInTurns(body: Uint8Array, pieceBytes = PIECE_BYTES): Promise<unknown> {
  const bytes = checked(body);
  return valueOf(bytes, { start: 0, end: bytes.length }, pieceBytes, LEVELS);
}

function checked(body: Uint8Array): Buffer {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (bytes.length > FREE_BYTES && isMostlyStructure(bytes)) {
    throw new JsonBodyError('The body is nothing but brackets and commas');
  }
  return bytes;
}

function parsePiece(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new JsonBodyError('Invalid JSON', { cause });
  }
}

interface Span {
  start: number;
  end: number;
}

async function valueOf(bytes: Buffer, given: Span, pieceBytes: number, levels: number): Promise<unknown> {
  const span = trimmed(bytes, given);
  const first = bytes[span.start];
  if (span.end - span.start > pieceBytes && levels > 0) {
    if (first === BRACKET) return listOf(bytes, span, pieceBytes, levels);
    if (first === BRACE) return objectOf(bytes, span, pieceBytes, levels);
  }
  await nextTurn();
  return parsePiece(bytes.toString('utf8', span.start, span.end));
}

async function listOf(bytes: Buffer, span: Span, pieceBytes: number, levels: number): Promise<unknown[]> {
  const list: unknown[] = [];
  for (const piece of piecesOf(bytes, span, CLOSING_BRACKET, pieceBytes)) {
    if (piece.isLarge) list.push(await valueOf(bytes, piece, pieceBytes, levels - 1));
    else {
      await nextTurn();
      const some = parsePiece(`[${bytes.toString('utf8', piece.start, piece.end)}]`) as unknown[];
      if (some.length === 0) throw new JsonBodyError('Invalid JSON');
      for (const each of some) list.push(each);
    }
  }
  return list;
}

async function objectOf(bytes: Buffer, span: Span, pieceBytes: number, levels: number): Promise<unknown> {
  const members = new Map<string, unknown>();
  for (const piece of piecesOf(bytes, span, CLOSING_BRACE, pieceBytes)) {
    if (piece.isLarge) {
      const { start, end } = trimmed(bytes, piece);
      const nameEnd = bytes[start] === QUOTE ? endOfString(bytes, start) + 1 : end;
      const colon = trimmed(bytes, { start: nameEnd, end }).start;
      if (bytes[colon] !== COLON || colon >= end) throw new JsonBodyError('Invalid JSON');
      const name = parsePiece(bytes.toString('utf8', start, nameEnd)) as string;
      members.set(name, await valueOf(bytes, { start: colon + 1, end }, pieceBytes, levels - 1));
    } else {
      await nextTurn();
      const some = Object.entries(parsePiece(`{${bytes.toString('utf8', piece.start, piece.end)}}`) as object);
      if (some.length === 0) throw new JsonBodyError('Invalid JSON');
      for (const [name, value] of some) members.set(name, value);
    }
  }
  return Object.fromEntries(members);
}

interface Piece extends Span {
  /** One member; the others are as many as fit into a piece. */
  isLarge: boolean;
}

/**
 * The members of a list or an object between its brackets, cut at commas that are in nothing else. Where the text is not JSON it
 * may be cut anywhere: joined by commas the pieces are the text, so it is JSON if each of them is.
 */
function* piecesOf(bytes: Buffer, { start, end }: Span, closing: number, pieceBytes: number): Generator<Piece> {
  const inside = trimmed(bytes, { start: start + 1, end: end - 1 });
  if (inside.start === inside.end && bytes[end - 1] === closing) return;
  let pieceStart = start + 1;
  let at = pieceStart;
  for (;;) {
    const comma = endOfMember(bytes, at, end);
    const isLast = bytes[comma] !== COMMA || comma >= end;
    if (isLast && (comma !== end - 1 || bytes[comma] !== closing)) throw new JsonBodyError('Invalid JSON');
    const isLarge = comma - at > pieceBytes;
    if (isLarge && at > pieceStart) yield { start: pieceStart, end: at - 1, isLarge: false };
    if (isLarge) pieceStart = at;
    if (isLarge || isLast || comma - pieceStart > pieceBytes) {
      yield { start: pieceStart, end: comma, isLarge };
      pieceStart = comma + 1;
    }
    if (isLast) return;
    at = comma + 1;
  }
}

/** The comma behind the member that begins at `start`, or the bracket that closes what it is in; `end` without either. */
function endOfMember(bytes: Buffer, start: number, end: number): number {
  let depth = 0;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at]!;
    if (byte === QUOTE) at = endOfString(bytes, at);
    else if (byte === BRACKET || byte === BRACE) depth += 1;
    else if (byte === CLOSING_BRACKET || byte === CLOSING_BRACE) {
      if (depth === 0) return at;
      depth -= 1;
    } else if (byte === COMMA && depth === 0) return at;
  }
  return end;
}

const isSpace = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

function trimmed(bytes: Buffer, { start, end }: Span): Span {
  let from = start;
  let to = end;
  while (from < to && isSpace(bytes[from])) from += 1;
  while (to > from && isSpace(bytes[to - 1])) to -= 1;
  return { start: from, end: to };
}

/** Counts commas and opening brackets outside strings; a string is skipped as fast as memory is read. */
function isMostlyStructure(bytes: Buffer): boolean {
  const limit = (FREE_BYTES + bytes.length) / BYTES_PER_VALUE;
  let values = 0;
  // The rest, were it nothing else, would not be too many.
  for (let at = 0; values + bytes.length - at > limit; at += 1) {
    const byte = bytes[at]!;
    if (byte === QUOTE) at = endOfString(bytes, at);
    else if ((byte === COMMA || byte === BRACKET || byte === BRACE) && (values += 1) > limit) return true;
  }
  return false;
}

/** Of the string that begins at `start`: its closing quote, or the end. */
function endOfString(bytes: Buffer, start: number): number {
  let from = start + 1;
  // Most are short: to call `indexOf` takes as long as to look at a hundred bytes.
  for (const near = Math.min(bytes.length, from + NEAR_BYTES); from < near; from += 1) {
    if (bytes[from] === QUOTE) return from;
    if (bytes[from] === BACKSLASH) from += 1;
  }
  for (let at = bytes.indexOf(QUOTE, from); at >= 0; at = bytes.indexOf(QUOTE, at + 1)) {
    let backslashes = 0;
    while (bytes[at - 1 - backslashes] === BACKSLASH && at - 1 - backslashes > start) backslashes += 1;
    if (backslashes % 2 === 0) return at;
  }
  return bytes.length;
}

const NEAR_BYTES = 64;
