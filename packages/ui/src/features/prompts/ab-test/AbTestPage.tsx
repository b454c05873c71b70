import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { NEWEST_LABEL } from '@tracehouse/contract/prompts';
import type { AbTest } from '@tracehouse/contract/x-ab-tests';
import type { WholePrompt } from '@tracehouse/contract/x-prompts';
import { CallError } from '../../../api/call.ts';
import type { AbTestSearch } from '../../../app/router.tsx';
import { useDocumentTitle } from '../../../app/useDocumentTitle.ts';
import { useProject } from '../../../app/useProject.ts';
import { Button, buttonClass } from '../../../components/Button.tsx';
import { Failure, Loading, Note, SkeletonRows, State } from '../../../components/states.tsx';
import { PromptFrame } from '../PromptFrame.tsx';
import { useWholePrompt } from '../usePrompts.ts';
import { AbTestForm } from './AbTestForm.tsx';
import { AbTestView } from './AbTestView.tsx';
import { Actions } from './Actions.tsx';
import { History, TestList } from './History.tsx';
import { StateLine } from './Sentence.tsx';
import { useAbTests } from './useAbTests.ts';
import { formatArms } from './words.ts';

const route = getRouteApi('/project/$projectId/prompts/$promptName/ab-test');
const openStates = new Set<AbTest['state']>(['scheduled', 'running', 'paused']);

/** The A/B tests of a prompt: the one the address names, else the one that is open, else the last, else the form. */
export function AbTestPage() {
  const { promptName } = route.useParams();
  const search = route.useSearch();
  const { project } = useProject();
  const navigate = useNavigate();
  const whole = useWholePrompt(project.id, promptName);
  const list = useAbTests(project.id, promptName);
  useDocumentTitle(`A/B test of ${promptName}`, project.name);
  const tests = list.data?.data ?? [];
  const open = tests.filter(({ state }) => openStates.has(state));
  const named = tests.find(({ id }) => id === search.test);
  const test = search.new === undefined ? (named ?? open[0] ?? tests[0]) : undefined;
  const params = { projectId: project.id, promptName };
  const go = (next: AbTestSearch) =>
    void navigate({ to: '/project/$projectId/prompts/$promptName/ab-test', params, search: next });
  const failed = whole.isError ? whole : list.isError ? list : undefined;
  return (
    <PromptFrame
      name={promptName}
      prompt={whole.data}
      current="ab-test"
      busy={whole.isFetching || list.isFetching}
      actions={
        <>
          {test && whole.data && (
            <Actions
              key={test.id}
              test={test}
              isProtected={whole.data.labels.find(({ label }) => label === test.label)?.isProtected ?? false}
              onDeleted={() => go({})}
            />
          )}
          {test?.state === 'ended' && <Button onClick={() => go({ new: '1' })}>New A/B test</Button>}
        </>
      }
    >
      {open.length > 1 && (
        <nav aria-label="Open tests" className="flex flex-wrap gap-x-4 gap-y-1 border-b px-4 py-1.5 text-small">
          {open.map((one) => (
            <Link
              key={one.id}
              to="/project/$projectId/prompts/$promptName/ab-test"
              params={params}
              search={{ test: one.id }}
              activeOptions={{ includeSearch: true }}
              aria-current={one.id === test?.id ? 'true' : undefined}
              className="aria-[current=true]:font-medium aria-[current=true]:text-text"
            >
              {one.label}: {formatArms(one.arms)}
            </Link>
          ))}
        </nav>
      )}
      {search.test !== undefined && list.data && !named && (
        <Note tone="warn">There is no such test of this prompt. It was ignored.</Note>
      )}
      {whole.data && list.data ? (
        test && test.state !== 'draft' ? (
          <AbTestView key={test.id} test={test} tests={tests} phase={phaseOf(test, search.phase)} />
        ) : (
          <SetUp
            key={test?.id ?? promptName}
            whole={whole.data}
            draft={test}
            tests={tests}
            taken={new Set(open.map(({ label }) => label))}
            onSaved={(id) => go({ test: id })}
          />
        )
      ) : failed ? (
        failed.error instanceof CallError && failed.error.status === 404 ? (
          <State role="status" title="There is no prompt of this name in this project." />
        ) : (
          <Failure what="the A/B tests" error={failed.error ?? new Error()} retry={() => void failed.refetch()} />
        )
      ) : (
        <Loading label="Loading the A/B tests" skeleton={<SkeletonRows rows={8} widths={['w-40', 'flex-1']} />} />
      )}
    </PromptFrame>
  );
}

/** Only a phase that is over: the newest is what one sees without. */
function phaseOf(test: AbTest, asked: string | undefined): number | undefined {
  const newest = test.phases.at(-1)?.number;
  return test.phases.find(({ number }) => String(number) === asked && number !== newest)?.number;
}

interface SetUpProps {
  whole: WholePrompt;
  draft: AbTest | undefined;
  tests: readonly AbTest[];
  taken: ReadonlySet<string>;
  onSaved: (testId: string) => void;
}

/** What is missing for a test, else its form. */
function SetUp({ whole, draft, tests, taken, onSaved }: SetUpProps) {
  const { project } = useProject();
  const params = { projectId: project.id, promptName: whole.name };
  const labels = whole.labels.filter(({ label }) => label !== NEWEST_LABEL);
  if (whole.versions.length < 2) {
    return (
      <State
        role="status"
        title="An A/B test needs two versions."
        actions={
          <Link to="/project/$projectId/prompts/$promptName/edit" params={params} search={{}} className={buttonClass()}>
            Write another version
          </Link>
        }
      >
        Programs ask for a label; a test gives some of them one version, and some another.
      </State>
    );
  }
  if (labels.length === 0) {
    return (
      <State
        role="status"
        title="An A/B test splits a label, and this prompt has none but latest."
        actions={
          <Link to="/project/$projectId/prompts/$promptName" params={params} className={buttonClass()}>
            Give a version a label
          </Link>
        }
      />
    );
  }
  if (!draft && labels.every(({ label }) => taken.has(label))) {
    return <State role="status" title="Every label of this prompt is under test." />;
  }
  return (
    <div className="grid min-h-0 flex-1 grid-cols-form overflow-auto max-wide:grid-cols-1">
      <div className="min-w-0 px-4 py-4">
        {draft ? (
          <div className="mb-4">
            <StateLine test={draft} result={undefined} />
          </div>
        ) : (
          <p className="mb-4 max-w-prose text-text-2">
            A label is split over versions: each user gets one of them, always the same. What differs in cost, latency,
            errors and scores is shown with how sure it is, and may be looked at any time.
          </p>
        )}
        <AbTestForm whole={whole} {...(draft && { draft })} taken={taken} onSaved={onSaved} />
      </div>
      {tests.length > 0 && (
        <div className="min-w-0 border-l max-wide:border-t max-wide:border-l-0">
          {draft && <History test={draft} />}
          <TestList title="Other tests of this prompt" tests={tests.filter(({ id }) => id !== draft?.id)} />
        </div>
      )}
    </div>
  );
}
