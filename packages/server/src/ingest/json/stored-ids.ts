/*
 * Which ids surely have no row. Most of what the JSON door receives is new, and to hear that from the engine costs 15 ms of CPU a
 * question, 31 a request (measured), and more the more rows a day has. So the ids that rows have are kept in memory as a Bloom
 * filter: it may take a new id for a stored one, which costs a question, and never a stored one for a new one.
 *
 * Of a project it knows the rows that start later than two days before it was asked first, read from the engine in the
 * background, and all rows stored since by this process; so it serves a process that is the only one to write.
 */
import type { ProjectScope } from '../../stores/scope.ts';
import { type Journal, withAppend } from '../journal.ts';
import type { Micros } from '../observation.ts';
import type { ObservationKey } from './kinds.ts';

const HOUR: Micros = 3_600_000_000;
const DAY: Micros = 24 * HOUR;
/** Of a create, rows within a day are looked for; so it is known of those of the last day. */
const LOADED: Micros = 2 * DAY;
const PAUSE_MS = 600_000;
/** After so few in one question the next is about twice the time, for as long as that is bounded. */
const FEW_IDS = 10_000;
const MAX_STEP = 6 * HOUR;

/** Ids of the rows that start in [from, to); without an end, all that start later. */
export type ReadIds = (scope: ProjectScope, range: { from: Micros; to?: Micros }) => Promise<ObservationKey[]>;

interface Known {
  /** Rows that start earlier are not known. */
  since: Micros;
  isComplete: boolean;
}

export type StoredIds = ReturnType<typeof createStoredIds>;

export function createStoredIds({
  readIds,
  settled,
  now,
  maxIds = 20_000_000,
}: {
  readIds: ReadIds;
  /** Resolves when the rows of a project that are under way now are in the engine or have failed. */
  settled(projectId: string): Promise<void>;
  now: () => Micros;
  /** Two bytes each; with more it begins again. */
  maxIds?: number;
}) {
  let filter = new GrowingFilter(maxIds);
  let projects = new Map<string, Known>();
  /** Nothing is read from the engine before. */
  let pausedUntil: Micros = 0;

  /** After a failure and when it is full: what is asked meanwhile is asked of the engine. */
  function forgetAll(): void {
    filter = new GrowingFilter(maxIds);
    projects = new Map();
    pausedUntil = now() + PAUSE_MS * 1000;
  }

  async function load(scope: ProjectScope, known: Known): Promise<void> {
    const isCurrent = (): boolean => projects.get(scope.projectId) === known;
    await settled(scope.projectId);
    const last = now() + HOUR;
    let step = HOUR;
    for (let from = known.since; from <= last && isCurrent();) {
      const to = from + step;
      const keys = await readIds(scope, to > last ? { from } : { from, to });
      for (const key of keys) if (isCurrent()) add(scope.projectId, key);
      // Until it is complete every create asks the engine: of a small project a few questions are enough.
      step = keys.length < FEW_IDS ? Math.min(step * 2, MAX_STEP) : HOUR;
      from = to;
    }
    known.isComplete = isCurrent();
  }

  function add(projectId: string, { kind, id }: ObservationKey): void {
    if (!filter.add(kind === 'trace' ? `${projectId}\n\n${id}` : `${projectId}\n${id}`)) forgetAll();
  }

  return {
    /** Whether no row has this id that starts within a day of these times. False where that is not known. */
    isNew({ projectId, ...rest }: ProjectScope, { kind, id }: ObservationKey, times: readonly Micros[]): boolean {
      const known = projects.get(projectId);
      if (!known) {
        if (now() < pausedUntil) return false;
        const begun = { since: now() - LOADED, isComplete: false };
        projects.set(projectId, begun);
        load({ projectId, ...rest }, begun).catch(forgetAll);
        return false;
      }
      if (!known.isComplete || times.some((time) => time - DAY < known.since)) return false;
      return !filter.has(kind === 'trace' ? `${projectId}\n\n${id}` : `${projectId}\n${id}`);
    },

    /** To be called for all rows before they are acknowledged, whatever door they came by. */
    add(projectId: string, keys: Iterable<ObservationKey>): void {
      if (!projects.has(projectId)) return;
      for (const key of keys) add(projectId, key);
    },
  };
}

/** The journal, with the ids of all rows noted before they are written, whatever door they came by. */
export const noteIds = (journal: Journal, storedIds: Pick<StoredIds, 'add'>): Journal =>
  withAppend(journal, (block) => {
    storedIds.add(block.projectId, block.encoded?.keys ?? block.observations);
    return journal.append(block);
  });

const HASHES = 7;
const BITS_PER_ID = 16;
const FIRST_IDS = 1_000_000;

/** A Bloom filter that begins with 2 MB and gets another, twice as large, whenever the last one is full. */
class GrowingFilter {
  readonly #maxIds: number;
  readonly #parts: { bits: Uint32Array; mask: number; room: number }[] = [];
  #total = 0;

  constructor(maxIds: number) {
    this.#maxIds = maxIds;
  }

  /** False when there is no room for it. */
  add(text: string): boolean {
    const [first, second] = hash(text);
    if (this.#parts.some((part) => isIn(part, first, second))) return true;
    let last = this.#parts.at(-1);
    if (!last || last.room === 0) {
      if (this.#total >= this.#maxIds) return false;
      const room = Math.min(FIRST_IDS * 2 ** this.#parts.length, this.#maxIds - this.#total);
      const bits = 2 ** Math.ceil(Math.log2(Math.max(32, room * BITS_PER_ID)));
      last = { bits: new Uint32Array(bits / 32), mask: bits - 1, room };
      this.#parts.push(last);
      this.#total += room;
    }
    last.room -= 1;
    for (let i = 0; i < HASHES; i += 1) {
      const at = (first + i * second) & last.mask;
      last.bits[at >>> 5]! |= 1 << (at & 31);
    }
    return true;
  }

  has(text: string): boolean {
    const [first, second] = hash(text);
    return this.#parts.some((part) => isIn(part, first, second));
  }
}

function isIn({ bits, mask }: { bits: Uint32Array; mask: number }, first: number, second: number): boolean {
  for (let i = 0; i < HASHES; i += 1) {
    const at = (first + i * second) & mask;
    if ((bits[at >>> 5]! & (1 << (at & 31))) === 0) return false;
  }
  return true;
}

/** Two independent hashes: MurmurHash3 of the UTF-16 units with two seeds. */
function hash(text: string): [number, number] {
  let a = 0x9747b28c;
  let b = 0x3c074a61;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x85ebca6b);
    a ^= a >>> 15;
    b = Math.imul(b ^ unit, 0xc2b2ae35);
    b ^= b >>> 13;
  }
  return [finish(a), finish(b) | 1];
}

function finish(value: number): number {
  const mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  const again = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (again ^ (again >>> 16)) >>> 0;
}
