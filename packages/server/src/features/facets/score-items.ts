import type { ClickHouse, QueryOptions } from '../../stores/clickhouse/clickhouse.ts';
import { clickhouse, type ClickHouseSql, string } from '../../stores/clickhouse/sql.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { currentScores } from '../filters/scores.ts';
import type { FacetField } from './field.ts';
import { type FacetItems, itemColumns } from './store.ts';

/**
 * Things with the names of their scores, or with the values of those of one name: what most of these are, a number (the average
 * where a thing has several), true or false, or a text. `owners` is what stands behind SELECT to list the things by their ids.
 */
export async function scoreItems(
  db: ClickHouse,
  scope: ProjectScope,
  { is, key }: FacetField,
  of: 'trace' | 'observation',
  owners: (read: ClickHouseSql) => ClickHouseSql,
  options: QueryOptions,
): Promise<FacetItems> {
  const ids = of === 'trace' ? clickhouse`trace_id` : clickhouse`trace_id, observation_id`;
  const scores = currentScores(scope, clickhouse`trace_id != ''`);
  const isOwner =
    of === 'trace'
      ? clickhouse`owner.trace_id = scored_trace`
      : clickhouse`owner.trace_id = scored_trace AND owner.id = scored_observation`;
  const scored =
    of === 'trace'
      ? clickhouse`trace_id AS scored_trace`
      : clickhouse`trace_id AS scored_trace, observation_id AS scored_observation`;
  const joined = (shown: 'value' | 'list' | 'number', value: ClickHouseSql, where: ClickHouseSql): FacetItems => ({
    is: shown,
    sql: clickhouse`
      SELECT scored.given AS ${itemColumns[shown]}
      FROM (SELECT ${owners(clickhouse`trace_id`)}) AS owner
      LEFT JOIN (SELECT ${scored}, ${value} AS given FROM ${scores} WHERE ${where} GROUP BY ${ids}) AS scored
      ON ${isOwner}`,
  });
  if (is === 'scores') return joined('list', clickhouse`groupUniqArray(toString(name))`, clickhouse`true`);
  const named = clickhouse`name = ${string(key)}`;
  const [commonest] = await db.rows<{ type: string }>(
    clickhouse`
      SELECT multiIf(data_type IN ('NUMERIC', 'BOOLEAN'), data_type, 'TEXT') AS type
      FROM ${scores} WHERE ${named}
      GROUP BY type ORDER BY count() DESC, type LIMIT 1`,
    options,
  );
  if (commonest?.type === 'NUMERIC') {
    return joined(
      'number',
      clickhouse`toNullable(avg(value))`,
      clickhouse`${named} AND data_type IN ('NUMERIC', 'BOOLEAN')`,
    );
  }
  if (commonest?.type === 'BOOLEAN') {
    const truth = clickhouse`groupUniqArray(if(value = 1, 'true', 'false'))`;
    return joined('list', truth, clickhouse`${named} AND data_type = 'BOOLEAN'`);
  }
  const text = clickhouse`arrayFilter(one -> one != '', groupUniqArray(string_value))`;
  return joined('list', text, clickhouse`${named} AND data_type NOT IN ('NUMERIC', 'BOOLEAN')`);
}
