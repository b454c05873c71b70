import { type CreatePrompt, NEWEST_LABEL, type PromptText, type PromptType } from '@tracehouse/contract/prompts';
import { ApiError, ConflictError, InvalidRequestError, NotFoundError } from '../../http/errors.ts';
import { recordAudit } from '../../identity/audit/audit.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { ambiguousNames, compose, CompositionError, lookUp, referencesIn } from './composition.ts';
import { createLabels } from './labels.ts';
import type { LabelTests } from './label-tests.ts';
import { checkProtected, type Editor } from './protection.ts';
import {
  deleteName,
  deleteVersions,
  type DependentRow,
  insertVersion,
  lockPrompts,
  selectDependents,
  selectName,
  selectSummaries,
  touchVersions,
  upsertLabels,
  upsertName,
  type VersionRow,
} from './store.ts';

/** What is done to prompts; the functions with `tx` belong into `change`. */
export type Changes = ReturnType<typeof createChanges>;

export function createChanges({
  postgres,
  tests,
  forget,
  now,
  newId,
}: {
  postgres: Postgres;
  tests: Pick<LabelTests, 'labelMoved' | 'versionsDeleted'>;
  /** Empties the cache of the project. */
  forget(scope: ProjectScope): Promise<void>;
  now: () => Date;
  newId: () => string;
}) {
  const labels = createLabels({ tests });

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
    const all = (await selectSummaries(tx, scope, name)).toReversed();
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
      throw new InvalidRequestError(
        `Other prompts are depending on prompt versions you are trying to delete:\n\n${linesOf(name, dependents)}\n\nPlease delete the dependent prompts first.`,
      );
    }
    await checkProtected(tx, scope, may, pointing);
    await tests.versionsDeleted(tx, scope, actor, at, { name, versions: numbers });
    await deleteVersions(tx, scope, name, numbers);
    const left = all.filter((row) => !gone.includes(row));
    const newest = left.at(-1);
    if (!newest) await deleteName(tx, scope, name);
    else if (!newest.labels.includes(NEWEST_LABEL)) {
      await upsertLabels(tx, scope, { name, version: newest.version }, [...newest.labels, NEWEST_LABEL]);
      await touchVersions(tx, scope, name, at, [newest.version]);
    }
    await recordAudit(
      tx,
      actor,
      at,
      ...gone.map((row) => ({
        ...entryOf(scope, name),
        action: 'delete',
        before: { version: row.version, labels: row.labels, commitMessage: row.commit_message },
      })),
    );
  }

  return { change, add, remove, labels };
}

/** A line for each. */
export const linesOf = (name: string, dependents: readonly DependentRow[]): string =>
  dependents
    .map((one) => `${one.name} v${one.version} depends on ${name} ${one.child_label ?? `v${one.child_version}`}`)
    .join('\n');

/** Of the audit log. */
export const entryOf = (scope: ProjectScope, name: string) => ({ place: scope, objectType: 'prompt', objectId: name });

export type Selection = { name: string; version?: number | undefined; label?: string | undefined };

/** A version to be made. */
export interface NewVersion {
  name: string;
  type: PromptType;
  prompt: PromptText;
  config: unknown;
  labels: readonly string[];
  /** Null: as they were. */
  tags: readonly string[] | null;
  commitMessage: string | null;
}

/** Of the wire. */
export const toNewVersion = (given: CreatePrompt): NewVersion => ({
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
  new ConflictError(newest === undefined ? 'There is no version any more' : `The newest version is ${newest} now`, {
    code: 'newer-version',
    latestVersion: newest ?? null,
  });
