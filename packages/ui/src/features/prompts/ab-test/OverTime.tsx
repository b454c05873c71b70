import type { AbSnapshot, AbTest } from '@tracehouse/contract/x-ab-tests';
import { useState } from 'react';
import { useZone } from '../../../app/preferences.ts';
import { Button } from '../../../components/Button.tsx';
import { formatMinute, formatShortDay, formatTime } from '../../../components/formats.ts';
import { timeTicks } from '../../../components/time-axis.ts';
import { firstWithoutZero, heightOf, pointsOf, tickOf, type Point } from './over-time.ts';
import { formatDifference, formatInterval, measureWords } from './words.ts';

interface OverTimeProps {
  test: AbTest;
  snapshots: readonly AbSnapshot[];
  phase: number;
}

/** The interval of the primary measure hour by hour, around 0, and when it first left 0. */
export function OverTime({ test, snapshots, phase }: OverTimeProps) {
  const zone = useZone();
  const [control, ...others] = test.arms;
  const [chosen, setChosen] = useState(others[0]?.version);
  const [asTable, setAsTable] = useState(false);
  const arm = others.find(({ version }) => version === chosen)?.version ?? others[0]?.version ?? 0;
  const points = pointsOf(snapshots, phase, arm);
  const scale = test.primary.startsWith('score:') || test.primary === 'errors' ? 'difference' : 'ratio';
  const write = (value: number) => formatDifference(value, { scale, measure: test.primary });
  return (
    <section className="px-4 py-3">
      <h3 className="mb-2 flex flex-wrap items-baseline gap-2 text-small">
        <span className="font-medium">{measureWords(test.primary, test.unit).name}, interval at each hour</span>
        <span className="flex-1" />
        {others.length > 1 ? (
          others.map(({ version }) => (
            <Button key={version} compact aria-pressed={version === arm} onClick={() => setChosen(version)}>
              v{version}
            </Button>
          ))
        ) : (
          <span className="text-text-3">
            v{arm} against v{control?.version}
          </span>
        )}
        {points.length > 0 && (
          <Button compact look="quiet" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
            Show as table
          </Button>
        )}
      </h3>
      {points.length === 0 ? (
        <p className="text-small text-text-3">
          The first interval comes with the first full hour in which enough has arrived.
        </p>
      ) : asTable ? (
        <PointsTable
          points={points}
          write={write}
          writeBoth={(low, high) => formatInterval(low, high, { scale, measure: test.primary })}
        />
      ) : (
        <Chart points={points} write={write} zone={zone} />
      )}
    </section>
  );
}

const HEIGHT = 184;

interface ChartProps {
  points: readonly Point[];
  write: (value: number) => string;
  zone: string | undefined;
}

function Chart({ points, write, zone }: ChartProps) {
  const from = points[0]?.at ?? 0;
  const to = Math.max(points.at(-1)?.at ?? 0, from + 3_600_000);
  const height = heightOf(points);
  const x = (at: number) => ((at - from) / (to - from)) * 100;
  const y = (value: number) => Math.min(HEIGHT, Math.max(0, (0.5 - value / height / 2) * HEIGHT));
  const line = (read: (point: Point) => number, of = points) =>
    of.map((point) => `${x(point.at).toFixed(2)} ${y(read(point)).toFixed(2)}`).join(' L');
  const band = `M${line(({ high }) => high)} L${line(({ low }) => low, points.toReversed())}Z`;
  const first = firstWithoutZero(points);
  const last = points.at(-1);
  const tick = tickOf(height);
  return (
    <figure
      aria-label={`Interval from ${formatTime(new Date(from), new Date(), zone)} on${last ? `; now ${write(last.low)} to ${write(last.high)}` : ''}`}
      className="pl-12"
    >
      <div className="relative" style={{ height: HEIGHT }}>
        <svg
          viewBox={`0 0 100 ${HEIGHT}`}
          preserveAspectRatio="none"
          aria-hidden="true"
          className="absolute inset-0 size-full"
        >
          <path d={band} className="fill-band" />
          <path
            d={`M0 ${HEIGHT / 2} H100`}
            vectorEffect="non-scaling-stroke"
            className="fill-none stroke-line-strong"
          />
          <path
            d={`M${line(({ difference }) => difference)}`}
            vectorEffect="non-scaling-stroke"
            strokeWidth="1.5"
            className="fill-none stroke-band-line"
          />
        </svg>
        {[tick, 0, -tick].map((value) => (
          <span
            key={value}
            className="absolute right-full mr-2 -translate-y-1/2 font-mono text-micro whitespace-nowrap text-text-3"
            style={{ top: y(value) }}
          >
            {value === 0 ? '0' : write(value)}
          </span>
        ))}
        {first && (
          <span className="absolute inset-y-0 border-l border-text" style={{ left: `${x(first.at)}%` }}>
            <span
              className={
                x(first.at) > 60
                  ? 'absolute -top-0.5 right-1.5 text-small whitespace-nowrap text-text-2'
                  : 'absolute -top-0.5 left-1.5 text-small whitespace-nowrap text-text-2'
              }
            >
              first without 0: {formatShortDay(new Date(first.at), zone)} {formatMinute(new Date(first.at), zone)}
            </span>
          </span>
        )}
      </div>
      <div className="relative h-6 border-t border-line-strong font-mono text-micro text-text-3">
        {timeTicks(from, to, 6, zone).map(({ at, label }) => (
          <span key={at} className="absolute top-0" style={{ left: `${x(at)}%` }}>
            <span className={label ? 'absolute h-2 w-px bg-line-strong' : 'absolute h-1 w-px bg-line-strong'} />
            {label !== '' && x(at) > 2 && x(at) < 97 && (
              <span className="absolute top-1.75 -translate-x-1/2 whitespace-nowrap">{label}</span>
            )}
          </span>
        ))}
      </div>
    </figure>
  );
}

function PointsTable({
  points,
  write,
  writeBoth,
}: {
  points: readonly Point[];
  write: (value: number) => string;
  writeBoth: (low: number, high: number) => string;
}) {
  const zone = useZone();
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
    <div className="max-h-52 overflow-auto" tabIndex={0} role="region" aria-label="Intervals, scrolls">
      <table className="w-full text-left text-small">
        <thead>
          <tr className="text-text-3">
            <th scope="col" className="font-normal">
              Time
            </th>
            <th scope="col" className="text-right font-normal">
              Difference
            </th>
            <th scope="col" className="text-right font-normal">
              Interval
            </th>
          </tr>
        </thead>
        <tbody>
          {points.toReversed().map((point) => (
            <tr key={point.at}>
              <td className="data">{formatTime(new Date(point.at), new Date(), zone)}</td>
              <td className="data text-right">{write(point.difference)}</td>
              <td className="data text-right">{writeBoth(point.low, point.high)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
