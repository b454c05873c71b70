import type { FilterTerm } from '@tracehouse/contract/filter-text';
import type { ClickHouse, QueryOptions } from '../../stores/clickhouse/clickhouse.ts';
import type { QuickColumns, SaidText } from '../../stores/clickhouse/quick-traces.ts';
import { currentRows } from '../../stores/clickhouse/resolved-traces.ts';
import { clickhouse, ClickHouseSql, join, pattern, string, uint64 } from '../../stores/clickhouse/sql.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { observationColumns } from '../filters/observation-columns.ts';
import { rowsAround } from '../filters/reach.ts';
import type { TimeRange } from '../filters/time.ts';
import { traceColumns, traceMetadata } from '../filters/trace-columns.ts';
import { traceQueryOf, wholeSelection } from '../traces/asked.ts';
import { INTERNAL, isChoosy } from '../traces/selection.ts';
import { fromQuickTraces, fromTraces, type TraceSelection } from '../traces/store.ts';
import type { FacetField } from './field.ts';
import { scoreItems } from './score-items.ts';
import { type FacetItems, itemColumns } from './store.ts';

const { trusted } = ClickHouseSql;

/** What a facet is counted for. */
export interface FacetAsked {
  terms: readonly FilterTerm[];
  /** As a screen asks for it. */
  environment: string | undefined;
  range: TimeRange;
  /** Which rows of the range count. */
  besides: ClickHouseSql;
  known: readonly string[] | null;
}

/** Whether few rows tell which traces meet what is asked. */
export const isNarrow = ({ terms, environment }: Pick<FacetAsked, 'terms' | 'environment'>): boolean =>
  isChoosy(traceQueryOf(terms, environment));

/**
 * The traces that are asked for, each with its values of a field. Of the traces `known` nobody can be sure without resolving them;
 * null: of so many that all are resolved.
 */
export async function traceItems(
  db: ClickHouse,
  scope: ProjectScope,
  field: FacetField,
  { terms, environment, range, besides, known }: FacetAsked,
  options: QueryOptions,
): Promise<FacetItems> {
  const query = traceQueryOf(terms, environment);
  const hidesInternal = query.hidesInternal === true && (await hasInternal(db, scope, range, options));
  const selection = await wholeSelection(db, scope, range, { ...query, hidesInternal }, options);
  if (field.is === 'score' || field.is === 'scores') {
    const owners = (asked: ClickHouseSql): ClickHouseSql => clickhouse`trace_id ${fromTraces(scope, selection, asked)}`;
    return scoreItems(db, scope, field, 'trace', owners, options);
  }
  const { is, value, quick, sql } = declared(scope, field);
  const exact = (some: TraceSelection): ClickHouseSql =>
    sql?.(some) ?? clickhouse`SELECT ${value} AS ${itemColumns[is]} ${fromTraces(scope, some, value)}`;
  if (quick === null || known === null) return { is, sql: exact(selection) };
  const hashes = join(known.map(uint64), ', ');
  const reach = (test: ClickHouseSql): TraceSelection => ({ ...selection, reach: [...selection.reach, test] });
  const others = known.length === 0 ? selection : reach(clickhouse`trace_hash NOT IN (${hashes})`);
  const read = { besides, ...(quick.more && { more: quick.more }) };
  const parts = [
    clickhouse`SELECT ${quick.value} AS ${itemColumns[is]}, is_sure, trace_hash ${fromQuickTraces(scope, others, quick.value, read)}`,
    ...(known.length === 0
      ? []
      : [
          clickhouse`
            SELECT ${itemColumns[is]}, 1 AS is_sure, toUInt64(0) AS trace_hash
            FROM (${exact(reach(clickhouse`trace_hash IN (${hashes})`))})`,
        ]),
  ];
  return { is, sql: join(parts, ' UNION ALL '), mayBeUnsure: true };
}

interface Declared {
  is: FacetItems['is'];
  /** Of a resolved trace. */
  value: ClickHouseSql;
  /** The same of a quick one; null when there is no such. */
  quick: { value: ClickHouseSql; more?: QuickColumns } | null;
  /** Where it is none of a resolved trace: the statement of a selection. */
  sql?: (selection: TraceSelection) => ClickHouseSql;
}

function declared(scope: ProjectScope, field: FacetField): Declared {
  if (field.is === 'metadata') {
    const text = saidUnder(field.key);
    const quick = text && { value: trusted('asked_text'), more: { texts: { asked_text: text } } };
    return { is: 'value', value: traceMetadata.at(field.key), quick };
  }
  const listed = (aggregate: string) => ({
    value: trusted('asked_list'),
    more: { aggregates: { asked_list: aggregate } },
  });
  if (field.is === 'metadata keys')
    return { is: 'list', value: clickhouse`mapKeys(metadata)`, quick: listed(keysSaid) };
  if (field.of === 'observation') {
    const any = anyOfObservations(scope, field);
    return { is: 'list', value: any, quick: listed(any.text), sql: (some) => ofTheirObservations(scope, any, some) };
  }
  const value = traceColumns(scope)[field.column]!.value!;
  return { is: field.is === 'number' || field.is === 'list' ? field.is : 'value', value, quick: { value } };
}

/** What a row says under a key of its trace's metadata; null for a key that may be a path, or about what the root received. */
function saidUnder(key: string): SaidText | null {
  if (key.includes('.')) return null;
  const at = (map: string): string => `r.${map}[${string(key).text}]`;
  const isEmpty = (map: string): string => `(mapContains(r.${map}, ${string(key).text}) AND ${at(map)} = '')`;
  const isOwn = `(r.kind = 'trace' OR r.is_root)`;
  return {
    said: `multiIf(${at('trace_metadata')} != '', ${at('trace_metadata')}, ${isOwn}, ${at('metadata')}, '')`,
    rank: `if(${at('trace_metadata')} != '', greatest(3, r.trace_rank), r.trace_rank)`,
    unsure: `${isEmpty('trace_metadata')} OR ${isOwn} AND (${isEmpty('metadata')}
      OR ${at('trace_metadata')} != '' AND ${at('metadata')} != '' AND ${at('trace_metadata')} != ${at('metadata')})`,
  };
}

/** Keys of the metadata of a trace, as `metadata` has it: of its root beside an event of the trace, none of its own. */
const keysSaid = `arrayDistinct(arrayConcat(
  groupUniqArrayArray(mapKeys(r.trace_metadata)),
  groupUniqArrayArrayIf(mapKeys(r.metadata), r.kind = 'trace' OR r.is_root AND r.trace_rank > 0),
  if(countIf(r.kind = 'trace' AND r.source = 'json') > 0, [],
    groupUniqArrayArrayIf(mapKeys(r.metadata), r.is_root AND r.trace_rank = 0))))`;

/** What any observation of a trace has is a value of the trace: as an aggregate of its rows. */
function anyOfObservations(scope: ProjectScope, field: FacetField): ClickHouseSql {
  const everything = { from: null, to: null };
  const columns = observationColumns({ scope, traces: clickhouse`true`, said: everything, rows: everything });
  const value = columns[field.column]!.value!;
  return field.is === 'list'
    ? clickhouse`arrayFilter(one -> one != '', groupUniqArrayArrayIf(${value}, kind = 'observation'))`
    : clickhouse`arrayFilter(one -> one != '', groupUniqArrayIf(toString(${value}), kind = 'observation'))`;
}

function ofTheirObservations(scope: ProjectScope, list: ClickHouseSql, selection: TraceSelection): ClickHouseSql {
  const isIn = clickhouse`trace_id IN (SELECT trace_id ${fromTraces(scope, selection, clickhouse`trace_id`)})`;
  const rows = currentRows(scope, join([...selection.reach, isIn], ' AND '), list);
  return clickhouse`SELECT ${list} AS list FROM ${rows} GROUP BY trace_id`;
}

/** Whether any row around the range says that it is of an environment of the product's own. */
async function hasInternal(
  db: ClickHouse,
  scope: ProjectScope,
  range: TimeRange,
  options?: QueryOptions,
): Promise<boolean> {
  const rows = await db.rows(
    clickhouse`
      SELECT 1 FROM observations
      WHERE project_id = ${string(scope.projectId)} AND ${rowsAround(range)} AND environment ILIKE ${pattern(INTERNAL, 'starts with')}
      LIMIT 1`,
    options,
  );
  return rows.length > 0;
}
