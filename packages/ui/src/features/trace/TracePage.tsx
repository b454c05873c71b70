import { getRouteApi, Link } from '@tanstack/react-router';
import { Link as LinkIcon } from 'lucide-react';
import { useKeys } from '../../app/keys.ts';
import type { TraceSearch } from '../../app/router.tsx';
import { TopBar } from '../../app/TopBar.tsx';
import { useDocumentTitle } from '../../app/useDocumentTitle.ts';
import { useProject } from '../../app/useProject.ts';
import { CallError } from '../../api/call.ts';
import { Button, buttonClass } from '../../components/Button.tsx';
import { copyText } from '../../components/copy-text.ts';
import { formatId } from '../../components/formats.ts';
import { Icon } from '../../components/Icon.tsx';
import { Failure, Loading, Note, SkeletonRows, State } from '../../components/states.tsx';
import { tell, tellError } from '../../components/toasts.tsx';
import { TraceStrip } from './TraceStrip.tsx';
import { TraceView } from './TraceView.tsx';
import { useListPosition } from './useListPosition.ts';
import { useTraceSkeleton } from './useTrace.ts';

const route = getRouteApi('/project/$projectId/traces/$traceId');

export function TracePage() {
  const { traceId } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { project } = useProject();
  const skeleton = useTraceSkeleton(project.id, traceId);
  const position = useListPosition(project.id, search, traceId);
  const name = skeleton.data?.trace.name ?? formatId(traceId);
  useDocumentTitle(name, project.name);
  const { observation: _, ...listSearch } = search;
  const openTrace = (id: string | null) => {
    if (id !== null)
      void navigate({
        to: '/project/$projectId/traces/$traceId',
        params: { projectId: project.id, traceId: id },
        search: listSearch,
      });
  };
  const copyLink = async () => {
    // The shortest address of what is seen: without the list it was opened from.
    const kept = search.observation === undefined ? '' : `?observation=${encodeURIComponent(search.observation)}`;
    if (await copyText(location.origin + location.pathname + kept)) tell('Link copied');
    else tellError('The browser refused to copy the link.');
  };
  useKeys([
    { key: 'J', does: 'Next trace of the list', run: () => openTrace(position.next) },
    { key: 'K', does: 'Previous trace of the list', run: () => openTrace(position.previous) },
    { key: 'y', does: 'Copy link', run: () => void copyLink() },
  ]);
  const { q, t, env, sort } = search;
  const backSearch = { ...(q && { q }), ...(t && { t }), ...(env && { env }), ...(sort && { sort }) };
  return (
    <main className="flex min-h-0 flex-1 flex-col" aria-busy={skeleton.isFetching}>
      <TopBar
        title={name}
        parent={
          <Link
            to="/project/$projectId/traces"
            params={{ projectId: project.id }}
            search={backSearch}
            className="text-text-3"
          >
            Traces
          </Link>
        }
      >
        <Button onClick={() => void copyLink()}>
          <Icon of={LinkIcon} small className="text-text-3" />
          Copy link
        </Button>
      </TopBar>
      {skeleton.isPending ? (
        <Loading
          label="Loading the trace"
          skeleton={<SkeletonRows rows={16} widths={['w-48', 'w-12', 'flex-1']} tree />}
        />
      ) : skeleton.data === undefined ? (
        <TraceMissing error={skeleton.error} traceId={traceId} retry={() => void skeleton.refetch()} />
      ) : (
        <>
          {skeleton.isError && (
            <Note tone="danger">
              Could not refresh the trace. {skeleton.error.message} What was loaded before stays on screen.
            </Note>
          )}
          <TraceStrip skeleton={skeleton.data} position={position} openTrace={openTrace} />
          <TraceView
            key={traceId}
            skeleton={skeleton.data}
            search={search}
            setSearch={(change: Partial<TraceSearch>) =>
              void navigate({ search: (old) => ({ ...old, ...change }), replace: true })
            }
          />
        </>
      )}
    </main>
  );
}

function TraceMissing({ error, traceId, retry }: { error: Error; traceId: string; retry: () => void }) {
  const { project } = useProject();
  if (!(error instanceof CallError && error.status === 404))
    return <Failure what="the trace" error={error} retry={retry} />;
  const params = { projectId: project.id };
  return (
    <State
      role="alert"
      title={`No trace with this id in project ${project.name}.`}
      actions={
        <>
          <Button onClick={retry}>Try again</Button>
          <Link to="/project/$projectId/setup" params={params} className={buttonClass()}>
            Look at the live door
          </Link>
          <Link to="/project/$projectId/traces" params={params}>
            All traces
          </Link>
        </>
      }
    >
      <span className="data break-all">{traceId}</span>
      <p>It was never received, was deleted, or belongs to another project.</p>
    </State>
  );
}
