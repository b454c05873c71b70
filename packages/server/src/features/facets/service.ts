import { type FilterTarget, type FilterTerm } from '@tracehouse/contract/filter-text';
import type { Facet, Facets as Answer, FacetsQuery } from '@tracehouse/contract/x-facets';
import type { ClickHouse, QueryOptions } from '../../stores/clickhouse/clickhouse.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { inParallel } from '../../turns.ts';
import { toIso } from '../filters/time.ts';
import { rangeOf, termsOf } from '../traces/asked.ts';
import { boundedRange } from './bound.ts';
import { type FacetField, fieldOf } from './field.ts';
import { observationItems } from './observation-items.ts';
import { countRange, countValues } from './store.ts';
import { isNarrow, traceItems } from './trace-items.ts';

export type Facets = ReturnType<typeof createFacets>;

/** Of the connections that read, what one request may have: the lists of others go on beside. */
const AT_ONCE = 2;
/** Nobody waits longer for a panel beside a list. */
const TIMEOUT_MS = 10_000;
/** Rows whose traces can be resolved while a person waits, 0.5 to 1 µs each. */
const MOST_ROWS = 400_000;
/** Rows of a filter that leaves few of them. */
const MOST_OF_NARROW = 4_000_000;

/** Values with counts beside a list: what a filter could say next. */
export function createFacets({ clickhouse: db, now }: { clickhouse: ClickHouse; now: () => Date }) {
  async function facetOf(
    scope: ProjectScope,
    query: FacetsQuery,
    field: FacetField,
    all: readonly FilterTerm[],
    options: QueryOptions,
  ): Promise<Facet> {
    const terms = all.filter((term) => term.kind === 'text' || term.field !== field.name);
    const environment = field.name === 'env' ? '*' : query.environment;
    const asked = { terms, environment, range: rangeOf(query) };
    const most = query.of === 'traces' && isNarrow(asked) ? MOST_OF_NARROW : MOST_ROWS;
    const { range, countedFrom } = await boundedRange(
      db,
      scope,
      { range: asked.range, now: now().getTime() * 1000, most },
      options,
    );
    const itemsOf = query.of === 'traces' ? traceItems : observationItems;
    const items = await itemsOf(db, scope, field, { ...asked, range }, options);
    const counted =
      items.is === 'number' ? await countRange(db, items.sql, options) : await countValues(db, items, query, options);
    return { ...counted, field: field.written, countedFrom: countedFrom === null ? null : toIso(countedFrom) };
  }

  return {
    /** @throws InvalidRequestError for filter text with a problem, or a field that has no facet. */
    async read(scope: ProjectScope, query: FacetsQuery, signal: AbortSignal): Promise<Answer> {
      const target: FilterTarget = query.of;
      const fields = query.field.map((written) => fieldOf(written, target));
      const terms = termsOf(query.q ?? '');
      const inTurn = inParallel(AT_ONCE);
      const failed = new AbortController();
      const options = { signal: AbortSignal.any([signal, failed.signal]), timeoutMs: TIMEOUT_MS };
      try {
        const facets = fields.map((field) => inTurn(() => facetOf(scope, query, field, terms, options)));
        return { data: await Promise.all(facets) };
      } catch (error) {
        // What the others have begun is for nobody.
        failed.abort();
        throw error;
      }
    },
  };
}
