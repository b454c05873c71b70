import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { DEFAULT_LABEL } from '@tracehouse/contract/prompts';
import type { WholePrompt } from '@tracehouse/contract/x-prompts';
import { ArrowLeftRight } from 'lucide-react';
import { useMemo } from 'react';
import { CallError } from '../../../api/call.ts';
import { TopBar } from '../../../app/TopBar.tsx';
import { useDocumentTitle } from '../../../app/useDocumentTitle.ts';
import { useProject } from '../../../app/useProject.ts';
import { Button } from '../../../components/Button.tsx';
import { fieldClass } from '../../../components/Field.tsx';
import { Icon } from '../../../components/Icon.tsx';
import { Failure, Loading, Note, SkeletonRows, State } from '../../../components/states.tsx';
import { Time } from '../../../components/Time.tsx';
import { lastPart } from '../folders.ts';
import { Crumbs } from '../PromptFrame.tsx';
import { usePromptVersion, useWholePrompt } from '../usePrompts.ts';
import { DiffModes } from './DiffModes.tsx';
import { DiffView, type DiffMode } from './DiffView.tsx';
import { diffPrompts } from './prompt-diff.ts';

const route = getRouteApi('/project/$projectId/prompts/$promptName/compare');

/** Two versions of a prompt, both named in the address. */
export function ComparePage() {
  const { promptName } = route.useParams();
  const search = route.useSearch();
  const { project } = useProject();
  const navigate = useNavigate();
  const whole = useWholePrompt(project.id, promptName);
  useDocumentTitle(`Compare ${promptName}`, project.name);
  const chosen = whole.data && chooseVersions(whole.data, search.a, search.b);
  const mode: DiffMode = search.mode === 'words' ? 'words' : 'lines';
  const set = (change: { a?: number; b?: number; mode?: DiffMode }) =>
    void navigate({
      to: '/project/$projectId/prompts/$promptName/compare',
      params: { projectId: project.id, promptName },
      search: (before) => {
        const next = { a: change.a ?? chosen?.a, b: change.b ?? chosen?.b, mode: change.mode ?? mode };
        return {
          ...before,
          ...(next.a !== undefined && { a: String(next.a) }),
          ...(next.b !== undefined && { b: String(next.b) }),
          mode: next.mode === 'words' ? 'words' : '',
        };
      },
      replace: true,
    });
  return (
    <main className="flex min-h-0 flex-1 flex-col">
      <TopBar
        parent={<Crumbs project={project.id} name={promptName} />}
        title={
          <Link
            to="/project/$projectId/prompts/$promptName"
            params={{ projectId: project.id, promptName }}
            className="text-text"
          >
            {lastPart(promptName)}
          </Link>
        }
      >
        {chosen && (
          <>
            <DiffModes mode={mode} onChoose={(next) => set({ mode: next })} />
            <Button onClick={() => set({ a: chosen.b, b: chosen.a })}>
              <Icon of={ArrowLeftRight} small /> Swap
            </Button>
          </>
        )}
      </TopBar>
      {whole.isPending ? (
        <Loading label="Loading the versions" skeleton={<SkeletonRows rows={8} widths={['w-10', 'flex-1']} />} />
      ) : whole.isError ? (
        whole.error instanceof CallError && whole.error.status === 404 ? (
          <State role="status" title="There is no prompt of this name in this project." />
        ) : (
          <Failure what="the versions" error={whole.error} retry={() => void whole.refetch()} />
        )
      ) : chosen ? (
        <>
          {chosen.ignored.length > 0 && (
            <Note tone="warn">There is no version “{chosen.ignored.join('”, “')}” of this prompt. It was ignored.</Note>
          )}
          <Comparison whole={whole.data} a={chosen.a} b={chosen.b} mode={mode} set={set} />
        </>
      ) : (
        <State role="status" title="This prompt has one version: there is nothing to compare it with." />
      )}
    </main>
  );
}

/** What the address does not say: the newest, against the one in production, else the one before. Null with one version. */
function chooseVersions({ versions, labels }: WholePrompt, a: string | undefined, b: string | undefined) {
  const numbers = versions.map(({ version }) => version);
  const [newest, previous] = numbers;
  if (newest === undefined || previous === undefined) return null;
  const read = (text: string | undefined) => numbers.find((version) => String(version) === text);
  const right = read(b) ?? numbers.find((version) => version !== read(a)) ?? newest;
  const live = labels.find(({ label }) => label === DEFAULT_LABEL)?.version;
  const left = read(a) ?? [live, ...numbers].find((version) => version !== undefined && version !== right) ?? previous;
  const ignored = [a, b].filter((text) => text !== undefined && text !== '' && read(text) === undefined);
  return { a: left, b: right, ignored };
}

interface ComparisonProps {
  whole: WholePrompt;
  a: number;
  b: number;
  mode: DiffMode;
  set: (change: { a?: number; b?: number }) => void;
}

function Comparison({ whole, a, b, mode, set }: ComparisonProps) {
  const { project } = useProject();
  const before = usePromptVersion(project.id, whole.name, a);
  const after = usePromptVersion(project.id, whole.name, b);
  const one = before.data?.version === a ? before.data : undefined;
  const other = after.data?.version === b ? after.data : undefined;
  const diff = useMemo(() => (one && other ? diffPrompts(one, other) : undefined), [one, other]);
  const failed = before.isError ? before : after.isError ? after : undefined;
  return (
    <div className="min-h-0 flex-1 overflow-auto">
      <div className="grid grid-cols-2 gap-4 border-b px-4 py-3">
        <Side label="Before" whole={whole} chosen={a} onChoose={(version) => set({ a: version })} />
        <Side label="After" whole={whole} chosen={b} onChoose={(version) => set({ b: version })} />
      </div>
      <div className="p-4">
        {failed?.error ? (
          <Failure what="a version" error={failed.error} retry={() => void failed.refetch()} />
        ) : diff === undefined ? (
          <Loading label="Loading both versions" skeleton={<SkeletonRows rows={8} widths={['w-10', 'flex-1']} />} />
        ) : (
          <>
            <p role="status" className="mb-3 text-text-2">
              {diff.isSame
                ? 'Text and config are the same in both versions.'
                : `${diff.changedLines === 1 ? '1 line differs' : `${diff.changedLines} lines differ`}${diff.config.kind === 'same' ? ', the config is the same' : ''}.`}
            </p>
            <DiffView diff={diff} mode={mode} />
          </>
        )}
      </div>
    </div>
  );
}

interface SideProps {
  label: string;
  whole: WholePrompt;
  chosen: number;
  onChoose: (version: number) => void;
}

/** Which version, and what is known of it. */
function Side({ label, whole, chosen, onChoose }: SideProps) {
  const summary = whole.versions.find(({ version }) => version === chosen);
  return (
    <div className="min-w-0">
      <label className="flex items-center gap-2 text-small text-text-2">
        {label}
        <select
          value={chosen}
          onChange={(event) => onChoose(Number(event.target.value))}
          className={`${fieldClass} max-w-100 flex-1 truncate`}
        >
          {whole.versions.map(({ version, labels, commitMessage }) => (
            <option key={version} value={version}>
              {[`Version ${version}`, labels.join(', '), (commitMessage ?? '').slice(0, 60)]
                .filter(Boolean)
                .join(' · ')}
            </option>
          ))}
        </select>
      </label>
      {summary && (
        <p className="mt-1 truncate text-small text-text-3">
          <bdi>{summary.createdBy}</bdi>, <Time at={summary.createdAt} className="data" />
          {summary.commitMessage !== null && (
            <>
              , <bdi className="text-text-2">{summary.commitMessage}</bdi>
            </>
          )}
        </p>
      )}
    </div>
  );
}
