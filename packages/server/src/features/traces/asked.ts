import { compileFilter, type FilterTerm, parseFilterText } from '@tracehouse/contract/filter-text';
import type { TraceSelection as Asked } from '@tracehouse/contract/x-traces';
import { InvalidRequestError } from '../../http/errors.ts';
import type { ClickHouse, QueryOptions } from '../../stores/clickhouse/clickhouse.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { traceIsOneOf } from '../filters/reach.ts';
import { rangeBetween, sayingRange, type TimeRange } from '../filters/time.ts';
import { selectTracesWith } from './search-store.ts';
import { soughtText } from './search.ts';
import { checkedClauses, selectionOf, type TraceClause, type TraceQuery } from './selection.ts';
import type { TraceSelection } from './store.ts';

/** The times of what a screen asks for. */
export const rangeOf = ({ from, to }: Pick<Asked, 'from' | 'to'>): TimeRange => rangeBetween(from, to);

/** The terms of filter text. @throws InvalidRequestError where it has a problem */
export function termsOf(q: string): FilterTerm[] {
  const { terms, problems } = parseFilterText(q);
  if (problems[0]) throw new InvalidRequestError(problems[0].message);
  return terms;
}

/** What a screen asks of traces. @throws InvalidRequestError for filter text with a problem */
export const queryOf = ({ q = '', environment }: Pick<Asked, 'q' | 'environment'>): TraceQuery =>
  traceQueryOf(termsOf(q), environment);

/** The same from terms; `environment` as a screen asks for it. */
export function traceQueryOf(terms: readonly FilterTerm[], environment: string | undefined): TraceQuery {
  const { clauses, text } = compileFilter(terms, 'traces');
  return {
    clauses: [...environmentClauses(environment), ...checkedClauses(clauses)],
    text,
    hidesInternal: environment === undefined,
  };
}

const environmentClauses = (environment: string | undefined): TraceClause[] =>
  environment === undefined || environment === '*'
    ? []
    : [
        {
          of: 'trace',
          not: false,
          conditions: [
            { type: 'stringOptions', column: 'environment', operator: 'any of', value: environment.split(',') },
          ],
        },
      ];

/** All traces of a range that meet a query, to be counted: few that have the text of a search are named, so that only they are resolved. */
export async function wholeSelection(
  db: ClickHouse,
  scope: ProjectScope,
  range: TimeRange,
  asked: TraceQuery,
  options?: QueryOptions,
): Promise<TraceSelection> {
  const value = soughtText(asked.text);
  const ids = value === null ? null : await selectTracesWith(db, scope, { range: sayingRange(range), value }, options);
  if (ids === null) return selectionOf(scope, range, asked);
  const text = asked.text.filter((one) => one.not || one.value !== value);
  return selectionOf(scope, range, { ...asked, text }, traceIsOneOf(ids));
}
