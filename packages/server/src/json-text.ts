import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';

/** The JSON text of a value of this type. */
export type Json<Value> = string & { readonly [stands]: Value };
declare const stands: unique symbol;

/** A text as JSON writes it. */
export const jsonText = <Text extends string>(text: Text): Json<Text> =>
  (needsEscape.test(text) ? JSON.stringify(text) : `"${text}"`) as Json<Text>;
const needsEscape = /["\\\p{Cc}\p{Cs}]/u;

/** A number as JSON writes it. */
export const jsonNumber = (value: number): Json<number> =>
  (Number.isFinite(value) ? String(value) : 'null') as Json<number>;

/** A decimal number, in the shortest text that the engine has of it, as JSON writes its value. */
export const jsonDecimal = (text: string): Json<number> =>
  // Of so few digits a number is the same text again, if it is not so small that it has an exponent.
  text.length <= 15 && !/^-?0\.000000/.test(text) ? (text as Json<number>) : jsonNumber(Number(text));

/** What JSON writes of any value that it has a word for. */
export const jsonOf = <Value>(value: Value): Json<Value> => JSON.stringify(value) as Json<Value>;

/** A piece of JSON text; bytes are in UTF-8. */
export type JsonPart = string | Buffer;

/** The text that parts are together. */
export const textOf = (parts: readonly JsonPart[]): string => parts.map(String).join('');

/** A value of an answer that is JSON text already, or becomes it when it is written; `JSON.stringify` writes it like the value it stands for. */
export class JsonText {
  /** One after the other they are the text. What is long stands by itself: one character beyond Latin-1 makes all of a text wide. */
  readonly parts: () => readonly JsonPart[];

  constructor(parts: () => readonly JsonPart[]) {
    this.parts = parts;
  }

  static of(text: JsonPart): JsonText {
    return new JsonText(() => [text]);
  }

  toJSON(): unknown {
    if (written === null) return JSON.parse(textOf(this.parts()));
    written.push(this);
    return MARK;
  }
}

/** A text in the place of the value it stands for, where that is only written. */
export const standingFor = <Value>(text: JsonText): Value => text as unknown as Value;

/** Those that a value being written has, in their order; null while none is. */
let written: JsonText[] | null = null;
/** Stands where such a text goes. Nobody knows it, so no other text has it. */
const MARK = randomUUID();

/** The parts of what `JSON.stringify` makes of a value, in which no `JsonText` is parsed; undefined for what JSON has no word for. */
export function stringifyInParts(value: unknown): readonly JsonPart[] | undefined {
  if (value instanceof JsonText) return value.parts();
  const texts: JsonText[] = [];
  let text: string | undefined;
  try {
    written = texts;
    text = JSON.stringify(value) as string | undefined;
  } finally {
    written = null;
  }
  if (text === undefined) return undefined;
  const mark = `"${MARK}"`;
  const parts: JsonPart[] = [];
  let from = 0;
  for (const one of texts) {
    const at = text.indexOf(mark, from);
    parts.push(text.slice(from, at), ...one.parts());
    from = at + mark.length;
  }
  parts.push(text.slice(from));
  return parts;
}

const DEEPEST = 32;
/** Keys of one object are compared each with each. */
const MOST_KEYS = 32;

/**
 * Whether a text is what `JSON.stringify(JSON.parse(text))` makes of it, so that it need not be made, which is three times the
 * work. It says no to some that are, never yes to one that is not. Bytes are looked through, in UTF-8: that is twice as fast.
 */
export function isAsWritten(text: string | Buffer): boolean {
  if (typeof text === 'string') return text.isWellFormed() && isAsWritten(Buffer.from(text));
  return valueEnd(text, 0, DEEPEST) === text.length && isUtf8(text);
}

/** Where the value ends that begins there; −1 when none does that is written as `JSON.stringify` would. */
function valueEnd(text: Buffer, at: number, depth: number): number {
  const first = text[at]!;
  if (first === QUOTE) return stringEnd(text, at + 1);
  if (first === OPEN_OBJECT) return depth === 0 ? -1 : objectEnd(text, at + 1, depth - 1);
  if (first === OPEN_ARRAY) return depth === 0 ? -1 : arrayEnd(text, at + 1, depth - 1);
  return wordEnd(text, at);
}

function arrayEnd(text: Buffer, start: number, depth: number): number {
  if (text[start] === CLOSE_ARRAY) return start + 1;
  for (let at = start; ; at += 1) {
    at = valueEnd(text, at, depth);
    if (at === -1) return -1;
    const next = text[at];
    if (next === CLOSE_ARRAY) return at + 1;
    if (next !== COMMA) return -1;
  }
}

function objectEnd(text: Buffer, start: number, depth: number): number {
  if (text[start] === CLOSE_OBJECT) return start + 1;
  // Where each begins and ends.
  const keys: number[] = [];
  for (let at = start; ; at += 1) {
    if (text[at] !== QUOTE) return -1;
    const from = at + 1;
    const to = stringEnd(text, from);
    if (to === -1 || text[to] !== COLON) return -1;
    // One that is an index would come first, of two that are the same the last one counts.
    if (isDigit(text[from]!) || keys.length === 2 * MOST_KEYS || isAmong(text, keys, from, to)) return -1;
    keys.push(from, to);
    at = valueEnd(text, to + 1, depth);
    if (at === -1) return -1;
    const next = text[at];
    if (next === CLOSE_OBJECT) return at + 1;
    if (next !== COMMA) return -1;
  }
}

function isAmong(text: Buffer, keys: readonly number[], from: number, to: number): boolean {
  for (let i = 0; i < keys.length; i += 2) {
    const other = keys[i]!;
    if (keys[i + 1]! - other !== to - from) continue;
    let at = 0;
    while (from + at < to && text[from + at] === text[other + at]) at += 1;
    if (from + at === to) return true;
  }
  return false;
}

/** Of characters that are written in one way: not `\/` or `\u0041`. */
function stringEnd(text: Buffer, start: number): number {
  for (let at = start; ; at += 2) {
    while (PLAIN[text[at]!] === 1) at += 1;
    if (text[at] === QUOTE) return at + 1;
    if (text[at] !== BACKSLASH || ESCAPES[text[at + 1]!] !== 1) return -1;
  }
}

function wordEnd(text: Buffer, start: number): number {
  let at = start;
  while (at < text.length && at - start < LONGEST_WORD && !ENDS.has(text[at]!)) at += 1;
  const word = text.toString('latin1', start, at);
  const isRight =
    word === 'true' || word === 'false' || word === 'null' || (NUMBER.test(word) && String(Number(word)) === word);
  return isRight ? at : -1;
}
/** `-0.0000011169728975846701` has 25 characters. */
const LONGEST_WORD = 32;
const NUMBER = /^-?\d+(?:\.\d+)?(?:e[+-]\d+)?$/;

const [QUOTE, COMMA, COLON, BACKSLASH, OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [
  34, 44, 58, 92, 91, 93, 123, 125,
];
const ENDS = new Set([COMMA, CLOSE_ARRAY, CLOSE_OBJECT]);
const isDigit = (code: number): boolean => code >= 48 && code <= 57;
/** By their bytes: what stands in a string as it is, and what may follow a backslash. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 32 && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
);
const ESCAPES = new Uint8Array(256);
for (const byte of Buffer.from('"\\bfnrt')) ESCAPES[byte] = 1;
