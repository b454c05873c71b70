import { compileFilter } from '@tracehouse/contract/filter-text';
import type { ClickHouse, QueryOptions } from '../../stores/clickhouse/clickhouse.ts';
import { finalRows, resolvedTraces } from '../../stores/clickhouse/resolved-traces.ts';
import { anyOf, clickhouse, type ClickHouseSql, join, pattern, string } from '../../stores/clickhouse/sql.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { conditionsSql, not } from '../filters/column.ts';
import {
  observationColumns,
  ownMetadata,
  saidBy,
  type TraceReach,
  traceValues,
} from '../filters/observation-columns.ts';
import { tracesIn } from '../filters/reach.ts';
import { sayingRange, startsIn } from '../filters/time.ts';
import { saidMetadata, traceColumns } from '../filters/trace-columns.ts';
import { anyPlace, checkedClauses, INTERNAL, type TraceClause } from '../traces/selection.ts';
import type { FacetField } from './field.ts';
import { scoreItems } from './score-items.ts';
import { type FacetItems, itemColumns } from './store.ts';
import type { FacetAsked } from './trace-items.ts';

/** Whether values of the field are asked of the trace too. */
export const asksTrace = ({ is, column }: FacetField): boolean =>
  is === 'metadata' || is === 'metadata keys' || traceValues[column] !== undefined;

/** The observations that are asked for, each with its values of a field. */
export async function observationItems(
  db: ClickHouse,
  scope: ProjectScope,
  field: FacetField,
  asked: FacetAsked,
  options: QueryOptions,
): Promise<FacetItems> {
  const { range } = asked;
  const reach: TraceReach = { scope, traces: tracesIn(scope, range), said: sayingRange(range), rows: range };
  const where = join([...conditionsOf(scope, reach, asked), clickhouse`true`], ' AND ');
  /** `FROM …` of the observations, which are `owner`, beside what is joined; `read` is what the statement reads of them. */
  const from = (read: ClickHouseSql, joined = clickhouse``): ClickHouseSql => {
    const chosen = {
      unchanged: clickhouse`kind = 'observation'`,
      where: join([startsIn(range), asked.besides], ' AND '),
    };
    const rows = finalRows(scope, chosen, join([read, where], ' '));
    return clickhouse`FROM ${rows} AS owner ${joined} WHERE ${where}`;
  };
  /** Beside each of them a value of its trace, as `said`. */
  const withTrace = (value: ClickHouseSql): ClickHouseSql => clickhouse`
    LEFT JOIN (SELECT trace_id AS said_trace, ${value} AS said FROM ${resolvedTraces(scope, reach.traces, value)}) AS saying
    ON owner.trace_id = said_trace`;
  if (field.is === 'score' || field.is === 'scores') {
    return scoreItems(db, scope, field, 'observation', (read) => clickhouse`trace_id, id ${from(read)}`, options);
  }
  if (field.is === 'metadata') {
    const { key } = field;
    const value = clickhouse`if(${ownMetadata.has(key)}, ${ownMetadata.at(key)}, said)`;
    return { is: 'value', sql: clickhouse`SELECT ${value} AS value ${from(value, withTrace(saidMetadata.at(key)))}` };
  }
  if (field.is === 'metadata keys') {
    const list = clickhouse`arrayDistinct(arrayConcat(arrayMap(one -> toString(one), mapKeys(metadata)), said))`;
    return {
      is: 'list',
      sql: clickhouse`SELECT ${list} AS list ${from(list, withTrace(clickhouse`mapKeys(said_metadata)`))}`,
    };
  }
  const ofTrace = traceValues[field.column];
  const is = field.is === 'text' ? 'value' : field.is;
  if (ofTrace !== undefined) {
    const value = traceColumns(scope)[ofTrace]!.value!;
    return { is, sql: clickhouse`SELECT said AS ${itemColumns[is]} ${from(clickhouse`trace_id`, withTrace(value))}` };
  }
  const column = observationColumns(reach)[field.column]!.value!;
  // A tool may be called twice.
  const value = is === 'list' ? clickhouse`arrayDistinct(${column})` : column;
  return { is, sql: clickhouse`SELECT ${value} AS ${itemColumns[is]} ${from(value)}` };
}

/** What filter text says of observations, as conditions on the columns of `finalRows`. */
function conditionsOf(scope: ProjectScope, reach: TraceReach, { terms, environment }: FacetAsked): ClickHouseSql[] {
  const { clauses, text } = compileFilter(terms, 'observations');
  const columns = observationColumns(reach);
  return [
    ...environmentOf(environment),
    ...checkedClauses(clauses).map((clause) => {
      const all =
        clause.of === 'trace'
          ? ofTrace(reach, clause)
          : clickhouse`(${join(conditionsSql(columns, clause.conditions), ' AND ')})`;
      return clause.not ? not(all) : all;
    }),
    ...text.map(({ value, not: isNegated }) => {
      const found = clickhouse`(trace_id, kind, id, row_version) IN (
        SELECT trace_id, kind, id, row_version FROM observations
        WHERE project_id = ${string(scope.projectId)} AND ${startsIn(reach.rows)} AND ${anyPlace(value)})`;
      return isNegated ? not(found) : found;
    }),
  ];
}

function environmentOf(environment: string | undefined): ClickHouseSql[] {
  if (environment === '*') return [];
  return environment === undefined
    ? [clickhouse`environment NOT ILIKE ${pattern(INTERNAL, 'starts with')}`]
    : [clickhouse`environment IN ${anyOf(environment.split(','))}`];
}

/** The traces that meet a clause about traces. */
function ofTrace({ scope, traces, said }: TraceReach, { not: isNegated, conditions }: TraceClause): ClickHouseSql {
  const necessary = isNegated ? [] : conditions.flatMap((condition) => saidBy(scope, condition, said));
  const test = join(conditionsSql(traceColumns(scope), conditions), ' AND ');
  return clickhouse`trace_id IN (
    SELECT trace_id FROM ${resolvedTraces(scope, join([traces, ...necessary], ' AND '), test)} WHERE ${test})`;
}
