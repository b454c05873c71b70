import { EventsFilter, type Condition } from '@tracehouse/contract/filter';
import type { FilterClause, TextSearch } from '@tracehouse/contract/filter-text';
import { ValidationError } from '../../http/errors.ts';
import type { Micros } from '../../ingest/observation.ts';
import { currentRows } from '../../stores/clickhouse/resolved-traces.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { clickhouse, ClickHouseSql, join, pattern, string } from '../../stores/clickhouse/sql.ts';
import { hasText, idsHaveText } from '../../stores/clickhouse/text-search.ts';
import { conditionsSql, not } from '../filters/column.ts';
import {
  mustBeSaid,
  observationColumns,
  type Place,
  rowsSaying,
  saidBy,
  saidInOrBeside,
} from '../filters/observation-columns.ts';
import { rowsAround, tracesIn } from '../filters/reach.ts';
import { sayingRange, startsIn, type TimeRange } from '../filters/time.ts';
import { traceColumns } from '../filters/trace-columns.ts';
import type { TraceSelection } from './store.ts';

const { trusted } = ClickHouseSql;

/** What is asked of traces beside their time. */
export interface TraceQuery {
  clauses: readonly TraceClause[];
  text: readonly TextSearch[];
  /** Leaves out traces of the product's own environments (S10.5). */
  hidesInternal?: boolean;
}

/** Whether it costs more than to look at the newest. */
export const isFiltered = ({ clauses, text }: TraceQuery): boolean => clauses.length > 0 && text.length === 0;

/** Whether few rows tell which traces can meet it. */
export const isChoosy = (query: TraceQuery): boolean => isFiltered(query) && query.clauses.some(isSaid);

/** Environments whose names begin so are the product's own; they show only when asked for. */
export const INTERNAL = 'langfuse';
export const isInternal = (environment: string): boolean => environment.toLowerCase().startsWith(INTERNAL);
const internal: TraceClause = {
  of: 'trace',
  not: true,
  conditions: [{ type: 'string', column: 'environment', operator: 'starts with', value: INTERNAL }],
};

/** Conditions that hold together, for the trace or for one of its observations (see `FilterClause`). */
export interface TraceClause {
  of: 'trace' | 'observation';
  not: boolean;
  conditions: readonly Condition[];
}

export const clausesOf = (conditions: readonly Condition[]): TraceClause[] =>
  conditions.map((condition) => ({ of: 'trace', not: false, conditions: [condition] }));

/** @throws ValidationError when filter text compiled to what the filter grammar does not know */
export const checkedClauses = (clauses: readonly FilterClause[]): TraceClause[] =>
  clauses.map(({ conditions, ...clause }) => {
    const result = EventsFilter.safeParse(conditions);
    if (!result.success) throw new ValidationError(result.error.issues);
    return asWhole({ ...clause, conditions: result.data });
  });

/**
 * `-model:m` is about traces none of whose observations has that model, so that a clause and its negation share all traces
 * out between them; a condition that is negative by itself would be true where any observation differs.
 */
function asWhole(clause: TraceClause): TraceClause {
  const [condition, ...more] = clause.conditions;
  const positive = condition && more.length === 0 && clause.of === 'observation' ? opposite(condition) : null;
  return positive ? { ...clause, not: !clause.not, conditions: [positive] } : clause;
}

/** The positive condition that a negative one denies. */
function opposite(condition: Condition): Condition | null {
  if (condition.type === 'null' && condition.operator === 'is null') return { ...condition, operator: 'is not null' };
  if (condition.type === 'string' && condition.operator === 'does not contain')
    return { ...condition, operator: 'contains' };
  if (condition.type === 'boolean' && condition.value === (condition.operator === '<>')) {
    return { ...condition, operator: '=', value: true };
  }
  const isOptions = condition.type === 'stringOptions' || condition.type === 'categoryOptions';
  if (isOptions && condition.operator === 'none of') return { ...condition, operator: 'any of' };
  if (condition.type === 'arrayOptions' && condition.operator === 'none of')
    return { ...condition, operator: 'any of' };
  return null;
}

/**
 * The selection over one range, or over some of its traces when `chosen` names them.
 * @throws InvalidRequestError for a column that there is not
 */
export function selectionOf(
  scope: ProjectScope,
  range: TimeRange,
  { clauses: asked, text, hidesInternal = false }: TraceQuery,
  chosen?: ClickHouseSql,
): TraceSelection {
  const clauses = hidesInternal ? [internal, ...asked] : asked;
  const said = sayingRange(range);
  const necessary = necessaryOf(scope, range, clauses);
  // Traces that say what is wanted are few: which of them lie in the range is then seen from their rows.
  const traces = chosen ?? (necessary.length > 0 ? rowsAround(range) : tracesIn(scope, range));
  const reach = [traces, ...necessary];
  return {
    range,
    reach,
    where: [
      ...clauses.map((clause) => clauseSql(scope, clause, join(reach, ' AND '), said)),
      ...text.map((search) => textSql(scope, search, traces, chosen ?? startsIn(said))),
    ],
  };
}

/** What some row of a trace must say for it to meet the clauses, as conditions on its id; none where nobody need say anything. */
const necessaryOf = (scope: ProjectScope, range: TimeRange, clauses: readonly TraceClause[]): ClickHouseSql[] =>
  clauses
    .filter(isPositive)
    .flatMap(({ conditions }) => conditions.flatMap((condition) => saidBy(scope, condition, sayingRange(range))));

/** The same of traces that have a row in the range, for statements that look at its rows. */
export const saidInRange = (
  scope: ProjectScope,
  range: TimeRange,
  clauses: readonly TraceClause[],
  now: Micros,
): ClickHouseSql[] =>
  clauses
    .filter(isPositive)
    .flatMap(({ conditions }) => conditions.flatMap((condition) => saidInOrBeside(scope, condition, range, now)));

/** Rows of which each trace that meets these clauses has one; for clauses all of which must be said. */
export const rowsThatSay = (
  scope: ProjectScope,
  range: TimeRange,
  clauses: readonly TraceClause[],
  now: Micros,
): Place[] =>
  rowsSaying(
    scope,
    clauses.flatMap(({ conditions }) => conditions),
    range,
    now,
  );

const isPositive = ({ of, not: isNegated }: TraceClause): boolean => of === 'trace' && !isNegated;
/** Whether all that is asked must be said by rows of a trace: those that say it are the ones that meet it, but for values that others outweigh. */
export const isAllSaid = (clauses: readonly TraceClause[]): boolean =>
  clauses.length > 0 && clauses.every((clause) => isPositive(clause) && clause.conditions.every(mustBeSaid));
const isSaid = (clause: TraceClause): boolean => isPositive(clause) && clause.conditions.some(mustBeSaid);

function clauseSql(scope: ProjectScope, clause: TraceClause, traces: ClickHouseSql, said: TimeRange): ClickHouseSql {
  const all = clause.of === 'trace' ? ofTrace(scope, clause) : ofAnyObservation(scope, clause, traces, said);
  return clause.not ? not(all) : all;
}

const ofTrace = (scope: ProjectScope, { conditions }: TraceClause): ClickHouseSql =>
  clickhouse`(${join(conditionsSql(traceColumns(scope), conditions), ' AND ')})`;

function ofAnyObservation(
  scope: ProjectScope,
  { conditions }: TraceClause,
  traces: ClickHouseSql,
  said: TimeRange,
): ClickHouseSql {
  const columns = observationColumns({ scope, traces, said, rows: { from: null, to: null } });
  const test = join(conditionsSql(columns, conditions), ' AND ');
  return clickhouse`trace_id IN (
    SELECT trace_id FROM ${currentRows(scope, clickhouse`kind = 'observation' AND ${traces}`, test)} WHERE ${test})`;
}

/** Columns of a row in which text is looked for, by the field a hit names; the first that has it is the hit's. */
const searched = [
  { field: 'name', column: 'name', place: 'name' },
  { field: 'name', column: 'trace_name', place: 'name' },
  { field: 'id', column: 'id', place: 'id' },
  { field: 'id', column: 'trace_id', place: 'id' },
  { field: 'input', column: 'input', place: 'input' },
  { field: 'input', column: 'trace_input', place: 'said' },
  { field: 'output', column: 'output', place: 'output' },
  { field: 'output', column: 'trace_output', place: 'said' },
] as const;
const searchedMaps = ['metadata', 'trace_metadata'] as const;

const has = (column: string, value: string): ClickHouseSql =>
  clickhouse`${trusted(column)} ILIKE ${pattern(value, 'contains')}`;

/** Where in a row a text is: a part of it that one condition can tell, for each can use an index of its own. */
export type TextPlace = (typeof searched)[number]['place'];

/** A row, in whatever version, has the text when it meets one of these. */
export const textConditions = (value: string): Record<TextPlace, ClickHouseSql> => ({
  input: hasText('input', value),
  output: hasText('output', value),
  said: hasText('said', value),
  name: clickhouse`(${has('name', value)} OR ${has('trace_name', value)})`,
  id: idsHaveText(value),
});

/** Has the text anywhere. */
export const anyPlace = (value: string): ClickHouseSql =>
  clickhouse`(${join(Object.values(textConditions(value)), ' OR ')})`;

/** Payloads are searched where they lie, and only rows that match are compared with the versions in force. */
function textSql(
  scope: ProjectScope,
  { value, not: isNegated }: TextSearch,
  traces: ClickHouseSql,
  rows: ClickHouseSql,
): ClickHouseSql {
  // Apart each condition can use its index, which pays where rows are many and few of them are wanted.
  const apart = isNegated ? [anyPlace(value)] : Object.values(textConditions(value));
  const matching = apart.map(
    (condition) => clickhouse`
      SELECT trace_id, kind, id, row_version FROM observations
      WHERE project_id = ${string(scope.projectId)} AND ${rows} AND ${condition}`,
  );
  const found = clickhouse`trace_id IN (
    SELECT trace_id FROM ${currentRows(scope, traces, clickhouse`row_version`)}
    WHERE (trace_id, kind, id, row_version) IN (${join(matching, ' UNION ALL ')}))`;
  return isNegated ? not(found) : found;
}

/** Of the places where a text was found, those that can have the first column. */
export const firstPlaces = (places: readonly TextPlace[]): TextPlace[] =>
  (['name', 'id', 'input'] as const).flatMap((place) => (places.includes(place) ? [[place]] : []))[0] ??
  [...places].toSorted();

/** Field, text of the field: of the first column that has the text, among those of some places (none: of all). */
export function hitOf(value: string, places: readonly TextPlace[]): { field: ClickHouseSql; text: ClickHouseSql } {
  const columns = searched.filter(({ place }) => places.length === 0 || places.includes(place));
  const [last] = columns.slice(-1);
  const hasMaps = places.length === 0 || places.includes('said') || !last;
  const tested = hasMaps ? columns : columns.slice(0, -1);
  const choose = (show: (one: { field: string; column: string }) => ClickHouseSql, otherwise: ClickHouseSql) =>
    tested.length === 0
      ? otherwise
      : clickhouse`multiIf(${join(
          tested.map((one) => clickhouse`${has(one.column, value)}, ${show(one)}`),
          ', ',
        )}, ${otherwise})`;
  const plain = ({ column }: { column: string }): ClickHouseSql => clickhouse`toString(${trusted(column)})`;
  const inMaps = join(
    searchedMaps.map(
      (column) =>
        clickhouse`arrayFirst(text -> text ILIKE ${pattern(value, 'contains')}, mapValues(${trusted(column)}))`,
    ),
    ', ',
  );
  return {
    field: choose(({ field }) => string(field), hasMaps ? clickhouse`'metadata'` : string(last!.field)),
    text: choose(plain, hasMaps ? clickhouse`concat(${inMaps})` : plain(last!)),
  };
}
