import type { AbResult, AbTest } from '@tracehouse/contract/x-ab-tests';
import { Fragment } from 'react';
import { useZone } from '../../../app/preferences.ts';
import { classes } from '../../../components/class-names.ts';
import { formatCount, formatMinute, formatShortDay } from '../../../components/formats.ts';
import { stateWords, unitWords } from './words.ts';

const tagColors: Record<AbTest['state'], string> = {
  draft: 'bg-hover text-text-2',
  scheduled: 'bg-info-bg text-info',
  running: 'bg-info-bg text-info',
  paused: 'bg-warn-bg text-warn',
  ended: 'bg-hover text-text-2',
};

/** A small word in a box: the state of a test. */
const StateTag = ({ state }: { state: AbTest['state'] }) => (
  <span className={classes('rounded-control px-1.5 text-small whitespace-nowrap', tagColors[state])}>
    {stateWords[state]}
  </span>
);

/** State, phase, unit and label in one line. */
export function StateLine({ test, result }: { test: AbTest; result: AbResult | undefined }) {
  const zone = useZone();
  const day = (at: string) => `${formatShortDay(new Date(at), zone)} ${formatMinute(new Date(at), zone)}`;
  const phase = test.phases.find(({ number }) => number === result?.phase) ?? test.phases.at(-1);
  const units = (result?.arms ?? []).reduce((sum, arm) => sum + arm.units, 0);
  const ends =
    test.state === 'ended' && test.endedAt !== null
      ? `ended ${day(test.endedAt)}`
      : test.endAt !== null
        ? `ends ${day(test.endAt)}`
        : '';
  const since =
    phase &&
    `phase ${phase.number} ${phase.to === null || test.state === 'ended' ? 'since' : 'from'} ${day(phase.from)}`;
  const facts = [
    [since, ends].filter(Boolean).join(', '),
    test.unit === 'none' ? 'without a key, by time blocks' : `by ${unitWords[test.unit].one}`,
    test.label,
    units > 0 && `${formatCount(units)} ${unitWords[test.unit].many}`,
    test.name,
  ].filter((fact) => typeof fact === 'string' && fact !== '');
  return (
    <p className="flex flex-wrap items-center gap-x-2 gap-y-0.5 text-small text-text-2">
      <StateTag state={test.state} />
      {facts.map((fact, at) => (
        <Fragment key={at}>
          {at > 0 && (
            <span aria-hidden="true" className="text-text-3">
              ·
            </span>
          )}
          <bdi className="max-w-120 truncate">{fact}</bdi>
        </Fragment>
      ))}
    </p>
  );
}

/** The answer, largest on the page; what stands in brackets is quieter. */
export const Sentence = ({ text }: { text: string }) => (
  <p role="status" className="my-1.5 max-w-prose text-title font-medium">
    {text.split(/(\([^)]*\))/u).map((part, at) =>
      part.startsWith('(') ? (
        <span key={at} className="text-text-2">
          {part}
        </span>
      ) : (
        part
      ),
    )}
  </p>
);
