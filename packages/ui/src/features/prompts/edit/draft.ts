import {
  CreatePrompt,
  PromptName,
  type ChatMessage,
  type PromptText,
  type PromptType,
} from '@tracehouse/contract/prompts';
import { parse } from 'lossless-json';
import { wantedBy } from './wanted.ts';

/** A message or a placeholder as it is edited. */
export interface DraftMessage {
  /** Stays when it is moved. */
  key: number;
  kind: 'message' | 'placeholder';
  role: string;
  /** The content, or the placeholder's name. */
  text: string;
}

/** A version that is being written. What was typed stays as typed, also where it is not valid yet. */
export interface Draft {
  name: string;
  type: PromptType;
  text: string;
  messages: DraftMessage[];
  /** JSON. */
  config: string;
  commitMessage: string;
  labels: string[];
  /** The newest version there was when the text was last known to be up to date; null: none. */
  seenLatest: number | null;
}

/** What a draft starts from. */
export interface Source {
  prompt: PromptText;
  config: unknown;
}

export const emptyDraft = (name: string, type: PromptType): Draft => ({
  name,
  type,
  text: '',
  messages: [
    { key: 0, kind: 'message', role: 'system', text: '' },
    { key: 1, kind: 'message', role: 'user', text: '' },
  ],
  config: '{}',
  commitMessage: '',
  labels: [],
  seenLatest: null,
});

/** A new version that is like `source`, with no label of its own. */
export function draftOf(name: string, { prompt, config }: Source, seenLatest: number): Draft {
  const isText = typeof prompt === 'string';
  return {
    ...emptyDraft(name, isText ? 'text' : 'chat'),
    text: isText ? prompt : '',
    messages: isText
      ? []
      : prompt.map((message, key) =>
          'content' in message
            ? { key, kind: 'message', role: message.role, text: message.content }
            : { key, kind: 'placeholder', role: '', text: message.name },
        ),
    config: JSON.stringify(config ?? {}, null, 2),
    seenLatest,
  };
}

/** The text of a draft as the wire has it. */
export const contentOf = ({ type, text, messages }: Draft): PromptText =>
  type === 'text'
    ? text
    : messages.map((message): ChatMessage =>
        message.kind === 'placeholder'
          ? { type: 'placeholder', name: message.text.trim() }
          : { role: message.role.trim(), content: message.text },
      );

/** A new message has a key that no other has. */
export const nextKey = (messages: readonly DraftMessage[]): number =>
  messages.reduce((most, { key }) => Math.max(most, key), -1) + 1;

/** `from` stands where `to` stood; what is between moves by one. */
export function moved(messages: readonly DraftMessage[], from: number, to: number): DraftMessage[] {
  const message = messages[from];
  if (message === undefined || to < 0 || to >= messages.length) return [...messages];
  return messages.toSpliced(from, 1).toSpliced(to, 0, message);
}

/** The value of a config as typed, or what is wrong with it and where. */
export function readConfig(text: string): { value: unknown } | { problem: string } {
  if (text.trim() === '') return { value: {} };
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return { problem: `The config is not JSON yet${placeOfError(text)}.` };
  }
}

/** Browsers do not say it all alike, and not always. */
function placeOfError(text: string): string {
  try {
    parse(text);
    return '';
  } catch (error) {
    const position = /position (\d+)/u.exec(error instanceof Error ? error.message : '')?.[1];
    if (position === undefined) return '';
    const before = text.slice(0, Number(position)).split('\n');
    return `: look at line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`;
  }
}

/** What is wrong with a name, in words; undefined when nothing is. */
export function nameProblem(name: string): string | undefined {
  if (name === '') return 'Give the prompt a name.';
  if (name.length > 255) return 'A name has at most 255 characters.';
  const checked = PromptName.safeParse(name);
  return checked.success ? undefined : `${checked.error.issues[0]?.message ?? 'This name is not valid'}.`;
}

/** The version to save, or what stands against it, in words. */
export function toCreatePrompt(draft: Draft): { prompt: CreatePrompt } | { problem: string } {
  const name = draft.name.trim();
  const content = contentOf(draft);
  const config = readConfig(draft.config);
  const problem = nameProblem(name) ?? contentProblem(draft, content) ?? ('problem' in config ? config.problem : null);
  if (problem !== null) return { problem };
  const checked = CreatePrompt.safeParse({
    name,
    type: draft.type,
    prompt: content,
    config: 'value' in config ? config.value : {},
    labels: draft.labels,
    ...(draft.commitMessage.trim() !== '' && { commitMessage: draft.commitMessage.trim() }),
  });
  return checked.success
    ? { prompt: checked.data }
    : { problem: checked.error.issues[0]?.message ?? 'This version is not valid.' };
}

function contentProblem(draft: Draft, content: PromptText): string | undefined {
  if (typeof content === 'string') return content === '' ? 'Write a text.' : undefined;
  if (content.length === 0) return 'Add a message.';
  const withoutRole = draft.messages.findIndex(({ kind, role }) => kind === 'message' && role.trim() === '');
  if (withoutRole >= 0) return `Message ${withoutRole + 1} has no role.`;
  const withoutName = draft.messages.findIndex(({ kind, text }) => kind === 'placeholder' && text.trim() === '');
  if (withoutName >= 0) return `The placeholder at place ${withoutName + 1} has no name.`;
  const { twice } = wantedBy(content);
  return twice.length > 0 ? `${twice.join(', ')}: a placeholder cannot be named as a variable.` : undefined;
}

/** Whether something would be lost without it. */
export const isSameDraft = (one: Draft, other: Draft): boolean =>
  JSON.stringify(whatCounts(one)) === JSON.stringify(whatCounts(other));

const whatCounts = (draft: Draft) => ({
  name: draft.name,
  content: contentOf(draft),
  config: draft.config,
  commitMessage: draft.commitMessage,
  labels: draft.labels.toSorted(),
});
