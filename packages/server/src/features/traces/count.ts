import type { ClickHouse } from '../../stores/clickhouse/clickhouse.ts';
import { selectParts } from '../../stores/clickhouse/parts.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { HashSet } from './hash-set.ts';
import { countTraces, selectTraceHashes, type TraceSelection } from './store.ts';

const MAX_PROJECTS = 1_000;
/** Of all projects together, at most 32 bytes each. Of a project that has more, the number alone is known. */
const MAX_TRACES = 1_500_000;
/** Parts that are merged while they are read have to be read again. */
const ATTEMPTS = 3;

/** The traces of a project in these parts of the table, by name. */
interface Known {
  parts: ReadonlySet<string>;
  traces: number;
  /** Null when they are too many. */
  hashes: HashSet | null;
  /** Parts with rows that say that others are gone: to merge one of these may take a trace away. */
  withDeleted: ReadonlySet<string>;
}

/**
 * Counts traces. That of a whole project reads every row, 30 ms a million, and each page of a v1 list wants it: which they are is
 * remembered, and then only parts of the table are read that are new. A part has the same rows for as long as it is there, and its
 * name is never used again.
 */
export function createTraceCounts({ clickhouse: db }: { clickhouse: ClickHouse }) {
  const known = new Map<string, Known>();

  function remember(projectId: string, one: Known): number {
    known.delete(projectId);
    known.set(projectId, one);
    let traces = [...known.values()].reduce((sum, { hashes }) => sum + (hashes?.size ?? 0), 0);
    for (const [id, { hashes }] of known) {
      if (traces <= MAX_TRACES && known.size <= MAX_PROJECTS) break;
      known.delete(id);
      traces -= hashes?.size ?? 0;
    }
    return one.traces;
  }

  return async function count(scope: ProjectScope, selection: TraceSelection): Promise<number> {
    const { projectId } = scope;
    const { range, where } = selection;
    if (range.from !== null || range.to !== null || where.length > 0) return countTraces(db, scope, selection);
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const parts = await partNames(db);
      const last = known.get(projectId);
      if (last && isSame(last.parts, parts)) return last.traces;
      if (last && last.hashes === null) {
        const traces = await countTraces(db, scope, selection);
        return remember(projectId, { ...last, parts, traces });
      }
      const isFurther = last?.hashes !== undefined && isGrown(last, parts);
      const { hashes, ...before } = isFurther ? { ...last, hashes: last.hashes! } : nothing();
      const added = [...parts].filter((name) => !before.parts.has(name) && !isMerged(name, before.parts, parts));
      const found = await selectTraceHashes(db, scope, isFurther ? added : null);
      const after = await partNames(db);
      // Those that are there before and after were there when they were read; all rows were, whatever was merged.
      const wasRead = isFurther
        ? added.every((name) => after.has(name))
        : isGrown({ parts, withDeleted: new Set(found.withDeleted) }, after);
      if (!wasRead || found.withDeleted.some((name) => !parts.has(name))) continue;
      if (isFurther && found.withDeleted.some((name) => hasTaken(name, before.parts, parts))) {
        known.delete(projectId);
        continue;
      }
      // Another request may have come to know more meanwhile.
      if (known.get(projectId) !== last) continue;
      if (found.hashes.length / 2 > MAX_TRACES) {
        const traces = await countTraces(db, scope, selection);
        return remember(projectId, { parts, traces, hashes: null, withDeleted: new Set() });
      }
      for (let i = 0; i < found.hashes.length; i += 2) hashes.add(found.hashes[i]!, found.hashes[i + 1]!);
      const withDeleted = new Set([...before.withDeleted, ...found.withDeleted].filter((name) => parts.has(name)));
      return remember(projectId, { parts, traces: hashes.size, hashes, withDeleted });
    }
    return countTraces(db, scope, selection);
  };
}

const partNames = async (db: ClickHouse): Promise<Set<string>> =>
  new Set((await selectParts(db)).map(({ name }) => name));
const isSame = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean =>
  a.size === b.size && [...a].every((name) => b.has(name));
const nothing = () => ({ parts: new Set<string>(), hashes: new HashSet(), withDeleted: new Set<string>() });

/** Whether each part is there still, or was merged with others, and nothing was done to it but that. */
function isGrown(
  { parts: before, withDeleted }: Pick<Known, 'parts' | 'withDeleted'>,
  now: ReadonlySet<string>,
): boolean {
  const added = [...now].filter((name) => !before.has(name)).map(blocksOf);
  return [...before]
    .filter((name) => !now.has(name))
    .every((name) => {
      const gone = blocksOf(name);
      const isKept = (other: Blocks): boolean =>
        isIn(gone, other) && (other.changed === gone.changed || other.changed < gone.first);
      return !withDeleted.has(name) && added.some(isKept);
    });
}

/** The known ones that a part was merged from. */
function mergedInto(name: string, before: ReadonlySet<string>, now: ReadonlySet<string>): Blocks[] {
  const part = blocksOf(name);
  return [...before]
    .filter((other) => !now.has(other))
    .map(blocksOf)
    .filter((other) => isIn(other, part));
}

/** Whether it was merged from known ones alone. */
const isMerged = (name: string, before: ReadonlySet<string>, now: ReadonlySet<string>): boolean =>
  sizeOf(blocksOf(name)) === mergedInto(name, before, now).reduce((sum, one) => sum + sizeOf(one), 0);

/** Whether it, with rows that say that others are gone, was merged from known ones as well. */
const hasTaken = (name: string, before: ReadonlySet<string>, now: ReadonlySet<string>): boolean =>
  mergedInto(name, before, now).length > 0;

/** What a part is made of. Blocks of rows and changes of what is there are numbered in one order. */
interface Blocks {
  partition: string;
  first: number;
  last: number;
  /** The last change made in it; -1 without one. */
  changed: number;
}

/** By its name: partition, first block, last block, how often it was merged, last change. */
function blocksOf(name: string): Blocks {
  const [partition = '', first, last, , changed = '-1'] = name.split('_');
  return { partition, first: Number(first), last: Number(last), changed: Number(changed) };
}

const isIn = (one: Blocks, other: Blocks): boolean =>
  one.partition === other.partition && one.first >= other.first && one.last <= other.last;
const sizeOf = ({ first, last }: Blocks): number => last - first + 1;
