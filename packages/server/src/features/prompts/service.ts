import { type CreatePrompt, type Prompt, type PromptMeta, type PromptsQuery } from '@tracehouse/contract/prompts';
import type { PageMeta } from '@tracehouse/contract/pagination';
import { InvalidRequestError, NotFoundError } from '../../http/errors.ts';
import { recordAudit } from '../../identity/audit/audit.ts';
import type { Epochs } from '../../stores/epochs.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { createChanges, entryOf, type Selection, toNewVersion } from './changes.ts';
import { createFetches, type Fetched, isVersion, type Wanted } from './fetches.ts';
import { type LabelTests, noTests } from './label-tests.ts';
import { checkProtected, type Editor } from './protection.ts';
import { createPromptScreens } from './screen-service.ts';
import {
  countNames,
  lockPrompts,
  selectDependents,
  selectLabels,
  selectMetas,
  selectSummaries,
  selectVersion,
  touchVersions,
} from './store.ts';
import { toWire } from './wire.ts';

// What A/B tests need of prompts, and prompts of A/B tests.
export type { LabelTests } from './label-tests.ts';
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
  const { forget } = fetches;
  const changes = createChanges({ postgres, tests, forget, now, newId });
  const { change, add, remove, labels } = changes;

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

    /** All prompts of the project, until the transaction ends: one may include any other. Changes of prompts hold it too. */
    lockPrompts,
    /** Points a label to a version, which must be there, and writes the line of the audit log. The caller checks protection. */
    moveLabel: labels.move,
    /** The newest first. */
    versionsOf: selectSummaries,
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

    /** What the screens ask beside the wire. */
    screens: createPromptScreens({ postgres, tests, changes, newId }),
  };
}

const bothGiven = (): InvalidRequestError => new InvalidRequestError('Cannot specify both version and label');

const dateOrNull = (text: string | undefined): Date | null => (text === undefined ? null : new Date(text));
