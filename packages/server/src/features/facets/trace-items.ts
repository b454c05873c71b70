import type { FilterTerm } from '@tracehouse/contract/filter-text';
import type { ClickHouse, QueryOptions } from '../../stores/clickhouse/clickhouse.ts';
import { currentRows } from '../../stores/clickhouse/resolved-traces.ts';
import { clickhouse, ClickHouseSql, join } from '../../stores/clickhouse/sql.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { observationColumns } from '../filters/observation-columns.ts';
import type { TimeRange } from '../filters/time.ts';
import { traceColumns, traceMetadata } from '../filters/trace-columns.ts';
import { traceQueryOf, wholeSelection } from '../traces/asked.ts';
import { isChoosy } from '../traces/selection.ts';
import { fromTraces, type TraceSelection } from '../traces/store.ts';
import type { FacetField } from './field.ts';
import { scoreItems } from './score-items.ts';
import type { FacetItems } from './store.ts';

/** What a facet is counted for. */
export interface FacetAsked {
  terms: readonly FilterTerm[];
  /** As a screen asks for it. */
  environment: string | undefined;
  range: TimeRange;
}

/** Whether few rows tell which traces meet what is asked. */
export const isNarrow = ({ terms, environment }: FacetAsked): boolean => isChoosy(traceQueryOf(terms, environment));

/** The traces that are asked for, each with its values of a field. */
export async function traceItems(
  db: ClickHouse,
  scope: ProjectScope,
  field: FacetField,
  { terms, environment, range }: FacetAsked,
  options: QueryOptions,
): Promise<FacetItems> {
  const selection = await wholeSelection(db, scope, range, traceQueryOf(terms, environment), options);
  const read = (is: FacetItems['is'], value: ClickHouseSql): FacetItems => ({
    is,
    sql: clickhouse`SELECT ${value} AS ${ClickHouseSql.trusted(is)} ${fromTraces(scope, selection, value)}`,
  });
  if (field.is === 'metadata') return read('value', traceMetadata.at(field.key));
  if (field.is === 'metadata keys') return read('list', clickhouse`mapKeys(metadata)`);
  if (field.is === 'score' || field.is === 'scores') {
    return scoreItems(
      db,
      scope,
      field,
      'trace',
      (read) => clickhouse`trace_id ${fromTraces(scope, selection, read)}`,
      options,
    );
  }
  if (field.of === 'observation') return ofTheirObservations(scope, field, selection);
  const value = traceColumns(scope)[field.column]!.value!;
  return read(field.is === 'text' ? 'value' : field.is, value);
}

/** What any observation of a trace has is a value of the trace. */
function ofTheirObservations(scope: ProjectScope, field: FacetField, selection: TraceSelection): FacetItems {
  const { reach, range, where } = selection;
  const everything = { from: null, to: null };
  const columns = observationColumns({ scope, traces: clickhouse`true`, said: everything, rows: everything });
  const value = columns[field.column]!.value!;
  const isAll = range.from === null && range.to === null && where.length === 0;
  const isIn = isAll
    ? clickhouse`true`
    : clickhouse`trace_id IN (SELECT trace_id ${fromTraces(scope, selection, clickhouse`trace_id`)})`;
  const rows = currentRows(scope, join([...reach, isIn], ' AND '), value);
  const list =
    field.is === 'list'
      ? clickhouse`groupUniqArrayArrayIf(${value}, kind = 'observation')`
      : clickhouse`groupUniqArrayIf(toString(${value}), kind = 'observation')`;
  return {
    is: 'list',
    sql: clickhouse`SELECT arrayFilter(one -> one != '', ${list}) AS list FROM ${rows} GROUP BY trace_id`,
  };
}
