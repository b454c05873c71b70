/**
 * The arm of a unit in ClickHouse, by the same hash as `assign.ts`: results count by intention, so the arm of a unit is computed again
 * from its id, whatever version it was served.
 */
import { anyOf, clickhouse, type ClickHouseSql, join, string, uint } from '../../stores/clickhouse/sql.ts';
import { armOf, BUCKETS, type Segment, slotBuckets, SLOTS, type Split } from './assign.ts';
import { noKey } from './key.ts';

/** What the application keys by, and whether the key is that id or `slot:<crc32(id) % 1000>`. */
export interface Reading {
  unit: 'user' | 'session' | 'trace';
  keyAs: 'id' | 'slot';
}

/** All that an application can mean by its key. The one that is declared is counted by; the others explain a key mismatch. */
export const readings: readonly Reading[] = (['user', 'session', 'trace'] as const).flatMap((unit) =>
  (['id', 'slot'] as const).map((keyAs) => ({ unit, keyAs })),
);

/**
 * UInt8: the arm of each unit.
 * @param id String, the unit's id, for which `isUnitSql` holds
 */
export function armSql(split: Split, keyAs: Reading['keyAs'], id: ClickHouseSql): ClickHouseSql {
  const slots = armsOfSlots(split);
  if (keyAs === 'slot') return clickhouse`${slots}[CRC32(${id}) % ${uint(SLOTS)} + 1]`;
  const bucket = clickhouse`reinterpretAsUInt64(reverse(substring(SHA256(concat(${string(`${split.salt}:`)}, ${id})), 1, 6))) % ${uint(BUCKETS)}`;
  const byHash = clickhouse`${arms(split.segments.map((s) => s.arm))}[arrayFirstIndex(end -> ${bucket} < end, ${uints(split.segments.map((s) => s.to))})]`;
  // An id may itself be a slot; the pattern is that of assign.ts.
  return clickhouse`if(match(${id}, '^slot:(0|[1-9][0-9]{0,2})$'), ${slots}[toUInt16OrZero(substring(${id}, 6)) + 1], ${byHash})`;
}

/**
 * Whether an id is one that a fetch can have been keyed by; others were drawn. Behind a slot stands any id that is not empty: the
 * application hashes it before we see it.
 */
export const isUnitSql = (keyAs: Reading['keyAs'], id: ClickHouseSql): ClickHouseSql =>
  keyAs === 'slot'
    ? clickhouse`${id} != ''`
    : clickhouse`(${id} NOT IN ${anyOf(noKey.texts)} AND length(${id}) <= ${uint(noKey.maxBytes)})`;

function armsOfSlots({ salt, segments }: Split): ClickHouseSql {
  return arms(Array.from(slotBuckets(salt), (bucket) => armOf(segments, bucket)));
}

const uints = (values: readonly number[]): ClickHouseSql => clickhouse`[${join(values.map(uint), ', ')}]`;
const arms = (values: readonly Segment['arm'][]): ClickHouseSql => clickhouse`CAST(${uints(values)}, 'Array(UInt8)')`;
