/**
 * Tests played with made-up users, looked at again and again, and how often an arm is called different. All random numbers come from a
 * seed, so a run answers the same each time. For tests: nothing of the product imports this.
 */
import type { Verdict } from './always-valid.ts';
import { compare, type Measured } from './compare.ts';
import type { Contrast } from './contrast.ts';
import { compareQuantiles, levelsAround, shareError } from './quantiles.ts';
import type { Reason } from './reasons.ts';
import { checkRows, checkUnits } from './split-check.ts';

const ALPHA = 0.05;
const Z = 1.959963984540054;

/** Counts of runs. */
export interface Outcome {
  runs: number;
  /** By us, at any look. */
  different: number;
  /** As somebody would who looks at a 95 % interval for one look, at any of them: that the data can deceive at all. */
  byPlainIntervals: number;
  /** Runs in which anything was compared. */
  compared: number;
  /** The split was called a mismatch, at any look. */
  mismatch: number;
}

/** What is called different in one run. */
interface Run {
  different: boolean;
  plain: boolean;
  compared: boolean;
  mismatch: boolean;
}

function play(runs: number, seed: number, run: (random: Random) => Run): Outcome {
  const outcome = { runs, different: 0, byPlainIntervals: 0, compared: 0, mismatch: 0 };
  for (let i = 0; i < runs; i += 1) {
    const { different, plain, compared, mismatch } = run(randomOf(seed * 100_003 + i));
    outcome.different += Number(different);
    outcome.byPlainIntervals += Number(plain);
    outcome.compared += Number(compared);
    outcome.mismatch += Number(mismatch);
  }
  return outcome;
}

function note(run: Run, result: (Contrast & { verdict: Verdict }) | Reason): void {
  if ('why' in result) return;
  run.compared = true;
  run.different ||= result.verdict === 'different';
  run.plain ||= Math.abs(result.d) > Z * Math.sqrt(result.v);
}

export interface Keyed {
  runs: number;
  seed: number;
  looks: number;
  users: number;
  /** In all; users arrive one after the other and come back, the earlier the more often. */
  rows: number;
  /** Of arm B. */
  share?: number;
  /** Standard deviations of ln cost, among users and among the rows of one. */
  spread?: readonly [number, number];
  /** Cost of a row of B is this much of one of A. */
  factor?: number;
  /** Count errors at this rate, with a user effect, in place of cost. */
  errorRate?: number;
  /** A numeric score in place of cost: `around 0` is normal, `heavy` has the values of cost, but their difference is compared. */
  score?: 'around 0' | 'heavy';
  /** Compare this percentile in place of the mean. */
  percentile?: number;
}

/** One key, one arm: users of a test with the key `user`. */
export function playKeyed(settings: Keyed): Outcome {
  const { runs, seed, looks, users, rows, share = 0.5, percentile, errorRate, score } = settings;
  const { spread: [amongUsers, amongRows] = [0.7, 1], factor = 1 } = settings;
  return play(runs, seed, (random) => {
    const run: Run = { different: false, plain: false, compared: false, mismatch: false };
    const armOf = Uint8Array.from({ length: users }, () => (random.uniform() < share ? 1 : 0));
    const effectOf = Float64Array.from({ length: users }, () => Math.exp(amongUsers * random.normal()));
    const [n, x, seen] = [new Float64Array(users), new Float64Array(users), createSums()];
    const values: { user: number; value: number }[][] = [[], []];
    for (let row = 0, look = 1; look <= looks; look += 1) {
      for (; row < (rows * look) / looks; row += 1) {
        const user = Math.floor(random.uniform() ** 1.5 * Math.ceil((users * (row + 1)) / rows));
        const [arm, effect] = [armOf[user]!, effectOf[user]!];
        const value =
          errorRate !== undefined
            ? Number(random.uniform() < Math.min(1, (errorRate * effect) / Math.exp(amongUsers ** 2 / 2)))
            : score === 'around 0'
              ? Math.log(effect) + amongRows * random.normal()
              : 0.01 * effect * Math.exp(amongRows * random.normal()) * (arm === 1 ? factor : 1);
        if (percentile !== undefined) values[arm]!.push({ user, value });
        seen.add(arm, n[user]!, x[user]!, value);
        n[user]! += 1;
        x[user]! += value;
      }
      const measured = seen.measured(errorRate !== undefined ? 'event' : score === undefined ? 'amount' : 'value');
      note(
        run,
        percentile === undefined
          ? compare(measured, [0, 1], { alpha: ALPHA })
          : comparePercentile(measured, values, percentile, users),
      );
      run.mismatch ||= checkUnits(measured.counts.inArm, [1 - share, share]).isMismatch;
    }
    return run;
  });
}

/** Sums over the units of two arms, kept up with each row. */
function createSums() {
  const fresh = () => ({
    units: 0,
    withEvent: 0,
    withoutEvent: 0,
    n: 0,
    x: 0,
    nn: 0,
    nx: 0,
    xx: 0,
    squares: 0,
    least: Infinity,
    greatest: -Infinity,
  });
  const [A, B] = [fresh(), fresh()];
  return {
    /** @param n rows of the unit before this one @param x their sum */
    add(arm: number, n: number, x: number, value: number): void {
      const sums = arm === 0 ? A : B;
      if (n === 0) sums.units += 1;
      if (x === 0 && value > 0) sums.withEvent += 1;
      if (n === x && value === 0) sums.withoutEvent += 1;
      sums.n += 1;
      sums.x += value;
      sums.squares += value * value;
      sums.least = Math.min(sums.least, value);
      sums.greatest = Math.max(sums.greatest, value);
      sums.nn += 2 * n + 1;
      sums.nx += (n + 1) * (x + value) - n * x;
      sums.xx += value * (2 * x + value);
    },
    measured: (kind: Measured['kind']): Measured => ({
      kind,
      by: 'units',
      sumOfSquares: [A.squares, B.squares],
      range: [Math.min(A.least, B.least), Math.max(A.greatest, B.greatest)],
      moments: {
        units: A.units + B.units,
        sums: [A.n, B.n, A.x, B.x],
        products: [A.nn, 0, A.nx, 0, 0, B.nn, 0, B.nx, A.nx, 0, A.xx, 0, 0, B.nx, 0, B.xx],
      },
      counts: {
        inArm: [A.units, B.units],
        withEvent: [A.withEvent, B.withEvent],
        withoutEvent: [A.withoutEvent, B.withoutEvent],
      },
    }),
  };
}

function comparePercentile(measured: Measured, arms: { user: number; value: number }[][], p: number, users: number) {
  // Whether there is enough is asked as for the mean.
  const enough = compare(measured, [0, 1], { alpha: ALPHA });
  if ('why' in enough) return enough;
  const quantiles = [];
  for (const rows of arms) {
    const sorted = Float64Array.from(rows, ({ value }) => value).toSorted();
    const q = quantileOf(sorted, p);
    const [n, j] = [new Float64Array(users), new Float64Array(users)];
    for (const { user, value } of rows) {
      n[user]! += 1;
      if (value <= q) j[user]! += 1;
    }
    const sums = { units: 0, n: 0, nSquared: 0, j: 0, jSquared: 0, jn: 0 };
    for (const [user, count] of n.entries()) {
      if (count === 0) continue;
      const below = j[user]!;
      sums.units += 1;
      sums.n += count;
      sums.nSquared += count * count;
      sums.j += below;
      sums.jSquared += below * below;
      sums.jn += below * count;
    }
    const levels = levelsAround(p, shareError(sums), rows.length);
    if (!levels) return { why: 'no-variation' } as const;
    quantiles.push({ q, l: quantileOf(sorted, levels.low), h: quantileOf(sorted, levels.high), rows: rows.length });
  }
  return compareQuantiles(quantiles, [0, 1], { alpha: ALPHA });
}

/** Of ascending values, by linear interpolation: numpy's default and ClickHouse's `quantilesExactInclusive`. */
export function quantileOf(sorted: ArrayLike<number>, p: number): number {
  const at = p * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
  return low + (high - low) * (at - Math.floor(at));
}

export interface Unkeyed {
  runs: number;
  seed: number;
  looks: number;
  processes: number;
  cacheMinutes: number;
  blockMinutes: number;
  blocks: number;
  share?: number;
  /** Rows of B are asked again, so that there are so many more of them. */
  retried?: number;
}

/**
 * No key: each process draws an arm, keeps it for the cache time and serves it to whoever comes. Processes differ in traffic and in what
 * their rows cost, and the cost drifts over the day.
 */
export function playUnkeyed(settings: Unkeyed): Outcome {
  const { runs, seed, looks, processes, cacheMinutes, blockMinutes, blocks, share = 0.5, retried = 0 } = settings;
  return play(runs, seed, (random) => {
    const run: Run = { different: false, plain: false, compared: false, mismatch: false };
    const traffic = Float64Array.from({ length: processes }, () => 2 * Math.exp(0.5 * random.normal()));
    const cost = Float64Array.from({ length: processes }, () => 0.01 * Math.exp(0.7 * random.normal()));
    const offset = Uint32Array.from({ length: processes }, () => Math.floor(random.uniform() * cacheMinutes));
    const arms = new Uint8Array(processes);
    const [sums, products, inArm] = [[0, 0, 0, 0], Array.from({ length: 16 }, () => 0), [0, 0]];
    for (let block = 0, look = 1; block < blocks; block += 1) {
      const unit = [0, 0, 0, 0];
      for (let minute = block * blockMinutes; minute < (block + 1) * blockMinutes; minute += 1) {
        const hour = (2 * Math.PI * minute) / 1440;
        for (const [process, rate] of traffic.entries()) {
          if (minute === 0 || (minute + offset[process]!) % cacheMinutes === 0)
            arms[process] = random.uniform() < share ? 1 : 0;
          const arm = arms[process]!;
          const rows = random.poisson(rate * (1 + 0.5 * Math.sin(hour)) * (1 + arm * retried));
          unit[arm]! += rows;
          for (let row = 0; row < rows; row += 1)
            unit[2 + arm]! += cost[process]! * (1 + 0.3 * Math.cos(hour)) * Math.exp(0.8 * random.normal());
        }
      }
      for (const [i, value] of unit.entries()) {
        sums[i]! += value;
        for (const [j, other] of unit.entries()) products[i * 4 + j]! += value * other;
      }
      for (const arm of [0, 1]) if (unit[arm]! > 0) inArm[arm]! += 1;
      if (block + 1 < (blocks * look) / looks) continue;
      look += 1;
      const moments = { units: block + 1, sums, products };
      note(run, compare({ kind: 'amount', by: 'blocks', moments, counts: { inArm } }, [0, 1], { alpha: ALPHA }));
      run.mismatch ||= checkRows(moments, [1 - share, share]).isMismatch;
    }
    return run;
  });
}

/** Units that fall into arms by `actual` shares, where `configured` ones were meant. Counts mismatches. */
export function playSplit(settings: {
  runs: number;
  seed: number;
  looks: number;
  units: number;
  configured: number;
  actual: number;
}): Outcome {
  const { runs, seed, looks, units, configured, actual } = settings;
  return play(runs, seed, (random) => {
    const counts = [0, 0];
    let mismatch = false;
    for (let unit = 0, look = 1; look <= looks && !mismatch; look += 1) {
      for (; unit < (units * look) / looks; unit += 1) counts[random.uniform() < actual ? 1 : 0]! += 1;
      mismatch = checkUnits(counts, [1 - configured, configured]).isMismatch;
    }
    return { different: false, plain: false, compared: false, mismatch };
  });
}

type Random = ReturnType<typeof randomOf>;

/** sfc32 (PractRand), a generator of 128 bits of state that is fast in 32-bit integers. */
function randomOf(seed: number) {
  let [a, b, c, counter] = [0x9e3779b9, 0x243f6a88, seed | 0, 1];
  const uniform = (): number => {
    const next = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + next) | 0;
    return (next >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 16; i += 1) uniform();
  let spare: number | null = null;
  const normal = (): number => {
    if (spare !== null) {
      const value = spare;
      spare = null;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
  /** For small means. */
  const poisson = (mean: number): number => {
    let count = 0;
    for (let left = uniform(), limit = Math.exp(-mean); left > limit; left *= uniform()) count += 1;
    return count;
  };
  return { uniform, normal, poisson };
}
