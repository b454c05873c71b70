import * as z from 'zod';
import { Instant, MAX_PAGE, PageMeta, PageQuery } from './pagination.ts';
import { defineRoute } from './route.ts';
import { Datetime } from './wire-fields.ts';

/** S5.1. Fixed by a prompt's first version. */
export const PromptType = z.enum(['text', 'chat']);
export type PromptType = z.output<typeof PromptType>;

/** Pages of the screens have these addresses. */
const RESERVED_NAMES = new Set(['new', 'metrics', 'prompt-detail']);

const MAX_PROMPT_NAME = 255;

/** S5.1; the messages and their order are the recorded ones. Slashes make folders. */
export const PromptName = z
  .string()
  .min(1, 'Text cannot be empty')
  .max(MAX_PROMPT_NAME)
  .regex(/^[^/]/, 'Name cannot start with a slash')
  .regex(/^.*[^/]$/, 'Name cannot end with a slash')
  .regex(/^(?!.*\/\/)/, 'Name cannot contain consecutive slashes')
  .regex(/^[^|]*$/, "Prompt name cannot contain '|' character")
  .superRefine((name, context) => {
    // Refused already. It may be megabytes, and a pattern below takes the square of them.
    if (name.length > MAX_PROMPT_NAME) return;
    const refuse = (message: string): void => context.addIssue({ code: 'custom', message });
    if (RESERVED_NAMES.has(name)) refuse(`Prompt name cannot be '${name}'`);
    if (/<[^>]*>/.test(name)) refuse('Prompt name cannot contain HTML tags');
    // Clients take them out of an address, which then is that of another prompt.
    if (/(?:^|\/)\.{1,2}(?:\/|$)/.test(name)) refuse("Prompt name cannot contain the folders '.' and '..'");
    // It could not be kept, or asked for, as it is.
    if (/[\0\r\n]/.test(name) || !name.isWellFormed())
      refuse('Prompt name cannot contain line breaks, NUL or half characters');
  });

/** S5.1. */
export const PromptLabel = z
  .string()
  .min(1)
  .max(36)
  .regex(/^[a-z0-9_\-.]+$/, 'Label must be lowercase alphanumeric with optional underscores, hyphens, or periods');

/** Each is looked at by itself when it moves: more at once would keep everybody else waiting. */
const MAX_LABELS = 100;
const PromptLabels = z.array(PromptLabel).max(MAX_LABELS);

/** Of a name. */
export const PromptTags = z.array(z.string().max(200)).max(100);

/** What is served without a label or a version. */
export const DEFAULT_LABEL = 'production';
/** Always points to the newest version, by itself. */
export const NEWEST_LABEL = 'latest';

/** A message of a chat prompt, or the place where the caller puts messages of his own. */
export const ChatMessage = z.union([
  z.object({ type: z.literal('placeholder'), name: z.string() }),
  z.object({ role: z.string(), content: z.string() }),
]);
export type ChatMessage = z.output<typeof ChatMessage>;

/** A text, or the messages of a chat. */
export const PromptText = z.union([z.string(), z.array(ChatMessage)]);
export type PromptText = z.output<typeof PromptText>;

/** Versions have a number of 32 bits; one above is none that there is. */
export const MAX_PROMPT_VERSION = 2_147_483_647;

/** A page of the list has those of a hundred prompts. */
const MAX_CONFIG_CHARACTERS = 500_000;
const MAX_CONFIG_LEVELS = 100;

const isDeeper = (value: unknown, levels: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1)));

const PromptConfig = z.unknown().superRefine((config, context) => {
  const refuse = (message: string): void => context.addIssue({ code: 'custom', message });
  // Not written as JSON either: that would end in an error of its own.
  if (isDeeper(config, MAX_CONFIG_LEVELS)) refuse(`A config has at most ${MAX_CONFIG_LEVELS} levels`);
  else if ((JSON.stringify(config) ?? '').length > MAX_CONFIG_CHARACTERS)
    refuse(`A config has at most ${MAX_CONFIG_CHARACTERS} characters as JSON`);
});

const common = {
  name: PromptName,
  config: PromptConfig.optional(),
  labels: PromptLabels.default([]),
  tags: PromptTags.nullish(),
  commitMessage: z.string().max(500).nullish(),
};
const textPrompt = z.object({ ...common, type: z.literal('text').optional(), prompt: z.string() });
const chatPrompt = z.object({ ...common, type: z.literal('chat'), prompt: z.array(ChatMessage) });

/** Body of `POST /api/public/v2/prompts`. */
export const CreatePrompt = z.union([textPrompt, chatPrompt]);
export type CreatePrompt = z.output<typeof CreatePrompt>;

/** What a version includes, by the ids of versions; `root` is itself. */
export const ResolutionGraph = z.object({
  root: z.object({ name: z.string(), version: z.int(), id: z.string() }),
  dependencies: z.record(z.string(), z.array(z.object({ id: z.string(), name: z.string(), version: z.int() }))),
});
export type ResolutionGraph = z.output<typeof ResolutionGraph>;

/** A version of a prompt (S5.1). `createdBy` is the id of a person, or `API`; `isActive` is null in answers of writes of v2. */
export const Prompt = z.object({
  id: z.string(),
  createdAt: Instant,
  updatedAt: Instant,
  projectId: z.string(),
  createdBy: z.string(),
  prompt: PromptText,
  name: z.string(),
  version: z.int(),
  type: PromptType,
  isActive: z.boolean().nullable(),
  config: z.unknown(),
  tags: z.array(z.string()),
  labels: z.array(z.string()),
  commitMessage: z.string().nullable(),
});
export type Prompt = z.output<typeof Prompt>;

/** With what it includes in its place. */
export const FetchedPrompt = Prompt.extend({ resolutionGraph: ResolutionGraph.nullable() });
export type FetchedPrompt = z.output<typeof FetchedPrompt>;

/** One name with what its versions have together; filters choose among the versions first. */
export const PromptMeta = z.object({
  name: z.string(),
  tags: z.array(z.string()),
  lastUpdatedAt: Instant,
  versions: z.array(z.int()),
  labels: z.array(z.string()),
  type: PromptType,
  lastConfig: z.unknown(),
});
export type PromptMeta = z.output<typeof PromptMeta>;

const Version = z.coerce.number().int();

export const PromptsQuery = PageQuery.extend({
  // As recorded, unlike other lists.
  page: z.coerce.number().int().min(1).max(MAX_PAGE).default(1),
  limit: PageQuery.shape.limit.unwrap().default(10),
  name: z.string().optional(),
  version: Version.optional(),
  label: z.string().optional(),
  tag: z.string().optional(),
  fromUpdatedAt: Datetime.optional(),
  toUpdatedAt: Datetime.optional(),
});
export type PromptsQuery = z.output<typeof PromptsQuery>;

export const listPrompts = defineRoute({
  method: 'GET',
  path: '/api/public/v2/prompts',
  scope: 'prompts:read',
  family: 'named',
  summary: 'Names of prompts, with their versions and labels',
  query: PromptsQuery,
  response: z.object({ data: z.array(PromptMeta), meta: PageMeta, pagination: PageMeta }),
});

/** As recorded, what is missing is named where there is no body. */
const orNothing = (body: unknown): unknown => body ?? {};

export const createPrompt = defineRoute({
  method: 'POST',
  path: '/api/public/v2/prompts',
  scope: 'prompts:CUD',
  family: 'named',
  summary: 'Create a prompt, or a new version of one',
  body: z.preprocess(orNothing, CreatePrompt),
  status: 201,
  response: Prompt,
});

/** Clients before version 3 leave the slashes of a name as they are, later ones escape them: all that follows is the name. */
const ONE_PROMPT = '/api/public/v2/prompts/*';
const NamePath = z.object({ '*': z.string() }).transform((params) => ({ name: params['*'].replace(/\/$/, '') }));

/** Of `GET` of one prompt. A label may carry the key of an A/B test: `production@user-1`. */
export const FetchQuery = z.object({
  version: Version.optional(),
  label: z.string().optional(),
  resolve: z
    .enum(['true', 'false'])
    .default('true')
    .transform((text) => text === 'true'),
  /** Who it is for, under an A/B test. */
  abKey: z.string().optional(),
});

export const readPrompt = defineRoute({
  method: 'GET',
  path: ONE_PROMPT,
  scope: 'prompts:read',
  family: 'named',
  summary: 'The version of a prompt with this number, or that this label (`production` unless given) points to',
  params: NamePath,
  query: FetchQuery,
  response: FetchedPrompt,
});

export const deletePrompt = defineRoute({
  method: 'DELETE',
  path: ONE_PROMPT,
  scope: 'prompts:CUD',
  family: 'named',
  summary: 'Delete a prompt, or the version with this number or label; refused while other prompts include it',
  params: NamePath,
  query: z.object({ version: Version.optional(), label: z.string().optional() }),
  status: 204,
});

export const labelPromptVersion = defineRoute({
  method: 'PATCH',
  path: ONE_PROMPT,
  scope: 'prompts:CUD',
  summary: '`…/versions/{version}`: point labels to this version; none is taken away',
  params: z.object({ '*': z.string() }).transform((params, context) => {
    const [, name, text] = /^(.+)\/versions\/([^/]+)\/?$/.exec(params['*']) ?? [];
    // Without them: a path that there is not for this method.
    if (name === undefined || text === undefined) return null;
    if (/^\d+$/.test(text)) return { name, version: Number(text) };
    context.addIssue({ code: 'custom', path: ['version'], message: 'A version is a whole number' });
    return z.NEVER;
  }),
  body: z.object({
    newLabels: PromptLabels.refine((labels) => !labels.includes(NEWEST_LABEL), {
      message: "Label 'latest' is always assigned to the latest prompt version",
    }),
  }),
  response: Prompt,
});

/** As v1 had it: a prompt that is active is the one in production. */
const legacy = { isActive: z.boolean().nullish() };

export const readPromptV1 = defineRoute({
  method: 'GET',
  path: '/api/public/prompts',
  scope: 'prompts:read',
  family: 'named',
  summary: 'One version of a prompt (v1)',
  query: z.object({ name: z.string(), version: Version.optional() }),
  response: FetchedPrompt,
});

export const createPromptV1 = defineRoute({
  method: 'POST',
  path: '/api/public/prompts',
  scope: 'prompts:CUD',
  family: 'named',
  summary: 'Create a prompt, or a new version of one (v1)',
  body: z.preprocess(orNothing, z.union([textPrompt.extend(legacy), chatPrompt.extend(legacy)])),
  status: 201,
  response: Prompt,
});
