import { Link } from '@tanstack/react-router';
import type { AbTest } from '@tracehouse/contract/x-ab-tests';
import { useMemo, useState } from 'react';
import { useProject } from '../../../app/useProject.ts';
import { Button } from '../../../components/Button.tsx';
import { Failure, Loading, SkeletonRows } from '../../../components/states.tsx';
import { DiffView } from '../compare/DiffView.tsx';
import { diffPrompts } from '../compare/prompt-diff.ts';
import { usePromptVersion } from '../usePrompts.ts';

/** The texts of control and an arm. */
export function WhatDiffers({ test }: { test: AbTest }) {
  const { project } = useProject();
  const [control, ...others] = test.arms;
  const [chosen, setChosen] = useState(others[0]?.version);
  const a = control?.version;
  const b = others.find(({ version }) => version === chosen)?.version ?? others[0]?.version;
  const before = usePromptVersion(project.id, test.prompt, a);
  const after = usePromptVersion(project.id, test.prompt, b);
  const one = before.data?.version === a ? before.data : undefined;
  const other = after.data?.version === b ? after.data : undefined;
  const diff = useMemo(() => (one && other ? diffPrompts(one, other) : undefined), [one, other]);
  const failed = before.isError ? before : after.isError ? after : undefined;
  return (
    <section className="px-4 py-3">
      <h3 className="mb-2 flex flex-wrap items-baseline gap-2 text-small">
        <span className="font-medium">What differs</span>
        <span className="flex-1" />
        {others.length > 1 &&
          others.map(({ version }) => (
            <Button key={version} compact aria-pressed={version === b} onClick={() => setChosen(version)}>
              v{version}
            </Button>
          ))}
        {diff && (
          <span className="text-text-3">
            {diff.isSame
              ? 'nothing: an A/A test'
              : `${diff.changedLines} ${diff.changedLines === 1 ? 'line' : 'lines'}, config ${diff.config.kind === 'same' ? 'equal' : 'too'}`}
          </span>
        )}
        {a !== undefined && b !== undefined && (
          <Link
            to="/project/$projectId/prompts/$promptName/compare"
            params={{ projectId: project.id, promptName: test.prompt }}
            search={{ a: String(a), b: String(b) }}
          >
            Compare
          </Link>
        )}
      </h3>
      {failed?.error ? (
        <Failure what="the two versions" error={failed.error} retry={() => void failed.refetch()} />
      ) : diff ? (
        !diff.isSame && (
          // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
          <div className="max-h-96 overflow-auto outline-inside" tabIndex={0} role="region" aria-label="What differs">
            <DiffView diff={diff} mode="lines" onlyChanged />
          </div>
        )
      ) : (
        <Loading label="Loading both versions" skeleton={<SkeletonRows rows={4} widths={['flex-1']} />} />
      )}
    </section>
  );
}
