const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const BRACKET = 0x5b;
const BRACE = 0x7b;

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
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (bytes.length > FREE_BYTES && isMostlyStructure(bytes)) {
    throw new JsonBodyError('The body is nothing but brackets and commas');
  }
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch (cause) {
    throw new JsonBodyError('Invalid JSON', { cause });
  }
}

/** Counts commas and opening brackets outside strings; a string is skipped as fast as memory is read. */
function isMostlyStructure(bytes: Buffer): boolean {
  const limit = (FREE_BYTES + bytes.length) / BYTES_PER_VALUE;
  let values = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at]!;
    if (byte === QUOTE) at = endOfString(bytes, at);
    else if ((byte === COMMA || byte === BRACKET || byte === BRACE) && (values += 1) > limit) return true;
  }
  return false;
}

/** Of the string that begins at `start`: its closing quote, or the end. */
function endOfString(bytes: Buffer, start: number): number {
  for (let at = bytes.indexOf(QUOTE, start + 1); at >= 0; at = bytes.indexOf(QUOTE, at + 1)) {
    let backslashes = 0;
    while (bytes[at - 1 - backslashes] === BACKSLASH && at - 1 - backslashes > start) backslashes += 1;
    if (backslashes % 2 === 0) return at;
  }
  return bytes.length;
}
