import { type FilterTarget, type FilterTerm } from '@tracehouse/contract/filter-text';
import type { Facet, Facets as Answer, FacetsQuery } from '@tracehouse/contract/x-facets';
import { type ClickHouse, ON_ALL_CORES, type QueryOptions } from '../../stores/clickhouse/clickhouse.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { inParallel } from '../../turns.ts';
import { weekAround } from '../filters/reach.ts';
import type { Superseded } from '../filters/superseded.ts';
import { toIso } from '../filters/time.ts';
import { rangeOf, termsOf } from '../traces/asked.ts';
import { boundedRange } from './bound.ts';
import { type FacetField, fieldOf } from './field.ts';
import { asksTrace, observationItems } from './observation-items.ts';
import { countRange, countValues, MOST_UNSURE } from './store.ts';
import { isNarrow, traceItems } from './trace-items.ts';

export type Facets = ReturnType<typeof createFacets>;

/** Of the connections that read, what one request may have: the lists of others go on beside. */
const AT_ONCE = 2;
/** Nobody waits longer for a panel beside a list. */
const TIMEOUT_MS = 20_000;
/** Rows that can be counted while a person waits, 0.3 µs each. */
const MOST_ROWS = 1_200_000;
/** Rows beside which their resolved traces stand. */
const MOST_JOINED = 150_000;
/** Rows of a filter that leaves few of them. */
const MOST_OF_NARROW = 4_000_000;

/** Values with counts beside a list: what a filter could say next. */
export function createFacets({
  clickhouse: db,
  superseded,
  now,
}: {
  clickhouse: ClickHouse;
  superseded: Superseded;
  now: () => Date;
}) {
  const unsure = createUnsure();

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
    const isOfTraces = query.of === 'traces';
    const most =
      isOfTraces && isNarrow(asked) ? MOST_OF_NARROW : !isOfTraces && asksTrace(field) ? MOST_JOINED : MOST_ROWS;
    const { range, countedFrom } = await boundedRange(
      db,
      scope,
      { range: asked.range, now: now().getTime() * 1000, most },
      options,
    );
    const besides = await superseded.newestIn(scope, isOfTraces ? weekAround(range) : range);
    const itemsOf = isOfTraces ? traceItems : observationItems;
    for (let known: readonly string[] | null = unsure.of(scope); ;) {
      const items = await itemsOf(db, scope, field, { ...asked, range, besides, known }, options);
      const counted =
        items.is === 'number' ? await countRange(db, items, options) : await countValues(db, items, query, options);
      if (counted.unsure.length > 0) known = unsure.note(scope, [...(known ?? []), ...counted.unsure]);
      else
        return {
          ...counted.facet,
          field: field.written,
          countedFrom: countedFrom === null ? null : toIso(countedFrom),
        };
    }
  }

  return {
    /** @throws InvalidRequestError for filter text with a problem, or a field that has no facet. */
    async read(scope: ProjectScope, query: FacetsQuery, signal: AbortSignal): Promise<Answer> {
      const target: FilterTarget = query.of;
      const fields = query.field.map((written) => fieldOf(written, target));
      const terms = termsOf(query.q ?? '');
      const inTurn = inParallel(AT_ONCE);
      const failed = new AbortController();
      const options = {
        signal: AbortSignal.any([signal, failed.signal]),
        timeoutMs: TIMEOUT_MS,
        settings: ON_ALL_CORES,
      };
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

/** Of so many projects it is remembered. */
const MAX_PROJECTS = 200;

/**
 * Traces of which different things are said are few, and stay so: named before the question, they need not be found out again. Any
 * will do, for what is named is resolved; so nothing is forgotten when rows change.
 */
function createUnsure() {
  const byProject = new Map<string, readonly string[]>();
  return {
    of: ({ projectId }: ProjectScope): readonly string[] => byProject.get(projectId) ?? [],
    /** Null when there are too many. */
    note({ projectId }: ProjectScope, hashes: readonly string[]): readonly string[] | null {
      if (hashes.length > MOST_UNSURE) return null;
      byProject.delete(projectId);
      byProject.set(projectId, hashes);
      if (byProject.size > MAX_PROJECTS) byProject.delete(byProject.keys().next().value!);
      return hashes;
    },
  };
}
