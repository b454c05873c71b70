import type { Receipt, ReceiptCode, ReceiptProblem } from '@tracehouse/contract/x-receipts';
import { Link } from '@tanstack/react-router';
import { useZone } from '../../app/preferences.ts';
import { classes } from '../../components/class-names.ts';
import { formatClock, formatCount, formatKey, formatSoFar } from '../../components/formats.ts';
import { RunningIcon } from '../../components/LevelIcon.tsx';
import { timeTicks } from '../../components/time-axis.ts';
import { useNow } from '../../components/useNow.ts';
import { DOOR_SPAN_MS } from './useSetup.ts';

const none: readonly Receipt[] = [];

interface LiveDoorProps {
  project: string;
  requests: readonly Receipt[] | undefined;
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
        Nothing here although you sent something? Then it did not reach this address, or came with a key that no project
        of this server has. Check host, proxy and public key.
      </p>
    </aside>
  );
}

type Tone = 'bad' | 'mid' | 'good';
const outcomeTone: Record<Receipt['outcome'], Tone> = { rejected: 'bad', partly: 'mid', stored: 'good', empty: 'good' };
/** What is not kept is no fault of anybody's. */
const toneOf = ({ outcome, codes }: Receipt): Tone => (codes.includes('not_kept') ? 'mid' : outcomeTone[outcome]);
const statusColor: Record<Tone, string> = { bad: 'text-danger', mid: 'text-warn', good: 'text-ok' };
const blipColor: Record<Tone, string> = { bad: 'bg-danger', mid: 'bg-warn', good: 'bg-other' };

/** What a person calls a reason. */
const reasons: Record<ReceiptCode, string> = {
  bad_id: 'Bad id',
  bad_value: 'Bad value',
  unknown_type: 'Unknown type',
  too_large: 'Too large',
  malformed: 'Cannot be read',
  not_kept: 'Not kept',
  wrong_key: 'Wrong key',
  not_allowed: 'Not allowed',
  limit: 'Limit reached',
  overloaded: 'Server busy',
  deleted_trace: 'Deleted trace',
  clock_skew: 'Clock is off',
  engine: 'Refused by the database',
  server_error: 'Server error',
};

const PROBLEMS_SHOWN = 3;

function DoorLine({ request, project }: { request: Receipt; project: string }) {
  const zone = useZone();
  const { time, door, status, requests, stored, problems, sdkName, sdkVersion, publicKey, traceIds } = request;
  const client = sdkName === '' ? request.userAgent : `${sdkName} ${sdkVersion}`.trim();
  const reasonsGiven = byReason(problems);
  const traceId = stored > 0 ? traceIds[0] : undefined;
  return (
    <li className="flex items-baseline gap-3 border-b px-4 py-2.5">
      <time dateTime={time} className="data">
        {formatClock(new Date(time), zone)}
      </time>
      <span className="data w-10 text-text-3">{door}</span>
      <span className={classes('data w-7 font-medium', statusColor[toneOf(request)])}>{status}</span>
      <div className="min-w-0 flex-1">
        <p>
          {summary(request)}
          {requests > 1 && <span className="text-text-3"> {formatCount(requests)} times</span>}
          {traceId !== undefined && (
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
        {reasonsGiven.slice(0, PROBLEMS_SHOWN).map(({ code, message, count }) => (
          <p key={`${code} ${message}`} className="mt-0.5 text-small break-words">
            <span className="font-medium">{reasons[code]}</span>
            {count > 1 && ` (${formatCount(count)})`}: {message}
          </p>
        ))}
        {reasonsGiven.length > PROBLEMS_SHOWN && (
          <p className="mt-0.5 text-small text-text-3">
            {reasonsGiven.length === PROBLEMS_SHOWN + 1 ? 'One more reason' : 'More reasons'} in receipt{' '}
            <span className="data break-all">{request.id}</span>
          </p>
        )}
        <p className="mt-0.5 truncate text-small text-text-3" title={client}>
          {client !== '' && `${client} · `}
          {publicKey === '' ? 'from this screen' : <span className="data">{formatKey(publicKey)}</span>}
        </p>
      </div>
    </li>
  );
}

function summary({ outcome, codes, received, stored, rejected, acknowledgedOnly }: Receipt): string {
  if (codes.includes('not_kept')) return 'Accepted, not kept';
  if (received === 0) return outcome === 'empty' ? 'Nothing in it' : 'Refused as a whole';
  return [
    stored > 0 && `${formatCount(stored)} stored`,
    rejected > 0 && `${formatCount(rejected)} rejected`,
    acknowledgedOnly > 0 && `${formatCount(acknowledgedOnly)} of deleted traces not stored`,
  ]
    .filter(Boolean)
    .join(', ');
}

/** The same reason once, with the items it hit. */
function byReason(problems: Receipt['problems']): Pick<ReceiptProblem, 'code' | 'message' | 'count'>[] {
  const found = new Map<string, Pick<ReceiptProblem, 'code' | 'message' | 'count'>>();
  for (const { code, message, count } of problems) {
    const key = `${code} ${message}`;
    found.set(key, { code, message, count: count + (found.get(key)?.count ?? 0) });
  }
  return [...found.values()];
}

interface DoorRulerProps {
  requests: readonly Receipt[];
  now: number;
  zone?: string;
}

function DoorRuler({ requests, now, zone }: DoorRulerProps) {
  const from = now - DOOR_SPAN_MS;
  const place = (at: number) => `${(((at - from) / DOOR_SPAN_MS) * 100).toFixed(2)}%`;
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
            {label !== '' && at - from > DOOR_SPAN_MS * 0.04 && now - at > DOOR_SPAN_MS * 0.04 && (
              <span className="absolute top-1.75 -translate-x-1/2">{label}</span>
            )}
          </span>
        ))}
      </div>
    </div>
  );
}
