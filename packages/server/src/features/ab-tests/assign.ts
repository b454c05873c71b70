/**
 * Which arm a key gets. Pure, public and never changed once released (a new scheme is a new column on the test): applications,
 * support and the SQL of `assign-sql.ts` come to the same arm from the same salt, segments and key.
 *
 *   bucket(salt, key) = first 6 bytes, big-endian, of SHA-256(utf8(salt + ":" + key))  mod 10000
 *   arm               = the arm whose segment holds the bucket
 */
import { hash } from 'node:crypto';

/** One bucket is a hundredth of a percent. */
export const BUCKETS = 10_000;
export const SLOTS = 1_000;

/** Buckets `from` up to and without `to` get this arm (its index; 0 is control). Kept as they are with the phase. */
export interface Segment {
  from: number;
  to: number;
  arm: number;
}

/** What an assignment needs of a running test. */
export interface Split {
  /** 16 random hex digits, one a test, so that tests do not correlate. */
  readonly salt: string;
  /** Ascending, without a gap, over all buckets. */
  readonly segments: readonly Segment[];
}

export interface Assignment {
  bucket: number;
  arm: number;
  by: 'key' | 'slot' | 'draw';
}

/** @param draw a number from 0 up to and without 1; asked only when there is no key. */
export function assign(split: Split, key: string | null, draw: () => number): Assignment {
  const slot = key === null ? null : slotOf(key);
  const by = key === null ? 'draw' : slot === null ? 'key' : 'slot';
  const bucket =
    key === null
      ? Math.floor(draw() * BUCKETS)
      : slot === null
        ? bucketOf(split.salt, key)
        : slotBuckets(split.salt)[slot]!;
  return { bucket, arm: armOf(split.segments, bucket), by };
}

/** 0 … 9999. Half a microsecond; for keys that are no slot. */
export const bucketOf = (salt: string, key: string): number =>
  hash('sha256', `${salt}:${key}`, 'buffer').readUIntBE(0, 6) % BUCKETS;

export function armOf(segments: readonly Segment[], bucket: number): number {
  let low = 0;
  for (let high = segments.length - 1; low < high;) {
    const middle = (low + high) >> 1;
    if (bucket < segments[middle]!.to) high = middle;
    else low = middle + 1;
  }
  return segments[low]!.arm;
}

/** The slot that a key names (`slot:0` … `slot:999`), or null: `slot:007` and `slot:1000` are keys like any other. */
function slotOf(key: string): number | null {
  const digits = /^slot:(0|[1-9]\d{0,2})$/.exec(key)?.[1];
  return digits === undefined ? null : Number(digits);
}

/**
 * The bucket of each slot. Slots are placed by rank, 10 buckets apart, so that 1,000 of them give the split exactly; hashed like other
 * keys they miss a 70/30 split so often that 39 % of sound tests would raise the alarm of the ratio check.
 */
export function slotBuckets(salt: string): Uint16Array {
  const known = bucketsOfSalts.get(salt);
  if (known) return known;
  const hashed = Array.from({ length: SLOTS }, (_, slot) => ({ slot, hex: hash('sha256', `${salt}:slot:${slot}`) }));
  const buckets = new Uint16Array(SLOTS);
  for (const [rank, { slot }] of hashed.toSorted((a, b) => (a.hex < b.hex ? -1 : 1)).entries())
    buckets[slot] = (rank * BUCKETS) / SLOTS;
  if (bucketsOfSalts.size >= KEPT_SALTS) bucketsOfSalts.delete(bucketsOfSalts.keys().next().value!);
  bucketsOfSalts.set(salt, buckets);
  return buckets;
}

/** A salt takes 1,000 hashes, 1 ms, and its buckets never change: 2 KB each. */
const KEPT_SALTS = 1_000;
const bucketsOfSalts = new Map<string, Uint16Array>();
