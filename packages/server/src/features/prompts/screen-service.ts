import { NEWEST_LABEL, type CreatePrompt, type PromptText } from '@tracehouse/contract/prompts';
import {
  type Dependent,
  type LabelPlace,
  type ListedPrompt,
  MAX_LISTED_PROMPTS,
  type PromptVersionDetail,
  type PromptVersionSummary,
  type WholePrompt,
} from '@tracehouse/contract/x-prompts';
import { InvalidRequestError, NotFoundError } from '../../http/errors.ts';
import { recordAudit } from '../../identity/audit/audit.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { type Changes, entryOf, linesOf, toNewVersion } from './changes.ts';
import { compose, composeTags, CompositionError, type IncludedText, lookUp, type Root } from './composition.ts';
import { copyPrompts, type CopyWish } from './copies.ts';
import { isVersion } from './fetches.ts';
import type { LabelTests, OpenTest } from './label-tests.ts';
import { checkProtected, type Editor } from './protection.ts';
import { type ListedRow, selectListed, selectTold } from './screen-store.ts';
import {
  deleteLabel,
  replaceProtected,
  selectDependents,
  selectLabels,
  selectName,
  selectProtected,
  selectSummaries,
  selectVersion,
  type SummaryRow,
  touchVersions,
  upsertName,
} from './store.ts';
import { findInTexts } from './text-search.ts';

/** What the screens ask beside the wire. */
export function createPromptScreens({
  postgres,
  tests,
  changes: { change, add, labels },
  newId,
}: {
  postgres: Postgres;
  tests: Pick<LabelTests, 'openOf' | 'allOpen' | 'labelMoved'>;
  changes: Changes;
  newId: () => string;
}) {
  async function placesOf(scope: ProjectScope, name: string): Promise<LabelPlace[]> {
    const [places, locked, open] = await Promise.all([
      selectLabels(postgres, scope, name),
      selectProtected(postgres, scope),
      tests.openOf(postgres, scope, name),
    ]);
    return places.map(toPlace(new Set(locked), open));
  }

  async function composition(scope: ProjectScope, root: Root) {
    let resolved: PromptText | null = null;
    let problem: string | null = null;
    let included: IncludedText[] = [];
    try {
      const lookup = await lookUp(postgres, scope, root.prompt);
      included = composeTags(root, lookup);
      resolved = compose(root, lookup).prompt;
    } catch (error) {
      if (!(error instanceof CompositionError)) throw error;
      problem = error.message;
    }
    return {
      resolved,
      problem,
      included: included.map(({ tag, reference, version, text }) => ({
        tag,
        name: reference.name,
        label: reference.label,
        version,
        text,
      })),
    };
  }

  /** Names that hold the text; where it is in the text of those that hold it there alone. */
  async function find(scope: ProjectScope, text: string) {
    const [told, { hits, isWhole }] = await Promise.all([
      selectTold(postgres, scope, text),
      findInTexts(postgres, scope, text),
    ]);
    for (const name of told) hits.delete(name);
    return { names: [...told, ...hits.keys()], hits, isWhole };
  }

  return {
    /** By name; with a text those that hold it. */
    async listAll(
      scope: ProjectScope,
      text: string | undefined,
    ): Promise<{ data: ListedPrompt[]; meta: { isCut: boolean } }> {
      const limit = MAX_LISTED_PROMPTS + 1;
      const found = text === undefined ? null : await find(scope, text);
      if (found?.names.length === 0) return { data: [], meta: { isCut: !found.isWhole } };
      const [rows, locked, open] = await Promise.all([
        selectListed(postgres, scope, { names: found && found.names, limit }),
        selectProtected(postgres, scope),
        tests.allOpen(postgres, scope),
      ]);
      const testsOf = Map.groupBy(open, ({ prompt }) => prompt);
      const isLocked = new Set(locked);
      const data = rows.slice(0, MAX_LISTED_PROMPTS).map((row) => ({
        ...toListed(row, toPlace(isLocked, testsOf.get(row.name) ?? [])),
        ...(found?.hits.has(row.name) && { hit: found.hits.get(row.name)! }),
      }));
      return { data, meta: { isCut: rows.length > MAX_LISTED_PROMPTS || found?.isWhole === false } };
    },

    /** @throws NotFoundError */
    async whole(scope: ProjectScope, name: string): Promise<WholePrompt> {
      const [known, summaries, places, dependents] = await Promise.all([
        selectName(postgres, scope, name),
        selectSummaries(postgres, scope, name),
        placesOf(scope, name),
        selectDependents(postgres, scope, name),
      ]);
      if (!known) throw notFound(name);
      return {
        name,
        type: known.type,
        tags: known.tags,
        labels: places,
        versions: summaries.map(toSummary),
        dependents: dependents.map((one): Dependent => ({
          name: one.name,
          version: one.version,
          label: one.child_label,
          childVersion: one.child_version,
        })),
      };
    },

    /** @throws NotFoundError */
    async version(scope: ProjectScope, name: string, version: number): Promise<PromptVersionDetail> {
      const [row, summaries] = isVersion(version)
        ? await Promise.all([
            selectVersion(postgres, scope, name, { version }),
            selectSummaries(postgres, scope, name, version),
          ])
        : [null, []];
      const summary = summaries[0];
      if (!row || !summary) throw new NotFoundError(`Prompt not found: '${name}' with version ${version}`);
      const { type, prompt, config } = row;
      return { ...toSummary(summary), type, prompt, config, ...(await composition(scope, row)) };
    },

    preview: (scope: ProjectScope, { name, prompt }: { name: string; prompt: PromptText }) =>
      composition(scope, { id: '', name, version: 0, prompt }),

    /** @throws ConflictError when the newest version is another than expected; as creating one */
    async save(
      scope: ProjectScope,
      by: Editor,
      { prompt, expectedLatest }: { prompt: CreatePrompt; expectedLatest?: number | null | undefined },
    ): Promise<{ version: number }> {
      const { version } = await change(scope, (tx, at) => add(tx, scope, by, at, toNewVersion(prompt), expectedLatest));
      return { version };
    },

    /** @throws NotFoundError, InvalidRequestError for `latest` and for one that others include by, ForbiddenError */
    async setLabel(
      scope: ProjectScope,
      { actor, ...may }: Editor,
      { name, label, version }: { name: string; label: string; version: number | null },
    ): Promise<{ labels: LabelPlace[] }> {
      if (label === NEWEST_LABEL) {
        throw new InvalidRequestError(`Label '${NEWEST_LABEL}' is always assigned to the latest prompt version`);
      }
      await change(scope, async (tx, at) => {
        await checkProtected(tx, scope, may, [label]);
        if (version !== null) {
          if (!isVersion(version)) throw new NotFoundError(`Prompt '${name}' version ${version} not found in project`);
          return labels.move(tx, scope, actor, at, { name, label, version });
        }
        if (!(await selectName(tx, scope, name))) throw notFound(name);
        const from = (await selectLabels(tx, scope, name)).find((place) => place.label === label)?.version;
        if (from === undefined) return;
        const dependents = (await selectDependents(tx, scope, name)).filter((one) => one.child_label === label);
        if (dependents.length > 0) {
          throw new InvalidRequestError(
            `Other prompts include this one by the label '${label}':\n\n${linesOf(name, dependents)}\n\nPoint it to another version instead, or change them first.`,
          );
        }
        await deleteLabel(tx, scope, name, label);
        await touchVersions(tx, scope, name, at, [from]);
        await tests.labelMoved(tx, scope, actor, at, { name, label, from, to: null });
        await recordAudit(tx, actor, at, {
          ...entryOf(scope, name),
          action: 'update',
          before: { labels: { [label]: from } },
          after: { labels: { [label]: null } },
        });
      });
      return { labels: await placesOf(scope, name) };
    },

    /** @throws NotFoundError */
    async setTags(
      scope: ProjectScope,
      { actor }: Editor,
      { name, tags: given }: { name: string; tags: readonly string[] },
    ): Promise<{ tags: string[] }> {
      const tags = [...new Set(given)];
      await change(scope, async (tx, at) => {
        const known = await selectName(tx, scope, name);
        if (!known) throw notFound(name);
        await upsertName(tx, scope, { name, type: known.type, tags });
        await touchVersions(tx, scope, name, at, null);
        const entry = { action: 'update', before: { tags: known.tags }, after: { tags } };
        await recordAudit(tx, actor, at, { ...entryOf(scope, name), ...entry });
      });
      return { tags };
    },

    /** @throws as `copyPrompts` */
    copy: async (scope: ProjectScope, by: Editor, wish: CopyWish): Promise<{ names: string[] }> => ({
      names: await change(scope, (tx, at) => copyPrompts(tx, scope, by, at, wish, newId)),
    }),

    protectedLabels: async (scope: ProjectScope): Promise<{ labels: string[] }> => ({
      labels: await selectProtected(postgres, scope),
    }),

    /** @throws InvalidRequestError for `latest`, which every new version moves */
    async protectLabels(
      scope: ProjectScope,
      { actor }: Editor,
      given: readonly string[],
    ): Promise<{ labels: string[] }> {
      const wanted = [...new Set(given)].toSorted();
      if (wanted.includes(NEWEST_LABEL)) {
        throw new InvalidRequestError(`Label '${NEWEST_LABEL}' cannot be protected: it moves with every new version`);
      }
      await change(scope, async (tx, at) => {
        const before = await selectProtected(tx, scope);
        await replaceProtected(tx, scope, wanted);
        await recordAudit(tx, actor, at, {
          place: scope,
          objectType: 'promptProtectedLabels',
          objectId: scope.projectId,
          action: 'update',
          before: { labels: before },
          after: { labels: wanted },
        });
      });
      return { labels: wanted };
    },
  };
}

const notFound = (name: string): NotFoundError => new NotFoundError(`Prompt not found: '${name}'`);

const toPlace =
  (locked: ReadonlySet<string>, open: readonly OpenTest[]) =>
  ({ label, version }: { label: string; version: number }): LabelPlace => {
    const test = open.find((one) => one.label === label);
    return {
      label,
      version,
      isProtected: locked.has(label),
      test: test
        ? { id: test.id, state: test.state, arms: test.arms.map((arm) => ({ version: arm.version, share: arm.share })) }
        : null,
    };
  };

const toListed = (row: ListedRow, place: ReturnType<typeof toPlace>): ListedPrompt => ({
  name: row.name,
  type: row.type,
  versionCount: row.version_count,
  latestVersion: row.newest,
  labels: row.labels.map(place),
  tags: row.tags,
  changedAt: row.changed_at.toISOString(),
  changedBy: row.changed_by,
});

const toSummary = (row: SummaryRow): PromptVersionSummary => ({
  id: row.id,
  version: row.version,
  labels: row.labels,
  commitMessage: row.commit_message,
  createdAt: row.created_at.toISOString(),
  createdBy: row.author,
});
