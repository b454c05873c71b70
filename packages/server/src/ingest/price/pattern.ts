import { RE2JS, RE2Set } from 're2js';

/** Names come from clients: longer ones are not looked at. */
export const MAX_NAME_LENGTH = 300;

/** A user's regular expression, found anywhere in a text. */
export interface Pattern {
  test(text: string): boolean;
}

/** What is wrong with a pattern, in words. `isSyntax`: it is no regular expression; else it is one that we do not run. */
export class PatternError extends Error {
  readonly isSyntax: boolean;
  constructor(message: string, { isSyntax, cause }: { isSyntax: boolean; cause?: unknown }) {
    super(message, { cause });
    this.name = 'PatternError';
    this.isSyntax = isSyntax;
  }
}

/**
 * States of the automaton, about one a character; repetitions multiply them. Compiling 6,000 takes 0.8 s and matching with 2,000
 * takes 0.2 s for a text of 300 characters, 400 a fraction of that; patterns of model names have 20 to 100.
 */
const MAX_STATES = 400;
/** For the table an automaton builds while it runs; beyond it the slower way is taken, which needs none. */
const MAX_TABLE_BYTES = 256 * 1024;

/**
 * RE2: time grows with the length of the text and the pattern, whatever they say, so nobody's pattern can stall the process.
 * `(?i)` and other flags of RE2 work; what needs backtracking (look-around, back-references) is refused.
 * @throws PatternError
 */
export function compilePattern(source: string, { ignoreCase = false }: { ignoreCase?: boolean } = {}): Pattern {
  const states = countStates(source);
  if (states > MAX_STATES) {
    throw new PatternError(`needs about ${states} states, the limit is ${MAX_STATES}: repeat less, or say it shorter`, {
      isSyntax: false,
    });
  }
  try {
    const set = new RE2Set(RE2Set.UNANCHORED, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0, MAX_TABLE_BYTES);
    set.add(source);
    set.compile();
    return { test: (text) => set.match(text).length > 0 };
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const isUnsupported =
      /unsupported Perl syntax|invalid escape sequence|invalid named capture|invalid repeat count|too large/.test(
        message,
      );
    throw new PatternError(message.replace(/^error parsing regexp: /, ''), { isSyntax: !isUnsupported, cause });
  }
}

/** How many states a pattern has at most, told from its text: what is too large must not be compiled to find that out. */
function countStates(source: string): number {
  const groups: number[] = [0];
  let last = 0;
  const atom = (size: number): void => {
    groups[groups.length - 1]! += size;
    last = size;
  };
  for (let at = 0; at < source.length; at += 1) {
    const character = source[at]!;
    const repeat = character === '{' ? /^\{(\d{1,6})(,(\d{0,6}))?\}/.exec(source.slice(at, at + 20)) : null;
    if (character === '\\') {
      at += 1;
      atom(1);
    } else if (character === '[') {
      at = endOfClass(source, at);
      atom(1);
    } else if (character === '(') groups.push(0);
    else if (character === ')' && groups.length > 1) atom(groups.pop()! + 2);
    else if (repeat) {
      at += repeat[0].length - 1;
      const times = Math.max(Number(repeat[1]), Number(repeat[3] ?? 0), 1) + (repeat[2] === ',' ? 1 : 0);
      const before = last;
      groups[groups.length - 1]! += before * (times - 1);
      last = before * times;
    } else atom(1);
  }
  return groups.reduce((sum, size) => sum + size, 0);
}

/** A `]` that comes first belongs to the class. */
function endOfClass(source: string, start: number): number {
  let at = start + 1;
  if (source[at] === '^') at += 1;
  if (source[at] === ']') at += 1;
  for (; at < source.length && source[at] !== ']'; at += 1) if (source[at] === '\\') at += 1;
  return at;
}
