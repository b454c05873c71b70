import * as z from 'zod';

/** S5.1. Fixed by a prompt's first version. */
export const PromptType = z.enum(['text', 'chat']);
export type PromptType = z.output<typeof PromptType>;

/** S5.1; the messages and their order are the recorded ones. Slashes make folders. */
export const PromptName = z
  .string()
  .min(1, 'Text cannot be empty')
  .regex(/^[^/]/, 'Name cannot start with a slash')
  .regex(/^.*[^/]$/, 'Name cannot end with a slash')
  .regex(/^(?!.*\/\/)/, 'Name cannot contain consecutive slashes')
  .regex(/^[^|]*$/, "Prompt name cannot contain '|' character");

/** S5.1. */
export const PromptLabel = z
  .string()
  .min(1)
  .max(36)
  .regex(/^[a-z0-9_\-.]+$/, 'Label must be lowercase alphanumeric with optional underscores, hyphens, or periods');

/** A message of a chat prompt, or the place where the caller puts messages of his own. */
export const ChatMessage = z.union([
  z.object({ type: z.literal('placeholder'), name: z.string() }),
  z.object({ role: z.string(), content: z.string() }),
]);
export type ChatMessage = z.output<typeof ChatMessage>;

const common = {
  name: PromptName,
  config: z.unknown(),
  labels: z.array(PromptLabel).default([]),
  tags: z.array(z.string()).nullish(),
  commitMessage: z.string().max(500).nullish(),
};

/** Body of `POST /api/public/v2/prompts`. */
export const CreatePrompt = z.union([
  z.object({ ...common, type: z.literal('text').optional(), prompt: z.string() }),
  z.object({ ...common, type: z.literal('chat'), prompt: z.array(ChatMessage) }),
]);
export type CreatePrompt = z.output<typeof CreatePrompt>;
