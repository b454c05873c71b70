import { expect, test } from 'vitest';
import {
  contentOf,
  draftOf,
  emptyDraft,
  isSameDraft,
  moved,
  nameProblem,
  readConfig,
  toCreatePrompt,
} from './draft.ts';

const chat = draftOf(
  'support/answer',
  {
    prompt: [
      { role: 'system', content: 'You help {{company}}.' },
      { type: 'placeholder', name: 'history' },
      { role: 'user', content: '{{question}}' },
    ],
    config: { model: 'gpt-5-mini' },
  },
  5,
);

test('a draft of a version says the same as the version', () => {
  expect(toCreatePrompt(chat)).toEqual({
    prompt: {
      name: 'support/answer',
      type: 'chat',
      prompt: [
        { role: 'system', content: 'You help {{company}}.' },
        { type: 'placeholder', name: 'history' },
        { role: 'user', content: '{{question}}' },
      ],
      config: { model: 'gpt-5-mini' },
      labels: [],
    },
  });
});

test('a message that is moved keeps its key, and all others their order', () => {
  expect(moved(chat.messages, 0, 2).map(({ key }) => key)).toEqual([1, 2, 0]);
  expect(moved(chat.messages, 2, 0).map(({ key }) => key)).toEqual([2, 0, 1]);
  expect(moved(chat.messages, 0, 3)).toEqual(chat.messages);
});

test.each([
  ['a text that is empty', emptyDraft('a', 'text'), 'Write a text.'],
  ['no name', { ...emptyDraft('', 'text'), text: 'x' }, 'Give the prompt a name.'],
  [
    'a config that is not JSON',
    { ...chat, config: '{\n  "model": }' },
    'The config is not JSON yet: look at line 2, column 12.',
  ],
  [
    'a placeholder named as a variable',
    {
      ...chat,
      messages: chat.messages.map((message) => ({ ...message, text: message.text.replace('history', 'question') })),
    },
    'question: a placeholder cannot be named as a variable.',
  ],
  [
    'a message without role',
    { ...chat, messages: chat.messages.map((message) => ({ ...message, role: ' ' })) },
    'Message 1 has no role.',
  ],
])('%s is refused in words', (_, draft, problem) => {
  expect(toCreatePrompt(draft)).toEqual({ problem });
});

test('a config that was emptied is an empty one', () => {
  expect(readConfig('  ')).toEqual({ value: {} });
});

test.each(['new', '/a', 'a/', 'a//b', 'a|b', '<b>a</b>', 'x'.repeat(256)])('%s is no name of a prompt', (name) => {
  expect(nameProblem(name)).toMatch(/\.$/u);
});

test('what was typed counts as a change, what is newer on the server does not', () => {
  expect(isSameDraft(chat, { ...chat, seenLatest: 9 })).toBe(true);
  expect(isSameDraft(chat, { ...chat, commitMessage: 'shorter' })).toBe(false);
  expect(isSameDraft(chat, { ...chat, messages: moved(chat.messages, 0, 1) })).toBe(false);
});

test('the content of a draft is what its type says', () => {
  expect(contentOf({ ...chat, type: 'text', text: 'Hi' })).toBe('Hi');
});
