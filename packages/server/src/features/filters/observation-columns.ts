import type { Condition } from '@tracehouse/contract/filter';
import type { Micros } from '../../ingest/observation.ts';
import { InvalidRequestError } from '../../http/errors.ts';
import { currentRows, resolvedTraces } from '../../stores/clickhouse/resolved-traces.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import {
  type ClickHouseSql,
  anyOf,
  clickhouse,
  ClickHouseSql as Sql,
  join,
  string,
  strings,
  uint,
} from '../../stores/clickhouse/sql.ts';
import {
  conditionsSql,
  type FilterColumn,
  type FilterColumns,
  not,
  metadataColumn,
  timeColumn,
  text,
  number,
  list,
  flag,
  textColumn,
  flagColumn,
} from './column.ts';
import { scoresColumn } from './scores.ts';
import { HOUR, sayingRange, startsIn, type TimeRange } from './time.ts';
import { keyedText, month, traceColumns } from './trace-columns.ts';

const { trusted } = Sql;

/** Between two times of a row, as the wire counts; NULL where one is missing. */
export const millisBetween = (from: string, to: string): string =>
  `(intDiv(toUnixTimestamp64Micro(${to}), 1000) - intDiv(toUnixTimestamp64Micro(${from}), 1000))`;
const seconds = (from: string, to: string): string => `(${millisBetween(from, to)} / 1000)`;
const costOf = (part: 'input' | 'output'): string =>
  `arraySum(mapValues(mapFilter((key, usd) -> key LIKE '%${part}%', cost)))`;

/** Types of a map of cost or usage; the total of others is none. */
export const partsOf = (map: 'cost' | 'usage'): string =>
  `mapFilter((type, amount) -> type != 'total' OR length(${map}) = 1, ${map})`;
const typesOf = (map: 'cost' | 'usage'): string => `mapKeys(${partsOf(map)})`;

const received = {
  attributes: 'attributes',
  resourceAttributes: 'resource_attributes',
  scope: { name: 'scope_name', version: 'scope_version' },
};
export const ownMetadata = keyedText({ metadata: 'metadata', ...received });
const ownTraceMetadata = keyedText({ metadata: 'trace_metadata', ...received });

/** Names on the wire of values of the trace → the column of `traceColumns` that asks for them. */
export const traceValues: Readonly<Record<string, string>> = {
  traceName: 'traceName',
  userId: 'userId',
  sessionId: 'sessionId',
  traceTags: 'traceTags',
  tags: 'traceTags',
  release: 'release',
  bookmarked: 'bookmarked',
  public: 'public',
  traceVersion: 'version',
  traceRelease: 'release',
  traceEnvironment: 'environment',
  trace_scores: 'scores',
  trace_scores_avg: 'scores_avg',
  trace_score_categories: 'score_categories',
  trace_score_booleans: 'score_booleans',
};

/** Whether a condition on this column is about the trace of an observation. */
export const isOfTheTrace = (column: string): boolean => Object.hasOwn(traceValues, column) || column === 'metadata';

/** The columns of a trace by the names that its observations and scores have for them, over the columns of `resolvedTraces`. */
export function ofTheTrace(scope: ProjectScope): FilterColumns {
  const columns = traceColumns(scope);
  return Object.fromEntries(Object.entries(traceValues).map(([name, column]) => [name, columns[column]!]));
}

/** Which traces a list can show anything of, by `trace_id` and `cityHash64(trace_id)`. */
export interface TraceReach {
  scope: ProjectScope;
  traces: ClickHouseSql;
  /** When rows may say what the condition is about; see `sayingRange`. */
  said: TimeRange;
  /** When the observations that are asked about start. */
  rows: TimeRange;
  /** There are many traces; see `resolvedTraces`. */
  merged?: ClickHouseSql | undefined;
  /** The list shows traces of the JSON door as roots of their own (v2, D3 of the contract's differences). */
  showsTraceRoots?: boolean;
}

/**
 * Columns of a list of observations (S8.8.4), over the columns of `currentRows`. A value of the trace is asked of the
 * resolved trace, so that what only its root said filters its children too (architecture).
 */
// oxfmt-ignore
export const observationColumns = (reach: TraceReach): FilterColumns => ({
  ...Object.fromEntries(Object.entries(traceValues).map(([name, column]) => [name, traceValue(reach, column)])),
  id:                  text('id'),
  traceId:             text('trace_id'),
  parentObservationId: text('parent_id'),
  name:                text(`if(kind = 'trace', trace_name, name)`),
  type:                text('type'),
  environment:         text('environment'),
  startTime:           timeColumn(clickhouse`start_time`),
  endTime:             timeColumn(clickhouse`end_time`),
  startTimeMonth:      text(month('start_time')),
  latency:             number(seconds('start_time', 'end_time')),
  timeToFirstToken:    number(seconds('start_time', 'completion_start_time')),
  tokensPerSecond:     number(`output_tokens / nullIf(${seconds('start_time', 'end_time')}, 0)`),
  inputTokens:         number('input_tokens'),
  outputTokens:        number('output_tokens'),
  totalTokens:         number('total_tokens'),
  inputCost:           number(costOf('input')),
  outputCost:          number(costOf('output')),
  totalCost:           number('total_cost'),
  costType:            list(typesOf('cost')),
  usageType:           list(typesOf('usage')),
  level:               text('level'),
  statusMessage:       text('status_message'),
  model:               text('model'),
  providedModelName:   text('model'),
  provider:            text('provider'),
  modelId:             text('model_id'),
  version:             text('version'),
  promptName:          text('prompt_name'),
  promptVersion:       number('prompt_version'),
  metadata:            withTraceMetadata(reach),
  toolNames:           list('mapKeys(tool_definitions)'),
  calledToolNames:     list('tool_call_names'),
  toolDefinitions:     number('length(tool_definitions)'),
  toolCalls:           number('length(tool_calls)'),
  hasParentObservation: flag(`parent_id != ''`),
  isRootObservation:   flagColumn(isRootObservation(reach)),
  running:             flag(`end_time IS NULL AND type != 'EVENT'`),
  hasInput:            flag(`input_preview != ''`),
  hasOutput:           flag(`output_preview != ''`),
  input:               payloadColumn(reach, 'input'),
  output:              payloadColumn(reach, 'output'),
  experimentId:        text('experiment_id'),
  experimentName:      text('experiment_name'),
  experimentDatasetId: text('experiment_dataset_id'),
  ingestionSource:     text('source'),
  ingestionSdkName:    text('sdk_name'),
  ingestionSdkVersion: text('sdk_version'),
  ingestionServiceName: text('service_name'),
  // No comments are kept yet, so every count is 0.
  commentCount:        number('toUInt64(0)'),
  scores:              scoresColumn(reach.scope, 'observation'),
  scores_avg:          scoresColumn(reach.scope, 'observation'),
  score_categories:    scoresColumn(reach.scope, 'observation'),
  score_booleans:      scoresColumn(reach.scope, 'observation'),
  positionInTrace:     positionColumn(reach),
});

/** Below a trace that is shown as a root, an observation of the JSON door without a parent is none. */
const isRootObservation = ({ scope, traces, showsTraceRoots = false }: TraceReach): ClickHouseSql =>
  showsTraceRoots
    ? clickhouse`multiIf(kind = 'trace', 1, is_root AND source = 'json', trace_id NOT IN (
        SELECT trace_id FROM ${resolvedTraces(scope, traces, clickhouse`has_trace_root`)} WHERE has_trace_root), is_root)`
    : clickhouse`is_root`;

/** Whether the trace satisfies the condition. */
const traceValue =
  (reach: TraceReach, column: string): FilterColumn =>
  (condition) =>
    inTraces(reach, [{ ...condition, column }]);

/** The traces of the reach that satisfy all conditions (columns of `traceColumns`). */
function inTraces({ scope, traces, said, merged }: TraceReach, conditions: readonly Condition[]): ClickHouseSql {
  const reach = join([traces, ...conditions.flatMap((condition) => saidBy(scope, condition, said))], ' AND ');
  const test = join(conditionsSql(traceColumns(scope), conditions), ' AND ');
  return clickhouse`trace_id IN (SELECT trace_id FROM ${resolvedTraces(scope, reach, test, merged)} WHERE ${test})`;
}

/** Columns whose value somebody must have said → the test that a row says one of these. */
// oxfmt-ignore
const saying = new Map<string, (values: readonly string[]) => ClickHouseSql>(Object.entries({
  userId:    (values) => clickhouse`user_id IN ${anyOf(values)}`,
  sessionId: (values) => clickhouse`session_id IN ${anyOf(values)}`,
  release:   (values) => clickhouse`release IN ${anyOf(values)}`,
  version:   (values) => clickhouse`version IN ${anyOf(values)}`,
  traceName: (values) => clickhouse`(trace_name IN ${anyOf(values)} OR name IN ${anyOf(values)})`,
  name:      (values) => clickhouse`(trace_name IN ${anyOf(values)} OR name IN ${anyOf(values)})`,
  traceTags: (values) => clickhouse`hasAny(tags, ${strings(values)})`,
  tags:      (values) => clickhouse`hasAny(tags, ${strings(values)})`,
}));

/** Payload of a trace → the columns one of which must contain what it contains. */
const carrying = new Map([
  ['input', ['trace_input', 'input']],
  ['output', ['trace_output', 'output']],
]);

/**
 * What a condition makes necessary of a trace, so that few are resolved: when it wants one of some values, a row that says
 * one. Nothing for conditions that are also true where nobody said anything.
 */
export function saidBy(scope: ProjectScope, condition: Condition, said: TimeRange): ClickHouseSql[] {
  const test = necessary(condition);
  if (test === null) return [];
  return [
    clickhouse`trace_id IN (
      SELECT trace_id FROM observations
      WHERE project_id = ${string(scope.projectId)} AND ${startsIn(said)} AND ${test})`,
  ];
}

/** The same of traces that have a row in a range, for statements that look at rows of the range. */
export function saidInOrBeside(
  scope: ProjectScope,
  condition: Condition,
  range: TimeRange,
  now: Micros,
): ClickHouseSql[] {
  const test = necessary(condition);
  if (test === null) return [];
  if (range.from === null) return saidBy(scope, condition, sayingRange(range));
  const rows = sayingPlaces(scope, range, now).map(
    ({ hashes, rows: place }) => clickhouse`
      SELECT trace_hash FROM observations ${hashes ? clickhouse`PREWHERE ${hashes}` : clickhouse``}
      WHERE ${place} AND ${test} AND project_id = ${string(scope.projectId)}`,
  );
  return [clickhouse`trace_hash IN (${join(rows, ' UNION ALL ')})`];
}

/** Some of the rows of a project. */
export interface Place {
  rows: ClickHouseSql;
  /** To be tested before anything else is read of the rows: which traces they may be of. */
  hashes?: ClickHouseSql;
}

/**
 * Rows of a range, and beside it, of which one must say what a trace of the range is to have. A day around a short range has more
 * rows than the range, of which next to none belong to its traces: hashes tell them before what they say is read.
 */
function sayingPlaces(scope: ProjectScope, range: TimeRange, now: Micros): Place[] {
  const { from, to } = range;
  const said = sayingRange(range);
  if (!isShort(range, now)) return [{ rows: startsIn(said) }];
  const before = startsIn({ from: said.from, to: from });
  const beside = to === null ? before : clickhouse`(${before} OR ${startsIn({ from: to, to: said.to })})`;
  const ofTraces = clickhouse`trace_hash IN (
    SELECT trace_hash FROM observations WHERE ${startsIn(range)} AND project_id = ${string(scope.projectId)})`;
  return [{ rows: startsIn(range) }, { rows: beside, hashes: ofTraces }];
}

/** Which rows say what these conditions make necessary of the traces of a range; each trace that meets them has one. */
export function rowsSaying(
  scope: ProjectScope,
  conditions: readonly Condition[],
  range: TimeRange,
  now: Micros,
): Place[] {
  const [first, ...others] = conditions.filter(mustBeSaid);
  const test = first && necessary(first);
  if (!test) return [];
  const more = others.flatMap((condition) => saidInOrBeside(scope, condition, range, now));
  return sayingPlaces(scope, range, now).map((place) => ({
    ...place,
    rows: join([place.rows, test, ...more], ' AND '),
  }));
}
const SHORT = 48 * HOUR;

/** Whether what `saidInOrBeside` has of a range leaves traces alone that have a row in it. */
export const isShort = ({ from, to }: TimeRange, now: Micros): boolean => from !== null && (to ?? now) - from <= SHORT;

/** Whether somebody must have said something for the condition to hold. */
export const mustBeSaid = (condition: Condition): boolean => necessary(condition) !== null;

function necessary(condition: Condition): ClickHouseSql | null {
  const columns = carrying.get(condition.column);
  if (columns && condition.type === 'string' && condition.operator !== 'does not contain' && condition.value !== '') {
    const contains = columns.map((column) => textColumn(trusted(column))({ ...condition, operator: 'contains' }));
    return clickhouse`(${join(contains, ' OR ')})`;
  }
  if (condition.column === 'metadata' || condition.column === 'saidMetadata') return saysMetadata(condition);
  const says = saying.get(condition.column);
  const values = wanted(condition);
  return says && values !== null && !values.includes('') ? says(values) : null;
}

/** A value of a key comes whole from one row. */
function saysMetadata(condition: Condition): ClickHouseSql | null {
  const wantsText =
    condition.type === 'stringObject' && condition.operator !== 'does not contain' && condition.value !== '';
  const wantsOption =
    condition.type === 'categoryOptions' && condition.operator !== 'none of' && !condition.value.includes('');
  if (!wantsText && !wantsOption) return null;
  const tests = [ownMetadata, ownTraceMetadata].map((metadata) => metadataColumn(metadata)(condition));
  return clickhouse`(${join(tests, ' OR ')})`;
}

function wanted(condition: Condition): readonly string[] | null {
  if (condition.type === 'string') return condition.operator === '=' ? [condition.value] : null;
  const takesOptions = condition.type === 'stringOptions' || condition.type === 'arrayOptions';
  return takesOptions && condition.operator !== 'none of' ? condition.value : null;
}

/** A key counts whether the observation has it or it was said about the trace; where both, the observation's own value. */
const withTraceMetadata =
  (reach: TraceReach): FilterColumn =>
  (condition) => {
    const own = metadataColumn(ownMetadata)(condition);
    if (!('key' in condition) || condition.key === undefined) return own;
    const ofTrace = inTraces(reach, [{ ...condition, column: 'saidMetadata' }]);
    return clickhouse`if(${ownMetadata.has(condition.key)}, ${own}, ${ofTrace})`;
  };

/**
 * Payloads are searched where they lie, and only what matches is compared with the versions in force: sorting versions
 * together with their payloads would hold them all in memory.
 */
const payloadColumn =
  ({ scope, traces, rows }: TraceReach, column: 'input' | 'output'): FilterColumn =>
  (condition) => {
    if (condition.type === 'null') return textColumn(trusted(`${column}_preview`))(condition);
    const isNegated = condition.type === 'string' && condition.operator === 'does not contain';
    const positive: Condition = isNegated ? { ...condition, operator: 'contains' } : condition;
    const matches = clickhouse`(trace_id, kind, id, row_version) IN (
      SELECT trace_id, kind, id, row_version FROM observations
      WHERE project_id = ${string(scope.projectId)} AND ${startsIn(rows)} AND ${traces}
        AND ${textColumn(trusted(column))(positive)})`;
    return isNegated ? not(matches) : matches;
  };

/** One observation of each trace, by its place in it. Ties of the start are broken by id. */
const positionColumn =
  ({ scope, traces }: TraceReach): FilterColumn =>
  (condition) => {
    if (condition.type !== 'positionInTrace') {
      throw new InvalidRequestError(`Column ${condition.column} takes a condition of type positionInTrace.`);
    }
    if (condition.key === 'root') return clickhouse`is_root`;
    const fromStart = condition.key === 'first' || condition.key === 'nthFromStart';
    const nth = condition.key.startsWith('nth') && typeof condition.value === 'number' ? condition.value : 1;
    const order = fromStart ? clickhouse`start_time ASC, id ASC` : clickhouse`start_time DESC, id DESC`;
    return clickhouse`(trace_id, id) IN (
      SELECT trace_id, id FROM ${currentRows(scope, clickhouse`kind = 'observation' AND ${traces}`, order)}
      ORDER BY ${order} LIMIT ${uint(nth - 1)}, 1 BY trace_id)`;
  };
