import { inTurns } from '../turns.ts';

/** A list of fewer is written at once. */
const LONG = 100;

/**
 * What `JSON.stringify` makes of an answer; a long list in it is written in turns, so that 30 MB do not keep others waiting. It
 * comes as bytes, item by item: as one text, 3.6 MB took twice as long to send, as one character beyond Latin-1 makes it wide.
 */
export async function toJson(answer: object): Promise<string | Buffer> {
  if (Array.isArray(answer) || 'toJSON' in answer || !Object.values(answer).some(isLong)) return JSON.stringify(answer);
  const parts: Buffer[] = [];
  for (const [key, value] of Object.entries(answer)) {
    const start = `${parts.length === 0 ? '{' : ','}${JSON.stringify(key)}:`;
    if (isLong(value)) {
      let before = `${start}[`;
      await inTurns(value, (item) => {
        parts.push(Buffer.from(before + ((JSON.stringify(item) as string | undefined) ?? 'null')));
        before = ',';
      });
      parts.push(Buffer.from(']'));
      continue;
    }
    const text = JSON.stringify(value) as string | undefined;
    // As in any object, what JSON has no word for is left out.
    if (text !== undefined) parts.push(Buffer.from(start + text));
  }
  parts.push(Buffer.from('}'));
  return Buffer.concat(parts);
}

const isLong = (value: unknown): value is unknown[] => Array.isArray(value) && value.length > LONG;
