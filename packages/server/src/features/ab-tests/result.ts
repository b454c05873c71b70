/*
 * A result: windows that count → sums over units (`result-store.ts`) → checks of split and key → comparisons (`statistics/`) → words.
 */
import type { AbComparison, AbMeasure, AbResult } from '@tracehouse/contract/x-ab-tests';
import type { ClickHouse, QueryOptions } from '../../stores/clickhouse/clickhouse.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { compare, type Compared, type Measured } from '../../statistics/compare.ts';
import { asD } from '../../statistics/contrast.ts';
import { type Kind, missingFor } from '../../statistics/enough.ts';
import { alphas } from '../../statistics/levels.ts';
import { restsOnExtremes } from '../../statistics/outliers.ts';
import { compareQuantiles, levelsAround, type RowsBelow, shareError } from '../../statistics/quantiles.ts';
import type { Reason } from '../../statistics/reasons.ts';
import { checkRows, checkUnits } from '../../statistics/split-check.ts';
import { armMoments, type Moments } from '../../statistics/moments.ts';
import { unitsNeeded, varianceNeeded } from '../../statistics/units-needed.ts';
import type { Life } from './lifecycle.ts';
import {
  type Counted,
  type Folded,
  type FoldedScore,
  type RowValue,
  rowValues,
  selectLatencies,
  selectOverall,
  selectReadings,
  selectRowMoments,
  selectScores,
  total,
} from './result-store.ts';
import type { StretchRow, TestRow } from './store.ts';
import * as words from './words.ts';

/** Rows younger than this are left out: a slower arm would have more unfinished ones. */
export const SETTLE_MS = 10 * 60_000;
const DAY_MS = 86_400_000;
const MIN_BLOCK_SECONDS = 600;
/** From 95 % on the key is fine; below 80 % it is not what it is said to be. */
const KEY_FINE = 0.95;
const KEY_ENOUGH = 0.8;
const SAYS_WITHOUT = 0.01;
const SAYS_MISSING = 0.01;
const PERCENTILES = [0.5, 0.95] as const;
/**
 * The quantiles around a percentile are asked for as they are, which is one more look at all rows. Of many rows they lie close to it,
 * and between these levels quantiles are as good as straight: a hundredth of a standard error.
 */
const EXACT_ROWS = 50_000;
const GRID = [levelsFrom(0.4, 0.6, 0.01), levelsFrom(0.9, 0.995, 0.005)];

/** What may be asked for beside the test itself; with any of these there are estimates and no verdict. */
export interface Narrowed {
  environments?: readonly string[] | undefined;
  scoreSource?: string | undefined;
}

/** Computes the result of a phase that has begun. @throws ClickHouseError */
export async function computeResult(
  db: ClickHouse,
  scope: ProjectScope,
  { test, stretches }: Life,
  phase: number,
  narrowed: Narrowed,
  at: Date,
  options: QueryOptions,
): Promise<AbResult> {
  const own = stretches.filter(({ number }) => number === phase);
  const following = stretches.find(({ number }) => number > phase);
  const windows = windowsOf(own, test.cache_seconds * 1000, at);
  const counted: Counted = {
    scope,
    promptName: test.prompt_name,
    versions: test.arms.map(({ version }) => version),
    split: { salt: test.salt, segments: own[0]!.segments },
    by:
      test.unit === 'none'
        ? { blockSeconds: Math.max(MIN_BLOCK_SECONDS, 5 * test.cache_seconds) }
        : { unit: test.unit, keyAs: test.key_as },
    windows,
    environments: narrowed.environments ?? test.environments,
  };
  const shares = own[0]!.shares;
  const asked = { source: narrowed.scoreSource, primary: test.primary_measure };
  const data = windows.length === 0 ? null : await read(db, counted, asked, at, options);
  const ending = following?.from_at ?? test.ended_at;
  const head = {
    state: test.state,
    phase,
    from: own[0]!.from_at.toISOString(),
    to: ending?.toISOString() ?? null,
    at: at.toISOString(),
  };
  const before = stretches.findLast(({ number }) => number < phase);
  const notes = before ? [words.sharesChanged(own[0]!.from_at, before.number)] : [];
  if (!data) {
    return {
      ...head,
      sentence: words.collecting('generations count from the first cache time on, once they are ten minutes old'),
      verdict: isNarrowed(narrowed) ? null : 'collecting',
      arms: test.arms.map(({ version }, arm) => ({ version, share: shares[arm]!, units: 0, generations: 0 })),
      ratioCheck: { lnE: null, isMismatch: false, observed: [] },
      keyCheck: { agreement: null, withoutUnit: 0, readsAs: null },
      comparisons: [],
      notes,
    };
  }
  return { ...head, ...judgeAll(test, counted, shares, data, narrowed, notes, { windows, at }) };
}

/** Stretches without their first cache time, up to what is old enough. In microseconds. */
function windowsOf(stretches: readonly StretchRow[], cacheMs: number, at: Date): Counted['windows'] {
  const until = at.getTime() - SETTLE_MS;
  return stretches
    .map(({ from_at, to_at }) => ({
      from: (from_at.getTime() + cacheMs) * 1000,
      to: Math.min(to_at?.getTime() ?? until, until) * 1000,
    }))
    .filter(({ from, to }) => from < to);
}

const isNarrowed = ({ environments, scoreSource }: Narrowed): boolean =>
  environments !== undefined || scoreSource !== undefined;

interface Data {
  rows: number;
  moments: Folded;
  latencies: Awaited<ReturnType<typeof readLatencies>>;
  scores: FoldedScore[];
  readings: Awaited<ReturnType<typeof selectReadings>>;
}

async function read(
  db: ClickHouse,
  counted: Counted,
  scores: { source: string | undefined; primary: string },
  at: Date,
  options: QueryOptions,
): Promise<Data> {
  // At most two queries at a time: other reads need the engine too.
  const [{ rows, caps }, q] = await Promise.all([
    selectOverall(db, counted, options),
    selectLatencies(db, counted, [...PERCENTILES, ...GRID.flat()], options),
  ]);
  const below = { p50: q.map(({ quantiles }) => quantiles[0]!), p95: q.map(({ quantiles }) => quantiles[1]!) };
  const recentSince = (at.getTime() - 7 * DAY_MS) * 1000;
  const [moments, scored] = await Promise.all([
    selectRowMoments(db, counted, { caps, below, recentSince }, options),
    selectScores(db, counted, scores, options),
  ]);
  const isKeyed = 'unit' in counted.by;
  const latencies = await readLatencies(db, counted, moments, q, options);
  const compared = total(moments.sums['rows']!);
  const isKeyDoubtful = isKeyed && compared > 0 && total(moments.sums['agreeing']!) / compared < KEY_FINE;
  const readings = isKeyDoubtful ? await selectReadings(db, counted, options) : [];
  return { rows, moments, latencies, scores: scored, readings };
}

/** Percentiles of each arm, with the quantiles around them; `around` null where they lie beyond the rows, or blocks are compared. */
async function readLatencies(
  db: ClickHouse,
  counted: Counted,
  moments: Folded,
  q: Awaited<ReturnType<typeof selectLatencies>>,
  options: QueryOptions,
) {
  const plans = PERCENTILES.map((p, i) => ({
    q: q.map(({ quantiles }) => quantiles[i] ?? Number.NaN),
    levels: q.map(({ rows }, arm) => {
      const below = moments.measures[p === 0.5 ? 'below50' : 'below95'];
      if (!below || rows === 0) return null;
      return levelsAround(p, shareError(rowsBelow(below, arm)), rows);
    }),
  }));
  const wanted = plans.map(({ levels }) => levels.flatMap((level) => (level ? [level.low, level.high] : [])));
  const isNear = wanted.every((levels, i) =>
    levels.every((level) => level >= GRID[i]![0]! && level <= GRID[i]!.at(-1)!),
  );
  const isExact = !isNear || total(q.map(({ rows }) => rows)) <= EXACT_ROWS;
  const list = wanted.flat();
  const exact = isExact && list.length > 0 ? await selectLatencies(db, counted, list, options) : null;
  const at = (arm: number, i: number, level: number): number => {
    if (exact) return exact[arm]!.quantiles[list.indexOf(level)]!;
    const first = PERCENTILES.length + (i === 0 ? 0 : GRID[0]!.length);
    return interpolated(GRID[i]!, q[arm]!.quantiles.slice(first), level);
  };
  return plans.map(({ q: values, levels }, i) =>
    q.map(({ rows }, arm) => {
      const level = levels[arm];
      return { rows, q: values[arm]!, around: level ? { l: at(arm, i, level.low), h: at(arm, i, level.high) } : null };
    }),
  );
}

function levelsFrom(first: number, last: number, step: number): number[] {
  return Array.from({ length: Math.round((last - first) / step) + 1 }, (_, i) => first + i * step);
}

function interpolated(levels: readonly number[], quantiles: readonly number[], level: number): number {
  const high = Math.max(
    1,
    levels.findIndex((one) => one >= level),
  );
  const [from, to] = [levels[high - 1]!, levels[high]!];
  return quantiles[high - 1]! + ((level - from) / (to - from)) * (quantiles[high]! - quantiles[high - 1]!);
}

function rowsBelow({ moments, counts }: Folded['measures'][string], arm: number): RowsBelow {
  const { rows, amount, rowsSquared, amountSquared } = armMoments(moments, arm);
  const k = moments.sums.length / 2;
  const jn = moments.products[arm * 2 * k + k + arm]!;
  return { units: counts.inArm[arm]!, n: rows, nSquared: rowsSquared, j: amount, jSquared: amountSquared, jn };
}

/** A line of the table before its α is known. */
interface Line {
  measure: AbMeasure;
  kind: Kind;
  /** Of arms as a pair, or why not. */
  judge(pair: readonly [number, number], alpha: number, smallestEffect?: number): Compared | Reason;
  /** The same with the highest values cut. */
  trimmed?: (pair: readonly [number, number], alpha: number, smallestEffect?: number) => Compared | Reason;
  /** What is known of an arm, whether or not it may be compared. */
  value(arm: number): number | null;
  missing(arm: number): number;
  warnings(pair: readonly [number, number], alpha: number): string[];
  /** The interval is left out. */
  isWithoutInterval?: boolean;
}

function judgeAll(
  test: TestRow,
  counted: Counted,
  shares: readonly number[],
  data: Data,
  narrowed: Narrowed,
  givenNotes: readonly string[],
  { windows, at }: { windows: Counted['windows']; at: Date },
): Omit<AbResult, 'state' | 'phase' | 'from' | 'to' | 'at'> {
  const { moments } = data;
  const isKeyed = test.unit !== 'none';
  const rows = moments.sums['rows']!;
  const compared = total(rows);
  const parts = shares.map((share) => share / 100);
  const split = isKeyed ? checkUnits(moments.units, parts) : checkRows(moments.measures['errors']!.moments, parts);
  const basis = isKeyed ? moments.units : rows;
  const observed = basis.map((n) => (total(basis) === 0 ? 0 : n / total(basis)));
  const agreement = isKeyed && compared > 0 ? total(moments.sums['agreeing']!) / compared : null;
  const best = data.readings.toSorted((a, b) => b.agreement - a.agreement)[0];
  const readsAs = best && best.agreement >= KEY_FINE ? best : null;
  const without = isKeyed && data.rows > 0 ? Math.max(0, 1 - compared / data.rows) : 0;
  const keyCheck = { agreement, withoutUnit: without, readsAs };
  const isKeyMismatch = agreement !== null && agreement < KEY_ENOUGH;

  const lines = linesOf(test, data);
  const k = counted.versions.length;
  const others = Array.from({ length: k - 1 }, (_, i) => i + 1);
  const isPrimary = ({ measure }: Line): boolean => measure === test.primary_measure;
  const primary = lines.find(isPrimary) ?? absent(test.primary_measure as AbMeasure);
  const ordered = [primary, ...lines.filter((line) => line !== primary)];
  const alpha = alphas({ arms: k, others: (ordered.length - 1) * others.length });
  const verdicts: string[] = [];
  const needed = new Map<number, words.Needed>();
  let firstWhy: string | null = null;
  const comparisons = ordered.flatMap((line) =>
    others.map((arm): AbComparison => {
      const version = counted.versions[arm]!;
      const isFirst = line === primary;
      const level = isFirst ? alpha.primary : alpha.other;
      const pair = [0, arm] as const;
      const effect = isFirst ? test.smallest_effect : undefined;
      const found = line.judge(pair, level, effect);
      const shared = {
        measure: line.measure,
        arm: version,
        scale: line.kind === 'amount' ? ('ratio' as const) : ('difference' as const),
        isPrimary: isFirst,
        level: 1 - level,
        missing: [line.missing(0), line.missing(arm)] as [number, number],
      };
      if ('why' in found || isKeyMismatch) {
        const why =
          'why' in found ? words.reasonWords(found, test, line.measure) : 'the key is not what it is said to be';
        if (isFirst) {
          verdicts.push('collecting');
          firstWhy ??= why;
        }
        return { ...shared, a: line.value(0), b: line.value(arm), ...NOTHING, why, warnings: [], needed: null };
      }
      if (isFirst) verdicts.push(found.verdict);
      const cut = line.trimmed?.(pair, level, effect);
      const trimmed = cut && !('why' in cut) ? cut : null;
      const warnings = line.warnings(pair, level);
      if (trimmed && restsOnExtremes(found, trimmed)) warnings.push('rests on a few extreme generations');
      const need =
        isFirst && found.verdict === 'open' ? needOf(test, found, moments, [0, arm], { windows, at }, level) : null;
      if (need) needed.set(version, need);
      return {
        ...shared,
        a: found.a,
        b: found.b,
        difference: found.difference,
        low: line.isWithoutInterval ? null : found.low,
        high: line.isWithoutInterval ? null : found.high,
        p: line.isWithoutInterval ? null : found.p,
        trimmed: trimmed?.difference ?? null,
        why: line.isWithoutInterval ? 'without an interval: blocks of time share calls' : null,
        warnings,
        needed: need && {
          units: Math.max(0, Math.ceil(need.units - pairUnits(test, moments, [0, arm]))),
          days: need.days,
        },
      };
    }),
  );

  const notes = [...givenNotes];
  if (without >= SAYS_WITHOUT) notes.push(words.withoutUnit(without, test.unit));
  if (agreement !== null && agreement < KEY_FINE && !isKeyMismatch) notes.push(words.keyDoubts(agreement, test.unit));
  const chance = total(parts.map((part) => part * part));
  const isUnkeyed =
    isKeyMismatch &&
    !readsAs &&
    Math.abs(agreement - chance) < 0.1 &&
    data.readings.every((one) => one.agreement < KEY_ENOUGH);
  const answer = {
    arms: counted.versions.map((version, arm) => ({
      version,
      share: shares[arm]!,
      units: moments.units[arm]!,
      generations: rows[arm]!,
    })),
    ratioCheck: {
      lnE: split.lnE !== null && Number.isFinite(split.lnE) ? split.lnE : null,
      isMismatch: split.isMismatch,
      observed,
    },
    keyCheck,
    comparisons,
    notes,
  };
  if (isNarrowed(narrowed)) return { ...answer, sentence: words.estimatesOnly, verdict: null };
  if (isKeyMismatch && test.unit !== 'none')
    return { ...answer, sentence: words.keyMismatch(test.unit, keyCheck, { isUnkeyed }), verdict: 'key-mismatch' };
  if (split.isMismatch) return { ...answer, sentence: words.ratioMismatch(observed, shares), verdict: 'mismatch' };
  if (verdicts.every((verdict) => verdict === 'collecting'))
    return { ...answer, sentence: words.collecting(firstWhy ?? 'nothing yet'), verdict: 'collecting' };
  // Not the sum over arms, in which a block of time would count for each that it has.
  const { units } = moments.measures['errors']!.moments;
  return {
    ...answer,
    sentence: words.sentenceOf(test, comparisons, { units, needed }),
    verdict: verdicts.includes('different')
      ? 'different'
      : verdicts.every((verdict) => verdict === 'equal')
        ? 'equal'
        : 'no-difference-yet',
  };
}

const NOTHING = { difference: null, low: null, high: null, p: null, trimmed: null };

/** A primary measure of which there is nothing yet. */
const absent = (measure: AbMeasure): Line => ({
  measure,
  kind: measure === 'errors' ? 'event' : measure.startsWith('score:') ? 'value' : 'amount',
  judge: ([a]) => ({ why: 'no-rows', arm: a }),
  value: () => null,
  missing: () => 1,
  warnings: () => [],
});

/** Units of a pair of arms: what a key names is in one of them, a block of time mostly in both. */
const pairUnits = ({ unit }: TestRow, { units, measures }: Folded, [a, b]: readonly [number, number]): number =>
  unit === 'none' ? measures['errors']!.moments.units : units[a]! + units[b]!;

function needOf(
  test: TestRow,
  found: Compared,
  moments: Folded,
  pair: readonly [number, number],
  { windows, at }: { windows: Counted['windows']; at: Date },
  alpha: number,
): words.Needed {
  const units = pairUnits(test, moments, pair);
  const vNeeded = varianceNeeded(asD(found.scale, test.smallest_effect), found.tau, alpha);
  const needed = unitsNeeded({ units, v: found.v }, vNeeded);
  const began = Math.min(...windows.map(({ from }) => from)) / 1000;
  const days = Math.min(7, Math.max(1 / 24, (at.getTime() - began) / DAY_MS));
  const [a, b] = pair.map((arm) => moments.sums['recent']![arm]!) as [number, number];
  const recent = test.unit === 'none' ? Math.max(a, b) : a + b;
  const isRunning = test.state === 'running';
  const rate = recent / days;
  return {
    units: needed,
    days: isRunning && rate > 0 ? Math.max(0, needed - units) / rate : null,
    // Units that come back tell less than new ones.
    isAtLeast: days === 7 && recent < units / 4,
  };
}

function linesOf(test: TestRow, { moments, latencies, scores }: Data): Line[] {
  const by = test.unit === 'none' ? ('blocks' as const) : ('units' as const);
  const versionOf = (arm: number): number => test.arms[arm]!.version;
  const measuredOf = (name: string, kind: Kind, folded: Folded = moments): Measured => {
    const { moments: m, counts } = folded.measures[name]!;
    return {
      kind,
      moments: m,
      counts,
      by,
      ...(kind === 'value' && { sumOfSquares: folded.sums['squares'], range: folded.range }),
    };
  };
  /** Units of both arms of a pair, where a unit is in one alone. */
  const judged = (measured: Measured, pair: readonly [number, number], alpha: number, smallestEffect?: number) =>
    compare(ofPair(measured, pair), pair, { alpha, smallestEffect });
  const plain = (measure: AbMeasure, name: string, kind: Kind, of: RowValue | null): Line => {
    const measured = measuredOf(name, kind);
    const missing = (arm: number): number => (of === null ? 0 : missingShare(moments, of, arm));
    return {
      measure,
      kind,
      judge: (pair, alpha, effect) => judged(measured, pair, alpha, effect),
      ...(of === name && {
        trimmed: (pair, alpha, effect) => judged(measuredOf(`${name} trimmed`, kind), pair, alpha, effect),
      }),
      value: (arm) => meanOf(measured.moments, arm),
      missing,
      warnings(pair, alpha) {
        if (of === null) return [];
        const said = pair.flatMap((arm) => {
          const share = missing(arm);
          const what = of === 'cost' ? 'no price' : 'no value';
          return share >= SAYS_MISSING
            ? [`${what} for ${(share * 100).toFixed(0)} % of v${versionOf(arm)}'s generations`]
            : [];
        });
        const present = judged(measuredOf(`${of} present`, 'event'), pair, alpha);
        const isUnequal = !('why' in present) && present.verdict === 'different';
        return isUnequal ? [...said, 'values are missing unequally, this comparison may mislead'] : said;
      },
    };
  };
  const percentile = (measure: AbMeasure, of: Data['latencies'][number]): Line => ({
    measure,
    kind: 'amount',
    judge(pair, alpha, smallestEffect) {
      const { moments: m, counts } = moments.measures['latency']!;
      const lacking = missingFor('amount', m, counts, pair, by);
      if (lacking) return lacking;
      if (by === 'blocks') return withoutError(of, pair);
      const missing = pair.find((arm) => !of[arm]?.around);
      if (missing !== undefined)
        return { why: 'too-few-rows-for-percentile', arm: missing, rows: of[missing]?.rows ?? 0 };
      return compareQuantiles(
        of.map(({ rows, q, around }) => ({ rows, q, l: around?.l ?? 0, h: around?.h ?? 0 })),
        pair,
        { alpha, smallestEffect },
      );
    },
    value: (arm) => (of[arm] && of[arm].rows > 0 ? of[arm].q : null),
    missing: (arm) => missingShare(moments, 'latency', arm),
    warnings: () => [],
    ...(by === 'blocks' && { isWithoutInterval: true }),
  });
  const scored = (score: FoldedScore): Line => {
    const kind = score.dataType === 'NUMERIC' ? 'value' : 'event';
    const measured = measuredOf('value', kind, score.folded);
    const coverage = withAllTraces(measuredOf('coverage', 'event', score.folded), moments);
    return {
      measure: `score:${score.name}${score.category === null ? '' : `:${score.category}`}`,
      kind,
      judge: (pair, alpha, effect) => judged(measured, pair, alpha, effect),
      value: (arm) => meanOf(measured.moments, arm),
      missing: (arm) => 1 - (meanOf(coverage.moments, arm) ?? 0),
      warnings(pair, alpha) {
        const found = judged(coverage, pair, alpha);
        return !('why' in found) && found.verdict === 'different'
          ? ['scores are missing unequally, this comparison may mislead']
          : [];
      },
    };
  };
  const isThere = (line: Line): boolean => test.arms.some((_, arm) => line.value(arm) !== null);
  const keyed = by === 'units';
  return [
    plain('cost', 'cost', 'amount', 'cost'),
    ...(keyed
      ? [plain('costPerUnit', 'costPerUnit', 'amount', null), plain('generations', 'generations', 'amount', null)]
      : []),
    ...rowValues.flatMap((name) => {
      if (name === 'cost') return [];
      const line = plain(name, name, 'amount', name);
      return name === 'latency'
        ? [line, percentile('latencyP50', latencies[0]!), percentile('latencyP95', latencies[1]!)]
        : [line];
    }),
    plain('errors', 'errors', 'event', null),
    ...scores.map(scored),
  ].filter(isThere);
}

/** Where a unit is in one arm alone, those of the pair are all that count. */
function ofPair(measured: Measured, [a, b]: readonly [number, number]): Measured {
  if (measured.by !== 'units') return measured;
  const { inArm } = measured.counts;
  return { ...measured, moments: { ...measured.moments, units: (inArm[a] ?? 0) + (inArm[b] ?? 0) } };
}

/** Traces of units without any score count as not scored. */
function withAllTraces(coverage: Measured, { measures, units }: Folded): Measured {
  const all = measures['traces']!;
  const width = coverage.moments.sums.length;
  const k = width / 2;
  const scoredAll = (arm: number): number =>
    (coverage.counts.inArm[arm] ?? 0) - (coverage.counts.withoutEvent?.[arm] ?? 0);
  return {
    ...coverage,
    moments: {
      units: all.moments.units,
      sums: coverage.moments.sums.map((sum, i) => (i < k ? all.moments.sums[i]! : sum)),
      products: coverage.moments.products.map((product, at) =>
        Math.floor(at / width) < k && at % width < k ? all.moments.products[at]! : product,
      ),
    },
    counts: {
      inArm: all.counts.inArm,
      withEvent: coverage.counts.withEvent,
      withoutEvent: units.map((_, arm) => (all.counts.inArm[arm] ?? 0) - scoredAll(arm)),
    },
  };
}

/** Estimates of percentiles, without saying how far chance goes. */
function withoutError(of: Data['latencies'][number], [a, b]: readonly [number, number]): Compared | Reason {
  const [one, other] = [of[a]!, of[b]!];
  if (!(one.q > 0)) return { why: 'no-rows', arm: a };
  if (!(other.q > 0)) return { why: 'no-rows', arm: b };
  const d = Math.log(other.q / one.q);
  const difference = Math.expm1(d);
  return {
    scale: 'ratio',
    a: one.q,
    b: other.q,
    d,
    v: Number.NaN,
    tau: Number.NaN,
    difference,
    low: Number.NaN,
    high: Number.NaN,
    level: 0,
    p: Number.NaN,
    verdict: 'open',
  };
}

function meanOf({ sums }: Moments, arm: number): number | null {
  const n = sums[arm]!;
  return n > 0 ? sums[sums.length / 2 + arm]! / n : null;
}

function missingShare({ measures }: Folded, of: RowValue, arm: number): number {
  return 1 - (meanOf(measures[`${of} present`]!.moments, arm) ?? 1);
}
