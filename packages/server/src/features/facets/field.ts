import { type FieldPlace, type FilterTarget, placeOfField } from '@tracehouse/contract/filter-text';
import { InvalidRequestError } from '../../http/errors.ts';

/** A field whose values are counted. */
export interface FacetField {
  /** As it was asked for. */
  written: string;
  /** As terms of filter text name it. */
  name: string;
  /** `keys`: of metadata, or the names of scores. */
  is: 'text' | 'list' | 'number' | 'metadata' | 'metadata keys' | 'score' | 'scores';
  of: FieldPlace['of'];
  column: string;
  key: string;
}

/** Fields of filter text that have a facet. @throws InvalidRequestError for any other */
export function fieldOf(written: string, target: FilterTarget): FacetField {
  const own = target === 'traces' ? 'trace' : 'observation';
  if (written === 'metadata' || written === 'score') {
    const is = written === 'metadata' ? 'metadata keys' : 'scores';
    return { written, name: written, is, of: own, column: written, key: '' };
  }
  const place = placeOfField(written, target);
  const is = place && kinds[place.kind];
  if (!place || !is || ids.has(place.field)) throw new InvalidRequestError(`${written} has no values to count.`);
  if (is === 'number' && place.of !== own) {
    throw new InvalidRequestError(`${written} is a number of ${place.of}s: count it with of=${place.of}s.`);
  }
  return { written, name: place.field, is, of: place.of, column: place.column, key: place.key ?? '' };
}

/** Of which there are as many as there are rows. */
const ids = new Set(['id', 'trace']);

const kinds: Partial<Record<FieldPlace['kind'], FacetField['is']>> = {
  string: 'text',
  options: 'text',
  list: 'list',
  seconds: 'number',
  usd: 'number',
  count: 'number',
  metadata: 'metadata',
  score: 'score',
};
