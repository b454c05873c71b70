import type { Model, NewModel, PricingTier } from '@tracehouse/contract/models';
import type { PageMeta, PageQuery } from '@tracehouse/contract/pagination';
import type { Job, NewRecalculation } from '@tracehouse/contract/x-jobs';
import type { CalledModel, ListedModel, MatchAnswer, MatchQuestion } from '@tracehouse/contract/x-models';
import { ConflictError, InvalidRequestError, NotFoundError } from '../../http/errors.ts';
import { type Actor, recordAudit } from '../../identity/audit/audit.ts';
import { emptyRow } from '../../ingest/observation.ts';
import { compilePattern, MAX_NAME_LENGTH, PatternError } from '../../ingest/price/pattern.ts';
import type { ProjectPricing } from '../../ingest/price/project-pricing.ts';
import { providerOfModel } from '../../ingest/conventions/provider.ts';
import type { ClickHouse } from '../../stores/clickhouse/clickhouse.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { nextTurn } from '../../turns.ts';
import { toMicros } from '../filters/time.ts';
import type { Jobs } from '../jobs/service.ts';
import { builtInModels } from './built-in.ts';
import { selectNamedCalls } from './calls-store.ts';
import {
  countModels,
  deleteModelRow,
  insertModel,
  lockModel,
  type ModelRow,
  selectModels,
  updateModelRow,
} from './store.ts';

/** Each new model name is matched with all of them. */
const MAX_MODELS = 1_000;
/** Names of calls are told of so many days. */
const CALLED_MS = 30 * 86_400_000;

export type Models = ReturnType<typeof createModels>;

export function createModels({
  postgres,
  clickhouse,
  pricing,
  jobs,
  now,
  newId,
}: {
  postgres: Postgres;
  clickhouse: ClickHouse;
  pricing: Pick<ProjectPricing, 'changed' | 'of'>;
  jobs: Pick<Jobs, 'start'>;
  now: () => Date;
  newId: () => string;
}) {
  return {
    /** By name, unit and start date, the newest first (S3.7); built-in ones among the project's. */
    async list(scope: ProjectScope, { page, limit }: PageQuery): Promise<{ data: Model[]; meta: PageMeta }> {
      const own = await selectModels(postgres, scope);
      const all = [...own.map(toWire), ...(await builtInModels(now()))].toSorted(inOrder);
      const data = all.slice((page - 1) * limit, page * limit);
      return { data, meta: { page, limit, totalItems: all.length, totalPages: Math.ceil(all.length / limit) } };
    },

    /** The project's own first. */
    async listAll(scope: ProjectScope): Promise<{ data: ListedModel[] }> {
      const own = (await selectModels(postgres, scope)).map(toWire);
      return { data: [...own.toSorted(inOrder), ...(await builtInModels(now())).toSorted(inOrder)].map(toListed) };
    },

    /** @throws NotFoundError */
    async get(scope: ProjectScope, id: string): Promise<Model> {
      const own = (await selectModels(postgres, scope)).find((model) => model.id === id);
      const model = own ? toWire(own) : (await builtInModels(now())).find((builtIn) => builtIn.id === id);
      if (!model) throw new NotFoundError('No model with this id found.');
      return model;
    },

    /** @throws InvalidRequestError for a pattern we cannot run, or a name that is taken; ConflictError when there are too many */
    async create(scope: ProjectScope, actor: Actor, model: NewModel): Promise<Model> {
      checkPatterns(model);
      if ((await countModels(postgres, scope)) >= MAX_MODELS) {
        throw new ConflictError(`The project has ${MAX_MODELS} models, which is the limit: delete one first`);
      }
      const row = toRow(newId(), now(), newId, model);
      await postgres.transaction(async (tx) => {
        const inserted = await insertModel(tx, scope, row);
        if (!inserted) throw new InvalidRequestError(`Model name '${model.modelName}' already exists in project`);
        await recordAudit(tx, actor, now(), { ...entryOf(scope, row.id), action: 'create', after: toWire(row) });
      });
      await pricing.changed(scope);
      return toWire(row);
    },

    /** @throws NotFoundError when the project itself has no such model, and as `create` */
    async update(scope: ProjectScope, actor: Actor, id: string, model: NewModel): Promise<Model> {
      checkPatterns(model);
      const changed = await postgres.transaction(async (tx) => {
        const known = await lockModel(tx, scope, id);
        if (!known) throw new NotFoundError('No model of this project with this id found.');
        const row = toRow(id, known.createdAt, newId, model);
        if (!(await updateModelRow(tx, scope, row))) {
          throw new InvalidRequestError(`Model name '${model.modelName}' already exists in project`);
        }
        const entry = { ...entryOf(scope, id), action: 'update', before: toWire(known), after: toWire(row) };
        await recordAudit(tx, actor, now(), entry);
        return row;
      });
      await pricing.changed(scope);
      return toWire(changed);
    },

    /** What the doors would say of calls with these names now. */
    async match(scope: ProjectScope, { matchPattern, names }: MatchQuestion): Promise<MatchAnswer> {
      let problem: string | null = null;
      let pattern: ReturnType<typeof compilePattern> | null = null;
      try {
        pattern = matchPattern ? compilePattern(matchPattern) : null;
      } catch (error) {
        if (!(error instanceof PatternError)) throw error;
        problem = refusalOf('matchPattern', error);
      }
      const startTime = now().getTime() * 1000;
      const { projectId } = scope;
      const { priceRow } = await pricing.of(scope, []);
      const own = new Map((await selectModels(postgres, scope)).map((model) => [model.id, model.modelName]));
      const builtIn = new Map((await builtInModels(now())).map((model) => [model.id, model.modelName]));
      const data: MatchAnswer['data'] = [];
      for (const name of names) {
        const call = emptyRow({ projectId, kind: 'observation', id: '', traceId: '', startTime, source: 'ui' });
        const { modelId: id } = priceRow({ ...call, model: name, provider: providerOfModel(name) });
        data.push({
          name,
          matches: name.length <= MAX_NAME_LENGTH && pattern !== null && pattern.test(name),
          pricedBy: id === '' ? null : { id, modelName: own.get(id) ?? builtIn.get(id) ?? id, isBuiltIn: !own.has(id) },
        });
        await nextTurn();
      }
      return { problem, data };
    },

    /** Of the last 30 days, those without a price first. */
    async called(scope: ProjectScope, limit: number, signal: AbortSignal): Promise<{ data: CalledModel[] }> {
      const from = (now().getTime() - CALLED_MS) * 1000;
      const rows = await selectNamedCalls(clickhouse, scope, { from, limit }, { signal });
      return {
        data: rows.map(({ model, calls, unpriced, last }) => ({
          model,
          calls,
          unpricedCalls: unpriced,
          lastCallAt: last,
        })),
      };
    },

    /** @throws ConflictError while one runs for the model */
    recalculate: (scope: ProjectScope, actor: Actor, { modelId, from }: NewRecalculation): Promise<Job> =>
      jobs.start(
        scope,
        actor,
        {
          kind: 'models.recalculate',
          subject: modelId,
          payload: { modelId, from: from === null || from === undefined ? null : toMicros(from) },
        },
        'A recalculation for this model',
      ),

    /** @throws NotFoundError when the project itself has no such model */
    async delete(scope: ProjectScope, actor: Actor, id: string): Promise<void> {
      await postgres.transaction(async (tx) => {
        const row = await deleteModelRow(tx, scope, id);
        if (!row) {
          throw new NotFoundError(
            'No model with this id found. Note: You cannot delete built-in models, override them with a model with the same name.',
          );
        }
        await recordAudit(tx, actor, now(), { ...entryOf(scope, id), action: 'delete', before: toWire(row) });
      });
      await pricing.changed(scope);
    },
  };
}

const entryOf = (scope: ProjectScope, id: string) => ({ place: scope, objectType: 'model', objectId: id });

/** @throws InvalidRequestError */
function checkPatterns({ matchPattern, pricingTiers }: NewModel): void {
  checkPattern('matchPattern', matchPattern);
  for (const { conditions } of pricingTiers ?? []) {
    for (const condition of conditions) {
      if ('usageDetailPattern' in condition) checkPattern('usageDetailPattern', condition.usageDetailPattern);
    }
  }
}

function checkPattern(field: string, pattern: string): void {
  try {
    compilePattern(pattern);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    throw new InvalidRequestError(refusalOf(field, error), { cause: error });
  }
}

const refusalOf = (field: string, { isSyntax, message }: PatternError): string =>
  isSyntax
    ? `${field} is not a valid regex pattern (Postgres)`
    : `${field} is not a pattern this server runs (RE2, no look-around or back-references): ${message}`;

const toRow = (id: string, createdAt: Date, newId: () => string, model: NewModel): ModelRow => ({
  id,
  modelName: model.modelName,
  matchPattern: model.matchPattern,
  startDate: model.startDate ?? null,
  unit: model.unit,
  tokenizerId: model.tokenizerId ?? null,
  tokenizerConfig: model.tokenizerConfig ?? null,
  pricingTiers: model.pricingTiers?.map((tier) => ({ id: newId(), ...tier })) ?? [flatTier(id, model)],
  createdAt,
});

/** S3.7: flat prices are one tier. */
function flatTier(modelId: string, { inputPrice, outputPrice, totalPrice }: NewModel): PricingTier {
  const prices = Object.entries({ input: inputPrice, output: outputPrice, total: totalPrice }).flatMap(
    ([usageType, price]): [string, number][] => (price === null || price === undefined ? [] : [[usageType, price]]),
  );
  return {
    id: `${modelId}_tier_default`,
    name: 'Standard',
    isDefault: true,
    priority: 0,
    conditions: [],
    prices: Object.fromEntries(prices),
  };
}

function toWire({ id, createdAt, startDate, pricingTiers, ...model }: ModelRow): Model {
  const prices = pricingTiers.find(({ isDefault }) => isDefault)?.prices ?? {};
  return {
    id,
    createdAt: createdAt.toISOString(),
    modelName: model.modelName,
    matchPattern: model.matchPattern,
    startDate: startDate?.toISOString() ?? null,
    tokenizerId: model.tokenizerId,
    tokenizerConfig: model.tokenizerConfig,
    unit: model.unit,
    inputPrice: prices['input'] ?? null,
    outputPrice: prices['output'] ?? null,
    totalPrice: prices['total'] ?? null,
    prices: Object.fromEntries(Object.entries(prices).map(([usageType, price]) => [usageType, { price }])),
    isLangfuseManaged: false,
    pricingTiers: pricingTiers.toSorted((a, b) => a.priority - b.priority),
  };
}

const toListed = ({ pricingTiers, isLangfuseManaged, ...model }: Model): ListedModel => ({
  id: model.id,
  modelName: model.modelName,
  matchPattern: model.matchPattern,
  startDate: model.startDate,
  unit: model.unit,
  tokenizerId: model.tokenizerId,
  isBuiltIn: isLangfuseManaged,
  prices: pricingTiers.find(({ isDefault }) => isDefault)?.prices ?? {},
  tiers: pricingTiers.map(({ name }) => name),
});

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function inOrder(a: Model, b: Model): number {
  const start = ({ startDate }: Model): number => (startDate === null ? -Infinity : Date.parse(startDate));
  return (
    compareText(a.modelName, b.modelName) ||
    compareText(a.unit ?? '', b.unit ?? '') ||
    start(b) - start(a) ||
    Number(a.isLangfuseManaged) - Number(b.isLangfuseManaged) ||
    compareText(a.id, b.id)
  );
}
