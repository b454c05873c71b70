import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useProject } from '../../app/useProject.ts';
import { CopyButton } from '../../components/CopyButton.tsx';
import { Tabs } from '../../components/Tabs.tsx';
import { Code } from '../setup/CodeBlock.tsx';
import { promptSnippets, type PromptSelector, type PromptToFetch } from './snippets.ts';

interface SnippetsProps {
  prompt: PromptToFetch;
  selector: PromptSelector;
}

/** How each client fetches the prompt. */
export function Snippets({ prompt, selector }: SnippetsProps) {
  const { project } = useProject();
  const [chosen, setChosen] = useState('python');
  const snippets = promptSnippets(prompt, selector, location.origin);
  const shown = snippets.find(({ id }) => id === chosen) ?? snippets[0]!;
  return (
    <div className="flex flex-col gap-2">
      <Tabs label="Client" tabs={snippets} chosen={shown.id} onChoose={setChosen}>
        <div className="relative mt-2 bg-sunken">
          <pre
            className="code overflow-x-auto py-2.5 pr-10 pl-3 outline-inside"
            tabIndex={0}
            aria-label={`Snippet for ${shown.label}`}
          >
            <Code code={shown.code} language={shown.language} />
          </pre>
          <CopyButton text={shown.code} label="Copy snippet" className="absolute top-1.5 right-1.5 bg-sunken" />
        </div>
      </Tabs>
      <p className="text-small text-text-3">
        Reads LANGFUSE_BASE_URL, LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY:{' '}
        <Link to="/project/$projectId/setup" params={{ projectId: project.id }} className="underline">
          address and keys
        </Link>
        .
      </p>
    </div>
  );
}
