import type { AbTest } from '@tracehouse/contract/x-ab-tests';
import { useState } from 'react';
import { Tabs } from '../../../components/Tabs.tsx';
import { CodeBlock } from '../../setup/CodeBlock.tsx';
import { keySnippets } from './snippets.ts';

/** How each client asks for the label with the key. */
export function KeySnippets({ test }: { test: Pick<AbTest, 'prompt' | 'label' | 'unit' | 'keyAs'> }) {
  const snippets = keySnippets({ ...test, baseUrl: location.origin });
  const [chosen, setChosen] = useState('js-v5');
  const snippet = snippets.find(({ id }) => id === chosen) ?? snippets[0];
  return (
    <Tabs label="Client" tabs={snippets} chosen={chosen} onChoose={setChosen}>
      <div className="mt-2">{snippet && <CodeBlock block={snippet.block} />}</div>
    </Tabs>
  );
}
