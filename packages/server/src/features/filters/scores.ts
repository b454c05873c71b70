import type { Condition } from '@tracehouse/contract/filter';
import { InvalidRequestError } from '../../http/errors.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { type ClickHouseSql, anyOf, clickhouse, float, string } from '../../stores/clickhouse/sql.ts';
import { compare, type FilterColumn, not, nullSql } from './column.ts';

/** As a table expression: the newest version of each score of the project that `where` chooses. */
export const currentScores = (scope: ProjectScope, where: ClickHouseSql): ClickHouseSql =>
  clickhouse`(
    SELECT trace_id, observation_id, name, data_type, value, string_value
    FROM (
      SELECT id, trace_id, observation_id, name, data_type, value, string_value, row_version, is_deleted
      FROM scores
      WHERE project_id = ${string(scope.projectId)} AND ${where}
      ORDER BY row_version DESC
      LIMIT 1 BY id
    )
    WHERE is_deleted = 0
  )`;

/**
 * Scores by name, joined by id: of a trace all that name it, of an observation those that name it too. A trace or
 * observation without a score of that name satisfies no comparison; `none of` and `<>` are true for it.
 */
export function scoresColumn(scope: ProjectScope, of: 'trace' | 'observation'): FilterColumn {
  // Inside lists the trace's id is `trace_id` and the observation's `id`.
  const owner = of === 'trace' ? clickhouse`trace_id` : clickhouse`(trace_id, id)`;
  const key = of === 'trace' ? clickhouse`trace_id` : clickhouse`(trace_id, observation_id)`;
  const ownerIn = (where: ClickHouseSql, having = clickhouse`true`): ClickHouseSql =>
    clickhouse`${owner} IN (
      SELECT ${key} FROM ${currentScores(scope, clickhouse`trace_id != ''`)} WHERE ${where}
      GROUP BY trace_id, observation_id, name HAVING ${having})`;
  const averageIn = (name: ClickHouseSql, having: ClickHouseSql): ClickHouseSql =>
    clickhouse`${owner} IN (
      SELECT ${key} FROM ${currentScores(scope, clickhouse`trace_id != ''`)}
      WHERE name = ${name} AND data_type IN ('NUMERIC', 'BOOLEAN')
      GROUP BY ${of === 'trace' ? clickhouse`trace_id` : clickhouse`trace_id, observation_id`} HAVING ${having})`;
  return (condition: Condition) => {
    switch (condition.type) {
      case 'numberObject':
        return averageIn(
          string(condition.key),
          compare(clickhouse`avg(value)`, condition.operator, float(condition.value)),
        );
      case 'categoryOptions': {
        const one = ownerIn(
          clickhouse`name = ${string(condition.key)} AND data_type != 'BOOLEAN' AND string_value IN ${anyOf(condition.value)}`,
        );
        return condition.operator === 'none of' ? not(one) : one;
      }
      case 'booleanObject': {
        const one = ownerIn(
          clickhouse`name = ${string(condition.key)} AND data_type = 'BOOLEAN' AND value = ${float(condition.value ? 1 : 0)}`,
        );
        return condition.operator === '<>' ? not(one) : one;
      }
      case 'null':
        return nullSql(
          condition,
          not(ownerIn(condition.key === undefined ? clickhouse`true` : clickhouse`name = ${string(condition.key)}`)),
        );
      default:
        throw new InvalidRequestError(
          `Column ${condition.column} takes a score's name and its value, not a condition of type ${condition.type}.`,
        );
    }
  };
}
