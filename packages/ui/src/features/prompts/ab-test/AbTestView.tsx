import { Link } from '@tanstack/react-router';
import type { AbTest } from '@tracehouse/contract/x-ab-tests';
import { useProject } from '../../../app/useProject.ts';
import { Failure, Loading, Note, SkeletonRows } from '../../../components/states.tsx';
import { Time } from '../../../components/Time.tsx';
import { Checks } from './Checks.tsx';
import { Comparisons } from './Comparisons.tsx';
import { History, TestList } from './History.tsx';
import { KeyLookup } from './KeyLookup.tsx';
import { KeySnippets } from './KeySnippets.tsx';
import { OverTime } from './OverTime.tsx';
import { Sentence, StateLine } from './Sentence.tsx';
import { useAbResult, useAbSnapshots } from './useAbTests.ts';
import { WhatDiffers } from './WhatDiffers.tsx';

interface AbTestViewProps {
  test: AbTest;
  tests: readonly AbTest[];
  /** A phase that is over; undefined: the newest. */
  phase: number | undefined;
}

/** A test that was started: the answer, whether it may be believed, the numbers, and how it came about. */
export function AbTestView({ test, tests, phase }: AbTestViewProps) {
  const { project } = useProject();
  const result = useAbResult(project.id, test, phase);
  const snapshots = useAbSnapshots(project.id, test);
  // While the result is computed, the newest one that was kept stands in for it.
  const earlier = phase === undefined ? (snapshots.data?.latest ?? undefined) : undefined;
  const shown = result.data ?? earlier;
  const isMismatch = shown?.verdict === 'mismatch' || shown?.verdict === 'key-mismatch';
  // Shares of generations are what the checks are about.
  const notes = (shown?.notes ?? []).filter((note) => !/^[\d.]+ % of generations/u.test(note));
  const params = { projectId: project.id, promptName: test.prompt };
  return (
    <div className="min-h-0 flex-1 overflow-auto">
      <div className="px-4 pt-3.5 pb-3">
        <StateLine test={test} result={shown} />
        {shown ? (
          <>
            <Sentence text={shown.sentence} />
            {!result.data && (
              <p role="status" className="mb-2 text-small text-text-3">
                {result.isError ? 'The newest could not be computed. ' : 'Being computed anew. '}
                Shown: <Time at={shown.at} className="data" />
              </p>
            )}
            {notes.length > 0 && (
              <ul className="mb-2 flex max-w-prose flex-col gap-0.5 text-text-2">
                {notes.map((note) => (
                  <li key={note}>{note}</li>
                ))}
              </ul>
            )}
            {shown.arms.length > 0 && test.startedAt !== null && <Checks test={test} result={shown} />}
          </>
        ) : result.isError ? (
          <Failure what="the result" error={result.error} retry={() => void result.refetch()} />
        ) : (
          <Loading label="Computing the result" skeleton={<SkeletonRows rows={2} widths={['w-120']} />} />
        )}
      </div>
      {phase !== undefined && (
        <Note tone="info">
          This is phase {phase}, as it ended. Phases are never added up.
          <Link to="/project/$projectId/prompts/$promptName/ab-test" params={params} search={{ test: test.id }}>
            Show the newest
          </Link>
        </Note>
      )}
      {shown && shown.comparisons.length > 0 && <Comparisons test={test} result={shown} />}
      <div className="grid grid-cols-2 border-t max-panel:grid-cols-1">
        <div className="min-w-0">
          {snapshots.data && !isMismatch && (
            <OverTime
              test={test}
              snapshots={snapshots.data.data}
              phase={shown?.phase ?? test.phases.at(-1)?.number ?? 1}
            />
          )}
          {test.state !== 'ended' && (
            <section className="border-t px-4 py-3">
              <h3 className="mb-2 text-small font-medium">Ask for it with the key</h3>
              <KeySnippets test={test} />
              {test.unit !== 'none' && (
                <div className="mt-3">
                  <KeyLookup test={test} />
                </div>
              )}
            </section>
          )}
        </div>
        <div className="min-w-0 border-l max-panel:border-t max-panel:border-l-0">
          <WhatDiffers test={test} />
          {test.hypothesis !== null && (
            <section className="border-t px-4 py-3">
              <h3 className="mb-2 text-small font-medium">What was expected</h3>
              <p dir="auto" className="max-w-prose break-words whitespace-pre-wrap text-text-2">
                {test.hypothesis}
              </p>
            </section>
          )}
          <div className="border-t">
            <History test={test} />
            <TestList title="Other tests of this prompt" tests={tests.filter(({ id }) => id !== test.id)} />
          </div>
        </div>
      </div>
    </div>
  );
}
