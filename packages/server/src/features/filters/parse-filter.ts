import { EventsFilter, Filter, type Condition } from '@tracehouse/contract/filter';
import * as z from 'zod';
import { InvalidRequestError, ValidationError } from '../../http/errors.ts';

/**
 * The conditions of a `filter` parameter. `events`: of a list that also knows `matches`.
 * @throws InvalidRequestError when it is not JSON; ValidationError when it is no list of conditions.
 */
export function parseFilter(text: string | undefined, list: 'v1' | 'events' = 'v1'): Condition[] {
  if (text === undefined) return [];
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new InvalidRequestError('Invalid JSON in filter parameter', { cause });
  }
  const result = z.object({ filter: list === 'v1' ? Filter : EventsFilter }).safeParse({ filter: value });
  if (!result.success) throw new ValidationError(result.error.issues);
  return result.data.filter;
}
