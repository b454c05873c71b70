import { inTurns } from '../turns.ts';

/** A list of fewer is written at once. */
const LONG = 100;

/** What `JSON.stringify` makes of an answer; a long list in it is written in turns, so that 30 MB do not keep others waiting. */
export async function toJson(answer: object): Promise<string> {
  if (Array.isArray(answer) || 'toJSON' in answer || !Object.values(answer).some(isLong)) return JSON.stringify(answer);
  const members: string[] = [];
  for (const [key, value] of Object.entries(answer)) {
    const text = isLong(value) ? await listInTurns(value) : (JSON.stringify(value) as string | undefined);
    // As in any object, what JSON has no word for is left out.
    if (text !== undefined) members.push(`${JSON.stringify(key)}:${text}`);
  }
  return `{${members.join(',')}}`;
}

const isLong = (value: unknown): value is unknown[] => Array.isArray(value) && value.length > LONG;

const listInTurns = async (list: readonly unknown[]): Promise<string> =>
  `[${(await inTurns(list, (item) => (JSON.stringify(item) as string | undefined) ?? 'null')).join(',')}]`;
