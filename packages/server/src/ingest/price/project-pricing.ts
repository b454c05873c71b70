import { createEpochCache } from '../../stores/epoch-cache.ts';
import type { Epochs } from '../../stores/epochs.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import type { ObservationRow } from '../observation.ts';
import { createBuiltInPrices } from './built-in-prices.ts';
import { createOwnPrices, type OwnModel } from './own-models.ts';
import { createPricing, type Pricing } from './pricing.ts';
import type { TokenCounts } from './token-counts.ts';

/** What the epochs count of a project here. */
const subjectOf = ({ projectId }: ProjectScope): string => `models:${projectId}`;
const MAX_PROJECTS = 1_000;

/** USD a unit by usage type, of each model's default tier. */
export type ListedPrices = ReadonlyMap<string, Readonly<Record<string, number>>>;

interface Entry {
  pricing: Pricing;
  models: readonly OwnModel[];
  listed: ListedPrices;
}

export type ProjectPricing = ReturnType<typeof createProjectPricing>;

/** How the calls of each project are priced: its own models first, then the built-in ones. */
export function createProjectPricing({
  readModels,
  counts,
  epochs,
  now,
}: {
  counts: TokenCounts;
  readModels(scope: ProjectScope): Promise<OwnModel[]>;
  epochs: Epochs;
  now: () => Date;
}) {
  const builtIn = createBuiltInPrices();
  const withoutOwn = createPricing({ books: [builtIn], counts });
  const projects = createEpochCache<Entry>({ epochs, now, maxEntries: MAX_PROJECTS });

  async function entryOf(scope: ProjectScope): Promise<Entry> {
    const { projectId } = scope;
    const cached = await projects.at(subjectOf(scope));
    const known = cached.get(projectId);
    if (known) return known;
    const models = await readModels(scope);
    const pricing =
      models.length === 0 ? withoutOwn : createPricing({ books: [createOwnPrices(models), builtIn], counts });
    const entry = { pricing, models, listed: listedPrices(models) };
    cached.put(projectId, entry);
    return entry;
  }

  return {
    /**
     * To be asked for each request, before it asks what was deleted: prices that change after that do not count for it. Tokens
     * of calls that report no usage are counted meanwhile, which takes 3 s at the most (`waitMs`).
     */
    async of(
      scope: ProjectScope,
      calls: readonly ObservationRow[],
      { waitMs }: { waitMs?: number } = {},
    ): Promise<Pricing> {
      const { pricing } = await entryOf(scope);
      const uncounted = calls.flatMap((texts) => {
        const tokenizer = pricing.tokenizerOf(texts);
        return tokenizer ? [{ texts, tokenizer }] : [];
      });
      if (uncounted.length === 0) return pricing;
      await counts.count(scope.projectId, uncounted, waitMs === undefined ? {} : { waitMs });
      return (await entryOf(scope)).pricing;
    },

    /** The project's own. */
    models: async (scope: ProjectScope): Promise<readonly OwnModel[]> => (await entryOf(scope)).models,

    /** Of the project's own models: v1 reads show their default tier, whichever was charged. */
    listed: async (scope: ProjectScope): Promise<ListedPrices> => (await entryOf(scope)).listed,

    /** To be called when a project's models have changed, before that is acknowledged. */
    changed: (scope: ProjectScope): Promise<void> => projects.forget(subjectOf(scope)),
  };
}

const listedPrices = (models: readonly OwnModel[]): ListedPrices =>
  new Map(models.map(({ id, pricingTiers }) => [id, pricingTiers.find(({ isDefault }) => isDefault)?.prices ?? {}]));
