import { Link } from '@tanstack/react-router';
import type { TraceSkeleton } from '@tracehouse/contract/x-traces';
import { ChevronDown, ChevronUp, OctagonAlert, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { useZone } from '../../app/preferences.ts';
import { useProject } from '../../app/useProject.ts';
import { Button } from '../../components/Button.tsx';
import { CopyButton } from '../../components/CopyButton.tsx';
import {
  explainCostSum,
  formatCostSum,
  formatCount,
  formatDuration,
  formatId,
  formatSoFar,
  formatTime,
} from '../../components/formats.ts';
import { Icon } from '../../components/Icon.tsx';
import { RunningIcon } from '../../components/LevelIcon.tsx';
import { Time } from '../../components/Time.tsx';
import { useNow } from '../../components/useNow.ts';
import { Tag } from '../traces/TracesTable.tsx';
import type { ListPosition } from './useListPosition.ts';
import { isRunning, isSilent, newsAt } from './useTrace.ts';

interface TraceStripProps {
  skeleton: TraceSkeleton;
  position: ListPosition;
  openTrace: (id: string | null) => void;
}

/** What stays in sight whatever is selected: what went wrong first, then time, tokens, cost, who and where. */
export function TraceStrip({ skeleton, position, openTrace }: TraceStripProps) {
  const { trace, observations } = skeleton;
  const zone = useZone();
  const running = observations.some(isRunning);
  const now = useNow(running ? 1000 : null);
  return (
    <div className="flex h-10 shrink-0 items-center gap-4 border-b px-4 text-small whitespace-nowrap text-text-3">
      <div className="flex min-w-0 flex-1 items-center gap-4 overflow-x-auto quiet-scroll">
        {trace.errorCount > 0 && (
          <span className="flex items-center gap-1.5 font-medium text-danger">
            <Icon of={OctagonAlert} small /> {formatCount(trace.errorCount)}{' '}
            {trace.errorCount === 1 ? 'error' : 'errors'}
          </span>
        )}
        {trace.errorCount === 0 && trace.warningCount > 0 && (
          <span className="flex items-center gap-1.5 font-medium text-warn">
            <Icon of={TriangleAlert} small /> {formatCount(trace.warningCount)}{' '}
            {trace.warningCount === 1 ? 'warning' : 'warnings'}
          </span>
        )}
        {isSilent(skeleton, now) ? (
          <span className="flex items-center gap-1.5 text-warn">
            <Icon of={TriangleAlert} small /> No end received since {formatTime(new Date(newsAt(skeleton)), now, zone)}.
            It may have crashed.
          </span>
        ) : running ? (
          <span className="flex items-center gap-1.5">
            <RunningIcon />
            <Figure>{formatSoFar(now.getTime() - Date.parse(trace.timestamp))}</Figure>
          </span>
        ) : (
          <Figure>{formatDuration(trace.latencyMs)}</Figure>
        )}
        {trace.totalTokens > 0 && (
          <span title={`${formatCount(trace.inputTokens)} in, ${formatCount(trace.outputTokens)} out`}>
            <Figure>{formatCount(trace.totalTokens)}</Figure> tokens
          </span>
        )}
        {trace.calls > 0 && (
          <span title={explainCostSum(trace)} data-testid="trace-cost">
            <Figure>{formatCostSum(trace)}</Figure>
          </span>
        )}
        <Time at={trace.timestamp} full className="data text-text" />
        <span className="flex items-center">
          <span className="data text-text" title={trace.id}>
            {formatId(trace.id)}
          </span>
          <CopyButton text={trace.id} label="Copy trace id" />
        </span>
        {trace.userId !== null && <FilterLink label="user" field="user" value={trace.userId} />}
        {trace.sessionId !== null && <FilterLink label="session" field="session" value={trace.sessionId} />}
        {trace.environment !== 'default' && <Said label="environment">{trace.environment}</Said>}
        {trace.release !== null && <Said label="release">{trace.release}</Said>}
        {trace.version !== null && <Said label="version">{trace.version}</Said>}
        {trace.public && <Tag>public</Tag>}
        {trace.tags.length > 0 && (
          <span className="flex shrink-0 gap-1">
            {trace.tags.map((tag) => (
              <Tag key={tag}>{tag}</Tag>
            ))}
          </span>
        )}
      </div>
      {position.place !== null && (
        <span className="flex items-center">
          <span className="data mr-1">
            {formatCount(position.place)}
            {position.total !== null && ` of ${formatCount(Math.max(position.total, position.place))}`}
          </span>
          <Button
            compact
            square
            look="quiet"
            aria-label="Previous trace (K)"
            disabledBecause={position.previous === null ? 'This is the first trace of the list.' : undefined}
            onClick={() => openTrace(position.previous)}
          >
            <Icon of={ChevronUp} />
          </Button>
          <Button
            compact
            square
            look="quiet"
            aria-label="Next trace (J)"
            disabledBecause={position.next === null ? 'This is the last trace of the list.' : undefined}
            onClick={() => openTrace(position.next)}
          >
            <Icon of={ChevronDown} />
          </Button>
        </span>
      )}
    </div>
  );
}

const Figure = ({ children }: { children: ReactNode }) => <b className="data font-medium text-text">{children}</b>;

const Said = ({ label, children }: { label: string; children: ReactNode }) => (
  <span className="flex items-baseline gap-1.5">
    {label}
    <span className="data max-w-50 truncate text-text" dir="auto">
      {children}
    </span>
  </span>
);

/** Opens the list of traces that share a value. */
function FilterLink({ label, field, value }: { label: string; field: string; value: string }) {
  const { project } = useProject();
  const q = `${field}:${/^[^\s",*<>.][^\s",*]*$/u.test(value) ? value : `"${value.replace(/["\\]/gu, String.raw`\$&`)}"`}`;
  return (
    <span className="flex items-baseline gap-1.5">
      {label}
      <Link
        to="/project/$projectId/traces"
        params={{ projectId: project.id }}
        search={{ q, t: 'all' }}
        title={value}
        className="data max-w-50 truncate"
        dir="auto"
      >
        {value}
      </Link>
    </span>
  );
}
