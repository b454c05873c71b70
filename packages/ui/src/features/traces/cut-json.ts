/**
 * The value of JSON text that may end anywhere: what is open at the end is closed, a string keeps what there is of it, a
 * key without its value is left out. Undefined when the text is not JSON as far as it goes.
 */
export function readCutJson(text: string): unknown {
  const source = new CutText(text);
  try {
    const value = readValue(source);
    return source.skipSpace() === '' ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

class CutText {
  #at = 0;
  readonly #text: string;
  constructor(text: string) {
    this.#text = text;
  }
  /** Nothing is left. */
  get isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }
  /** The next character that is no space, '' at the end. */
  skipSpace(): string {
    this.match(/\s*/y);
    return this.#text[this.#at] ?? '';
  }
  take(expected: string): void {
    if (this.skipSpace() === expected) this.#at++;
    else if (!this.isAtEnd) throw new SyntaxError(`${expected} expected at ${this.#at}`);
  }
  match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }
}

function readValue(source: CutText): unknown {
  const first = source.skipSpace();
  if (first === '') return undefined;
  if (first === '"') return readString(source);
  if (first === '[') return readArray(source);
  if (first === '{') return readObject(source);
  const word = source.match(/[\w.+-]+/y);
  // A number or `true` that the end cuts is none.
  return source.isAtEnd ? undefined : (JSON.parse(word) as unknown);
}

function readString(source: CutText): string {
  source.take('"');
  const written = source.match(/(?:[^"\\]|\\u[\da-fA-F]{4}|\\[^u])*/sy);
  // A piece of an escape at the end.
  if (source.match(/\\u?[\da-fA-F]{0,3}$/y) === '') source.take('"');
  return JSON.parse(`"${written}"`) as string;
}

function readArray(source: CutText): unknown[] {
  const items: unknown[] = [];
  source.take('[');
  while (!source.isAtEnd && source.skipSpace() !== ']') {
    if (items.length > 0) source.take(',');
    const item = readValue(source);
    if (item !== undefined) items.push(item);
  }
  source.take(']');
  return items;
}

function readObject(source: CutText): Record<string, unknown> {
  const entries: [string, unknown][] = [];
  source.take('{');
  while (!source.isAtEnd && source.skipSpace() !== '}') {
    if (entries.length > 0) source.take(',');
    if (source.skipSpace() === '') break;
    const key = readString(source);
    source.take(':');
    const value = readValue(source);
    if (value !== undefined) entries.push([key, value]);
  }
  source.take('}');
  return Object.fromEntries(entries);
}
