import type { ReceiptRow, RefusedBodyRow } from './receipt.ts';

/** Of one request. */
const MAX_BYTES = 64 * 1024;
const MAX_ITEMS = 50;
/** Of one project in a minute: a client that sends nothing right must not fill the disk. */
const BYTES_PER_MINUTE = 2 * 1024 * 1024;
const MINUTE_MS = 60_000;
const MAX_PROJECTS = 10_000;

/** Items of one request that were refused, as they were sent, up to a bound. Plain, so that a worker can hand it over. */
export interface RefusedItems {
  encoding: RefusedBodyRow['encoding'];
  items: string[];
  /** Of each item, empty where it names none. */
  traceIds: string[];
  left: number;
  isCut: boolean;
}

export const refusedItems = (encoding: RefusedItems['encoding']): RefusedItems => ({
  encoding,
  items: [],
  traceIds: [],
  left: MAX_BYTES,
  isCut: false,
});

/** `read` is asked for the item only while there is room, and for no more than so many characters (base64: of four a group). */
export function keepRefused(
  into: RefusedItems,
  traceId: string | undefined,
  read: (maxLength: number) => string,
): void {
  if (into.left === 0 || into.items.length === MAX_ITEMS) {
    into.isCut = true;
    return;
  }
  const item = read(into.left);
  const kept = item.slice(0, into.left);
  into.isCut ||= kept.length < item.length;
  into.left -= kept.length;
  into.items.push(kept);
  into.traceIds.push(traceId ?? '');
}

/** A parsed item as JSON text; empty for one that is nested too deep to be written. */
export function jsonText(item: unknown): string {
  try {
    return JSON.stringify(item) ?? '';
  } catch (error) {
    if (error instanceof RangeError) return '';
    throw error;
  }
}

export type RefusedBodies = ReturnType<typeof createRefusedBodies>;

/** Makes rows of what was refused, while the project may have more of them kept; counts in this process. */
export function createRefusedBodies(now: () => Date) {
  const windows = new Map<string, { startMs: number; bytes: number }>();

  function mayKeep(projectId: string, bytes: number): boolean {
    const startMs = Math.floor(now().getTime() / MINUTE_MS) * MINUTE_MS;
    let window = windows.get(projectId);
    if (window?.startMs !== startMs) {
      if (windows.size >= MAX_PROJECTS) windows.clear();
      windows.set(projectId, (window = { startMs, bytes: 0 }));
    }
    if (window.bytes + bytes > BYTES_PER_MINUTE) return false;
    window.bytes += bytes;
    return true;
  }

  /** Without items of deleted traces. Null when there is nothing to keep, or no more is kept of this project now. */
  return (
    refused: RefusedItems,
    { projectId, id, time }: ReceiptRow,
    deleted: ReadonlySet<string>,
  ): RefusedBodyRow | null => {
    const { encoding, isCut, left } = refused;
    const items = refused.items.filter((_, i) => !deleted.has(refused.traceIds[i]!));
    if (items.length === 0 || !mayKeep(projectId, MAX_BYTES - left)) return null;
    const traceIds = [...new Set(refused.traceIds)].filter((traceId) => traceId !== '' && !deleted.has(traceId));
    return { projectId, receiptId: id, time, encoding, items, isCut, traceIds, rowVersion: 1 };
  };
}
