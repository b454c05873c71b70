import type { DiffLine } from './prompt-diff.ts';

/** Lines to show, or a run of equal ones that is folded: `from` is its first line. */
export type Run = { lines: DiffLine[]; from: number; isFolded: boolean };

const AROUND = 3;
// A fold takes a line itself.
const LEAST = 4;

/** Folds equal lines that are far from any change. */
export function foldedRuns(lines: readonly DiffLine[]): Run[] {
  const isNear = lines.map(() => false);
  lines.forEach(({ kind }, at) => {
    if (kind !== 'same') isNear.fill(true, Math.max(0, at - AROUND), at + AROUND + 1);
  });
  const runs: Run[] = [];
  lines.forEach((line, from) => {
    const isFolded = !isNear[from];
    const last = runs.at(-1);
    if (last?.isFolded === isFolded) last.lines.push(line);
    else runs.push({ lines: [line], from, isFolded });
  });
  return runs.map((run) => ({ ...run, isFolded: run.isFolded && run.lines.length >= LEAST }));
}
