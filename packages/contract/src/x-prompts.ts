import * as z from 'zod';
import { Instant } from './pagination.ts';
import { CreatePrompt, PromptLabel, PromptName, PromptTags, PromptText, PromptType } from './prompts.ts';
import { defineRoute } from './route.ts';

/*
 * Prompts as the screens need them beside `prompts.ts`: the list with its search, one prompt with all its versions, what a text
 * resolves to before it is saved, and labels one at a time. Names travel in query and body, for they hold slashes.
 */

/** The A/B test that a label is under, while it is open. `share` is percent; the first arm is control. */
export const LabelTest = z.object({
  id: z.string(),
  state: z.enum(['scheduled', 'running', 'paused']),
  arms: z.array(z.object({ version: z.int(), share: z.number() })),
});
export type LabelTest = z.output<typeof LabelTest>;

/** Where a label points. `isProtected`: only who has the scope `promptProtectedLabels:CUD` may move it. */
export const LabelPlace = z.object({
  label: z.string(),
  version: z.int(),
  isProtected: z.boolean(),
  test: LabelTest.nullable(),
});
export type LabelPlace = z.output<typeof LabelPlace>;

/** Who made a version: a person's name, else `API`. */
const Author = z.string();

/** A prompt as a row of the list. `hit` is where the text of a search was found, when not in the name. */
export const ListedPrompt = z.object({
  name: z.string(),
  type: PromptType,
  versionCount: z.int(),
  latestVersion: z.int(),
  labels: z.array(LabelPlace),
  tags: z.array(z.string()),
  changedAt: Instant,
  changedBy: Author,
  hit: z.object({ version: z.int(), preview: z.string() }).optional(),
});
export type ListedPrompt = z.output<typeof ListedPrompt>;

/** Of how many prompts the list tells at most. `isCut`: there are more, or more text than a search looks through. */
export const MAX_LISTED_PROMPTS = 5_000;

export const listAllPrompts = defineRoute({
  method: 'GET',
  path: '/api/public/x/prompts',
  scope: 'prompts:read',
  summary: 'All prompts by name; `q` finds names, tags, labels and texts of the newest and of labelled versions',
  query: z.object({ q: z.string().max(500).optional() }),
  response: z.object({ data: z.array(ListedPrompt), meta: z.object({ isCut: z.boolean() }) }),
});

/**
 * What generations say of a prompt in a period. `totalCost` is USD, null when none has a known cost; with `unpricedCalls` above zero
 * it is a lower bound. Latency in ms, of calls that have ended.
 */
const Usage = {
  calls: z.int(),
  p50LatencyMs: z.number().nullable(),
  inputTokens: z.int(),
  outputTokens: z.int(),
  totalCost: z.number().nullable(),
  unpricedCalls: z.int(),
  lastUsedAt: Instant.nullable(),
};

/** Scores of one name on those generations or their traces. `average` and `deviation` are of numeric and boolean ones. */
export const UsageScore = z.object({
  name: z.string(),
  dataType: z.enum(['NUMERIC', 'BOOLEAN', 'CATEGORICAL']),
  count: z.int(),
  average: z.number().nullable(),
  deviation: z.number().nullable(),
  /** The category that most have, of categorical ones. */
  mostCommon: z.string().nullable(),
});
export type UsageScore = z.output<typeof UsageScore>;

export const PromptUsage = z.object({ name: z.string(), ...Usage });
export type PromptUsage = z.output<typeof PromptUsage>;

export const listPromptUsage = defineRoute({
  method: 'GET',
  path: '/api/public/x/prompt-usage',
  scope: 'traces:read',
  summary: 'Calls, latency, tokens and cost of each prompt since a time',
  query: z.object({ from: Instant }),
  response: z.object({ data: z.array(PromptUsage) }),
});

export const PromptVersionUsage = z.object({ version: z.int(), ...Usage, scores: z.array(UsageScore) });
export type PromptVersionUsage = z.output<typeof PromptVersionUsage>;

export const listPromptVersionUsage = defineRoute({
  method: 'GET',
  path: '/api/public/x/prompt-version-usage',
  scope: 'traces:read',
  summary: 'The same of each version of one prompt, with scores',
  query: z.object({ name: z.string(), from: Instant, to: Instant.optional() }),
  response: z.object({ data: z.array(PromptVersionUsage) }),
});

/** A version without its text. */
export const PromptVersionSummary = z.object({
  id: z.string(),
  version: z.int(),
  labels: z.array(z.string()),
  commitMessage: z.string().nullable(),
  createdAt: Instant,
  createdBy: Author,
});
export type PromptVersionSummary = z.output<typeof PromptVersionSummary>;

/** A prompt that includes this one, and by what. */
export const Dependent = z.object({
  name: z.string(),
  version: z.int(),
  label: z.string().nullable(),
  childVersion: z.int().nullable(),
});
export type Dependent = z.output<typeof Dependent>;

/** One prompt with all its versions, the newest first. */
export const WholePrompt = z.object({
  name: z.string(),
  type: PromptType,
  tags: z.array(z.string()),
  labels: z.array(LabelPlace),
  versions: z.array(PromptVersionSummary),
  dependents: z.array(Dependent),
});
export type WholePrompt = z.output<typeof WholePrompt>;

export const readWholePrompt = defineRoute({
  method: 'GET',
  path: '/api/public/x/prompt',
  scope: 'prompts:read',
  summary: 'One prompt with all its versions, labels and the prompts that include it',
  query: z.object({ name: z.string() }),
  response: WholePrompt,
});

/** What a text includes, and what became of it. */
const Composition = {
  /** The text with all it includes in its place; null when that cannot be. */
  resolved: PromptText.nullable(),
  /** Why not, in words; null when it can. */
  problem: z.string().nullable(),
  /** Each tag in the text itself, as written, with the version it means and the text that takes its place. */
  included: z.array(
    z.object({
      tag: z.string(),
      name: z.string(),
      label: z.string().nullable(),
      version: z.int().nullable(),
      text: z.string().nullable(),
    }),
  ),
};

/** One version whole. */
export const PromptVersionDetail = PromptVersionSummary.extend({
  type: PromptType,
  prompt: PromptText,
  config: z.unknown(),
  ...Composition,
});
export type PromptVersionDetail = z.output<typeof PromptVersionDetail>;

export const readPromptVersion = defineRoute({
  method: 'GET',
  path: '/api/public/x/prompt-version',
  scope: 'prompts:read',
  summary: 'One version of a prompt: its text as written and as it resolves',
  query: z.object({ name: z.string(), version: z.coerce.number().int().positive() }),
  response: PromptVersionDetail,
});

export const previewPrompt = defineRoute({
  method: 'POST',
  path: '/api/public/x/prompt-preview',
  scope: 'prompts:read',
  summary: 'What a text would resolve to; changes nothing',
  audit: { none: 'changes nothing' },
  body: z.object({ name: z.string(), prompt: PromptText }),
  response: z.object(Composition),
});

export const savePrompt = defineRoute({
  method: 'POST',
  path: '/api/public/x/prompts',
  scope: 'prompts:CUD',
  status: 201,
  summary:
    'Save a new version; 409 with code `newer-version` and `latestVersion` when the newest is another than the editor has seen',
  body: z.object({
    prompt: CreatePrompt,
    /** The newest version when editing began; null when there was none; left out: whatever there is. */
    expectedLatest: z.int().nullable().optional(),
  }),
  response: z.object({ version: z.int() }),
});

export const setPromptLabel = defineRoute({
  method: 'PUT',
  path: '/api/public/x/prompt-labels',
  scope: 'prompts:CUD',
  summary: 'Point a label to a version, or take it away; ends the A/B test that the label is under',
  body: z.object({ name: z.string(), label: PromptLabel, version: z.int().nullable() }),
  response: z.object({ labels: z.array(LabelPlace) }),
});

export const setPromptTags = defineRoute({
  method: 'PUT',
  path: '/api/public/x/prompt-tags',
  scope: 'prompts:CUD',
  summary: 'Replace the tags of a prompt, which all its versions share',
  body: z.object({ name: z.string(), tags: PromptTags }),
  response: z.object({ tags: z.array(z.string()) }),
});

export const copyPrompts = defineRoute({
  method: 'POST',
  path: '/api/public/x/prompt-copies',
  scope: 'prompts:CUD',
  status: 201,
  summary: 'Copy a prompt, or a folder of them with all that includes one another in it rewritten; nothing is replaced',
  body: z.object({
    from: z.union([z.object({ name: z.string().max(255) }), z.object({ folder: z.string().max(255) })]),
    /** The new name, or the new folder. */
    to: PromptName,
    /** All versions with their labels, or only the newest, as version 1. */
    versions: z.enum(['all', 'newest']),
    /** Whether tags that include prompts of the folder name the copies. */
    rewritesReferences: z.boolean().default(true),
  }),
  response: z.object({ names: z.array(z.string()) }),
});

const ProtectedLabels = z.object({ labels: z.array(PromptLabel).max(100) });

export const readProtectedLabels = defineRoute({
  method: 'GET',
  path: '/api/public/x/protected-prompt-labels',
  scope: 'prompts:read',
  summary: 'Labels that only an admin may move',
  response: ProtectedLabels,
});

export const setProtectedLabels = defineRoute({
  method: 'PUT',
  path: '/api/public/x/protected-prompt-labels',
  scope: 'promptProtectedLabels:CUD',
  summary: 'Replace the list of labels that only an admin may move',
  body: ProtectedLabels,
  response: ProtectedLabels,
});
