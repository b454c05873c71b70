import { formatCount, formatTime } from '../../components/formats.ts';
import { Button } from '../../components/Button.tsx';
import { RunningIcon } from '../../components/LevelIcon.tsx';
import { useKeys } from '../../app/keys.ts';
import { useZone } from '../../app/preferences.ts';

interface SearchProgressProps {
  /** How far back was searched; nothing yet when it is not there. */
  searchedTo: string | undefined;
  found: number;
  isStopped: boolean;
  stop: () => void;
  goOn: () => void;
}

/** How far back a search has looked while it goes on, and how to stop it. */
export function SearchProgress({ searchedTo, found, isStopped, stop, goOn }: SearchProgressProps) {
  const zone = useZone();
  const reached = searchedTo === undefined ? null : formatTime(new Date(searchedTo), new Date(), zone);
  const soFar = `${formatCount(found)} found so far.`;
  return (
    <div className="flex min-h-8 items-center gap-2 border-b bg-sunken px-4 py-1 text-small text-text-2">
      <p role="status" className="flex items-center gap-1.5">
        {!isStopped && <RunningIcon />}
        {isStopped
          ? reached === null
            ? 'Search stopped.'
            : `Search stopped. Searched back to ${reached}: ${formatCount(found)} found.`
          : reached === null
            ? 'Searching …'
            : `Searched back to ${reached}. ${soFar}`}
      </p>
      {isStopped ? (
        <Button compact onClick={goOn}>
          Search on
        </Button>
      ) : (
        <StopButton stop={stop} />
      )}
    </div>
  );
}

function StopButton({ stop }: { stop: () => void }) {
  useKeys([{ key: 'Escape', does: 'Stop the search', run: stop }]);
  return (
    <Button compact onClick={stop}>
      Stop <kbd className="font-mono text-micro text-text-3">Esc</kbd>
    </Button>
  );
}
