import type { Job } from '@tracehouse/contract/x-jobs';
import { useState } from 'react';
import { missingRole } from '../../app/session.ts';
import { useProject } from '../../app/useProject.ts';
import { Button } from '../../components/Button.tsx';
import { formatCount, formatPercent } from '../../components/formats.ts';
import { isUnderWay, useCancelJob, useJob, useStartRecalculation } from './useModels.ts';

/** Offers to price what is stored again by what the model says now, and shows how far that is. */
export function Recalculation({ modelId }: { modelId: string }) {
  const { project } = useProject();
  const start = useStartRecalculation(project.id);
  const [jobId, setJobId] = useState<string>();
  const job = useJob(project.id, jobId);
  if (job.data) return <JobLine job={job.data} />;
  return (
    <div className="flex flex-col gap-2">
      <p className="text-text-2">
        New calls are priced from now on. Calls that are stored keep their cost until they are recalculated; costs that
        a client sent stay in any case.
      </p>
      {start.isError && (
        <p role="alert" className="text-small text-danger">
          The recalculation did not start. {start.error.message}
        </p>
      )}
      <div>
        <Button
          disabledBecause={missingRole(project, 'ADMIN')}
          onClick={() => start.mutate(modelId, { onSuccess: ({ id }) => setJobId(id) })}
        >
          {start.isPending ? 'Starting …' : 'Recalculate past calls'}
        </Button>
      </div>
    </div>
  );
}

/** One job with its progress, in words and as a bar. `name`: whose, where there are several. */
export function JobLine({ job, name }: { job: Job; name?: string | undefined }) {
  const { project } = useProject();
  const cancel = useCancelJob(project.id);
  const { done, total } = job.progress;
  const share = total === null || total === 0 ? null : Math.min(1, done / total);
  const underWay = isUnderWay(job);
  return (
    <div className="flex flex-col gap-1">
      <div className="flex min-h-6 items-center gap-3">
        <p role="status" className="min-w-0 flex-1 text-text-2">
          {name !== undefined && (
            <>
              <bdi className="font-medium text-text">{name}</bdi>
              {': '}
            </>
          )}
          {wordsOf(job)}
        </p>
        {underWay && (
          <Button
            compact
            disabledBecause={missingRole(project, 'ADMIN')}
            onClick={() => cancel.mutate(job.id)}
            aria-label={name === undefined ? undefined : `Cancel the recalculation of ${name}`}
          >
            {job.isCancelling || cancel.isPending ? 'Cancelling …' : 'Cancel'}
          </Button>
        )}
      </div>
      {underWay && (
        <div
          role="progressbar"
          aria-label={name === undefined ? 'Recalculation' : `Recalculation of ${name}`}
          aria-valuemin={0}
          aria-valuemax={100}
          {...(share !== null && { 'aria-valuenow': Math.round(share * 100) })}
          className="h-1 overflow-hidden rounded-control bg-hover"
        >
          <div className="h-full bg-accent" style={{ width: `${(share ?? 0) * 100}%` }} />
        </div>
      )}
    </div>
  );
}

function wordsOf({ state, progress: { done, total }, counts, error }: Job): string {
  const calls = (count: number): string => `${formatCount(count)} ${count === 1 ? 'call' : 'calls'}`;
  const changed = `${formatCount(counts['changed'] ?? 0)} changed`;
  if (state === 'done') return `Recalculated ${calls(done)}, ${changed}.`;
  if (state === 'cancelled') return `Cancelled after ${calls(done)}, ${changed}. What has changed keeps its new cost.`;
  if (state === 'failed') return `Failed after ${calls(done)}, ${changed}. ${error ?? ''}`;
  if (total === null) return 'Looking for the calls …';
  if (done >= total) return `${calls(done)}, ${changed}. Looking at what came meanwhile …`;
  const share = total === 0 ? '' : ` (${formatPercent(Math.min(1, done / total))})`;
  const again = error === null ? '' : ' An attempt failed; it is tried again.';
  return `Recalculating: ${formatCount(done)} of ${calls(Math.max(done, total))}${share}, ${changed}.${again}`;
}
