import type { ByteRange } from '../../stores/blobs/blobs.ts';

/**
 * What `Range` asks for (RFC 9110, 14.2), for players that seek. Undefined: everything, also for what is not understood or asks
 * for several parts; null: none of it is there (416).
 */
export function parseRange(header: string | undefined, sizeBytes: number): ByteRange | null | undefined {
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (from === undefined || to === undefined || (from === '' && to === '')) return undefined;
  const first = from === '' ? Math.max(0, sizeBytes - Number(to)) : Number(from);
  const last = from === '' || to === '' ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1);
  if (from !== '' && to !== '' && Number(to) < Number(from)) return undefined;
  return first > last ? null : { first, last };
}
