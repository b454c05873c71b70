import {
  type DailyMetrics,
  type DailyMetricsQuery,
  type MetricsQuery,
  MetricsQueryV1,
  MetricsQueryV2,
  type MetricsRow,
} from '@tracehouse/contract/metrics';
import type { PageMeta } from '@tracehouse/contract/pagination';
import * as z from 'zod';
import { InvalidRequestError, TooHeavyError, ValidationError } from '../../http/errors.ts';
import type { Journal } from '../../ingest/journal.ts';
import {
  type ClickHouse,
  ClickHouseError,
  type QueryOptions,
  engineCodes,
  ON_ALL_CORES,
} from '../../stores/clickhouse/clickhouse.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { isOfTheTrace } from '../filters/observation-columns.ts';
import { weekAround } from '../filters/reach.ts';
import type { Superseded } from '../filters/superseded.ts';
import { HOUR, type TimeRange, toMicros } from '../filters/time.ts';
import { dailyRange, selectDaily } from './daily.ts';
import { bucketsIn } from './granularity.ts';
import { observationsView } from './observations-view.ts';
import { MAX_ROWS, planOf } from './plan.ts';
import { scoresView } from './scores-view.ts';
import { show } from './show.ts';
import { type AnswerRow, type Plan, statementOf } from './statement.ts';
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

export function createMetrics({
  clickhouse: db,
  journal,
  superseded,
}: {
  clickhouse: ClickHouse;
  journal: Pick<Journal, 'barrier'>;
  superseded: Superseded;
}) {
  /**
   * Rows for a query that is right by its form. Numbers are those of the rows in force, of all environments.
   * @throws InvalidRequestError for a name there is not; TooHeavyError when it takes too long or too much memory, or tells too much
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
    return orTooHeavy(query, async () => {
      const rows = await countingRows(scope, range, asksOf(query, plan));
      const seen = views[query.view](scope, { range, version, ...rows });
      const answer = await db.rows<AnswerRow>(statementOf(seen, { ...plan, limit: plan.limit + 1 }), limits);
      if (answer.length > MAX_ROWS) throw tooHeavy(query, `The answer has more than ${MAX_ROWS} rows.`);
      return show(answer.slice(0, plan.limit), plan, range);
    });
  }

  /** What has to be known of rows before they are counted. */
  async function countingRows(
    scope: ProjectScope,
    range: TimeRange,
    { ofObservations, ofTraces }: { ofObservations: boolean; ofTraces: boolean },
  ): Promise<Pick<Asked, 'counting' | 'around'>> {
    const isLong = (range.to ?? Infinity) - (range.from ?? -Infinity) >= LONG;
    const [counting, around] = await Promise.all([
      ofObservations ? superseded.newestIn(scope, range) : undefined,
      ofTraces && isLong ? superseded.newestIn(scope, weekAround(range)) : undefined,
    ]);
    return { ...(counting && { counting }), ...(around && { around }) };
  }

  return {
    run,

    /** The parameter `query` of the two routes. @throws InvalidRequestError, ValidationError and what `run` throws */
    async answer(scope: ProjectScope, text: string, version: Version): Promise<{ data: MetricsRow[] }> {
      return { data: await run(scope, parse(text, version), version) };
    },

    /** Days with their models. @throws TooHeavyError */
    async daily(scope: ProjectScope, query: DailyMetricsQuery): Promise<{ data: DailyMetrics[]; meta: PageMeta }> {
      await journal.barrier({ projectId: scope.projectId });
      const all = { ofObservations: true, ofTraces: true };
      return orTooHeavy({ fromTimestamp: query.fromTimestamp, toTimestamp: query.toTimestamp }, async () =>
        selectDaily(db, scope, query, await countingRows(scope, dailyRange(query), all), limits),
      );
    },
  };
}

/** From here on rows of many traces are read as the engine keeps them. */
const LONG = 7 * 24 * HOUR;

const asksOf = ({ view }: MetricsQuery, { dimensions, metrics, conditions }: Plan) => ({
  ofObservations: view === 'observations',
  ofTraces:
    view === 'traces' ||
    (view === 'observations' &&
      (dimensions.some(({ dimension }) => dimension.of === 'trace') ||
        metrics.some(({ measure }) => measure.of === 'trace') ||
        conditions.some(({ column }) => isOfTheTrace(column)))),
});

/** Longer than anybody looks at a chart that is not there. */
export const TIMEOUT_MS = 20_000;
/** Of an answer as the engine has it; as JSON it is up to six times as long, which is the most that a string can hold. */
export const MAX_BYTES = 64 * 1024 * 1024;

const limits: QueryOptions = {
  timeoutMs: TIMEOUT_MS,
  settings: { ...ON_ALL_CORES, max_result_bytes: MAX_BYTES },
};

async function orTooHeavy<Answer>(asked: Weight, work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof ClickHouseError)) throw cause;
    if (cause.code === engineCodes.time) throw tooHeavy(asked, `It took longer than ${TIMEOUT_MS / 1000} s.`);
    if (cause.code === engineCodes.memory) throw tooHeavy(asked, 'It took too much memory.');
    if (cause.code === engineCodes.answerBytes) {
      throw tooHeavy(asked, `The answer has more than ${MAX_BYTES / 1024 / 1024} MB.`);
    }
    throw cause;
  }
}

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

/** What makes a query heavy. */
type Weight = { [Key in 'fromTimestamp' | 'toTimestamp']: string | undefined } & Partial<
  Pick<MetricsQuery, 'dimensions' | 'timeDimension' | 'config'>
>;

/** Says what to narrow, what weighs most first. */
function tooHeavy({ fromTimestamp, toTimestamp, dimensions = [], timeDimension, config }: Weight, why: string) {
  const fields = dimensions.map(({ field }) => field).join(', ');
  const ways = [
    fromTimestamp === undefined ? `'fromTimestamp'` : `a range shorter than ${lengthOf(fromTimestamp, toTimestamp)}`,
    'a filter',
    ...(fields === '' ? [] : [`fewer dimensions than ${fields}`]),
    ...(timeDimension ? [`a granularity above ${timeDimension.granularity}`] : []),
    ...(fields !== '' && !config?.row_limit ? [`'config.row_limit'`] : []),
  ];
  return new TooHeavyError(
    `This query is too heavy. ${why} Narrow it by ${ways.slice(0, -1).join(', ')} or ${ways.at(-1)}.`,
  );
}

function lengthOf(from: string, to: string | undefined): string {
  if (to === undefined) return `from ${from} on`;
  const hours = (Date.parse(to) - Date.parse(from)) / 3_600_000;
  return hours < 48 ? `${Math.ceil(hours)} h` : `${Math.ceil(hours / 24)} days`;
}
