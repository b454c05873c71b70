import { crc32 } from 'node:zlib';

/** Of a project that has had more it is no longer known which: to put more among them would keep others waiting. */
const MAX_TRACES = 4_000_000;
const MAX_UNSORTED = 50_000;

/** Ids of traces, 4 bytes each: among a million one in four thousand others is taken for one of them. */
export class OlderTraces {
  /** CRC-32 of each, ascending; null: too many. */
  #sorted: Uint32Array | null = new Uint32Array();
  readonly #added = new Set<number>();
  #isComplete = false;

  /** With those that were there before any was added: `CRC32` of their ids as the engine has it, ascending. */
  complete(sorted: Uint32Array): void {
    this.#include(sorted);
    this.#isComplete = true;
  }

  add(id: string): void {
    if (this.#sorted === null) return;
    this.#added.add(crc32(id));
    if (this.#added.size < MAX_UNSORTED) return;
    this.#include(Uint32Array.from(this.#added).toSorted());
    this.#added.clear();
  }

  /** Whether it may be one of them; true where they are not all known. */
  has(id: string): boolean {
    if (!this.#isComplete || this.#sorted === null) return true;
    const hash = crc32(id);
    return this.#added.has(hash) || isIn(this.#sorted, hash);
  }

  #include(sorted: Uint32Array): void {
    if (this.#sorted === null) return;
    const all = merged(this.#sorted, sorted);
    this.#sorted = all.length > MAX_TRACES ? null : all;
  }
}

function isIn(sorted: Uint32Array, wanted: number): boolean {
  let from = 0;
  let to = sorted.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (sorted[middle]! < wanted) from = middle + 1;
    else to = middle;
  }
  return sorted[from] === wanted;
}

/** Each once. To sort both together takes ten times as long. */
function merged(one: Uint32Array, other: Uint32Array): Uint32Array {
  const all = new Uint32Array(one.length + other.length);
  let length = 0;
  for (let i = 0, j = 0; i < one.length || j < other.length;) {
    const next = Math.min(one[i] ?? Infinity, other[j] ?? Infinity);
    all[length] = next;
    length += 1;
    while (one[i] === next) i += 1;
    while (other[j] === next) j += 1;
  }
  return all.slice(0, length);
}
