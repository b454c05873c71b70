import { DEFAULT_LABEL } from '@tracehouse/contract/prompts';
import { Link } from '@tanstack/react-router';
import type { WholePrompt } from '@tracehouse/contract/x-prompts';
import { Tag as TagIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { TopBar } from '../../app/TopBar.tsx';
import { useProject } from '../../app/useProject.ts';
import { Icon } from '../../components/Icon.tsx';
import { tabClass } from '../../components/Tabs.tsx';
import { Tag } from '../../components/Tag.tsx';
import { folderOf, lastPart } from './folders.ts';
import { placeWords, testWords } from './label-words.ts';

interface PromptFrameProps {
  name: string;
  /** Undefined until it is known. */
  prompt: WholePrompt | undefined;
  current: 'versions' | 'ab-test';
  busy: boolean;
  actions?: ReactNode;
  children: ReactNode;
}

/** What the pages of one prompt have in common: where it lies, its pages, and what is live. */
export function PromptFrame({ name, prompt, current, busy, actions, children }: PromptFrameProps) {
  const { project } = useProject();
  const params = { projectId: project.id, promptName: name };
  const live = prompt?.labels.find(({ label }) => label === DEFAULT_LABEL);
  const test = prompt?.labels.find((place) => place.test)?.test;
  const tab = (id: PromptFrameProps['current']) => ({
    className: tabClass,
    activeOptions: { exact: true, includeSearch: false },
    'aria-current': current === id ? ('page' as const) : undefined,
    'data-selected': current === id || undefined,
  });
  return (
    <main className="flex min-h-0 flex-1 flex-col" aria-busy={busy}>
      <TopBar title={<span title={name}>{lastPart(name)}</span>} parent={<Crumbs project={project.id} name={name} />}>
        {actions}
      </TopBar>
      <div className="flex h-10 shrink-0 items-end gap-6 border-b px-4">
        <nav aria-label="Pages of the prompt" className="flex shrink-0 gap-6">
          <Link to="/project/$projectId/prompts/$promptName" params={params} {...tab('versions')}>
            Versions
          </Link>
          <Link to="/project/$projectId/prompts/$promptName/ab-test" params={params} {...tab('ab-test')}>
            A/B test
            {test && <Tag tone="info">{test.state}</Tag>}
          </Link>
        </nav>
        <span className="flex h-full min-w-0 flex-1 items-center justify-end gap-2 text-small text-text-2">
          {prompt && prompt.tags.length > 0 && (
            <span className="flex min-w-0 justify-end gap-1" title={prompt.tags.join(', ')}>
              {prompt.tags.map((one) => (
                <Tag key={one}>{one}</Tag>
              ))}
            </span>
          )}
          {live && (
            <span className="flex shrink-0 items-center gap-1.5 max-panel:hidden">
              <Icon of={TagIcon} small className="text-text-3" />
              {DEFAULT_LABEL} <span className="data">{placeWords(live)}</span>
              {live.test && <span className="text-text-3">{testWords(live.test)}</span>}
            </span>
          )}
        </span>
      </div>
      {children}
    </main>
  );
}

/** Where a prompt lies, each folder a link. */
export function Crumbs({ project, name }: { project: string; name: string }) {
  const folder = folderOf(name);
  const paths = folder === '' ? [] : folder.split('/').map((_, at, parts) => parts.slice(0, at + 1).join('/'));
  return (
    <>
      <Link to="/project/$projectId/prompts" params={{ projectId: project }} className="text-text-3">
        Prompts
      </Link>
      {paths.map((path) => (
        <span key={path}>
          {' / '}
          <Link
            to="/project/$projectId/prompts"
            params={{ projectId: project }}
            search={{ folder: path }}
            className="text-text-3"
          >
            <bdi>{lastPart(path)}</bdi>
          </Link>
        </span>
      ))}
    </>
  );
}
