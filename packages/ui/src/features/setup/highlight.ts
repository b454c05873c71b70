import type { SnippetLanguage } from './snippets.ts';

export interface Token {
  text: string;
  kind: 'comment' | 'string' | 'keyword' | 'plain';
}

const comments = { shell: String.raw`#.*`, js: String.raw`\/\/.*`, python: String.raw`#.*`, yaml: String.raw`#.*` };
const keywords = {
  shell: 'npm|npx|pip|node|python|curl',
  js: 'import|from|const|new|await|async',
  python: 'import|from|with|as|for|in|def|return',
  yaml: '(?!)',
};

/** Colours for the few lines of our snippets: comments, strings and keywords, nothing else. */
export function highlight(code: string, language: SnippetLanguage): Token[] {
  const pattern = new RegExp(
    String.raw`(?<comment>(?<=^|\s)${comments[language]})|(?<string>"(?:[^"\\\n]|\\.)*"|'[^'\n]*')|(?<keyword>(?<![\w./-])(?:${keywords[language]})\b)`,
    'gmu',
  );
  const tokens: Token[] = [];
  let end = 0;
  for (const match of code.matchAll(pattern)) {
    if (match.index > end) tokens.push({ text: code.slice(end, match.index), kind: 'plain' });
    const kind = match.groups?.['comment'] ? 'comment' : match.groups?.['string'] ? 'string' : 'keyword';
    tokens.push({ text: match[0], kind });
    end = match.index + match[0].length;
  }
  if (end < code.length) tokens.push({ text: code.slice(end), kind: 'plain' });
  return tokens;
}
