import type { ScoreCategory, ScoreConfigDataType } from '@tracehouse/contract/score-configs';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { json, type Sql, sql } from '../../stores/postgres/sql.ts';
import type { ProjectScope } from '../../stores/scope.ts';

export interface ScoreConfigRow {
  id: string;
  name: string;
  data_type: ScoreConfigDataType;
  is_archived: boolean;
  description: string | null;
  min_value: number | null;
  max_value: number | null;
  categories: ScoreCategory[] | null;
  created_at: Date;
  updated_at: Date;
}

const columns = sql`id, name, data_type, is_archived, description, min_value, max_value, categories, created_at, updated_at`;

export async function insertConfig(db: Postgres, scope: ProjectScope, row: ScoreConfigRow): Promise<void> {
  await db.rows(sql`
    INSERT INTO score_configs (project_id, ${columns})
    VALUES (${scope.projectId}, ${row.id}, ${row.name}, ${row.data_type}, ${row.is_archived}, ${row.description},
            ${row.min_value}, ${row.max_value}, ${jsonOrNull(row.categories)}, ${row.created_at}, ${row.updated_at})`);
}

/** Newest first. */
export const selectConfigs = (
  db: Postgres,
  scope: ProjectScope,
  { offset, limit }: { offset: number; limit: number },
): Promise<ScoreConfigRow[]> =>
  db.rows<ScoreConfigRow>(sql`
    SELECT ${columns}
    FROM score_configs
    WHERE project_id = ${scope.projectId}
    ORDER BY created_at DESC, id DESC
    LIMIT ${limit} OFFSET ${offset}`);

export async function countConfigs(db: Postgres, scope: ProjectScope): Promise<number> {
  const [row] = await db.rows<{ count: number }>(sql`
    SELECT count(*) AS count
    FROM score_configs
    WHERE project_id = ${scope.projectId}`);
  return row?.count ?? 0;
}

export const selectConfigsById = (
  db: Postgres,
  scope: ProjectScope,
  ids: readonly string[],
): Promise<ScoreConfigRow[]> => db.rows<ScoreConfigRow>(byId(scope, ids));

/** The same, held until the transaction ends. */
export async function lockConfig(tx: Postgres, scope: ProjectScope, id: string): Promise<ScoreConfigRow | null> {
  const [row] = await tx.rows<ScoreConfigRow>(sql`${byId(scope, [id])} FOR UPDATE`);
  return row ?? null;
}

const byId = ({ projectId }: ProjectScope, ids: readonly string[]): Sql => sql`
    SELECT ${columns}
    FROM score_configs
    WHERE project_id = ${projectId} AND id = ANY(${ids}::text[])`;

/** All but its id, type and creation. */
export async function updateConfig(db: Postgres, scope: ProjectScope, row: ScoreConfigRow): Promise<void> {
  await db.rows(sql`
    UPDATE score_configs
    SET name = ${row.name}, is_archived = ${row.is_archived}, description = ${row.description},
        min_value = ${row.min_value}, max_value = ${row.max_value}, categories = ${jsonOrNull(row.categories)},
        updated_at = ${row.updated_at}
    WHERE project_id = ${scope.projectId} AND id = ${row.id}`);
}

const jsonOrNull = (categories: ScoreCategory[] | null): string | null =>
  categories === null ? null : json(categories);
