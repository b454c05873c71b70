import { useZone } from '../app/preferences.ts';
import { explainTime, formatTime, formatTimeFull } from './formats.ts';

interface TimeProps {
  /** ISO 8601, UTC. */
  at: string;
  /** With date and milliseconds even today. */
  full?: boolean;
  className?: string;
}

/** A point in time in the reader's zone; the tooltip has zone, UTC and age. */
export function Time({ at, full = false, className }: TimeProps) {
  const zone = useZone();
  const date = new Date(at);
  const now = new Date();
  return (
    <time dateTime={at} title={explainTime(date, now, zone)} className={className}>
      {(full ? formatTimeFull : formatTime)(date, now, zone)}
    </time>
  );
}
