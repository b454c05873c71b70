import { randomUUID } from 'node:crypto';

/** A value of an answer that is JSON text already; `JSON.stringify` writes it like the value it stands for. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toJSON(): unknown {
    if (written === null) return JSON.parse(this.text);
    written.push(this.text);
    return MARK;
  }
}

/** Texts that a value being written has, in their order; null while none is. */
let written: string[] | null = null;
/** Stands where such a text goes. Nobody knows it, so no other text has it. */
const MARK = randomUUID();

/** The parts of what `JSON.stringify` makes of a value, in which no `JsonText` is parsed; undefined for what JSON has no word for. */
export function stringifyInParts(value: unknown): string[] | undefined {
  const texts: string[] = [];
  let text: string | undefined;
  try {
    written = texts;
    text = JSON.stringify(value) as string | undefined;
  } finally {
    written = null;
  }
  if (text === undefined) return undefined;
  const mark = `"${MARK}"`;
  const parts: string[] = [];
  let from = 0;
  for (const one of texts) {
    const at = text.indexOf(mark, from);
    parts.push(text.slice(from, at), one);
    from = at + mark.length;
  }
  parts.push(text.slice(from));
  return parts;
}

/** Longer ones are not looked at: a text of escapes alone takes the matcher 12 bytes each. */
const LONGEST = 1_000_000;
const DEEPEST = 32;
/** Keys of one object are compared each with each. */
const MOST_KEYS = 32;

/** Of characters that are written in one way: not `\/`, `\u0041` or half a pair. */
const string = /"[^"\\\p{Cc}\p{Cs}]*(?:\\["\\bfnrt][^"\\\p{Cc}\p{Cs}]*)*"/uy;
const number = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const word = /true|false|null/y;

/**
 * Whether a text is what `JSON.stringify(JSON.parse(text))` makes of it, so that it need not be made, which is three times the
 * work. It says no to some that are, never yes to one that is not.
 */
export function isAsWritten(text: string): boolean {
  if (text.length > LONGEST) return false;
  return valueEnd(text, 0, DEEPEST) === text.length;
}

/** Where the value ends that begins there; −1 when none does that is written as `JSON.stringify` would. */
function valueEnd(text: string, at: number, depth: number): number {
  const first = text.charCodeAt(at);
  if (first === QUOTE) return matchEnd(string, text, at);
  if (first === OPEN_OBJECT) return depth === 0 ? -1 : objectEnd(text, at + 1, depth - 1);
  if (first === OPEN_ARRAY) return depth === 0 ? -1 : arrayEnd(text, at + 1, depth - 1);
  if (first >= LETTERS) return matchEnd(word, text, at);
  const end = matchEnd(number, text, at);
  const digits = text.slice(at, end);
  return end !== -1 && String(Number(digits)) === digits ? end : -1;
}

function arrayEnd(text: string, start: number, depth: number): number {
  if (text.charCodeAt(start) === CLOSE_ARRAY) return start + 1;
  for (let at = start; ; at += 1) {
    at = valueEnd(text, at, depth);
    if (at === -1) return -1;
    const next = text.charCodeAt(at);
    if (next === CLOSE_ARRAY) return at + 1;
    if (next !== COMMA) return -1;
  }
}

function objectEnd(text: string, start: number, depth: number): number {
  if (text.charCodeAt(start) === CLOSE_OBJECT) return start + 1;
  const keys: string[] = [];
  for (let at = start; ; at += 1) {
    const keyEnd = matchEnd(string, text, at);
    if (keyEnd === -1 || text.charCodeAt(keyEnd) !== COLON) return -1;
    const key = text.slice(at, keyEnd);
    // One that is an index would come first, of two that are the same the last one counts.
    if (isDigit(text.charCodeAt(at + 1)) || keys.includes(key) || keys.length === MOST_KEYS) return -1;
    keys.push(key);
    at = valueEnd(text, keyEnd + 1, depth);
    if (at === -1) return -1;
    const next = text.charCodeAt(at);
    if (next === CLOSE_OBJECT) return at + 1;
    if (next !== COMMA) return -1;
  }
}

function matchEnd(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

const [QUOTE, COMMA, COLON, OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [34, 44, 58, 91, 93, 123, 125];
const LETTERS = 97;
const isDigit = (code: number): boolean => code >= 48 && code <= 57;
