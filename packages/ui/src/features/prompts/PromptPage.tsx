import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { NEWEST_LABEL } from '@tracehouse/contract/prompts';
import type { PromptVersionDetail, WholePrompt } from '@tracehouse/contract/x-prompts';
import { Ellipsis } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { CallError } from '../../api/call.ts';
import { useKeys } from '../../app/keys.ts';
import { missingRole } from '../../app/session.ts';
import { useDocumentTitle } from '../../app/useDocumentTitle.ts';
import { useProject } from '../../app/useProject.ts';
import { Button, buttonClass } from '../../components/Button.tsx';
import { copyText } from '../../components/copy-text.ts';
import { CopyButton } from '../../components/CopyButton.tsx';
import { Icon } from '../../components/Icon.tsx';
import { Menu } from '../../components/Menu.tsx';
import { Failure, Loading, Note, SkeletonRows, State } from '../../components/states.tsx';
import { Time } from '../../components/Time.tsx';
import { tell, tellError } from '../../components/toasts.tsx';
import { TriggerButton } from '../../components/TriggerButton.tsx';
import { Section } from '../trace/PanelFrame.tsx';
import { chosenVersion, comparedWith } from './chosen-version.ts';
import { ConfigView, hasConfig } from './ConfigView.tsx';
import { CopyDialog } from './CopyDialog.tsx';
import { DeleteDialog, DeleteVersionDialog } from './DeleteDialog.tsx';
import { folderOf } from './folders.ts';
import { LatestTraces } from './LatestTraces.tsx';
import { LabelDialog, protectedWords } from './LabelDialog.tsx';
import { PromptFrame } from './PromptFrame.tsx';
import { TagsDialog } from './TagsDialog.tsx';
import { usePromptVersion, useWholePrompt } from './usePrompts.ts';
import { DependentList, VersionPanel } from './VersionPanel.tsx';
import { VersionsRail } from './VersionsRail.tsx';
import { VersionText } from './VersionText.tsx';

const route = getRouteApi('/project/$projectId/prompts/$promptName');

type Asking = { what: 'copy' | 'tags' | 'delete' | 'delete-version' } | { what: 'label'; label: string | null };

/** One prompt: what it says, which version is live and what each is used for. */
export function PromptPage() {
  const { promptName: name } = route.useParams();
  const search = route.useSearch();
  const navigate = useNavigate();
  const { project } = useProject();
  useDocumentTitle(name, project.name);
  const whole = useWholePrompt(project.id, name);
  const prompt = whole.data;
  const { version, ignored } = prompt ? chosenVersion(prompt, search) : { version: undefined };
  const text = usePromptVersion(project.id, name, version);
  const [asking, setAsking] = useState<Asking>();
  const close = () => setAsking(undefined);
  const params = { projectId: project.id, promptName: name };

  const step = (by: number) => {
    const at = prompt?.versions.findIndex((one) => one.version === version) ?? -1;
    const next = prompt?.versions[at + by];
    if (at < 0 || !next) return;
    void navigate({
      to: '/project/$projectId/prompts/$promptName',
      params,
      search: { version: String(next.version) },
      replace: true,
    });
  };
  const copyLink = async () => {
    if (await copyText(location.origin + location.pathname + location.search)) tell('Link copied');
    else tellError('The browser refused to copy the link.');
  };
  useKeys([
    { key: 'j', does: 'Next version', run: () => step(1) },
    { key: 'k', does: 'Previous version', run: () => step(-1) },
    { key: 'y', does: 'Copy link', run: () => void copyLink() },
  ]);
  const openList = () =>
    void navigate({
      to: '/project/$projectId/prompts',
      params: { projectId: project.id },
      search: folderOf(name) === '' ? {} : { folder: folderOf(name) },
    });
  return (
    <PromptFrame
      name={name}
      prompt={prompt}
      current="versions"
      busy={whole.isFetching || text.isFetching}
      actions={
        prompt &&
        version !== undefined && (
          <>
            <EditLink name={name} version={version} />
            <Menu
              label="More"
              placement="bottom end"
              groups={[
                {
                  label: name,
                  entries: [
                    { id: 'copy', label: 'Copy or rename …' },
                    { id: 'tags', label: 'Edit tags …' },
                    { id: 'link', label: 'Copy link', hint: 'y' },
                    { id: 'delete-version', label: `Delete version ${version} …` },
                    { id: 'delete', label: 'Delete prompt …' },
                  ],
                },
              ]}
              onChoose={(id) =>
                id === 'link' ? void copyLink() : setAsking({ what: id as Exclude<Asking['what'], 'label'> })
              }
            >
              <TriggerButton square look="quiet" aria-label="More">
                <Icon of={Ellipsis} />
              </TriggerButton>
            </Menu>
          </>
        )
      }
    >
      {prompt === undefined || version === undefined ? (
        whole.isPending ? (
          <Loading
            label="Loading the prompt"
            skeleton={<SkeletonRows rows={12} widths={['w-48', 'flex-1', 'w-48']} tree />}
          />
        ) : (
          <PromptMissing error={whole.error} name={name} retry={() => void whole.refetch()} />
        )
      ) : (
        <>
          {ignored !== undefined && (
            <Note tone="warn">
              {ignored} Shown: version {version}.
            </Note>
          )}
          {whole.isError && (
            <Note tone="danger">
              Could not refresh the prompt. {whole.error.message} What was loaded before stays on screen.
            </Note>
          )}
          <div className="flex min-h-0 flex-1 max-panel:flex-col max-panel:overflow-y-auto">
            <VersionsRail prompt={prompt} chosen={version} />
            <Centre prompt={prompt} version={version} text={text} />
            <VersionPanel
              prompt={prompt}
              version={version}
              detail={text.data?.version === version ? text.data : undefined}
              moveLabel={(label) => setAsking({ what: 'label', label })}
            />
          </div>
          {asking?.what === 'label' && (
            <LabelDialog prompt={prompt} label={asking.label} version={version} close={close} />
          )}
          {asking?.what === 'copy' && <CopyDialog target={{ prompt }} close={close} />}
          {asking?.what === 'tags' && <TagsDialog name={name} tags={prompt.tags} close={close} />}
          {asking?.what === 'delete' && <DeleteDialog target={{ prompt }} close={close} onDeleted={openList} />}
          {asking?.what === 'delete-version' && (
            <VersionDeletion
              prompt={prompt}
              version={version}
              close={close}
              onDeleted={() => {
                if (prompt.versions.length === 1) openList();
                else void navigate({ to: '/project/$projectId/prompts/$promptName', params });
              }}
            />
          )}
        </>
      )}
    </PromptFrame>
  );
}

function EditLink({ name, version }: { name: string; version: number }) {
  const { project } = useProject();
  const blocked = missingRole(project, 'MEMBER');
  if (blocked !== undefined) return <Button disabledBecause={blocked}>Edit v{version}</Button>;
  return (
    <Link
      to="/project/$projectId/prompts/$promptName/edit"
      params={{ projectId: project.id, promptName: name }}
      search={{ from: String(version) }}
      className={buttonClass({ look: 'primary' })}
    >
      Edit v{version}
    </Link>
  );
}

interface CentreProps {
  prompt: WholePrompt;
  version: number;
  text: ReturnType<typeof usePromptVersion>;
}

/** The text of a version and its config. */
function Centre({ prompt, version, text }: CentreProps) {
  const { project } = useProject();
  const [isResolved, setIsResolved] = useState(false);
  const summary = prompt.versions.find((one) => one.version === version);
  const other = comparedWith(prompt, version);
  const detail = text.data;
  const hasIncluded = detail !== undefined && detail.included.length > 0;
  return (
    <section
      aria-label={`Version ${version}`}
      className="min-w-0 flex-1 overflow-y-auto outline-inside max-panel:flex-none max-panel:overflow-visible"
      tabIndex={0}
    >
      <div className="flex flex-wrap items-center gap-x-2 gap-y-1 border-b px-4 py-2">
        <h2 className="flex min-w-64 flex-1 flex-wrap items-baseline gap-x-2 text-lead">
          Version {version}
          {summary && (
            <span className="min-w-0 truncate text-small font-normal text-text-3">
              by <bdi>{summary.createdBy}</bdi>, <Time at={summary.createdAt} />
              {summary.commitMessage !== null && (
                <>
                  , <bdi title={summary.commitMessage}>{summary.commitMessage}</bdi>
                </>
              )}
            </span>
          )}
        </h2>
        <div className="flex items-center gap-2">
          {hasIncluded && (
            <div role="group" aria-label="How the text is shown" className="flex gap-1">
              <Button compact look="quiet" aria-pressed={!isResolved} onClick={() => setIsResolved(false)}>
                As written
              </Button>
              <Button compact look="quiet" aria-pressed={isResolved} onClick={() => setIsResolved(true)}>
                Resolved
              </Button>
            </div>
          )}
          {other !== undefined && (
            <Link
              to="/project/$projectId/prompts/$promptName/compare"
              params={{ projectId: project.id, promptName: prompt.name }}
              search={{ a: String(Math.min(other, version)), b: String(Math.max(other, version)) }}
              className={buttonClass({ compact: true })}
            >
              Compare with v{other}
            </Link>
          )}
          {detail && <CopyButton label="Copy text" text={copied(detail, isResolved)} />}
        </div>
      </div>
      {text.isError ? (
        <Failure what={`version ${version}`} error={text.error} retry={() => void text.refetch()} />
      ) : detail === undefined ? (
        <Loading label="Loading the text" skeleton={<SkeletonRows rows={8} widths={['w-16', 'flex-1']} tree />} />
      ) : (
        <div aria-busy={text.isPlaceholderData}>
          {detail.problem !== null && (
            <Note tone="danger">
              This version cannot be fetched: <bdi>{detail.problem}</bdi>
            </Note>
          )}
          <div className="px-4 py-1">
            <VersionText
              key={detail.id}
              prompt={detail.prompt}
              included={detail.included}
              isResolved={isResolved && hasIncluded}
            />
          </div>
          {hasConfig(detail.config) && (
            <div className="border-t">
              <Section title="Config">
                <ConfigView config={detail.config} />
              </Section>
            </div>
          )}
        </div>
      )}
      <LatestTraces name={prompt.name} version={version} />
    </section>
  );
}

/** A text as text, a chat as JSON. */
function copied({ prompt, resolved }: PromptVersionDetail, isResolved: boolean): string {
  const shown = (isResolved ? resolved : null) ?? prompt;
  return typeof shown === 'string' ? shown : JSON.stringify(shown, null, 2);
}

interface VersionDeletionProps {
  prompt: WholePrompt;
  version: number;
  close: () => void;
  onDeleted: () => void;
}

/** What goes with a version, and what keeps it from going. */
function VersionDeletion({ prompt, version, close, onDeleted }: VersionDeletionProps) {
  const { project } = useProject();
  const own = prompt.labels.filter((place) => place.version === version);
  const locked = own.find(({ isProtected }) => isProtected);
  const tests = prompt.labels.filter(({ test }) => test?.arms.some((arm) => arm.version === version));
  const dependents = prompt.dependents.filter(
    ({ label, childVersion }) => childVersion === version || own.some((place) => place.label === label),
  );
  return (
    <DeleteVersionDialog
      name={prompt.name}
      version={version}
      close={close}
      onDeleted={onDeleted}
      blocked={
        dependents.length > 0
          ? 'Other prompts include it'
          : locked && protectedWords(locked.label, missingRole(project, 'ADMIN'))
      }
    >
      <p>Traces stay. This cannot be undone.</p>
      {own.map(({ label }) =>
        label === NEWEST_LABEL ? (
          <p key={label}>
            {prompt.versions.length === 1
              ? 'It is the only version: the prompt goes with it.'
              : 'latest then points at the newest version that is left.'}
          </p>
        ) : (
          <p key={label}>
            The label <bdi className="font-medium text-text">{label}</bdi> goes with it: applications that fetch it get
            an error, or their fallback.
          </p>
        ),
      )}
      {tests.map(({ label }) => (
        <p key={label}>It is in the A/B test of {label}, which ends.</p>
      ))}
      {dependents.length > 0 && (
        <div>
          <p className="text-danger">It cannot go while these include it:</p>
          <DependentList dependents={dependents} />
        </div>
      )}
    </DeleteVersionDialog>
  );
}

function PromptMissing({ error, name, retry }: { error: Error | null; name: string; retry: () => void }): ReactNode {
  const { project } = useProject();
  if (error && !(error instanceof CallError && error.status === 404))
    return <Failure what="the prompt" error={error} retry={retry} />;
  return (
    <State
      role="alert"
      title={`No prompt with this name in project ${project.name}.`}
      actions={
        <>
          <Button onClick={retry}>Try again</Button>
          <Link to="/project/$projectId/prompts" params={{ projectId: project.id }}>
            All prompts
          </Link>
        </>
      }
    >
      <bdi className="break-all">{name}</bdi>
      <p>It was never there, was deleted, or has another name now.</p>
    </State>
  );
}
