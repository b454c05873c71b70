import type { PromptType } from '@tracehouse/contract/prompts';
import type { SnippetLanguage } from '../setup/snippets.ts';

/** What has to be given to a prompt. */
export interface PromptToFetch {
  name: string;
  type: PromptType;
  variables: readonly string[];
  placeholders: readonly string[];
}

/** Which version is fetched. A label under an A/B test is given with the key of who it is for. */
export type PromptSelector = { label: string; isUnderTest: boolean } | { version: number };

export interface PromptSnippet {
  id: string;
  label: string;
  language: SnippetLanguage;
  code: string;
}

/** How each client fetches a prompt. Address and keys are in its environment; those of `baseUrl` are for curl alone. */
export function promptSnippets(prompt: PromptToFetch, selector: PromptSelector, baseUrl: string): PromptSnippet[] {
  return [
    { id: 'python', label: 'Python', language: 'python', code: python(prompt, selector) },
    { id: 'js', label: 'JS / TS', language: 'js', code: js(prompt, selector) },
    { id: 'litellm', label: 'LiteLLM', language: 'python', code: litellm(prompt, selector) },
    { id: 'curl', label: 'curl', language: 'shell', code: curl(prompt, selector, baseUrl) },
  ];
}

/** More than one argument a line each: the panel is narrow. */
const inLines = (parts: readonly string[], indent = '    '): string =>
  parts.length <= 1 ? parts.join('') : `\n${parts.map((part) => `${indent}${part},\n`).join('')}`;

/** JSON text is a literal in JavaScript and Python alike. */
const quoted = (text: string): string => JSON.stringify(text);

function python({ name, type, variables, placeholders }: PromptToFetch, selector: PromptSelector): string {
  const from = [
    quoted(name),
    ...(type === 'chat' ? ['type="chat"'] : []),
    'version' in selector
      ? `version=${selector.version}`
      : selector.isUnderTest
        ? `label=f"${selector.label}@{user_id}"`
        : `label=${quoted(selector.label)}`,
  ];
  return `from langfuse import get_client

prompt = get_client().get_prompt(${inLines(from)})
${type === 'chat' ? 'messages' : 'text'} = prompt.compile(${pythonArguments(variables, placeholders)})`;
}

function pythonArguments(variables: readonly string[], placeholders: readonly string[]): string {
  const given = [...variables.map((name) => [name, '"…"']), ...placeholders.map((name) => [name, '[]'])];
  return given.every(([name = '']) => isPythonName(name))
    ? inLines(given.map(([name, value]) => `${name}=${value}`))
    : `**{${inLines(given.map(([name = '', value]) => `${quoted(name)}: ${value}`))}}`;
}

// oxfmt-ignore
const pythonWords = new Set([
  'False', 'None', 'True', 'and', 'as', 'assert', 'async', 'await', 'break', 'class', 'continue', 'def', 'del', 'elif', 'else',
  'except', 'finally', 'for', 'from', 'global', 'if', 'import', 'in', 'is', 'lambda', 'nonlocal', 'not', 'or', 'pass', 'raise',
  'return', 'self', 'try', 'while', 'with', 'yield',
]);
const isPythonName = (name: string): boolean => /^[A-Za-z_]\w*$/u.test(name) && !pythonWords.has(name);

function js({ name, type, variables, placeholders }: PromptToFetch, selector: PromptSelector): string {
  const options = [
    ...(type === 'chat' ? ['type: "chat"'] : []),
    'version' in selector
      ? `version: ${selector.version}`
      : selector.isUnderTest
        ? `label: \`${selector.label}@\${userId}\``
        : `label: ${quoted(selector.label)}`,
  ];
  const given = [
    ...(variables.length > 0 || placeholders.length > 0 ? [jsObject(variables, '"…"')] : []),
    ...(placeholders.length > 0 ? [jsObject(placeholders, '[]')] : []),
  ];
  return `import { LangfuseClient } from "@langfuse/client";

const langfuse = new LangfuseClient();
const prompt = await langfuse.prompt.get(${inLines([quoted(name), `{ ${options.join(', ')} }`], '  ')});
const ${type === 'chat' ? 'messages' : 'text'} = prompt.compile(${inLines(given, '  ')});`;
}

const jsObject = (names: readonly string[], value: string): string =>
  names.length === 0
    ? '{}'
    : `{ ${names.map((name) => `${/^[A-Za-z_$][\w$]*$/u.test(name) ? name : quoted(name)}: ${value}`).join(', ')} }`;

function litellm({ name, variables, placeholders }: PromptToFetch, selector: PromptSelector): string {
  const which =
    'version' in selector
      ? `prompt_version=${selector.version}`
      : `prompt_label=${selector.isUnderTest ? `f"${selector.label}@{user_id}"` : quoted(selector.label)}`;
  const values = variables.map((variable) => `${quoted(variable)}: "…"`).join(', ');
  // Asked of 1.98.1 and 1.108.7: a prompt with placeholders ends in an error there.
  const note =
    placeholders.length === 0 ? '' : '# LiteLLM cannot fill in placeholders: fetch this prompt with the Python SDK.\n';
  return `${note}import litellm

litellm.completion(
    model="langfuse/gpt-5-mini",
    prompt_id=${quoted(name)},
    ${which},
    prompt_variables={${values}},
    messages=[],
)`;
}

function curl({ name }: PromptToFetch, selector: PromptSelector, baseUrl: string): string {
  const query =
    'version' in selector
      ? `version=${selector.version}`
      : `label=${selector.label}${selector.isUnderTest ? '&abKey=user-1' : ''}`;
  // The one sign that the encoding leaves and that would end the quotes.
  const path = encodeURIComponent(name).replaceAll("'", '%27');
  return `curl '${baseUrl}/api/public/v2/prompts/${path}?${query}' \\
  --user "$LANGFUSE_PUBLIC_KEY:$LANGFUSE_SECRET_KEY"`;
}
