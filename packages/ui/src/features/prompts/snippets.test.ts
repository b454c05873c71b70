import { expect, test } from 'vitest';
import { promptSnippets, type PromptSelector, type PromptToFetch } from './snippets.ts';

const prompt: PromptToFetch = {
  name: 'support/answer',
  type: 'chat',
  variables: ['company', 'question'],
  placeholders: ['history'],
};
const production: PromptSelector = { label: 'production', isUnderTest: false };

const codeOf = (id: string, what: Partial<PromptToFetch> = {}, selector: PromptSelector = production) =>
  promptSnippets({ ...prompt, ...what }, selector, 'https://th.example').find((one) => one.id === id)?.code;

test('each client is told the type, the label and all that the prompt asks for', () => {
  expect(codeOf('python')).toBe(`from langfuse import get_client

prompt = get_client().get_prompt(
    "support/answer",
    type="chat",
    label="production",
)
messages = prompt.compile(
    company="…",
    question="…",
    history=[],
)`);
  expect(codeOf('js')).toContain(`langfuse.prompt.get(
  "support/answer",
  { type: "chat", label: "production" },
);
const messages = prompt.compile(
  { company: "…", question: "…" },
  { history: [] },
);`);
  expect(codeOf('litellm')).toContain('prompt_label="production"');
  expect(codeOf('curl')).toContain("'https://th.example/api/public/v2/prompts/support%2Fanswer?label=production'");
});

test('a label under an A/B test is given with whom it is for', () => {
  const tested: PromptSelector = { label: 'production', isUnderTest: true };
  expect(codeOf('python', {}, tested)).toContain('label=f"production@{user_id}"');
  expect(codeOf('js', {}, tested)).toContain('label: `production@${userId}`');
  expect(codeOf('litellm', {}, tested)).toContain('prompt_label=f"production@{user_id}"');
  expect(codeOf('curl', {}, tested)).toContain('label=production&abKey=user-1');
});

test('a version without a label is fetched by its number', () => {
  const third: PromptSelector = { version: 3 };
  expect(codeOf('python', {}, third)).toContain('version=3,');
  expect(codeOf('js', {}, third)).toContain('version: 3');
  expect(codeOf('litellm', {}, third)).toContain('prompt_version=3,');
  expect(codeOf('curl', {}, third)).toContain('?version=3');
});

test('names and variables that are no words of the language stay data', () => {
  const hostile = { name: `a'b"c\\d/é`, type: 'text', variables: ['user.name', 'class'], placeholders: [] } as const;
  expect(codeOf('python', hostile)).toContain(String.raw`"a'b\"c\\d/é"`);
  expect(codeOf('python', hostile)).toContain(`prompt.compile(**{
    "user.name": "…",
    "class": "…",
})`);
  expect(codeOf('js', hostile)).toContain('{ "user.name": "…", class: "…" }');
  expect(codeOf('curl', hostile)).toContain('/a%27b%22c%5Cd%2F%C3%A9?');
});
