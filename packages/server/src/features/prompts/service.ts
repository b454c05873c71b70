import {
  type CreatePrompt,
  NEWEST_LABEL,
  type Prompt,
  type PromptMeta,
  type PromptsQuery,
} from '@tracehouse/contract/prompts';
import type { PageMeta } from '@tracehouse/contract/pagination';
import { ApiError, ConflictError, InvalidRequestError, NotFoundError } from '../../http/errors.ts';
import { recordAudit } from '../../identity/audit/audit.ts';
import type { Epochs } from '../../stores/epochs.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { ambiguousNames, compose, CompositionError, lookUp, referencesIn } from './composition.ts';
import { createFetches, type Fetched, isVersion, type Wanted } from './fetches.ts';
import { createLabels } from './labels.ts';
import { type LabelTests, noTests } from './label-tests.ts';
import { checkProtected, type Editor } from './protection.ts';
import {
  countNames,
  deleteName,
  deleteVersions,
  insertVersion,
  lockPrompts,
  selectDependents,
  selectLabels,
  selectMetas,
  selectName,
  selectVersion,
  selectVersions,
  touchVersions,
  upsertLabels,
  upsertName,
  type VersionRow,
} from './store.ts';
import { toWire } from './wire.ts';

// What A/B tests need of prompts, and prompts of A/B tests.
export type { LabelTests, OpenTest } from './label-tests.ts';
export type { Editor } from './protection.ts';

export type Prompts = ReturnType<typeof createPrompts>;

export function createPrompts({
  postgres,
  epochs,
  tests = noTests,
  now,
  newId,
  draw = Math.random,
}: {
  postgres: Postgres;
  epochs: Epochs;
  tests?: LabelTests;
  now: () => Date;
  newId: () => string;
  /** From 0 up to and without 1: which arm a fetch without a key gets. */
  draw?: () => number;
}) {
  const fetches = createFetches({ postgres, epochs, tests, now, draw });
  const labels = createLabels({ tests });
  const { forget } = fetches;

  /** One after the other in a project, and seen by every fetch that begins after it is acknowledged. */
  async function change<Result>(
    scope: ProjectScope,
    work: (tx: Postgres, at: Date) => Promise<Result>,
  ): Promise<Result> {
    const done = postgres.transaction(async (tx) => {
      await lockPrompts(tx, scope);
      return work(tx, now());
    });
    // Of a commit whose answer was lost nobody knows whether it was one.
    const result = await done.catch(async (error: unknown) => {
      if (!(error instanceof ApiError)) await forget(scope);
      throw error;
    });
    await forget(scope);
    return result;
  }

  /** In a transaction that holds the prompts. `expectedLatest` undefined: whatever there is. @throws ApiError */
  async function add(
    tx: Postgres,
    scope: ProjectScope,
    { actor, ...may }: Editor,
    at: Date,
    given: NewVersion,
    expectedLatest?: number | null,
  ): Promise<VersionRow> {
    const { name, type, prompt } = given;
    const known = await selectName(tx, scope, name);
    if (expectedLatest !== undefined && expectedLatest !== (known?.newest ?? null)) throw newerVersion(known?.newest);
    if (known && known.type !== type) {
      throw new InvalidRequestError(
        'Previous versions have different prompt type. Create a new prompt with a different name.',
      );
    }
    await checkProtected(tx, scope, may, given.labels);
    const version = (known?.newest ?? 0) + 1;
    await checkComposition(tx, scope, { name, prompt });
    const tags = given.tags ? [...new Set(given.tags)] : (known?.tags ?? []);
    const changesTags = known !== null && JSON.stringify(known.tags) !== JSON.stringify(tags);
    if (!known || changesTags) await upsertName(tx, scope, { name, type, tags });
    if (changesTags) await touchVersions(tx, scope, name, at, null);
    const row = {
      id: newId(),
      name,
      version,
      prompt,
      config: given.config ?? {},
      commit_message: given.commitMessage ?? null,
      created_by: actor.kind === 'person' ? actor.id : null,
      created_at: at,
      updated_at: at,
    };
    await insertVersion(tx, scope, row, referencesIn(prompt));
    const pointing = [...new Set([...given.labels, NEWEST_LABEL])];
    const moved = await labels.point(tx, scope, actor, at, { name, version }, pointing);
    await recordAudit(tx, actor, at, {
      ...entryOf(scope, name),
      action: 'create',
      ...(moved.length > 0 && {
        before: { labels: Object.fromEntries(moved.map(({ label, from }) => [label, from])) },
      }),
      after: { version, type, labels: pointing, tags, commitMessage: row.commit_message },
    });
    return { ...row, type, tags, labels: pointing };
  }

  /** @throws NotFoundError, InvalidRequestError while other prompts include it, ForbiddenError */
  async function remove(
    tx: Postgres,
    scope: ProjectScope,
    { actor, ...may }: Editor,
    at: Date,
    { name, version, label }: Selection,
  ): Promise<void> {
    const all = await selectVersions(tx, scope, name);
    const gone = all.filter(
      (row) =>
        (version === undefined || row.version === version) && (label === undefined || row.labels.includes(label)),
    );
    if (gone.length === 0) throw new NotFoundError('Prompt not found');
    const pointing = gone.flatMap((row) => row.labels);
    const numbers = gone.map((row) => row.version);
    const dependents = (await selectDependents(tx, scope, name)).filter(
      ({ child_label, child_version }) =>
        (child_label !== null && pointing.includes(child_label)) ||
        (child_version !== null && numbers.includes(child_version)),
    );
    if (dependents.length > 0) {
      const lines = dependents.map(
        (one) => `${one.name} v${one.version} depends on ${name} ${one.child_label ?? `v${one.child_version}`}`,
      );
      throw new InvalidRequestError(
        `Other prompts are depending on prompt versions you are trying to delete:\n\n${lines.join('\n')}\n\nPlease delete the dependent prompts first.`,
      );
    }
    await checkProtected(tx, scope, may, pointing);
    await tests.versionsDeleted(tx, scope, actor, at, { name, versions: numbers });
    await deleteVersions(tx, scope, name, numbers);
    const left = all.filter((row) => !gone.includes(row));
    const newest = left.at(-1);
    if (!newest) await deleteName(tx, scope, name);
    else if (!newest.labels.includes(NEWEST_LABEL)) {
      await upsertLabels(tx, scope, newest, [...newest.labels, NEWEST_LABEL]);
      await touchVersions(tx, scope, name, at, [newest.version]);
    }
    await recordAudit(
      tx,
      actor,
      at,
      ...gone.map((row) => ({
        ...entryOf(scope, name),
        action: 'delete',
        before: { version: row.version, type: row.type, labels: row.labels, tags: row.tags },
      })),
    );
  }

  return {
    /** @throws InvalidRequestError when both a version and a label are asked for */
    fetch(scope: ProjectScope, wanted: Wanted): Promise<Fetched> {
      if (wanted.version !== undefined && wanted.label !== undefined) throw bothGiven();
      return fetches.fetch(scope, wanted);
    },

    /** The ids of the versions of these names, by number. */
    idsOf: fetches.idsOf,

    async list(
      scope: ProjectScope,
      { page, limit, fromUpdatedAt, toUpdatedAt, ...filter }: PromptsQuery,
    ): Promise<{ data: PromptMeta[]; meta: PageMeta; pagination: PageMeta }> {
      const range = { from: dateOrNull(fromUpdatedAt), to: dateOrNull(toUpdatedAt) };
      const wanted = { ...filter, ...range };
      const [rows, totalItems] = await Promise.all([
        selectMetas(postgres, scope, wanted, { offset: (page - 1) * limit, limit }),
        countNames(postgres, scope, wanted),
      ]);
      const meta = { page, limit, totalItems, totalPages: Math.ceil(totalItems / limit) };
      const data = rows.map((row) => ({
        name: row.name,
        type: row.type,
        versions: row.versions,
        labels: row.labels,
        tags: row.tags,
        lastUpdatedAt: row.last_updated_at.toISOString(),
        lastConfig: row.last_config,
      }));
      return { data, meta, pagination: meta };
    },

    /** @throws InvalidRequestError, ForbiddenError for a protected label */
    async create(
      scope: ProjectScope,
      by: Editor,
      given: CreatePrompt,
      { saysActive = false }: { saysActive?: boolean } = {},
    ): Promise<Prompt> {
      const row = await change(scope, (tx, at) => add(tx, scope, by, at, toNewVersion(given)));
      return toWire(scope, row, { saysActive });
    },

    /** Points labels to a version; those it has stay. @throws NotFoundError, ForbiddenError for a protected label */
    async label(
      scope: ProjectScope,
      { actor, ...may }: Editor,
      { name, version, labels: given }: { name: string; version: number; labels: readonly string[] },
    ): Promise<Prompt> {
      const row = await change(scope, async (tx, at) => {
        const known = isVersion(version) ? await selectVersion(tx, scope, name, { version }) : null;
        if (!known) throw new NotFoundError(`Prompt '${name}' version ${version} not found in project`);
        const added = [...new Set(given)].filter((label) => !known.labels.includes(label));
        await checkProtected(tx, scope, may, added);
        const pointing = [...new Set([...given, ...known.labels])];
        const moved = await labels.point(tx, scope, actor, at, { name, version }, pointing);
        await touchVersions(tx, scope, name, at, [version]);
        const before = Object.fromEntries(
          added.map((label) => [label, moved.find((one) => one.label === label)?.from ?? null]),
        );
        const after = Object.fromEntries(added.map((label) => [label, version]));
        if (added.length > 0) {
          await recordAudit(tx, actor, at, {
            ...entryOf(scope, name),
            action: 'update',
            before: { labels: before },
            after: { labels: after },
          });
        }
        return { ...known, labels: pointing, updated_at: at };
      });
      return toWire(scope, row, { saysActive: false });
    },

    /** @throws NotFoundError, InvalidRequestError while other prompts include it, ForbiddenError for a protected label */
    async delete(scope: ProjectScope, by: Editor, selection: Selection): Promise<void> {
      if (selection.version !== undefined && selection.label !== undefined) throw bothGiven();
      await change(scope, (tx, at) => remove(tx, scope, by, at, selection));
    },

    // For A/B tests, in a transaction of theirs.

    /** Held until the transaction ends; changes of prompts hold it too. */
    lockName: (tx: Postgres, scope: ProjectScope, _name: string): Promise<void> => lockPrompts(tx, scope),
    /** Points a label to a version, which must be there, and writes the line of the audit log. The caller checks protection. */
    moveLabel: labels.move,
    /** The oldest first. */
    versionsOf: selectVersions,
    labelsOf: selectLabels,
    /** Prompts that include a name by this label. */
    dependentsOn: async (
      db: Postgres,
      scope: ProjectScope,
      { name, label }: { name: string; label: string },
    ): Promise<{ name: string; version: number }[]> =>
      (await selectDependents(db, scope, name)).flatMap((one) =>
        one.child_label === label ? [{ name: one.name, version: one.version }] : [],
      ),
    /** To be called after a change is committed and before it is acknowledged. */
    forget,
    checkProtected,
  };
}

type Selection = { name: string; version?: number | undefined; label?: string | undefined };

interface NewVersion {
  name: string;
  type: 'text' | 'chat';
  prompt: CreatePrompt['prompt'];
  config: unknown;
  labels: readonly string[];
  /** Null: as they were. */
  tags: readonly string[] | null;
  commitMessage: string | null;
}

const toNewVersion = (given: CreatePrompt): NewVersion => ({
  name: given.name,
  type: given.type ?? 'text',
  prompt: given.prompt,
  config: given.config,
  labels: given.labels,
  tags: given.tags ?? null,
  commitMessage: given.commitMessage ?? null,
});

/** @throws InvalidRequestError */
async function checkComposition(
  tx: Postgres,
  scope: ProjectScope,
  { name, prompt }: Pick<NewVersion, 'name' | 'prompt'>,
): Promise<void> {
  const ambiguous = ambiguousNames(prompt);
  if (ambiguous.length > 0) {
    throw new InvalidRequestError(
      `Placeholders and variables of a prompt need different names; both are: ${ambiguous.join(', ')}`,
    );
  }
  try {
    compose({ id: '', name, version: 0, prompt }, await lookUp(tx, scope, prompt));
  } catch (error) {
    if (!(error instanceof CompositionError)) throw error;
    throw new InvalidRequestError(error.message, { cause: error });
  }
}

const newerVersion = (newest: number | undefined): ConflictError =>
  new ConflictError(newest === undefined ? 'There is no version any more' : `There is a newer version: ${newest}`, {
    code: 'newer-version',
    latestVersion: newest ?? null,
  });

const bothGiven = (): InvalidRequestError => new InvalidRequestError('Cannot specify both version and label');

const dateOrNull = (text: string | undefined): Date | null => (text === undefined ? null : new Date(text));

const entryOf = (scope: ProjectScope, name: string) => ({ place: scope, objectType: 'prompt', objectId: name });
