import { PromptName, type PromptText } from '@tracehouse/contract/prompts';
import { ConflictError, InvalidRequestError, NotFoundError } from '../../http/errors.ts';
import { recordAudit } from '../../identity/audit/audit.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { entryOf } from './changes.ts';
import { keyOf, mapTags, referencesIn } from './composition.ts';
import { checkProtected, type Editor } from './protection.ts';
import { selectKnownNames, selectNamesIn } from './screen-store.ts';
import {
  insertVersion,
  type Reference,
  selectName,
  selectSummaries,
  selectVersion,
  type SummaryRow,
  upsertLabels,
  upsertName,
} from './store.ts';

/** Versions that are copied at once. */
export const MAX_COPIED = 1_000;

/** What is copied, and where to. */
export interface CopyWish {
  from: { name: string } | { folder: string };
  to: string;
  versions: 'all' | 'newest';
  rewritesReferences: boolean;
}

/**
 * Copies a prompt or a folder, in a transaction that holds the prompts; answers the new names. A tag that includes what is copied too
 * names the copy, where the copy has that version or label.
 * @throws NotFoundError, ConflictError for a name that there is, InvalidRequestError, ForbiddenError for a protected label
 */
export async function copyPrompts(
  tx: Postgres,
  scope: ProjectScope,
  { actor, ...may }: Editor,
  at: Date,
  { from, to, versions, rewritesReferences }: CopyWish,
  newId: () => string,
): Promise<string[]> {
  const found = await selectNamesIn(tx, scope, 'folder' in from ? { folder: withoutSlash(from.folder) } : from);
  if (found.length === 0) throw new NotFoundError('name' in from ? 'Prompt not found' : 'No prompt is in this folder');
  const count = versions === 'all' ? found.reduce((sum, one) => sum + one.versions, 0) : found.length;
  if (count > MAX_COPIED)
    throw new InvalidRequestError(`These are ${count} versions; ${MAX_COPIED} can be copied at once`);
  const newNames = new Map(
    found.map(({ name }) => [name, 'name' in from ? to : to + name.slice(withoutSlash(from.folder).length)]),
  );
  const taken = await selectKnownNames(tx, scope, [...newNames.values()]);
  if (taken.length > 0) throw new ConflictError(`There is a prompt named '${taken[0]}' already`);
  const originals = new Map<string, SummaryRow[]>();
  for (const [name, newName] of newNames) {
    const problem = PromptName.safeParse(newName).error?.issues[0]?.message;
    if (problem !== undefined) throw new InvalidRequestError(`'${newName}': ${problem}`);
    const all = (await selectSummaries(tx, scope, name)).toReversed();
    originals.set(name, versions === 'all' ? all : all.slice(-1));
  }
  const labels = [...originals.values()].flat().flatMap((row) => row.labels);
  await checkProtected(tx, scope, may, labels);
  const rewritten = rewritesReferences ? rewriting(newNames, originals, versions) : (prompt: PromptText) => prompt;
  const numberOf = ({ version }: SummaryRow): number => (versions === 'all' ? version : 1);
  for (const [name, rows] of originals) {
    const newName = newNames.get(name)!;
    const { type, tags } = (await selectName(tx, scope, name))!;
    await upsertName(tx, scope, { name: newName, type, tags });
    for (const summary of rows) {
      // One after the other: each may have megabytes.
      const row = (await selectVersion(tx, scope, name, { version: summary.version }))!;
      const version = numberOf(summary);
      const prompt = rewritten(row.prompt);
      const made = { created_by: actor.kind === 'person' ? actor.id : null, created_at: at, updated_at: at };
      const copy = { ...row, ...made, id: newId(), name: newName, version, prompt };
      await insertVersion(tx, scope, copy, referencesIn(prompt));
      if (row.labels.length > 0) await upsertLabels(tx, scope, { name: newName, version }, row.labels);
    }
    await recordAudit(tx, actor, at, {
      ...entryOf(scope, newName),
      action: 'create',
      after: {
        copiedFrom: name,
        versions: rows.length,
        labels: Object.fromEntries(rows.flatMap((row) => row.labels.map((label) => [label, numberOf(row)]))),
      },
    });
  }
  return [...newNames.values()];
}

const withoutSlash = (folder: string): string => folder.replace(/\/+$/, '');

/** What a text is when its tags name the copies. */
function rewriting(
  newNames: ReadonlyMap<string, string>,
  originals: ReadonlyMap<string, readonly SummaryRow[]>,
  versions: CopyWish['versions'],
): (prompt: PromptText) => PromptText {
  /** By label or number of an original, the same of its copy. */
  const there = new Map<string, Reference>();
  for (const [name, rows] of originals) {
    const newName = newNames.get(name)!;
    for (const row of rows) {
      for (const label of row.labels)
        there.set(keyOf({ name, label, version: null }), { name: newName, label, version: null });
      // A copy of the newest alone has another number, and which one it was is what its label tells.
      if (versions === 'all') {
        there.set(keyOf({ name, label: null, version: row.version }), {
          name: newName,
          label: null,
          version: row.version,
        });
      }
    }
  }
  return (prompt) => mapTags(prompt, (reference) => there.get(keyOf(reference)) ?? reference);
}
