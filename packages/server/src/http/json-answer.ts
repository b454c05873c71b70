import { type JsonPart, stringifyInParts, textOf } from '../json-text.ts';
import { inTurns } from '../turns.ts';

/** A list of fewer is written at once. */
const LONG = 100;

/**
 * What `JSON.stringify` makes of an answer; a long list in it is written in turns, so that 30 MB do not keep others waiting. It
 * comes as bytes: as one text, 3.6 MB took twice as long to send, as one character beyond Latin-1 makes it wide. Pieces of bytes,
 * for to put them together is as much memory again.
 */
export async function toJson(answer: object): Promise<string | Buffer[]> {
  if (Array.isArray(answer) || 'toJSON' in answer || !Object.values(answer).some(isLong)) {
    return textOf(stringifyInParts(answer)!);
  }
  const out = new Bytes();
  let before = '{';
  for (const [key, value] of Object.entries(answer)) {
    // As in any object, what JSON has no word for is left out.
    const parts = isLong(value) ? ['['] : stringifyInParts(value);
    if (parts === undefined) continue;
    out.write(`${before}${JSON.stringify(key)}:`);
    for (const part of parts) out.write(part);
    before = ',';
    if (!isLong(value)) continue;
    await inTurns(value, (item, i) => {
      if (i > 0) out.write(',');
      for (const part of stringifyInParts(item) ?? ['null']) out.write(part);
    });
    out.write(']');
  }
  out.write('}');
  return out.all();
}

const isLong = (value: unknown): value is unknown[] => Array.isArray(value) && value.length > LONG;

/** Texts in UTF-8, one after the other. */
class Bytes {
  readonly #full: Buffer[] = [];
  #buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  #length = 0;

  write(text: JsonPart): void {
    const most = typeof text === 'string' ? text.length * 3 : text.length;
    if (this.#length + most > this.#buffer.length) {
      this.#full.push(this.#buffer.subarray(0, this.#length));
      this.#buffer = Buffer.allocUnsafe(most > CHUNK_BYTES ? Buffer.byteLength(text) : CHUNK_BYTES);
      this.#length = 0;
    }
    this.#length +=
      typeof text === 'string' ? this.#buffer.write(text, this.#length) : text.copy(this.#buffer, this.#length);
  }

  all(): Buffer[] {
    return [...this.#full, this.#buffer.subarray(0, this.#length)];
  }
}

const CHUNK_BYTES = 256 * 1024;
