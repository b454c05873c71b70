import type { RowKey } from '../journal.ts';
import type { Micros } from '../observation.ts';
import { OlderTraces } from './older-traces.ts';

/** A longer trace is taken for as new as its last row. */
const MAX_ROWS_OF_TRACE = 500;
/** The newest traces lie in the last of these that has enough of them. */
const FIRST_SPAN: Micros = 500_000;

/** Traces that may be the newest of a project, by their ids. */
export interface RecentCandidates {
  /** Of which no row starts before `since`, in whatever version. */
  fresh: string[];
  since: Micros;
  /** Which may have older rows. */
  others: string[];
  /** No other trace is newer than this. */
  bound: Micros;
}

/** What of a project has been stored lately. */
export class RecentOfProject {
  readonly traces = new Map<string, TraceStarts>();
  rows = 0;
  /** Traces that are not here are no newer than this. */
  floor: Micros = -Infinity;
  /** Whether the floor is that of all rows of the project, also of those that were stored before. */
  isKnown = false;
  learning: Promise<unknown> | undefined;
  /** Traces with rows that were not noted here, or were forgotten. */
  readonly older = new OlderTraces();

  add(key: RowKey, oldest: Micros): void {
    const known = this.traces.get(key.traceId);
    if (!known && key.startTime <= Math.max(oldest, this.floor)) {
      this.floor = Math.max(this.floor, key.startTime);
      this.older.add(key.traceId);
      return;
    }
    const trace = known ?? new TraceStarts();
    if (!known) this.traces.set(key.traceId, trace);
    const before = trace.rows;
    trace.add(key);
    this.rows += trace.rows - before;
  }

  /** Undefined where fewer are known. */
  newest(count: number, now: Micros): RecentCandidates | undefined {
    for (let span = FIRST_SPAN; ; span *= 4) {
      const from = Math.max(now - span, this.floor);
      const found: { id: string; trace: TraceStarts }[] = [];
      for (const [id, trace] of this.traces) if (trace.latest > from) found.push({ id, trace });
      if (found.length > count) {
        found.sort((a, b) => b.trace.latest - a.trace.latest);
        return { ...this.#byAge(found.slice(0, count)), bound: found[count]!.trace.latest };
      }
      if (from === this.floor) return undefined;
    }
  }

  #byAge(found: readonly { id: string; trace: TraceStarts }[]): Omit<RecentCandidates, 'bound'> {
    const fresh = found.filter(({ id }) => !this.older.has(id));
    const others = found.filter((one) => !fresh.includes(one));
    return {
      fresh: fresh.map(({ id }) => id),
      since: Math.min(...fresh.map(({ trace }) => trace.earliest)),
      others: others.map(({ id }) => id),
    };
  }

  dropOlder(time: Micros): void {
    for (const [id, trace] of this.traces) if (trace.latest <= time) this.#drop(id, trace);
  }

  /** About so many of the traces, those that began first. */
  dropOldest(share: number): void {
    const times = Float64Array.from(this.traces.values(), ({ latest }) => latest).toSorted();
    const last = times[Math.floor(times.length * share)];
    if (last !== undefined) this.dropOlder(last);
  }

  #drop(id: string, { latest, rows }: TraceStarts): void {
    this.floor = Math.max(this.floor, latest);
    this.rows -= rows;
    this.traces.delete(id);
    this.older.add(id);
  }
}

/** When a trace began, as far as is known. */
class TraceStarts {
  /** Then at the latest. */
  latest: Micros = -Infinity;
  /** Of all its rows, in whatever version. */
  earliest: Micros = Infinity;
  /** Of each row: 32 bits of its id and, beside, when it starts. */
  readonly #starts: number[] = [];
  #first: Micros = Infinity;
  #last: Micros = -Infinity;
  #lastEvent: Micros = -Infinity;
  /** Rows of it may be gone, or are too many. */
  #isUnsure = false;

  get rows(): number {
    return this.#starts.length / 2;
  }

  add({ id, kind, source, startTime, isDeleted }: RowKey): void {
    this.#last = Math.max(this.#last, startTime);
    this.earliest = Math.min(this.earliest, startTime);
    if (kind === 'trace' && source === 'json') this.#lastEvent = Math.max(this.#lastEvent, startTime);
    this.#isUnsure ||= isDeleted === true || this.rows >= MAX_ROWS_OF_TRACE;
    if (!this.#isUnsure) this.#addStart(hashOf(kind, id), startTime);
    this.latest = this.#isUnsure ? this.#last : Math.max(this.#first, this.#lastEvent);
  }

  #addStart(hash: number, startTime: Micros): void {
    const starts = this.#starts;
    for (let i = 0; i < starts.length; i += 2) {
      if (starts[i] !== hash) continue;
      if (starts[i + 1] === startTime) return;
      // Either may be the version that counts.
      starts[i + 1] = Math.max(starts[i + 1]!, startTime);
      this.#first = starts.reduce((first, start, j) => (j % 2 === 1 ? Math.min(first, start) : first), Infinity);
      return;
    }
    starts.push(hash, startTime);
    this.#first = Math.min(this.#first, startTime);
  }
}

/** FNV-1a. Two rows with one hash make a trace look newer. */
function hashOf(kind: string, id: string): number {
  let hash = kind === 'trace' ? 0x811c9dc5 : 0x050c5d1f;
  for (let i = 0; i < id.length; i += 1) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
