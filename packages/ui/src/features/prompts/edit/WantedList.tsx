import { TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { Icon } from '../../../components/Icon.tsx';
import type { PromptText } from '@tracehouse/contract/prompts';
import { wantedBy } from './wanted.ts';

/** What a caller has to fill in, as the text stands now. */
export function WantedList({ prompt }: { prompt: PromptText }) {
  const { variables, placeholders, strange, twice } = wantedBy(prompt);
  return (
    <div className="flex flex-col gap-1 text-small" role="status" aria-label="Variables and placeholders">
      <Names word="Variables" names={variables} none="none: write {{name}} for what callers fill in" />
      {placeholders.length > 0 && <Names word="Placeholders" names={placeholders} none="" />}
      {twice.length > 0 && (
        <Warning>
          <bdi className="code">{twice.join(', ')}</bdi> is a placeholder and a variable: they need different names.
        </Warning>
      )}
      {strange.length > 0 && (
        <Warning>
          <bdi className="code break-all">{strange.slice(0, 3).join(' ')}</bdi> stays as it is: names of variables have
          letters, digits, _ and . only.
        </Warning>
      )}
    </div>
  );
}

const Names = ({ word, names, none }: { word: string; names: string[]; none: string }) => (
  <p className="flex flex-wrap gap-x-3 gap-y-0.5 text-text-3">
    <span className="w-20 text-text-2">{word}</span>
    {names.length === 0
      ? none
      : names.map((name) => (
          <bdi key={name} className="code max-w-60 truncate text-text" title={name}>
            {name}
          </bdi>
        ))}
  </p>
);

const Warning = ({ children }: { children: ReactNode }) => (
  <p className="flex items-start gap-1.5 text-warn">
    <Icon of={TriangleAlert} small className="mt-px" />
    <span className="min-w-0">{children}</span>
  </p>
);
