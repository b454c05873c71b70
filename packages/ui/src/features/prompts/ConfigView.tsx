import { useMemo } from 'react';

/** Above this much text colours cost more than they help. */
const MOST_COLOURED = 50_000;

/** The config of a version as JSON. */
export function ConfigView({ config }: { config: unknown }) {
  const text = useMemo(() => JSON.stringify(config ?? {}, null, 2), [config]);
  const tokens = useMemo(() => (text.length > MOST_COLOURED ? [{ text, look: undefined }] : coloured(text)), [text]);
  return (
    <pre className="code max-h-120 overflow-auto bg-sunken px-3 py-2.5 outline-inside" tabIndex={0} aria-label="Config">
      {tokens.map(({ text, look }, index) => (
        <span key={index} className={look}>
          {text}
        </span>
      ))}
    </pre>
  );
}

const strings = /("(?:[^"\\]|\\.)*")(\s*:)?/gu;

/** Names and texts; all else is as it is. */
function coloured(json: string): { text: string; look: string | undefined }[] {
  const tokens: { text: string; look: string | undefined }[] = [];
  let end = 0;
  for (const match of json.matchAll(strings)) {
    const [whole, text = '', colon] = match;
    tokens.push({ text: json.slice(end, match.index), look: undefined });
    tokens.push({ text, look: colon === undefined ? 'text-type-retriever' : 'text-type-chain' });
    tokens.push({ text: colon ?? '', look: undefined });
    end = match.index + whole.length;
  }
  return [...tokens, { text: json.slice(end), look: undefined }].filter(({ text }) => text !== '');
}

/** Whether there is anything in it. */
export const hasConfig = (config: unknown): boolean =>
  config != null && (typeof config !== 'object' || Object.keys(config).length > 0);
