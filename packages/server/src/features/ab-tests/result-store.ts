/*
 * What the engine adds up for a result. Rows are the generations of the test's versions in the windows that count:
 *
 *   keyed     trace → its unit (as the trace says it, `resolved-traces.ts`) and the arm that unit should have (`assign-sql.ts`)
 *             → sums a unit → sums and squares an arm
 *   unkeyed   time block and the arm served → sums a block → sums and products over all arms
 *
 * Everything leaves as sums over units (`statistics/moments.ts`), whatever the number of rows. FINAL first, filters after: a
 * filter before would bring back an older state of a row.
 */
import type { ClickHouse, QueryOptions } from '../../stores/clickhouse/clickhouse.ts';
import {
  anyOf,
  clickhouse,
  type ClickHouseSql,
  ClickHouseSql as Text,
  float,
  join,
  micros,
  string,
  uint,
} from '../../stores/clickhouse/sql.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import type { UnitCounts } from '../../statistics/enough.ts';
import type { Moments } from '../../statistics/moments.ts';
import { armSql, isUnitSql, type Reading, readings } from './assign-sql.ts';
import type { Split } from './assign.ts';

const { trusted } = Text;

/** What is counted. */
export interface Counted {
  scope: ProjectScope;
  promptName: string;
  /** Of the arms, control first. */
  versions: readonly number[];
  split: Split;
  /** How the application keys; null: not at all, so that blocks of so many seconds are compared. */
  by: Reading | { blockSeconds: number };
  /** Times that count, in microseconds, without `to`. */
  windows: readonly { from: number; to: number }[];
  /** Null: all but those of the product and of SDK experiments. */
  environments: readonly string[] | null;
}

const HOUR = 3_600_000_000;
/** Above which percentile of the rows of all arms values are cut. */
const TRIM_AT = 0.99;

/** A measure of rows: how its value is read of one, NULL where it has none. */
// oxfmt-ignore
const values = {
  cost:         'toFloat64(total_cost)',
  tokens:       'if(total_tokens > 0, toFloat64(total_tokens), NULL)',
  inputTokens:  'if(input_tokens + output_tokens > 0, toFloat64(input_tokens), NULL)',
  outputTokens: 'if(input_tokens + output_tokens > 0, toFloat64(output_tokens), NULL)',
  latency:      'if(end_time >= start_time, (toUnixTimestamp64Micro(end_time) - toUnixTimestamp64Micro(start_time)) / 1000, NULL)',
  ttft:         'if(completion_start_time >= start_time, (toUnixTimestamp64Micro(completion_start_time) - toUnixTimestamp64Micro(start_time)) / 1000, NULL)',
} as const;
export type RowValue = keyof typeof values;
export const rowValues = Object.keys(values) as RowValue[];

/** Sums over units, by arm. */
export interface Folded {
  /** Units that have something in the arm. */
  units: number[];
  /** Of the columns that are added. */
  sums: Readonly<Record<string, number[]>>;
  measures: Readonly<Record<string, { moments: Moments; counts: UnitCounts }>>;
  /** The least and the greatest value, where the source has them as `least` and `greatest`. */
  range: [number, number];
}

/** How many rows there are, with a unit or without, and above what a value is cut. */
export async function selectOverall(
  db: ClickHouse,
  counted: Counted,
  options: QueryOptions,
): Promise<{ rows: number; caps: Record<RowValue, number | null> }> {
  const caps = join(
    rowValues.map((name) => trusted(`quantileExactInclusive(${TRIM_AT})(${values[name]}) AS ${name}`)),
    ', ',
  );
  const [row] = await db.rows<{ rows: number } & Record<RowValue, number | null>>(
    clickhouse`SELECT toFloat64(count()) AS rows, ${caps} FROM ${countedRows(counted)}`,
    options,
  );
  const { rows = 0, ...found } = row ?? {};
  return { rows, caps: found as Record<RowValue, number | null> };
}

/** Quantiles of the latency of rows by arm, and how many there are; null where there is none. */
export async function selectLatencies(
  db: ClickHouse,
  counted: Counted,
  levels: readonly number[],
  options: QueryOptions,
): Promise<{ rows: number; quantiles: number[] }[]> {
  const { by, split } = counted;
  const list = join(levels.map(float), ', ');
  const latencies = 'blockSeconds' in by ? latencyOfRows(counted) : latencyOfTraces(counted, by, split);
  const rows = await db.rows<{ arm: number; rows: number; quantiles: (number | null)[] }>(
    clickhouse`SELECT arm, toFloat64(sum(length(latencies))) AS rows, quantilesExactInclusiveArray(${list})(latencies) AS quantiles
      FROM ${latencies}
      GROUP BY arm`,
    options,
  );
  return counted.versions.map((_, arm) => {
    const found = rows.find((row) => row.arm === arm);
    return { rows: found?.rows ?? 0, quantiles: (found?.quantiles ?? []).map((value) => value ?? Number.NaN) };
  });
}

const latencyOfRows = (counted: Counted): ClickHouseSql => clickhouse`(
    SELECT ${served(counted)} AS arm, [assumeNotNull(${trusted(values.latency)})] AS latencies
    FROM ${countedRows(counted)}
    WHERE (${trusted(values.latency)}) IS NOT NULL)`;

const latencyOfTraces = (counted: Counted, by: Reading, split: Split): ClickHouseSql => clickhouse`(
    SELECT ${armSql(split, by.keyAs, trusted('unit'))} AS arm, latencies
    FROM ${perTrace(counted, by, trusted(`groupArrayIf(assumeNotNull(${values.latency}), counts AND (${values.latency}) IS NOT NULL) AS latencies`))})`;

/** What `selectRowMoments` measures; n and x of a unit, from its columns. */
const rowMeasures = (isKeyed: boolean): Record<string, { n: string; x: string }> => ({
  errors: { n: 'rows', x: 'failed' },
  traces: { n: 'traces', x: 'traces' },
  ...(isKeyed && {
    generations: { n: '1', x: 'rows' },
    costPerUnit: { n: 'cost_n > 0', x: 'cost_x' },
    below50: { n: 'latency_n', x: 'below50' },
    below95: { n: 'latency_n', x: 'below95' },
  }),
  ...Object.fromEntries(
    rowValues.flatMap((name) => [
      [name, { n: `${name}_n`, x: `${name}_x` }],
      [`${name} trimmed`, { n: `${name}_n`, x: `${name}_t` }],
      [`${name} present`, { n: 'rows', x: `${name}_n` }],
    ]),
  ),
});

/**
 * All measures of rows in one scan. `agreeing`: rows that were served the arm of their unit; `recent`: units that are new since then.
 * @param below the latencies of each arm that rows are counted up to, for `below50` and `below95`
 */
export async function selectRowMoments(
  db: ClickHouse,
  counted: Counted,
  {
    caps,
    below,
    recentSince,
  }: { caps: Record<RowValue, number | null>; below: { p50: number[]; p95: number[] }; recentSince: number },
  options: QueryOptions,
): Promise<Folded> {
  const isKeyed = !('blockSeconds' in counted.by);
  const sums: Record<string, string> = { rows: 'countIf(counts)', failed: `countIf(counts AND level = 'ERROR')` };
  for (const name of rowValues) {
    const value = `ifNull(${values[name]}, 0)`;
    sums[`${name}_n`] = `countIf(counts AND (${values[name]}) IS NOT NULL)`;
    sums[`${name}_x`] = `sumIf(${value}, counts)`;
    sums[`${name}_t`] = `sumIf(least(${value}, ${float(caps[name] ?? 0).text}), counts)`;
  }
  const choices: Record<string, string[]> = {};
  if (isKeyed) {
    const upTo = (q: number | undefined): string =>
      `countIf(counts AND (${values.latency}) <= ${float(Number.isFinite(q) ? q! : 0).text})`;
    choices['agreeing'] = counted.versions.map(
      (version) => `countIf(counts AND prompt_version = ${uint(version).text})`,
    );
    choices['below50'] = counted.versions.map((_, arm) => upTo(below.p50[arm]));
    choices['below95'] = counted.versions.map((_, arm) => upTo(below.p95[arm]));
  }
  const source = perUnit(counted, sums, choices);
  const recent = `first >= ${micros(recentSince).text}`;
  const [folded] = await fold(
    db,
    counted,
    source,
    rowMeasures(isKeyed),
    { rows: 'rows', traces: 'traces', recent, ...(isKeyed && { agreeing: 'agreeing' }) },
    options,
  );
  return folded?.folded ?? nothing(counted, Object.keys(rowMeasures(isKeyed)));
}

/**
 * Of each reading of what the key may be: which share of the rows with that id were served the arm that it gives. 0 where less than half
 * of the rows have that id: of a few rows all may agree by chance.
 */
export async function selectReadings(
  db: ClickHouse,
  counted: Counted,
  options: QueryOptions,
): Promise<(Reading & { agreement: number })[]> {
  const servedBy = `[${counted.versions.map((version) => `countIf(counts AND prompt_version = ${uint(version).text})`).join(', ')}]`;
  const agreements = readings.map(({ unit, keyAs }) => {
    const id = trusted(unit);
    const has = isUnitSql(keyAs, id);
    const rows = clickhouse`sumIf(arraySum(served), ${has})`;
    return clickhouse`if(2 * ${rows} < sum(arraySum(served)), 0., sumIf(served[${armSql(counted.split, keyAs, id)} + 1], ${has}) / ${rows})`;
  });
  const [row] = await db.rows<{ agreements: (number | null)[] }>(
    clickhouse`SELECT [${join(agreements, ', ')}] AS agreements
      FROM (
        SELECT trace_id AS trace, ${idOf.user} AS user, ${idOf.session} AS session, ${trusted(servedBy)} AS served
        FROM (SELECT ${rowColumns}, ${isCounted(counted)} AS counts FROM ${rowsAndUnits(counted, ['user', 'session'])})
        GROUP BY trace_id
        HAVING arraySum(served) > 0)`,
    options,
  );
  return readings.map((reading, i) => ({ ...reading, agreement: row?.agreements[i] ?? 0 }));
}

/** One score of a name, or one category of it. */
export interface FoldedScore {
  name: string;
  dataType: 'NUMERIC' | 'BOOLEAN' | 'CATEGORICAL';
  category: string | null;
  /** `value`: n scored objects, x the sum of their values; `coverage`: n traces, x those that have the score. `squares` of the values. */
  folded: Folded;
}

/** Names beyond the most frequent are not compared: a page of them would hide what matters. */
const MAX_NAMES = 20;
const MAX_CATEGORIES = 10;
const OTHER_CATEGORY = 'other';

/**
 * Scores of the traces that count, of their observations, and with sessions as units of these.
 * @param primary the measure that decides, which is there however seldom it is
 */
export async function selectScores(
  db: ClickHouse,
  counted: Counted,
  { source, primary }: { source: string | undefined; primary: string },
  options: QueryOptions,
): Promise<FoldedScore[]> {
  const { by } = counted;
  // To ask costs nothing; to find out the unit of every trace costs as much as all measures of rows.
  const [some] = await db.rows(
    clickhouse`SELECT 1 FROM scores WHERE project_id = ${string(counted.scope.projectId)} LIMIT 1`,
    options,
  );
  if (!some) return [];
  const ofSessions = 'unit' in by && by.unit === 'session';
  const scored = clickhouse`(
    SELECT s.name AS name, s.data_type AS data_type, s.value AS value, s.string_value AS category, s.trace_id AS trace_id,
      if(s.trace_id = '', s.session_id, if(s.observation_id = '', s.trace_id, concat(s.trace_id, ' ', s.observation_id))) AS object,
      t.unit AS unit, t.arm AS arm, t.traces AS traces
    FROM (
      SELECT name, data_type, value, string_value, trace_id, observation_id, session_id
      FROM scores FINAL
      WHERE project_id = ${string(counted.scope.projectId)} AND data_type IN ('NUMERIC', 'BOOLEAN', 'CATEGORICAL')
        AND (trace_id != ''${trusted(ofSessions ? ` OR session_id != ''` : '')})
        ${source === undefined ? trusted('') : clickhouse`AND source = ${string(source)}`}) AS s
    JOIN ${tracesOfArms(counted)} AS t ON t.id = ${trusted(ofSessions ? `if(s.trace_id = '', concat('session ', s.session_id), concat('trace ', s.trace_id))` : `concat('trace ', s.trace_id)`)})`;
  // An object that was scored several times counts once, with the mean of them; of categories, with the share of each.
  const objects = clickhouse`(
    SELECT name, data_type, unit, arm, object, any(trace_id) AS trace_id, any(traces) AS traces, avg(value) AS value,
      groupArray(category) AS categories
    FROM ${scored}
    GROUP BY name, data_type, unit, arm, object)`;
  const perUnit = clickhouse`(
    SELECT concat(data_type, ' ', name) AS key, unit, arm, toFloat64(count()) AS n, sum(value) AS x, sum(value * value) AS squared, min(value) AS least, max(value) AS greatest,
      toFloat64(any(traces)) AS traces, toFloat64(uniqExactIf(trace_id, trace_id != '')) AS traces_scored
    FROM ${objects}
    GROUP BY key, unit, arm)`;
  const measures = { value: { n: 'n', x: 'x' }, coverage: { n: 'traces', x: 'traces_scored' } };
  const all = await fold(db, counted, perUnit, measures, { squares: 'squared', objects: 'n' }, options, {
    key: true,
    range: true,
  });
  const byName = new Map<string, FoldedScore & { objects: number }>();
  for (const { key, folded } of all) {
    const at = key.indexOf(' ');
    const [dataType, name] = [key.slice(0, at) as FoldedScore['dataType'], key.slice(at + 1)];
    const count = total(folded.sums['objects']!);
    // A name of two types is what most of its scores are.
    if ((byName.get(name)?.objects ?? 0) < count)
      byName.set(name, { name, dataType, category: null, folded, objects: count });
  }
  const decides = ({ name }: FoldedScore): number => Number(`${primary}:`.startsWith(`score:${name}:`));
  const chosen = [...byName.values()]
    .toSorted((a, b) => decides(b) - decides(a) || b.objects - a.objects || (a.name < b.name ? -1 : 1))
    .slice(0, MAX_NAMES);
  const names = chosen.flatMap(({ name, dataType }) => (dataType === 'CATEGORICAL' ? [name] : []));
  if (names.length === 0) return chosen;
  const shares = clickhouse`(
    SELECT name, unit, arm, objects, arrayJoin(arrayDistinct(categories)) AS category,
      countEqual(categories, category) / length(categories) AS share
    FROM (
      SELECT name, unit, arm, categories, toFloat64(count() OVER (PARTITION BY name, unit, arm)) AS objects
      FROM ${objects}
      WHERE data_type = 'CATEGORICAL' AND name IN ${anyOf(names)}))`;
  const frequent = await db.rows<{ name: string; category: string }>(
    clickhouse`SELECT name, category FROM ${shares} GROUP BY name, category
      ORDER BY name, concat('score:', name, ':', category) = ${string(primary)} DESC, sum(share) DESC, category
      LIMIT ${uint(MAX_CATEGORIES)} BY name`,
    options,
  );
  const pairs = frequent.map(({ name, category }) => clickhouse`(${string(name)}, ${string(category)})`);
  const label = clickhouse`if((name, category) IN (${join(pairs, ', ')}), category, ${string(OTHER_CATEGORY)})`;
  // The length of the name tells where it ends.
  const units = clickhouse`(
    SELECT concat(toString(length(name)), ' ', name, ${label}) AS key, unit, arm, any(objects) AS n, sum(share) AS x
    FROM ${shares}
    GROUP BY key, unit, arm)`;
  const found = await fold(db, counted, units, { value: { n: 'n', x: 'x' } }, {}, options, { key: true });
  const byKey = new Map(found.map(({ key, folded }) => [key, folded]));
  return chosen.flatMap((score): FoldedScore[] => {
    if (score.dataType !== 'CATEGORICAL') return [score];
    const categories = frequent.flatMap((row) => (row.name === score.name ? [row.category] : []));
    return [...new Set([...categories, OTHER_CATEGORY])].flatMap((category) => {
      const own = byKey.get(`${Buffer.byteLength(score.name)} ${score.name}${category}`);
      if (!own) return [];
      const value = ofAll(own.measures['value']!, score.folded.measures['value']!);
      return [{ ...score, category, folded: { ...score.folded, measures: { ...score.folded.measures, value } } }];
    });
  });
}

/**
 * Of a category: units that never had it have x = 0 and are not among its rows, but their n counts. n and its squares are those of the
 * score, x and its products the category's.
 */
function ofAll(
  category: { moments: Moments; counts: UnitCounts },
  score: { moments: Moments; counts: UnitCounts },
): { moments: Moments; counts: UnitCounts } {
  const width = score.moments.sums.length;
  const k = width / 2;
  const isN = (i: number): boolean => i < k;
  return {
    moments: {
      units: score.moments.units,
      sums: score.moments.sums.map((sum, i) => (isN(i) ? sum : category.moments.sums[i]!)),
      products: score.moments.products.map((product, at) =>
        isN(Math.floor(at / width)) && isN(at % width) ? product : category.moments.products[at]!,
      ),
    },
    counts: {
      inArm: score.counts.inArm,
      withEvent: category.counts.withEvent,
      withoutEvent: score.counts.inArm.map(
        (units, arm) => units - ((category.counts.inArm[arm] ?? 0) - (category.counts.withoutEvent?.[arm] ?? 0)),
      ),
    },
  };
}

/** As a table expression: ids that scores name, with the unit and arm that they count for and how many traces that unit has. */
function tracesOfArms(counted: Counted): ClickHouseSql {
  const { by, split } = counted;
  const traces =
    'blockSeconds' in by
      ? clickhouse`(
          SELECT trace_id, ${blockOf(by.blockSeconds, trusted('min(start_time)'))} AS unit, argMin(${served(counted)}, (start_time, id)) AS arm
          FROM ${countedRows(counted)}
          GROUP BY trace_id)`
      : clickhouse`(
          SELECT trace_id, unit, ${armSql(split, by.keyAs, trusted('unit'))} AS arm
          FROM ${perTrace(counted, by, trusted('1 AS one'))})`;
  const withCounts = clickhouse`(SELECT trace_id, unit, arm, count() OVER (PARTITION BY unit, arm) AS traces FROM ${traces})`;
  const ofTraces = clickhouse`SELECT concat('trace ', trace_id) AS id, unit, arm, traces FROM ${withCounts}`;
  if (!('unit' in by) || by.unit !== 'session') return clickhouse`(${ofTraces})`;
  return clickhouse`(${ofTraces} UNION ALL SELECT DISTINCT concat('session ', unit) AS id, unit, arm, traces FROM ${withCounts})`;
}

const windowsOf = (windows: Counted['windows']): ClickHouseSql =>
  clickhouse`(${join(
    windows.map(({ from, to }) => clickhouse`start_time >= ${micros(from)} AND start_time < ${micros(to)}`),
    ' OR ',
  )})`;

/** Hours of the sort key, an hour wider: what says the unit of a trace may lie a little before or after. */
function bounds({ scope, windows }: Counted): ClickHouseSql {
  const from = Math.min(...windows.map((window) => window.from)) - HOUR;
  const to = Math.max(...windows.map((window) => window.to)) + HOUR;
  return clickhouse`project_id = ${string(scope.projectId)}
    AND start_time >= ${micros(from)} AND toStartOfHour(start_time) >= toStartOfHour(${micros(from)})
    AND start_time < ${micros(to)} AND toStartOfHour(start_time) <= toStartOfHour(${micros(to)})`;
}

/** The generations that count. */
function isCounted({ promptName, versions, windows, environments }: Counted): ClickHouseSql {
  const isMeant =
    environments === null
      ? clickhouse`environment NOT LIKE 'langfuse-%' AND environment != 'sdk-experiment'`
      : clickhouse`environment IN ${anyOf(environments)}`;
  return clickhouse`(kind = 'observation' AND type = 'GENERATION' AND prompt_name = ${string(promptName)}
    AND ifNull(prompt_version, 0) IN (${join(versions.map(uint), ', ')}) AND ${windowsOf(windows)} AND ${isMeant})`;
}

const countedRows = (counted: Counted): ClickHouseSql =>
  clickhouse`(SELECT ${rowColumns} FROM observations FINAL WHERE ${bounds(counted)} AND ${isCounted(counted)})`;

/** What is read of a row; the engine looks at every column that a statement names. */
const rowColumns = trusted(
  `trace_id, kind, id, parent_id, is_app_root, source, event_time, user_id, session_id, start_time, end_time,
    completion_start_time, prompt_version, level, total_cost, total_tokens, input_tokens, output_tokens`,
);

/** 0 is control. */
const served = ({ versions }: Counted): ClickHouseSql =>
  clickhouse`toUInt8(indexOf([${join(versions.map(uint), ', ')}], ifNull(prompt_version, 0)) - 1)`;

const blockOf = (seconds: number, time: ClickHouseSql): ClickHouseSql =>
  clickhouse`intDiv(toUnixTimestamp64Micro(${time}), ${uint(seconds * 1_000_000)})`;

/**
 * Who a trace is about, by the precedence of `resolved-traces.ts`: what is said about the trace, by its root, by any span; the later
 * wins. As one number, which takes a third of the time of a tuple: 0 to 9 above the microseconds, which need 51 bits.
 */
const IS_ROOT = `(kind = 'observation' AND (parent_id = '' OR is_app_root = 1))`;
const said = (column: 'user_id' | 'session_id'): ClickHouseSql =>
  trusted(`argMaxIf(${column},
        bitShiftLeft(toUInt64(multiIf(kind = 'trace', 4, source = 'json', 0, ${IS_ROOT}, 2, 1) * 2 + ${IS_ROOT}), 56) + toUInt64(toUnixTimestamp64Micro(event_time)),
        ${column} != '')`);

const idOf: Record<Reading['unit'], ClickHouseSql> = {
  user: said('user_id'),
  session: said('session_id'),
  trace: trusted('trace_id'),
};
const saysUnit: Record<Reading['unit'], ClickHouseSql[]> = {
  user: [trusted(`user_id != ''`)],
  session: [trusted(`session_id != ''`)],
  trace: [],
};

/** Rows together with what says their traces' units. */
const rowsAndUnits = (counted: Counted, units: readonly Reading['unit'][]): ClickHouseSql =>
  clickhouse`observations FINAL
    WHERE ${bounds(counted)} AND (${join([...units.flatMap((unit) => saysUnit[unit]), clickhouse`prompt_name = ${string(counted.promptName)}`], ' OR ')})`;

/** As a table expression: traces with a unit and a generation that counts. */
const perTrace = (counted: Counted, { unit, keyAs }: Reading, columns: ClickHouseSql): ClickHouseSql => clickhouse`(
      SELECT trace_id, ${idOf[unit]} AS unit, ${columns}
      FROM (SELECT ${rowColumns}, ${isCounted(counted)} AS counts FROM ${rowsAndUnits(counted, [unit])})
      GROUP BY trace_id
      HAVING countIf(counts) > 0 AND ${isUnitSql(keyAs, trusted('unit'))})`;

/**
 * As a table expression: units with their arm and columns. `sums` are aggregates of rows that count; `choices` have one for each arm, of
 * which that of the unit's arm is taken.
 */
function perUnit(
  counted: Counted,
  sums: Readonly<Record<string, string>>,
  choices: Readonly<Record<string, readonly string[]>>,
): ClickHouseSql {
  const { by, split } = counted;
  if ('blockSeconds' in by) {
    const columns = trusted(
      Object.entries(sums)
        .map(([name, sum]) => `toFloat64(${sum}) AS ${name}`)
        .join(', '),
    );
    return clickhouse`(
      SELECT ${blockOf(by.blockSeconds, trusted('start_time'))} AS unit, ${served(counted)} AS arm, ${columns},
        toFloat64(uniqExact(trace_id)) AS traces, min(start_time) AS first
      FROM (SELECT *, 1 AS counts FROM ${countedRows(counted)})
      GROUP BY unit, arm)`;
  }
  const spread = Object.entries(choices).flatMap(([name, each]) =>
    each.map((sum, arm) => [`${name}_${arm}`, sum] as const),
  );
  const names = [...Object.keys(sums), ...spread.map(([name]) => name)];
  const ofTrace = trusted([...Object.entries(sums), ...spread].map(([name, sum]) => `${sum} AS ${name}`).join(', '));
  const ofUnit = trusted(names.map((name) => `toFloat64(sum(t.${name})) AS ${name}`).join(', '));
  const chosen = trusted(
    Object.entries(choices)
      .map(([name, each]) => `, [${each.map((_, arm) => `${name}_${arm}`).join(', ')}][arm + 1] AS ${name}`)
      .join(''),
  );
  return clickhouse`(
    SELECT *${chosen}
    FROM (
      SELECT unit, ${armSql(split, by.keyAs, trusted('unit'))} AS arm, ${ofUnit}, toFloat64(count()) AS traces, min(t.first) AS first
      FROM ${perTrace(counted, by, clickhouse`${ofTrace}, minIf(start_time, counts) AS first`)} AS t
      GROUP BY unit))`;
}

type Measures = Readonly<Record<string, { n: string; x: string }>>;

/**
 * Adds up units. `source` has a row a unit and arm, with `key` where there are several things to measure; a unit is in one arm alone where
 * it is keyed, and blocks have what arms share.
 */
const fold = (
  db: ClickHouse,
  counted: Counted,
  source: ClickHouseSql,
  measures: Measures,
  sums: Readonly<Record<string, string>>,
  options: QueryOptions,
  has: { key?: boolean; range?: boolean } = {},
): Promise<{ key: string; folded: Folded }[]> =>
  ('blockSeconds' in counted.by ? foldBlocks : foldUnits)(db, counted, source, measures, sums, options, has);

type Fold = typeof fold;

const foldUnits: Fold = async (db, counted, source, measures, sums, options, has = {}) => {
  const of = ({ n, x }: { n: string; x: string }): string =>
    `[toFloat64(countIf(${n} > 0)), toFloat64(sum(${n})), toFloat64(sum(${x})), toFloat64(sum((${n}) * (${n}))), toFloat64(sum((${n}) * (${x}))), toFloat64(sum((${x}) * (${x}))), toFloat64(countIf(${x} > 0)), toFloat64(countIf(${x} < ${n}))]`;
  const rows = await db.rows<{
    key?: string;
    arm: number;
    units: number;
    sums: number[];
    measures: number[][];
    lowest: number;
    highest: number;
  }>(
    clickhouse`SELECT ${trusted(has.key ? 'key, ' : '')}arm, toFloat64(count()) AS units,
        [${trusted(['0.', ...Object.values(sums).map((sum) => `toFloat64(sum(${sum}))`)].join(', '))}] AS sums,
        [${trusted(Object.values(measures).map(of).join(', '))}] AS measures, ${rangeOf(has.range)}
      FROM ${source}
      GROUP BY ${trusted(has.key ? 'key, ' : '')}arm`,
    options,
  );
  const k = counted.versions.length;
  return [...new Set(rows.map(({ key = '' }) => key))].map((key) => {
    const arms = counted.versions.map((_, arm) => rows.find((row) => (row.key ?? '') === key && row.arm === arm));
    const measured = Object.keys(measures).map((name, i) => {
      const at = (place: number): number[] => arms.map((row) => row?.measures[i]?.[place] ?? 0);
      const [inArm, n, x, nn, nx, xx, withEvent, withoutEvent] = [0, 1, 2, 3, 4, 5, 6, 7].map(at) as [
        number[],
        number[],
        number[],
        number[],
        number[],
        number[],
        number[],
        number[],
      ];
      const products = Array.from({ length: 4 * k * k }, (_, place) => {
        const [row, column] = [Math.floor(place / (2 * k)), place % (2 * k)];
        if (row % k !== column % k) return 0;
        const of = row < k && column < k ? nn : row >= k && column >= k ? xx : nx;
        return of[row % k]!;
      });
      const moments = { units: total(inArm), sums: [...n, ...x], products };
      return [name, { moments, counts: { inArm, withEvent, withoutEvent } }] as const;
    });
    const added = Object.keys(sums).map((name, i) => [name, arms.map((row) => row?.sums[i + 1] ?? 0)] as const);
    const units = arms.map((row) => row?.units ?? 0);
    const present = arms.filter((row) => row !== undefined);
    const range: [number, number] = [
      Math.min(...present.map(({ lowest }) => lowest)),
      Math.max(...present.map(({ highest }) => highest)),
    ];
    return { key, folded: { units, sums: Object.fromEntries(added), measures: Object.fromEntries(measured), range } };
  });
};

const foldBlocks: Fold = async (db, counted, source, measures, sums, options, has = {}) => {
  const arms = counted.versions.map((_, arm) => arm);
  const k = arms.length;
  const byArm = (column: string): string => arms.map((arm) => `sumIf(toFloat64(${column}), arm = ${arm})`).join(', ');
  const vectors = Object.values(measures).map(({ n, x }, i) => `[${byArm(n)}, ${byArm(x)}] AS v${i}`);
  const list = (of: (v: string) => string): string =>
    `[${Object.keys(measures)
      .map((_, i) => of(`v${i}`))
      .join(', ')}]`;
  const key = trusted(has.key ? 'key, ' : '');
  const rows = await db.rows<{
    key?: string;
    units: number[];
    sums: number[];
    blocks: number[];
    vectors: number[][];
    products: number[][];
    positive: number[][];
    less: number[][];
    lowest: number;
    highest: number;
  }>(
    clickhouse`SELECT ${key}sumForEach(present) AS units, sumForEach(added) AS sums,
        ${trusted(list((v) => `toFloat64(countIf(arraySum(arraySlice(${v}, 1, ${k})) > 0))`))} AS blocks,
        ${trusted(list((v) => `sumForEach(${v})`))} AS vectors,
        ${trusted(list((v) => `sumForEach(arrayFlatten(arrayMap(a -> arrayMap(b -> a * b, ${v}), ${v})))`))} AS products,
        ${trusted(list((v) => `sumForEach(arrayMap(a -> toFloat64(a > 0), ${v}))`))} AS positive,
        ${trusted(list((v) => `sumForEach(arrayMap((n, x) -> toFloat64(x < n), arraySlice(${v}, 1, ${k}), arraySlice(${v}, ${k + 1}, ${k})))`))} AS less,
        ${rangeOf(has.range, 'low', 'high')}
      FROM (
        SELECT ${key}unit, ${has.range ? trusted('min(least) AS low, max(greatest) AS high, ') : trusted('')}[${trusted(byArm('1'))}] AS present, [${trusted(['0.', ...Object.values(sums).map(byArm)].join(', '))}] AS added,
          ${trusted(vectors.join(', '))}
        FROM ${source}
        GROUP BY ${key}unit)
      ${has.key ? trusted('GROUP BY key') : trusted('')}`,
    options,
  );
  return rows.map((row) => ({
    key: row.key ?? '',
    folded: {
      units: row.units.length === 0 ? arms.map(() => 0) : row.units,
      sums: Object.fromEntries(
        Object.keys(sums).map((name, i) => [name, arms.map((arm) => row.sums[1 + i * k + arm] ?? 0)]),
      ),
      measures: Object.fromEntries(
        Object.keys(measures).map((name, i) => [
          name,
          {
            moments: {
              units: row.blocks[i] ?? 0,
              sums: filled(row.vectors[i], 2 * k),
              products: filled(row.products[i], 4 * k * k),
            },
            counts: {
              inArm: filled(row.positive[i], 2 * k).slice(0, k),
              withEvent: filled(row.positive[i], 2 * k).slice(k),
              withoutEvent: filled(row.less[i], k),
            },
          },
        ]),
      ),
      range: [row.lowest, row.highest],
    },
  }));
};

const rangeOf = (has: boolean | undefined, least = 'least', greatest = 'greatest'): ClickHouseSql =>
  trusted(
    has ? `toFloat64(min(${least})) AS lowest, toFloat64(max(${greatest})) AS highest` : '0. AS lowest, 0. AS highest',
  );

/** Of no rows the engine answers empty arrays. */
const filled = (values: number[] | undefined, length: number): number[] =>
  Array.from({ length }, (_, i) => values?.[i] ?? 0);

function nothing({ versions }: Counted, measures: readonly string[]): Folded {
  const none = versions.map(() => 0);
  const k = versions.length;
  const empty = {
    moments: { units: 0, sums: filled([], 2 * k), products: filled([], 4 * k * k) },
    counts: { inArm: none, withEvent: none, withoutEvent: none },
  };
  return {
    units: none,
    sums: { rows: none, traces: none, recent: none, agreeing: none },
    measures: Object.fromEntries(measures.map((name) => [name, empty])),
    range: [0, 0],
  };
}

export const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
