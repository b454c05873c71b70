import { useRef, useState, type PointerEvent } from 'react';
import { useZone } from '../app/preferences.ts';
import { formatCount, formatTime } from './formats.ts';
import { timeTicks } from './time-axis.ts';

export interface Bucket {
  /** Milliseconds since 1970, the bucket's start. */
  at: number;
  count: number;
  errors: number;
}

interface RulerProps {
  label: string;
  from: number;
  to: number;
  bucketMs: number;
  buckets: Bucket[];
  /** Span of the rows on screen. */
  window?: { from: number; to: number } | undefined;
  /** A drag over the ruler, or a click on one bar. */
  onRange?: (from: Date, to: Date) => void;
  /** A double click. */
  onBack?: () => void;
}

const percent = (share: number) => `${(share * 100).toFixed(3)}%`;
const CLICK_PX = 4;

/** The time axis above a list: volume as grey bars with errors at their foot, drag to select a range. */
export function Ruler({ label, from, to, bucketMs, buckets, window: rows, onRange, onBack }: RulerProps) {
  const zone = useZone();
  const plot = useRef<HTMLDivElement>(null);
  const [drag, setDrag] = useState<{ start: number; end: number } | null>(null);
  const span = Math.max(1, to - from);
  const place = (at: number) => Math.min(1, Math.max(0, (at - from) / span));
  const most = Math.max(1, ...buckets.map(({ count }) => count));
  const shareAt = (event: PointerEvent) => {
    const box = plot.current?.getBoundingClientRect();
    return box ? Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) : 0;
  };
  const finish = (event: PointerEvent) => {
    if (!drag || !onRange) return setDrag(null);
    const [low, high] = [Math.min(drag.start, shareAt(event)), Math.max(drag.start, shareAt(event))];
    setDrag(null);
    const width = plot.current?.clientWidth ?? 0;
    if ((high - low) * width >= CLICK_PX) return onRange(new Date(from + low * span), new Date(from + high * span));
    return undefined;
  };
  const now = new Date();
  return (
    <figure aria-label={label} className="relative">
      <div
        ref={plot}
        className="relative touch-none select-none"
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          setDrag({ start: shareAt(event), end: shareAt(event) });
        }}
        onPointerMove={(event) => drag && setDrag({ start: drag.start, end: shareAt(event) })}
        onPointerUp={finish}
        onPointerCancel={() => setDrag(null)}
        onDoubleClick={onBack}
      >
        <div className="relative h-10">
          {buckets.map((bucket) =>
            bucket.count === 0 ? null : (
              <div
                key={bucket.at}
                title={`${formatTime(new Date(bucket.at), now, zone)}: ${formatCount(bucket.count)} traces, ${formatCount(bucket.errors)} with errors`}
                className="absolute bottom-0 min-w-px bg-other"
                style={{
                  left: percent(place(bucket.at)),
                  width: `calc(${percent(place(bucket.at + bucketMs) - place(bucket.at))} - 1px)`,
                  height: percent(Math.max(0.05, bucket.count / most)),
                }}
              >
                <div
                  className="absolute inset-x-0 bottom-0 bg-danger"
                  style={{ height: percent(bucket.errors / bucket.count) }}
                />
              </div>
            ),
          )}
          {drag && (
            <div
              className="absolute inset-y-0 border-x border-accent bg-accent/15"
              style={{ left: percent(Math.min(drag.start, drag.end)), width: percent(Math.abs(drag.end - drag.start)) }}
            />
          )}
        </div>
        <div className="relative h-6 border-t border-line-strong font-mono text-micro text-text-3">
          {timeTicks(from, to, 9, zone).map(({ at, label: text }) => (
            <span key={at} className="absolute top-0" style={{ left: percent(place(at)) }}>
              <span className={text ? 'absolute h-2 w-px bg-line-strong' : 'absolute h-1 w-px bg-line-strong'} />
              {text !== '' && place(at) > 0.01 && place(at) < 0.99 && (
                <span className="absolute top-1.75 -translate-x-1/2 whitespace-nowrap">{text}</span>
              )}
            </span>
          ))}
          {rows && (
            <span
              className="absolute -top-0.5 h-0.75 min-w-1 bg-text"
              style={{
                left: percent(place(rows.from)),
                width: percent(Math.max(0, place(rows.to) - place(rows.from))),
              }}
            />
          )}
        </div>
      </div>
      <table className="sr-only">
        <caption>{label}</caption>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Traces</th>
            <th scope="col">With errors</th>
          </tr>
        </thead>
        <tbody>
          {buckets
            .filter(({ count }) => count > 0)
            .map((bucket) => (
              <tr key={bucket.at}>
                <td>{formatTime(new Date(bucket.at), now, zone)}</td>
                <td>{bucket.count}</td>
                <td>{bucket.errors}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </figure>
  );
}
