import { statfs } from 'node:fs/promises';

/** Left free by what takes data in: the engine needs room to take what the journal holds, to merge and to delete. */
const RESERVE_BYTES = 128 * 1024 * 1024;

/** With less than this left, the engine begins nothing that can wait. */
export const ENGINE_RESERVE_BYTES = RESERVE_BYTES / 2;

/** Whether the disk of the directory has so much left. */
export async function hasRoom(directory: string, reserveBytes: number): Promise<boolean> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize >= reserveBytes;
}

/** @throws when the disk of the directory has less than the reserve left */
export async function checkRoom(directory: string, reserveBytes = RESERVE_BYTES): Promise<void> {
  if (await hasRoom(directory, reserveBytes)) return;
  throw new Error(`The disk of ${directory} has less than ${Math.round(reserveBytes / 2 ** 20)} MB left`);
}
