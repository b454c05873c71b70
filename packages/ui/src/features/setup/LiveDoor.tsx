import type { DoorRequest } from '@tracehouse/contract/x-door';
import { Link } from '@tanstack/react-router';
import { useZone } from '../../app/preferences.ts';
import { classes } from '../../components/class-names.ts';
import { formatClock, formatCount, formatSoFar } from '../../components/formats.ts';
import { RunningIcon } from '../../components/LevelIcon.tsx';
import { timeTicks } from '../../components/time-axis.ts';
import { useNow } from '../../components/useNow.ts';

const SPAN_MS = 10 * 60_000;
const none: readonly DoorRequest[] = [];

interface LiveDoorProps {
  project: string;
  requests: readonly DoorRequest[] | undefined;
  /** Why the door cannot be shown. */
  error: string | null;
}

/** Every request with a key of this project in the last ten minutes, and what became of it. */
export function LiveDoor({ project, requests = none, error }: LiveDoorProps) {
  const zone = useZone();
  const now = useNow(1000);
  const waitingSince = requests[0] ? Date.parse(requests[0].time) : null;
  return (
    <aside
      aria-label="Live door"
      className="flex min-h-0 w-120 shrink-0 flex-col border-l max-panel:w-full max-panel:border-t max-panel:border-l-0"
    >
      <div className="flex items-baseline gap-2 px-4 pt-2.5 pb-1">
        <h2 className="flex-1 text-lead">Live door</h2>
        <span className="text-small text-text-3">last 10 minutes, newest first</span>
      </div>
      <p className="px-4 pb-2.5 text-small text-text-3">
        Every request with a key of this project, and what became of it.
      </p>
      <DoorRuler requests={requests} now={now.getTime()} {...(zone !== undefined && { zone })} />
      <ol className="min-h-0 flex-1 overflow-y-auto border-t" aria-live="polite" aria-relevant="additions">
        <li className="flex h-10 items-center gap-3 border-b px-4 text-text-2">
          <span className="data">{formatClock(now, zone)}</span>
          <RunningIcon />
          <span className="flex-1">Waiting for the next request</span>
          {waitingSince !== null && (
            <span className="text-small text-text-3">{formatSoFar(now.getTime() - waitingSince)}</span>
          )}
        </li>
        {error !== null && (
          <li role="alert" className="border-b px-4 py-2.5 text-danger">
            The live door cannot be read: {error}
          </li>
        )}
        {requests.map((request) => (
          <DoorLine key={request.id} request={request} project={project} />
        ))}
      </ol>
      <p className="border-t px-4 py-3 text-small text-text-3">
        Nothing here although you sent something? Then it did not reach this address with a key of this project. Check
        host, proxy and key.
      </p>
    </aside>
  );
}

type Tone = 'bad' | 'mid' | 'good';
const toneOf = ({ status, refused }: DoorRequest): Tone =>
  status >= 400 ? 'bad' : status === 207 && refused > 0 ? 'mid' : refused > 0 ? 'mid' : 'good';
const statusColor: Record<Tone, string> = { bad: 'text-danger', mid: 'text-warn', good: 'text-ok' };
const blipColor: Record<Tone, string> = { bad: 'bg-danger', mid: 'bg-warn', good: 'bg-other' };

function DoorLine({ request, project }: { request: DoorRequest; project: string }) {
  const zone = useZone();
  const { time, door, status, stored, refused, message, client, publicKey, traceId } = request;
  const outcome =
    stored > 0 || refused > 0
      ? [stored > 0 && `${formatCount(stored)} stored`, refused > 0 && `${formatCount(refused)} refused`]
          .filter(Boolean)
          .join(', ')
      : '';
  return (
    <li className="flex items-baseline gap-3 border-b px-4 py-2.5">
      <time dateTime={time} className="data">
        {formatClock(new Date(time), zone)}
      </time>
      <span className="data w-10 text-text-3">{door}</span>
      <span className={classes('data w-7 font-medium', statusColor[toneOf(request)])}>{status}</span>
      <div className="min-w-0 flex-1">
        <p>
          {outcome || message}
          {traceId !== null && stored > 0 && (
            <>
              {' '}
              <Link
                to="/project/$projectId/traces/$traceId"
                params={{ projectId: project, traceId }}
                className="text-small"
              >
                Open trace
              </Link>
            </>
          )}
        </p>
        <p className="mt-0.5 text-small text-text-3">
          {client !== '' && `${client} · `}
          <span className="data">{publicKey}</span>
        </p>
        {outcome !== '' && message !== '' && <p className="mt-0.5 text-small break-words">{message}</p>}
      </div>
    </li>
  );
}

interface DoorRulerProps {
  requests: readonly DoorRequest[];
  now: number;
  zone?: string;
}

function DoorRuler({ requests, now, zone }: DoorRulerProps) {
  const from = now - SPAN_MS;
  const place = (at: number) => `${(((at - from) / SPAN_MS) * 100).toFixed(2)}%`;
  return (
    <div className="px-4" aria-hidden="true">
      <div className="relative h-6">
        {requests
          .filter(({ time }) => Date.parse(time) >= from)
          .map((request) => (
            <span
              key={request.id}
              className={classes('absolute bottom-0 h-4 w-0.75', blipColor[toneOf(request)])}
              style={{ left: place(Date.parse(request.time)) }}
            />
          ))}
      </div>
      <div className="relative h-6 overflow-hidden border-t border-line-strong font-mono text-micro text-text-3">
        {timeTicks(from, now, 5, zone).map(({ at, label }) => (
          <span key={at} className="absolute top-0" style={{ left: place(at) }}>
            <span className={classes('absolute w-px bg-line-strong', label ? 'h-2' : 'h-1')} />
            {label !== '' && at - from > SPAN_MS * 0.04 && now - at > SPAN_MS * 0.04 && (
              <span className="absolute top-1.75 -translate-x-1/2">{label}</span>
            )}
          </span>
        ))}
      </div>
    </div>
  );
}
