import { Link } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import type { PromptVersionSummary, WholePrompt } from '@tracehouse/contract/x-prompts';
import { Pencil } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { useSession } from '../../app/session.ts';
import { useProject } from '../../app/useProject.ts';
import { classes } from '../../components/class-names.ts';
import { formatAge, formatCount } from '../../components/formats.ts';
import { Icon } from '../../components/Icon.tsx';
import { Tag } from '../../components/Tag.tsx';
import { comparedWith } from './chosen-version.ts';
import { armOf, inOrder, shareWords, testWords } from './label-words.ts';
import { keptDraft } from './edit/kept-drafts.ts';
import { LabelTag } from './LabelTag.tsx';

interface VersionsRailProps {
  prompt: WholePrompt;
  chosen: number;
}

const ROW_PX = 52;

/** All versions, the newest first: what each is for, by whom, since when. */
export function VersionsRail({ prompt, chosen }: VersionsRailProps) {
  const { project } = useProject();
  const { name, versions } = prompt;
  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: versions.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 8,
  });
  const at = versions.findIndex(({ version }) => version === chosen);
  useEffect(() => {
    if (at >= 0) virtualizer.scrollToIndex(at, { align: 'auto' });
  }, [virtualizer, at]);
  const other = comparedWith(prompt, chosen);
  return (
    <nav
      aria-label="Versions"
      className="flex min-h-0 w-68 shrink-0 flex-col border-r max-wide:w-56 max-panel:max-h-60 max-panel:w-full max-panel:border-r-0 max-panel:border-b"
    >
      <div className="flex items-baseline px-4 pt-2 pb-1 text-small text-text-3">
        <span className="flex-1">
          {versions.length === 1 ? '1 version' : `${formatCount(versions.length)} versions`}
        </span>
        {other !== undefined && (
          <Link
            to="/project/$projectId/prompts/$promptName/compare"
            params={{ projectId: project.id, promptName: name }}
            search={{ a: String(Math.min(other, chosen)), b: String(Math.max(other, chosen)) }}
          >
            Compare two
          </Link>
        )}
      </div>
      <DraftLink project={project.id} name={name} />
      <div ref={scroller} className="min-h-0 flex-1 overflow-y-auto">
        <ul className="relative" style={{ height: virtualizer.getTotalSize() }}>
          {virtualizer.getVirtualItems().map((item) => {
            const version = versions[item.index];
            return version ? (
              <li
                key={version.id}
                aria-setsize={versions.length}
                aria-posinset={item.index + 1}
                className="absolute inset-x-0"
                style={{ top: item.start, height: item.size }}
              >
                <VersionLink
                  prompt={prompt}
                  version={version}
                  project={project.id}
                  isChosen={version.version === chosen}
                />
              </li>
            ) : null;
          })}
        </ul>
      </div>
    </nav>
  );
}

/** What this browser keeps of the next version, where there is something. */
function DraftLink({ project, name }: { project: string; name: string }) {
  const session = useSession();
  const kept = session && keptDraft({ userId: session.user.id, project, name });
  if (!kept) return null;
  return (
    <Link
      to="/project/$projectId/prompts/$promptName/edit"
      params={{ projectId: project, promptName: name }}
      className={classes(rowClass, 'h-13 shrink-0')}
    >
      <Icon of={Pencil} small className="self-center text-text-3" />
      <span className="truncate" dir="auto">
        {kept.draft.commitMessage.trim() || 'next version'}
      </span>
      <time dateTime={kept.at} className="text-small text-text-3" title={kept.at}>
        {formatAge(Date.now() - Date.parse(kept.at))}
      </time>
      <span className="col-span-2 col-start-2 flex h-4">
        <Tag>draft, unsaved</Tag>
      </span>
    </Link>
  );
}

const rowClass =
  'grid grid-cols-version content-center items-baseline gap-x-2 border-b px-4 text-text no-underline outline-inside hover:bg-hover hover:text-text hover:no-underline';

interface VersionLinkProps {
  prompt: WholePrompt;
  version: PromptVersionSummary;
  project: string;
  isChosen: boolean;
}

function VersionLink({ prompt, version, project, isChosen }: VersionLinkProps) {
  const { commitMessage, createdBy, createdAt } = version;
  const own = inOrder(prompt.labels.filter(({ label }) => version.labels.includes(label)));
  const arms = prompt.labels.flatMap((place) => {
    const arm = armOf(place, version.version);
    return arm && place.test ? [{ ...arm, label: place.label, test: place.test }] : [];
  });
  return (
    <Link
      to="/project/$projectId/prompts/$promptName"
      params={{ projectId: project, promptName: prompt.name }}
      search={{ version: String(version.version) }}
      aria-current={isChosen ? 'page' : undefined}
      className={classes(rowClass, 'h-full', isChosen && 'petrol-edge bg-selected hover:bg-selected')}
    >
      <span className="data font-medium">v{version.version}</span>
      <span
        className={classes('truncate', commitMessage === null && 'text-text-3')}
        dir="auto"
        title={commitMessage ?? undefined}
      >
        {commitMessage ?? 'no message'}
      </span>
      <span className="flex max-w-24 gap-1 text-small text-text-3">
        <bdi className="truncate" title={createdBy}>
          {createdBy}
        </bdi>
        <time dateTime={createdAt} className="shrink-0" title={createdAt}>
          {formatAge(Date.now() - Date.parse(createdAt))}
        </time>
      </span>
      <span className="col-span-2 col-start-2 flex h-4 min-w-0 gap-1 overflow-hidden">
        {own.map(({ label }) => (
          <LabelTag key={label} label={label} />
        ))}
        {arms.map(({ label, letter, share, test }) => (
          <Tag key={label} tone="info" title={`${label}: ${testWords(test)}`}>
            {letter} {shareWords(share)}
          </Tag>
        ))}
      </span>
    </Link>
  );
}
