import * as z from 'zod';
import { InvalidRequestError } from '../../http/errors.ts';
import { within } from '../filters/time.ts';
import type { SearchPosition } from './search.ts';
import type { TracePosition } from './store.ts';

/** Where a page of a list or a search goes on, as its cursor says it. */
const Position = z.object({
  value: z.string(),
  id: z.string(),
  /** A search's own; see `SearchPosition`. */
  to: z.int().optional(),
  late: z
    .array(z.string().regex(/^\d{1,20}$/))
    .max(1000)
    .optional(),
  pace: z
    .object({
      end: z.int(),
      baseMs: z.number().nonnegative(),
      hourMs: z.number().nonnegative(),
      isSlow: z.boolean().optional(),
    })
    .optional(),
});

export const encodeCursor = (position: TracePosition | SearchPosition): string =>
  Buffer.from(JSON.stringify(position)).toString('base64url');

/** @throws InvalidRequestError for a text that is none */
export function decodeCursor(text: string): z.output<typeof Position> {
  try {
    return Position.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
  } catch (cause) {
    throw new InvalidRequestError('Invalid cursor format', { cause });
  }
}

/** @throws InvalidRequestError for a position of another order */
export function searchPosition({ value, id, to, late = [], pace }: z.output<typeof Position>): SearchPosition {
  const time = Number(value);
  if (!Number.isSafeInteger(time)) throw new InvalidRequestError('Invalid cursor format');
  return {
    value: String(within(time)),
    id,
    to: within(to ?? time + 1),
    late,
    pace: pace && { ...pace, end: within(pace.end) },
  };
}
