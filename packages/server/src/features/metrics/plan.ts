import { aggregations, type Aggregation, type MetricsQuery } from '@tracehouse/contract/metrics';
import { InvalidRequestError } from '../../http/errors.ts';
import { granularityFor } from './granularity.ts';
import { type Plan, timeField } from './statement.ts';
import type { Dimension, Measure, Version, View } from './view.ts';

/** Rows of an answer when nobody says how many; what takes more is refused. */
export const MAX_ROWS = 100_000;
/** The same of v2. */
const DEFAULT_ROWS_V2 = 100;
const DEFAULT_BINS = 10;
/** Of a filter that says which few of many values are meant. */
const MAX_NAMED_VALUES = 50;

/** @throws InvalidRequestError for names the view does not have, and what v2 refuses; some sentences are the wire's. */
export function planOf(query: MetricsQuery, view: View, range: { from: number; to: number }, version: Version): Plan {
  const dimensions = unique(query.dimensions.map(({ field }) => ({ field, dimension: dimensionOf(view, field) })));
  const asked = unique(query.metrics.map((metric) => metricOf(view, metric)));
  // As recorded: who names no metric is told how many there are.
  const metrics = asked.length > 0 ? asked : [{ ...metricOf(view, COUNT), field: COUNT.measure }];
  for (const { column } of query.filters) checkFilter(view, column);
  const granularity = query.timeDimension?.granularity ?? null;
  const bucket = granularity === 'auto' ? granularityFor(range.from, range.to) : granularity;
  const fields = [...dimensions, ...metrics].map(({ field }) => field);
  const order = (query.orderBy ?? []).map(({ field, direction }) => {
    if (!fields.includes(field) && !(bucket !== null && field === timeField)) {
      throw new InvalidRequestError(`Invalid orderBy field: ${field}. Must be one of the dimension or metric fields.`);
    }
    return { field, descending: direction === 'desc' };
  });
  const byDefault =
    bucket !== null ? { field: timeField, descending: false } : { field: metrics[0]!.field, descending: true };
  const plan: Plan = {
    dimensions,
    metrics,
    bucket,
    conditions: query.filters,
    order: order.length > 0 ? order : fields.length > metrics.length || bucket !== null ? [byDefault] : [],
    bins: query.config?.bins ?? DEFAULT_BINS,
    // A time series ends where its range does.
    limit: query.config?.row_limit ?? (version === 'v2' && bucket === null ? DEFAULT_ROWS_V2 : MAX_ROWS),
    emptySum: version === 'v2' ? 0 : null,
  };
  if (version === 'v2') checkMany(query, plan);
  return plan;
}

const COUNT = { measure: 'count', aggregation: 'count' } as const;

/** Each field once. */
const unique = <One extends { field: string }>(all: readonly One[]): One[] => [
  ...new Map(all.map((one) => [one.field, one])).values(),
];

const namesOf = (map: ReadonlyMap<string, unknown>): string => [...map.keys()].join(',');

function dimensionOf({ dimensions }: View, field: string): Dimension {
  const dimension = dimensions.get(field);
  if (!dimension) {
    throw new InvalidRequestError(`Invalid dimension ${field}. Must be one of ${namesOf(dimensions)}`);
  }
  return dimension;
}

function metricOf({ measures }: View, metric: MetricsQuery['metrics'][number]): Plan['metrics'][number] {
  const measure = measures.get(metric.measure);
  if (!measure) throw new InvalidRequestError(`Invalid metric ${metric.measure}. Must be one of ${namesOf(measures)}`);
  const { aggregation } = metric;
  const takes = aggregationsOf[measure.is];
  if (!takes.includes(aggregation)) {
    throw new InvalidRequestError(
      `Invalid aggregation ${aggregation} for metric ${metric.measure}. Must be one of ${takes.join(',')}`,
    );
  }
  return { field: `${aggregation}_${metric.measure}`, measure, aggregation };
}

const aggregationsOf: Record<Measure['is'], readonly Aggregation[]> = {
  number: aggregations,
  text: ['count', 'uniq'],
  distinct: ['sum', 'count', 'max', 'uniq'],
};

/** What rows are grouped by, they can be filtered by; and by all else that the list of the same rows knows. */
function checkFilter({ filters, dimensions, time }: View, column: string): void {
  if (Object.hasOwn(filters, column)) return;
  throw new InvalidRequestError(
    `Invalid filter column ${column}. Must be one of ${namesOf(dimensions)} or ${time.name}`,
  );
}

/** v2 shows the first of many values, or the named few. */
function checkMany({ filters, config, orderBy }: MetricsQuery, { dimensions, metrics, bucket }: Plan): void {
  const isNamed = (field: string): boolean =>
    filters.some(
      (filter) =>
        filter.column === field &&
        ((filter.type === 'string' && filter.operator === '=') ||
          (filter.type === 'stringOptions' && filter.operator === 'any of' && filter.value.length <= MAX_NAMED_VALUES)),
    );
  const many = dimensions.filter(({ field, dimension }) => dimension.isMany && !isNamed(field));
  if (many.length === 0) return;
  const names = many.map(({ field }) => `'${field}'`).join(', ');
  if (bucket !== null) {
    throw new InvalidRequestError(
      `High cardinality dimension(s) ${names} cannot be combined with 'timeDimension'. Leave one of them out, or filter by the values you want.`,
    );
  }
  const isFirst = orderBy?.some(
    ({ field, direction }) => direction === 'desc' && metrics.some((metric) => metric.field === field),
  );
  if (config?.row_limit === undefined || !isFirst) {
    throw new InvalidRequestError(
      `High cardinality dimension(s) ${names} require both 'config.row_limit' and 'orderBy' with direction 'desc' on a measure field.`,
    );
  }
}
