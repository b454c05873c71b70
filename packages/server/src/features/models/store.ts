import type { ModelUnit, PricingTier } from '@tracehouse/contract/models';
import type { OwnModel } from '../../ingest/price/own-models.ts';
import { type Postgres, PostgresError } from '../../stores/postgres/postgres.ts';
import { json, sql } from '../../stores/postgres/sql.ts';
import type { ProjectScope } from '../../stores/scope.ts';

/** A model of a project as it is kept. */
export interface ModelRow extends OwnModel {
  unit: ModelUnit;
}

interface Columns {
  id: string;
  model_name: string;
  match_pattern: string;
  start_date: Date | null;
  unit: ModelUnit;
  tokenizer_id: string | null;
  tokenizer_config: Record<string, unknown> | null;
  pricing_tiers: PricingTier[];
  created_at: Date;
}

const columns = sql`
  id, model_name, match_pattern, start_date, unit, tokenizer_id, tokenizer_config, pricing_tiers, created_at`;

const toRow = (row: Columns): ModelRow => ({
  id: row.id,
  modelName: row.model_name,
  matchPattern: row.match_pattern,
  startDate: row.start_date,
  unit: row.unit,
  tokenizerId: row.tokenizer_id,
  tokenizerConfig: row.tokenizer_config,
  pricingTiers: row.pricing_tiers,
  createdAt: row.created_at,
});

/** All of the project, in the order of the list (S3.7). */
export async function selectModels(db: Postgres, scope: ProjectScope): Promise<ModelRow[]> {
  const rows = await db.rows<Columns>(sql`
    SELECT ${columns}
    FROM models
    WHERE project_id = ${scope.projectId}
    ORDER BY model_name, unit, start_date DESC NULLS LAST, id`);
  return rows.map(toRow);
}

/** One of the project, held until the transaction ends. */
export async function lockModel(tx: Postgres, scope: ProjectScope, id: string): Promise<ModelRow | null> {
  const [row] = await tx.rows<Columns>(sql`
    SELECT ${columns} FROM models WHERE project_id = ${scope.projectId} AND id = ${id} FOR UPDATE`);
  return row ? toRow(row) : null;
}

/** How many the project has. */
export async function countModels(db: Postgres, scope: ProjectScope): Promise<number> {
  const [row] = await db.rows<{ models: number }>(sql`
    SELECT count(*)::int AS models FROM models WHERE project_id = ${scope.projectId}`);
  return row?.models ?? 0;
}

/** False when the name is taken. */
export async function insertModel(db: Postgres, scope: ProjectScope, model: ModelRow): Promise<boolean> {
  const rows = await db.rows(sql`
    INSERT INTO models (id, project_id, model_name, match_pattern, start_date, unit, tokenizer_id, tokenizer_config,
      pricing_tiers, created_at)
    VALUES (${model.id}, ${scope.projectId}, ${model.modelName}, ${model.matchPattern}, ${model.startDate}, ${model.unit},
      ${model.tokenizerId}, ${model.tokenizerConfig === null ? null : json(model.tokenizerConfig)},
      ${json(model.pricingTiers)}, ${model.createdAt})
    ON CONFLICT (project_id, model_name) DO NOTHING
    RETURNING id`);
  return rows.length > 0;
}

/** False when another model of the project has the name. */
export async function updateModelRow(db: Postgres, scope: ProjectScope, model: ModelRow): Promise<boolean> {
  try {
    await db.rows(sql`
      UPDATE models
      SET model_name = ${model.modelName}, match_pattern = ${model.matchPattern}, start_date = ${model.startDate},
        unit = ${model.unit}, tokenizer_id = ${model.tokenizerId},
        tokenizer_config = ${model.tokenizerConfig === null ? null : json(model.tokenizerConfig)},
        pricing_tiers = ${json(model.pricingTiers)}
      WHERE project_id = ${scope.projectId} AND id = ${model.id}`);
    return true;
  } catch (error) {
    if (error instanceof PostgresError && error.code === UNIQUE_VIOLATION) return false;
    throw error;
  }
}

const UNIQUE_VIOLATION = '23505';

/** What it was; null when the project has no such model. */
export async function deleteModelRow(db: Postgres, scope: ProjectScope, id: string): Promise<ModelRow | null> {
  const [row] = await db.rows<Columns>(sql`
    DELETE FROM models WHERE project_id = ${scope.projectId} AND id = ${id} RETURNING ${columns}`);
  return row ? toRow(row) : null;
}
