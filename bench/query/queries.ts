import { COUNTS, tag, tenant, userId } from '../traffic/conversations.ts';
import { type FillFacts, RARE_TEXT } from './fill.ts';

/** A read of the API; `i` counts its repetitions, which ask for different things where there are several. */
export interface Query {
  readonly name: string;
  path(i: number): string;
  query(i: number): Record<string, string>;
  /** How many rows an answer has. */
  rowsOf(answer: unknown): number;
  /** Asks on, as the screen does, until an answer is full or nothing is left. */
  goesOn?: boolean;
}

/** Rows of a page. */
export const PAGE = 50;

const listed = (answer: unknown): number => (answer as { data: unknown[] }).data.length;
const observationsOf = (answer: unknown): number => (answer as { observations: unknown[] }).observations.length;
const iso = (ms: number): string => new Date(ms).toISOString();
const at = <T>(values: readonly T[], i: number): T => values[i % values.length]!;

/** The engine remembers for a while where a condition held nowhere, so each search looks for something else. */
const partOf = (text: string, i: number): string => text.slice(i % 4, text.length - (Math.floor(i / 4) % 4));
const chinese = (i: number): string => String.fromCodePoint(0x5000 + i, 0x6000 + i);

/** What is measured. "100k" is a range that holds the newest 100,000 observations. */
export function queries({ filledAt, newest100kFrom, tracesOfTen, tracesOfThousand, some }: FillFacts): Query[] {
  const from = iso(newest100kFrom);
  /** The list of the screen: a page of 50. */
  const screen = (name: string, query: (i: number) => Record<string, string>): Query => ({
    name,
    path: () => '/api/public/x/traces',
    query: (i) => ({ limit: String(PAGE), ...query(i) }),
    rowsOf: listed,
  });
  const search = (name: string, query: (i: number) => Record<string, string>): Query => ({
    ...screen(name, query),
    goesOn: true,
  });
  const v1 = (name: string, query: (i: number) => Record<string, string>): Query => ({
    name,
    path: () => '/api/public/traces',
    query: (i) => ({ limit: '50', fields: 'core,metrics', ...query(i) }),
    rowsOf: listed,
  });
  const one = (
    name: string,
    path: (i: number) => string,
    rowsOf: Query['rowsOf'],
    query: Query['query'] = () => ({}),
  ): Query => ({ name, path, query, rowsOf });
  const single = (): number => 1;
  /** What it counts. */
  const facet = (name: string, query: (i: number) => Record<string, string>): Query =>
    one(
      name,
      () => '/api/public/x/facets',
      (answer) => (answer as { data: { total: number }[] }).data[0]!.total,
      query,
    );
  /** Of the last 30 days, which is all there is. */
  const metrics = (
    name: string,
    view: string,
    measures: readonly string[],
    more: { by?: string[]; each?: string; filters?: object[]; version?: '/v2' } = {},
  ): Query => ({
    name: `metrics, 30 days: ${name}`,
    path: () => `/api/public${more.version ?? ''}/metrics`,
    query: (i) => ({
      query: JSON.stringify({
        view,
        metrics: measures.map((text) => ({ aggregation: text.split('_')[0], measure: text.split('_')[1] })),
        dimensions: (more.by ?? []).map((field) => ({ field })),
        filters: more.filters ?? [],
        timeDimension: more.each === undefined ? null : { granularity: more.each },
        // Each a little longer than the last.
        fromTimestamp: iso(filledAt - 30 * 86_400_000 - i * 1000),
        toTimestamp: iso(filledAt),
      }),
    }),
    rowsOf: listed,
  });
  // Not the first few, which a tenth of everything belongs to.
  const user = (i: number): string => userId(20 + (i % Math.min(200, COUNTS.users)));

  return [
    v1('v1 traces: newest', () => ({})),
    v1('v1 traces: newest, all fields', () => ({ fields: 'core,io,scores,observations,metrics' })),
    screen('traces: newest', () => ({})),
    screen('traces, 100k: newest', () => ({ from })),
    screen('traces, 100k: by cost', () => ({ from, sort: '-cost' })),
    screen('traces, 100k: latency', () => ({ from, q: 'latency:>10' })),
    screen('traces, 100k: user', (i) => ({ from, q: `user:${user(i)}` })),
    screen('traces, 100k: tag', (i) => ({ from, q: `tags:${tag(3 + (i % 10))}` })),
    screen('traces, 100k: metadata', (i) => ({ from, q: `metadata.tenant:${tenant(3 + (i % 50))}` })),
    screen('traces, 100k: metadata by cost', (i) => ({
      from,
      sort: '-cost',
      q: `metadata.tenant:${tenant(3 + (i % 50))}`,
    })),
    v1('v1 traces, 100k: user', (i) => ({ fromTimestamp: from, userId: user(i) })),
    one('v1 trace of 10', (i) => `/api/public/traces/${at(tracesOfTen, i)}`, observationsOf),
    one('v1 trace of 1,000', (i) => `/api/public/traces/${at(tracesOfThousand, i)}`, observationsOf),
    one('trace of 10, tree', (i) => `/api/public/x/traces/${at(tracesOfTen, i)}`, observationsOf),
    one('trace of 1,000, tree', (i) => `/api/public/x/traces/${at(tracesOfThousand, i)}`, observationsOf),
    one(
      'observation by trace and id',
      (i) => `/api/public/x/observations/${at(some, i).id}`,
      single,
      (i) => ({ traceId: at(some, i).traceId }),
    ),
    one('v1 observation by id', (i) => `/api/public/observations/${at(some, i).id}`, single),
    one(
      'v2 observations: newest',
      () => '/api/public/v2/observations',
      listed,
      () => ({ limit: '50' }),
    ),
    search('text: common word', () => ({ q: 'people' })),
    search('text: one in 20,000', (i) => ({ q: partOf(RARE_TEXT, i) })),
    search('text: nowhere, 100k', (i) => ({ from, q: `xylophonist${i}` })),
    search('text: nowhere, two words, 100k', (i) => ({ from, q: `"the xylophonist${i}"` })),
    search('text: nowhere, Chinese, 100k', (i) => ({ from, q: chinese(i) })),
    one(
      'text histogram, 100k: common word',
      () => '/api/public/x/histogram',
      (answer) => (answer as { totals: { traces: number } }).totals.traces,
      () => ({ from, q: 'people' }),
    ),
    one(
      'text histogram, 100k: one in 20,000',
      () => '/api/public/x/histogram',
      (answer) => (answer as { totals: { traces: number } }).totals.traces,
      (i) => ({ from, q: partOf(RARE_TEXT, i) }),
    ),
    one(
      'histogram, 100k',
      () => '/api/public/x/histogram',
      (answer) => (answer as { totals: { traces: number } }).totals.traces,
      () => ({ from }),
    ),
    ...['name', 'user', 'model', 'tags', 'metadata', 'metadata.tenant', 'latency'].flatMap((field) => [
      facet(`facet, 100k: ${field}`, () => ({ field, from })),
      facet(`facet, no bound: ${field}`, () => ({ field })),
    ]),
    facet('facet, 100k: user, typed', (i) => ({ field: 'user', from, typed: user(i) })),
    facet('facet, 100k: name by tag', (i) => ({ field: 'name', from, q: `tags:${tag(3 + (i % 10))}` })),
    facet('facet, no bound: observations by model', () => ({ field: 'model', of: 'observations' })),
    one(
      'histogram of latency, 100k',
      () => '/api/public/x/histogram',
      (answer) => (answer as { totals: { traces: number } }).totals.traces,
      () => ({ from, measure: 'latency' }),
    ),
    one(
      'hits in a trace of 1,000',
      () => '/api/public/x/search',
      listed,
      (i) => ({ traceId: at(tracesOfThousand, i), text: 'people' }),
    ),
    screen('traces, no bound: user', (i) => ({ q: `user:${user(i)}` })),
    screen('traces, no bound: by cost', () => ({ sort: '-cost' })),
    search('text, no bound: nowhere', (i) => ({ q: `xylophonist-${i}` })),
    search('text, no bound: nowhere, Chinese', (i) => ({ q: chinese(i + 1000) })),
    one(
      'histogram, no bound',
      () => '/api/public/x/histogram',
      (answer) => (answer as { totals: { traces: number } }).totals.traces,
    ),
    metrics('count', 'observations', ['count_count']),
    metrics('cost by model', 'observations', ['sum_totalCost', 'sum_totalTokens', 'count_count'], {
      by: ['providedModelName'],
    }),
    metrics('p95 latency by hour', 'observations', ['p95_latency'], { each: 'hour' }),
    metrics('cost by model and day', 'observations', ['sum_totalCost'], { by: ['providedModelName'], each: 'day' }),
    metrics('errors of a model', 'observations', ['count_count'], {
      filters: [
        { type: 'string', column: 'level', operator: '=', value: 'ERROR' },
        { type: 'stringOptions', column: 'type', operator: 'any of', value: ['GENERATION'] },
      ],
    }),
    metrics('traces by day', 'observations', ['uniq_traceId'], { each: 'day', version: '/v2' }),
    metrics('cost by user', 'observations', ['sum_totalCost'], { by: ['userId'] }),
    metrics('of a user', 'observations', ['sum_totalCost'], {
      filters: [{ type: 'string', column: 'userId', operator: '=', value: user(1) }],
    }),
    metrics('trace count by name', 'traces', ['count_count'], { by: ['name'] }),
    metrics('trace latency by day', 'traces', ['p95_latency', 'count_count'], { each: 'day' }),
    metrics('scores by name', 'scores-numeric', ['avg_value', 'count_count'], { by: ['name'] }),
    one('metrics, daily', () => '/api/public/metrics/daily', listed),
  ];
}
