import type { SearchHit } from '@tracehouse/contract/x-search';
import type { ClickHouse, QueryOptions } from '../../stores/clickhouse/clickhouse.ts';
import { clickhouse, ClickHouseSql, join, pattern, string } from '../../stores/clickhouse/sql.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { type Hit, rowsOfHits } from './search-store.ts';

const { trusted } = ClickHouseSql;

type Text = [about: SearchHit['about'], field: SearchHit['field'], key: string, value: string];

/** The texts of a row that have what is looked for. */
export interface HitFields extends Pick<Hit, 'traceId' | 'kind' | 'id'> {
  texts: Text[];
}

/** Columns in which text is looked for, and what they are called. */
const columns = [
  ['observation', 'name', 'name'],
  ['observation', 'id', 'id'],
  ['observation', 'input', 'input'],
  ['observation', 'output', 'output'],
  ['trace', 'name', 'trace_name'],
  ['trace', 'id', 'trace_id'],
  ['trace', 'input', 'trace_input'],
  ['trace', 'output', 'trace_output'],
] as const;
const maps = [
  ['observation', 'metadata'],
  ['trace', 'trace_metadata'],
] as const;

/** The fields of these rows that have the text, whole. */
export function selectHitFields(
  db: ClickHouse,
  scope: ProjectScope,
  hits: readonly Hit[],
  text: string,
  options?: QueryOptions,
): Promise<HitFields[]> {
  if (hits.length === 0) return Promise.resolve([]);
  const has = (value: ClickHouseSql): ClickHouseSql => clickhouse`${value} ILIKE ${pattern(text, 'contains')}`;
  const single = columns.map(
    ([about, field, column]) =>
      clickhouse`(${string(about)}, ${string(field)}, '', toString(if(${has(trusted(column))}, ${trusted(column)}, '')))`,
  );
  const keyed = maps.map(
    ([about, column]) => clickhouse`arrayMap(
      (key, value) -> (${string(about)}, 'metadata', toString(key), value),
      mapKeys(${trusted(column)}), mapValues(${trusted(column)}))`,
  );
  // The trace says of itself what an observation says of its own: its id is the trace's.
  const isNew = clickhouse`NOT (kind = 'trace' AND tupleElement(one, 1) = 'observation' AND tupleElement(one, 2) IN ('id', 'name'))`;
  return db.rows(
    clickhouse`
      SELECT trace_id AS traceId, kind, id,
        arrayFilter(
          one -> ${has(clickhouse`tupleElement(one, 4)`)} AND ${isNew},
          arrayConcat([${join(single, ', ')}], ${join(keyed, ', ')})) AS texts
      FROM observations
      ${rowsOfHits(scope, hits)}
      LIMIT 1 BY trace_id, kind, id`,
    options,
  );
}
