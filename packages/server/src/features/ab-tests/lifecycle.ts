/**
 * What a test goes through, as pure steps. A stretch is a time of running, a phase the time under one set of shares:
 *
 *   draft ─start─► scheduled ─clock─► running ◄─resume─ pause─► paused        any of the last three ─► ended
 *
 * Start and end by time need no job: a test is read as the clock has it (`stateAt` of the store, `asOf` here).
 */
import type { AbArm, AbPhase, AbTest } from '@tracehouse/contract/x-ab-tests';
import { ConflictError, InvalidRequestError } from '../../http/errors.ts';
import type { Segment } from './assign.ts';
import { firstSegments, recut } from './shares.ts';
import type { StretchRow, TestRow } from './store.ts';

export interface Life {
  test: TestRow;
  /** In the order they came. */
  stretches: readonly StretchRow[];
}

type EndReason = NonNullable<AbTest['endReason']>;

export const isOpen = ({ state }: Pick<TestRow, 'state'>): boolean =>
  state === 'scheduled' || state === 'running' || state === 'paused';

/** The stretches of a test that has ended as the end has cut them. */
export function asOf({ test, stretches }: Life): Life {
  const end = test.ended_at;
  if (end === null) return { test, stretches };
  return {
    test,
    stretches: stretches
      // What was to begin after the end never did.
      .filter(({ from_at, to_at }) => from_at < end || to_at !== null)
      .map((stretch) => (stretch.to_at === null || stretch.to_at > end ? { ...stretch, to_at: end } : stretch)),
  };
}

/** @throws ConflictError, InvalidRequestError */
export function started({ test, stretches }: Life, at: Date): Life {
  if (test.state !== 'draft') throw new ConflictError(`Only a draft can be started: this test is ${test.state}`);
  const isLater = test.start_at !== null && test.start_at > at;
  const from = isLater ? test.start_at! : at;
  if (test.end_at !== null && test.end_at <= from)
    throw new InvalidRequestError('endAt lies before the start: move it, or leave it out');
  const shares = sharesOf(test);
  const stretch = {
    test_id: test.id,
    stretch: 1,
    number: 1,
    from_at: from,
    to_at: null,
    shares,
    segments: firstSegments(shares),
  };
  return {
    test: { ...test, state: isLater ? 'scheduled' : 'running', updated_at: at },
    stretches: [...stretches, stretch],
  };
}

/** @throws ConflictError */
export function paused({ test, stretches }: Life, at: Date): Life {
  if (test.state !== 'running') throw new ConflictError(`Only a running test can be paused: this one is ${test.state}`);
  return {
    test: { ...test, state: 'paused', updated_at: at },
    stretches: withLast(stretches, (last) => ({ ...last, to_at: at })),
  };
}

/** @throws ConflictError */
export function resumed({ test, stretches }: Life, at: Date): Life {
  if (test.state !== 'paused') throw new ConflictError(`Only a paused test can be resumed: this one is ${test.state}`);
  return {
    test: { ...test, state: 'running', updated_at: at },
    stretches: [...stretches, next(stretches, { from_at: at, to_at: null })],
  };
}

/** New shares: a new phase from now on, unless the first has not begun. */
export function reshared({ test, stretches }: Life, arms: AbArm[], at: Date): Life {
  const shares = arms.map(({ share }) => share);
  if (shares.every((share, i) => share === test.arms[i]?.share)) return { test, stretches };
  const changed = { ...test, arms, updated_at: at };
  if (test.state === 'draft') return { test: changed, stretches };
  if (test.state === 'scheduled') {
    return {
      test: changed,
      stretches: withLast(stretches, (last) => ({ ...last, shares, segments: firstSegments(shares) })),
    };
  }
  const isRunning = test.state === 'running';
  const cut = isRunning ? withLast(stretches, (last) => ({ ...last, to_at: at })) : stretches;
  const last = cut.at(-1)!;
  const phase = {
    number: last.number + 1,
    shares,
    segments: recut(last.segments, shares),
    from_at: at,
    to_at: isRunning ? null : at,
  };
  return { test: changed, stretches: [...cut, next(cut, phase)] };
}

/** @throws ConflictError */
export function ended(
  { test, stretches }: Life,
  at: Date,
  { reason, shipped = null }: { reason: EndReason; shipped?: number | null },
): Life {
  if (test.state === 'draft') throw new ConflictError('The test has not been started: delete the draft instead');
  if (test.state === 'ended') throw new ConflictError('The test has ended');
  return asOf({
    test: {
      ...test,
      state: 'ended',
      ended_at: at,
      end_reason: reason,
      shipped_version: shipped,
      updated_at: at,
    },
    stretches,
  });
}

/** How it splits now, or would once it is resumed; null when it was never started. */
export const splitOf = ({ test, stretches }: Life): { salt: string; segments: readonly Segment[] } | null => {
  const last = stretches.at(-1);
  return last ? { salt: test.salt, segments: last.segments } : null;
};

/** When it began to run; null when it has not, at this time. */
export const startedAt = ({ stretches }: Life, at: Date): Date | null => {
  const first = stretches[0];
  return first && first.from_at <= at ? first.from_at : null;
};

/** Phases that have begun at this time. The last one goes on until the test ends, also while it is paused. */
export function phasesOf({ test, stretches }: Life, at: Date): AbPhase[] {
  const begun = stretches.filter(({ from_at }) => from_at <= at);
  const numbers = [...new Set(begun.map(({ number }) => number))];
  return numbers.map((number, i) => {
    const own = begun.filter((stretch) => stretch.number === number);
    const following = begun.find((stretch) => stretch.number === numbers[i + 1]);
    const to = following?.from_at ?? test.ended_at;
    return {
      number,
      shares: own[0]!.shares,
      from: own[0]!.from_at.toISOString(),
      to: to?.toISOString() ?? null,
      stretches: own
        .filter(({ from_at, to_at }) => to_at === null || to_at > from_at)
        .map(({ from_at, to_at }) => ({ from: from_at.toISOString(), to: to_at?.toISOString() ?? null })),
    };
  });
}

export const sharesOf = ({ arms }: Pick<TestRow, 'arms'>): number[] => arms.map(({ share }) => share);

const withLast = (stretches: readonly StretchRow[], change: (last: StretchRow) => StretchRow): StretchRow[] => [
  ...stretches.slice(0, -1),
  change(stretches.at(-1)!),
];

/** All are read with the test, and told by the audit log at each step. */
const MAX_STRETCHES = 500;

/** @throws ConflictError */
function next(stretches: readonly StretchRow[], change: Partial<StretchRow>): StretchRow {
  const last = stretches.at(-1)!;
  if (last.stretch >= MAX_STRETCHES)
    throw new ConflictError(
      `The test has been changed ${MAX_STRETCHES} times, which is as often as it can be: end it and start another`,
    );
  return { ...last, ...change, stretch: last.stretch + 1 };
}
