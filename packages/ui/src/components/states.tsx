import { OctagonAlert } from 'lucide-react';
import { useEffect, useState, type ReactNode } from 'react';
import { CallError } from '../api/call.ts';
import { Button } from './Button.tsx';
import { classes } from './class-names.ts';
import { CopyButton } from './CopyButton.tsx';
import { formatClock, formatSoFar } from './formats.ts';
import { Icon } from './Icon.tsx';
import { RunningIcon } from './LevelIcon.tsx';

interface StateProps {
  title: ReactNode;
  children?: ReactNode;
  actions?: ReactNode;
  role?: 'status' | 'alert';
}

/** One form for every state: what is the case, why, what to do. */
export const State = ({ title, children, actions, role }: StateProps) => (
  <div role={role} className="max-w-115 p-4">
    <p className="flex items-center gap-1.5 font-medium">{title}</p>
    {children !== undefined && <div className="mt-0.5 text-text-2">{children}</div>}
    {actions !== undefined && <div className="mt-3 flex flex-wrap items-center gap-2">{actions}</div>}
  </div>
);

const SKELETON_AFTER_MS = 150;
const SLOW_AFTER_MS = 5000;

interface LoadingProps {
  /** "Loading traces", for screen readers. */
  label: string;
  /** In the exact layout of what comes. */
  skeleton: ReactNode;
  cancel?: () => void;
}

/** Nothing for 150 ms, then the skeleton, after five seconds in words. */
export function Loading({ label, skeleton, cancel }: LoadingProps) {
  const waitedMs = useWaited();
  return (
    <div aria-busy="true" aria-label={label} role="status">
      {waitedMs >= SLOW_AFTER_MS ? (
        <State
          title={
            <>
              <RunningIcon /> Still loading. {formatSoFar(waitedMs)}.
            </>
          }
          {...(cancel && { actions: <Button onClick={cancel}>Cancel</Button> })}
        />
      ) : (
        waitedMs >= SKELETON_AFTER_MS && skeleton
      )}
    </div>
  );
}

function useWaited(): number {
  const [waitedMs, setWaitedMs] = useState(0);
  useEffect(() => {
    const start = performance.now();
    const measure = () => setWaitedMs(performance.now() - start);
    const first = setTimeout(measure, SKELETON_AFTER_MS);
    const timer = setInterval(measure, 1000);
    return () => {
      clearTimeout(first);
      clearInterval(timer);
    };
  }, []);
  return waitedMs;
}

/** Grey bars in the size of `rows` table rows; `widths` are Tailwind classes of the bars in one row. */
export const SkeletonRows = ({ rows, widths, tree = false }: { rows: number; widths: string[]; tree?: boolean }) => (
  <div>
    {Array.from({ length: rows }, (_, row) => (
      <div key={row} className={classes('flex items-center gap-3 px-4', tree ? 'h-6.5' : 'h-8 border-b')}>
        {widths.map((width) => (
          <span key={width} className={classes('h-2.5 rounded-control bg-hover', width)} />
        ))}
      </div>
    ))}
  </div>
);

interface FailureProps {
  /** "traces": completes "Could not load …". */
  what: string;
  error: Error;
  retry?: () => void;
  /** When what is still on screen was loaded. */
  shownSince?: Date;
}

export function Failure({ what, error, retry, shownSince }: FailureProps) {
  return (
    <State
      role="alert"
      title={
        <>
          <Icon of={OctagonAlert} small className="text-danger" /> Could not load {what}.
        </>
      }
      actions={
        <>
          {retry && <Button onClick={retry}>Try again</Button>}
          <CopyButton labelled label="Copy details" text={errorDetails(error)} />
        </>
      }
    >
      {error.message}
      {shownSince && ` Shown: ${formatClock(shownSince)}.`}
    </State>
  );
}

/** Everything a person can send to who runs the server. */
function errorDetails(error: Error): string {
  if (!(error instanceof CallError)) return `${error.name}: ${error.message}`;
  return [
    `message: ${error.message}`,
    `status: ${error.status || 'no answer'}`,
    `route: ${error.route}`,
    `request id: ${error.requestId ?? 'none'}`,
    `time: ${error.time.toISOString()}`,
    `page: ${location.pathname}`,
  ].join('\n');
}

const notes = {
  warn: 'bg-warn-bg text-warn',
  info: 'bg-info-bg text-info',
  danger: 'bg-danger-bg text-danger',
};

/** A bar over the content: offline, read only, a value that was ignored. */
export const Note = ({ tone, children }: { tone: keyof typeof notes; children: ReactNode }) => (
  <div
    role={tone === 'danger' ? 'alert' : 'status'}
    className={classes('flex min-h-8 items-center gap-2 px-4 py-1.5 text-small', notes[tone])}
  >
    {children}
  </div>
);
