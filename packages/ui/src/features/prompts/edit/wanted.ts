import type { PromptText } from '@tracehouse/contract/prompts';
import { textParts, textsOf, variablesOf } from '../prompt-text.ts';

/** What a text asks its caller for, and what only looks as if it did. */
export interface Wanted {
  variables: string[];
  placeholders: string[];
  /** Two braces around what is no name, as written: SDKs leave it as it is. */
  strange: string[];
  /** Names that are both a variable and a placeholder: refused by the server. */
  twice: string[];
}

const braces = /\{\{(?:(?!\{\{|\}\}).){0,200}\}\}/gsu;

/** Each name once, in the order of the text. */
export function wantedBy(prompt: PromptText): Wanted {
  const { variables, placeholders } = variablesOf(prompt);
  const strange = textsOf(prompt).flatMap((text) =>
    textParts(text).flatMap((part) => (part.kind === 'text' ? (part.text.match(braces) ?? []) : [])),
  );
  return {
    variables,
    placeholders,
    strange: [...new Set(strange)],
    twice: variables.filter((name) => placeholders.includes(name)),
  };
}
