import type { PromptText, ResolutionGraph } from '@tracehouse/contract/prompts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { type IncludableRow, type Reference, selectReferenced } from './store.ts';

/* A text may include other prompts by tags (S5.3): what they mean is read level by level, then put in their place. */

/** The text itself is level 0. */
export const MAX_LEVEL = 5;
/** Characters of a text with all it includes: a few tags on each of five levels could make it any length. */
export const MAX_RESOLVED = 8_000_000;
/** Different ones on one level. */
export const MAX_INCLUDED = 1_000;
/** Bytes of what they are written in: no more than such a text has, as JSON has them at the worst. */
const MAX_READ = 6 * MAX_RESOLVED;

const tooLong = (): CompositionError =>
  new CompositionError(`The text with all it includes exceeds ${MAX_RESOLVED} characters`);

/** Why a text cannot be composed; the sentence is the wire's. */
export class CompositionError extends Error {
  override name = 'CompositionError';
}

const TAG = /@@@langfusePrompt:(.*?)@@@/g;

/** What is between the marks; null for what is no tag and stays text. */
function referenceOf(inside: string): Reference | null {
  const [first = '', second = '', ...more] = inside.split('|');
  const name = /^name=(.+)$/.exec(first)?.[1];
  const [, kind, value] = /^(label|version)=(.+)$/.exec(second) ?? [];
  if (name === undefined || value === undefined || more.length > 0) return null;
  if (kind === 'label') return { name, label: value, version: null };
  return /^\d{1,9}$/.test(value) ? { name, label: null, version: Number(value) } : null;
}

/** For maps by reference. */
export const keyOf = ({ name, label, version }: Reference): string => JSON.stringify([name, label, version]);

/** The tags of a text in its order, each once, as written. */
function tagsIn(prompt: PromptText): { tag: string; reference: Reference }[] {
  const tags = new Map<string, Reference>();
  for (const text of textsOf(prompt)) {
    for (const [tag, inside = ''] of text.matchAll(TAG)) {
      const reference = referenceOf(inside);
      if (reference) tags.set(tag, reference);
    }
  }
  return [...tags].map(([tag, reference]) => ({ tag, reference }));
}

/** What a text includes, each once. */
export function referencesIn(prompt: PromptText): Reference[] {
  const references = new Map(tagsIn(prompt).map(({ reference }) => [keyOf(reference), reference]));
  return [...references.values()];
}

const textsOf = (prompt: PromptText): string[] =>
  typeof prompt === 'string' ? [prompt] : prompt.flatMap((message) => ('content' in message ? [message.content] : []));

const mapTexts = (prompt: PromptText, change: (text: string) => string): PromptText =>
  typeof prompt === 'string'
    ? change(prompt)
    : prompt.map((message) => ('content' in message ? { ...message, content: change(message.content) } : message));

/** The text with its tags naming something else. */
export const mapTags = (prompt: PromptText, change: (reference: Reference) => Reference): PromptText =>
  mapTexts(prompt, (text) =>
    text.replaceAll(TAG, (tag: string, inside: string) => {
      const reference = referenceOf(inside);
      if (!reference) return tag;
      const { name, label, version } = change(reference);
      return `@@@langfusePrompt:name=${name}|${label === null ? `version=${version}` : `label=${label}`}@@@`;
    }),
  );

const nameOf = ({ name, label, version }: Reference): string =>
  `${name} - ${label === null ? `version ${version}` : `label ${label}`}`;

type Lookup = (reference: Reference) => IncludableRow | null;

/** What a text includes, and what that includes, as far down as it may. @throws CompositionError when it is too much */
export async function lookUp(db: Postgres, scope: ProjectScope, prompt: PromptText): Promise<Lookup> {
  const known = new Map<string, IncludableRow | null>();
  let wanted = referencesIn(prompt);
  for (let level = 1; level <= MAX_LEVEL && wanted.length > 0; level += 1) {
    if (wanted.length > MAX_INCLUDED) throw new CompositionError(`More than ${MAX_INCLUDED} prompts are included`);
    const rows = await selectReferenced(db, scope, wanted, MAX_READ);
    if (rows === null) throw tooLong();
    for (const [i, reference] of wanted.entries()) known.set(keyOf(reference), rows[i] ?? null);
    const next = rows.flatMap((row) => (row ? referencesIn(row.prompt) : []));
    wanted = [...new Map(next.map((reference) => [keyOf(reference), reference])).entries()].flatMap(
      ([key, reference]) => (known.has(key) ? [] : [reference]),
    );
  }
  return (reference) => known.get(keyOf(reference)) ?? null;
}

/** As far as it is known; `id` is empty of a text that is not saved. */
export type Root = Pick<IncludableRow, 'id' | 'name' | 'version' | 'prompt'>;

export interface Composed {
  prompt: PromptText;
  /** Null without anything included. */
  graph: ResolutionGraph | null;
}

/** @throws CompositionError */
export function compose(root: Root, lookup: Lookup): Composed {
  const resolver = createResolver(root, lookup);
  const prompt = resolver.resolved(root, 0);
  const isPlain = referencesIn(root.prompt).length === 0;
  const { id, name, version } = root;
  return {
    prompt,
    graph: isPlain ? null : { root: { name, version, id }, dependencies: Object.fromEntries(resolver.dependencies) },
  };
}

/** A tag of a text with the version it means and the text that takes its place. */
export interface IncludedText {
  tag: string;
  reference: Reference;
  version: number | null;
  /** Null when it cannot be. */
  text: string | null;
}

/** The text of each tag of the root by itself, whether or not the whole can be composed. */
export function composeTags(root: Root, lookup: Lookup): IncludedText[] {
  const resolver = createResolver(root, lookup);
  let room = MAX_RESOLVED;
  return tagsIn(root.prompt).map(({ tag, reference }) => {
    const version = lookup(reference)?.version ?? null;
    try {
      const { text } = resolver.included(reference, 1);
      room -= text.length;
      return { tag, reference, version, text: room < 0 ? null : text };
    } catch (error) {
      if (!(error instanceof CompositionError)) throw error;
      return { tag, reference, version, text: null };
    }
  });
}

function createResolver(root: Root, lookup: Lookup) {
  const dependencies = new Map<string, { id: string; name: string; version: number }[]>();
  /** Resolved texts, with how many levels are below them. */
  const known = new Map<string, { text: string; levels: number }>();
  const under = new Set<string>([root.id]);

  /** Depth of the deepest text that was resolved since it was last set. */
  let deepest = 0;
  /** Characters of all texts that were put together: each of them is in a text of the level above, and at last in the root. */
  let made = 0;

  function resolved(of: Root, level: number): PromptText {
    const children = referencesIn(of.prompt);
    if (children.length === 0) return of.prompt;
    const texts = new Map(children.map((child) => [keyOf(child), included(child, level + 1)]));
    const unique = new Map([...texts.values()].map(({ id, name, version }) => [id, { id, name, version }]));
    dependencies.set(of.id, [...unique.values()]);
    let length = 0;
    return mapTexts(of.prompt, (text) =>
      text.replaceAll(TAG, (tag: string, inside: string) => {
        const reference = referenceOf(inside);
        const part = reference ? texts.get(keyOf(reference))!.text : tag;
        length += part.length;
        made += part.length;
        if (length > MAX_RESOLVED || made > MAX_LEVEL * MAX_RESOLVED) throw tooLong();
        return part;
      }),
    );
  }

  function included(reference: Reference, level: number): { id: string; name: string; version: number; text: string } {
    if (level > MAX_LEVEL) throw new CompositionError(`Maximum nesting depth exceeded (${MAX_LEVEL})`);
    const child = lookup(reference);
    if (!child) throw new CompositionError(`Prompt dependency not found: ${nameOf(reference)}`);
    const { id, name, version, type } = child;
    if (under.has(id) || name === root.name) {
      throw new CompositionError(`Circular dependency detected involving prompt '${name}' version ${version}`);
    }
    if (type !== 'text') throw new CompositionError(`Prompt dependency is not a text prompt: ${nameOf(reference)}`);
    const before = known.get(id);
    if (before) {
      if (level + before.levels > MAX_LEVEL)
        throw new CompositionError(`Maximum nesting depth exceeded (${MAX_LEVEL})`);
      deepest = Math.max(deepest, level + before.levels);
      return { id, name, version, text: before.text };
    }
    const outer = deepest;
    deepest = level;
    under.add(id);
    let text: string;
    try {
      text = resolved(child, level) as string;
    } finally {
      under.delete(id);
    }
    known.set(id, { text, levels: deepest - level });
    deepest = Math.max(deepest, outer);
    return { id, name, version, text };
  }

  return { resolved, included, dependencies };
}

/** Letters, digits, `_` and `.` between double braces; SDKs fill them in. */
const VARIABLE = /\{\{\s*([\p{L}\d_.]+)\s*\}\}/gu;

/** Names that are both a placeholder and a variable of the same prompt. */
export function ambiguousNames(prompt: PromptText): string[] {
  if (typeof prompt === 'string') return [];
  const placeholders = new Set(prompt.flatMap((message) => ('content' in message ? [] : [message.name])));
  const variables = textsOf(prompt).flatMap((text) => [...text.matchAll(VARIABLE)].map(([, name]) => name!));
  return [...new Set(variables)].filter((name) => placeholders.has(name));
}
