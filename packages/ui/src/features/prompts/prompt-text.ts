import type { PromptText } from '@tracehouse/contract/prompts';

/** A piece of a text. `text` is as written, so that all pieces together are the text. */
export type TextPart =
  | { kind: 'text'; text: string }
  | { kind: 'variable'; text: string; name: string }
  | { kind: 'reference'; text: string; name: string; label: string | null; version: number | null };

// S5.3: `@@@langfusePrompt:name=NAME|label=LABEL@@@` or `…|version=N@@@`, and `{{name}}`, as clients fill it in.
const marks = /@@@langfusePrompt:((?:(?!@@@).)*)@@@|\{\{\s*([\p{L}\p{N}_.]+)\s*\}\}/gsu;
const target = /^name=(?<name>[^|]+)\|(?:label=(?<label>[^|]+)|version=(?<version>\d+))$/su;

/** What is only text, what the caller fills in and what stands for another prompt. */
export function textParts(text: string): TextPart[] {
  const parts: TextPart[] = [];
  let end = 0;
  for (const match of text.matchAll(marks)) {
    const part = readMark(match);
    if (part === null) continue;
    if (match.index > end) parts.push({ kind: 'text', text: text.slice(end, match.index) });
    parts.push(part);
    end = match.index + match[0].length;
  }
  if (end < text.length) parts.push({ kind: 'text', text: text.slice(end) });
  return parts;
}

/** Null for a tag that no reader takes for one: it is text. */
function readMark([text, inside, variable]: RegExpExecArray): TextPart | null {
  if (variable !== undefined) return { kind: 'variable', text, name: variable };
  const { name, label, version } = target.exec(inside ?? '')?.groups ?? {};
  if (name === undefined) return null;
  return {
    kind: 'reference',
    text,
    name,
    label: label ?? null,
    version: version === undefined ? null : Number(version),
  };
}

/** Texts of a prompt, those of its messages one by one. */
export const textsOf = (prompt: PromptText): string[] =>
  typeof prompt === 'string' ? [prompt] : prompt.flatMap((message) => ('content' in message ? [message.content] : []));

/** What the caller has to give: variables and placeholders, each once, in the order of the text. */
export function variablesOf(prompt: PromptText): { variables: string[]; placeholders: string[] } {
  const variables = textsOf(prompt).flatMap((text) =>
    textParts(text).flatMap((part) => (part.kind === 'variable' ? [part.name] : [])),
  );
  const placeholders =
    typeof prompt === 'string' ? [] : prompt.flatMap((message) => ('content' in message ? [] : [message.name]));
  return { variables: [...new Set(variables)], placeholders: [...new Set(placeholders)] };
}
