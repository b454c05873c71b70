import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import type { WholePrompt } from '@tracehouse/contract/x-prompts';
import { useState, type ReactNode } from 'react';
import { CallError } from '../../../api/call.ts';
import { missingRole, useSession } from '../../../app/session.ts';
import { TopBar } from '../../../app/TopBar.tsx';
import { useDocumentTitle } from '../../../app/useDocumentTitle.ts';
import { useProject } from '../../../app/useProject.ts';
import { Button, buttonClass } from '../../../components/Button.tsx';
import { Failure, Loading, Note, SkeletonRows, State } from '../../../components/states.tsx';
import { Time } from '../../../components/Time.tsx';
import { lastPart } from '../folders.ts';
import { Crumbs } from '../PromptFrame.tsx';
import { usePromptVersion, useWholePrompt } from '../usePrompts.ts';
import { draftOf } from './draft.ts';
import { dropDraft, keptDraft, type DraftPlace } from './kept-drafts.ts';
import { PromptEditor } from './PromptEditor.tsx';

const route = getRouteApi('/project/$projectId/prompts/$promptName/edit');

/** Edits a prompt: begins from the version that the address names, else where the kept draft began, else from the newest. */
export function EditPromptPage() {
  const { promptName } = route.useParams();
  const { from } = route.useSearch();
  const { project } = useProject();
  const navigate = useNavigate();
  const session = useSession();
  const whole = useWholePrompt(project.id, promptName);
  // Each start is an editor of its own.
  const [start, setStart] = useState(0);
  useDocumentTitle(`Edit ${promptName}`, project.name);
  const place: DraftPlace = { userId: session?.user.id ?? '', project: project.id, name: promptName };
  const startFrom = (version: number) => {
    dropDraft(place);
    setStart(start + 1);
    void navigate({
      to: '/project/$projectId/prompts/$promptName/edit',
      params: { projectId: project.id, promptName },
      search: { from: String(version) },
      replace: true,
    });
  };
  const blocked = missingRole(project, 'MEMBER');
  if (blocked !== undefined) {
    return (
      <Frame name={promptName}>
        <State role="status" title={blocked} />
      </Frame>
    );
  }
  if (!whole.data) {
    return (
      <Frame name={promptName}>
        {whole.isError ? <NotLoaded error={whole.error} retry={() => void whole.refetch()} /> : <EditorSkeleton />}
      </Frame>
    );
  }
  const versions = whole.data.versions.map(({ version }) => version);
  const asked = Number(from);
  const wanted = versions.includes(asked) ? asked : undefined;
  const kept = keptDraft(place);
  const keptFrom = kept?.from != null && versions.includes(kept.from) ? kept.from : undefined;
  if (kept && keptFrom !== undefined && wanted !== undefined && wanted !== keptFrom) {
    return (
      <Frame name={promptName}>
        <State
          role="status"
          title={`There is an unsaved draft that began from version ${keptFrom}.`}
          actions={
            <>
              <Link
                to="/project/$projectId/prompts/$promptName/edit"
                params={{ projectId: project.id, promptName }}
                search={{ from: String(keptFrom) }}
                replace
                className={buttonClass()}
              >
                Go on with the draft
              </Link>
              <Button look="danger" onClick={() => startFrom(wanted)}>
                Discard it, start from version {wanted}
              </Button>
            </>
          }
        >
          It was last changed at <Time at={kept.at} className="data" />.
        </State>
      </Frame>
    );
  }
  return (
    <>
      {from !== undefined && wanted === undefined && (
        <Note tone="warn">There is no version “{from}” of this prompt. It was ignored.</Note>
      )}
      <Editing
        key={`${project.id} ${promptName} ${start}`}
        place={place}
        whole={whole.data}
        from={wanted ?? keptFrom ?? versions[0] ?? 1}
        startFrom={startFrom}
      />
    </>
  );
}

interface EditingProps {
  place: DraftPlace;
  whole: WholePrompt;
  from: number;
  startFrom: (version: number) => void;
}

/** The version it began from stays the same while newer ones come. */
function Editing({ place, whole, from: first, startFrom }: EditingProps) {
  const { project } = useProject();
  const [from] = useState(first);
  const version = usePromptVersion(project.id, whole.name, from);
  const found = version.data?.version === from ? version.data : undefined;
  if (!found) {
    return (
      <Frame name={whole.name}>
        {version.isError ? (
          <NotLoaded error={version.error} retry={() => void version.refetch()} />
        ) : (
          <EditorSkeleton />
        )}
      </Frame>
    );
  }
  const seenLatest = whole.versions[0]?.version ?? from;
  return (
    <PromptEditor
      place={place}
      initial={draftOf(whole.name, found, seenLatest)}
      source={{ whole, version: found }}
      startFrom={startFrom}
    />
  );
}

const EditorSkeleton = () => (
  <Loading label="Loading the prompt" skeleton={<SkeletonRows rows={8} widths={['w-24', 'flex-1']} />} />
);

const NotLoaded = ({ error, retry }: { error: Error; retry: () => void }) =>
  error instanceof CallError && error.status === 404 ? (
    <State role="status" title="There is no prompt of this name in this project." />
  ) : (
    <Failure what="the prompt" error={error} retry={retry} />
  );

/** Title of the page while there is no editor yet. */
function Frame({ name, children }: { name: string; children: ReactNode }) {
  const { project } = useProject();
  return (
    <main className="flex min-h-0 flex-1 flex-col">
      <TopBar parent={<Crumbs project={project.id} name={name} />} title={lastPart(name)} />
      {children}
    </main>
  );
}
