import { Link } from '@tanstack/react-router';
import { useProject } from '../../app/useProject.ts';
import { explainCostSum, formatCostSum, formatDuration, UNKNOWN } from '../../components/formats.ts';
import { LevelIcon } from '../../components/LevelIcon.tsx';
import { Time } from '../../components/Time.tsx';
import { Section } from '../trace/PanelFrame.tsx';
import { previewLine } from '../traces/preview.ts';
import { tracesUsing } from './traces-using.ts';
import { useLatestTraces, USAGE_DAYS } from './usePrompts.ts';

/** The newest traces that used a version; nothing where there are none. */
export function LatestTraces({ name, version }: { name: string; version: number }) {
  const { project } = useProject();
  const q = tracesUsing(name, version);
  const { data } = useLatestTraces(project.id, q);
  if (!data || data.data.length === 0) return null;
  const list = { q, t: `${USAGE_DAYS}d` };
  return (
    <div className="border-t">
      <Section
        title={`Latest traces of v${version}`}
        action={
          <Link
            to="/project/$projectId/traces"
            params={{ projectId: project.id }}
            search={list}
            className="font-normal"
          >
            All
          </Link>
        }
      >
        <ul aria-label={`Latest traces of v${version}`}>
          {data.data.map((trace) => {
            const said = previewLine(trace.inputPreview) || (trace.name ?? 'Unnamed trace');
            return (
              <li key={trace.id}>
                <Link
                  to="/project/$projectId/traces/$traceId"
                  params={{ projectId: project.id, traceId: trace.id }}
                  search={list}
                  className="grid h-6.5 grid-cols-calls items-center gap-x-3 border-b text-text no-underline outline-inside hover:bg-hover hover:text-text hover:no-underline"
                >
                  <Time at={trace.timestamp} className="data text-text-2" />
                  <span className="flex min-w-0 items-center gap-1.5">
                    <LevelIcon level={trace.level} />
                    <span className="truncate" dir="auto" title={said}>
                      {said}
                    </span>
                  </span>
                  <span className="data text-right">
                    {trace.latencyMs === null ? UNKNOWN : formatDuration(trace.latencyMs)}
                  </span>
                  <span className="data text-right" title={explainCostSum(trace)}>
                    {formatCostSum(trace)}
                  </span>
                </Link>
              </li>
            );
          })}
        </ul>
      </Section>
    </div>
  );
}
