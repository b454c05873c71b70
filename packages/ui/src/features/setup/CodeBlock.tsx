import { CopyButton } from '../../components/CopyButton.tsx';
import { highlight, type Token } from './highlight.ts';
import type { SnippetBlock, SnippetLanguage } from './snippets.ts';

const colors: Record<Token['kind'], string | undefined> = {
  comment: 'text-text-3',
  string: 'text-type-retriever',
  keyword: 'text-type-chain',
  plain: undefined,
};

/** A few lines of code in colours. */
export const Code = ({ code, language }: { code: string; language: SnippetLanguage }) => (
  <code>
    {highlight(code, language).map((token, index) => (
      <span key={index} className={colors[token.kind]}>
        {token.text}
      </span>
    ))}
  </code>
);

/** A command or a file, copied as it is: neither the prompt sign nor the file name is part of it. */
export function CodeBlock({ block, secret }: { block: SnippetBlock; secret?: string | null }) {
  return (
    <div className="relative bg-sunken">
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard */}
      <pre
        className="code overflow-x-auto py-2.5 pr-10 pl-3 outline-inside"
        tabIndex={0}
        aria-label={block.file ?? 'Command'}
      >
        {block.file === undefined ? (
          <span className="text-text-3 select-none">$ </span>
        ) : (
          <span className="block text-text-3 select-none">{`${block.language === 'python' ? '#' : '//'} ${block.file}`}</span>
        )}
        <Code code={block.code} language={block.language} />
      </pre>
      <CopyButton
        text={block.code}
        label={block.file === undefined ? 'Copy command' : `Copy ${block.file}`}
        className="absolute top-1.5 right-1.5 bg-sunken"
      />
      {secret === null && <span className="sr-only">The secret key is missing in this command.</span>}
    </div>
  );
}
