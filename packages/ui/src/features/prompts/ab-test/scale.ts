/** Ends of the axis of differences: the first that holds what is shown. */
const ends = [0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10];

/** Half the axis around 0 that holds all these bounds, or most of it where one leaves by far. */
export function endOf(bounds: readonly number[], least: number): number {
  const sizes = bounds.map(Math.abs).filter(Number.isFinite);
  const wanted = Math.max(least, ...sizes);
  return ends.find((end) => end >= wanted) ?? ends.at(-1) ?? 1;
}

/** Where a bar begins and ends on the axis, in percent of its width, and on which side it goes on beyond. */
export function barOf(
  low: number,
  high: number,
  end: number,
): { left: number; width: number; isCut: '' | 'left' | 'right' | 'both' } {
  const place = (value: number) => Math.min(100, Math.max(0, 50 + (value / end) * 50));
  const left = low < -end;
  const right = high > end;
  return {
    left: place(low),
    width: Math.max(0.5, place(high) - place(low)),
    isCut: left && right ? 'both' : left ? 'left' : right ? 'right' : '',
  };
}
