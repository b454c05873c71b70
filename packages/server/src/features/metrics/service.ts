import { type MetricsQuery, MetricsQueryV1, MetricsQueryV2, type MetricsRow } from '@tracehouse/contract/metrics';
import * as z from 'zod';
import { InvalidRequestError, TooHeavyError, ValidationError } from '../../http/errors.ts';
import type { Journal } from '../../ingest/journal.ts';
import { type ClickHouse, ClickHouseError } from '../../stores/clickhouse/clickhouse.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { toMicros } from '../filters/time.ts';
import { bucketsIn } from './granularity.ts';
import { observationsView } from './observations-view.ts';
import { MAX_ROWS, planOf } from './plan.ts';
import { scoresView } from './scores-view.ts';
import { show } from './show.ts';
import { type AnswerRow, statementOf } from './statement.ts';
import { createSuperseded } from './superseded.ts';
import { tracesView } from './traces-view.ts';
import type { Asked, Version, View } from './view.ts';

export type Metrics = ReturnType<typeof createMetrics>;

const views: Record<MetricsQuery['view'], (scope: ProjectScope, asked: Asked) => View> = {
  traces: tracesView,
  observations: observationsView,
  'scores-numeric': scoresView('scores-numeric'),
  'scores-categorical': scoresView('scores-categorical'),
  'scores-boolean': scoresView('scores-boolean'),
};

export function createMetrics({ clickhouse: db, journal }: { clickhouse: ClickHouse; journal: Journal }) {
  const superseded = createSuperseded({ clickhouse: db });

  /**
   * Rows for a query that is right by its form. Numbers are those of the rows in force, of all environments.
   * @throws InvalidRequestError for a name there is not; TooHeavyError when it takes too long, too much memory or has too many rows
   */
  async function run(scope: ProjectScope, query: MetricsQuery, version: Version): Promise<MetricsRow[]> {
    const range = { from: toMicros(query.fromTimestamp), to: toMicros(query.toTimestamp) };
    const view = views[query.view](scope, { range, version });
    const plan = planOf(query, view, range, version);
    if (plan.bucket && bucketsIn(plan.bucket, range.from, range.to) > MAX_ROWS) {
      throw tooHeavy(query, `A ${plan.bucket} of this range is a row, which makes more than ${MAX_ROWS}.`);
    }
    // Refuses conditions that a column does not take before anything is read.
    statementOf(view, plan);
    await journal.barrier({ projectId: scope.projectId });
    try {
      const besides = query.view === 'observations' ? await superseded.without(scope, range) : undefined;
      const seen = besides ? views[query.view](scope, { range, version, besides }) : view;
      const rows = await db.rows<AnswerRow>(statementOf(seen, { ...plan, limit: Math.min(plan.limit, MAX_ROWS) + 1 }), {
        timeoutMs: TIMEOUT_MS,
        settings: onAllCores,
      });
      if (rows.length > MAX_ROWS) throw tooHeavy(query, `The answer has more than ${MAX_ROWS} rows.`);
      return show(rows.slice(0, plan.limit), plan, range);
    } catch (cause) {
      if (!(cause instanceof ClickHouseError)) throw cause;
      if (cause.code === TOO_LONG) throw tooHeavy(query, `It took longer than ${TIMEOUT_MS / 1000} s.`);
      if (cause.code === TOO_LARGE) throw tooHeavy(query, 'It took too much memory.');
      throw cause;
    }
  }

  return {
    run,

    /** The parameter `query` of the two routes. @throws InvalidRequestError, ValidationError and what `run` throws */
    async answer(scope: ProjectScope, text: string, version: Version): Promise<{ data: MetricsRow[] }> {
      return { data: await run(scope, parse(text, version), version) };
    },
  };
}

/** Longer than anybody looks at a chart that is not there. */
const TIMEOUT_MS = 20_000;
/** The engine's codes for a statement that took longer, or more memory, than it may. */
const TOO_LONG = 159;
const TOO_LARGE = 241;

/** The engine takes one core alone where a query may have less than a gigabyte for each. */
const onAllCores = { max_threads_min_free_memory_per_thread: 0 } as const;

/** @throws InvalidRequestError when it is not JSON; ValidationError when it is no query */
function parse(text: string, version: Version): MetricsQuery {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new InvalidRequestError('Invalid JSON in query parameter', { cause });
  }
  const result = z.object({ query: version === 'v1' ? MetricsQueryV1 : MetricsQueryV2 }).safeParse({ query: value });
  if (!result.success) throw new ValidationError(result.error.issues);
  return result.data.query;
}

/** What makes a query heavy, the first thing to change first. */
function tooHeavy({ fromTimestamp, toTimestamp, dimensions, timeDimension, config }: MetricsQuery, why: string) {
  const days = (Date.parse(toTimestamp) - Date.parse(fromTimestamp)) / 86_400_000;
  const ways = [
    `a range shorter than ${days < 2 ? `${Math.ceil(days * 24)} h` : `${Math.ceil(days)} days`}`,
    'a filter',
    ...(dimensions.length > 0 ? [`fewer dimensions than ${dimensions.map(({ field }) => field).join(', ')}`] : []),
    ...(timeDimension ? [`a granularity above ${timeDimension.granularity}`] : []),
    ...(dimensions.length > 0 && config?.row_limit === undefined ? [`'config.row_limit'`] : []),
  ];
  return new TooHeavyError(
    `This query is too heavy. ${why} Narrow it by ${ways.slice(0, -1).join(', ')} or ${ways.at(-1)}.`,
  );
}
