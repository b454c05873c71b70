import type { ListedPrompt } from '@tracehouse/contract/x-prompts';

/** What an action is about: one prompt, or all in a folder. */
export type PromptTarget = { prompt: Pick<ListedPrompt, 'name' | 'tags'> } | { folder: string; names: string[] };

/** What a person can do to a prompt; to a folder all but tags. */
export type PromptAction = 'copy' | 'tags' | 'delete';
