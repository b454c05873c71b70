import type { PageMeta, PageQuery } from '@tracehouse/contract/pagination';
import {
  type CreateScoreConfig,
  EMPTY_RANGE,
  isEmptyRange,
  type ScoreConfig,
  type ScoreConfigDataType,
  type UpdateScoreConfig,
} from '@tracehouse/contract/score-configs';
import { InvalidRequestError, NotFoundError } from '../../http/errors.ts';
import { type Actor, recordAudit } from '../../identity/audit/audit.ts';
import type { Epochs } from '../../stores/epochs.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { createConfigCache } from './cache.ts';
import {
  countConfigs,
  insertConfig,
  lockConfig,
  type ScoreConfigRow,
  selectConfigs,
  selectConfigsById,
  updateConfig,
} from './store.ts';

export type ScoreConfigs = ReturnType<typeof createScoreConfigs>;

export function createScoreConfigs({
  postgres,
  epochs,
  now,
  newId,
}: {
  postgres: Postgres;
  epochs: Epochs;
  now: () => Date;
  newId: () => string;
}) {
  const cache = createConfigCache({ epochs, now });

  return {
    async list(scope: ProjectScope, { page, limit }: PageQuery): Promise<{ data: ScoreConfig[]; meta: PageMeta }> {
      const [rows, totalItems] = await Promise.all([
        selectConfigs(postgres, scope, { offset: (page - 1) * limit, limit }),
        countConfigs(postgres, scope),
      ]);
      return {
        data: rows.map((row) => toWire(scope, row)),
        meta: { page, limit, totalItems, totalPages: Math.ceil(totalItems / limit) },
      };
    },

    /** @throws NotFoundError */
    async get(scope: ProjectScope, id: string): Promise<ScoreConfig> {
      const [row] = await selectConfigsById(postgres, scope, [id]);
      if (!row) throw notFound();
      return toWire(scope, row);
    },

    async create(scope: ProjectScope, actor: Actor, given: CreateScoreConfig): Promise<ScoreConfig> {
      const at = now();
      const row: ScoreConfigRow = {
        id: newId(),
        name: given.name,
        data_type: given.dataType,
        is_archived: false,
        description: given.description ?? null,
        min_value: given.dataType === 'NUMERIC' ? (given.minValue ?? null) : null,
        max_value: given.dataType === 'NUMERIC' ? (given.maxValue ?? null) : null,
        categories: categoriesOf(given),
        created_at: at,
        updated_at: at,
      };
      await postgres.transaction(async (tx) => {
        await insertConfig(tx, scope, row);
        await recordAudit(tx, actor, at, { ...entryOf(scope, row.id), action: 'create', after: toWire(scope, row) });
      });
      await cache.forget(scope);
      return toWire(scope, row);
    },

    /** @throws NotFoundError; InvalidRequestError when the config would no longer be one of its type */
    async update(scope: ProjectScope, actor: Actor, id: string, update: UpdateScoreConfig): Promise<ScoreConfig> {
      const row = await postgres.transaction(async (tx) => {
        const known = await lockConfig(tx, scope, id);
        if (!known) throw notFound();
        const at = now();
        const changed = { ...changedBy(known, update), updated_at: at };
        await updateConfig(tx, scope, changed);
        const [before, after] = [toWire(scope, known), toWire(scope, changed)];
        await recordAudit(tx, actor, at, { ...entryOf(scope, id), action: 'update', before, after });
        return changed;
      });
      await cache.forget(scope);
      return toWire(scope, row);
    },

    /** Those of the ids that there are, by id, as they are now; for the doors of ingestion. */
    async find(scope: ProjectScope, ids: readonly string[]): Promise<ReadonlyMap<string, ScoreConfig>> {
      const possible = ids.filter((id) => id.length <= MAX_ID_LENGTH);
      const rows = await cache.get(scope, possible, (missing) => selectConfigsById(postgres, scope, missing));
      return new Map(rows.map((row) => [row.id, toWire(scope, row)]));
    },
  };
}

const entryOf = (scope: ProjectScope, id: string) => ({ place: scope, objectType: 'scoreConfig', objectId: id });

/** Longer than any there is, so that no memory is filled with what cannot be. */
const MAX_ID_LENGTH = 100;

/** The wire's sentence. */
const notFound = (): NotFoundError => new NotFoundError('Score config not found within authorized project');

/** S4.4: what a boolean may be is not for the project to say. */
const booleans = [
  { label: 'True', value: 1 },
  { label: 'False', value: 0 },
];

function categoriesOf(given: CreateScoreConfig): ScoreConfigRow['categories'] {
  if (given.dataType === 'BOOLEAN') return booleans;
  return given.dataType === 'CATEGORICAL' ? given.categories : null;
}

const hasNone = (dataType: ScoreConfigDataType, what: string): InvalidRequestError =>
  new InvalidRequestError(`A score config of type ${dataType} has no ${what}`);

function changedBy(known: ScoreConfigRow, update: UpdateScoreConfig): ScoreConfigRow {
  const { name, description, isArchived, minValue, maxValue, categories } = update;
  if (known.data_type !== 'NUMERIC' && (typeof minValue === 'number' || typeof maxValue === 'number')) {
    throw hasNone(known.data_type, 'minimum and maximum');
  }
  if (categories && known.data_type === 'BOOLEAN') throw hasNone(known.data_type, 'categories but True and False');
  if (categories && known.data_type !== 'CATEGORICAL') throw hasNone(known.data_type, 'categories');
  const row: ScoreConfigRow = {
    ...known,
    ...(name && { name }),
    ...(description !== undefined && { description }),
    ...(typeof isArchived === 'boolean' && { is_archived: isArchived }),
    ...(minValue !== undefined && { min_value: minValue }),
    ...(maxValue !== undefined && { max_value: maxValue }),
    ...(categories && { categories }),
  };
  if (isEmptyRange(row.min_value, row.max_value)) throw new InvalidRequestError(EMPTY_RANGE);
  return row;
}

const toWire = ({ projectId }: ProjectScope, row: ScoreConfigRow): ScoreConfig => ({
  id: row.id,
  name: row.name,
  isArchived: row.is_archived,
  description: row.description,
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
  projectId,
  dataType: row.data_type,
  minValue: row.min_value,
  maxValue: row.max_value,
  categories: row.categories,
});
